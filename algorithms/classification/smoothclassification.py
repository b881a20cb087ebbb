"""Post-classification smoothing: sieve, majority filter and smoothing of class probabilities."""

from __future__ import annotations

from qgis.core import QgsProcessingContext, QgsProcessingFeedback

from ...compute.cleanup.map_smoothing import (
    FROM_PROBABILITIES,
    SMOOTHING_PARAMETERS,
    SmoothSettings,
    smooth_classification,
)
from ...compute.declarations import ParameterDeclaration, with_defaults
from ...compute.progress import Progress
from ...provider.base import Algorithm, Group, OutputValue, Parameters
from ...provider.parameters import is_given, read, read_settings
from ...provider.raster_inputs import optional_raster_path
from ...provider.reference_inputs import legend_of
from ...provider.styling import dress

CLASSIFICATION = ParameterDeclaration(
    "CLASSIFICATION", "Class map", "Raster with class values in its first band, from Floefield or other software.",
    kind="raster")
METHOD, MIN_MAPPING_UNIT, CONNECTEDNESS, WINDOW, SIGMA, THREADS = with_defaults(SMOOTHING_PARAMETERS, SmoothSettings())
PROBABILITIES = ParameterDeclaration(
    "PROBABILITIES", "Class probabilities",
    "For gaussian and binomial: class probabilities written with the class map, one band per class.", kind="raster",
    optional=True)
OUTPUT = ParameterDeclaration(
    "OUTPUT", "Smoothed class map",
    "GeoTIFF with the values, colours and class names of the input; nodata pixels are kept.", kind="raster_destination")
CHANGED_FRACTION = ParameterDeclaration(
    "CHANGED_FRACTION", "Fraction of pixels changed (0 to 1)", kind="number_result")


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
    PARAMETERS = (CLASSIFICATION, METHOD, MIN_MAPPING_UNIT, CONNECTEDNESS, WINDOW, PROBABILITIES, SIGMA, THREADS,
                  OUTPUT, CHANGED_FRACTION)

    def checkParameterValues(self, parameters: Parameters, context: QgsProcessingContext) -> tuple[bool, str]:
        """Check that the window is odd and that required probabilities are given."""
        method = read(self, METHOD, parameters, context)
        if method in FROM_PROBABILITIES and not is_given(parameters.get(PROBABILITIES.name)):
            return False, self.tr("The method {} requires class probabilities. Give PROBABILITIES, or choose sieve or "
                                  "majority.").format(method)
        if method in ("majority", "binomial") and read(self, WINDOW, parameters, context) % 2 == 0:
            return False, self.tr("The window size (WINDOW) must be odd: 3, 5, 7 ...")
        return super().checkParameterValues(parameters, context)

    def prepare_inputs(self, parameters: Parameters, context: QgsProcessingContext,
                       feedback: QgsProcessingFeedback) -> None:
        """Convert layers to paths."""
        self.classification, self.probabilities = (optional_raster_path(self, parameters, raster.name, context)
                                                   for raster in (CLASSIFICATION, PROBABILITIES))

    def execute(self, parameters: Parameters, context: QgsProcessingContext,
                progress: Progress) -> dict[str, OutputValue]:
        """Smooth the map."""
        settings = SmoothSettings(**read_settings(self, SMOOTHING_PARAMETERS, parameters, context))
        output = read(self, OUTPUT, parameters, context)
        changed = smooth_classification(self.classification, legend_of(self.classification), self.probabilities,
                                        output, settings, progress)
        progress.say(self.tr("Pixels changed: {:.1%}.").format(changed))
        dress(output, self.tr("Smoothed crops"), context, self.tr("Floefield: crop classification"), algorithm=self)
        return {OUTPUT.name: output, CHANGED_FRACTION.name: changed}
