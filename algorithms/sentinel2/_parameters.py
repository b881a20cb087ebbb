"""Declarations of the Sentinel-2 tools.

Parameters shared by the Sentinel-2 tools: bands, area of interest, masks, resampling and output format.

Parameters for Level-1C products: top-of-atmosphere reflectance, or atmospheric correction with Sen2Cor.
"""

import contextlib

from qgis.core import (
    QgsProcessing,
    QgsProcessingParameterBoolean,
    QgsProcessingParameterCrs,
    QgsProcessingParameterExtent,
    QgsProcessingParameterFeatureSource,
    QgsProcessingParameterFile,
    QgsProcessingParameterFolderDestination,
    QgsProcessingParameterNumber,
    QgsProcessingParameterRasterLayer,
    QgsProcessingParameterString,
)

from ...compute.errors import UnsuitableInput
from ...compute.raster.area_of_interest import PixelArea
from ...compute.raster.blocks import MAX_THREADS
from ...compute.raster.formats import COMPRESSION as COMPRESSIONS
from ...compute.raster.formats import FORMATS
from ...compute.raster.masks import LAND_SEA, RegionSettings
from ...compute.raster.resampling import DOWNSAMPLING, FLAG_DOWNSAMPLING, UPSAMPLING
from ...compute.scratch import scratch_folder
from ...compute.sentinel2.cloud_mask import CLOUD_MASKS
from ...compute.sentinel2.msi_bands import BAND_CHOICES, LEVEL_1C_CLOUD_TYPES, SCENE_CLASSES
from ...compute.sentinel2.reflectance_encoding import STORAGE, StorageSettings
from ...provider.parameters import choice, choices, is_null
from ...provider.provider_settings import sen2cor_path
from ...provider.raster_inputs import raster_path
from ...vector.areas import area_from_extent, area_from_source, area_from_wkt
from ...vector.transforms import wkt_of

BANDS = "BANDS"
PIXEL_SIZE = "PIXEL_SIZE"
AOI = "AOI"
AOI_WKT = "AOI_WKT"
AOI_EXTENT = "AOI_EXTENT"
PIXEL_WINDOW = "PIXEL_WINDOW"
CRS = "CRS"
CLOUD_MASK = "CLOUD_MASK"
SCL_CLASSES = "SCL_CLASSES"
CLOUD_TYPES = "CLOUD_TYPES"
CLOUD_PROBABILITY_THRESHOLD = "CLOUD_PROBABILITY_THRESHOLD"
MIN_CLOUD_AREA = "MIN_CLOUD_AREA"
CLOUD_BUFFER = "CLOUD_BUFFER"
LAND_SEA_MASK = "LAND_SEA_MASK"
DEM = "DEM"
SEA_LEVEL = "SEA_LEVEL"
LAND = "LAND"
STUDY_AREA = "STUDY_AREA"
INVERT_STUDY_AREA = "INVERT_STUDY_AREA"
UPSAMPLING_METHOD = "UPSAMPLING"
DOWNSAMPLING_METHOD = "DOWNSAMPLING"
FLAG_DOWNSAMPLING_METHOD = "FLAG_DOWNSAMPLING"
DATA_TYPE = "DATA_TYPE"
FORMAT = "FORMAT"
COMPRESSION = "COMPRESSION"
THREADS = "THREADS"
AREAS = (AOI, AOI_EXTENT, AOI_WKT, PIXEL_WINDOW)
_DOUBLE = QgsProcessingParameterNumber.Type.Double
_POLYGONS = [QgsProcessing.SourceType.TypeVectorPolygon]


