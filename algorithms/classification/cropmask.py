"""Crop mask with in-situ data (Sen2-Agri L4A)."""

from dataclasses import replace

from ...compute.sen2agri.product_task import CROP_MASK, CROP_MASK_SAMPLES
from ...provider.base import Algorithm, Group
from ...provider.insitu_inputs import cropland_parcels
from ..classification import _sen2agri


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

    def initAlgorithm(self, configuration=None):
        """Declare the parameters."""
        _sen2agri.add_series(self, red_edge=True)
        _sen2agri.add_parcels(self)
        _sen2agri.add_split(self)
        _sen2agri.add_forest(self, CROP_MASK_SAMPLES)
        _sen2agri.add_segments(self)
        _sen2agri.add_outputs(self, "Crop mask", "Crop mask before segmentation")

    def prepare_inputs(self, parameters, context, feedback):
        """Convert layers to paths and feature sources."""
        self.inputs = _sen2agri.Inputs(self, parameters, context)

    def execute(self, parameters, context, progress):
        """Read the parcels, make the product and style its maps."""
        progress, inputs = progress, self.inputs
        field = _sen2agri.field_of(self, parameters, _sen2agri.CROP_FIELD, context)
        crs_wkt = inputs.crs_wkt()
        read = cropland_parcels(inputs.training, field, crs_wkt, context, progress.part(0.0, 0.02))
        task = replace(_sen2agri.common_task(self, parameters, context, inputs, CROP_MASK), parcels=read.parcels,
                       class_field=field, notes=tuple(read.notes()))
        if inputs.validation is not None:
            validation = cropland_parcels(inputs.validation, field, crs_wkt, context, progress.part(0.02, 0.03))
            task = replace(task, validation=validation.parcels)
        names = self.tr("Crop mask"), self.tr("Crop mask before segmentation")
        return _sen2agri.make(self, parameters, context, task, names, progress.part(0.03, 1.0))
