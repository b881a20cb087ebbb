"""Training of a classifier that is saved to a model file."""

from __future__ import annotations

from dataclasses import replace

from qgis.core import QgsProcessingContext

from ...compute.classification.class_maps import MapPaths
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
    MODEL,
    OVERALL_ACCURACY,
    RASTERS,
    REPORT,
    SUSPECT_LABELS,
    TRAINING_PARAMETERS,
)
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
    PARAMETERS = (
        RASTERS, *TRAINING_PARAMETERS, *GRID_PARAMETERS, *with_defaults(FOREST_PARAMETERS, ForestSettings()),
        EARLY_SEASON, *with_defaults((SEED, THREADS), ForestSettings()),
        replace(MODEL, optional=False, is_created=True), REPORT, OVERALL_ACCURACY, KAPPA, SUSPECT_LABELS,
    )

    def execute(self, parameters: Parameters, context: QgsProcessingContext,
                progress: Progress) -> dict[str, OutputValue]:
        """Train and assess; only the pixels of the validation parcels are classified."""
        return self.train(parameters, context, progress, MapPaths())