def add_stack_options(tool, defaults, *add_more):
    """Declare the parameters shared by both tools: bands, pixel size, area of interest, cloud masks, resampling.

    Parameters
    ----------
    tool : Algorithm
    defaults : StackSettings
    *add_more : callable
        Functions of the tool that declare further parameters; the number of threads is declared last.
    """
    tool.declare(
        choice(BANDS, tool.tr("Bands"), BAND_CHOICES, defaults.bands, several=True),
        "Bands of the output, in this order. SCL: scene classification; AOT: aerosol optical thickness; WVP: water "
        "vapour; CLDPRB and SNWPRB: probability of cloud and of snow (%); sun and view angles in degrees, from the "
        "tile metadata.")
    tool.declare(
        QgsProcessingParameterNumber(PIXEL_SIZE, tool.tr("Pixel size (m)"), _DOUBLE, defaults.resolution, minValue=1.0),
        "Pixel size of the output in metres (at least 1). All bands are resampled to it.")
    tool.declare(
        QgsProcessingParameterFeatureSource(AOI, tool.tr("Area of interest"), _POLYGONS, optional=True),
        "Polygons in any CRS; the output covers their bounding box. Empty: the whole product.")
    tool.declare(
        choice(CLOUD_MASK, tool.tr("Cloud mask"), CLOUD_MASKS, defaults.cloud_mask),
        "Source of the cloud mask; masked pixels are set to NoData. l2a: scene classification of Level-2A products "
        "(clouds and shadows). l1c: Level-1C cloud mask (also in Level-2A products of 2022 and later). probability: "
        "cloud probability of Level-2A products. none: no masking.")
    tool.declare(
        QgsProcessingParameterExtent(AOI_EXTENT, tool.tr("Area of interest (extent)"), optional=True),
        "Rectangle from the map, from a layer, or as xmin,xmax,ymin,ymax [EPSG:...].", advanced=True)
    tool.declare(
        QgsProcessingParameterString(AOI_WKT, tool.tr("Area of interest (WKT)"), optional=True),
        "WKT geometry in degrees of longitude and latitude: POLYGON((3.29 43.61, 3.32 43.61, ...)).", advanced=True)
    tool.declare(
        QgsProcessingParameterString(PIXEL_WINDOW, tool.tr("Area of interest (pixel window)"), optional=True),
        "Column, row, width and height in output pixels, counted from the upper-left corner of the product (of all "
        "products together). Example: 0,7651,5689,3327.", advanced=True)
    _add_cloud_options(tool, defaults)
    _add_resampling_options(tool, defaults)
    for add in add_more:
        add(tool)
    tool.declare(
        QgsProcessingParameterNumber(THREADS, tool.tr("Number of threads (0 = automatic)"),
                                     QgsProcessingParameterNumber.Type.Integer, defaultValue=defaults.threads,
                                     minValue=0, maxValue=4 * MAX_THREADS),
        "Number of worker threads. 0: all processor cores but one, at most 8. The output does not depend on it.",
        advanced=True)


def _add_cloud_options(tool, defaults):
    tool.declare(
        choice(SCL_CLASSES, tool.tr("Scene classes to mask"), SCENE_CLASSES, defaults.masked_classes, several=True),
        "Classes of the scene classification that the cloud mask l2a removes.", advanced=True)
    tool.declare(
        choice(CLOUD_TYPES, tool.tr("Level-1C cloud types to mask"), LEVEL_1C_CLOUD_TYPES, defaults.cloud_types,
               several=True),
        "Cloud types that the cloud mask l1c removes. Snow is in the masks of 2022 and later only.", advanced=True)
    tool.declare(
        QgsProcessingParameterNumber(CLOUD_PROBABILITY_THRESHOLD, tool.tr("Cloud probability threshold (%)"), _DOUBLE,
                                     defaults.cloud_probability, minValue=0.0, maxValue=100.0),
        "Minimum cloud probability, in per cent, of the pixels that the cloud mask probability removes. Lower it to "
        "mask more.", advanced=True)
    tool.declare(
        QgsProcessingParameterNumber(MIN_CLOUD_AREA, tool.tr("Minimum cloud patch area (m²)"), _DOUBLE,
                                     defaults.min_cloud_area, minValue=0.0, maxValue=1e6),
        "Patches of the cloud mask smaller than this area, in square metres, are ignored: bright roofs and dark rows "
        "of vineyards are often misclassified as clouds and shadows. 0 keeps all patches.", advanced=True)
    tool.declare(
        QgsProcessingParameterNumber(CLOUD_BUFFER, tool.tr("Cloud mask buffer (m)"), _DOUBLE,
                                     defaults.cloud_buffer, minValue=0.0, maxValue=5000.0),
        "Dilation of the cloud mask in metres, measured between pixel centres. 0: no buffer; 100 m covers the usual "
        "thin cloud edges.", advanced=True)


