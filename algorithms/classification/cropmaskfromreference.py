"""Crop mask without in-situ data, trained on a land-cover map (Sen2-Agri L4A)."""

from __future__ import annotations

from dataclasses import replace

from qgis.core import QgsProcessingContext, QgsProcessingFeedback

from ...compute.declarations import ParameterDeclaration, with_defaults
from ...compute.errors import UnsuitableInput
from ...compute.progress import Progress
from ...compute.sen2agri.product_task import (
    CROP_CLASSES,
    CROP_MASK,
    CROP_MASK_SAMPLES,
    REFERENCE_PARAMETERS,
    SEGMENT_PARAMETERS,
    SEN2AGRI_FOREST_PARAMETERS,
    ReferenceSettings,
    SegmentSettings,
    sen2agri_forest,
)
from ...provider.base import Algorithm, Group, OutputValue, Parameters
from ...provider.parameters import number_list, read, read_settings
from ...provider.raster_inputs import raster_path
from ._sen2agri import MASK_OUTPUTS, RUN_PARAMETERS, SERIES_PARAMETERS, TRAINING_FRACTION, Inputs, common_task, make

REFERENCE_MAP = ParameterDeclaration(
    "REFERENCE_MAP", "Reference map",
    "Integer raster of land-cover classes that covers the time series, such as ESA CCI Land Cover. It is resampled to "
    "the grid of the time series (nearest neighbour).", kind="raster")
BLOCK_FRACTION = replace(
    TRAINING_FRACTION, advanced=True,
    help="Fraction of the square blocks of the reference map used for training (0.01 to 1); the rest are used for "
         "validation.")


class CropMaskFromReference(Algorithm):
    """Map the cropland of a season from a time series and an older land-cover map."""

    NAME = "cropmaskfromreference"
    TITLE = "Crop mask from a reference map (Sen2-Agri L4A)"
    GROUP = Group.CLASSIFICATION
    TAGS = ("sen2-agri", "sen4stat", "l4a", "crop mask", "cropland", "land cover", "esa cci", "worldcover",
            "random forest", "supervised classification", "mahalanobis distance", "trimming", "outliers", "sentinel-2")
    HELP = ("Maps cropland and other land without parcels, with the method of Sen2-Agri's L4A product without in-situ "
            "data: the random forest is trained on pixels of an existing land-cover map, after erosion of its patches "
            "and removal of outliers. The map may be coarse, outdated and in another coordinate reference system.")
    REQUIRES = ("rasterio", "sklearn", "skimage", "scipy", "jinja2", "matplotlib")
    PARAMETERS = (
        *SERIES_PARAMETERS, REFERENCE_MAP, *with_defaults(REFERENCE_PARAMETERS, ReferenceSettings()), BLOCK_FRACTION,
        *with_defaults(SEN2AGRI_FOREST_PARAMETERS, sen2agri_forest(CROP_MASK_SAMPLES)),
        *with_defaults(SEGMENT_PARAMETERS, SegmentSettings()), *RUN_PARAMETERS, *MASK_OUTPUTS,
    )

    def prepare_inputs(self, parameters: Parameters, context: QgsProcessingContext,
                       feedback: QgsProcessingFeedback) -> None:
        """Convert layers to paths."""
        self.inputs = Inputs(self, parameters, context)
        self.reference = raster_path(self.parameterAsRasterLayer(parameters, REFERENCE_MAP.name, context))

    def execute(self, parameters: Parameters, context: QgsProcessingContext,
                progress: Progress) -> dict[str, OutputValue]:
        """Make the product and style its maps."""
        settings = ReferenceSettings(crop_classes=_class_values(read(self, CROP_CLASSES, parameters, context)),
                                     **read_settings(self, REFERENCE_PARAMETERS, parameters, context))
        task = replace(common_task(self, parameters, context, self.inputs, CROP_MASK), reference=self.reference,
                       reference_settings=settings, class_field=self.tr("(reference map value)"))
        names = self.tr("Crop mask"), self.tr("Crop mask before segmentation")
        return make(self, parameters, context, task, names, progress)


def _class_values(text: str) -> tuple[int, ...]:
    values = number_list(text, CROP_CLASSES.name)
    if not values or min(values) < 0:
        raise UnsuitableInput(f"CROP_CLASSES is '{text}'. Write the cropland class values as whole numbers, separated "
                              "by commas: 10,11,20.")
    return values
