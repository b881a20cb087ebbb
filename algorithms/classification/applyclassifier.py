"""The second half of LAND01: a forest from a file, applied to rasters."""

from qgis.core import QgsProcessingParameterFile

from ...compute.forest.apply import ApplyTask, apply_forest
from ...compute.forest.choice import MATCHINGS
from ...provider.base import Algorithm, Group
from ...provider.inputs import lost_layers, raster_paths
from ...provider.progress import FeedbackProgress
from ..sentinel2.options import choice
from . import options, training


class ApplyClassifier(Algorithm):
    """Rasters and a model file in; class map, confidence and probabilities out."""

    NAME = "applyclassifier"
    TITLE = "Apply a classifier"
    GROUP = Group.CLASSIFICATION
    TAGS = ("random forest", "supervised", "classifier", "model", "predict", "crop map", "load")
    HELP = ("Maps the class of every pixel with a forest that Train a classifier or Classify crops has kept in a "
            "model file. The rasters must hold the bands the model was trained on; they are found by name, or by "
            "order if you ask for it.")
    REQUIRES = ("rasterio", "sklearn")

    BAND_MATCHING = "BAND_MATCHING"

    def initAlgorithm(self, configuration=None):
        """Declare the parameters."""
        options.add_rasters(self)
        self.declare(
            QgsProcessingParameterFile(options.MODEL, self.tr("Model"),
                                       fileFilter=f"{options.MODEL_FILTER};;All files (*.*)"),
            "file with a trained forest (.ffrf).")
        self.declare(
            choice(self.BAND_MATCHING, self.tr("Find the bands by"), MATCHINGS, ApplyTask.matching),
            "name takes the band of the same name for each feature of the model, wherever it stands; order takes the "
            "bands as they come, for instance those of another year, and there must be as many.")
        options.add_raster_options(self)
        options.add_map_rules(self)
        options.add_threads(self, ApplyTask)
        options.add_maps(self)

    def checkParameterValues(self, parameters, context):
        """QGIS alone would not say which raster cannot be loaded."""
        ok, message = super().checkParameterValues(parameters, context)
        return ok, message if ok else lost_layers(parameters, options.RASTERS, context) or message

    def prepareAlgorithm(self, parameters, context, feedback):
        """Layers become paths."""
        self.rasters = raster_paths(self, parameters, options.RASTERS, context)
        self.mask = training.optional_raster(self, parameters, options.MASK, context)
        return True

    def processAlgorithm(self, parameters, context, feedback):
        """Classify and dress the results."""
        maps = training.map_paths(self, parameters, context)
        task = ApplyTask(
            rasters=self.rasters, model=self.parameterAsFile(parameters, options.MODEL, context),
            matching=self.parameterAsEnumString(parameters, self.BAND_MATCHING, context),
            resampling=self.parameterAsEnumString(parameters, options.RESAMPLING, context), mask=self.mask,
            rules=training.map_rules(self, parameters, context),
            threads=self.parameterAsInt(parameters, options.THREADS, context))
        apply_forest(task, maps, FeedbackProgress(feedback))
        return training.dress_maps(self, maps, context)
