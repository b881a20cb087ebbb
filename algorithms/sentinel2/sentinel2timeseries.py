"""Tool ``sentinel2timeseries``: many Sentinel-2 products to one multi-temporal stack."""

from ...compute.declarations import ParameterDeclaration, pick, with_defaults
from ...compute.errors import UnsuitableInput
from ...compute.safe import find_products
from ...compute.sentinel2.msi_product import SENTINEL2_SAFE
from ...compute.sentinel2.optical_series import (
    SERIES_PARAMETERS,
    SeriesSettings,
    products_between,
    read_products,
    write_series,
)
from ...compute.sentinel2.product_reader import STACK_PARAMETERS
from ...compute.sentinel2.sen2cor import all_to_level_2a
from ...compute.sentinel2.series_writer import SeriesPaths
from ...provider.area_inputs import read_area
from ...provider.base import Algorithm, Group
from ...provider.parameters import is_cleared, read, read_settings
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

INPUTS = ParameterDeclaration(
    "INPUTS", "Sentinel-2 products (one of these two)",
    "Zip archives as downloaded, MTD_MSIL2A.xml files or .SAFE folders. Alternative: INPUT_FOLDER.",
    kind="files", optional=True)
INPUT_FOLDER = ParameterDeclaration(
    "INPUT_FOLDER", "Folder with Sentinel-2 products (one of these two)",
    "Folder searched, with its subfolders, for .SAFE folders and zip archives. Alternative: INPUTS.",
    kind="folder", optional=True)
OUTPUT = ParameterDeclaration(
    "OUTPUT", "Time series",
    "Raster with all bands and indices of the first date, then of the second, and so on.",
    kind="raster_destination")
CLEAR_COUNT = ParameterDeclaration(
    "CLEAR_COUNT", "Clear observation count",
    "GeoTIFF with the number of cloud-free dates of each pixel; with a composite, also for each month or "
    "season. Where it is low, the time series is mostly interpolated.",
    kind="raster_destination", optional=True, is_created=False)
TABLE = ParameterDeclaration(
    "TABLE", "Product table (CSV)",
    "CSV file with one row per product: date, tile, processing baseline, coverage of the area and cloud cover.",
    kind="file_destination", file_filter="CSV files (*.csv)", optional=True, is_created=False)
FIGURE = ParameterDeclaration(
    "FIGURE", "Coverage figure (PNG)",
    "PNG figure: fraction of the area that is clear, cloudy or not covered on each date, and a histogram of "
    "the clear observations.",
    kind="file_destination", file_filter="PNG files (*.png)", optional=True, is_created=False)
DATE_COUNT = ParameterDeclaration("DATE_COUNT", "Number of dates", kind="number_result")


class Sentinel2TimeSeries(Algorithm):
    """Stack Sentinel-2 products of a season on one grid, with the date in every band name."""

    NAME = "sentinel2timeseries"
    TITLE = "Stack a Sentinel-2 time series"
    GROUP = Group.SENTINEL2
    TAGS = ("sentinel-2", "msi", "safe", "l2a", "l1c", "time series", "satellite image time series", "band stack",
            "layer stacking", "multi-temporal", "gap filling", "temporal interpolation", "resampling", "cloud mask",
            "vegetation index", "ndvi", "ndwi", "red edge", "batch", "composite", "monthly", "median", "mosaic",
            "sen2-agri", "sen4cap", "phenology")
    HELP = ("Stacks the products of a season on one grid, with clouds masked and the gaps filled by interpolation in "
            "time: the features for crop classification. The dates are the acquisition dates, a regular interval, or "
            "monthly or seasonal composites. Bands are named by band and date, such as B04_20180627, and sorted by "
            "date. Products of one day are mosaicked across tiles and UTM zones; dates without a valid pixel in the "
            "area are skipped with a message.")
    REQUIRES = ("rasterio", "scipy", "jinja2", "matplotlib", "defusedxml")
    ANY_RASTER_FORMAT = True
    PARAMETERS = (
        INPUTS, INPUT_FOLDER,
        *stack_parameters(SeriesSettings(), *pick(STACK_PARAMETERS, "CRS"),
                          *with_defaults(SERIES_PARAMETERS, SeriesSettings())),
        OUTPUT, CLEAR_COUNT, TABLE, FIGURE, L2A_FOLDER, DATE_COUNT)

    def checkParameterValues(self, parameters, context):
        """Check the inputs, the dates, the masks and the area of interest."""
        cleared = {"INDICES": []} if is_cleared(parameters.get("INDICES")) else {}
        ok, message = super().checkParameterValues({**parameters, **cleared}, context)
        if not ok:
            return ok, message
        if bool(read(self, INPUTS, parameters, context)) == bool(read(self, INPUT_FOLDER, parameters, context)):
            return False, self.tr("Give either a list of products (INPUTS) or a folder with products (INPUT_FOLDER).")
        try:
            read_settings(self, SERIES_PARAMETERS, parameters, context)
        except UnsuitableInput as error:
            return False, str(error)
        return check_areas_and_regions(self, parameters, context)

    def prepare_inputs(self, parameters, context, feedback):
        """Open the vector and elevation layers."""
        self._area_source = self.parameterAsSource(parameters, AOI.name, context)
        self._regions = RegionSources(self, parameters, context)

    def execute(self, parameters, context, progress):
        """Read, mosaic, mask, fill gaps and write."""
        area = read_area(self, self._area_source, parameters, context)
        paths = read(self, INPUTS, parameters, context) or find_products(
            read(self, INPUT_FOLDER, parameters, context), SENTINEL2_SAFE)
        settings = SeriesSettings(**read_settings(self, (*STACK_PARAMETERS, *SERIES_PARAMETERS), parameters, context))
        products = products_between(read_products(paths, progress.part(0.0, 0.05)), settings.start_date,
                                    settings.end_date)
        progress = progress.part(0.05, 1.0)
        outputs = {each.name: read(self, each, parameters, context) for each in (OUTPUT, CLEAR_COUNT, TABLE, FIGURE)}
        paths = SeriesPaths(*outputs.values())
        with sen2cor_options(self, parameters, context, paths.stack) as (sen2cor, results):
            if sen2cor:
                products = all_to_level_2a(products, *sen2cor, settings.pixel_size, progress.part(0.0, 0.8))
                progress = progress.part(0.8, 1.0)
            overview = write_series(products, paths, settings, area, progress,
                                    self._regions.settings(self, parameters, context),
                                    read_storage(self, parameters, context))
        group, dates = self.tr("Floefield: Sentinel-2"), overview.dates
        dress(paths.stack, f"Sentinel-2 {dates[0].isoformat()} to {dates[-1].isoformat()}", context, group=group,
              algorithm=self)
        dress(paths.clear_count, self.tr("Clear observation count"), context, group=group, algorithm=self)
        results.update({name: path for name, path in outputs.items() if path})
        return {**results, DATE_COUNT.name: len(dates)}
