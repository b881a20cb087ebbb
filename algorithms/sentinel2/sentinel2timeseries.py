"""Tool ``sentinel2timeseries``: many Sentinel-2 products to one multi-temporal stack."""

from datetime import date

from qgis.core import (
    QgsProcessing,
    QgsProcessingOutputNumber,
    QgsProcessingParameterFile,
    QgsProcessingParameterFileDestination,
    QgsProcessingParameterMultipleLayers,
    QgsProcessingParameterNumber,
    QgsProcessingParameterRasterDestination,
    QgsProcessingParameterString,
)

from ...compute.errors import UnsuitableInput
from ...compute.safe import find_products
from ...compute.sentinel2.msi_product import SENTINEL2_SAFE
from ...compute.sentinel2.optical_series import SeriesSettings, products_between, read_products, write_series
from ...compute.sentinel2.sen2cor import all_to_level_2a
from ...compute.sentinel2.series_writer import SeriesPaths
from ...compute.sentinel2.spectral_indices import INDICES
from ...compute.timeseries.gap_filling import GAP_FILLING
from ...compute.timeseries.time_steps import COMPOSITES
from ...provider.base import Algorithm, Group
from ...provider.parameters import choice, choices, is_cleared
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


class Sentinel2TimeSeries(Algorithm):
    """Stack Sentinel-2 products of a season on one grid, with the date in every band name."""

    INPUTS = "INPUTS"
    INPUT_FOLDER = "INPUT_FOLDER"
    START_DATE = "START_DATE"
    END_DATE = "END_DATE"
    GAP_FILLING = "GAP_FILLING"
    INTERVAL = "INTERVAL"
    COMPOSITE = "COMPOSITE"
    INDICES = "INDICES"
    OUTPUT = "OUTPUT"
    CLEAR_COUNT = "CLEAR_COUNT"
    TABLE = "TABLE"
    FIGURE = "FIGURE"
    DATE_COUNT = "DATE_COUNT"

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

    def initAlgorithm(self, configuration=None):
        """Declare the parameters."""
        defaults = SeriesSettings()
        self.declare(
            QgsProcessingParameterMultipleLayers(self.INPUTS, self.tr("Sentinel-2 products (one of these two)"),
                                                 QgsProcessing.SourceType.TypeFile, optional=True),
            "Zip archives as downloaded, MTD_MSIL2A.xml files or .SAFE folders. Alternative: INPUT_FOLDER.")
        self.declare(
            QgsProcessingParameterFile(self.INPUT_FOLDER, self.tr("Folder with Sentinel-2 products (one of these two)"),
                                       behavior=QgsProcessingParameterFile.Behavior.Folder, optional=True),
            "Folder searched, with its subfolders, for .SAFE folders and zip archives. Alternative: INPUTS.")
        add_stack_options(self, defaults, add_region_options, add_crs_option, self._add_time_options,
                          add_level_1c_options, add_storage_options)
        self.declare(
            QgsProcessingParameterRasterDestination(self.OUTPUT, self.tr("Time series")),
            "Raster with all bands and indices of the first date, then of the second, and so on.")
        self.declare(
            QgsProcessingParameterRasterDestination(self.CLEAR_COUNT, self.tr("Clear observation count"), optional=True,
                                                    createByDefault=False),
            "GeoTIFF with the number of cloud-free dates of each pixel; with a composite, also for each month or "
            "season. Where it is low, the time series is mostly interpolated.")
        self.declare(
            QgsProcessingParameterFileDestination(self.TABLE, self.tr("Product table (CSV)"),
                                                  self.tr("CSV files (*.csv)"), optional=True, createByDefault=False),
            "CSV file with one row per product: date, tile, processing baseline, coverage of the area and cloud cover.")
        self.declare(
            QgsProcessingParameterFileDestination(self.FIGURE, self.tr("Coverage figure (PNG)"),
                                                  self.tr("PNG files (*.png)"), optional=True, createByDefault=False),
            "PNG figure: fraction of the area that is clear, cloudy or not covered on each date, and a histogram of "
            "the clear observations.")
        add_level_2a_folder(self)
        self.addOutput(QgsProcessingOutputNumber(self.DATE_COUNT, self.tr("Number of dates")))

    @staticmethod
    def _add_time_options(tool):
        defaults = SeriesSettings()
        for name, label, title, end in ((tool.START_DATE, tool.tr("Start date"), "First", "first"),
                                        (tool.END_DATE, tool.tr("End date"), "Last", "last")):
            tool.declare(
                QgsProcessingParameterString(name, label, optional=True),
                f"{title} acquisition date of the products to use (YYYY-MM-DD). Empty: all products. With an interval, "
                f"also the {end} date of the output: set it to get the same dates for several areas and years.",
                advanced=True)
        tool.declare(
            choice(tool.GAP_FILLING, tool.tr("Gap filling"), GAP_FILLING, defaults.gap_filling),
            "Method for masked pixels. linear: interpolate each pixel between the clear dates before and after, and "
            "repeat the nearest value before the first and after the last clear date. none: keep NoData.")
        tool.declare(
            QgsProcessingParameterNumber(tool.INTERVAL, tool.tr("Interval (days, 0 = acquisition dates)"),
                                         QgsProcessingParameterNumber.Type.Integer, defaultValue=defaults.interval,
                                         minValue=0, maxValue=366),
            "Days between the output dates, from the start date (else the first acquisition) on; the bands are "
            "interpolated in time. 0: acquisition dates. 10, as in Sen2-Agri, makes years and areas comparable that "
            "were observed on different days.")
        tool.declare(
            choice(tool.COMPOSITE, tool.tr("Composite period"), COMPOSITES, defaults.composite),
            "Median of the clear observations of each pixel over each calendar month, or each season (starting in "
            "March, June, September and December), named by its first day, such as B04_20180601. Reduces noise and the "
            "number of bands. none: no composite. Cannot be combined with an interval.")
        tool.declare(
            choice(tool.INDICES, tool.tr("Spectral indices"), INDICES, defaults.indices, several=True,
                   optional=True),
            "Spectral indices added for every date. ndvi = (B08 - B04) / (B08 + B04). ndwi = (B11 - B08) / (B11 + "
            "B08), signed as in Sen2-Agri; ndwi_gao has the opposite sign; ndwi_mcfeeters = (B03 - B08) / (B03 + B08), "
            "for open water. brightness = square root of the sum of squares of B03, B04, B08 and B11. Red edge: rendvi "
            "= (B08 - B06) / (B08 + B06); chlre = B05 / B08; psri = (B04 - B02) / B05; s2rep = red-edge position (nm).")

    def checkParameterValues(self, parameters, context):
        """Check the inputs, the dates, the masks and the area of interest."""
        cleared = {self.INDICES: []} if is_cleared(parameters.get(self.INDICES)) else {}
        ok, message = super().checkParameterValues({**parameters, **cleared}, context)
        if not ok:
            return ok, message
        if bool(self._listed(parameters, context)) == bool(self._folder(parameters, context)):
            return False, self.tr("Give either a list of products (INPUTS) or a folder with products (INPUT_FOLDER).")
        try:
            self._date(parameters, self.START_DATE, context)
            self._date(parameters, self.END_DATE, context)
        except UnsuitableInput as error:
            return False, str(error)
        ok, message = check_regions(self, parameters, context)
        return check_area(self, parameters, context) if ok else (ok, message)

    def prepare_inputs(self, parameters, context, feedback):
        """Open the vector and elevation layers."""
        self._area_source = self.parameterAsSource(parameters, AOI, context)
        self._regions = RegionSources(self, parameters, context)

    def execute(self, parameters, context, progress):
        """Read, mosaic, mask, fill gaps and write."""
        area = area_of(self, self._area_source, parameters, context)
        paths = self._listed(parameters, context) or find_products(self._folder(parameters, context), SENTINEL2_SAFE)
        settings = self._settings(parameters, context)
        products = products_between(read_products(paths, progress.part(0.0, 0.05)), settings.start, settings.end)
        progress = progress.part(0.05, 1.0)
        outputs = {name: self.parameterAsOutputLayer(parameters, name, context)
                   for name in (self.OUTPUT, self.CLEAR_COUNT)}
        files = {name: self.parameterAsFileOutput(parameters, name, context) for name in (self.TABLE, self.FIGURE)}
        paths = SeriesPaths(outputs[self.OUTPUT], outputs[self.CLEAR_COUNT], files[self.TABLE], files[self.FIGURE])
        with sen2cor_options(self, parameters, context, paths.stack) as (sen2cor, results):
            if sen2cor:
                products = all_to_level_2a(products, *sen2cor, settings.resolution, progress.part(0.0, 0.8))
                progress = progress.part(0.8, 1.0)
            overview = write_series(products, paths, settings, area, progress,
                                    self._regions.settings(self, parameters, context),
                                    storage_options(self, parameters, context))
        group, dates = self.tr("Floefield: Sentinel-2"), overview.dates
        dress(paths.stack, f"Sentinel-2 {dates[0].isoformat()} to {dates[-1].isoformat()}", context, group=group,
              algorithm=self)
        dress(paths.clear_count, self.tr("Clear observation count"), context, group=group, algorithm=self)
        results.update({name: path for name, path in {**outputs, **files}.items() if path})
        return {**results, self.DATE_COUNT: len(dates)}

    def _settings(self, parameters, context):
        return SeriesSettings(
            **stack_options(self, parameters, context),
            gap_filling=self.parameterAsEnumString(parameters, self.GAP_FILLING, context),
            interval=self.parameterAsInt(parameters, self.INTERVAL, context),
            composite=self.parameterAsEnumString(parameters, self.COMPOSITE, context),
            start=self._date(parameters, self.START_DATE, context), end=self._date(parameters, self.END_DATE, context),
            indices=choices(self, parameters, self.INDICES, context))

    def _listed(self, parameters, context):
        return [path for path in self.parameterAsFileList(parameters, self.INPUTS, context) if path]

    def _folder(self, parameters, context):
        return self.parameterAsFile(parameters, self.INPUT_FOLDER, context)

    def _date(self, parameters, name, context):
        """Return a date parameter in ISO format; empty if it is not given."""
        text = self.parameterAsString(parameters, name, context).strip()
        try:
            return date.fromisoformat(text).isoformat() if text else ""
        except ValueError as error:
            raise UnsuitableInput(f"{name}: {text!r} is not a date. Use the format YYYY-MM-DD, such as "
                                  "2018-03-01.") from error
