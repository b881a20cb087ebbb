"""Training of a classifier that is saved to a model file."""

from ...compute.forest.mapping import MapPaths
from ...compute.forest.settings import ForestSettings
from ...provider.base import Algorithm, Group
from . import insight, options
from .traintool import TrainingTool


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
    REQUIRES = ("rasterio", "sklearn", "jinja2", "matplotlib")

    def initAlgorithm(self, configuration=None):
        """Declare the parameters."""
        options.add_rasters(self)
        options.add_training(self)
        options.add_raster_options(self)
        options.add_forest(self, ForestSettings())
        insight.add_early_season(self)
        options.add_seed_and_threads(self, ForestSettings())
        options.add_model_and_report(self, is_model_required=True)
        insight.add_suspect_labels(self)

    def processAlgorithm(self, parameters, context, feedback):
        """Train and assess; only the pixels of the validation parcels are classified."""
        return self.train(parameters, context, feedback, MapPaths())
