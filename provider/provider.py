"""The table of contents: every tool of Floefield, by group."""

from pathlib import Path

from qgis.core import QgsProcessingProvider
from qgis.PyQt.QtGui import QIcon

from ..algorithms.classification.applyrandomforest import ApplyRandomForest
from ..algorithms.classification.assessaccuracy import AssessAccuracy
from ..algorithms.classification.classifycrops import ClassifyCrops
from ..algorithms.classification.trainrandomforest import TrainRandomForest
from ..algorithms.insitu.filterbyarea import FilterByArea
from ..algorithms.insitu.innerbuffer import InnerBuffer
from ..algorithms.seaice.prepareicecharts import PrepareIceCharts
from ..algorithms.seaice.preprocesssentinel1 import PreprocessSentinel1
from ..algorithms.sentinel2.preprocesssentinel2 import PreprocessSentinel2
from ..algorithms.sentinel2.sentinel2timeseries import Sentinel2TimeSeries
from ..algorithms.tools.createsampledata import CreateSampleData
from .models import shipped_models

ALGORITHMS = (
    InnerBuffer,
    FilterByArea,
    PreprocessSentinel2,
    Sentinel2TimeSeries,
    ClassifyCrops,
    TrainRandomForest,
    ApplyRandomForest,
    AssessAccuracy,
    PrepareIceCharts,
    PreprocessSentinel1,
    CreateSampleData,
)


class FloefieldProvider(QgsProcessingProvider):
    """Crops from Sentinel-2 and sea ice from Sentinel-1, as Processing tools."""

    def id(self):
        """The provider id; part of every tool's public name, for ever."""
        return "floefield"

    def name(self):
        """The name in the Toolbox."""
        return "Floefield"

    def longName(self):
        """The name where there is room."""
        return "Floefield: crops and sea ice from Sentinel scenes"

    def svgIconPath(self):
        """The icon for scalable places."""
        return str(Path(__file__).parents[1] / "resources" / "icons" / "floefield.svg")

    def icon(self):
        """The icon in the Toolbox."""
        return QIcon(self.svgIconPath())

    def supportedOutputRasterLayerExtensions(self):
        """Formats the tools can write."""
        return ["tif"]

    def defaultRasterFileExtension(self, hasRasters=True):
        """The format of temporary rasters."""
        return "tif"

    def loadAlgorithms(self):
        """Add a fresh instance of every tool, then the models made of them."""
        for algorithm in ALGORITHMS:
            self.addAlgorithm(algorithm())
        for model in shipped_models():
            self.addAlgorithm(model)
