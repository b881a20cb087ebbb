"""The Sen2-Agri tools: shared parameters, inputs and run."""

from __future__ import annotations

from dataclasses import replace

from qgis.core import QgsProcessingContext

from ...compute.classifiers.forest_parameters import SEED
from ...compute.declarations import ParameterDeclaration, with_defaults
from ...compute.errors import MissingInput
from ...compute.insitu import parcel_split
from ...compute.insitu.parcel_split import SplitSettings
from ...compute.progress import Progress
from ...compute.raster.blocks import THREADS
from ...compute.raster.reader import RasterReader
from ...compute.sen2agri.make_product import make_product
from ...compute.sen2agri.product_task import (
    PRODUCT_INFO_PARAMETERS,
    SEGMENT_PARAMETERS,
    SEN2AGRI_FOREST_PARAMETERS,
    ProductInfo,
    ProductPaths,
    ProductTask,
    SegmentSettings,
    sen2agri_forest,
)
from ...provider.base import Algorithm, OutputValue, Parameters
from ...provider.parameters import is_given, read, read_settings
from ...provider.parcel_inputs import layer_origin, parcel_source
from ...provider.raster_inputs import optional_raster_path, raster_path
from ...provider.styling import dress
from . import _parameters
from ._parameters import KAPPA, OUTPUT, OVERALL_ACCURACY
from ._training import accuracy_outputs

INPUT = ParameterDeclaration(
    "INPUT", "Time series",
    "Gap-filled stack of dates with B03, B04, B08 and B11, from 'Stack a Sentinel-2 time series'. Sen2-Agri uses a "
    "date every 10 days (INTERVAL=10). Bands are identified by name (B04_20180627).", kind="raster")
FLAGS = ParameterDeclaration(
    "FLAGS", "Scene classification time series",
    "Stack of scene classifications on the same grid, with bands such as SCL_20180627 (from the same tool with "
    "BANDS=SCL, GAP_FILLING=none, CLOUD_MASK=none). The quality flags count its land, water, snow and cloud dates. If "
    "empty, only dates with and without data are counted.", kind="raster", optional=True)
RED_EDGE = ParameterDeclaration(
    "RED_EDGE", "Use red-edge bands", "Also use B02, B05, B06 and B07, which the time series must contain.",
    kind="boolean", default=False, advanced=True)
SERIES_PARAMETERS = (INPUT, FLAGS, RED_EDGE)

TRAINING = ParameterDeclaration(
    "TRAINING", "Training parcels",
    "Polygon layer with the fields of Sen2-Agri, in any coordinate reference system. Apply an inner buffer of 15 m "
    "first ('Prepare in-situ data').", kind="polygons")
CROP_FIELD = ParameterDeclaration(
    "CROP_FIELD", "Cropland field (1 = crop, 0 = other)",
    "Field with 1 for cropland and 0 for other land; CROP by default.", kind="field", default="CROP", parent="TRAINING",
    optional=True)
VALIDATION = replace(
    _parameters.VALIDATION, help="Parcels with the same fields, used for validation only. If empty, a fraction of the "
                                 "training parcels of each class is held out.")
TRAINING_FRACTION = replace(
    parcel_split.TRAINING_FRACTION, default=SplitSettings.training_fraction, maximum=1.0,
    help="Fraction of the parcels of each class used for training (0.01 to 1); the rest are held out for validation. "
         "Whole parcels are sampled, never single pixels. Ignored when validation parcels are given.")
RUN_PARAMETERS = (*with_defaults((SEED, THREADS), sen2agri_forest(samples_per_class=1)),
                  *with_defaults(PRODUCT_INFO_PARAMETERS, ProductInfo()))

OUTPUT_UNMASKED = ParameterDeclaration(
    "OUTPUT_UNMASKED", "Map before the last step", "Map as predicted by the random forest, before the last step.",
    kind="raster_destination", optional=True)
QUALITY = ParameterDeclaration(
    "QUALITY", "Quality flags",
    "Raster with four bands: number of dates with land, water, snow and other (clouds, no data).",
    kind="raster_destination", optional=True, is_created=False)
REPORT = replace(
    _parameters.REPORT,
    help="HTML report: inputs, confusion matrix, accuracy by class, importance of features, and warnings.")
