"""The Processing provider and the list of its tools by group."""

from pathlib import Path

from qgis.core import QgsProcessingProvider, QgsRasterFileWriter
from qgis.PyQt.QtGui import QIcon

from .provider_settings import hide_settings, show_settings
from .shipped_models import shipped_models


class FloefieldProvider(QgsProcessingProvider):
    """Processing tools for crop mapping with Sentinel-2 and sea-ice mapping with Sentinel-1.

    Parameters
    ----------
    algorithms : sequence of type
        The classes of the tools, in the order of the Toolbox.
    """

    def __init__(self, algorithms):
        super().__init__()
        self._tools = algorithms

    def id(self):
        """Return the provider id, part of the public id of every tool: never change it."""
        return "floefield"

    def name(self):
        """Return the name in the Toolbox."""
        return "Floefield"

    def longName(self):
        """Return the long name."""
        return "Floefield: crops and sea ice from Sentinel scenes"

    def svgIconPath(self):
        """Return the path of the SVG icon."""
        return str(Path(__file__).parents[1] / "resources" / "icons" / "floefield.svg")

    def icon(self):
        """Return the icon in the Toolbox."""
        return QIcon(self.svgIconPath())

    def load(self):
        """Add the options to the options dialog, then load the tools."""
        show_settings(self.name(), self.icon())
        return super().load()

    def unload(self):
        """Remove the options from the options dialog."""
        hide_settings()
        super().unload()

    def supportedOutputRasterLayerExtensions(self):
        """Return the raster extensions that any tool can write; tools that write only GeoTIFF check the name."""
        usual = ["tif", "tiff", "dat", "nc", "jp2"]
        return usual + [suffix for suffix in QgsRasterFileWriter.supportedFormatExtensions() if suffix not in usual]

    def defaultRasterFileExtension(self, hasRasters=True):
        """Return the extension of temporary rasters."""
        return "tif"

    def loadAlgorithms(self):
        """Add an instance of every tool, then the shipped models."""
        for algorithm in self._tools:
            self.addAlgorithm(algorithm())
        for model in shipped_models():
            self.addAlgorithm(model)
