"""Tool ``preprocesssentinel1``: Sentinel-1 GRD products to geocoded backscatter, one raster per product."""

from dataclasses import replace

from qgis.core import QgsCoordinateReferenceSystem

from ...compute.batch import ON_ERROR_PARAMETER, load_parameter
from ...compute.declarations import ParameterDeclaration, pick, with_defaults
from ...compute.safe import find_products
from ...compute.sentinel1.backscatter_settings import BACKSCATTER_PARAMETERS, BackscatterSettings
from ...compute.sentinel1.geocoding import write_scenes
from ...compute.sentinel1.grd_product import SENTINEL1_SAFE
from ...provider.area_inputs import check_area, read_area
from ...provider.base import Algorithm, Group
from ...provider.parameters import read, read_settings
from ...provider.styling import load_on_completion
from ...vector.land_polygons import land_polygons, world_map

INPUTS = ParameterDeclaration(
    "INPUTS", "Sentinel-1 products (one of these two)",
    "Zip archives as downloaded, manifest.safe files or .SAFE folders. Alternative: INPUT_FOLDER.",
    kind="files", optional=True)
INPUT_FOLDER = ParameterDeclaration(
    "INPUT_FOLDER", "Folder with Sentinel-1 products (one of these two)",
    "Folder searched, with its subfolders, for .SAFE folders and zip archives. Alternative: INPUTS.",
    kind="folder", optional=True)
LAND_MASK = ParameterDeclaration(
    "LAND_MASK", "Land mask", "Set land to NoData. Switch it off for applications over land.",
    kind="boolean", default=True)
LAND = ParameterDeclaration(
    "LAND", "Land polygons",
    "Land polygons in any CRS, such as the GSHHG shoreline. Empty: the world map shipped with QGIS, which is "
    "coarse.",
    kind="polygons", optional=True)
AOI = ParameterDeclaration(
    "AOI", "Area of interest", "Polygons in any CRS; the outputs cover their bounding box. Empty: whole scenes.",
    kind="polygons", optional=True)
AOI_WKT = ParameterDeclaration(
    "AOI_WKT", "Area of interest (WKT)",
    "WKT geometry in degrees of longitude and latitude: POLYGON((-20 75, -10 75, -10 77, ...)).",
    kind="text", optional=True, advanced=True)
ON_ERROR = replace(ON_ERROR_PARAMETER, help=(
    "skip: log the error, process the other products, and succeed. skip_then_fail: likewise, but end with an error "
    "(exit code 1), for scripts that check it. stop: end at once; rasters that are complete are kept."))
LOAD = load_parameter("output rasters")
OUTPUT_FOLDER = ParameterDeclaration(
    "OUTPUT_FOLDER", "Output folder",
    "Folder for the GeoTIFFs, one per product, named by satellite, mode, start time and orbit. Files with the "
    "same name are overwritten.",
    kind="folder_destination")
OUTPUTS = ParameterDeclaration("OUTPUTS", "Backscatter rasters", kind="layers_result")
SCENE_COUNT = ParameterDeclaration("SCENE_COUNT", "Number of scenes", kind="number_result")
FAILED_COUNT = ParameterDeclaration("FAILED_COUNT", "Number of products not used", kind="number_result")

BACKSCATTER = with_defaults(BACKSCATTER_PARAMETERS, BackscatterSettings())


