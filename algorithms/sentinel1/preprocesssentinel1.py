"""Tool ``preprocesssentinel1``: Sentinel-1 GRD products to geocoded backscatter, one raster per product."""

from qgis.core import (
    QgsCoordinateReferenceSystem,
    QgsProcessing,
    QgsProcessingOutputMultipleLayers,
    QgsProcessingOutputNumber,
    QgsProcessingParameterBoolean,
    QgsProcessingParameterCrs,
    QgsProcessingParameterEnum,
    QgsProcessingParameterFeatureSource,
    QgsProcessingParameterFile,
    QgsProcessingParameterFolderDestination,
    QgsProcessingParameterMultipleLayers,
    QgsProcessingParameterNumber,
    QgsProcessingParameterString,
)

from ...compute.batch import ON_ERROR
from ...compute.errors import UnsuitableInput
from ...compute.raster.blocks import MAX_THREADS
from ...compute.safe import find_products
from ...compute.sentinel1.backscatter_settings import (
    CALIBRATIONS,
    NOISE_REMOVAL,
    SCALES,
    SPECKLE_FILTERS,
    SURFACES,
    SWATH_BALANCE,
    BackscatterSettings,
)
from ...compute.sentinel1.geocoding import write_scenes
from ...compute.sentinel1.grd_product import POLARISATIONS, SENTINEL1_SAFE
from ...provider.base import Algorithm, Group
from ...provider.parameters import is_null
from ...provider.styling import load_on_completion
from ...vector.areas import area_from_source, area_from_wkt
from ...vector.land_polygons import land_polygons, world_map
from ...vector.transforms import wkt_of

NUMBER = QgsProcessingParameterNumber.Type