PRODUCT = ParameterDeclaration(
    "PRODUCT", "Folder for the Sen2-Agri product",
    "Folder in which a product with the structure, names and XML files of Sen2-Agri is created: int16 rasters with the "
    "original codes; -10000 is nodata.", kind="folder_destination", optional=True, is_created=False)


def product_outputs(final_label: str, raw_label: str) -> tuple[ParameterDeclaration, ...]:
    """Declarations of the outputs, with the labels of the final map and of the map before the last step."""
    return (replace(OUTPUT, label=final_label), replace(OUTPUT_UNMASKED, label=raw_label), QUALITY, REPORT, PRODUCT,
            OVERALL_ACCURACY, KAPPA)


MASK_OUTPUTS = product_outputs("Crop mask", "Crop mask before segmentation")


def required_field(tool: Algorithm, declaration: ParameterDeclaration, parameters: Parameters,
                   context: QgsProcessingContext) -> str:
    """Return the field of a parameter.

    Raises
    ------
    MissingInput
        If the parameter is empty.
    """
    field = read(tool, declaration, parameters, context)
    if not field:
        raise MissingInput(f"Choose a field of the parcels as {declaration.name}.")
    return field


class Inputs:
    """Inputs opened in ``prepareAlgorithm``: paths and feature sources, no layers."""

    def __init__(self, tool: Algorithm, parameters: Parameters, context: QgsProcessingContext) -> None:
        self.series = raster_path(tool.parameterAsRasterLayer(parameters, INPUT.name, context))
        self.flags = optional_raster_path(tool, parameters, FLAGS.name, context)
        self.training = self.validation = None
        self.origin = self.validation_origin = ""
        if tool.parameterDefinition(TRAINING.name):
            self.training = parcel_source(tool, parameters, TRAINING.name, context)
            self.origin = layer_origin(tool, parameters, TRAINING.name, context)
            if is_given(parameters.get(VALIDATION.name)):
                self.validation = parcel_source(tool, parameters, VALIDATION.name, context)
                self.validation_origin = layer_origin(tool, parameters, VALIDATION.name, context)

    def crs_wkt(self) -> str:
        """Return the CRS of the time series as WKT."""
        with RasterReader(self.series) as raster:
            return raster.grid.crs_wkt


def common_task(tool: Algorithm, parameters: Parameters, context: QgsProcessingContext, inputs: Inputs,
                kind: str) -> ProductTask:
    """Return the task without reference data."""
    def settings(declarations: tuple[ParameterDeclaration, ...]) -> dict:
        return read_settings(tool, declarations, parameters, context)

    forest = sen2agri_forest(**settings((*SEN2AGRI_FOREST_PARAMETERS, SEED, THREADS)))
    return ProductTask(
        kind=kind, series=inputs.series, forest=forest, flags=inputs.flags,
        red_edge=read(tool, RED_EDGE, parameters, context), info=ProductInfo(**settings(PRODUCT_INFO_PARAMETERS)),
        split=SplitSettings(seed=forest.seed, **settings((TRAINING_FRACTION,))),
        segments=SegmentSettings(**settings(SEGMENT_PARAMETERS)), parcels_path=inputs.origin,
        validation_path=inputs.validation_origin)


def make(tool: Algorithm, parameters: Parameters, context: QgsProcessingContext, task: ProductTask,
         names: tuple[str, str], progress: Progress) -> dict[str, OutputValue]:
    """Make the product and style its maps.

    Parameters
    ----------
    tool : Algorithm
    parameters : dict
    context : QgsProcessingContext
    task : ProductTask
    names : tuple of str
        Layer names of the final and the raw map.
    progress : Progress

    Returns
    -------
    dict
        Values of the outputs.
    """
    outputs = {output.name: read(tool, output, parameters, context)
               for output in (OUTPUT, OUTPUT_UNMASKED, QUALITY, REPORT, PRODUCT)}
    result = make_product(task, ProductPaths(*outputs.values()), progress)
    group = tool.tr("Floefield: Sen2-Agri")
    for path, name in zip(outputs.values(), (*names, tool.tr("Quality flags"))):
        dress(path, name, context, group, algorithm=tool)
    return {name: path for name, path in outputs.items() if path} | accuracy_outputs(result)