def _add_resampling_options(tool, defaults):
    tool.declare(
        choice(UPSAMPLING_METHOD, tool.tr("Upsampling method"), UPSAMPLING, defaults.upsampling),
        "Method for bands with larger pixels than the output (20 m to 10 m). nearest repeats pixels; bilinear and "
        "bicubic interpolate between pixel centres.", advanced=True)
    tool.declare(
        choice(DOWNSAMPLING_METHOD, tool.tr("Downsampling method"), DOWNSAMPLING, defaults.downsampling),
        "Method for bands with smaller pixels than the output (10 m to 20 m). first takes the upper-left pixel, the "
        "others aggregate all pixels of the output pixel. The scene classification is never averaged.", advanced=True)
    tool.declare(
        choice(FLAG_DOWNSAMPLING_METHOD, tool.tr("Flag downsampling method"), FLAG_DOWNSAMPLING,
               defaults.flag_downsampling),
        "Rule by which a larger output pixel is flagged as cloud: its upper-left pixel is (first), all pixels are "
        "(flagand), at least one is (flagor), more than half are (flagmedianand), at least half are (flagmedianor).",
        advanced=True)


def add_crs_option(tool):
    """Declare the output CRS."""
    tool.declare(
        QgsProcessingParameterCrs(CRS, tool.tr("Output CRS"), optional=True),
        "Coordinate reference system of the output. Empty: the UTM zone of the product. In a geographic CRS the pixel "
        "size is converted at the equator (1 degree = 111.3 km).", advanced=True)


def add_region_options(tool, defaults=None):
    """Declare the land/sea mask and the study area.

    Parameters
    ----------
    tool : Algorithm
    defaults : RegionSettings, optional
    """
    defaults = defaults or RegionSettings()
    tool.declare(
        choice(LAND_SEA_MASK, tool.tr("Land/sea mask (surface to remove)"), LAND_SEA, defaults.land_sea_mask),
        "Surface to set to NoData: land or sea. Requires a digital elevation model or land polygons (advanced "
        "parameters).")
    tool.declare(
        QgsProcessingParameterRasterLayer(DEM, tool.tr("Digital elevation model"), optional=True),
        "Elevation raster in any CRS, for the land/sea mask. Pixels are sea where it has NoData, does not reach, or "
        "is not above the sea level. Free sources: Copernicus GLO-30 (dataspace.copernicus.eu), SRTM "
        "(earthexplorer.usgs.gov).", advanced=True)
    tool.declare(
        QgsProcessingParameterNumber(SEA_LEVEL, tool.tr("Sea level (m)"), _DOUBLE, defaults.sea_level),
        "Maximum elevation of the sea, in units of the elevation model. Raise it where the model is noisy at the "
        "coast.", advanced=True)
    tool.declare(
        QgsProcessingParameterFeatureSource(LAND, tool.tr("Land polygons"), _POLYGONS, optional=True),
        "Land polygons in any CRS, in place of an elevation model. Free source: OpenStreetMap "
        "(osmdata.openstreetmap.de).", advanced=True)
    tool.declare(
        QgsProcessingParameterFeatureSource(STUDY_AREA, tool.tr("Study area"), _POLYGONS, optional=True),
        "Polygons in any CRS; pixels with their centre outside are set to NoData. The area of interest only crops to "
        "a rectangle.", advanced=True)
    tool.declare(
        QgsProcessingParameterBoolean(INVERT_STUDY_AREA, tool.tr("Mask inside the study area"),
                                      defaults.invert_study_area),
        "Set the pixels inside the study area to NoData instead of those outside.", advanced=True)


def add_storage_options(tool, defaults=None):
    """Declare data type, format and compression of the output; the tool should set ``ANY_RASTER_FORMAT``.

    Parameters
    ----------
    tool : Algorithm
    defaults : StorageSettings, optional
    """
    defaults = defaults or StorageSettings()
    tool.declare(
        choice(DATA_TYPE, tool.tr("Data type"), STORAGE, defaults.storage),
        "Data type of the output. int16: reflectance times 10000, with the scale factor in the file. float32: "
        "reflectance, twice the file size.", advanced=True)
    tool.declare(
        choice(FORMAT, tool.tr("Output format"), FORMATS, defaults.format),
        "Raster format. auto: by the extension of the output: .tif, .dat (ENVI), .nc (NetCDF), .jp2 (JPEG 2000), or "
        "any other that GDAL can write. cog: cloud-optimised GeoTIFF with overviews.", advanced=True)
    tool.declare(
        choice(COMPRESSION, tool.tr("Compression"), COMPRESSIONS, defaults.compression),
        "Compression of GeoTIFF and COG. zstd: fast and small, for QGIS and GDAL. deflate: readable by all software, "
        "SNAP included. none: largest files.", advanced=True)


