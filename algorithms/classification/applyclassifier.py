"""Application of a saved classifier to rasters."""

from __future__ import annotations

from qgis.core import QgsProcessingContext, QgsProcessingFeedback

from ...compute.classification.apply_model import RESAMPLING, ApplyTask, apply_model
from ...compute.classification.bands import BAND_MATCHING
from ...compute.declarations import ParameterDeclaration, with_defaults
from ...compute.progress import Progress
from ...compute.raster.blocks import THREADS
from ...provider.base import Algorithm, Group, OutputValue, Parameters
from ...provider.parameters import read, read_settings
from ...provider.raster_inputs import optional_raster_path, raster_paths, unloadable_layers
from ._parameters import GRID_PARAMETERS, MAPS, MASK, MODEL_FILTER, RASTERS, RULES_PARAMETERS
from ._training import dress_maps, map_paths, map_rules

MODEL = ParameterDeclaration(
    "MODEL", "Model", "Model file (.ffm) written by 'Train a classifier' or 'Classify crops'.", kind="file",
    file_filter=f"{MODEL_FILTER};;All files (*.*)")


class ApplyClassifier(Algorithm):
    """Map classes with a model file."""

    NAME = "applyclassifier"
    TITLE = "Apply a classifier"
    GROUP = Group.CLASSIFICATION
    TAGS = ("random forest", "extra trees", "supervised classification", "classifier", "model", "predict", "prediction",
            "inference", "class map", "crop map", "load")
    HELP = ("Maps the class of every pixel with a model file of 'Train a classifier' or 'Classify crops'. The rasters "
            "must contain the bands the model was trained on, matched by name or by order.")
    REQUIRES = ("rasterio", "sklearn", "scipy", "jinja2")
    PARAMETERS = (
        RASTERS, MODEL, *with_defaults([BAND_MATCHING], ApplyTask), *GRID_PARAMETERS, *RULES_PARAMETERS,
        *with_defaults([THREADS], ApplyTask), *MAPS,
    )

    def checkParameterValues(self, parameters: Parameters, context: QgsProcessingContext) -> tuple[bool, str]:
        """Check the rasters; QGIS itself does not report which raster cannot be loaded."""
        ok, message = super().checkParameterValues(parameters, context)
        return ok, message if ok else unloadable_layers(parameters, RASTERS.name, context) or message

    def prepare_inputs(self, parameters: Parameters, context: QgsProcessingContext,
                       feedback: QgsProcessingFeedback) -> None:
        """Convert layers to paths."""
        self.rasters = raster_paths(self, parameters, RASTERS.name, context)
        self.mask = optional_raster_path(self, parameters, MASK.name, context)

    def execute(self, parameters: Parameters, context: QgsProcessingContext,
                progress: Progress) -> dict[str, OutputValue]:
        """Classify and style the outputs."""
        maps = map_paths(self, parameters, context)
        task = ApplyTask(
            rasters=self.rasters, model=read(self, MODEL, parameters, context), mask=self.mask,
            rules=map_rules(self, parameters, context),
            **read_settings(self, (BAND_MATCHING, RESAMPLING, THREADS), parameters, context))
        apply_model(task, maps, progress)
        return dress_maps(self, maps, context)
