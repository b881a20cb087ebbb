"""QGIS without a window and without anything of the user's: an empty home, and the plugin of this checkout."""

import json
import os
import shutil
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PLUGINS = ROOT / "build" / "plugins"


class Problem(Exception):
    """What went wrong, as a sentence."""


@dataclass(frozen=True)
class Answer:
    """What a tool gave back: outputs by name, warnings as sentences, and the versions of the libraries it ran on."""

    results: dict
    warnings: tuple
    versions: dict
    seconds: float


class QgisProcess:
    """``qgis_process`` in an empty home.

    Parameters
    ----------
    home : path
        An existing folder.
    """

    def __init__(self, home):
        # Debian's qgis_process of 3.22 is a script that passes an argument the program does not know.
        self._program = shutil.which("qgis_process.bin") or shutil.which("qgis_process")
        if self._program is None:
            raise Problem("There is no qgis_process on this machine. Install QGIS.")
        self._environment = clean_environment(home)
        self._call("plugins", "enable", "floefield")

    def run(self, tool, **parameters):
        """Run a tool of Floefield; its error becomes a Problem."""
        start = time.monotonic()
        arguments = [f"--{name}={value}" for name, value in parameters.items()]
        answer = json.loads(self._call("--json", "run", f"floefield:{tool}", *arguments))
        versions = {name[:-len("_version")]: value for name, value in answer.items() if name.endswith("_version")}
        warnings = tuple(answer.get("log", {}).get("warning", ()))
        return Answer(answer["results"], warnings, versions, time.monotonic() - start)

    def _call(self, *arguments):
        done = subprocess.run([self._program, *arguments], env=self._environment, capture_output=True, text=True)
        if done.returncode:
            # The tool's last word; QGIS repeats it.
            said = [line.strip() for line in (done.stderr or done.stdout).splitlines() if line.strip()]
            raise Problem(said[-1] if said else f"qgis_process ended with code {done.returncode} and said nothing.")
        return done.stdout


def clean_environment(home, **changes):
    """The environment of a user with an empty home, for whom QGIS finds the plugin of this checkout."""
    kept = {name: value for name, value in os.environ.items()
            if not name.startswith(("XDG_", "QGIS", "PYTHONHOME", "VIRTUAL_ENV"))}
    return {**kept, "HOME": str(home), "XDG_RUNTIME_DIR": str(home), "QGIS_PLUGINPATH": str(PLUGINS),
            "PYTHONWARNINGS": "ignore", "QT_QPA_PLATFORM": "offscreen", **changes}
