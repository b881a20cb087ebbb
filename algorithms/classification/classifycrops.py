"""Crop classification in one step: train, map and assess (Copernicus training LAND01)."""

from ...compute.forest.settings import ForestSettings
from ...provider.base import Algorithm, Group
from . import insight, options, training
from .traintool import TrainingTool


class ClassifyCrops(TrainingTool, Algorithm):
    """Train a random forest on parcels, map the classes and assess the map."""

    NAME = "classifycrops"
    TITLE = "Classify crops"
    GROUP = Group.CLASSIFICATION
    TAGS = ("random forest", "extra trees", "extremely randomised trees", "machine learning",
            "supervised classification", "classifier", "land cover", "crop type", "crop map", "training", "validation",
            "accuracy", "kappa", "F1", "confusion matrix", "feature importance", "mislabelled", "early season",
            "parcels", "sentinel-2")
    HELP = ("Trains a random forest on parcels with known crops, maps the crop of every pixel, and measures the "
            "accuracy of the map on validation parcels that were not used for training. Inputs: one stack of several "
            "dates (from 'Stack a Sentinel-2 time series') or several rasters on one grid, and a polygon layer with a "
            "class field.")
    REQUIRES = ("rasterio", "sklearn", "jinja2", "matplotlib")

    def initAlgorithm(self, configuration=None):
        """Declare the parameters."""
        options.add_rasters(self)
        options.add_training(self)
        options.add_raster_options(self)
        options.add_forest(self, ForestSettings())
        options.add_map_rules(self)
        insight.add_early_season(self)
        options.add_seed_and_threads(self, ForestSettings())
        options.add_maps(self)
        options.add_model_and_report(self, is_model_required=False)
        insight.add_suspect_labels(self)

    def processAlgorithm(self, parameters, context, feedback):
        """Train, map, assess and style the maps."""
        maps = training.map_paths(self, parameters, context)
        outputs = self.train(parameters, context, feedback, maps)
        return {**training.dress_maps(self, maps, context), **outputs}
