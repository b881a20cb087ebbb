"""Sen2-Agri's crop mask without in-situ data (L4A)."""

from dataclasses import replace

from qgis.core import QgsProcessingParameterNumber, QgsProcessingParameterRasterLayer, QgsProcessingParameterString

from ...compute.errors import UnsuitableInput
from ...compute.insitu.split import SplitSettings
from ...compute.sen2agri.settings import CROP_MASK_SAMPLES, ReferenceSettings
from ...compute.sen2agri.task import CROP_MASK
from ...provider.base import Algorithm, Group
from ...provider.inputs import raster_path
from ...provider.progress import FeedbackProgress
from . import options, sen2agri


class CropMaskFromReference(Algorithm):
    """A time series and an old land-cover map in; the map of cropland of this season out."""

    NAME = "cropmaskfromreference"
    TITLE = "Crop mask from a reference map (Sen2-Agri L4A)"
    GROUP = Group.CLASSIFICATION
    TAGS = ("sen2-agri", "l4a", "crop mask", "cropland", "land cover", "cci", "random forest", "mahalanobis")
    HELP = ("Tells cropland from other land without any parcels, as Sen2-Agri does for its product L4A without in-situ "
            "data: pixels of an existing land-cover map train the forest, away from the borders of its patches and "
            "without outliers. The map may be coarse, old and in another coordinate reference system.")
    REQUIRES = ("rasterio", "sklearn", "skimage", "scipy", "jinja2", "matplotlib")

    REFERENCE_MAP = "REFERENCE_MAP"
    CROP_CLASSES = "CROP_CLASSES"
    EROSION_RADIUS = "EROSION_RADIUS"
    TRIMMING_ALPHA = "TRIMMING_ALPHA"

    def initAlgorithm(self, configuration=None):
        """Declare the parameters."""
        defaults = ReferenceSettings()
        sen2agri.add_series(self, red_edge=False)
        self.declare(
            QgsProcessingParameterRasterLayer(self.REFERENCE_MAP, self.tr("Reference map")),
            "raster of land-cover classes (whole numbers) that covers the series, such as ESA CCI Land Cover; it is "
            "brought to the grid of the series by nearest neighbour.")
        self.declare(
            QgsProcessingParameterString(self.CROP_CLASSES, self.tr("Values that are cropland"),
                                         ",".join(map(str, defaults.crop_classes))),
            "of the reference map, separated by commas; 10, 11 and 20 in ESA CCI Land Cover.")
        options.add_whole(self, self.EROSION_RADIUS, "Erosion radius", defaults.erosion_radius, 0, 50,
                          "pixels of the series taken off the border of each patch of a class, where maps are wrong "
                          "most often; 0 takes none.")
        self.declare(
            QgsProcessingParameterNumber(self.TRIMMING_ALPHA, self.tr("Trimming"), sen2agri.REAL,
                                         defaults.trimming_alpha, minValue=0.0, maxValue=0.5),
            "pixels that look unlike their class are left out until no more than this share of a normal distribution "
            "would lie as far out; 0 keeps all, larger values keep fewer.")
        self.declare(
            QgsProcessingParameterNumber(options.TRAINING_FRACTION, self.tr("Share of blocks that train"), sen2agri.REAL,
                                         SplitSettings().training_share, minValue=0.01, maxValue=1.0),
            "the map is divided into square blocks; the others are compared with the result.", advanced=True)
        sen2agri.add_forest(self, CROP_MASK_SAMPLES)
        sen2agri.add_segments(self)
        sen2agri.add_results(self, "Crop mask", "Crop mask without segments")

    def prepareAlgorithm(self, parameters, context, feedback):
        """Layers become paths."""
        self.inputs = sen2agri.Inputs(self, parameters, context)
        self.reference = raster_path(self.parameterAsRasterLayer(parameters, self.REFERENCE_MAP, context))
        return True

    def processAlgorithm(self, parameters, context, feedback):
        """Make the product, dress the results."""
        settings = ReferenceSettings(
            crop_classes=_whole_numbers(self.parameterAsString(parameters, self.CROP_CLASSES, context)),
            erosion_radius=self.parameterAsInt(parameters, self.EROSION_RADIUS, context),
            trimming_alpha=self.parameterAsDouble(parameters, self.TRIMMING_ALPHA, context))
        task = replace(sen2agri.common_task(self, parameters, context, self.inputs, CROP_MASK),
                       reference=self.reference, reference_settings=settings,
                       class_field=self.tr("(value of the reference map)"))
        names = self.tr("Crop mask"), self.tr("Crop mask without segments")
        return sen2agri.make(self, parameters, context, task, names, FeedbackProgress(feedback))


def _whole_numbers(text):
    parts = [part.strip() for part in text.split(",") if part.strip()]
    if not parts or not all(part.isdecimal() for part in parts):
        raise UnsuitableInput(f"CROP_CLASSES is '{text}'. Write the values of cropland as whole numbers, separated by "
                              "commas: 10,11,20.")
    return tuple(map(int, parts))
