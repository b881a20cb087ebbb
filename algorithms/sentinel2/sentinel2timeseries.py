"""Many Sentinel-2 products become one dated stack."""

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
from ...compute.sentinel2.composite import COMPOSITES
from ...compute.sentinel2.gaps import GAP_FILLING
from ...compute.sentinel2.indices import INDICES
from ...compute.sentinel2.safe import find_products
from ...compute.sentinel2.sen2cor import each_level_2a_of
from ...compute.sentinel2.series import SeriesSettings, products_between, read_products, write_series
from ...compute.sentinel2.seriesfiles import SeriesPaths
from ...provider.base import Algorithm, Group
from ...provider.progress import FeedbackProgress
from ...provider.styling import dress
from .options import (
    AOI,
    RegionSources,
    add_crs_option,
    add_region_options,
    add_stack_options,
    add_storage_options,
    area_of,
    check_area,
    check_regions,
    choice,
    choices,
    is_cleared,
    stack_options,
    storage_options,
)
from .sen2coroptions import add_level_1c_options, add_level_2a_folder, sen2cor_options


class Sentinel2TimeSeries(Algorithm):
    """A list or a folder of products in, one stack with a date in every band name out."""

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
    TAGS = ("sentinel-2", "safe", "l2a", "stack", "multi-temporal", "gap filling", "cloud mask", "ndvi", "batch",
            "composite", "median", "mosaic", "interpolation", "sen2-agri")
    HELP = ("Stacks the products of a season on one grid, with clouds removed and the gaps filled in time: the "
            "features from which crops are told apart. The dates are those of the satellite, a regular step, or months "
            "and seasons. Bands are named by band and day, such as B04_20180627, and sorted by date. Products of one "
            "day are merged, over the borders of tiles and UTM zones; days on which nothing of the area was seen are "
            "left out with a message.")
    REQUIRES = ("rasterio", "defusedxml")
    ANY_RASTER_FORMAT = True

    def initAlgorithm(self, configuration=None):
        """Declare the parameters."""
        defaults = SeriesSettings()
        self.declare(
            QgsProcessingParameterMultipleLayers(self.INPUTS, self.tr("Sentinel-2 products"),
                                                 QgsProcessing.SourceType.TypeFile, optional=True),
            "zips as downloaded, MTD_MSIL2A.xml files or .SAFE folders. Give these or the folder below.")
        self.declare(
            QgsProcessingParameterFile(self.INPUT_FOLDER, self.tr("Folder with Sentinel-2 products"),
                                       behavior=QgsProcessingParameterFile.Behavior.Folder, optional=True),
            "all products in it and its subfolders are used, .SAFE folders and zips alike.")
        add_stack_options(self, defaults, add_region_options, add_crs_option, self._add_time_options,
                          add_level_1c_options, add_storage_options)
        self.declare(
            QgsProcessingParameterRasterDestination(self.OUTPUT, self.tr("Time series")),
            "all bands and indices of the first date, then of the second, and so on.")
        self.declare(
            QgsProcessingParameterRasterDestination(self.CLEAR_COUNT, self.tr("Clear observations"), optional=True,
                                                    createByDefault=False),
            "GeoTIFF: on how many days each pixel was seen clearly; with a composite, for each month or season too. "
            "Where it is low, the series is made of interpolation more than of observation.")
        self.declare(
            QgsProcessingParameterFileDestination(self.TABLE, self.tr("Table of products"),
                                                  self.tr("CSV files (*.csv)"), optional=True, createByDefault=False),
            "a line for each product: date, tile, baseline, how much of the area it covers, and the share of clouds.")
        self.declare(
            QgsProcessingParameterFileDestination(self.FIGURE, self.tr("Picture of the dates"),
                                                  self.tr("PNG files (*.png)"), optional=True, createByDefault=False),
            "PNG: which share of the area was clear, clouded or not covered each day, and how often pixels were seen.")
        add_level_2a_folder(self)
        self.addOutput(QgsProcessingOutputNumber(self.DATE_COUNT, self.tr("Number of dates")))

    @staticmethod
    def _add_time_options(tool):
        defaults = SeriesSettings()
        for name, title, end in ((tool.START_DATE, tool.tr("First day"), "first"),
                                 (tool.END_DATE, tool.tr("Last day"), "last")):
            tool.declare(
                QgsProcessingParameterString(name, title, optional=True),
                f"as 2018-03-01: the {end} day whose products are used. Leave it empty for all. With a regular "
                f"interval, also the {end} day of the result, so that several places and years get the same dates.",
                advanced=True)
        tool.declare(
            choice(tool.GAP_FILLING, tool.tr("Gap filling"), GAP_FILLING, defaults.gap_filling),
            "linear interpolates each pixel between the clear dates before and after; before the first and after the "
            "last clear date the nearest value is repeated. none leaves nodata.")
        tool.declare(
            QgsProcessingParameterNumber(tool.INTERVAL, tool.tr("Days between dates"),
                                         QgsProcessingParameterNumber.Type.Integer, defaultValue=defaults.interval,
                                         minValue=0, maxValue=366),
            "0 keeps the dates of the satellite. With 10, as Sen2-Agri does, the bands are interpolated to every tenth "
            "day from the first date on: for comparing years and places that were seen on different days.")
        tool.declare(
            choice(tool.COMPOSITE, tool.tr("Composite"), COMPOSITES, defaults.composite),
            "month or season makes one image of each calendar month, or of each season (from March, June, September "
            "and December on): the median of the clear observations of each pixel. It is named by its first day, such "
            "as B04_20180601. A quiet, cloud-free background, and far fewer bands.")
        tool.declare(
            choice(tool.INDICES, tool.tr("Indices"), INDICES, defaults.indices, several=True,
                   optional=True),
            "added for every date. ndvi = (B08 - B04) / (B08 + B04). ndwi = (B11 - B08) / (B11 + B08), the sign of "
            "Sen2-Agri; ndwi_gao is the same with the opposite sign; ndwi_mcfeeters = (B03 - B08) / (B03 + B08) shows "
            "open water. brightness = root of the sum of squares of B03, B04, B08 and B11. With the red edge: rendvi "
            "= (B08 - B06) / (B08 + B06); chlre = B05 / B08; psri = (B04 - B02) / B05; s2rep = position of the red "
            "edge in nm.")

    def checkParameterValues(self, parameters, context):
        """Ask for a list or a folder, and for one area of interest at most."""
        cleared = {self.INDICES: []} if is_cleared(parameters.get(self.INDICES)) else {}
        ok, message = super().checkParameterValues({**parameters, **cleared}, context)
        if not ok:
            return ok, message
        if bool(self._listed(parameters, context)) == bool(self._folder(parameters, context)):
            return False, self.tr("Give either a list of products or a folder with products.")
        try:
            self._day(parameters, self.START_DATE, context)
            self._day(parameters, self.END_DATE, context)
        except UnsuitableInput as error:
            return False, str(error)
        ok, message = check_regions(self, parameters, context)
        return check_area(self, parameters, context) if ok else (ok, message)

    def prepareAlgorithm(self, parameters, context, feedback):
        """Open the layers."""
        self._area_source = self.parameterAsSource(parameters, AOI, context)
        self._regions = RegionSources(self, parameters, context)
        return True

    def processAlgorithm(self, parameters, context, feedback):
        """Read, merge, mask, fill and write."""
        progress = FeedbackProgress(feedback)
        area = area_of(self, self._area_source, parameters, context)
        paths = self._listed(parameters, context) or find_products(self._folder(parameters, context))
        settings = self._settings(parameters, context)
        products = products_between(read_products(paths, progress.part(0.0, 0.05)), settings.start, settings.end)
        sen2cor, results = sen2cor_options(self, parameters, context)
        progress = progress.part(0.05, 1.0)
        if sen2cor:
            products = each_level_2a_of(products, *sen2cor, settings.resolution, progress.part(0.0, 0.8))
            progress = progress.part(0.8, 1.0)
        outputs = {name: self.parameterAsOutputLayer(parameters, name, context)
                   for name in (self.OUTPUT, self.CLEAR_COUNT)}
        files = {name: self.parameterAsFileOutput(parameters, name, context) for name in (self.TABLE, self.FIGURE)}
        paths = SeriesPaths(outputs[self.OUTPUT], outputs[self.CLEAR_COUNT], files[self.TABLE], files[self.FIGURE])
        overview = write_series(products, paths, settings, area, progress,
                                self._regions.settings(self, parameters, context),
                                storage_options(self, parameters, context))
        group, dates = self.tr("Floefield: Sentinel-2"), overview.dates
        dress(paths.stack, f"Sentinel-2 {dates[0].isoformat()} to {dates[-1].isoformat()}", context, group=group,
              algorithm=self)
        dress(paths.clear_count, self.tr("Clear observations"), context, group=group, algorithm=self)
        results.update({name: path for name, path in {**outputs, **files}.items() if path})
        return {**results, self.DATE_COUNT: len(dates)}

    def _settings(self, parameters, context):
        return SeriesSettings(
            **stack_options(self, parameters, context),
            gap_filling=self.parameterAsEnumString(parameters, self.GAP_FILLING, context),
            interval=self.parameterAsInt(parameters, self.INTERVAL, context),
            composite=self.parameterAsEnumString(parameters, self.COMPOSITE, context),
            start=self._day(parameters, self.START_DATE, context), end=self._day(parameters, self.END_DATE, context),
            indices=choices(self, parameters, self.INDICES, context))

    def _listed(self, parameters, context):
        return [path for path in self.parameterAsFileList(parameters, self.INPUTS, context) if path]

    def _folder(self, parameters, context):
        return self.parameterAsFile(parameters, self.INPUT_FOLDER, context)

    def _day(self, parameters, name, context):
        """A date as ISO text; empty where none is given."""
        text = self.parameterAsString(parameters, name, context).strip()
        try:
            return date.fromisoformat(text).isoformat() if text else ""
        except ValueError as error:
            raise UnsuitableInput(f"{name}: {text!r} is no date. Write it as 2018-03-01.") from error
