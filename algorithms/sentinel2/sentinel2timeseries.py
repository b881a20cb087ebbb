"""Many Sentinel-2 products become one dated stack."""

from qgis.core import (
    QgsProcessing,
    QgsProcessingOutputNumber,
    QgsProcessingParameterFile,
    QgsProcessingParameterMultipleLayers,
    QgsProcessingParameterRasterDestination,
)

from ...compute.sentinel2.gaps import GAP_FILLING
from ...compute.sentinel2.indices import INDICES
from ...compute.sentinel2.safe import find_products
from ...compute.sentinel2.series import SeriesSettings, read_products, write_series
from ...provider.base import Algorithm, Group
from ...provider.progress import FeedbackProgress
from ...provider.styling import dress
from .options import AOI, add_stack_options, area_of, check_area, choice, choices, is_cleared, stack_options


class Sentinel2TimeSeries(Algorithm):
    """A list or a folder of products in, one stack with a date in every band name out."""

    INPUTS = "INPUTS"
    INPUT_FOLDER = "INPUT_FOLDER"
    GAP_FILLING = "GAP_FILLING"
    INDICES = "INDICES"
    OUTPUT = "OUTPUT"
    DATES = "DATES"

    NAME = "sentinel2timeseries"
    TITLE = "Stack a Sentinel-2 time series"
    GROUP = Group.SENTINEL2
    TAGS = ("sentinel-2", "safe", "l2a", "stack", "multi-temporal", "gap filling", "cloud mask", "ndvi", "batch")
    HELP = ("Stacks the products of a season on one grid, with clouds removed and the gaps filled in time: the "
            "features from which crops are told apart. Bands are named by band and day, such as B04_20180627, and "
            "sorted by date. Products of one day are merged; days on which nothing of the area was seen are left out "
            "with a message.")
    REQUIRES = ("rasterio", "defusedxml")

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
        add_stack_options(self, defaults)
        self.declare(
            choice(self.GAP_FILLING, self.tr("Gap filling"), GAP_FILLING, defaults.gap_filling),
            "linear interpolates each pixel between the clear dates before and after; before the first and after the "
            "last clear date the nearest value is repeated. none leaves nodata.")
        self.declare(
            choice(self.INDICES, self.tr("Indices"), INDICES, defaults.indices, several=True,
                   optional=True),
            "added for every date: ndvi = (B08 - B04) / (B08 + B04); ndwi = (B11 - B08) / (B11 + B08), the sign of "
            "Sen2-Agri; brightness = root of the sum of squares of B03, B04, B08 and B11.")
        self.declare(
            QgsProcessingParameterRasterDestination(self.OUTPUT, self.tr("Time series")),
            "GeoTIFF with all bands and indices of the first date, then of the second, and so on.")
        self.addOutput(QgsProcessingOutputNumber(self.DATES, self.tr("Number of dates")))

    def checkParameterValues(self, parameters, context):
        """Ask for a list or a folder, and for one area of interest at most."""
        cleared = {self.INDICES: []} if is_cleared(parameters.get(self.INDICES)) else {}
        ok, message = super().checkParameterValues({**parameters, **cleared}, context)
        if not ok:
            return ok, message
        if bool(self._listed(parameters, context)) == bool(self._folder(parameters, context)):
            return False, self.tr("Give either a list of products or a folder with products.")
        return check_area(self, parameters, context)

    def prepareAlgorithm(self, parameters, context, feedback):
        """Open the layer of the area of interest."""
        self._area_source = self.parameterAsSource(parameters, AOI, context)
        return True

    def processAlgorithm(self, parameters, context, feedback):
        """Read, merge, mask, fill and write."""
        progress = FeedbackProgress(feedback)
        area = area_of(self, self._area_source, parameters, context)
        paths = self._listed(parameters, context) or find_products(self._folder(parameters, context))
        products = read_products(paths, progress.part(0.0, 0.05))
        output = self.parameterAsOutputLayer(parameters, self.OUTPUT, context)
        settings = SeriesSettings(**stack_options(self, parameters, context),
                                  gap_filling=self.parameterAsEnumString(parameters, self.GAP_FILLING, context),
                                  indices=choices(self, parameters, self.INDICES, context))
        dates = write_series(products, output, settings, area, progress.part(0.05, 1.0))
        dress(output, f"Sentinel-2 {dates[0].isoformat()} to {dates[-1].isoformat()}", context,
              group=self.tr("Floefield: Sentinel-2"), algorithm=self)
        return {self.OUTPUT: output, self.DATES: len(dates)}

    def _listed(self, parameters, context):
        return [path for path in self.parameterAsFileList(parameters, self.INPUTS, context) if path]

    def _folder(self, parameters, context):
        return self.parameterAsFile(parameters, self.INPUT_FOLDER, context)
