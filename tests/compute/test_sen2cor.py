"""Running Sen2Cor, tested with a mock that implements its documented command line."""

import os
import sys
import textwrap
import threading
import time
from pathlib import Path

import numpy as np
import pytest

from floefield.compute.errors import Cancelled, MissingInput
from floefield.compute.progress import Progress
from floefield.compute.sentinel2.msi_product import read_granules
from floefield.compute.sentinel2.sen2cor import Sen2CorFailed, find_sen2cor, to_level_2a

from ..tinyproducts import make_level_1c, zipped

pytestmark = pytest.mark.skipif(os.name == "nt", reason="the mock is a script with a shebang line")

TEN = np.arange(100, 244).reshape(12, 12)
# Accepts the options of 2.8 and later only; the product name depends on the version, as with Sen2Cor.
MOCK = f"""#!{sys.executable}
import argparse, os, shutil, subprocess, sys, time
sys.path.insert(0, {str(Path(__file__).resolve().parents[2])!r})
parser = argparse.ArgumentParser(prog="L2A_Process")
parser.add_argument("input_dir")
parser.add_argument("--mode")
parser.add_argument("--resolution", type=int, choices=[10, 20, 60])
parser.add_argument("--output_dir")
parser.add_argument("--work_dir")
arguments = parser.parse_args()
source = arguments.input_dir.rstrip("/")
name = os.path.basename(source)
if not (os.path.isdir(source) and name.endswith(".SAFE") and "_MSIL1C_" in name):
    sys.exit("no Level-1C product in a folder of its own name")
print(f"Sentinel-2 Level 2A Processor (Sen2Cor). Version: 02.11.00, resolution {{arguments.resolution}}", flush=True)
for percent in (5, 50, 100):
    print(f"Progress[%]: {{percent:.2f}} : PID-1, L2A_Tables: something, elapsed time[s]: 0.1", flush=True)
BODY
"""
SUCCESS = """
from tests.products import make_product
import numpy as np
made = make_product(arguments.output_dir, "2018-06-27", {("B04", 10): np.full((12, 12), 321)}, baseline="99.99")
print("Application terminated successfully.")
"""
FAILURE = """
print("L2A_Process: cannot read GIPP", file=sys.stderr)
sys.exit(3)
"""
HANGING = """
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
open(os.path.join(os.path.dirname(__file__), "pids"), "w").write(f"{os.getpid()} {child.pid}")
time.sleep(600)
"""


class Log(Progress):
    def __init__(self):
        self.lines, self.fractions, self.stop = [], [], False

    @property
    def cancelled(self):
        return self.stop

    def say(self, text):
        self.lines.append(text)

    def show(self, fraction):
        self.fractions.append(fraction)


@pytest.fixture
def sen2cor(tmp_path):
    def install(body):
        folder = tmp_path / "Sen2Cor $(touch never) 02.11" / "bin"
        folder.mkdir(parents=True)
        program = folder / "L2A_Process"
        program.write_text(MOCK.replace("BODY", textwrap.dedent(body)))
        program.chmod(0o755)
        return str(program)

    return install


def run(products, program, folder, log, resolution=10.0):
    return to_level_2a(products, program, str(folder), resolution, log)


@pytest.mark.parametrize("is_zipped", [False, True])
def test_a_level_1c_product_is_converted_to_level_2a(tmp_path, sen2cor, is_zipped):
    safe = make_level_1c(tmp_path / "in", {"B04": TEN})
    source = zipped(safe, tmp_path / "download.zip") if is_zipped else safe
    log, folder = Log(), tmp_path / "out"
    product, = run(read_granules(str(source)), sen2cor(SUCCESS), folder, log)
    assert (product.level, product.baseline) == ("L2A", "99.99")
    assert Path(product.location).parent == folder
    assert [path.name for path in folder.iterdir()] == [Path(product.location).name], "the unpacked copy is removed"
    assert any("Version: 02.11.00, resolution None" in line for line in log.lines)
    assert log.fractions == [0.05, 0.5, 1.0]


def test_only_the_60_m_product_is_processed_for_an_output_of_60_m(tmp_path, sen2cor):
    log = Log()
    run(read_granules(str(make_level_1c(tmp_path / "in", {"B04": TEN}))), sen2cor(SUCCESS), tmp_path / "out", log, 60)
    assert any("resolution 60" in line for line in log.lines)


def test_a_failure_reports_the_last_log_lines(tmp_path, sen2cor):
    with pytest.raises(Sen2CorFailed, match=r"exit code 3[\s\S]*cannot read GIPP"):
        run(read_granules(str(make_level_1c(tmp_path / "in", {"B04": TEN}))), sen2cor(FAILURE), tmp_path / "out", Log())


def test_success_without_a_product_is_a_failure(tmp_path, sen2cor):
    with pytest.raises(Sen2CorFailed, match=r"without a Level-2A product[\s\S]*Progress"):
        run(read_granules(str(make_level_1c(tmp_path / "in", {"B04": TEN}))), sen2cor("pass"), tmp_path / "out", Log())


def test_cancelling_terminates_sen2cor_and_its_children(tmp_path, sen2cor):
    program, log = sen2cor(HANGING), Log()
    products = read_granules(str(make_level_1c(tmp_path / "in", {"B04": TEN})))
    pids = Path(program).parent / "pids"

    def cancel_when_running():
        while not (pids.exists() and len(pids.read_text().split()) == 2):
            time.sleep(0.05)
        log.stop = True

    threading.Thread(target=cancel_when_running, daemon=True).start()
    start = time.monotonic()
    with pytest.raises(Cancelled):
        run(products, program, tmp_path / "out", log)
    assert time.monotonic() - start < 10
    for pid in map(int, pids.read_text().split()):
        assert not is_running(pid)


def is_running(pid):
    """Whether a process exists and is not a zombie, within two seconds."""
    for _ in range(40):
        try:
            state = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0]
        except OSError:
            return False
        if state == "Z":
            return False
        time.sleep(0.05)
    return True


def test_sen2cor_is_found_by_path_or_folder(tmp_path, sen2cor, monkeypatch):
    program = sen2cor("pass")
    assert find_sen2cor(program) == find_sen2cor(str(Path(program).parent)) == program
    assert find_sen2cor(str(Path(program).parents[1])) == program
    with pytest.raises(MissingInput, match="is not Sen2Cor"):
        find_sen2cor(str(tmp_path))
    monkeypatch.setenv("PATH", "")
    with pytest.raises(MissingInput, match="Providers > Floefield"):
        find_sen2cor("")
    monkeypatch.setenv("PATH", str(Path(program).parent))
    assert find_sen2cor("") == program


def test_level_2a_products_are_returned_unchanged(tmp_path):
    from ..products import make_product

    products = read_granules(str(make_product(tmp_path, "2018-06-27", {("B04", 10): TEN})))
    assert run(products, "/nowhere", tmp_path / "out", Log()) == products
