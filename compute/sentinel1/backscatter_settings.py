"""Settings of Sentinel-1 preprocessing."""

from __future__ import annotations

from dataclasses import dataclass

from ..declarations import ParameterDeclaration
from ..raster.blocks import SCENE_THREADS

POLARISATIONS = ("HH", "HV", "VH", "VV")
NOISE_REMOVAL = ("none", "range", "full")
SWATH_BALANCE = ("none", "table", "estimate")
CALIBRATIONS = ("sigma0", "beta0", "gamma0")
SPECKLE_FILTERS = ("none", "lee", "refined_lee")
SCALES = ("db", "linear")
SURFACES = ("grid", "sea_level")


@dataclass(frozen=True)
class BackscatterSettings:
    """Settings of calibration, noise removal, speckle filtering and geocoding.

    Parameters
    ----------
    polarisations : tuple of str
        Polarisations to process; empty for all of a product.
    border_noise_removal : bool
        Whether border noise is removed.
    noise_removal : {"none", "range", "full"}
        Thermal noise removal: none, with the range vectors, or with the range and azimuth vectors (scalloping).
    swath_balance : {"none", "table", "estimate"}
        Scaling and offset of the noise by sub-swath: none, from `swath_table`, or estimated from the image.
    swath_table : str
        CSV file for ``swath_balance="table"``.
    calibration : {"sigma0", "beta0", "gamma0"}
    angle_correction : bool
        Whether backscatter is normalised to `reference_angle`.
    reference_angle : float
        Degrees.
    slope_hh, slope_hv, slope_vh, slope_vv : float
        dB per degree of incidence angle.
    multilook : int
        Size of the multilook window in pixels; 0 for the largest that fits into an output pixel.
    speckle_filter : {"none", "lee", "refined_lee"}
    speckle_window : int
        Window size of the Lee filter in pixels, odd.
    scale : {"db", "linear"}
    min_backscatter : float
        Minimum backscatter in dB; lower values, and power that is not positive after noise removal, are set to it.
    incidence_band : bool
        Whether the incidence angle is added as a band.
    crs : str
        Output CRS (WKT); empty for automatic selection by the position of the scene.
    surface : {"grid", "sea_level"}
        Height surface of the geocoding: heights of the geolocation grid, or sea level.
    pixel_size : float
        Output pixel size in units of the CRS; 0 for the pixel spacing of the product.
    land_buffer : float
        Buffer of the land mask in metres.
    threads : int
        Number of threads; 0 for automatic.
    """

    polarisations: tuple = ()
    border_noise_removal: bool = True
    noise_removal: str = "full"
    swath_balance: str = "none"
    swath_table: str = ""
    calibration: str = "sigma0"
    angle_correction: bool = True
    reference_angle: float = 34.5
    slope_hh: float = -0.24
    slope_hv: float = -0.16
    slope_vh: float = -0.16
    slope_vv: float = -0.24
    multilook: int = 0
    speckle_filter: str = "none"
    speckle_window: int = 5
    scale: str = "db"
    min_backscatter: float = -50.0
    incidence_band: bool = True
    crs: str = ""
    surface: str = "grid"
    pixel_size: float = 0.0
    land_buffer: float = 0.0
    threads: int = 0

    def slope(self, polarisation: str) -> float:
        """Return the slope of a polarisation in dB per degree of incidence angle."""
        return getattr(self, f"slope_{polarisation.lower()}")


