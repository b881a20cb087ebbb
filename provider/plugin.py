"""The plugin object: registers the provider on loading and removes it on unloading."""

from qgis.core import QgsApplication

from .provider import FloefieldProvider


class FloefieldPlugin:
    """The plugin that QGIS loads.

    Parameters
    ----------
    iface : QgisInterface or None
        None under ``qgis_process``.
    """

    def __init__(self, iface, algorithms):
        self.iface = iface
        self.algorithms = algorithms
        self.provider = None

    def initProcessing(self):
        """Register the provider; the only method that ``qgis_process`` calls."""
        provider = FloefieldProvider(self.algorithms)
        if QgsApplication.processingRegistry().addProvider(provider):
            self.provider = provider
            # The shipped models call our own tools, which QGIS finds only once the provider is registered.
            provider.refreshAlgorithms()

    def initGui(self):
        """Register the provider in the desktop."""
        self.initProcessing()

    def unload(self):
        """Remove the provider with its tools."""
        if self.provider is not None:
            QgsApplication.processingRegistry().removeProvider(self.provider)
            self.provider = None
