"""Application of a saved classifier to rasters."""

from qgis.core import QgsProcessingParameterFile

from ...compute.classification.apply_model import ApplyTask, apply_forest
from ...compute.classification.bands import MATCHINGS
from ...provider.base import Algorithm, Group
from ...provider.parameters import choice
from ...provider.raster_inputs import raster_paths, unloadable_layers
from ..classification import _parameters, _training


class ApplyClassifier(Algorithm):
    """Map classes with a model file."""

    NAME = "applyclassifier"
    TITLE = "Apply a classifier"
    GROUP = Group.CLASSIFICATION
    TAGS = ("random forest", "extra trees", "supervised classification", "classifier", "model", "predict", "prediction",
            "inference", "class map", "crop map", "load")
    HELP = ("Maps the class of every pixel with a model file of 'Train a classifier' or 'Classify crops'. The rasters "
            "must contain the bands the model was trained on, matched by name or by order.")
    REQUIRES = ("rasterio", "sklearn", "jinja2")

    BAND_MATCHING = "BAND_MATCHING"

    def initAlgorithm(self, configuration=None):
        """Declare the parameters."""
        _parameters.add_rasters(self)
        self.declare(
            QgsProcessingParameterFile(_parameters.MODEL, self.tr("Model"),
                                       fileFilter=f"{_parameters.MODEL_FILTER};;All files (*.*)"),
            "Model file (.ffm) written by 'Train a classifier' or 'Classify crops'.")
        self.declare(
            choice(self.BAND_MATCHING, self.tr("Match bands by"), MATCHINGS, ApplyTask.matching),
            "How bands are matched with the features of the model: name (the band of the same name, in any position) "
            "or order (the bands in their order, for instance of another year; their number must be equal).")
        _parameters.add_raster_options(self)
        _parameters.add_map_rules(self)
        _parameters.add_threads(self, ApplyTask)
        _parameters.add_maps(self)

    def checkParameterValues(self, parameters, context):
        """Check the rasters; QGIS itself does not report which raster cannot be loaded."""
        ok, message = super().checkParameterValues(parameters, context)
        return ok, message if ok else unloadable_layers(parameters, _parameters.RASTERS, context) or message

    def prepare_inputs(self, parameters, context, feedback):
        """Convert layers to paths."""
        self.rasters = raster_paths(self, parameters, _parameters.RASTERS, context)
        self.mask = _training.optional_raster(self, parameters, _parameters.MASK, context)

    def execute(self, parameters, context, progress):
        """Classify and style the outputs."""
        maps = _training.map_paths(self, parameters, context)
        task = ApplyTask(
            rasters=self.rasters, model=self.parameterAsFile(parameters, _parameters.MODEL, context),
            matching=self.parameterAsEnumString(parameters, self.BAND_MATCHING, context),
            resampling=self.parameterAsEnumString(parameters, _parameters.RESAMPLING, context), mask=self.mask,
            rules=_training.map_rules(self, parameters, context),
            threads=self.parameterAsInt(parameters, _parameters.THREADS, context))
        apply_forest(task, maps, progress)
        return _training.dress_maps(self, maps, context)