def check_area(tool, parameters, context):
    """Check that at most one area of interest is given; return (True, "") or (False, message)."""
    if sum(not is_null(parameters.get(name)) for name in AREAS) > 1:
        return False, tool.tr("More than one area of interest is given. Use only one of AOI, AOI_EXTENT, AOI_WKT and "
                              "PIXEL_WINDOW.")
    return True, ""


def check_regions(tool, parameters, context):
    """Check the inputs of the land/sea mask and the study area; return (True, "") or (False, message)."""
    requested = tool.parameterAsEnumString(parameters, LAND_SEA_MASK, context) != "none"
    sources = [name for name in (DEM, LAND) if not is_null(parameters.get(name))]
    if requested and len(sources) != 1:
        return False, tool.tr("LAND_SEA_MASK requires an elevation model (DEM) or land polygons (LAND). Give one of "
                              "them.")
    if sources and not requested:
        return False, tool.tr("An elevation model or land polygons are given, but LAND_SEA_MASK is none. Set it to "
                              "land or sea, the surface to remove.")
    if tool.parameterAsBool(parameters, INVERT_STUDY_AREA, context) and is_null(parameters.get(STUDY_AREA)):
        return False, tool.tr("INVERT_STUDY_AREA requires a study area. Give the study area (STUDY_AREA).")
    return True, ""


def area_of(tool, source, parameters, context):
    """Return the area of interest, or None.

    Parameters
    ----------
    tool : Algorithm
    source : QgsProcessingFeatureSource or None
        The layer parameter, opened in ``prepareAlgorithm``.
    parameters : dict
    context : QgsProcessingContext

    Returns
    -------
    Area, PixelArea or None

    Raises
    ------
    UnsuitableInput
        If it is not valid.
    """
    if not is_null(parameters.get(PIXEL_WINDOW)):
        return _pixel_area(tool.parameterAsString(parameters, PIXEL_WINDOW, context))
    if source is not None:
        return area_from_source(source)
    if not is_null(parameters.get(AOI_EXTENT)):
        return area_from_extent(tool.parameterAsExtent(parameters, AOI_EXTENT, context),
                                tool.parameterAsExtentCrs(parameters, AOI_EXTENT, context))
    text = tool.parameterAsString(parameters, AOI_WKT, context).strip()
    return area_from_wkt(text) if text else None


def _pixel_area(text):
    try:
        column, row, width, height = (int(part) for part in text.replace(";", ",").split(","))
        if min(column, row) < 0 or min(width, height) <= 0:
            raise ValueError
    except ValueError as error:
        raise UnsuitableInput(f"PIXEL_WINDOW is {text!r}. Give column, row, width and height as integers. Example: "
                              "0,7651,5689,3327.") from error
    return PixelArea(column, row, width, height)


def stack_options(tool, parameters, context):
    """Return the values of the shared parameters, by field name of ``StackSettings``.

    Returns
    -------
    dict
    """
    options = {
        "bands": choices(tool, parameters, BANDS, context),
        "resolution": tool.parameterAsDouble(parameters, PIXEL_SIZE, context),
        "cloud_mask": tool.parameterAsEnumString(parameters, CLOUD_MASK, context),
        "masked_classes": choices(tool, parameters, SCL_CLASSES, context),
        "cloud_types": choices(tool, parameters, CLOUD_TYPES, context),
        "cloud_probability": tool.parameterAsDouble(parameters, CLOUD_PROBABILITY_THRESHOLD, context),
        "min_cloud_area": tool.parameterAsDouble(parameters, MIN_CLOUD_AREA, context),
        "cloud_buffer": tool.parameterAsDouble(parameters, CLOUD_BUFFER, context),
        "upsampling": tool.parameterAsEnumString(parameters, UPSAMPLING_METHOD, context),
        "downsampling": tool.parameterAsEnumString(parameters, DOWNSAMPLING_METHOD, context),
        "flag_downsampling": tool.parameterAsEnumString(parameters, FLAG_DOWNSAMPLING_METHOD, context),
        "threads": tool.parameterAsInt(parameters, THREADS, context),
    }
    if tool.parameterDefinition(CRS) is not None:
        crs = tool.parameterAsCrs(parameters, CRS, context)
        if not is_null(parameters.get(CRS)) and not crs.isValid():
            raise UnsuitableInput(f"CRS {parameters.get(CRS)} is not a valid coordinate reference system. Example: "
                                  "EPSG:32631.")
        options["crs"] = wkt_of(crs) if crs.isValid() else ""
    return options


