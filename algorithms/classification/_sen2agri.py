"""Parameters and run shared by the Sen2-Agri tools."""

from dataclasses import replace

from qgis.core import (
    QgsProcessing,
    QgsProcessingOutputNumber,
    QgsProcessingParameterBoolean,
    QgsProcessingParameterFeatureSource,
    QgsProcessingParameterField,
    QgsProcessingParameterFileDestination,
    QgsProcessingParameterFolderDestination,
    QgsProcessingParameterNumber,
    QgsProcessingParameterRasterDestination,
    QgsProcessingParameterRasterLayer,
    QgsProcessingParameterString,
)

from ...compute.errors import MissingInput
from ...compute.insitu.parcel_split import SplitSettings
from ...compute.raster.reader import RasterReader
from ...compute.sen2agri.make_product import make_product
from ...compute.sen2agri.product_task import ProductInfo, ProductPaths, ProductTask, SegmentSettings, sen2agri_forest
from ...provider.parameters import add_integer, is_given
from ...provider.parcel_inputs import layer_origin, parcel_source
from ...provider.raster_inputs import raster_path
from ...provider.styling import dress
from ..classification import _parameters
from ._training import accuracy_outputs, optional_raster

INPUT = "INPUT"
CROP_FIELD = "CROP_FIELD"
RED_EDGE = "RED_EDGE"
FLAGS = "FLAGS"
SITE = "SITE"
TILE_ID = "TILE_ID"
OUTPUT_UNMASKED = "OUTPUT_UNMASKED"
QUALITY = "QUALITY"
PRODUCT = "PRODUCT"
PCA_COMPONENTS = "PCA_COMPONENTS"
RANGE_RADIUS = "RANGE_RADIUS"
MIN_SIZE = "MIN_SIZE"
MIN_CROP_AREA = "MIN_CROP_AREA"
REAL = QgsProcessingParameterNumber.Type.Double


def add_series(tool, red_edge):
    """Declare the time series, its scene classification and the use of red-edge bands."""
    tool.declare(
        QgsProcessingParameterRasterLayer(INPUT, tool.tr("Time series")),
        "Gap-filled stack of dates with B03, B04, B08 and B11, from 'Stack a Sentinel-2 time series'. Sen2-Agri uses a "
        "date every 10 days (INTERVAL=10). Bands are identified by name (B04_20180627).")
    tool.declare(
        QgsProcessingParameterRasterLayer(FLAGS, tool.tr("Scene classification time series"), optional=True),
        "Stack of scene classifications on the same grid, with bands such as SCL_20180627 (from the same tool with "
        "BANDS=SCL, GAP_FILLING=none, CLOUD_MASK=none). The quality flags count its land, water, snow and cloud dates. "
        "If empty, only dates with and without data are counted.")
    tool.declare(
        QgsProcessingParameterBoolean(RED_EDGE, tool.tr("Use red-edge bands"), red_edge),
        "Also use B02, B05, B06 and B07, which the time series must contain.", advanced=True)


def add_parcels(tool):
    """Declare training parcels and cropland field."""
    polygons = [QgsProcessing.SourceType.TypeVectorPolygon]
    tool.declare(
        QgsProcessingParameterFeatureSource(_parameters.TRAINING, tool.tr("Training parcels"), polygons),
        "Polygon layer with the fields of Sen2-Agri, in any coordinate reference system. Apply an inner buffer of 15 m "
        "first ('Prepare in-situ data').")
    tool.declare(
        QgsProcessingParameterField(CROP_FIELD, tool.tr("Cropland field (1 = crop, 0 = other)"), "CROP",
                                    _parameters.TRAINING, optional=True),
        "Field with 1 for cropland and 0 for other land; CROP by default.")


def add_split(tool):
    """Declare validation parcels and training fraction."""
    polygons = [QgsProcessing.SourceType.TypeVectorPolygon]
    tool.declare(
        QgsProcessingParameterFeatureSource(_parameters.VALIDATION, tool.tr("Validation parcels"), polygons, optional=True),
        "Parcels with the same fields, used for validation only. If empty, a fraction of the training parcels of each "
        "class is held out.")
    tool.declare(
        QgsProcessingParameterNumber(_parameters.TRAINING_FRACTION, tool.tr("Training fraction (0 to 1)"), REAL,
                                     SplitSettings().training_fraction, minValue=0.01, maxValue=1.0),
        "Fraction of the parcels of each class used for training (0.01 to 1); the rest are held out for validation. "
        "Whole parcels are sampled, never single pixels. Ignored when validation parcels are given.")


