"""Crop mask with in-situ data (Sen2-Agri L4A)."""

from dataclasses import replace

from ...compute.sen2agri.settings import CROP_MASK_SAMPLES
from ...compute.sen2agri.task import CROP_MASK
from ...provider.base import Algorithm, Group
from ...provider.progress import FeedbackProgress
from ...provider.sen2agriparcels import cropland_parcels
from . import sen2agri


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
    REQUIRES = ("rasterio", "sklearn", "skimage", "jinja2", "matplotlib")

    def initAlgorithm(self, configuration=None):
        """Declare the parameters."""
        sen2agri.add_series(self, red_edge=True)
        sen2agri.add_parcels(self)
        sen2agri.add_split(self)
        sen2agri.add_forest(self, CROP_MASK_SAMPLES)
        sen2agri.add_segments(self)
        sen2agri.add_outputs(self, "Crop mask", "Crop mask before segmentation")

    def prepareAlgorithm(self, parameters, context, feedback):
        """Convert layers to paths and feature sources."""
        self.inputs = sen2agri.Inputs(self, parameters, context)
        return True

    def processAlgorithm(self, parameters, context, feedback):
        """Read the parcels, make the product and style its maps."""
        progress, inputs = FeedbackProgress(feedback), self.inputs
        field = sen2agri.field_of(self, parameters, sen2agri.CROP_FIELD, context)
        crs_wkt = inputs.crs_wkt()
        read = cropland_parcels(inputs.training, field, crs_wkt, context, progress.part(0.0, 0.02))
        task = replace(sen2agri.common_task(self, parameters, context, inputs, CROP_MASK), parcels=read.parcels,
                       class_field=field, notes=tuple(read.notes()))
        if inputs.validation is not None:
            validation = cropland_parcels(inputs.validation, field, crs_wkt, context, progress.part(0.02, 0.03))
            task = replace(task, validation=validation.parcels)
        names = self.tr("Crop mask"), self.tr("Crop mask before segmentation")
        return sen2agri.make(self, parameters, context, task, names, progress.part(0.03, 1.0))
