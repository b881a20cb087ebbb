"""Tool ``preprocesssentinel2``: one Sentinel-2 product to a band stack on one grid."""

from qgis.core import (
    QgsProcessingOutputNumber,
    QgsProcessingParameterFile,
    QgsProcessingParameterRasterDestination,
    QgsProcessingParameterString,
)

from ...compute.sentinel2.band_stack import write_stack
from ...compute.sentinel2.msi_product import choose_tile, read_granules
from ...compute.sentinel2.product_reader import StackSettings
from ...compute.sentinel2.sen2cor import to_level_2a
from ...provider.base import Algorithm, Group
from ...provider.styling import dress
from ._parameters import (
    AOI,
    RegionSources,
    add_crs_option,
    add_level_1c_options,
    add_level_2a_folder,
    add_region_options,
    add_stack_options,
    add_storage_options,
    area_of,
    check_area,
    check_regions,
    sen2cor_options,
    stack_options,
    storage_options,
)

PRODUCT_FILTER = "Sentinel-2 products (*.zip *.xml *.SAFE);;All files (*)"


class PreprocessSentinel2(Algorithm):
    """Resample, crop, mask and stack the bands of one Sentinel-2 product."""

    INPUT = "INPUT"
    TILE = "TILE"
    OUTPUT = "OUTPUT"
    VALID_FRACTION = "VALID_FRACTION"

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

    def initAlgorithm(self, configuration=None):
        """Declare the parameters."""
        self.declare(
            QgsProcessingParameterFile(self.INPUT, self.tr("Sentinel-2 product"), fileFilter=PRODUCT_FILTER),
            "Zip archive as downloaded, MTD_MSIL2A.xml (or MTD_MSIL1C.xml) in a .SAFE folder, or the path of the .SAFE "
            "folder.")
        add_stack_options(self, StackSettings(), add_region_options, _add_tile_option, add_crs_option,
                          add_level_1c_options, add_storage_options)
        self.declare(
            QgsProcessingParameterRasterDestination(self.OUTPUT, self.tr("Band stack")),
            "Raster with the selected bands. NoData is -32768 (int16) or NaN (float32).")
        add_level_2a_folder(self)
        self.addOutput(QgsProcessingOutputNumber(self.VALID_FRACTION, self.tr("Fraction of valid pixels")))

    def checkParameterValues(self, parameters, context):
        """Check the area of interest and the inputs of the masks."""
        ok, message = super().checkParameterValues(parameters, context)
        for check in (lambda: check_area(self, parameters, context),
                      lambda: check_regions(self, parameters, context)):
            if ok:
                ok, message = check()
        return ok, message

    def prepare_inputs(self, parameters, context, feedback):
        """Open the vector and elevation layers."""
        self._area_source = self.parameterAsSource(parameters, AOI, context)
        self._regions = RegionSources(self, parameters, context)

    def execute(self, parameters, context, progress):
        """Read, resample, mask and write the bands."""
        area = area_of(self, self._area_source, parameters, context)
        settings = StackSettings(**stack_options(self, parameters, context))
        products = choose_tile(read_granules(self.parameterAsFile(parameters, self.INPUT, context)),
                               self.parameterAsString(parameters, self.TILE, context))
        output = self.parameterAsOutputLayer(parameters, self.OUTPUT, context)
        with sen2cor_options(self, parameters, context, output) as (sen2cor, results):
            if sen2cor:
                products = to_level_2a(products, *sen2cor, settings.resolution, progress.part(0.0, 0.8))
                progress = progress.part(0.8, 1.0)
            fraction = write_stack(
                products, output, settings, area, progress, self._regions.settings(self, parameters, context),
                storage_options(self, parameters, context))
        dress(output, f"{products[0].platform} {products[0].date.isoformat()}", context,
              group=self.tr("Floefield: Sentinel-2"), algorithm=self)
        return {**results, self.OUTPUT: output, self.VALID_FRACTION: fraction}


def _add_tile_option(tool):
    tool.declare(
        QgsProcessingParameterString(tool.TILE, tool.tr("Tile (multi-tile products)"), optional=True),
        "Tile to read from a product with several tiles (before December 2016), such as 31TEJ. Empty: mosaic of all "
        "tiles of one UTM zone.", advanced=True)
