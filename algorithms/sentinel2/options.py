"""Parameters that the Sentinel-2 tools share: how a product is read, masked, brought to one grid, and stored."""

from qgis.core import (
    QgsProcessing,
    QgsProcessingParameterBoolean,
    QgsProcessingParameterCrs,
    QgsProcessingParameterEnum,
    QgsProcessingParameterExtent,
    QgsProcessingParameterFeatureSource,
    QgsProcessingParameterNumber,
    QgsProcessingParameterRasterLayer,
    QgsProcessingParameterString,
)

from ...compute.errors import UnsuitableInput
from ...compute.raster.area import PixelArea
from ...compute.raster.blocks import MOST_THREADS
from ...compute.raster.regions import LAND_SEA, RegionSettings
from ...compute.raster.resample import DOWNSAMPLING, FLAG_DOWNSAMPLING, UPSAMPLING
from ...compute.sentinel2.bands import BAND_CHOICES, CLOUD_KINDS, SCENE_CLASSES
from ...compute.sentinel2.clouds import CLOUD_MASKS
from ...compute.sentinel2.storage import COMPRESSION, FORMATS, STORAGE, StorageSettings
from ...provider.areas import area_from_extent, area_from_source, area_from_wkt, wkt_of
from ...provider.inputs import is_null, raster_path

BANDS = "BANDS"
PIXEL_SIZE = "PIXEL_SIZE"
AOI = "AOI"
AOI_WKT = "AOI_WKT"
AOI_EXTENT = "AOI_EXTENT"
PIXEL_WINDOW = "PIXEL_WINDOW"
CRS = "CRS"
CLOUD_MASK = "CLOUD_MASK"
SCL_CLASSES = "SCL_CLASSES"
CLOUD_KINDS_NAME = "CLOUD_TYPES"
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
STORAGE_NAME = "DATA_TYPE"
FORMAT = "FORMAT"
COMPRESSION_NAME = "COMPRESSION"
THREADS = "THREADS"
AREAS = (AOI, AOI_EXTENT, AOI_WKT, PIXEL_WINDOW)

_REAL = QgsProcessingParameterNumber.Type.Double
_POLYGONS = [QgsProcessing.SourceType.TypeVectorPolygon]


def add_stack_options(tool, defaults, *more):
    """Declare what both tools ask of a product: bands, pixels, area, clouds, resampling.

    Parameters
    ----------
    tool : Algorithm
    defaults : StackSettings
    *more : callable
        Each takes the tool and declares further options; the threads come last of all.
    """
    tool.declare(
        choice(BANDS, tool.tr("Bands"), BAND_CHOICES, defaults.bands, several=True),
        "bands of the result, in this order. SCL is the scene classification, AOT the aerosol optical thickness, WVP "
        "the water vapour, CLDPRB and SNWPRB the probability of cloud and of snow; the angles of sun and view come "
        "from the tile metadata.")
    tool.declare(
        QgsProcessingParameterNumber(PIXEL_SIZE, tool.tr("Pixel size (m)"), _REAL, defaults.resolution, minValue=1.0),
        "pixel size of the result in metres, any number; every band is brought to it.")
    tool.declare(
        QgsProcessingParameterFeatureSource(AOI, tool.tr("Area of interest"), _POLYGONS, optional=True),
        "polygons, in any CRS; the result covers their bounding box. Leave it empty for everything.")
    tool.declare(
        choice(CLOUD_MASK, tool.tr("Cloud mask"), CLOUD_MASKS, defaults.cloud_mask),
        "l2a removes the reflectance of clouds and their shadows by the scene classification of Level-2A products; "
        "l1c by the cloud mask of Level-1C (Level-2A products of 2022 and later have it too); probability where the "
        "cloud probability of Level-2A products is high; none keeps all.")
    tool.declare(
        QgsProcessingParameterExtent(AOI_EXTENT, tool.tr("Area of interest as extent"), optional=True),
        "the same as a rectangle, from the map, from a layer, or as xmin,xmax,ymin,ymax [EPSG:...].", advanced=True)
    tool.declare(
        QgsProcessingParameterString(AOI_WKT, tool.tr("Area of interest as WKT"), optional=True),
        "the same as text, in degrees of longitude and latitude: POLYGON((3.29 43.61, 3.32 43.61, ...)).",
        advanced=True)
    tool.declare(
        QgsProcessingParameterString(PIXEL_WINDOW, tool.tr("Area of interest in pixels"), optional=True),
        "column, row, width and height, such as 0,7651,5689,3327: pixels of the chosen size, counted from the "
        "upper-left corner of the product (of all products together).", advanced=True)
    _add_cloud_options(tool, defaults)
    _add_resampling_options(tool, defaults)
    for add in more:
        add(tool)
    tool.declare(
        QgsProcessingParameterNumber(THREADS, tool.tr("Threads"), QgsProcessingParameterNumber.Type.Integer,
                                     defaultValue=defaults.threads, minValue=0, maxValue=4 * MOST_THREADS),
        "worker threads; 0 lets Floefield choose. The result does not depend on it.", advanced=True)


