"""Application of a saved classifier to rasters."""

from qgis.core import QgsProcessingParameterFile

from ...compute.forest.apply import ApplyTask, apply_forest
from ...compute.forest.choice import MATCHINGS
from ...provider.base import Algorithm, Group
from ...provider.inputs import raster_paths, unloadable_layers
from ...provider.progress import FeedbackProgress
from ..sentinel2.options import choice
from . import options, training


class ApplyClassifier(Algorithm):
    """Map classes with a model file."""

    NAME = "applyclassifier"
    TITLE = "Apply a classifier"
    GROUP = Group.CLASSIFICATION
    TAGS = ("random forest", "extra trees", "supervised classification", "classifier", "model", "predict", "prediction",
            "inference", "class map", "crop map", "load")
    HELP = ("Maps the class of every pixel with a model file of 'Train a classifier' or 'Classify crops'. The rasters "
            "must contain the bands the model was trained on, matched by name or by order.")
    REQUIRES = ("rasterio", "sklearn")

    BAND_MATCHING = "BAND_MATCHING"

    def initAlgorithm(self, configuration=None):
        """Declare the parameters."""
        options.add_rasters(self)
        self.declare(
            QgsProcessingParameterFile(options.MODEL, self.tr("Model"),
                                       fileFilter=f"{options.MODEL_FILTER};;All files (*.*)"),
            "Model file (.ffm) written by 'Train a classifier' or 'Classify crops'.")
        self.declare(
            choice(self.BAND_MATCHING, self.tr("Match bands by"), MATCHINGS, ApplyTask.matching),
            "How bands are matched with the features of the model: name (the band of the same name, in any position) "
            "or order (the bands in their order, for instance of another year; their number must be equal).")
        options.add_raster_options(self)
        options.add_map_rules(self)
        options.add_threads(self, ApplyTask)
        options.add_maps(self)

    def checkParameterValues(self, parameters, context):
        """Check the rasters; QGIS itself does not report which raster cannot be loaded."""
        ok, message = super().checkParameterValues(parameters, context)
        return ok, message if ok else unloadable_layers(parameters, options.RASTERS, context) or message

    def prepareAlgorithm(self, parameters, context, feedback):
        """Convert layers to paths."""
        self.rasters = raster_paths(self, parameters, options.RASTERS, context)
        self.mask = training.optional_raster(self, parameters, options.MASK, context)
        return True

    def processAlgorithm(self, parameters, context, feedback):
        """Classify and style the outputs."""
        maps = training.map_paths(self, parameters, context)
        task = ApplyTask(
            rasters=self.rasters, model=self.parameterAsFile(parameters, options.MODEL, context),
            matching=self.parameterAsEnumString(parameters, self.BAND_MATCHING, context),
            resampling=self.parameterAsEnumString(parameters, options.RESAMPLING, context), mask=self.mask,
            rules=training.map_rules(self, parameters, context),
            threads=self.parameterAsInt(parameters, options.THREADS, context))
        apply_forest(task, maps, FeedbackProgress(feedback))
        return training.dress_maps(self, maps, context)
