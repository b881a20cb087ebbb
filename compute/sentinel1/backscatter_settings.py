"""Settings of Sentinel-1 preprocessing."""

from dataclasses import dataclass, field

NOISE_REMOVAL = ("none", "range", "full")
SWATH_BALANCE = ("none", "table", "estimate")
CALIBRATIONS = ("sigma0", "beta0", "gamma0")
SPECKLE_FILTERS = ("none", "lee", "refined_lee")
SCALES = ("db", "linear")
SURFACES = ("grid", "sea_level")
SLOPES = {"HH": -0.24, "HV": -0.16, "VH": -0.16, "VV": -0.24}


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
    slopes : dict of str to float
        dB per degree of incidence angle, by polarisation.
    multilook : int
        Size of the multilook window in pixels; 0 for the largest that fits into an output pixel.
    speckle_filter : {"none", "lee", "refined_lee"}
    speckle_window : int
        Window size of the Lee filter in pixels, odd.
    scale : {"db", "linear"}
    floor : float
        Minimum backscatter in dB; lower values, and power that is not positive after noise removal, are set to it.
    incidence_band : bool
        Whether the incidence angle is added as a band.
    crs_wkt : str
        Output CRS; empty for automatic selection by the position of the scene.
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
    slopes: dict = field(default_factory=lambda: dict(SLOPES))
    multilook: int = 0
    speckle_filter: str = "none"
    speckle_window: int = 5
    scale: str = "db"
    floor: float = -50.0
    incidence_band: bool = True
    crs_wkt: str = ""
    surface: str = "grid"
    pixel_size: float = 0.0
    land_buffer: float = 0.0
    threads: int = 0
