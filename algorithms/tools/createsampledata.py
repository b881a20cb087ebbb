"""Tool ``createsampledata``: synthetic products with reference data, to try all tools without a download."""

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
from ...compute.output_files import complete_folder
from ...compute.sampledata.sample import LARGEST_SIZE, MOST_DATES, SMALLEST_SIZE, SampleSettings
from ...compute.sampledata.sample_kinds import KINDS, create_sample
from ...provider.base import Algorithm, Group
from ...vector.sample_layers import write_table


class CreateSampleData(Algorithm):
    """Create synthetic Sentinel products with parcels or ice charts."""

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
    TAGS = ("example", "example data", "demo", "simulation", "synthetic", "tutorial", "training", "test data",
            "sentinel-2", "crops", "parcels", "reference data", "ground truth", "sentinel-1", "sea ice", "ice chart")
    HELP = ("Creates synthetic products with reference data, to try all tools without a download. Crops: Sentinel-2 "
            "Level-2A products of a season with clouds, shadows and scene classification, and parcels with crop "
            "labels. Sea ice: Sentinel-1 EW products of a winter, and weekly ice charts. The data are about as hard to "
            "classify as real data, but nothing in them is real: use them for learning and testing only. Ten dates "
            "take about half a minute and 25 MB.")
    REQUIRES = ("rasterio", "skimage", "scipy", "jinja2")

    def initAlgorithm(self, configuration=None):
        """Declare the parameters."""
        defaults = SampleSettings()
        integer = QgsProcessingParameterNumber.Type.Integer
        self.declare(
            QgsProcessingParameterEnum(self.KIND, self.tr("Sample kind"), options=list(KINDS),
                                       defaultValue=next(iter(KINDS)), usesStaticStrings=True),
            "Type of sample. crops: Sentinel-2 Level-2A products from March to October, and parcels with crop labels. "
            "seaice: Sentinel-1 EW GRDM products (HH and HV) from October to March, and weekly ice charts.")
        self.declare(
            QgsProcessingParameterNumber(self.SEED, self.tr("Random seed"), integer, defaults.seed, minValue=0),
            "Seed of the random numbers (0 or more): landscape, weather and dates depend on it. The same seed results "
            "in the same sample.")
        self.declare(
            QgsProcessingParameterNumber(self.SIZE, self.tr("Scene size (pixels)"), integer,
                                         defaults.size, minValue=SMALLEST_SIZE, maxValue=LARGEST_SIZE),
            "Width and height of the scene in pixels of 10 m (crops) or 40 m (seaice): a multiple of 6 from "
            f"{SMALLEST_SIZE} to {LARGEST_SIZE}. Below 300 some classes have very few parcels, or hardly any "
            "ice.", advanced=True)
        self.declare(
            QgsProcessingParameterNumber(self.DATE_COUNT, self.tr("Number of dates"), integer, defaults.dates,
                                         minValue=1, maxValue=MOST_DATES),
            f"Number of products between March and October (crops) or October and March (seaice), 1 to {MOST_DATES}. A "
            "third of the Sentinel-2 products is partly cloudy; with five dates or more, one is almost completely "
            "cloudy.", advanced=True)
        self.declare(
            QgsProcessingParameterFolderDestination(self.OUTPUT_FOLDER, self.tr("Output folder")),
            "New or empty folder for the products (folder sentinel2 or sentinel1), parcels.gpkg, landcover.tif and "
            "aoi.geojson (crops) or the folder icecharts and study_area.geojson (seaice), and README.txt.")
        self.addOutput(QgsProcessingOutputFolder(self.PRODUCTS_FOLDER, self.tr("Folder with the products")))
        self.addOutput(QgsProcessingOutputVectorLayer(self.PARCELS, self.tr("Parcels")))
        self.addOutput(QgsProcessingOutputNumber(self.PRODUCT_COUNT, self.tr("Number of products")))
        self.addOutput(QgsProcessingOutputNumber(self.PARCEL_COUNT, self.tr("Number of parcels")))
        self.addOutput(QgsProcessingOutputFolder(self.CHARTS_FOLDER, self.tr("Folder with the ice charts")))
        self.addOutput(QgsProcessingOutputVectorLayer(self.STUDY_AREA, self.tr("Study area")))
        self.addOutput(QgsProcessingOutputNumber(self.CHART_COUNT, self.tr("Number of ice charts")))

    def checkParameterValues(self, parameters, context):
        """Check the scene size."""
        ok, message = super().checkParameterValues(parameters, context)
        if ok:
            try:
                self._settings(parameters, context)
            except PlainError as error:
                return False, self.tr(str(error))
        return ok, message

    def execute(self, parameters, context, progress):
        """Create the sample in a temporary folder and move it to the output folder when it is complete."""
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
