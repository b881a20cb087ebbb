"""Tools are tested as users run them: by id, through the provider that the plugin registers."""

import pytest


@pytest.fixture(scope="session", autouse=True)
def provider(qgis_processing):
    """The registered provider."""
    from floefield import classFactory

    plugin = classFactory(None)
    plugin.initProcessing()
    yield plugin.provider
    plugin.unload()


@pytest.fixture
def feedback():
    """A feedback that keeps what the tool said."""
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
    """Runs a tool by its id, as in ``run("innerbuffer", {"INPUT": parcels, "OUTPUT": path})``; gives its results."""
    import processing

    def run(name, parameters, **options):
        return processing.run(f"floefield:{name}", parameters, feedback=feedback, **options)

    return run