class PreprocessSentinel1(Algorithm):
    """Remove noise from, calibrate and geocode Sentinel-1 GRD products."""

    INPUTS = "INPUTS"
    INPUT_FOLDER = "INPUT_FOLDER"
    CRS = "CRS"
    AOI = "AOI"
    AOI_WKT = "AOI_WKT"
    LAND_MASK = "LAND_MASK"
    LAND = "LAND"
    ON_ERROR = "ON_ERROR"
    OUTPUT_FOLDER = "OUTPUT_FOLDER"
    OUTPUTS = "OUTPUTS"
    SCENE_COUNT = "SCENE_COUNT"
    FAILED_COUNT = "FAILED_COUNT"

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

    def initAlgorithm(self, configuration=None):
        """Declare the parameters."""
        defaults = BackscatterSettings()
        self.declare(
            QgsProcessingParameterMultipleLayers(self.INPUTS, self.tr("Sentinel-1 products (one of these two)"),
                                                 QgsProcessing.SourceType.TypeFile, optional=True),
            "Zip archives as downloaded, manifest.safe files or .SAFE folders. Alternative: INPUT_FOLDER.")
        self.declare(
            QgsProcessingParameterFile(self.INPUT_FOLDER, self.tr("Folder with Sentinel-1 products (one of these two)"),
                                       behavior=QgsProcessingParameterFile.Behavior.Folder, optional=True),
            "Folder searched, with its subfolders, for .SAFE folders and zip archives. Alternative: INPUTS.")
        self._choice("POLARISATIONS", self.tr("Polarisations"), POLARISATIONS, None,
                     "Polarisations to process, one band each. Empty: all polarisations of the product.", several=True)
        self._declare_radiometry(defaults)
        self.declare(
            QgsProcessingParameterCrs(self.CRS, self.tr("Output CRS"), optional=True),
            "Coordinate reference system of the output, such as EPSG:3413 (most Arctic ice charts) or EPSG:32626 (UTM "
            "zone between Greenland and Iceland). Empty: EPSG:3413 north of 60° N, EPSG:3976 south of 60° S, else the "
            "UTM zone of the scene. Scenes with the same CRS and pixel size share one pixel grid.")
        self.declare(
            QgsProcessingParameterNumber("PIXEL_SIZE", self.tr("Pixel size (CRS units, 0 = product)"), NUMBER.Double,
                                         defaults.pixel_size, minValue=0.0),
            "Pixel size of the output in units of the CRS. 0: pixel spacing of the product (40 m for EW GRDM, 10 m for "
            "IW GRDH).")
        self._choice("SURFACE", self.tr("Height surface"), SURFACES, defaults.surface,
                     "Heights used for geocoding. grid: heights of the geolocation grid of the product. sea_level: sea "
                     "level everywhere, which removes the displacement of sea ice along mountainous coasts.",
                     advanced=True)
        self._declare_masks(defaults)
        self._choice(self.ON_ERROR, self.tr("If an input cannot be used"), ON_ERROR, ON_ERROR[0],
                     "skip: log the error, process the other products, and succeed. skip_then_fail: likewise, but end "
                     "with an error (exit code 1), for scripts that check it. stop: end at once; rasters that are "
                     "complete are kept.", advanced=True)
        self.declare(
            QgsProcessingParameterBoolean("LOAD", self.tr("Load results into the project"), defaultValue=True),
            "Load the output rasters when the run ends (QGIS Desktop only). Switch it off for long series.",
            advanced=True)
        self.declare(
            QgsProcessingParameterNumber("THREADS", self.tr("Number of threads (0 = automatic)"), NUMBER.Integer,
                                         defaults.threads, minValue=0, maxValue=4 * MAX_THREADS),
            "Number of worker threads. 0: all processor cores but one, at most 8. The output does not depend on it.",
            advanced=True)
        self.declare(
            QgsProcessingParameterFolderDestination(self.OUTPUT_FOLDER, self.tr("Output folder")),
            "Folder for the GeoTIFFs, one per product, named by satellite, mode, start time and orbit. Files with the "
            "same name are overwritten.")
        self.addOutput(QgsProcessingOutputMultipleLayers(self.OUTPUTS, self.tr("Backscatter rasters")))
        self.addOutput(QgsProcessingOutputNumber(self.SCENE_COUNT, self.tr("Number of scenes")))
        self.addOutput(QgsProcessingOutputNumber(self.FAILED_COUNT, self.tr("Number of products not used")))

    def _declare_radiometry(self, defaults):
        self.declare(
            QgsProcessingParameterBoolean("BORDER_NOISE_REMOVAL", self.tr("Border noise removal"),
                                          defaults.border_noise_removal),
            "Remove the invalid pixels along the image borders of products processed before 2018; it hardly changes "
            "newer products.", advanced=True)
        self._choice("NOISE_REMOVAL", self.tr("Thermal noise removal"), NOISE_REMOVAL, defaults.noise_removal,
                     "Subtract the annotated thermal noise. full: range and azimuth noise vectors (scalloping). range: "
                     "range noise vectors only. none: no noise removal.")
        self._choice("SWATH_BALANCE", self.tr("Sub-swath balance"), SWATH_BALANCE, defaults.swath_balance,
                     "Correct the residual steps between the sub-swaths EW1 to EW5 (IW1 to IW3). table: noise scaling "
                     "and offset per sub-swath from the sub-swath noise table. estimate: from the scene itself. none: "
                     "no correction. Requires thermal noise removal.")
        self.declare(
            QgsProcessingParameterFile("SWATH_TABLE", self.tr("Sub-swath noise table (CSV)"), extension="csv",
                                       optional=True),
            "CSV file with the columns platform, mode, polarisation, processor, swath, scaling, offset, for the "
            "sub-swath balance by table. Template: resources/sentinel1/subswath_noise.csv in the folder of the plugin.",
            advanced=True)
        self._choice("CALIBRATION", self.tr("Calibration"), CALIBRATIONS, defaults.calibration,
                     "Radar backscatter coefficient. sigma0: per unit area on the ellipsoid (usual for sea ice). "
                     "gamma0: per unit area perpendicular to the beam. beta0: per unit area in slant range.",
                     advanced=True)
        self.declare(
            QgsProcessingParameterBoolean("ANGLE_CORRECTION", self.tr("Incidence angle correction"),
                                          defaults.angle_correction),
            "Normalise backscatter to the reference incidence angle: dB - slope x (angle - reference angle).")
        self.declare(
            QgsProcessingParameterNumber("REFERENCE_ANGLE", self.tr("Reference incidence angle (degrees)"),
                                         NUMBER.Double, defaults.reference_angle, minValue=0.0, maxValue=60.0),
            "Incidence angle to which backscatter is normalised, 0 to 60 degrees. 34.5 is the centre of the EW swath.",
            advanced=True)
        for polarisation, slope in defaults.slopes.items():
            self.declare(
                QgsProcessingParameterNumber(
                    f"SLOPE_{polarisation}", self.tr("Incidence angle slope {} (dB per degree)").format(polarisation),
                    NUMBER.Double, slope, minValue=-2.0, maxValue=2.0),
                f"Change of {polarisation} backscatter with the incidence angle in dB per degree, -2 to 2. Values from "
                "the literature are on the page of the tool. 0: no correction.", advanced=True)
        self.declare(
            QgsProcessingParameterNumber("MULTILOOK", self.tr("Multilook window (pixels, 0 = automatic)"),
                                         NUMBER.Integer, defaults.multilook, minValue=0, maxValue=50),
            "Edge of the square of pixels averaged before geocoding, 0 to 50. 0: the number of pixels that fit into an "
            "output pixel. 1: no averaging.", advanced=True)
        self._choice("SPECKLE_FILTER", self.tr("Speckle filter"), SPECKLE_FILTERS, defaults.speckle_filter,
                     "Filter method. lee: local statistics (Lee 1980). refined_lee: edge-aligned windows (Lee 1981). "
                     "none: no filter, recommended before texture computation.")
        self.declare(
            QgsProcessingParameterNumber("SPECKLE_WINDOW", self.tr("Lee filter window (pixels)"), NUMBER.Integer,
                                         defaults.speckle_window, minValue=3, maxValue=21),
            "Edge of the window of the Lee filter, an odd number from 3 to 21; larger windows smooth more. The refined "
            "Lee filter always uses 7.", advanced=True)
        self._choice("SCALE", self.tr("Backscatter scale"), SCALES, defaults.scale,
                     "Unit of the output. db: decibels, for maps, textures and classification. linear: power, "
                     "including the negative values that noise removal leaves.")
        self.declare(
            QgsProcessingParameterNumber("MIN_BACKSCATTER", self.tr("Minimum backscatter (dB)"), NUMBER.Double,
                                         defaults.floor, minValue=-100.0, maxValue=0.0),
            "Minimum value in decibels, -100 to 0. Lower values are set to it, and so are those that noise removal "
            "left at zero or below. Ignored for the linear scale.", advanced=True)
        self.declare(
            QgsProcessingParameterBoolean("INCIDENCE_BAND", self.tr("Incidence angle band"),
                                          defaults.incidence_band),
            "Add the incidence angle in degrees as the last band, for classifiers that use it.")

    def _declare_masks(self, defaults):
        polygons = [QgsProcessing.SourceType.TypeVectorPolygon]
        self.declare(
            QgsProcessingParameterBoolean(self.LAND_MASK, self.tr("Land mask"), defaultValue=True),
            "Set land to NoData. Switch it off for applications over land.")
        self.declare(
            QgsProcessingParameterFeatureSource(self.LAND, self.tr("Land polygons"), polygons, optional=True),
            "Land polygons in any CRS, such as the GSHHG shoreline. Empty: the world map shipped with QGIS, which is "
            "coarse.")
        self.declare(
            QgsProcessingParameterNumber("LAND_BUFFER", self.tr("Land mask buffer (m)"), NUMBER.Double,
                                         defaults.land_buffer, minValue=0.0, maxValue=100000.0),
            "Distance in metres by which the land mask extends into the sea. 0: no buffer. 1000 covers the errors of a "
            "coarse shoreline.")
        self.declare(
            QgsProcessingParameterFeatureSource(self.AOI, self.tr("Area of interest"), polygons, optional=True),
            "Polygons in any CRS; the outputs cover their bounding box. Empty: whole scenes.")
        self.declare(
            QgsProcessingParameterString(self.AOI_WKT, self.tr("Area of interest (WKT)"), optional=True),
            "WKT geometry in degrees of longitude and latitude: POLYGON((-20 75, -10 75, -10 77, ...)).", advanced=True)

    def _choice(self, name, description, options, default, help_text, several=False, advanced=False):
        self.declare(
            QgsProcessingParameterEnum(name, description, options=list(options), allowMultiple=several,
                                       defaultValue=default, optional=several, usesStaticStrings=True),
            help_text, advanced=advanced)

    def checkParameterValues(self, parameters, context):
        """Check the inputs, the area of interest and the settings that depend on each other."""
        ok, message = super().checkParameterValues(parameters, context)
        if not ok:
            return ok, message
        if bool(self._listed(parameters, context)) == bool(self._folder(parameters, context)):
            return False, self.tr("Give either a list of products (INPUTS) or a folder with products (INPUT_FOLDER).")
        if parameters.get(self.AOI) is not None and self.parameterAsString(parameters, self.AOI_WKT, context).strip():
            return False, self.tr("Give the area of interest either as a layer (AOI) or as WKT (AOI_WKT), not both.")
        if self.parameterAsInt(parameters, "SPECKLE_WINDOW", context) % 2 == 0:
            return False, self.tr("SPECKLE_WINDOW is even. Give an odd number of pixels.")
        return self._check_balance(parameters, context)

    def _check_balance(self, parameters, context):
        balance = self.parameterAsEnumString(parameters, "SWATH_BALANCE", context)
        if balance == "table" and not self.parameterAsFile(parameters, "SWATH_TABLE", context):
            return False, self.tr("SWATH_BALANCE=table requires SWATH_TABLE. Give the table, or choose another method.")
        if balance != "none" and self.parameterAsEnumString(parameters, "NOISE_REMOVAL", context) == "none":
            return False, self.tr("SWATH_BALANCE requires thermal noise removal. Set NOISE_REMOVAL to range or full.")
        return True, ""

    def prepare_inputs(self, parameters, context, feedback):
        """Open the layers of the area of interest and of the land polygons."""
        self._area_source = self.parameterAsSource(parameters, self.AOI, context)
        self._land_source = None
        if self.parameterAsBoolean(parameters, self.LAND_MASK, context):
            self._land_source = self.parameterAsSource(parameters, self.LAND, context) or world_map(context)
            if self._land_source is None:
                feedback.pushWarning(self.tr("Land is not masked: the world map of QGIS is not installed. Give LAND."))

    def execute(self, parameters, context, progress):
        """Process each product."""
        settings = self._settings(parameters, context)
        folder = self.parameterAsString(parameters, self.OUTPUT_FOLDER, context)
        paths = self._listed(parameters, context) or find_products(self._folder(parameters, context), SENTINEL1_SAFE)
        on_error = self.parameterAsEnumString(parameters, self.ON_ERROR, context)
        batch = write_scenes(paths, folder, settings, progress, self._area(parameters, context),
                             self._land(parameters, context, progress), on_error)
        batch.require_success(on_error)
        outputs = [scene.path for scene in batch.results]
        if self.parameterAsBoolean(parameters, "LOAD", context):
            for path in outputs:
                load_on_completion(path, self.OUTPUTS, context, group=self.tr("Floefield: Sentinel-1"))
        return {self.OUTPUT_FOLDER: folder, self.OUTPUTS: outputs, self.SCENE_COUNT: len(outputs),
                self.FAILED_COUNT: len(batch.failures)}

    def _settings(self, parameters, context):
        """Return the parameters as :class:`BackscatterSettings`."""
        integer, double = self.parameterAsInt, self.parameterAsDouble
        return BackscatterSettings(
            polarisations=tuple(filter(None, self.parameterAsEnumStrings(parameters, "POLARISATIONS", context))),
            **{name: self.parameterAsEnumString(parameters, name.upper(), context) for name in (
                "noise_removal", "swath_balance", "calibration", "speckle_filter", "scale", "surface")},
            **{name: self.parameterAsBoolean(parameters, name.upper(), context) for name in (
                "angle_correction", "incidence_band")},
            border_noise_removal=self.parameterAsBoolean(parameters, "BORDER_NOISE_REMOVAL", context),
            **{name: integer(parameters, name.upper(), context) for name in ("multilook", "threads")},
            speckle_window=integer(parameters, "SPECKLE_WINDOW", context),
            floor=double(parameters, "MIN_BACKSCATTER", context),
            **{name: double(parameters, name.upper(), context) for name in (
                "reference_angle", "pixel_size", "land_buffer")},
            slopes={polarisation: double(parameters, f"SLOPE_{polarisation}", context)
                    for polarisation in POLARISATIONS},
            swath_table=self.parameterAsFile(parameters, "SWATH_TABLE", context),
            crs_wkt=self._crs(parameters, context))

    def _crs(self, parameters, context):
        """Return the WKT of the output CRS; empty if none is given (the dialog passes an invalid CRS)."""
        given = parameters.get(self.CRS)
        crs = self.parameterAsCrs(parameters, self.CRS, context)
        if is_null(given) or (isinstance(given, QgsCoordinateReferenceSystem) and not given.isValid()):
            return ""
        if not crs.isValid():
            raise UnsuitableInput(f"CRS {given} is not a valid coordinate reference system. Example: EPSG:3413.")
        return wkt_of(crs)

    def _area(self, parameters, context):
        if self._area_source is not None:
            return area_from_source(self._area_source)
        text = self.parameterAsString(parameters, self.AOI_WKT, context).strip()
        return area_from_wkt(text) if text else None

    def _land(self, parameters, context, progress):
        """Return a function that reads the land polygons of a scene, or None."""
        if self._land_source is None:
            return None
        buffer = self.parameterAsDouble(parameters, "LAND_BUFFER", context)

        def land_of_scene(projected):
            crs = QgsCoordinateReferenceSystem.fromWkt(projected.crs_wkt)
            return land_polygons(self._land_source, projected.lonlat_bounds, projected.centre, crs, buffer, context,
                                 progress)

        return land_of_scene

    def _listed(self, parameters, context):
        return [path for path in self.parameterAsFileList(parameters, self.INPUTS, context) if path]

    def _folder(self, parameters, context):
        return self.parameterAsFile(parameters, self.INPUT_FOLDER, context)
