"""What the tools for the products of Sen2-Agri share: parameters, and the way from them to one call into compute."""

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
from ...compute.insitu.split import SplitSettings
from ...compute.raster.reader import RasterReader
from ...compute.sen2agri.make import make_product
from ...compute.sen2agri.settings import ProductInfo, SegmentSettings, sen2agri_forest
from ...compute.sen2agri.task import ProductPaths, ProductTask
from ...provider.inputs import raster_path
from ...provider.parcels import layer_origin, parcel_source
from ...provider.styling import dress
from . import options
from .training import accuracy_outputs, is_given, optional_raster

INPUT = "INPUT"
CROP_FIELD = "CROP_FIELD"
RED_EDGE = "RED_EDGE"
FLAGS = "FLAGS"
SITE = "SITE"
TILE_ID = "TILE_ID"
OUTPUT_UNMASKED = "OUTPUT_UNMASKED"
QUALITY = "QUALITY"
PRODUCT = "PRODUCT"
COMPONENTS = "PCA_COMPONENTS"
RANGE_RADIUS = "RANGE_RADIUS"
MIN_SIZE = "MIN_SIZE"
MIN_CROP_AREA = "MIN_CROP_AREA"
REAL = QgsProcessingParameterNumber.Type.Double


def add_series(tool, red_edge):
    """Declare the series and what else is known of its dates."""
    tool.declare(
        QgsProcessingParameterRasterLayer(INPUT, tool.tr("Time series")),
        "gap-filled stack of dates with B03, B04, B08 and B11, as 'Stack a Sentinel-2 time series' makes it; Sen2-Agri "
        "works with a date every 10 days (INTERVAL=10). Bands are found by their names (B04_20180627).")
    tool.declare(
        QgsProcessingParameterRasterLayer(FLAGS, tool.tr("Scene classification of the dates"), optional=True),
        "stack on the same grid with bands like SCL_20180627 (BANDS=SCL, GAP_FILLING=none, CLOUD_MASK=none), from "
        "which the quality layer counts land, water, snow and clouds. Without it, only dates with and without data in "
        "the series are counted.")
    tool.declare(
        QgsProcessingParameterBoolean(RED_EDGE, tool.tr("Use the red edge"), red_edge),
        "use B02, B05, B06 and B07 as well; the series must have them.", advanced=True)


def add_parcels(tool):
    """Declare the parcels, whether they are crops, and how they are divided."""
    polygons = [QgsProcessing.SourceType.TypeVectorPolygon]
    tool.declare(
        QgsProcessingParameterFeatureSource(options.TRAINING, tool.tr("In-situ parcels"), polygons),
        "polygons with the fields of Sen2-Agri, in any coordinate reference system; shrink them by 15 m first.")
    tool.declare(
        QgsProcessingParameterField(CROP_FIELD, tool.tr("Field that says whether it is cropland"), "CROP",
                                    options.TRAINING, optional=True),
        "1 is cropland, 0 is not; CROP unless you say otherwise.")


def add_split(tool):
    """Declare what judges the product."""
    polygons = [QgsProcessing.SourceType.TypeVectorPolygon]
    tool.declare(
        QgsProcessingParameterFeatureSource(options.VALIDATION, tool.tr("Validation parcels"), polygons, optional=True),
        "parcels with the same fields that only judge. Without them, some of the parcels of each class are held back.")
    tool.declare(
        QgsProcessingParameterNumber(options.TRAINING_FRACTION, tool.tr("Share of parcels that train"), REAL,
                                     SplitSettings().training_share, minValue=0.01, maxValue=1.0),
        "of each class; the other parcels judge. Whole parcels are drawn, never single pixels.")


def add_forest(tool, samples):
    """Declare how the forest grows."""
    defaults = sen2agri_forest(samples)
    options.add_whole(tool, options.TREES, "Trees", defaults.trees, 1, 10000,
                      "number of trees in the forest; 100 in Sen2-Agri.", True)
    options.add_whole(tool, options.SAMPLES_PER_CLASS, "Training pixels per class", defaults.samples_per_class, 0, None,
                      "at most so many pixels of each class train; 0 takes all.", True)
    options.add_whole(tool, options.MAX_DEPTH, "Depth of a tree", defaults.max_depth, 0, None,
                      "at most so many levels; 0 sets no limit.", True)
    options.add_whole(tool, options.MIN_SAMPLES_LEAF, "Smallest leaf", defaults.min_samples_leaf, 1, None,
                      "a leaf of a tree holds at least so many training pixels. Take fewer where classes have few "
                      "pixels.", True)


def add_segments(tool):
    """Declare how a crop mask is smoothed."""
    defaults = SegmentSettings()
    options.add_whole(tool, COMPONENTS, "Principal components of NDVI", defaults.components, 0, 20,
                      "on which the segments are drawn; 0 leaves the mask pixel by pixel.", True)
    tool.declare(
        QgsProcessingParameterNumber(RANGE_RADIUS, tool.tr("Range radius"), REAL, defaults.range_radius,
                                     minValue=0.001),
        "how much neighbours may differ (in units of NDVI, over all components) and still join. "
        "Smaller values make smaller segments.", advanced=True)
    options.add_whole(tool, MIN_SIZE, "Smallest segment", defaults.min_size, 1, 10000,
                      "pixels; smaller ones join a neighbour.", True)
    options.add_whole(tool, MIN_CROP_AREA, "Smallest crop segment in doubt", defaults.min_crop_area, 0, None,
                      "a segment with as many crop pixels as others becomes crop if it has at least so many pixels.",
                      True)


