"""Tool ``createsampledata``: synthetic products with reference data, to try all tools without a download."""

import os

from ...compute.declarations import ParameterDeclaration, with_defaults
from ...compute.errors import PlainError
from ...compute.output_files import OutputSet
from ...compute.sampledata.sample import SAMPLE_PARAMETERS, SampleSettings
from ...compute.sampledata.sample_kinds import KINDS, create_sample
from ...provider.base import Algorithm, Group
from ...provider.parameters import read, read_settings
from ...vector.sample_layers import write_table

KIND = ParameterDeclaration(
    "KIND", "Sample kind",
    "Type of sample. crops: Sentinel-2 Level-2A products from March to October, and parcels with crop labels. "
    "seaice: Sentinel-1 EW GRDM products (HH and HV) from October to March, and weekly ice charts.",
    kind="enum", default=next(iter(KINDS)), options=tuple(KINDS))
OUTPUT_FOLDER = ParameterDeclaration(
    "OUTPUT_FOLDER", "Output folder",
    "New or empty folder for the products (folder sentinel2 or sentinel1), parcels.gpkg, landcover.tif and "
    "aoi.geojson (crops) or the folder icecharts and study_area.geojson (seaice), and README.txt.",
    kind="folder_destination")
PRODUCTS_FOLDER = ParameterDeclaration("PRODUCTS_FOLDER", "Folder with the products", kind="folder_result")
PARCELS = ParameterDeclaration("PARCELS", "Parcels", kind="layer_result")
PRODUCT_COUNT = ParameterDeclaration("PRODUCT_COUNT", "Number of products", kind="number_result")
PARCEL_COUNT = ParameterDeclaration("PARCEL_COUNT", "Number of parcels", kind="number_result")
CHARTS_FOLDER = ParameterDeclaration("CHARTS_FOLDER", "Folder with the ice charts", kind="folder_result")
STUDY_AREA = ParameterDeclaration("STUDY_AREA", "Study area", kind="layer_result")
CHART_COUNT = ParameterDeclaration("CHART_COUNT", "Number of ice charts", kind="number_result")


class CreateSampleData(Algorithm):
    """Create synthetic Sentinel products with parcels or ice charts."""

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
    PARAMETERS = (KIND, *with_defaults(SAMPLE_PARAMETERS, SampleSettings()), OUTPUT_FOLDER, PRODUCTS_FOLDER, PARCELS,
                  PRODUCT_COUNT, PARCEL_COUNT, CHARTS_FOLDER, STUDY_AREA, CHART_COUNT)

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
        output = read(self, OUTPUT_FOLDER, parameters, context)
        with OutputSet() as outputs:
            folder = outputs.folder(output, must_be_empty=True)
            sample = create_sample(read(self, KIND, parameters, context), folder,
                                   self._settings(parameters, context), progress)
            files = {table.name: write_table(table, folder, context.transformContext()) for table in sample.tables}
            progress.step(1.0)
        progress.say(sample.summary)
        results = {OUTPUT_FOLDER.name: output, PRODUCTS_FOLDER.name: os.path.join(output, sample.products_folder),
                   PRODUCT_COUNT.name: len(sample.products)}
        for table in sample.tables:
            if table.name == "parcels":
                results.update({PARCELS.name: os.path.join(output, files[table.name]),
                                PARCEL_COUNT.name: len(table.rows)})
        if sample.charts_folder:
            results.update({CHARTS_FOLDER.name: os.path.join(output, sample.charts_folder),
                            STUDY_AREA.name: os.path.join(output, sample.area),
                            CHART_COUNT.name: len(sample.tables)})
        return results

    def _settings(self, parameters, context):
        return SampleSettings(**read_settings(self, SAMPLE_PARAMETERS, parameters, context))
