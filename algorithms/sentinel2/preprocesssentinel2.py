"""Tool ``preprocesssentinel2``: one Sentinel-2 product to a band stack on one grid."""

from ...compute.declarations import ParameterDeclaration, pick
from ...compute.sentinel2.band_stack import write_stack
from ...compute.sentinel2.msi_product import choose_tile, read_granules
from ...compute.sentinel2.product_reader import STACK_PARAMETERS, StackSettings
from ...compute.sentinel2.sen2cor import to_level_2a
from ...provider.area_inputs import read_area
from ...provider.base import Algorithm, Group
from ...provider.parameters import read, read_settings
from ...provider.styling import dress
from ._parameters import (
    AOI,
    L2A_FOLDER,
    RegionSources,
    check_areas_and_regions,
    read_storage,
    sen2cor_options,
    stack_parameters,
)

INPUT = ParameterDeclaration(
    "INPUT", "Sentinel-2 product",
    "Zip archive as downloaded, MTD_MSIL2A.xml (or MTD_MSIL1C.xml) in a .SAFE folder, or the path of the .SAFE "
    "folder.",
    kind="file", file_filter="Sentinel-2 products (*.zip *.xml *.SAFE);;All files (*)")
TILE = ParameterDeclaration(
    "TILE", "Tile (multi-tile products)",
    "Tile to read from a product with several tiles (before December 2016), such as 31TEJ. Empty: mosaic of all "
    "tiles of one UTM zone.",
    kind="text", optional=True, advanced=True)
OUTPUT = ParameterDeclaration(
    "OUTPUT", "Band stack",
    "Raster with the selected bands. NoData is -32768 (int16) or NaN (float32).",
    kind="raster_destination")
VALID_FRACTION = ParameterDeclaration("VALID_FRACTION", "Fraction of valid pixels", kind="number_result")


class PreprocessSentinel2(Algorithm):
    """Resample, crop, mask and stack the bands of one Sentinel-2 product."""

    NAME = "preprocesssentinel2"
    TITLE = "Preprocess a Sentinel-2 product"
    GROUP = Group.SENTINEL2
    TAGS = ("sentinel-2", "msi", "safe", "l2a", "l1c", "msil2a", "msil1c", "sen2cor", "atmospheric correction",
            "resample", "subset", "crop", "reproject", "cloud mask", "scl", "land sea mask", "band stack",
            "layer stacking", "surface reflectance", "snap", "otb", "copernicus")
    HELP = ("Resamples the bands of one Sentinel-2 product (Level-1C or Level-2A) to one grid and stacks them in one "
            "raster, cropped to an area of interest, with clouds, land or sea masked on request. Reflectance is "
            "calibrated for every processing baseline (the offset of baseline 04.00 and later is applied) and stored "
            "as int16 with its scale factor.")
    REQUIRES = ("rasterio", "scipy", "jinja2", "defusedxml")
    ANY_RASTER_FORMAT = True
    PARAMETERS = (INPUT, *stack_parameters(StackSettings(), TILE, *pick(STACK_PARAMETERS, "CRS")), OUTPUT, L2A_FOLDER,
                  VALID_FRACTION)

    def checkParameterValues(self, parameters, context):
        """Check the area of interest and the inputs of the masks."""
        ok, message = super().checkParameterValues(parameters, context)
        return check_areas_and_regions(self, parameters, context) if ok else (ok, message)

    def prepare_inputs(self, parameters, context, feedback):
        """Open the vector and elevation layers."""
        self._area_source = self.parameterAsSource(parameters, AOI.name, context)
        self._regions = RegionSources(self, parameters, context)

    def execute(self, parameters, context, progress):
        """Read, resample, mask and write the bands."""
        area = read_area(self, self._area_source, parameters, context)
        settings = StackSettings(**read_settings(self, STACK_PARAMETERS, parameters, context))
        products = choose_tile(read_granules(read(self, INPUT, parameters, context)),
                               read(self, TILE, parameters, context))
        output = read(self, OUTPUT, parameters, context)
        with sen2cor_options(self, parameters, context, output) as (sen2cor, results):
            if sen2cor:
                products = to_level_2a(products, *sen2cor, settings.pixel_size, progress.part(0.0, 0.8))
                progress = progress.part(0.8, 1.0)
            fraction = write_stack(
                products, output, settings, area, progress, self._regions.settings(self, parameters, context),
                read_storage(self, parameters, context))
        dress(output, f"{products[0].platform} {products[0].date.isoformat()}", context,
              group=self.tr("Floefield: Sentinel-2"), algorithm=self)
        return {**results, OUTPUT.name: output, VALID_FRACTION.name: fraction}
