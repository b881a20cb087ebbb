"""Crop classification in one step: train, map and assess (Copernicus training LAND01)."""

from __future__ import annotations

from qgis.core import QgsProcessingContext

from ...compute.classification.parcel_diagnostics import EARLY_SEASON
from ...compute.classifiers.forest_model import ForestSettings
from ...compute.classifiers.forest_parameters import FOREST_PARAMETERS, SEED
from ...compute.declarations import with_defaults
from ...compute.progress import Progress
from ...compute.raster.blocks import THREADS
from ...provider.base import Algorithm, Group, OutputValue, Parameters
from ._parameters import (
    GRID_PARAMETERS,
    KAPPA,
    MAPS,
    MODEL,
    OVERALL_ACCURACY,
    RASTERS,
    REPORT,
    RULES_PARAMETERS,
    SUSPECT_LABELS,
    TRAINING_PARAMETERS,
)
from ._training import TrainingTool, dress_maps, map_paths


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
    PARAMETERS = (
        RASTERS, *TRAINING_PARAMETERS, *GRID_PARAMETERS, *with_defaults(FOREST_PARAMETERS, ForestSettings()),
        *RULES_PARAMETERS, EARLY_SEASON, *with_defaults((SEED, THREADS), ForestSettings()), *MAPS, MODEL, REPORT,
        OVERALL_ACCURACY, KAPPA, SUSPECT_LABELS,
    )

    def execute(self, parameters: Parameters, context: QgsProcessingContext,
                progress: Progress) -> dict[str, OutputValue]:
        """Train, map, assess and style the maps."""
        maps = map_paths(self, parameters, context)
        outputs = self.train(parameters, context, progress, maps)
        return {**dress_maps(self, maps, context), **outputs}