BACKSCATTER_PARAMETERS = (
    ParameterDeclaration(
        "POLARISATIONS", "Polarisations",
        "Polarisations to process, one band each. Empty: all polarisations of the product.",
        kind="enum", options=POLARISATIONS, multiple=True, optional=True, setting="polarisations"),
    ParameterDeclaration(
        "BORDER_NOISE_REMOVAL", "Border noise removal",
        "Remove the invalid pixels along the image borders of products processed before 2018; it hardly changes "
        "newer products.",
        kind="boolean", advanced=True, setting="border_noise_removal"),
    ParameterDeclaration(
        "NOISE_REMOVAL", "Thermal noise removal",
        "Subtract the annotated thermal noise. full: range and azimuth noise vectors (scalloping). range: "
        "range noise vectors only. none: no noise removal.",
        kind="enum", options=NOISE_REMOVAL, setting="noise_removal"),
    ParameterDeclaration(
        "SWATH_BALANCE", "Sub-swath balance",
        "Correct the residual steps between the sub-swaths EW1 to EW5 (IW1 to IW3). table: noise scaling "
        "and offset per sub-swath from the sub-swath noise table. estimate: from the scene itself. none: "
        "no correction. Requires thermal noise removal.",
        kind="enum", options=SWATH_BALANCE, setting="swath_balance"),
    ParameterDeclaration(
        "SWATH_TABLE", "Sub-swath noise table (CSV)",
        "CSV file with the columns platform, mode, polarisation, processor, swath, scaling, offset, for the "
        "sub-swath balance by table. Template: resources/sentinel1/subswath_noise.csv in the folder of the plugin.",
        kind="file", file_filter="CSV files (*.csv)", optional=True, advanced=True, setting="swath_table"),
    ParameterDeclaration(
        "CALIBRATION", "Calibration",
        "Radar backscatter coefficient. sigma0: per unit area on the ellipsoid (usual for sea ice). "
        "gamma0: per unit area perpendicular to the beam. beta0: per unit area in slant range.",
        kind="enum", options=CALIBRATIONS, advanced=True, setting="calibration"),
    ParameterDeclaration(
        "ANGLE_CORRECTION", "Incidence angle correction",
        "Normalise backscatter to the reference incidence angle: dB - slope x (angle - reference angle).",
        kind="boolean", setting="angle_correction"),
    ParameterDeclaration(
        "REFERENCE_ANGLE", "Reference incidence angle (degrees)",
        "Incidence angle to which backscatter is normalised, 0 to 60 degrees. 34.5 is the centre of the EW swath.",
        minimum=0.0, maximum=60.0, advanced=True, setting="reference_angle"),
    *(ParameterDeclaration(
        f"SLOPE_{polarisation}", f"Incidence angle slope {polarisation} (dB per degree)",
        f"Change of {polarisation} backscatter with the incidence angle in dB per degree, -2 to 2. Values from "
        "the literature are on the page of the tool. 0: no correction.",
        minimum=-2.0, maximum=2.0, advanced=True, setting=f"slope_{polarisation.lower()}")
      for polarisation in POLARISATIONS),
    ParameterDeclaration(
        "MULTILOOK", "Multilook window (pixels, 0 = automatic)",
        "Edge of the square of pixels averaged before geocoding, 0 to 50. 0: the number of pixels that fit into an "
        "output pixel. 1: no averaging.",
        kind="integer", minimum=0, maximum=50, advanced=True, setting="multilook"),
    ParameterDeclaration(
        "SPECKLE_FILTER", "Speckle filter",
        "Filter method. lee: local statistics (Lee 1980). refined_lee: edge-aligned windows (Lee 1981). "
        "none: no filter, recommended before texture computation.",
        kind="enum", options=SPECKLE_FILTERS, setting="speckle_filter"),
    ParameterDeclaration(
        "SPECKLE_WINDOW", "Lee filter window (pixels)",
        "Edge of the window of the Lee filter, an odd number from 3 to 21; larger windows smooth more. The refined "
        "Lee filter always uses 7.",
        kind="integer", minimum=3, maximum=21, advanced=True, setting="speckle_window"),
    ParameterDeclaration(
        "SCALE", "Backscatter scale",
        "Unit of the output. db: decibels, for maps, textures and classification. linear: power, "
        "including the negative values that noise removal leaves.",
        kind="enum", options=SCALES, setting="scale"),
    ParameterDeclaration(
        "MIN_BACKSCATTER", "Minimum backscatter (dB)",
        "Minimum value in decibels, -100 to 0. Lower values are set to it, and so are those that noise removal "
        "left at zero or below. Ignored for the linear scale.",
        minimum=-100.0, maximum=0.0, advanced=True, setting="min_backscatter"),
    ParameterDeclaration(
        "INCIDENCE_BAND", "Incidence angle band",
        "Add the incidence angle in degrees as the last band, for classifiers that use it.",
        kind="boolean", setting="incidence_band"),
    ParameterDeclaration(
        "CRS", "Output CRS",
        "Coordinate reference system of the output, such as EPSG:3413 (most Arctic ice charts) or EPSG:32626 (UTM "
        "zone between Greenland and Iceland). Empty: EPSG:3413 north of 60° N, EPSG:3976 south of 60° S, else the "
        "UTM zone of the scene. Scenes with the same CRS and pixel size share one pixel grid.",
        kind="crs", optional=True, setting="crs"),
    ParameterDeclaration(
        "PIXEL_SIZE", "Pixel size (CRS units, 0 = product)",
        "Pixel size of the output in units of the CRS. 0: pixel spacing of the product (40 m for EW GRDM, 10 m for "
        "IW GRDH).",
        minimum=0.0, setting="pixel_size"),
    ParameterDeclaration(
        "SURFACE", "Height surface",
        "Heights used for geocoding. grid: heights of the geolocation grid of the product. sea_level: sea "
        "level everywhere, which removes the displacement of sea ice along mountainous coasts.",
        kind="enum", options=SURFACES, advanced=True, setting="surface"),
    ParameterDeclaration(
        "LAND_BUFFER", "Land mask buffer (m)",
        "Distance in metres by which the land mask extends into the sea. 0: no buffer. 1000 covers the errors of a "
        "coarse shoreline.",
        minimum=0.0, maximum=100000.0, setting="land_buffer"),
    SCENE_THREADS,
)
