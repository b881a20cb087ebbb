"""The first half of LAND01: a forest trained on parcels and kept in a file."""

from ...compute.forest.mapping import MapPaths
from ...compute.forest.settings import ForestSettings
from ...provider.base import Algorithm, Group
from . import insight, options
from .traintool import TrainingTool


class TrainClassifier(TrainingTool, Algorithm):
    """Rasters and parcels in; a model file and a report on its accuracy out."""

    NAME = "trainclassifier"
    TITLE = "Train a classifier"
    GROUP = Group.CLASSIFICATION
    TAGS = ("random forest", "extra trees", "supervised", "classifier", "model", "training", "validation", "accuracy",
            "save", "parcels")
    HELP = ("Trains a random forest on parcels whose class is known, keeps it in a model file, and measures how good "
            "it is on parcels that took no part in training. Apply the model to the same or other rasters with Apply a "
            "random forest. To train and map in one run, use Classify crops.")
    REQUIRES = ("rasterio", "sklearn", "jinja2", "matplotlib")

    def initAlgorithm(self, configuration=None):
        """Declare the parameters."""
        options.add_rasters(self)
        options.add_training(self)
        options.add_raster_options(self)
        options.add_forest(self, ForestSettings())
        insight.add_cutoff_curve(self)
        options.add_seed_and_threads(self, ForestSettings())
        options.add_model_and_report(self, is_model_wanted=True)
        insight.add_suspicious(self)

    def processAlgorithm(self, parameters, context, feedback):
        """Train and judge; only the pixels of the validation parcels are classified."""
        return self.learn(parameters, context, feedback, MapPaths())
