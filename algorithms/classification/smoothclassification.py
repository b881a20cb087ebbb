"""Class maps without specks and frayed borders."""

from qgis.core import (
    QgsProcessingOutputNumber,
    QgsProcessingParameterNumber,
    QgsProcessingParameterRasterDestination,
    QgsProcessingParameterRasterLayer,
)

from ...compute.cleanup.smooth import (
    CONNECTIVITY,
    FROM_PROBABILITIES,
    METHODS,
    SmoothSettings,
    smooth_classification,
)
from ...provider.base import Algorithm, Group
from ...provider.inputs import is_null, raster_path
from ...provider.progress import FeedbackProgress
from ...provider.reference import legend_of
from ...provider.styling import dress
from ..sentinel2.options import choice
from . import options


class SmoothClassification(Algorithm):
    """A class map in, a quieter one out."""

    NAME = "smoothclassification"
    TITLE = "Smooth a classification"
    GROUP = Group.CLASSIFICATION
    TAGS = ("sieve", "majority filter", "mode filter", "despeckle", "salt and pepper", "clean", "regularisation")
    HELP = ("Removes specks and frayed borders from a class map: by a sieve (patches that are too small take the class "
            "of their largest neighbour), a majority filter, or by smoothing the class probabilities first and taking "
            "the most probable class. Values, colours, names and nodata stay as they are.")
    REQUIRES = ("rasterio", "skimage", "scipy", "defusedxml")

    CLASSIFICATION = "CLASSIFICATION"
    METHOD = "METHOD"
    MIN_MAPPING_UNIT = "MIN_MAPPING_UNIT"
    CONNECTEDNESS = "CONNECTEDNESS"
    WINDOW = "WINDOW"
    PROBABILITIES = "PROBABILITIES"
    SIGMA = "SIGMA"
    THREADS = options.THREADS
    OUTPUT = "OUTPUT"
    CHANGED_FRACTION = "CHANGED_FRACTION"

    def initAlgorithm(self, configuration=None):
        """Declare the parameters."""
        settings = SmoothSettings()
        real = QgsProcessingParameterNumber.Type.Double
        self.declare(
            QgsProcessingParameterRasterLayer(self.CLASSIFICATION, self.tr("Class map")),
            "raster whose first band holds class numbers, from Floefield or from elsewhere.")
        self.declare(
            choice(self.METHOD, self.tr("Method"), METHODS, settings.method),
            "sieve removes patches below a size and leaves all else as it is; majority takes the most frequent class "
            "around each pixel; gaussian and binomial smooth the class probabilities, which also lets an unsure pixel "
            "follow its sure neighbours: usually the best, if you have them.")
        options.add_whole(self, self.MIN_MAPPING_UNIT, "Smallest patch (pixels)", settings.min_pixels, 2, None,
                          "of the sieve: patches of fewer pixels take the class of their largest neighbour. 10 pixels "
                          "of 10 m are 0.1 hectare.")
        self.declare(
            choice(self.CONNECTEDNESS, self.tr("Connectedness"), CONNECTIVITY, settings.connectivity),
            "of the sieve: with 4, pixels hang together that share a side; with 8, also those that touch at a corner.",
            advanced=True)
        options.add_whole(self, self.WINDOW, "Window (pixels)", settings.window, 3, 51,
                          "of majority and binomial: edge of the square around each pixel, odd. Larger ones smooth "
                          "more and eat narrow fields.")
        self.declare(
            QgsProcessingParameterRasterLayer(self.PROBABILITIES, self.tr("Class probabilities"), optional=True),
            "of gaussian and binomial: the probabilities written with the class map, one band for each class.")
        self.declare(
            QgsProcessingParameterNumber(self.SIGMA, self.tr("Standard deviation (pixels)"), real, settings.sigma,
                                         minValue=0.1, maxValue=20.0),
            "of gaussian: how far neighbours count; cut off at three times as much.")
        options.add_threads(self, settings)
        self.declare(
            QgsProcessingParameterRasterDestination(self.OUTPUT, self.tr("Smoothed class map")),
            "GeoTIFF with the values, colours and class names of the input; nodata where the input has none.")
        self.addOutput(QgsProcessingOutputNumber(self.CHANGED_FRACTION, self.tr("Share of pixels changed (0 to 1)")))

    def checkParameterValues(self, parameters, context):
        """An odd window, and probabilities where they are needed."""
        method = self.parameterAsEnumString(parameters, self.METHOD, context)
        if method in FROM_PROBABILITIES and is_null(parameters.get(self.PROBABILITIES)):
            return False, self.tr("METHOD {} smooths class probabilities: give PROBABILITIES, or choose sieve or "
                                  "majority.").format(method)
        if method in ("majority", "binomial") and self.parameterAsInt(parameters, self.WINDOW, context) % 2 == 0:
            return False, self.tr("WINDOW must be odd, so that the pixel is in its middle: 3, 5, 7 ...")
        return super().checkParameterValues(parameters, context)

    def prepareAlgorithm(self, parameters, context, feedback):
        """Layers become paths."""
        self.classification, self.probabilities = (
            raster_path(layer) if layer is not None else "" for layer in (
                self.parameterAsRasterLayer(parameters, name, context)
                for name in (self.CLASSIFICATION, self.PROBABILITIES)))
        return True

    def processAlgorithm(self, parameters, context, feedback):
        """Clean the map."""
        progress = FeedbackProgress(feedback)
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
        progress.say(self.tr("Pixels that have another class now: {:.1%}.").format(changed))
        dress(output, self.tr("Smoothed crops"), context, self.tr("Floefield: crop classification"), algorithm=self)
        return {self.OUTPUT: output, self.CHANGED_FRACTION: changed}
