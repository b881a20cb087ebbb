"""Shared by all tests: the package is imported as ``floefield`` through the link build/plugins/floefield."""

import os
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PLUGINS = ROOT / "build" / "plugins"
PLUGINS.mkdir(parents=True, exist_ok=True)
LINK = PLUGINS / "floefield"
if not LINK.exists():
    LINK.symlink_to(os.path.relpath(ROOT, PLUGINS), target_is_directory=True)
sys.path.insert(0, str(PLUGINS))


@pytest.fixture(scope="session")
def root():
    """The checkout."""
    return ROOT


@pytest.fixture(scope="session")
def plugins():
    """A folder with the plugin in it, as QGIS looks for plugins."""
    return PLUGINS
