"""Training of a classifier that is saved to a model file."""

from ...compute.classification.class_maps import MapPaths
from ...compute.classifiers.forest_model import ForestSettings
from ...provider.base import Algorithm, Group
from ..classification import _parameters
from ._training import TrainingTool


class TrainClassifier(TrainingTool, Algorithm):
    """Train a random forest on parcels, save it and assess its accuracy."""

    NAME = "trainclassifier"
    TITLE = "Train a classifier"
    GROUP = Group.CLASSIFICATION
    TAGS = ("random forest", "extra trees", "extremely randomised trees", "machine learning",
            "supervised classification", "classifier", "model", "training", "fit", "validation", "accuracy", "kappa",
            "F1", "confusion matrix", "feature importance", "hyperparameters", "save", "parcels")
    HELP = ("Trains a random forest on parcels with known classes, saves it to a model file, and measures its accuracy "
            "on validation parcels that were not used for training. Apply the model to the same or other rasters with "
            "'Apply a classifier'. To train and map in one run, use 'Classify crops'.")
    REQUIRES = ("rasterio", "sklearn", "scipy", "jinja2", "matplotlib", "defusedxml")

    def initAlgorithm(self, configuration=None):
        """Declare the parameters."""
        _parameters.add_rasters(self)
        _parameters.add_training(self)
        _parameters.add_raster_options(self)
        _parameters.add_forest(self, ForestSettings())
        _parameters.add_early_season(self)
        _parameters.add_seed_and_threads(self, ForestSettings())
        _parameters.add_model_and_report(self, is_model_required=True)
        _parameters.add_suspect_labels(self)

    def execute(self, parameters, context, progress):
        """Train and assess; only the pixels of the validation parcels are classified."""
        return self.train(parameters, context, progress, MapPaths())
