"""Crop classification in one step: train, map and assess (Copernicus training LAND01)."""

from ...compute.classifiers.forest_model import ForestSettings
from ...provider.base import Algorithm, Group
from ..classification import _parameters, _training
from ._training import TrainingTool


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
    REQUIRES = ("rasterio", "sklearn", "scipy", "jinja2", "matplotlib", "defusedxml")

    def initAlgorithm(self, configuration=None):
        """Declare the parameters."""
        _parameters.add_rasters(self)
        _parameters.add_training(self)
        _parameters.add_raster_options(self)
        _parameters.add_forest(self, ForestSettings())
        _parameters.add_map_rules(self)
        _parameters.add_early_season(self)
        _parameters.add_seed_and_threads(self, ForestSettings())
        _parameters.add_maps(self)
        _parameters.add_model_and_report(self, is_model_required=False)
        _parameters.add_suspect_labels(self)

    def execute(self, parameters, context, progress):
        """Train, map, assess and style the maps."""
        maps = _training.map_paths(self, parameters, context)
        outputs = self.train(parameters, context, progress, maps)
        return {**_training.dress_maps(self, maps, context), **outputs}