def add_results(tool, what, raw):
    """Declare where the product goes.

    Parameters
    ----------
    tool : Algorithm
    what, raw : str
        What the two maps are called.
    """
    options.add_seed_and_threads(tool, sen2agri_forest(1))
    tool.declare(QgsProcessingParameterString(SITE, tool.tr("Site"), "1"),
                 "number or short name of the site, for the name of the product folder; letters and digits.", True)
    tool.declare(QgsProcessingParameterString(TILE_ID, tool.tr("Tile"), "00XXX"),
                 "name of the tile (31TEJ), for the names in the product folder; letters and digits.", True)
    tool.declare(
        QgsProcessingParameterRasterDestination(options.OUTPUT, tool.tr(what)),
        "GeoTIFF with the values 1 to n, colours and class names inside and beside it; 0 where there is no data.")
    tool.declare(
        QgsProcessingParameterRasterDestination(OUTPUT_UNMASKED, tool.tr(raw), optional=True), "the map before that, "
        "as the forest made it.")
    tool.declare(
        QgsProcessingParameterRasterDestination(QUALITY, tool.tr("Quality"), optional=True, createByDefault=False),
        "four bands: on how many dates a pixel showed land, water, snow, and anything else (clouds, no data).")
    tool.declare(
        QgsProcessingParameterFileDestination(options.REPORT, tool.tr("Report"), options.REPORT_FILTER, optional=True),
        "what went in, confusion matrix, accuracy of each class, importance of the features, and warnings.")
    tool.declare(
        QgsProcessingParameterFolderDestination(PRODUCT, tool.tr("Folder for the Sen2-Agri product"), optional=True,
                                                createByDefault=False),
        "in it a product is made with the structure, names and XML files of Sen2-Agri: int16 rasters with the original "
        "codes, -10000 without data.")
    tool.addOutput(QgsProcessingOutputNumber(options.OVERALL_ACCURACY, tool.tr("Overall accuracy (0 to 1)")))
    tool.addOutput(QgsProcessingOutputNumber(options.KAPPA, tool.tr("Kappa")))


def field_of(tool, parameters, name, context):
    """The field that a parameter names; refused where it was emptied.

    Raises
    ------
    MissingInput
        If there is none.
    """
    field = tool.parameterAsString(parameters, name, context)
    if not field:
        raise MissingInput(f"Choose {name}: a field of the parcels.")
    return field


class Inputs:
    """What ``prepareAlgorithm`` finds: paths and feature sources, no layers."""

    def __init__(self, tool, parameters, context):
        self.series = raster_path(tool.parameterAsRasterLayer(parameters, INPUT, context))
        self.flags = optional_raster(tool, parameters, FLAGS, context)
        self.training = self.validation = None
        self.origin = self.validation_origin = ""
        if tool.parameterDefinition(options.TRAINING):
            self.training = parcel_source(tool, parameters, options.TRAINING, context)
            self.origin = layer_origin(tool, parameters, options.TRAINING, context)
            if is_given(parameters.get(options.VALIDATION)):
                self.validation = parcel_source(tool, parameters, options.VALIDATION, context)
                self.validation_origin = layer_origin(tool, parameters, options.VALIDATION, context)

    def crs_wkt(self):
        """The CRS of the series."""
        with RasterReader(self.series) as raster:
            return raster.grid.crs_wkt


def common_task(tool, parameters, context, inputs, kind):
    """The task without its ground truth.

    Returns
    -------
    ProductTask
    """
    def whole(name):
        return tool.parameterAsInt(parameters, name, context)

    forest = sen2agri_forest(
        whole(options.SAMPLES_PER_CLASS), trees=whole(options.TREES), max_depth=whole(options.MAX_DEPTH),
        min_samples_leaf=whole(options.MIN_SAMPLES_LEAF), seed=whole(options.SEED), threads=whole(options.THREADS))
    task = ProductTask(
        kind, inputs.series, forest, flags=inputs.flags,
        red_edge=tool.parameterAsBoolean(parameters, RED_EDGE, context),
        info=ProductInfo(tool.parameterAsString(parameters, SITE, context),
                         tool.parameterAsString(parameters, TILE_ID, context)),
        split=SplitSettings(tool.parameterAsDouble(parameters, options.TRAINING_FRACTION, context), forest.seed),
        parcels_path=inputs.origin, validation_path=inputs.validation_origin)
    if not tool.parameterDefinition(COMPONENTS):
        return task
    return replace(task, segments=SegmentSettings(
        whole(COMPONENTS), tool.parameterAsDouble(parameters, RANGE_RADIUS, context), whole(MIN_SIZE),
        whole(MIN_CROP_AREA)))


def make(tool, parameters, context, task, names, progress):
    """Make the product, and dress its parts.

    Parameters
    ----------
    tool : Algorithm
    parameters : dict
    context : QgsProcessingContext
    task : ProductTask
    names : tuple of str
        What the layers of the two maps are called.
    progress : Progress

    Returns
    -------
    dict
        The outputs.
    """
    rasters = [tool.parameterAsOutputLayer(parameters, name, context)
               for name in (options.OUTPUT, OUTPUT_UNMASKED, QUALITY)]
    report = tool.parameterAsFileOutput(parameters, options.REPORT, context)
    folder = tool.parameterAsString(parameters, PRODUCT, context)
    result = make_product(task, ProductPaths(*rasters, report, folder), progress)
    group = tool.tr("Floefield: Sen2-Agri")
    for path, name in zip(rasters, (*names, tool.tr("Quality (dates)"))):
        dress(path, name, context, group, algorithm=tool)
    places = zip((options.OUTPUT, OUTPUT_UNMASKED, QUALITY, options.REPORT, PRODUCT), (*rasters, report, folder))
    return {name: path for name, path in places if path} | accuracy_outputs(result)