def _add_cloud_options(tool, defaults):
    tool.declare(
        choice(SCL_CLASSES, tool.tr("Scene classes to mask"), SCENE_CLASSES, defaults.masked_classes, several=True),
        "which scene classes the cloud mask l2a removes.", advanced=True)
    tool.declare(
        choice(CLOUD_KINDS_NAME, tool.tr("Level-1C clouds to mask"), CLOUD_KINDS, defaults.cloud_kinds, several=True),
        "what the cloud mask l1c removes. Snow is in the masks of 2022 and later only.", advanced=True)
    tool.declare(
        QgsProcessingParameterNumber(CLOUD_PROBABILITY_THRESHOLD, tool.tr("Least cloud probability (%)"), _REAL,
                                     defaults.cloud_probability, minValue=0.0, maxValue=100.0),
        "the cloud mask probability removes pixels with at least this; lower it to be stricter.", advanced=True)
    tool.declare(
        QgsProcessingParameterNumber(MIN_CLOUD_AREA, tool.tr("Smallest cloud (m²)"), _REAL, defaults.min_cloud_area,
                                     minValue=0.0, maxValue=1e6),
        "smaller patches of the mask are not believed: bright roofs and the dark rows of vineyards are often taken for "
        "clouds and shadows. 0 believes all.", advanced=True)
    tool.declare(
        QgsProcessingParameterNumber(CLOUD_BUFFER, tool.tr("Widen the cloud mask by (m)"), _REAL,
                                     defaults.cloud_buffer, minValue=0.0, maxValue=5000.0),
        "clouds fade out beyond the edge that a mask finds; 100 m is a usual margin. Measured between the centres of "
        "pixels.", advanced=True)


def _add_resampling_options(tool, defaults):
    tool.declare(
        choice(UPSAMPLING_METHOD, tool.tr("Resampling to smaller pixels"), UPSAMPLING, defaults.upsampling),
        "for bands whose pixels are larger than the result's (20 m to 10 m): nearest repeats pixels, bilinear and "
        "bicubic interpolate between their centres.", advanced=True)
    tool.declare(
        choice(DOWNSAMPLING_METHOD, tool.tr("Resampling to larger pixels"), DOWNSAMPLING, defaults.downsampling),
        "for bands whose pixels are smaller than the result's (10 m to 20 m): first takes the upper-left one, the "
        "others summarise all pixels below. Scene classes are never averaged.", advanced=True)
    tool.declare(
        choice(FLAG_DOWNSAMPLING_METHOD, tool.tr("Masks to larger pixels"), FLAG_DOWNSAMPLING,
               defaults.flag_downsampling),
        "when a pixel counts as cloud: by its upper-left part (first), when all parts are (flagand), when one is "
        "(flagor), when more than half are (flagmedianand), or when at least half are (flagmedianor).", advanced=True)


