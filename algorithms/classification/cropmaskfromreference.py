"""Crop mask without in-situ data, trained on a land-cover map (Sen2-Agri L4A)."""

from dataclasses import replace

from qgis.core import QgsProcessingParameterNumber, QgsProcessingParameterRasterLayer, QgsProcessingParameterString

from ...compute.errors import UnsuitableInput
from ...compute.insitu.parcel_split import SplitSettings
from ...compute.sen2agri.product_task import CROP_MASK, CROP_MASK_SAMPLES, ReferenceSettings
from ...provider.base import Algorithm, Group
from ...provider.parameters import add_integer
from ...provider.raster_inputs import raster_path
from ..classification import _parameters, _sen2agri


class CropMaskFromReference(Algorithm):
    """Map the cropland of a season from a time series and an older land-cover map."""

    NAME = "cropmaskfromreference"
    TITLE = "Crop mask from a reference map (Sen2-Agri L4A)"
    GROUP = Group.CLASSIFICATION
    TAGS = ("sen2-agri", "sen4stat", "l4a", "crop mask", "cropland", "land cover", "esa cci", "worldcover",
            "random forest", "supervised classification", "mahalanobis distance", "trimming", "outliers", "sentinel-2")
    HELP = ("Maps cropland and other land without parcels, with the method of Sen2-Agri's L4A product without in-situ "
            "data: the random forest is trained on pixels of an existing land-cover map, after erosion of its patches "
            "and removal of outliers. The map may be coarse, outdated and in another coordinate reference system.")
    REQUIRES = ("rasterio", "sklearn", "skimage", "scipy", "jinja2", "matplotlib")

    REFERENCE_MAP = "REFERENCE_MAP"
    CROP_CLASSES = "CROP_CLASSES"
    EROSION_RADIUS = "EROSION_RADIUS"
    TRIMMING_ALPHA = "TRIMMING_ALPHA"

    def initAlgorithm(self, configuration=None):
        """Declare the parameters."""
        defaults = ReferenceSettings()
        _sen2agri.add_series(self, red_edge=False)
        self.declare(
            QgsProcessingParameterRasterLayer(self.REFERENCE_MAP, self.tr("Reference map")),
            "Integer raster of land-cover classes that covers the time series, such as ESA CCI Land Cover. It is "
            "resampled to the grid of the time series (nearest neighbour).")
        self.declare(
            QgsProcessingParameterString(self.CROP_CLASSES, self.tr("Cropland class values"),
                                         ",".join(map(str, defaults.crop_classes))),
            "Values of the reference map that are cropland, separated by commas; 10, 11 and 20 in ESA CCI Land Cover.")
        add_integer(self, self.EROSION_RADIUS, "Erosion radius (pixels)", defaults.erosion_radius, 0, 50,
                            "Pixels removed from the border of each patch of a class (0 to 50), where land-cover maps "
                            "are least reliable; 0 applies no erosion.")
        self.declare(
            QgsProcessingParameterNumber(self.TRIMMING_ALPHA, self.tr("Trimming alpha (Mahalanobis distance)"),
                                         _sen2agri.REAL, defaults.trimming_alpha, minValue=0.0, maxValue=0.5),
            "Significance level (0 to 0.5) of the chi-squared test on the Mahalanobis distance by which outliers of "
            "each class are removed; 0 keeps all pixels, larger values keep fewer.")
        self.declare(
            QgsProcessingParameterNumber(_parameters.TRAINING_FRACTION, self.tr("Training fraction (0 to 1)"),
                                         _sen2agri.REAL, SplitSettings().training_fraction, minValue=0.01, maxValue=1.0),
            "Fraction of the square blocks of the reference map used for training (0.01 to 1); the rest are used for "
            "validation.", advanced=True)
        _sen2agri.add_forest(self, CROP_MASK_SAMPLES)
        _sen2agri.add_segments(self)
        _sen2agri.add_outputs(self, "Crop mask", "Crop mask before segmentation")

    def prepare_inputs(self, parameters, context, feedback):
        """Convert layers to paths."""
        self.inputs = _sen2agri.Inputs(self, parameters, context)
        self.reference = raster_path(self.parameterAsRasterLayer(parameters, self.REFERENCE_MAP, context))

    def execute(self, parameters, context, progress):
        """Make the product and style its maps."""
        settings = ReferenceSettings(
            crop_classes=_integers(self.parameterAsString(parameters, self.CROP_CLASSES, context)),
            erosion_radius=self.parameterAsInt(parameters, self.EROSION_RADIUS, context),
            trimming_alpha=self.parameterAsDouble(parameters, self.TRIMMING_ALPHA, context))
        task = replace(_sen2agri.common_task(self, parameters, context, self.inputs, CROP_MASK),
                       reference=self.reference, reference_settings=settings,
                       class_field=self.tr("(reference map value)"))
        names = self.tr("Crop mask"), self.tr("Crop mask before segmentation")
        return _sen2agri.make(self, parameters, context, task, names, progress)


def _integers(text):
    parts = [part.strip() for part in text.split(",") if part.strip()]
    if not parts or not all(part.isdecimal() for part in parts):
        raise UnsuitableInput(f"CROP_CLASSES is '{text}'. Write the cropland class values as whole numbers, separated "
                              "by commas: 10,11,20.")
    return tuple(map(int, parts))
