"""Area of interest of a tool: from a layer, an extent, WKT or a window of pixels."""

from __future__ import annotations

from typing import Any

from qgis.core import QgsProcessingAlgorithm, QgsProcessingContext, QgsProcessingFeatureSource

from ..compute.errors import UnsuitableInput
from ..compute.raster.area_of_interest import Area, PixelArea
from ..vector.areas import area_from_extent, area_from_source, area_from_wkt
from .parameters import is_null

# Names of the parameters, of which a tool has some or all.
AREAS = ("AOI", "AOI_EXTENT", "AOI_WKT", "PIXEL_WINDOW")


def check_area(tool: QgsProcessingAlgorithm, parameters: dict[str, Any]) -> tuple[bool, str]:
    """Check that at most one area of interest is given; return (True, "") or (False, message)."""
    names = [name for name in AREAS if tool.parameterDefinition(name) is not None]
    if sum(not is_null(parameters.get(name)) for name in names) > 1:
        return False, tool.tr("More than one area of interest is given. Use only one of {} and {}.").format(
            ", ".join(names[:-1]), names[-1])
    return True, ""


def read_area(tool: QgsProcessingAlgorithm, source: QgsProcessingFeatureSource | None, parameters: dict[str, Any],
              context: QgsProcessingContext) -> Area | PixelArea | None:
    """The area of interest of a tool, or None.

    Parameters
    ----------
    tool : QgsProcessingAlgorithm
    source : QgsProcessingFeatureSource or None
        The layer of AOI, opened in ``prepare_inputs``.
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
    given = [name for name in AREAS if tool.parameterDefinition(name) is not None and not is_null(parameters.get(name))]
    if "PIXEL_WINDOW" in given:
        return _pixel_area(tool.parameterAsString(parameters, "PIXEL_WINDOW", context))
    if source is not None:
        return area_from_source(source)
    if "AOI_EXTENT" in given:
        return area_from_extent(tool.parameterAsExtent(parameters, "AOI_EXTENT", context),
                                tool.parameterAsExtentCrs(parameters, "AOI_EXTENT", context))
    if "AOI_WKT" in given:
        return area_from_wkt(tool.parameterAsString(parameters, "AOI_WKT", context).strip())
    return None


def _pixel_area(text: str) -> PixelArea:
    try:
        column, row, width, height = (int(part) for part in text.replace(";", ",").split(","))
        if min(column, row) < 0 or min(width, height) <= 0:
            raise ValueError
    except ValueError as error:
        raise UnsuitableInput(f"PIXEL_WINDOW is {text!r}. Give column, row, width and height as integers. Example: "
                              "0,7651,5689,3327.") from error
    return PixelArea(column, row, width, height)
