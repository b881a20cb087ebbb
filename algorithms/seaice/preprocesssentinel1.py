"""Sentinel-1 products become geocoded backscatter, one raster for each scene."""

from qgis.core import (
    QgsCoordinateReferenceSystem,
    QgsProcessing,
    QgsProcessingException,
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

from ...compute.errors import UnsuitableInput
from ...compute.raster.blocks import MOST_THREADS
from ...compute.sentinel1.batch import WHEN_BROKEN, write_scenes
from ...compute.sentinel1.product import POLARISATIONS
from ...compute.sentinel1.safe import find_products
from ...compute.sentinel1.settings import (
    CALIBRATIONS,
    NOISE_REMOVAL,
    SCALES,
    SPECKLE_FILTERS,
    SURFACES,
    SWATH_BALANCE,
    BackscatterSettings,
)
from ...provider.areas import area_from_source, area_from_wkt, wkt_of
from ...provider.base import Algorithm, Group
from ...provider.inputs import is_null
from ...provider.land import land_polygons, world_map
from ...provider.progress import FeedbackProgress
from ...provider.styling import load_later

NUMBER = QgsProcessingParameterNumber.Type


class PreprocessSentinel1(Algorithm):
    """GRD products in; calibrated, denoised, geocoded backscatter out."""

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
    GROUP = Group.SEAICE
    TAGS = ("sentinel-1", "sar", "grd", "safe", "calibration", "thermal noise", "sigma0", "speckle", "geocoding",
            "incidence angle", "terrain correction", "sea ice", "batch", "copernicus")
    HELP = ("Brings downloaded Sentinel-1 GRD products (EW and IW, GRDM and GRDH, any polarisations) to maps of "
            "backscatter: thermal noise removed, calibrated, brought to one incidence angle, geocoded to any CRS, land "
            "masked. One raster for each product; the zips are read as they are.")
    REQUIRES = ("rasterio", "defusedxml", "scipy")

    def initAlgorithm(self, configuration=None):
        """Declare the parameters."""
        defaults = BackscatterSettings()
        self.declare(
            QgsProcessingParameterMultipleLayers(self.INPUTS, self.tr("Sentinel-1 products"),
                                                 QgsProcessing.SourceType.TypeFile, optional=True),
            "zips as downloaded, manifest.safe files or .SAFE folders. Give these or the folder below.")
        self.declare(
            QgsProcessingParameterFile(self.INPUT_FOLDER, self.tr("Folder with Sentinel-1 products"),
                                       behavior=QgsProcessingParameterFile.Behavior.Folder, optional=True),
            "all products in it and its subfolders are used, .SAFE folders and zips alike.")
        self._choice("POLARISATIONS", self.tr("Polarisations"), POLARISATIONS, None,
                     "bands of the result. Leave it empty for all that a product has.", several=True)
        self._declare_radiometry(defaults)
        self.declare(
            QgsProcessingParameterCrs(self.CRS, self.tr("CRS of the result"), optional=True),
            "any map projection, such as EPSG:3413 of most Arctic ice charts or EPSG:32626, the UTM zone between "
            "Greenland and Iceland. Left empty: EPSG:3413 beyond 60 degrees north, EPSG:3976 beyond 60 degrees south, "
            "else the UTM zone of the scene. Scenes of one CRS and pixel size share one pixel lattice.")
        self.declare(
            QgsProcessingParameterNumber("PIXEL_SIZE", self.tr("Pixel size (0: as the product)"), NUMBER.Double,
                                         defaults.pixel_size, minValue=0.0),
            "in units of the CRS; 0 takes the spacing of the product (40 m for EW GRDM, 10 m for IW GRDH).")
        self._choice("SURFACE", self.tr("Heights"), SURFACES, defaults.surface,
                     "grid: pixels lie where the product's geolocation grid says, whose points on land have heights. "
                     "sealevel: as if all were sea, which puts ice right along mountainous coasts.", advanced=True)
        self._declare_places(defaults)
        self._choice(self.ON_ERROR, self.tr("If a product is broken"), WHEN_BROKEN, WHEN_BROKEN[0],
                     "the others are done in any case, and a message names it. skip: that is all. fail: in the end the "
                     "run is reported as failed (exit code 1), for scripts that must notice.", advanced=True)
        self.declare(
            QgsProcessingParameterBoolean("LOAD", self.tr("Load the scenes into the project"), defaultValue=True),
            "in the desktop only; switch it off for long series.", advanced=True)
        self.declare(
            QgsProcessingParameterNumber("THREADS", self.tr("Threads"), NUMBER.Integer, defaults.threads, minValue=0,
                                         maxValue=4 * MOST_THREADS),
            "worker threads; 0 lets Floefield choose. The result does not depend on it.", advanced=True)
        self.declare(
            QgsProcessingParameterFolderDestination(self.OUTPUT_FOLDER, self.tr("Folder for the scenes")),
            "receives one GeoTIFF for each product, named by satellite, mode, time and orbit. Files of the same name "
            "are replaced.")
        self.addOutput(QgsProcessingOutputMultipleLayers(self.OUTPUTS, self.tr("Scenes")))
        self.addOutput(QgsProcessingOutputNumber(self.SCENE_COUNT, self.tr("Number of scenes")))
        self.addOutput(QgsProcessingOutputNumber(self.FAILED_COUNT, self.tr("Number of broken products")))

    def _declare_radiometry(self, defaults):
        self.declare(
            QgsProcessingParameterBoolean("BORDER_NOISE_REMOVAL", self.tr("Remove border noise"), defaults.border_removal),
            "cuts the dark, invalid rims at the edges of products made before 2018; newer ones hardly change.",
            advanced=True)
        self._choice("NOISE_REMOVAL", self.tr("Thermal noise removal"), NOISE_REMOVAL, defaults.noise_removal,
                     "subtracts the noise that the product states. full: range and azimuth (scalloping); range: range "
                     "only; none: keeps the noise.")
        self._choice("SWATH_BALANCE", self.tr("Balance of the sub-swaths"), SWATH_BALANCE, defaults.swath_balance,
                     "evens out steps that remain between EW1 to EW5 (IW1 to IW3). table: noise scaling and offset by "
                     "sub-swath from the table below; estimate: found from the scene itself.")
        self.declare(
            QgsProcessingParameterFile("SWATH_TABLE", self.tr("Table of noise scaling and offset"), extension="csv",
                                       optional=True),
            "CSV with platform, mode, polarisation, processor, swath, scaling, offset; for the balance by table. An "
            "empty one to fill in comes with Floefield (resources/sentinel1/subswath_noise.csv).",
            advanced=True)
        self._choice("CALIBRATION", self.tr("Calibration"), CALIBRATIONS, defaults.calibration,
                     "sigma0 relates to the ground (usual for ice), gamma0 to the plane across the beam, beta0 to the "
                     "slant plane.", advanced=True)
        self.declare(
            QgsProcessingParameterBoolean("ANGLE_CORRECTION", self.tr("Correct for the incidence angle"),
                                          defaults.angle_correction),
            "brings backscatter to one incidence angle: dB - slope x (angle - reference), so that near and far range "
            "look alike.")
        self.declare(
            QgsProcessingParameterNumber("REFERENCE_ANGLE", self.tr("Reference angle (degrees)"), NUMBER.Double,
                                         defaults.reference_angle, minValue=0.0, maxValue=60.0),
            "the angle that all backscatter is brought to; 34.5 is the middle of the EW swath.", advanced=True)
        for polarisation, slope in defaults.slopes.items():
            self.declare(
                QgsProcessingParameterNumber(f"SLOPE_{polarisation}", self.tr("Slope {}").format(polarisation)
                                             + self.tr(" (dB per degree)"), NUMBER.Double, slope, minValue=-2.0,
                                             maxValue=2.0),
                f"how {polarisation} backscatter changes with the incidence angle; the page of the tool lists values "
                "from the literature. 0 leaves it as it is.", advanced=True)
        self.declare(
            QgsProcessingParameterNumber("MULTILOOK", self.tr("Multilook (pixels)"), NUMBER.Integer,
                                         defaults.multilook, minValue=0, maxValue=50),
            "averages squares of so many pixels before geocoding. 0 takes as many as fit into a pixel of the result, "
            "so that nothing is lost when pixels become larger; 1 averages nothing.", advanced=True)
        self._choice("SPECKLE_FILTER", self.tr("Speckle filter"), SPECKLE_FILTERS, defaults.speckle_filter,
                     "lee smooths where the scene is homogeneous; refinedlee does so along edges. none is right before "
                     "textures are computed.")
        self.declare(
            QgsProcessingParameterNumber("SPECKLE_WINDOW", self.tr("Window of the Lee filter (pixels)"), NUMBER.Integer,
                                         defaults.filter_size, minValue=3, maxValue=21),
            "an odd number; larger smooths more. The refined filter always uses 7.", advanced=True)
        self._choice("SCALE", self.tr("Scale"), SCALES, defaults.scale,
                     "db for maps, textures and classification; linear keeps power, with the small negative values "
                     "that noise removal leaves.")
        self.declare(
            QgsProcessingParameterNumber("MIN_BACKSCATTER", self.tr("Lowest value (dB)"), NUMBER.Double, defaults.floor,
                                         minValue=-100.0, maxValue=0.0),
            "pixels below it get it, and so do those that are not positive once the noise is gone.", advanced=True)
        self.declare(
            QgsProcessingParameterBoolean("INCIDENCE_BAND", self.tr("Add the incidence angle as a band"),
                                          defaults.incidence_band),
            "degrees, for classifiers that should know it.")

    def _declare_places(self, defaults):
        polygons = [QgsProcessing.SourceType.TypeVectorPolygon]
        self.declare(
            QgsProcessingParameterBoolean(self.LAND_MASK, self.tr("Mask land"), defaultValue=True),
            "land becomes nodata. Switch it off to see land.")
        self.declare(
            QgsProcessingParameterFeatureSource(self.LAND, self.tr("Land"), polygons, optional=True),
            "polygons in any CRS, such as the GSHHG shoreline. Without a layer the world map of QGIS serves, which is "
            "coarse.")
        self.declare(
            QgsProcessingParameterNumber("LAND_BUFFER", self.tr("Land buffer (m)"), NUMBER.Double,
                                         defaults.land_buffer, minValue=0.0, maxValue=100000.0),
            "metres by which the mask reaches into the sea; 1000 hides what a coarse shoreline leaves.")
        self.declare(
            QgsProcessingParameterFeatureSource(self.AOI, self.tr("Area of interest"), polygons, optional=True),
            "polygons, in any CRS; the results cover their bounding box. Leave it empty for whole scenes.")
        self.declare(
            QgsProcessingParameterString(self.AOI_WKT, self.tr("Area of interest as WKT"), optional=True),
            "the same as text, in degrees of longitude and latitude: POLYGON((-20 75, -10 75, -10 77, ...)).",
            advanced=True)

    def _choice(self, name, description, options, default, help_text, several=False, advanced=False):
        self.declare(
            QgsProcessingParameterEnum(name, description, options=list(options), allowMultiple=several,
                                       defaultValue=default, optional=several, usesStaticStrings=True),
            help_text, advanced=advanced)

    def checkParameterValues(self, parameters, context):
        """Ask for a list or a folder, one area of interest at most, and what the choices need."""
        ok, message = super().checkParameterValues(parameters, context)
        if not ok:
            return ok, message
        if bool(self._listed(parameters, context)) == bool(self._folder(parameters, context)):
            return False, self.tr("Give either a list of products or a folder with products.")
        if parameters.get(self.AOI) is not None and self.parameterAsString(parameters, self.AOI_WKT, context).strip():
            return False, self.tr("Give the area of interest either as a layer or as WKT, not both.")
        if self.parameterAsInt(parameters, "SPECKLE_WINDOW", context) % 2 == 0:
            return False, self.tr("The window of the Lee filter must be an odd number of pixels.")
        return self._check_balance(parameters, context)

    def _check_balance(self, parameters, context):
        balance = self.parameterAsEnumString(parameters, "SWATH_BALANCE", context)
        if balance == "table" and not self.parameterAsFile(parameters, "SWATH_TABLE", context):
            return False, self.tr("Give the table of noise scaling and offset, or choose another balance.")
        if balance != "none" and self.parameterAsEnumString(parameters, "NOISE_REMOVAL", context) == "none":
            return False, self.tr("Balancing the sub-swaths scales the thermal noise: choose a noise removal as well.")
        return True, ""

    def prepareAlgorithm(self, parameters, context, feedback):
        """Open the layers of the area of interest and of the land."""
        self._area_source = self.parameterAsSource(parameters, self.AOI, context)
        self._land_source = None
        if self.parameterAsBoolean(parameters, self.LAND_MASK, context):
            self._land_source = self.parameterAsSource(parameters, self.LAND, context) or world_map(context)
            if self._land_source is None:
                feedback.pushWarning(self.tr("This QGIS has no world map, so land is not masked. Give a land layer."))
        return True

    def processAlgorithm(self, parameters, context, feedback):
        """Every product by itself."""
        progress = FeedbackProgress(feedback)
        settings = self._settings(parameters, context)
        folder = self.parameterAsString(parameters, self.OUTPUT_FOLDER, context)
        paths = self._listed(parameters, context) or find_products(self._folder(parameters, context))
        batch = write_scenes(paths, folder, settings, progress, self._area(parameters, context),
                             self._land(parameters, context, progress))
        if batch.failures and (not batch.scenes
                               or self.parameterAsEnumString(parameters, self.ON_ERROR, context) == "fail"):
            raise QgsProcessingException(batch.complaint())
        written = [scene.path for scene in batch.scenes]
        if self.parameterAsBoolean(parameters, "LOAD", context):
            for path in written:
                load_later(path, self.OUTPUTS, context, group=self.tr("Floefield: Sentinel-1"))
        return {self.OUTPUT_FOLDER: folder, self.OUTPUTS: written, self.SCENE_COUNT: len(written),
                self.FAILED_COUNT: len(batch.failures)}

    def _settings(self, parameters, context):
        """The parameters as the science takes them."""
        whole, real = self.parameterAsInt, self.parameterAsDouble
        return BackscatterSettings(
            polarisations=tuple(filter(None, self.parameterAsEnumStrings(parameters, "POLARISATIONS", context))),
            **{name: self.parameterAsEnumString(parameters, name.upper(), context) for name in (
                "noise_removal", "swath_balance", "calibration", "speckle_filter", "scale", "surface")},
            **{name: self.parameterAsBoolean(parameters, name.upper(), context) for name in (
                "angle_correction", "incidence_band")},
            border_removal=self.parameterAsBoolean(parameters, "BORDER_NOISE_REMOVAL", context),
            **{name: whole(parameters, name.upper(), context) for name in ("multilook", "threads")},
            filter_size=whole(parameters, "SPECKLE_WINDOW", context),
            floor=real(parameters, "MIN_BACKSCATTER", context),
            **{name: real(parameters, name.upper(), context) for name in (
                "reference_angle", "pixel_size", "land_buffer")},
            slopes={polarisation: real(parameters, f"SLOPE_{polarisation}", context) for polarisation in POLARISATIONS},
            swath_table=self.parameterAsFile(parameters, "SWATH_TABLE", context),
            crs_wkt=self._crs(parameters, context))

    def _crs(self, parameters, context):
        """WKT of the chosen CRS; empty where none is: the dialog gives an invalid one for it."""
        given = parameters.get(self.CRS)
        crs = self.parameterAsCrs(parameters, self.CRS, context)
        if is_null(given) or (isinstance(given, QgsCoordinateReferenceSystem) and not given.isValid()):
            return ""
        if not crs.isValid():
            raise UnsuitableInput(f"{given} is no coordinate reference system. Choose one such as EPSG:3413.")
        return wkt_of(crs)

    def _area(self, parameters, context):
        if self._area_source is not None:
            return area_from_source(self._area_source)
        text = self.parameterAsString(parameters, self.AOI_WKT, context).strip()
        return area_from_wkt(text) if text else None

    def _land(self, parameters, context, progress):
        """What gives the land around a scene, or None."""
        if self._land_source is None:
            return None
        buffer = self.parameterAsDouble(parameters, "LAND_BUFFER", context)

        def land(projected):
            crs = QgsCoordinateReferenceSystem.fromWkt(projected.crs_wkt)
            return land_polygons(self._land_source, projected.lonlat_bounds, projected.centre, crs, buffer, context,
                                 progress)

        return land

    def _listed(self, parameters, context):
        return [path for path in self.parameterAsFileList(parameters, self.INPUTS, context) if path]

    def _folder(self, parameters, context):
        return self.parameterAsFile(parameters, self.INPUT_FOLDER, context)