def add_forest(tool, samples):
    """Declare the settings of the random forest."""
    defaults = sen2agri_forest(samples)
    add_integer(tool, _parameters.TREES, "Number of trees", defaults.trees, 1, 10000,
                        "Number of trees of the forest; 100 in Sen2-Agri.", True)
    add_integer(tool, _parameters.SAMPLES_PER_CLASS, "Training pixels per class (maximum)",
                        defaults.samples_per_class, 0, None, "Maximum number of training pixels per class; 0 uses all.",
                        True)
    add_integer(tool, _parameters.MAX_DEPTH, "Maximum tree depth (0 = unlimited)", defaults.max_depth, 0, None,
                        "Maximum number of levels of a tree; 0 = unlimited.", True)
    add_integer(tool, _parameters.MIN_SAMPLES_LEAF, "Minimum samples per leaf", defaults.min_samples_leaf, 1, None,
                        "Minimum number of training pixels in a leaf of a tree. Reduce it where classes have few "
                        "pixels.", True)


def add_segments(tool):
    """Declare the mean-shift segmentation of the crop mask."""
    defaults = SegmentSettings()
    add_integer(tool, PCA_COMPONENTS, "Principal components of the NDVI series", defaults.components, 0, 20,
                        "Number of principal components used for the segmentation (0 to 20); 0 applies no "
                        "segmentation.",
                        True)
    tool.declare(
        QgsProcessingParameterNumber(RANGE_RADIUS, tool.tr("Range radius (mean shift)"), REAL, defaults.range_radius,
                                     minValue=0.001),
        "Maximum difference of neighbouring pixels of a segment, in NDVI units over all components. Smaller values "
        "give smaller segments.", advanced=True)
    add_integer(tool, MIN_SIZE, "Minimum segment size (pixels)", defaults.min_size, 1, 10000,
                        "Segments of fewer pixels are merged with a neighbour.", True)
    add_integer(tool, MIN_CROP_AREA, "Minimum size of a crop segment without majority (pixels)",
                        defaults.min_crop_area, 0, None,
                        "Segments with equal numbers of crop and other pixels become crop from this size on.", True)


def add_outputs(tool, final_label, raw_label):
    """Declare the outputs and the names in the product.

    Parameters
    ----------
    tool : Algorithm
    final_label, raw_label : str
        Labels of the final and the raw map.
    """
    _parameters.add_seed_and_threads(tool, sen2agri_forest(1))
    tool.declare(QgsProcessingParameterString(SITE, tool.tr("Site name"), "1"),
                 "Number or short name of the site, used in the names of the product folder; letters and digits.", True)
    tool.declare(QgsProcessingParameterString(TILE_ID, tool.tr("Tile identifier"), "00XXX"),
                 "Tile (31TEJ), used in the names of the product folder; letters and digits.", True)
    tool.declare(
        QgsProcessingParameterRasterDestination(_parameters.OUTPUT, tool.tr(final_label)),
        "GeoTIFF with class values 1 to n, class names and colours; 0 is nodata.")
    tool.declare(
        QgsProcessingParameterRasterDestination(OUTPUT_UNMASKED, tool.tr(raw_label), optional=True),
        "Map as predicted by the random forest, before the last step.")
    tool.declare(
        QgsProcessingParameterRasterDestination(QUALITY, tool.tr("Quality flags"), optional=True,
                                                createByDefault=False),
        "Raster with four bands: number of dates with land, water, snow and other (clouds, no data).")
    tool.declare(
        QgsProcessingParameterFileDestination(_parameters.REPORT, tool.tr("Report"), _parameters.REPORT_FILTER, optional=True),
        "HTML report: inputs, confusion matrix, accuracy by class, importance of features, and warnings.")
    tool.declare(
        QgsProcessingParameterFolderDestination(PRODUCT, tool.tr("Folder for the Sen2-Agri product"), optional=True,
                                                createByDefault=False),
        "Folder in which a product with the structure, names and XML files of Sen2-Agri is created: int16 rasters with "
        "the original codes; -10000 is nodata.")
    tool.addOutput(QgsProcessingOutputNumber(_parameters.OVERALL_ACCURACY, tool.tr("Overall accuracy (0 to 1)")))
    tool.addOutput(QgsProcessingOutputNumber(_parameters.KAPPA, tool.tr("Kappa")))


