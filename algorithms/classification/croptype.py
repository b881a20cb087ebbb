"""Sen2-Agri's crop type map (L4B)."""

from dataclasses import replace

from qgis.core import QgsProcessingParameterField, QgsProcessingParameterRasterLayer

from ...compute.sen2agri.settings import CROP_TYPE_SAMPLES
from ...compute.sen2agri.task import CROP_TYPE
from ...provider.base import Algorithm, Group
from ...provider.progress import FeedbackProgress
from ...provider.sen2agriparcels import crops_only
from . import options, sen2agri
from .training import optional_raster


class CropType(Algorithm):
    """A time series, parcels and a crop mask in; the map of crops out, with and without the mask."""

    NAME = "croptype"
    TITLE = "Crop type (Sen2-Agri L4B)"
    GROUP = Group.CLASSIFICATION
    TAGS = ("sen2-agri", "l4b", "crop type", "crop map", "random forest", "sentinel-2", "jecam")
    HELP = ("Maps crops as Sen2-Agri does for its product L4B: reflectances, NDVI, NDWI and brightness of each date "
            "train a random forest on the parcels that are crops; with a crop mask, everything else becomes 'No crop'. "
            "For maps of your own making, Classify crops has more choices.")
    REQUIRES = ("rasterio", "sklearn", "jinja2", "matplotlib")

    LABEL_FIELD = "LABEL_FIELD"

    def initAlgorithm(self, configuration=None):
        """Declare the parameters."""
        sen2agri.add_series(self, red_edge=False)
        self.declare(
            QgsProcessingParameterRasterLayer(options.MASK, self.tr("Crop mask"), optional=True),
            "crop mask on the grid of the series: from the crop mask tools, or any raster that is 0 where nothing is "
            "grown. Where the mask has no data, the crop stays.")
        sen2agri.add_parcels(self)
        self.declare(
            QgsProcessingParameterField(options.CLASS_FIELD, self.tr("Field with the crop code"), "CODE",
                                        options.TRAINING, optional=True),
            "number or name of the crop; Sen2-Agri's codes have its colours and names. CODE unless you say otherwise.")
        self.declare(
            QgsProcessingParameterField(self.LABEL_FIELD, self.tr("Field with the crop name"), None, options.TRAINING,
                                        optional=True),
            "what people read in the legend, in Sen2-Agri's shapefiles the field LC. Without it, the name of the code.")
        sen2agri.add_split(self)
        sen2agri.add_forest(self, CROP_TYPE_SAMPLES)
        sen2agri.add_results(self, "Crop type", "Crop type without mask")

    def prepareAlgorithm(self, parameters, context, feedback):
        """Layers become paths and sources."""
        self.inputs = sen2agri.Inputs(self, parameters, context)
        self.mask = optional_raster(self, parameters, options.MASK, context)
        return True

    def processAlgorithm(self, parameters, context, feedback):
        """Read the parcels, make the product, dress the results."""
        progress, inputs = FeedbackProgress(feedback), self.inputs
        fields = (*(sen2agri.field_of(self, parameters, name, context)
                    for name in (options.CLASS_FIELD, sen2agri.CROP_FIELD)),
                  self.parameterAsString(parameters, self.LABEL_FIELD, context))
        crs_wkt = inputs.crs_wkt()
        read, labels, notes = crops_only(inputs.training, fields, crs_wkt, context, progress.part(0.0, 0.02))
        task = replace(sen2agri.common_task(self, parameters, context, inputs, CROP_TYPE), parcels=read.parcels,
                       labels=labels, mask=self.mask, class_field=fields[0], notes=tuple(notes))
        if inputs.validation is not None:
            judging, more_labels, _ = crops_only(inputs.validation, fields, crs_wkt, context, progress.part(0.02, 0.03))
            task = replace(task, validation=judging.parcels, labels=more_labels | labels)
        names = self.tr("Crop type"), self.tr("Crop type without mask")
        return sen2agri.make(self, parameters, context, task, names, progress.part(0.03, 1.0))