class RegionSources:
    """Layers of :func:`add_region_options`, opened in ``prepareAlgorithm``.

    Parameters
    ----------
    tool : Algorithm
    parameters : dict
    context : QgsProcessingContext
    """

    def __init__(self, tool, parameters, context):
        dem = tool.parameterAsRasterLayer(parameters, DEM, context)
        if dem is None and not is_null(parameters.get(DEM)):
            raise UnsuitableInput(f"DEM {parameters.get(DEM)} cannot be opened as a raster. Check its path.")
        self._dem = raster_path(dem) if dem is not None else ""
        self._land = tool.parameterAsSource(parameters, LAND, context)
        self._study_area = tool.parameterAsSource(parameters, STUDY_AREA, context)

    def settings(self, tool, parameters, context):
        """Return the settings of the land/sea mask and the study area.

        Returns
        -------
        RegionSettings
        """
        land = area_from_source(self._land, tool.tr("land polygons")) if self._land is not None else None
        study_area = (area_from_source(self._study_area, tool.tr("study area")) if self._study_area is not None
                      else None)
        return RegionSettings(
            land_sea_mask=tool.parameterAsEnumString(parameters, LAND_SEA_MASK, context), dem=self._dem,
            sea_level=tool.parameterAsDouble(parameters, SEA_LEVEL, context), land=land, study_area=study_area,
            invert_study_area=tool.parameterAsBool(parameters, INVERT_STUDY_AREA, context))


def storage_options(tool, parameters, context):
    """Return data type, format and compression of the output.

    Returns
    -------
    StorageSettings
    """
    return StorageSettings(*(tool.parameterAsEnumString(parameters, name, context)
                             for name in (DATA_TYPE, FORMAT, COMPRESSION)))


LEVEL_1C = "LEVEL_1C"
SEN2COR = "SEN2COR"
L2A_FOLDER = "L2A_FOLDER"
LEVEL_1C_PROCESSING = ("toa", "sen2cor")


def add_level_1c_options(tool):
    """Declare the processing of Level-1C products and the path of Sen2Cor."""
    tool.declare(
        choice(LEVEL_1C, tool.tr("Level-1C processing"), LEVEL_1C_PROCESSING, LEVEL_1C_PROCESSING[0]),
        "Processing of Level-1C products. toa: use top-of-atmosphere reflectance. sen2cor: convert to Level-2A first "
        "(atmospheric correction) with ESA's Sen2Cor, which must be installed. Ignored for Level-2A "
        "products.", advanced=True)
    tool.declare(
        QgsProcessingParameterFile(SEN2COR, tool.tr("Sen2Cor program (L2A_Process)"), optional=True,
                                   fileFilter="Sen2Cor (L2A_Process*);;All files (*)"),
        "Path of L2A_Process. Empty: the path in Settings > Options > Processing > Providers > Floefield, else the "
        "search path of the system.",
        advanced=True)


def add_level_2a_folder(tool):
    """Declare the folder for the Level-2A products of Sen2Cor."""
    tool.declare(
        QgsProcessingParameterFolderDestination(L2A_FOLDER, tool.tr("Folder for Level-2A products"), optional=True,
                                                createByDefault=False),
        "Folder for the Level-2A products made by Sen2Cor. Empty: beside the output, deleted at the end of the run.",
        advanced=True)


@contextlib.contextmanager
def sen2cor_options(tool, parameters, context, output):
    """Provide the Sen2Cor program and its output folder, which is removed at the end unless the user chose it.

    Parameters
    ----------
    tool : Algorithm
    parameters : dict
    context : QgsProcessingContext
    output : str
        Output file of the tool.

    Yields
    ------
    tuple of str or None
        Path of the program and folder of its products; None for ``toa``.
    results : dict
        Outputs of the tool: the folder, if one is given.
    """
    if tool.parameterAsEnumString(parameters, LEVEL_1C, context) != "sen2cor":
        yield None, {}
        return
    program = tool.parameterAsString(parameters, SEN2COR, context) or sen2cor_path()
    if is_null(parameters.get(L2A_FOLDER)):
        with scratch_folder(output) as folder:
            yield (program, folder), {}
        return
    folder = tool.parameterAsFileOutput(parameters, L2A_FOLDER, context)
    yield (program, folder), {L2A_FOLDER: folder}
