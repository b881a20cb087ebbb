"""The table of contents: every tool of Floefield, by group."""

from pathlib import Path

from qgis.core import QgsProcessingProvider, QgsRasterFileWriter
from qgis.PyQt.QtGui import QIcon

from ..algorithms.classification.aggregatebyparcel import AggregateByParcel
from ..algorithms.classification.applyclassifier import ApplyClassifier
from ..algorithms.classification.assessaccuracy import AssessAccuracy
from ..algorithms.classification.classifycrops import ClassifyCrops
from ..algorithms.classification.cropmask import CropMask
from ..algorithms.classification.cropmaskfromreference import CropMaskFromReference
from ..algorithms.classification.croptype import CropType
from ..algorithms.classification.smoothclassification import SmoothClassification
from ..algorithms.classification.trainclassifier import TrainClassifier
from ..algorithms.insitu.filterbyarea import FilterByArea
from ..algorithms.insitu.innerbuffer import InnerBuffer
from ..algorithms.insitu.prepareinsitu import PrepareInsitu
from ..algorithms.insitu.splitinsitu import SplitInsitu
from ..algorithms.seaice.classifyseaice import ClassifySeaIce
from ..algorithms.seaice.glcmtextures import GlcmTextures
from ..algorithms.seaice.prepareicecharts import PrepareIceCharts
from ..algorithms.sentinel1.preprocesssentinel1 import PreprocessSentinel1
from ..algorithms.sentinel2.preprocesssentinel2 import PreprocessSentinel2
from ..algorithms.sentinel2.sentinel2timeseries import Sentinel2TimeSeries
from ..algorithms.tools.createsampledata import CreateSampleData
from .models import shipped_models
from .settings import hide_settings, show_settings

ALGORITHMS = (
    InnerBuffer,
    FilterByArea,
    PrepareInsitu,
    SplitInsitu,
    PreprocessSentinel2,
    Sentinel2TimeSeries,
    PreprocessSentinel1,
    ClassifyCrops,
    TrainClassifier,
    ApplyClassifier,
    AggregateByParcel,
    SmoothClassification,
    CropMask,
    CropMaskFromReference,
    CropType,
    AssessAccuracy,
    PrepareIceCharts,
    GlcmTextures,
    ClassifySeaIce,
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

    def load(self):
        """Show the settings, then the tools."""
        show_settings(self.name(), self.icon())
        return super().load()

    def unload(self):
        """Take the settings out of the options dialog."""
        hide_settings()
        super().unload()

    def supportedOutputRasterLayerExtensions(self):
        """Formats the tools can write; those that write GeoTIFF only say so when another is asked for."""
        usual = ["tif", "tiff", "dat", "nc", "jp2"]
        return usual + [suffix for suffix in QgsRasterFileWriter.supportedFormatExtensions() if suffix not in usual]

    def defaultRasterFileExtension(self, hasRasters=True):
        """The format of temporary rasters."""
        return "tif"

    def loadAlgorithms(self):
        """Add a fresh instance of every tool, then the models made of them."""
        for algorithm in ALGORITHMS:
            self.addAlgorithm(algorithm())
        for model in shipped_models():
            self.addAlgorithm(model)
