"""Crop type map (Sen2-Agri L4B)."""

from __future__ import annotations

from dataclasses import replace

from qgis.core import QgsProcessingContext, QgsProcessingFeedback

from ...compute.declarations import ParameterDeclaration, with_defaults
from ...compute.progress import Progress
from ...compute.sen2agri.product_task import (
    CROP_TYPE,
    CROP_TYPE_SAMPLES,
    SEN2AGRI_FOREST_PARAMETERS,
    sen2agri_forest,
)
from ...provider.base import Algorithm, Group, OutputValue, Parameters
from ...provider.insitu_inputs import crop_parcels
from ...provider.parameters import read
from ...provider.raster_inputs import optional_raster_path
from ._sen2agri import (
    CROP_FIELD,
    RUN_PARAMETERS,
    SERIES_PARAMETERS,
    TRAINING,
    TRAINING_FRACTION,
    VALIDATION,
    Inputs,
    common_task,
    make,
    product_outputs,
    required_field,
)

MASK = ParameterDeclaration(
    "MASK", "Crop mask",
    "Crop mask on the grid of the time series: from the crop mask tools, or any raster that is 0 outside cropland. "
    "Pixels where it is nodata are not masked; empty applies no mask.", kind="raster", optional=True)
CLASS_FIELD = ParameterDeclaration(
    "CLASS_FIELD", "Crop code field",
    "Field with the code (or name) of the crop, CODE by default. Sen2-Agri's codes get its colours and names.",
    kind="field", default="CODE", parent="TRAINING", optional=True)
LABEL_FIELD = ParameterDeclaration(
    "LABEL_FIELD", "Crop name field",
    "Field with the crop name for the legend, LC in Sen2-Agri's shapefiles. If empty, the name of the code is used.",
    kind="field", parent="TRAINING", optional=True)


class CropType(Algorithm):
    """Map crop types from a time series, parcels and a crop mask, before and after masking."""

    NAME = "croptype"
    TITLE = "Crop type (Sen2-Agri L4B)"
    GROUP = Group.CLASSIFICATION
    TAGS = ("sen2-agri", "sen4stat", "l4b", "crop type", "crop map", "random forest", "supervised classification",
            "sentinel-2", "jecam")
    HELP = ("Maps crop types with the method of Sen2-Agri's L4B product: a random forest is trained on the "
            "reflectances, NDVI, NDWI and brightness of each date in the cropland parcels; with a crop mask, pixels "
            "outside it become 'No crop'. For other features and settings use 'Classify crops'.")
    REQUIRES = ("rasterio", "sklearn", "skimage", "scipy", "jinja2", "matplotlib")
    PARAMETERS = (
        *SERIES_PARAMETERS, MASK, TRAINING, CROP_FIELD, CLASS_FIELD, LABEL_FIELD, VALIDATION, TRAINING_FRACTION,
        *with_defaults(SEN2AGRI_FOREST_PARAMETERS, sen2agri_forest(CROP_TYPE_SAMPLES)), *RUN_PARAMETERS,
        *product_outputs("Crop type", "Crop type before masking"),
    )

    def prepare_inputs(self, parameters: Parameters, context: QgsProcessingContext,
                       feedback: QgsProcessingFeedback) -> None:
        """Convert layers to paths and feature sources."""
        self.inputs = Inputs(self, parameters, context)
        self.mask = optional_raster_path(self, parameters, MASK.name, context)

    def execute(self, parameters: Parameters, context: QgsProcessingContext,
                progress: Progress) -> dict[str, OutputValue]:
        """Read the parcels, make the product and style its maps."""
        inputs = self.inputs
        fields = (*(required_field(self, field, parameters, context) for field in (CLASS_FIELD, CROP_FIELD)),
                  read(self, LABEL_FIELD, parameters, context))
        crs_wkt = inputs.crs_wkt()
        found, labels, notes = crop_parcels(inputs.training, fields, crs_wkt, context, progress.part(0.0, 0.02))
        task = replace(common_task(self, parameters, context, inputs, CROP_TYPE), parcels=found.parcels, labels=labels,
                       mask=self.mask, class_field=fields[0], notes=tuple(notes))
        if inputs.validation is not None:
            validation, validation_labels, _ = crop_parcels(inputs.validation, fields, crs_wkt, context,
                                                            progress.part(0.02, 0.03))
            task = replace(task, validation=validation.parcels, labels=validation_labels | labels)
        names = self.tr("Crop type"), self.tr("Crop type before masking")
        return make(self, parameters, context, task, names, progress.part(0.03, 1.0))
