"""Crop type map (Sen2-Agri L4B)."""

from dataclasses import replace

from qgis.core import QgsProcessingParameterField, QgsProcessingParameterRasterLayer

from ...compute.sen2agri.product_task import CROP_TYPE, CROP_TYPE_SAMPLES
from ...provider.base import Algorithm, Group
from ...provider.insitu_inputs import crop_parcels
from ..classification import _parameters, _sen2agri
from ._training import optional_raster


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

    LABEL_FIELD = "LABEL_FIELD"

    def initAlgorithm(self, configuration=None):
        """Declare the parameters."""
        _sen2agri.add_series(self, red_edge=False)
        self.declare(
            QgsProcessingParameterRasterLayer(_parameters.MASK, self.tr("Crop mask"), optional=True),
            "Crop mask on the grid of the time series: from the crop mask tools, or any raster that is 0 outside "
            "cropland. Pixels where it is nodata are not masked; empty applies no mask.")
        _sen2agri.add_parcels(self)
        self.declare(
            QgsProcessingParameterField(_parameters.CLASS_FIELD, self.tr("Crop code field"), "CODE",
                                        _parameters.TRAINING, optional=True),
            "Field with the code (or name) of the crop, CODE by default. Sen2-Agri's codes get its colours and names.")
        self.declare(
            QgsProcessingParameterField(self.LABEL_FIELD, self.tr("Crop name field"), None, _parameters.TRAINING,
                                        optional=True),
            "Field with the crop name for the legend, LC in Sen2-Agri's shapefiles. If empty, the name of the code is "
            "used.")
        _sen2agri.add_split(self)
        _sen2agri.add_forest(self, CROP_TYPE_SAMPLES)
        _sen2agri.add_outputs(self, "Crop type", "Crop type before masking")

    def prepare_inputs(self, parameters, context, feedback):
        """Convert layers to paths and feature sources."""
        self.inputs = _sen2agri.Inputs(self, parameters, context)
        self.mask = optional_raster(self, parameters, _parameters.MASK, context)

    def execute(self, parameters, context, progress):
        """Read the parcels, make the product and style its maps."""
        progress, inputs = progress, self.inputs
        fields = (*(_sen2agri.field_of(self, parameters, name, context)
                    for name in (_parameters.CLASS_FIELD, _sen2agri.CROP_FIELD)),
                  self.parameterAsString(parameters, self.LABEL_FIELD, context))
        crs_wkt = inputs.crs_wkt()
        read, labels, notes = crop_parcels(inputs.training, fields, crs_wkt, context, progress.part(0.0, 0.02))
        task = replace(_sen2agri.common_task(self, parameters, context, inputs, CROP_TYPE), parcels=read.parcels,
                       labels=labels, mask=self.mask, class_field=fields[0], notes=tuple(notes))
        if inputs.validation is not None:
            validation, validation_labels, _ = crop_parcels(inputs.validation, fields, crs_wkt, context,
                                                            progress.part(0.02, 0.03))
            task = replace(task, validation=validation.parcels, labels=validation_labels | labels)
        names = self.tr("Crop type"), self.tr("Crop type before masking")
        return _sen2agri.make(self, parameters, context, task, names, progress.part(0.03, 1.0))
