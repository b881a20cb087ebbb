"""One Sentinel-2 product becomes one stack of bands on one grid."""

from qgis.core import QgsProcessingParameterFile, QgsProcessingParameterRasterDestination

from ...compute.sentinel2.product import read_product
from ...compute.sentinel2.scene import StackSettings
from ...compute.sentinel2.stack import write_stack
from ...provider.base import Algorithm, Group
from ...provider.progress import FeedbackProgress
from ...provider.styling import dress
from .options import AOI, add_stack_options, area_of, check_area, stack_options

PRODUCT_FILTER = "Sentinel-2 products (*.zip *.xml *.SAFE);;All files (*)"


class PreprocessSentinel2(Algorithm):
    """SAFE or zip in, one analysis-ready GeoTIFF out."""

    INPUT = "INPUT"
    OUTPUT = "OUTPUT"

    NAME = "preprocesssentinel2"
    TITLE = "Preprocess a Sentinel-2 product"
    GROUP = Group.SENTINEL2
    TAGS = ("sentinel-2", "safe", "l2a", "msil2a", "resample", "cloud mask", "scl", "reflectance", "copernicus")
    HELP = ("Brings the bands of one downloaded Sentinel-2 product to one grid and one file, cut to an area of "
            "interest, with clouds removed if you wish. Reflectance is right for every processing baseline (the offset "
            "of baseline 04.00 and later is applied) and stored as int16 with its scale in the file.")
    REQUIRES = ("rasterio", "defusedxml")

    def initAlgorithm(self, configuration=None):
        """Declare the parameters."""
        self.declare(
            QgsProcessingParameterFile(self.INPUT, self.tr("Sentinel-2 product"), fileFilter=PRODUCT_FILTER),
            "the zip as downloaded, the MTD_MSIL2A.xml inside a .SAFE folder, or (typed) the .SAFE folder itself.")
        add_stack_options(self, StackSettings())
        self.declare(
            QgsProcessingParameterRasterDestination(self.OUTPUT, self.tr("Stack")),
            "GeoTIFF with one band for each chosen band; pixels without data have the nodata value -32768.")

    def checkParameterValues(self, parameters, context):
        """Allow one area of interest at most."""
        ok, message = super().checkParameterValues(parameters, context)
        return check_area(self, parameters, context) if ok else (ok, message)

    def prepareAlgorithm(self, parameters, context, feedback):
        """Open the layer of the area of interest."""
        self._area_source = self.parameterAsSource(parameters, AOI, context)
        return True

    def processAlgorithm(self, parameters, context, feedback):
        """Read, resample, mask and write."""
        area = area_of(self, self._area_source, parameters, context)
        product = read_product(self.parameterAsFile(parameters, self.INPUT, context))
        output = self.parameterAsOutputLayer(parameters, self.OUTPUT, context)
        settings = StackSettings(**stack_options(self, parameters, context))
        write_stack(product, output, settings, area, FeedbackProgress(feedback))
        dress(output, f"{product.platform} {product.date.isoformat()}", context, group=self.tr("Floefield: Sentinel-2"),
              algorithm=self)
        return {self.OUTPUT: output}