def add_crs_option(tool):
    """Declare the CRS of the result."""
    tool.declare(
        QgsProcessingParameterCrs(CRS, tool.tr("CRS of the result"), optional=True),
        "empty keeps the UTM zone of the product. In a CRS in degrees the pixel size counts as on the equator "
        "(111.3 km to a degree).", advanced=True)


def add_region_options(tool, defaults=None):
    """Declare the land/sea mask and the study area.

    Parameters
    ----------
    tool : Algorithm
    defaults : RegionSettings, optional
    """
    defaults = defaults or RegionSettings()
    tool.declare(
        choice(LAND_SEA_MASK, tool.tr("Land/sea mask"), LAND_SEA, defaults.land_sea_mask),
        "the kind that is removed: land, or sea. It needs an elevation model or land polygons, see the advanced "
        "parameters.")
    tool.declare(
        QgsProcessingParameterRasterLayer(DEM, tool.tr("Elevation model"), optional=True),
        "raster in any CRS. Sea is where it has no data, does not reach, or is not above the sea level below. Free "
        "ones: Copernicus GLO-30 (dataspace.copernicus.eu) and SRTM (earthexplorer.usgs.gov).", advanced=True)
    tool.declare(
        QgsProcessingParameterNumber(SEA_LEVEL, tool.tr("Sea level (m)"), _REAL, defaults.sea_level),
        "elevations up to this are sea. Raise it a little where the elevation model is noisy at the coast.",
        advanced=True)
    tool.declare(
        QgsProcessingParameterFeatureSource(LAND, tool.tr("Land polygons"), _POLYGONS, optional=True),
        "polygons of the land, in any CRS, in place of an elevation model (OpenStreetMap: osmdata.openstreetmap.de).",
        advanced=True)
    tool.declare(
        QgsProcessingParameterFeatureSource(STUDY_AREA, tool.tr("Study area"), _POLYGONS, optional=True),
        "polygons, in any CRS; pixels whose centre lies outside lose their data. The area of interest only cuts a "
        "rectangle.", advanced=True)
    tool.declare(
        QgsProcessingParameterBoolean(INVERT_STUDY_AREA, tool.tr("Remove what lies inside the study area"),
                                      defaults.invert_study_area),
        "remove the inside of the study area, and keep the rest.", advanced=True)


def add_storage_options(tool, defaults=None):
    """Declare how the result is written; the tool should allow ``ANY_RASTER_FORMAT``.

    Parameters
    ----------
    tool : Algorithm
    defaults : StorageSettings, optional
    """
    defaults = defaults or StorageSettings()
    tool.declare(
        choice(STORAGE_NAME, tool.tr("Numbers"), STORAGE, defaults.storage),
        "int16 stores reflectance times 10000 with the scale in the file; float32 stores reflectance itself and takes "
        "twice the space.", advanced=True)
    tool.declare(
        choice(FORMAT, tool.tr("Format"), FORMATS, defaults.format),
        "auto goes by the extension of the output: .tif, .dat (ENVI), .nc (NetCDF), .jp2 (JPEG 2000), or any other "
        "that GDAL can write. cog is a GeoTIFF with overviews for the web.", advanced=True)
    tool.declare(
        choice(COMPRESSION_NAME, tool.tr("Compression"), COMPRESSION, defaults.compression),
        "of GeoTIFF and COG. zstd is fast and small, for QGIS and GDAL; deflate is read by every program, SNAP "
        "included; none is largest.", advanced=True)


def choice(name, description, options, default, several=False, optional=False):
    """An enum parameter with static strings, so that a command line reads well.

    Returns
    -------
    QgsProcessingParameterEnum
    """
    return QgsProcessingParameterEnum(name, description, options=list(options), allowMultiple=several,
                                      defaultValue=list(default) if several else default, optional=optional,
                                      usesStaticStrings=True)


def check_area(tool, parameters, context):
    """Whether at most one area of interest is given: (True, "") or (False, what to do)."""
    if sum(not is_null(parameters.get(name)) for name in AREAS) > 1:
        return False, tool.tr("Give the area of interest in one way only (a layer, an extent, WKT or a pixel window), "
                              "not both.")
    return True, ""


