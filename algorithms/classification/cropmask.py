"""Crop mask with in-situ data (Sen2-Agri L4A)."""

from __future__ import annotations

from dataclasses import replace

from qgis.core import QgsProcessingContext, QgsProcessingFeedback

from ...compute.declarations import with_defaults
from ...compute.progress import Progress
from ...compute.sen2agri.product_task import (
    CROP_MASK,
    CROP_MASK_SAMPLES,
    SEGMENT_PARAMETERS,
    SEN2AGRI_FOREST_PARAMETERS,
    SegmentSettings,
    sen2agri_forest,
)
from ...provider.base import Algorithm, Group, OutputValue, Parameters
from ...provider.insitu_inputs import cropland_parcels
from ._sen2agri import (
    CROP_FIELD,
    FLAGS,
    INPUT,
    MASK_OUTPUTS,
    RED_EDGE,
    RUN_PARAMETERS,
    TRAINING,
    TRAINING_FRACTION,
    VALIDATION,
    Inputs,
    common_task,
    make,
    required_field,
)


class CropMask(Algorithm):
    """Map cropland from a time series and parcels of cropland and other land."""

    NAME = "cropmask"
    TITLE = "Crop mask (Sen2-Agri L4A)"
    GROUP = Group.CLASSIFICATION
    TAGS = ("sen2-agri", "sen4stat", "l4a", "crop mask", "cropland", "random forest", "supervised classification",
            "mean shift", "segmentation", "temporal features", "sentinel-2")
    HELP = ("Maps cropland and other land with the method of Sen2-Agri's L4A product with in-situ data: a random "
            "forest is trained on temporal features of NDVI, NDWI and brightness, and each mean-shift segment of the "
            "NDVI series gets the majority class of its pixels. Training parcels of cropland and of other land are "
            "required.")
    REQUIRES = ("rasterio", "sklearn", "skimage", "scipy", "jinja2", "matplotlib")

    PARAMETERS = (
        INPUT, FLAGS, replace(RED_EDGE, default=True), TRAINING, CROP_FIELD, VALIDATION, TRAINING_FRACTION,
        *with_defaults(SEN2AGRI_FOREST_PARAMETERS, sen2agri_forest(CROP_MASK_SAMPLES)),
        *with_defaults(SEGMENT_PARAMETERS, SegmentSettings()), *RUN_PARAMETERS, *MASK_OUTPUTS,
    )

    def prepare_inputs(self, parameters: Parameters, context: QgsProcessingContext,
                       feedback: QgsProcessingFeedback) -> None:
        """Convert layers to paths and feature sources."""
        self.inputs = Inputs(self, parameters, context)

    def execute(self, parameters: Parameters, context: QgsProcessingContext,
                progress: Progress) -> dict[str, OutputValue]:
        """Read the parcels, make the product and style its maps."""
        inputs = self.inputs
        field = required_field(self, CROP_FIELD, parameters, context)
        crs_wkt = inputs.crs_wkt()
        found = cropland_parcels(inputs.training, field, crs_wkt, context, progress.part(0.0, 0.02))
        task = replace(common_task(self, parameters, context, inputs, CROP_MASK), parcels=found.parcels,
                       class_field=field, notes=tuple(found.notes()))
        if inputs.validation is not None:
            validation = cropland_parcels(inputs.validation, field, crs_wkt, context, progress.part(0.02, 0.03))
            task = replace(task, validation=validation.parcels)
        names = self.tr("Crop mask"), self.tr("Crop mask before segmentation")
        return make(self, parameters, context, task, names, progress.part(0.03, 1.0))
