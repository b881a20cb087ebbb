"""Journeys go through ``qgis_process`` and QGIS in processes of their own, as users' scripts do."""

import json
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass, field

import pytest


@dataclass(frozen=True)
class Outcome:
    """What a program left behind; `results` are those of the tool."""

    code: int
    stdout: str
    stderr: str
    results: dict = field(default_factory=dict)

    @property
    def text(self):
        """Everything the program printed."""
        return self.stdout + self.stderr


def clean_environment(home, **changes):
    """The environment of a user with an empty home."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("XDG_", "QGIS", "VIRTUAL_ENV"))}
    return {**kept, "HOME": str(home), "QT_QPA_PLATFORM": "offscreen", **changes}


class QgisProcess:
    """``qgis_process`` with the plugin enabled and nothing else of the user's."""

    def __init__(self, home, plugins, **environment):
        # Debian's qgis_process of 3.22 is a script that passes an argument the program does not know
        self.program = shutil.which("qgis_process.bin") or shutil.which("qgis_process")
        self.environment = clean_environment(home, QGIS_PLUGINPATH=str(plugins), **environment)
        self.call("plugins", "enable", "floefield")

    def call(self, *arguments, timeout=600):
        """Run ``qgis_process`` with these arguments."""
        done = subprocess.run([self.program, *map(str, arguments)], env=self.environment, timeout=timeout,
                              capture_output=True, text=True)
        return Outcome(done.returncode, done.stdout, done.stderr)

    def run(self, name, timeout=600, **parameters):
        """Run a tool by its id; a list as value repeats the argument."""
        identifier = name if ":" in name else f"floefield:{name}"
        arguments = [f"--{key}={item}" for key, value in parameters.items()
                     for item in (value if isinstance(value, (list, tuple)) else [value])]
        outcome = self.call("--json", "run", identifier, *arguments, timeout=timeout)
        return Outcome(outcome.code, outcome.stdout, outcome.stderr, _results(outcome.stdout))


def _results(stdout):
    start = stdout.find("{")
    try:
        return json.JSONDecoder().raw_decode(stdout[start:])[0].get("results", {}) if start >= 0 else {}
    except json.JSONDecodeError:
        return {}


@pytest.fixture(scope="session")
def qgis_process(tmp_path_factory, plugins):
    """``qgis_process``: ``qgis_process.run("innerbuffer", INPUT=..., OUTPUT=...)`` gives an Outcome."""
    return QgisProcess(tmp_path_factory.mktemp("home"), plugins)


@pytest.fixture
def new_qgis_process(tmp_path):
    """Makes a ``qgis_process`` for another plugin folder or environment."""
    homes = iter(range(100))

    def make(plugins, **environment):
        home = tmp_path / f"home{next(homes)}"
        home.mkdir()
        return QgisProcess(home, plugins, **environment)

    return make


@pytest.fixture
def python_with_qgis(tmp_path):
    """Runs a script in a Python of its own, which has QGIS but no user settings; it prints JSON as its last line."""

    def run(script, *arguments):
        done = subprocess.run([sys.executable, "-c", script, *map(str, arguments)], env=clean_environment(tmp_path),
                              capture_output=True, text=True, timeout=300)
        assert done.returncode == 0, done.stdout + done.stderr
        return json.loads(done.stdout.splitlines()[-1])

    return run