def check_regions(tool, parameters, context):
    """Whether a land/sea mask has what it needs: (True, "") or (False, what to do)."""
    wanted = tool.parameterAsEnumString(parameters, LAND_SEA_MASK, context) != "none"
    sources = [name for name in (DEM, LAND) if not is_null(parameters.get(name))]
    if wanted and len(sources) != 1:
        return False, tool.tr("A land/sea mask needs an elevation model (DEM) or land polygons (LAND): give one of "
                              "them.")
    if sources and not wanted:
        return False, tool.tr("An elevation model or land polygons are given, but LAND_SEA_MASK is none: choose what "
                              "is to be removed, land or sea.")
    if tool.parameterAsBool(parameters, INVERT_STUDY_AREA, context) and is_null(parameters.get(STUDY_AREA)):
        return False, tool.tr("To remove the inside of a study area, give the study area (STUDY_AREA).")
    return True, ""


def is_cleared(value):
    """Whether a choice was given, but nothing chosen; a command line can only give an empty text for it."""
    return value is not None and (value == [] or is_null(value))


def choices(tool, parameters, name, context):
    """The chosen strings of an enum parameter; none where the user cleared it (QGIS would give the default).

    Returns
    -------
    tuple of str
    """
    if is_cleared(parameters.get(name)):
        return ()
    return tuple(tool.parameterAsEnumStrings(parameters, name, context))


def area_of(tool, source, parameters, context):
    """The area of interest, or None.

    Parameters
    ----------
    tool : Algorithm
    source : QgsProcessingFeatureSource or None
        The layer parameter, opened when the tool was prepared.
    parameters : dict
    context : QgsProcessingContext

    Returns
    -------
    Area, PixelArea or None

    Raises
    ------
    UnsuitableInput
        If it cannot be used.
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
        raise UnsuitableInput(f"The pixel window {text!r} is not column,row,width,height in whole pixels. Example: "
                              "0,7651,5689,3327.") from error
    return PixelArea(column, row, width, height)


def stack_options(tool, parameters, context):
    """The values of the shared parameters, by field name of ``StackSettings``.

    Returns
    -------
    dict
    """
    options = {
        "bands": choices(tool, parameters, BANDS, context),
        "resolution": tool.parameterAsDouble(parameters, PIXEL_SIZE, context),
        "cloud_mask": tool.parameterAsEnumString(parameters, CLOUD_MASK, context),
        "masked_classes": choices(tool, parameters, SCL_CLASSES, context),
        "cloud_kinds": choices(tool, parameters, CLOUD_KINDS_NAME, context),
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
            raise UnsuitableInput(f"{parameters.get(CRS)} is no coordinate reference system. Example: EPSG:32631.")
        options["crs"] = wkt_of(crs) if crs.isValid() else ""
    return options


class RegionSources:
    """The layers of :func:`add_region_options`, opened while the tool is prepared.

    Parameters
    ----------
    tool : Algorithm
    parameters : dict
    context : QgsProcessingContext
    """

    def __init__(self, tool, parameters, context):
        dem = tool.parameterAsRasterLayer(parameters, DEM, context)
        if dem is None and not is_null(parameters.get(DEM)):
            raise UnsuitableInput(f"The elevation model {parameters.get(DEM)} cannot be opened as a raster. Check its "
                                  "path.")
        self._dem = raster_path(dem) if dem is not None else ""
        self._land = tool.parameterAsSource(parameters, LAND, context)
        self._study_area = tool.parameterAsSource(parameters, STUDY_AREA, context)

    def settings(self, tool, parameters, context):
        """What is removed.

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
    """How the result is written.

    Returns
    -------
    StorageSettings
    """
    return StorageSettings(*(tool.parameterAsEnumString(parameters, name, context)
                             for name in (STORAGE_NAME, FORMAT, COMPRESSION_NAME)))
