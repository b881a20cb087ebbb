"""The zip obeys the plugin repository's rules and works once it is unzipped."""

import shutil
import subprocess
import sys
import zipfile

import pytest


@pytest.fixture(scope="module")
def package(tmp_path_factory, root):
    """The zip of the last commit."""
    committed = shutil.which("git") and subprocess.run(
        ["git", "-c", f"safe.directory={root}", "-C", root, "rev-parse", "--verify", "HEAD"], capture_output=True)
    if not committed or committed.returncode:
        pytest.skip("this is no git checkout with a commit: there is nothing to package")
    folder = tmp_path_factory.mktemp("package")
    done = subprocess.run([sys.executable, root / ".ci" / "package.py", folder], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "obeys the rules" in done.stdout
    return next(folder.glob("floefield-*.zip"))


def test_the_zip_holds_the_plugin_and_nothing_of_the_workshop(package):
    with zipfile.ZipFile(package) as archive:
        names = {name.split("/")[1] for name in archive.namelist()}
    assert {"__init__.py", "metadata.txt", "LICENSE", "algorithms", "provider", "compute", "resources"} <= names
    assert not names & {"tests", "demo", "docs", "build", ".ci", "Makefile", ".gitattributes", ".gitignore",
                        "pyproject.toml"}


def test_the_unzipped_plugin_loads(package, new_qgis_process, tmp_path):
    with zipfile.ZipFile(package) as archive:
        archive.extractall(tmp_path / "plugins")
    listed = new_qgis_process(tmp_path / "plugins").call("list")
    assert listed.code == 0, listed.text
    assert "floefield:innerbuffer" in listed.stdout
