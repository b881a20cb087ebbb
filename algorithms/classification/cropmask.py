"""Sen2-Agri's crop mask with in-situ data (L4A)."""

from dataclasses import replace

from ...compute.sen2agri.settings import CROP_MASK_SAMPLES
from ...compute.sen2agri.task import CROP_MASK
from ...provider.base import Algorithm, Group
from ...provider.progress import FeedbackProgress
from ...provider.sen2agriparcels import crop_or_not
from . import sen2agri


class CropMask(Algorithm):
    """A time series and parcels of cropland and other land in; the map of cropland out."""

    NAME = "cropmask"
    TITLE = "Crop mask (Sen2-Agri L4A)"
    GROUP = Group.CLASSIFICATION
    TAGS = ("sen2-agri", "l4a", "crop mask", "cropland", "random forest", "segmentation", "sentinel-2")
    HELP = ("Tells cropland from other land as Sen2-Agri does for its product L4A with in-situ data: how NDVI, NDWI "
            "and brightness behave over the season trains a random forest, and each segment of similar NDVI takes the "
            "class of most of its pixels. The parcels must hold cropland and other land.")
    REQUIRES = ("rasterio", "sklearn", "skimage", "jinja2", "matplotlib")

    def initAlgorithm(self, configuration=None):
        """Declare the parameters."""
        sen2agri.add_series(self, red_edge=True)
        sen2agri.add_parcels(self)
        sen2agri.add_split(self)
        sen2agri.add_forest(self, CROP_MASK_SAMPLES)
        sen2agri.add_segments(self)
        sen2agri.add_results(self, "Crop mask", "Crop mask without segments")

    def prepareAlgorithm(self, parameters, context, feedback):
        """Layers become paths and sources."""
        self.inputs = sen2agri.Inputs(self, parameters, context)
        return True

    def processAlgorithm(self, parameters, context, feedback):
        """Read the parcels, make the product, dress the results."""
        progress, inputs = FeedbackProgress(feedback), self.inputs
        field = sen2agri.field_of(self, parameters, sen2agri.CROP_FIELD, context)
        crs_wkt = inputs.crs_wkt()
        read = crop_or_not(inputs.training, field, crs_wkt, context, progress.part(0.0, 0.02))
        task = replace(sen2agri.common_task(self, parameters, context, inputs, CROP_MASK), parcels=read.parcels,
                       class_field=field, notes=tuple(read.notes()))
        if inputs.validation is not None:
            judging = crop_or_not(inputs.validation, field, crs_wkt, context, progress.part(0.02, 0.03))
            task = replace(task, validation=judging.parcels)
        names = self.tr("Crop mask"), self.tr("Crop mask without segments")
        return sen2agri.make(self, parameters, context, task, names, progress.part(0.03, 1.0))
