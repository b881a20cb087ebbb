"""Post-classification smoothing: sieve, majority filter and smoothing of class probabilities."""

from qgis.core import (
    QgsProcessingOutputNumber,
    QgsProcessingParameterNumber,
    QgsProcessingParameterRasterDestination,
    QgsProcessingParameterRasterLayer,
)

from ...compute.cleanup.map_smoothing import (
    CONNECTIVITY,
    FROM_PROBABILITIES,
    METHODS,
    SmoothSettings,
    smooth_classification,
)
from ...provider.base import Algorithm, Group
from ...provider.parameters import add_integer, choice, is_null
from ...provider.raster_inputs import raster_path
from ...provider.reference_inputs import legend_of
from ...provider.styling import dress
from ..classification import _parameters


class SmoothClassification(Algorithm):
    """Remove small patches and noise from a class map."""

    NAME = "smoothclassification"
    TITLE = "Smooth a classification"
    GROUP = Group.CLASSIFICATION
    TAGS = ("sieve", "minimum mapping unit", "mmu", "majority filter", "mode filter", "modal filter", "gaussian filter",
            "post-classification", "post-processing", "despeckle", "salt and pepper", "noise", "regularisation")
    HELP = ("Removes small patches and noisy borders from a class map: with a sieve filter (patches below the minimum "
            "mapping unit get the class of their largest neighbour), a majority filter, or by smoothing the class "
            "probabilities and assigning the most probable class. Values, colours, class names and nodata are kept.")
    REQUIRES = ("rasterio", "skimage", "scipy", "defusedxml", "jinja2")

    CLASSIFICATION = "CLASSIFICATION"
    METHOD = "METHOD"
    MIN_MAPPING_UNIT = "MIN_MAPPING_UNIT"
    CONNECTEDNESS = "CONNECTEDNESS"
    WINDOW = "WINDOW"
    PROBABILITIES = "PROBABILITIES"
    SIGMA = "SIGMA"
    THREADS = _parameters.THREADS
    OUTPUT = "OUTPUT"
    CHANGED_FRACTION = "CHANGED_FRACTION"

    def initAlgorithm(self, configuration=None):
        """Declare the parameters."""
        settings = SmoothSettings()
        real = QgsProcessingParameterNumber.Type.Double
        self.declare(
            QgsProcessingParameterRasterLayer(self.CLASSIFICATION, self.tr("Class map")),
            "Raster with class values in its first band, from Floefield or other software.")
        self.declare(
            choice(self.METHOD, self.tr("Method"), METHODS, settings.method),
            "Smoothing method: sieve removes patches below the minimum mapping unit and changes nothing else; majority "
            "assigns the most frequent class in a window; gaussian and binomial smooth the class probabilities, which "
            "is usually the most accurate.")
        add_integer(self, self.MIN_MAPPING_UNIT, "Minimum mapping unit (pixels)", settings.min_pixels, 2, None,
                            "For sieve: patches of fewer pixels get the class of their largest neighbour. 10 pixels "
                            "of 10 m are 0.1 ha.")
        self.declare(
            choice(self.CONNECTEDNESS, self.tr("Connectivity (4 or 8 neighbours)"), CONNECTIVITY,
                   settings.connectivity),
            "For sieve: pixels of a patch share a side (4), or a side or a corner (8).", advanced=True)
        add_integer(self, self.WINDOW, "Window size (pixels)", settings.window, 3, 51,
                            "For majority and binomial: side length of the square window, odd (3 to 51). Larger "
                            "windows smooth more and remove narrow fields.")
        self.declare(
            QgsProcessingParameterRasterLayer(self.PROBABILITIES, self.tr("Class probabilities"), optional=True),
            "For gaussian and binomial: class probabilities written with the class map, one band per class.")
        self.declare(
            QgsProcessingParameterNumber(self.SIGMA, self.tr("Standard deviation (pixels)"), real, settings.sigma,
                                         minValue=0.1, maxValue=20.0),
            "For gaussian: standard deviation of the kernel in pixels (0.1 to 20), truncated at three times its value.")
        _parameters.add_threads(self, settings)
        self.declare(
            QgsProcessingParameterRasterDestination(self.OUTPUT, self.tr("Smoothed class map")),
            "GeoTIFF with the values, colours and class names of the input; nodata pixels are kept.")
        self.addOutput(QgsProcessingOutputNumber(self.CHANGED_FRACTION, self.tr("Fraction of pixels changed (0 to 1)")))

    def checkParameterValues(self, parameters, context):
        """Check that the window is odd and that required probabilities are given."""
        method = self.parameterAsEnumString(parameters, self.METHOD, context)
        if method in FROM_PROBABILITIES and is_null(parameters.get(self.PROBABILITIES)):
            return False, self.tr("The method {} requires class probabilities. Give PROBABILITIES, or choose sieve or "
                                  "majority.").format(method)
        if method in ("majority", "binomial") and self.parameterAsInt(parameters, self.WINDOW, context) % 2 == 0:
            return False, self.tr("The window size (WINDOW) must be odd: 3, 5, 7 ...")
        return super().checkParameterValues(parameters, context)

    def prepare_inputs(self, parameters, context, feedback):
        """Convert layers to paths."""
        self.classification, self.probabilities = (
            raster_path(layer) if layer is not None else "" for layer in (
                self.parameterAsRasterLayer(parameters, name, context)
                for name in (self.CLASSIFICATION, self.PROBABILITIES)))

    def execute(self, parameters, context, progress):
        """Smooth the map."""
        settings = SmoothSettings(
            self.parameterAsEnumString(parameters, self.METHOD, context),
            self.parameterAsInt(parameters, self.MIN_MAPPING_UNIT, context),
            self.parameterAsEnumString(parameters, self.CONNECTEDNESS, context),
            self.parameterAsInt(parameters, self.WINDOW, context),
            self.parameterAsDouble(parameters, self.SIGMA, context),
            self.parameterAsInt(parameters, self.THREADS, context))
        output = self.parameterAsOutputLayer(parameters, self.OUTPUT, context)
        changed = smooth_classification(self.classification, legend_of(self.classification), self.probabilities,
                                        output, settings, progress)
        progress.say(self.tr("Pixels changed: {:.1%}.").format(changed))
        dress(output, self.tr("Smoothed crops"), context, self.tr("Floefield: crop classification"), algorithm=self)
        return {self.OUTPUT: output, self.CHANGED_FRACTION: changed}
