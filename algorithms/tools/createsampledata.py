"""Makes a synthetic scene with ground truth, so that every tool can be tried without a download."""

import os

from qgis.core import (
    QgsProcessingOutputFolder,
    QgsProcessingOutputNumber,
    QgsProcessingOutputVectorLayer,
    QgsProcessingParameterEnum,
    QgsProcessingParameterFolderDestination,
    QgsProcessingParameterNumber,
)

from ...compute.errors import PlainError
from ...compute.sampledata.folder import complete_folder
from ...compute.sampledata.kinds import KINDS, create_sample
from ...compute.sampledata.settings import LARGEST_SIZE, MOST_DATES, SMALLEST_SIZE, SampleSettings
from ...provider.base import Algorithm, Group
from ...provider.progress import FeedbackProgress
from .tablelayer import write_table


class CreateSampleData(Algorithm):
    """A seed in, a folder with products and parcels out."""

    KIND = "KIND"
    SEED = "SEED"
    SIZE = "SIZE"
    DATE_COUNT = "DATE_COUNT"
    OUTPUT_FOLDER = "OUTPUT_FOLDER"
    PRODUCTS_FOLDER = "PRODUCTS_FOLDER"
    PARCELS = "PARCELS"
    PRODUCT_COUNT = "PRODUCT_COUNT"
    PARCEL_COUNT = "PARCEL_COUNT"
    CHARTS_FOLDER = "CHARTS_FOLDER"
    STUDY_AREA = "STUDY_AREA"
    CHART_COUNT = "CHART_COUNT"

    NAME = "createsampledata"
    TITLE = "Create sample data"
    GROUP = Group.TOOLS
    TAGS = ("example", "demo", "synthetic", "tutorial", "training", "test data", "sentinel-2", "crops", "parcels",
            "sentinel-1", "sea ice", "ice chart")
    HELP = ("Makes a small synthetic scene with ground truth, to try every tool without a download. Crops: a season of "
            "Sentinel-2 L2A products over farmland with clouds, shadows and scene classification, and surveyed "
            "parcels with crop labels. Sea ice: a winter of Sentinel-1 EW products and the ice charts of the weeks. It "
            "looks like the real thing and is about as hard to classify, but nothing in it is real: use it to learn "
            "and to test. Ten dates take about half a minute and 25 MB.")
    REQUIRES = ("rasterio", "skimage")

    def initAlgorithm(self, configuration=None):
        """Declare the parameters."""
        defaults = SampleSettings()
        integer = QgsProcessingParameterNumber.Type.Integer
        self.declare(
            QgsProcessingParameterEnum(self.KIND, self.tr("Kind"), options=list(KINDS), defaultValue=next(iter(KINDS)),
                                       usesStaticStrings=True),
            "crops: Sentinel-2 L2A products from March to October, and parcels with their crops. seaice: Sentinel-1 EW "
            "GRDM products (HH and HV) from October to March, and weekly ice charts.")
        self.declare(
            QgsProcessingParameterNumber(self.SEED, self.tr("Seed"), integer, defaults.seed, minValue=0),
            "another number gives another landscape, other weather and other dates; the same number gives the same "
            "sample again.")
        self.declare(
            QgsProcessingParameterNumber(self.SIZE, self.tr("Edge of the scene (pixels)"), integer,
                                         defaults.size, minValue=SMALLEST_SIZE, maxValue=LARGEST_SIZE),
            "a multiple of 6, so that it also holds whole pixels of 20 m and 60 m. A pixel has 10 m (crops) or 40 m "
            "(seaice). Below 300 some classes have very few parcels, or hardly any ice.", advanced=True)
        self.declare(
            QgsProcessingParameterNumber(self.DATE_COUNT, self.tr("Number of dates"), integer, defaults.dates, minValue=1,
                                         maxValue=MOST_DATES),
            "products between March and October, or October and March (seaice). A third of the optical ones is partly "
            "cloudy; from five dates on, one shows hardly anything but cloud.", advanced=True)
        self.declare(
            QgsProcessingParameterFolderDestination(self.OUTPUT_FOLDER, self.tr("Folder for the sample")),
            "a new or an empty folder. It receives the products (folder sentinel2 or sentinel1), parcels.gpkg, "
            "landcover.tif and aoi.geojson or the folder icecharts and study_area.geojson, and README.txt.")
        self.addOutput(QgsProcessingOutputFolder(self.PRODUCTS_FOLDER, self.tr("Folder with the products")))
        self.addOutput(QgsProcessingOutputVectorLayer(self.PARCELS, self.tr("Parcels")))
        self.addOutput(QgsProcessingOutputNumber(self.PRODUCT_COUNT, self.tr("Number of products")))
        self.addOutput(QgsProcessingOutputNumber(self.PARCEL_COUNT, self.tr("Number of parcels")))
        self.addOutput(QgsProcessingOutputFolder(self.CHARTS_FOLDER, self.tr("Folder with the ice charts")))
        self.addOutput(QgsProcessingOutputVectorLayer(self.STUDY_AREA, self.tr("Study area")))
        self.addOutput(QgsProcessingOutputNumber(self.CHART_COUNT, self.tr("Number of ice charts")))

    def checkParameterValues(self, parameters, context):
        """Refuse a scene that does not hold whole pixels."""
        ok, message = super().checkParameterValues(parameters, context)
        if ok:
            try:
                self._settings(parameters, context)
            except PlainError as error:
                return False, self.tr(str(error))
        return ok, message

    def processAlgorithm(self, parameters, context, feedback):
        """Make the sample in a hidden folder, and show it when it is complete."""
        progress = FeedbackProgress(feedback)
        kind = self.parameterAsEnumString(parameters, self.KIND, context)
        output = self.parameterAsString(parameters, self.OUTPUT_FOLDER, context)
        with complete_folder(output) as folder:
            sample = create_sample(kind, folder, self._settings(parameters, context), progress)
            files = {table.name: write_table(table, folder, context.transformContext()) for table in sample.tables}
            progress.step(1.0)
        progress.say(sample.summary)
        results = {self.OUTPUT_FOLDER: output, self.PRODUCTS_FOLDER: os.path.join(output, sample.products_folder),
                   self.PRODUCT_COUNT: len(sample.products)}
        for table in sample.tables:
            if table.name == "parcels":
                results.update({self.PARCELS: os.path.join(output, files[table.name]),
                                self.PARCEL_COUNT: len(table.rows)})
        if sample.charts_folder:
            results.update({self.CHARTS_FOLDER: os.path.join(output, sample.charts_folder),
                            self.STUDY_AREA: os.path.join(output, sample.area),
                            self.CHART_COUNT: len(sample.tables)})
        return results

    def _settings(self, parameters, context):
        return SampleSettings(seed=self.parameterAsInt(parameters, self.SEED, context),
                              size=self.parameterAsInt(parameters, self.SIZE, context),
                              dates=self.parameterAsInt(parameters, self.DATE_COUNT, context))
