"""Fixtures of all tests; the package is imported as ``floefield`` through the link build/plugins/floefield."""

import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PLUGINS = ROOT / "build" / "plugins"
sys.path.insert(0, str(PLUGINS))


@pytest.fixture(scope="session")
def root():
    """The root folder of the repository."""
    return ROOT


@pytest.fixture(scope="session")
def plugins():
    """The folder that contains the plugin, like the plugin folder of QGIS."""
    return PLUGINS


@pytest.fixture(scope="session")
def provider(qgis_processing):
    """The provider, registered by the plugin."""
    from floefield import classFactory

    plugin = classFactory(None)
    plugin.initProcessing()
    yield plugin.provider
    plugin.unload()


@pytest.fixture
def feedback():
    """A feedback that records messages (`said`) and warnings (`warned`)."""
    from qgis.core import QgsProcessingFeedback

    class Listener(QgsProcessingFeedback):
        def __init__(self):
            super().__init__(False)
            self.said, self.warned = [], []

        def pushInfo(self, text):
            self.said.append(text)

        def pushWarning(self, text):
            self.warned.append(text)

        def reportError(self, text, fatalError=False):  # noqa: N803, named by QGIS
            self.warned.append(text)

    return Listener()


@pytest.fixture
def run(provider, feedback):
    """Run a tool by its id and return its results: ``run("innerbuffer", {"INPUT": parcels, "OUTPUT": path})``."""
    import processing

    def run(name, parameters, **options):
        return processing.run(f"floefield:{name}", parameters, feedback=feedback, **options)

    return run