class PreprocessSentinel1(Algorithm):
    """Remove noise from, calibrate and geocode Sentinel-1 GRD products."""

    NAME = "preprocesssentinel1"
    TITLE = "Preprocess Sentinel-1 products"
    GROUP = Group.SENTINEL1
    TAGS = ("sentinel-1", "sar", "radar", "backscatter", "grd", "grdh", "grdm", "ew", "iw", "safe", "calibration",
            "radiometric calibration", "thermal noise", "denoising", "border noise", "sigma0", "sigma nought", "gamma0",
            "beta0", "speckle", "lee", "refined lee", "multilook", "geocoding", "ellipsoid correction",
            "terrain correction", "incidence angle", "sub-swath", "scalloping", "land mask", "sea ice", "snap",
            "batch", "copernicus")
    HELP = ("Processes Sentinel-1 GRD products (EW and IW, GRDM and GRDH, any polarisations) to geocoded backscatter: "
            "border and thermal noise removal, calibration, speckle filter, incidence angle correction, geocoding to "
            "any CRS with the geolocation grid of the product, land mask. One raster per product; zip archives are "
            "read without unpacking.")
    REQUIRES = ("rasterio", "defusedxml", "scipy", "jinja2")
    PARAMETERS = (
        INPUTS, INPUT_FOLDER,
        *(each for each in BACKSCATTER if each.name not in ("LAND_BUFFER", "THREADS")),
        LAND_MASK, LAND, *pick(BACKSCATTER, "LAND_BUFFER"), AOI, AOI_WKT,
        ON_ERROR, LOAD, *pick(BACKSCATTER, "THREADS"),
        OUTPUT_FOLDER, OUTPUTS, SCENE_COUNT, FAILED_COUNT)

    def checkParameterValues(self, parameters, context):
        """Check the inputs, the area of interest and the settings that depend on each other."""
        ok, message = super().checkParameterValues(parameters, context)
        if not ok:
            return ok, message
        if bool(read(self, INPUTS, parameters, context)) == bool(read(self, INPUT_FOLDER, parameters, context)):
            return False, self.tr("Give either a list of products (INPUTS) or a folder with products (INPUT_FOLDER).")
        ok, message = check_area(self, parameters)
        if not ok:
            return ok, message
        checked = pick(BACKSCATTER, "SPECKLE_WINDOW", "SWATH_BALANCE", "SWATH_TABLE", "NOISE_REMOVAL")
        window, balance, table, noise_removal = (read(self, each, parameters, context) for each in checked)
        if window % 2 == 0:
            return False, self.tr("SPECKLE_WINDOW is even. Give an odd number of pixels.")
        if balance == "table" and not table:
            return False, self.tr("SWATH_BALANCE=table requires SWATH_TABLE. Give the table, or choose another method.")
        if balance != "none" and noise_removal == "none":
            return False, self.tr("SWATH_BALANCE requires thermal noise removal. Set NOISE_REMOVAL to range or full.")
        return True, ""

    def prepare_inputs(self, parameters, context, feedback):
        """Open the layers of the area of interest and of the land polygons."""
        self._area_source = self.parameterAsSource(parameters, AOI.name, context)
        self._land_source = None
        if read(self, LAND_MASK, parameters, context):
            self._land_source = self.parameterAsSource(parameters, LAND.name, context) or world_map(context)
            if self._land_source is None:
                feedback.pushWarning(self.tr("Land is not masked: the world map of QGIS is not installed. Give LAND."))

    def execute(self, parameters, context, progress):
        """Process each product."""
        settings = BackscatterSettings(**read_settings(self, BACKSCATTER_PARAMETERS, parameters, context))
        folder = read(self, OUTPUT_FOLDER, parameters, context)
        paths = read(self, INPUTS, parameters, context) or find_products(
            read(self, INPUT_FOLDER, parameters, context), SENTINEL1_SAFE)
        on_error = read(self, ON_ERROR, parameters, context)
        batch = write_scenes(paths, folder, settings, progress,
                             read_area(self, self._area_source, parameters, context),
                             self._land(settings.land_buffer, context, progress), on_error)
        batch.require_success(on_error)
        outputs = [scene.path for scene in batch.results]
        if read(self, LOAD, parameters, context):
            for path in outputs:
                load_on_completion(path, OUTPUTS.name, context, group=self.tr("Floefield: Sentinel-1"))
        return {OUTPUT_FOLDER.name: folder, OUTPUTS.name: outputs, SCENE_COUNT.name: len(outputs),
                FAILED_COUNT.name: len(batch.failures)}

    def _land(self, buffer, context, progress):
        """Return a function that reads the land polygons of a scene, or None."""
        if self._land_source is None:
            return None

        def land_of_scene(projected):
            crs = QgsCoordinateReferenceSystem.fromWkt(projected.crs_wkt)
            return land_polygons(self._land_source, projected.lonlat_bounds, projected.centre, crs, buffer, context,
                                 progress)

        return land_of_scene
