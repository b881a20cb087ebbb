"""Declarations that both Sentinel-2 tools use, in the order of the dialog, and how their values are read.

Area of interest, Level-1C processing and the folder of Sen2Cor are declared here; bands, cloud mask, resampling,
land/sea mask and data type beside their settings in ``compute``.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any

from qgis.core import QgsProcessingContext

from ...compute.declarations import ParameterDeclaration, pick, with_defaults
from ...compute.errors import UnsuitableInput
from ...compute.raster.masks import DEM, LAND, REGION_PARAMETERS, STUDY_AREA, RegionSettings
from ...compute.scratch import scratch_folder
from ...compute.sentinel2.product_reader import STACK_PARAMETERS, StackSettings
from ...compute.sentinel2.reflectance_encoding import STORAGE_PARAMETERS, StorageSettings
from ...provider.area_inputs import check_area
from ...provider.base import Algorithm
from ...provider.parameters import is_null, read, read_settings
from ...provider.provider_settings import sen2cor_path
from ...provider.raster_inputs import raster_path
from ...vector.areas import area_from_source

AOI = ParameterDeclaration(
    "AOI", "Area of interest",
    "Polygons in any CRS; the output covers their bounding box. Empty: the whole product.",
    kind="polygons", optional=True)
OTHER_AREAS = (
    ParameterDeclaration(
        "AOI_EXTENT", "Area of interest (extent)",
        "Rectangle from the map, from a layer, or as xmin,xmax,ymin,ymax [EPSG:...].",
        kind="extent", optional=True, advanced=True),
    ParameterDeclaration(
        "AOI_WKT", "Area of interest (WKT)",
        "WKT geometry in degrees of longitude and latitude: POLYGON((3.29 43.61, 3.32 43.61, ...)).",
        kind="text", optional=True, advanced=True),
    ParameterDeclaration(
        "PIXEL_WINDOW", "Area of interest (pixel window)",
        "Column, row, width and height in output pixels, counted from the upper-left corner of the product (of all "
        "products together). Example: 0,7651,5689,3327.",
        kind="text", optional=True, advanced=True),
)
LEVEL_1C_PROCESSING = ("toa", "sen2cor")
LEVEL_1C = ParameterDeclaration(
    "LEVEL_1C", "Level-1C processing",
    "Processing of Level-1C products. toa: use top-of-atmosphere reflectance. sen2cor: convert to Level-2A first "
    "(atmospheric correction) with ESA's Sen2Cor, which must be installed. Ignored for Level-2A "
    "products.",
    kind="enum", default=LEVEL_1C_PROCESSING[0], options=LEVEL_1C_PROCESSING, advanced=True)
SEN2COR = ParameterDeclaration(
    "SEN2COR", "Sen2Cor program (L2A_Process)",
    "Path of L2A_Process. Empty: the path in Settings > Options > Processing > Providers > Floefield, else the "
    "search path of the system.",
    kind="file", optional=True, advanced=True, file_filter="Sen2Cor (L2A_Process*);;All files (*)")
L2A_FOLDER = ParameterDeclaration(
    "L2A_FOLDER", "Folder for Level-2A products",
    "Folder for the Level-2A products made by Sen2Cor. Empty: beside the output, deleted at the end of the run.",
    kind="folder_destination", optional=True, advanced=True, is_created=False)

Parameters = dict[str, Any]


def stack_parameters(settings: StackSettings, *more: ParameterDeclaration) -> tuple[ParameterDeclaration, ...]:
    """Declarations of bands, pixel size, areas, masks, resampling, Level-1C processing and data type.

    Parameters
    ----------
    settings : StackSettings
        Defaults.
    *more : ParameterDeclaration
        Further parameters of the tool, which follow the masks.
    """
    stack = with_defaults(STACK_PARAMETERS, settings)
    return (
        *pick(stack, "BANDS", "PIXEL_SIZE"), AOI, *pick(stack, "CLOUD_MASK"), *OTHER_AREAS,
        *pick(stack, "SCL_CLASSES", "CLOUD_TYPES", "CLOUD_PROBABILITY_THRESHOLD", "MIN_CLOUD_AREA", "CLOUD_BUFFER",
              "UPSAMPLING", "DOWNSAMPLING", "FLAG_DOWNSAMPLING"),
        *with_defaults(REGION_PARAMETERS, RegionSettings()),
        *more, LEVEL_1C, SEN2COR,
        *with_defaults(STORAGE_PARAMETERS, StorageSettings()), *pick(stack, "THREADS"))


def check_areas_and_regions(tool: Algorithm, parameters: Parameters,
                            context: QgsProcessingContext) -> tuple[bool, str]:
    """Check area of interest, land/sea mask and study area; return (True, "") or (False, message)."""
    ok, message = check_area(tool, parameters)
    if not ok:
        return ok, message
    values = read_settings(tool, REGION_PARAMETERS, parameters, context)
    is_masked = values["land_sea_mask"] != "none"
    sources = [each.name for each in (DEM, LAND) if not is_null(parameters.get(each.name))]
    if is_masked and len(sources) != 1:
        return False, tool.tr("LAND_SEA_MASK requires an elevation model (DEM) or land polygons (LAND). Give one of "
                              "them.")
    if sources and not is_masked:
        return False, tool.tr("An elevation model or land polygons are given, but LAND_SEA_MASK is none. Set it to "
                              "land or sea, the surface to remove.")
    if values["invert_study_area"] and is_null(parameters.get(STUDY_AREA.name)):
        return False, tool.tr("INVERT_STUDY_AREA requires a study area. Give the study area (STUDY_AREA).")
    return True, ""


class RegionSources:
    """Layers of the land/sea mask and the study area, opened in ``prepare_inputs``.

    Parameters
    ----------
    tool : Algorithm
    parameters : dict
    context : QgsProcessingContext

    Raises
    ------
    UnsuitableInput
        If the elevation model cannot be opened.
    """

    def __init__(self, tool: Algorithm, parameters: Parameters, context: QgsProcessingContext) -> None:
        dem = tool.parameterAsRasterLayer(parameters, DEM.name, context)
        if dem is None and not is_null(parameters.get(DEM.name)):
            raise UnsuitableInput(f"DEM {parameters.get(DEM.name)} cannot be opened as a raster. Check its path.")
        self._dem = raster_path(dem) if dem is not None else ""
        self._land = tool.parameterAsSource(parameters, LAND.name, context)
        self._study_area = tool.parameterAsSource(parameters, STUDY_AREA.name, context)

    def settings(self, tool: Algorithm, parameters: Parameters, context: QgsProcessingContext) -> RegionSettings:
        """Return the settings of the land/sea mask and the study area."""
        land = area_from_source(self._land, tool.tr("land polygons")) if self._land is not None else None
        study_area = (area_from_source(self._study_area, tool.tr("study area")) if self._study_area is not None
                      else None)
        return RegionSettings(dem=self._dem, land=land, study_area=study_area,
                              **read_settings(tool, REGION_PARAMETERS, parameters, context))


def read_storage(tool: Algorithm, parameters: Parameters, context: QgsProcessingContext) -> StorageSettings:
    """Return data type, format and compression of the output."""
    return StorageSettings(**read_settings(tool, STORAGE_PARAMETERS, parameters, context))


@contextlib.contextmanager
def sen2cor_options(tool: Algorithm, parameters: Parameters, context: QgsProcessingContext,
                    output: str) -> Iterator[tuple[tuple[str, str] | None, dict[str, str]]]:
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
    if read(tool, LEVEL_1C, parameters, context) != "sen2cor":
        yield None, {}
        return
    program = read(tool, SEN2COR, parameters, context) or sen2cor_path()
    if is_null(parameters.get(L2A_FOLDER.name)):
        with scratch_folder(output) as folder:
            yield (program, folder), {}
        return
    folder = read(tool, L2A_FOLDER, parameters, context)
    yield (program, folder), {L2A_FOLDER.name: folder}
