"""LAND01 in one step: train on parcels, classify, assess."""

from ...compute.forest.settings import ForestSettings
from ...provider.base import Algorithm, Group
from . import insight, options, training
from .traintool import TrainingTool


class ClassifyCrops(TrainingTool, Algorithm):
    """Rasters and parcels in; class map, confidence, accuracy, model and report out."""

    NAME = "classifycrops"
    TITLE = "Classify crops"
    GROUP = Group.CLASSIFICATION
    TAGS = ("random forest", "supervised", "land cover", "crop type", "crop map", "training", "validation", "accuracy",
            "kappa", "confusion matrix", "parcels", "sentinel-2")
    HELP = ("Trains a random forest on parcels whose crop is known, maps the crop of every pixel, and measures how "
            "good the map is on parcels that took no part in training. Feed it one stack of several dates (from the "
            "time series tool) or several rasters of one grid, and a polygon layer with a field that names the crop.")
    REQUIRES = ("rasterio", "sklearn", "jinja2", "matplotlib")

    def initAlgorithm(self, configuration=None):
        """Declare the parameters."""
        options.add_rasters(self)
        options.add_training(self)
        options.add_raster_options(self)
        options.add_forest(self, ForestSettings())
        options.add_map_rules(self)
        insight.add_cutoff_curve(self)
        options.add_seed_and_threads(self, ForestSettings())
        options.add_maps(self)
        options.add_model_and_report(self, is_model_wanted=False)
        insight.add_suspicious(self)

    def processAlgorithm(self, parameters, context, feedback):
        """Train, map, judge, and dress the maps."""
        maps = training.map_paths(self, parameters, context)
        outputs = self.learn(parameters, context, feedback, maps)
        return {**training.dress_maps(self, maps, context), **outputs}
