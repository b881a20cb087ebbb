"""The real QGIS desktop in a virtual screen, with the plugin of this checkout and nothing of the user's."""

import json
import os
import shutil
import subprocess
import tempfile
from contextlib import contextmanager
from pathlib import Path

from headless import Problem, clean_environment

SCREEN = (1600, 1000)
SETTINGS = """[PythonPlugins]
floefield=true
processing=true
grassprovider=false
sagaprovider=false
otbprovider=false
MetaSearch=false
db_manager=false

[Processing]
Configuration\\ACTIVATE_GRASS7=false

[qgis]
checkVersion=false
showTips=false
"""
# Waits until the desktop is complete, then runs the visitor and ends QGIS without asking whether to save anything.
VISIT = """
import json, os, runpy, sys, traceback
from qgis.PyQt.QtCore import QTimer
def visit():
    order = json.loads(os.environ["FLOEFIELD_VISIT"])
    try:
        sys.path.insert(0, order["helpers"])
        seen = runpy.run_path(order["script"])["main"](*order["arguments"])
        answer = {"seen": seen}
    except BaseException:
        answer = {"error": traceback.format_exc()}
    with open(order["answer"], "w", encoding="utf-8") as file:
        json.dump(answer, file, default=str)
    os._exit(0)
QTimer.singleShot(1000, visit)
"""


def missing_programs():
    """What this machine lacks for a desktop without a screen."""
    return [name for name in ("Xvfb", "qgis") if not shutil.which(name)]


def visit(script, *arguments, timeout=300):
    """Start QGIS and call ``main(*arguments)`` of `script` in it.

    Parameters
    ----------
    script : path
    *arguments
        Anything that JSON holds.
    timeout : float
        Seconds.

    Returns
    -------
    Whatever ``main`` returned, by way of JSON.
    """
    with tempfile.TemporaryDirectory() as temporary, virtual_screen() as display:
        home = Path(temporary)
        settings = home / "profiles" / "default" / "QGIS" / "QGIS3.ini"
        settings.parent.mkdir(parents=True)
        settings.write_text(SETTINGS, encoding="utf-8")
        (home / "visit.py").write_text(VISIT, encoding="utf-8")
        order = {"script": str(Path(script).resolve()), "arguments": arguments, "answer": str(home / "answer.json"),
                 "helpers": str(Path(__file__).parent)}
        environment = clean_environment(home, DISPLAY=display, QT_QPA_PLATFORM="xcb", LANG="C.UTF-8", TMPDIR=str(home),
                                        FLOEFIELD_VISIT=json.dumps(order))
        # Debian's qgis of 3.22 is a script that adds options of its own.
        program = shutil.which("qgis.bin") or shutil.which("qgis")
        try:
            done = subprocess.run([program, "--nologo", "--noversioncheck", "--profiles-path", home,
                                   "--code", home / "visit.py"], env=environment, capture_output=True, text=True,
                                  timeout=timeout)
        except subprocess.TimeoutExpired:
            raise Problem(f"The QGIS desktop did not come to an end within {timeout} seconds.") from None
        if not (home / "answer.json").exists():
            raise Problem(f"The QGIS desktop ended too early (code {done.returncode}): {done.stderr[-2000:]}")
        answer = json.loads((home / "answer.json").read_text(encoding="utf-8"))
    if "error" in answer:
        raise Problem(answer["error"])
    return answer["seen"]


@contextmanager
def virtual_screen():
    """An X server that shows nothing to anybody; gives its name, such as ``:99``."""
    reading, writing = os.pipe()
    width, height = SCREEN
    server = subprocess.Popen(["Xvfb", "-displayfd", str(writing), "-screen", "0", f"{width}x{height}x24",
                               "-nolisten", "tcp"], pass_fds=[writing], stderr=subprocess.DEVNULL)
    os.close(writing)
    try:
        with os.fdopen(reading) as pipe:
            number = pipe.readline().strip()
        if not number:
            raise Problem("The virtual screen (Xvfb) does not start.")
        yield f":{number}"
    finally:
        server.terminate()
        server.wait()