def field_of(tool, parameters, name, context):
    """Return the field of a parameter.

    Raises
    ------
    MissingInput
        If the parameter is empty.
    """
    field = tool.parameterAsString(parameters, name, context)
    if not field:
        raise MissingInput(f"Choose a field of the parcels as {name}.")
    return field


class Inputs:
    """Inputs opened in ``prepareAlgorithm``: paths and feature sources, no layers."""

    def __init__(self, tool, parameters, context):
        self.series = raster_path(tool.parameterAsRasterLayer(parameters, INPUT, context))
        self.flags = optional_raster(tool, parameters, FLAGS, context)
        self.training = self.validation = None
        self.origin = self.validation_origin = ""
        if tool.parameterDefinition(_parameters.TRAINING):
            self.training = parcel_source(tool, parameters, _parameters.TRAINING, context)
            self.origin = layer_origin(tool, parameters, _parameters.TRAINING, context)
            if is_given(parameters.get(_parameters.VALIDATION)):
                self.validation = parcel_source(tool, parameters, _parameters.VALIDATION, context)
                self.validation_origin = layer_origin(tool, parameters, _parameters.VALIDATION, context)

    def crs_wkt(self):
        """Return the CRS of the time series as WKT."""
        with RasterReader(self.series) as raster:
            return raster.grid.crs_wkt


def common_task(tool, parameters, context, inputs, kind):
    """Return the task without reference data.

    Returns
    -------
    ProductTask
    """
    def integer(name):
        return tool.parameterAsInt(parameters, name, context)

    forest = sen2agri_forest(
        integer(_parameters.SAMPLES_PER_CLASS), trees=integer(_parameters.TREES), max_depth=integer(_parameters.MAX_DEPTH),
        min_samples_leaf=integer(_parameters.MIN_SAMPLES_LEAF), seed=integer(_parameters.SEED), threads=integer(_parameters.THREADS))
    task = ProductTask(
        kind, inputs.series, forest, flags=inputs.flags,
        red_edge=tool.parameterAsBoolean(parameters, RED_EDGE, context),
        info=ProductInfo(tool.parameterAsString(parameters, SITE, context),
                         tool.parameterAsString(parameters, TILE_ID, context)),
        split=SplitSettings(tool.parameterAsDouble(parameters, _parameters.TRAINING_FRACTION, context), forest.seed),
        parcels_path=inputs.origin, validation_path=inputs.validation_origin)
    if not tool.parameterDefinition(PCA_COMPONENTS):
        return task
    return replace(task, segments=SegmentSettings(
        integer(PCA_COMPONENTS), tool.parameterAsDouble(parameters, RANGE_RADIUS, context), integer(MIN_SIZE),
        integer(MIN_CROP_AREA)))


def make(tool, parameters, context, task, names, progress):
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
    rasters = [tool.parameterAsOutputLayer(parameters, name, context)
               for name in (_parameters.OUTPUT, OUTPUT_UNMASKED, QUALITY)]
    report = tool.parameterAsFileOutput(parameters, _parameters.REPORT, context)
    folder = tool.parameterAsString(parameters, PRODUCT, context)
    result = make_product(task, ProductPaths(*rasters, report, folder), progress)
    group = tool.tr("Floefield: Sen2-Agri")
    for path, name in zip(rasters, (*names, tool.tr("Quality flags"))):
        dress(path, name, context, group, algorithm=tool)
    written = zip((_parameters.OUTPUT, OUTPUT_UNMASKED, QUALITY, _parameters.REPORT, PRODUCT), (*rasters, report, folder))
    return {name: path for name, path in written if path} | accuracy_outputs(result)
