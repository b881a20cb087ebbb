"""The parameters that both Sentinel-2 tools share: how a product is read, masked and brought to one grid."""

from qgis.core import (
    QgsProcessing,
    QgsProcessingParameterEnum,
    QgsProcessingParameterFeatureSource,
    QgsProcessingParameterNumber,
    QgsProcessingParameterString,
)

from ...compute.raster.blocks import MOST_THREADS
from ...compute.raster.resample import DOWNSAMPLING, UPSAMPLING
from ...compute.sentinel2.bands import BAND_CHOICES, SCENE_CLASSES
from ...compute.sentinel2.scene import CLOUD_MASKS
from ...provider.areas import area_from_source, area_from_wkt
from ...provider.inputs import is_null

BANDS = "BANDS"
RESOLUTION = "RESOLUTION"
AOI = "AOI"
AOI_WKT = "AOI_WKT"
CLOUD_MASK = "CLOUD_MASK"
SCL_CLASSES = "SCL_CLASSES"
UPSAMPLING_METHOD = "UPSAMPLING"
DOWNSAMPLING_METHOD = "DOWNSAMPLING"
THREADS = "THREADS"


def add_stack_options(tool, defaults):
    """Declare the shared parameters.

    Parameters
    ----------
    tool : Algorithm
    defaults : StackSettings
    """
    tool.declare(
        choice(BANDS, tool.tr("Bands"), BAND_CHOICES, defaults.bands, several=True),
        "bands of the result, in this order. SCL is the scene classification, AOT the aerosol optical thickness, WVP "
        "the water vapour.")
    tool.declare(
        QgsProcessingParameterNumber(RESOLUTION, tool.tr("Pixel size (m)"), QgsProcessingParameterNumber.Type.Double,
                                     defaultValue=defaults.resolution, minValue=1.0),
        "pixel size of the result in metres; every band is brought to it.")
    tool.declare(
        QgsProcessingParameterFeatureSource(AOI, tool.tr("Area of interest"),
                                            [QgsProcessing.SourceType.TypeVectorPolygon], optional=True),
        "polygons, in any CRS; the result covers their bounding box. Leave it empty for everything.")
    tool.declare(
        QgsProcessingParameterString(AOI_WKT, tool.tr("Area of interest as WKT"), optional=True),
        "the same as text, in degrees of longitude and latitude: POLYGON((3.29 43.61, 3.32 43.61, ...)).",
        advanced=True)
    tool.declare(
        choice(CLOUD_MASK, tool.tr("Cloud mask"), CLOUD_MASKS, defaults.cloud_mask),
        "l2a removes the reflectance of clouds and their shadows by the scene classification of Level-2A products; "
        "none keeps all.")
    tool.declare(
        choice(SCL_CLASSES, tool.tr("Scene classes to mask"), SCENE_CLASSES, defaults.masked_classes, several=True),
        "which scene classes the cloud mask removes.", advanced=True)
    tool.declare(
        choice(UPSAMPLING_METHOD, tool.tr("Resampling to smaller pixels"), UPSAMPLING, defaults.upsampling),
        "for bands whose pixels are larger than the result's (20 m to 10 m): nearest repeats pixels, bilinear and "
        "bicubic interpolate between their centres.", advanced=True)
    tool.declare(
        choice(DOWNSAMPLING_METHOD, tool.tr("Resampling to larger pixels"), DOWNSAMPLING, defaults.downsampling),
        "for bands whose pixels are smaller than the result's (10 m to 20 m): first takes the upper-left one, the "
        "others summarise all pixels below.", advanced=True)
    tool.declare(
        QgsProcessingParameterNumber(THREADS, tool.tr("Threads"), QgsProcessingParameterNumber.Type.Integer,
                                     defaultValue=defaults.threads, minValue=0, maxValue=4 * MOST_THREADS),
        "worker threads; 0 lets Floefield choose. The result does not depend on it.", advanced=True)


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
    if parameters.get(AOI) is not None and tool.parameterAsString(parameters, AOI_WKT, context).strip():
        return False, tool.tr("Give the area of interest either as a layer or as WKT, not both.")
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
    Area or None

    Raises
    ------
    UnsuitableInput
        If it cannot be used.
    """
    if source is not None:
        return area_from_source(source)
    text = tool.parameterAsString(parameters, AOI_WKT, context).strip()
    return area_from_wkt(text) if text else None


def stack_options(tool, parameters, context):
    """The values of the shared parameters, by field name of ``StackSettings``.

    Returns
    -------
    dict
    """
    return {
        "bands": choices(tool, parameters, BANDS, context),
        "resolution": tool.parameterAsDouble(parameters, RESOLUTION, context),
        "cloud_mask": tool.parameterAsEnumString(parameters, CLOUD_MASK, context),
        "masked_classes": choices(tool, parameters, SCL_CLASSES, context),
        "upsampling": tool.parameterAsEnumString(parameters, UPSAMPLING_METHOD, context),
        "downsampling": tool.parameterAsEnumString(parameters, DOWNSAMPLING_METHOD, context),
        "threads": tool.parameterAsInt(parameters, THREADS, context),
    }
