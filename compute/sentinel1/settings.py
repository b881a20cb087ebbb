"""What may be chosen when a Sentinel-1 product is preprocessed."""

from dataclasses import dataclass, field

NOISE_REMOVAL = ("none", "range", "full")
SWATH_BALANCE = ("none", "table", "estimate")
CALIBRATIONS = ("sigma0", "beta0", "gamma0")
SPECKLE_FILTERS = ("none", "lee", "refinedlee")
SCALES = ("db", "linear")
SURFACES = ("grid", "sealevel")
SLOPES = {"HH": -0.24, "HV": -0.16, "VH": -0.16, "VV": -0.24}


@dataclass(frozen=True)
class BackscatterSettings:
    """How products become geocoded backscatter.

    Parameters
    ----------
    polarisations : tuple of str
        Bands of the result; empty for all that a product has.
    border_removal : bool
        Whether the invalid rims of old products are removed.
    noise_removal : {"none", "range", "full"}
        Thermal noise: not at all, by the range vectors, or by the range and azimuth vectors (scalloping).
    swath_balance : {"none", "table", "estimate"}
        Scaling and offset of the noise for each sub-swath: none, from `swath_table`, or estimated from the image.
    swath_table : str
        CSV file for ``swath_balance="table"``.
    calibration : {"sigma0", "beta0", "gamma0"}
    angle_correction : bool
        Whether backscatter is brought to `reference_angle`.
    reference_angle : float
        Degrees.
    slopes : dict of str to float
        dB per degree of incidence angle, by polarisation.
    multilook : int
        Edge of the square of pixels that is averaged, 0 for as many as fit into a pixel of the result.
    speckle_filter : {"none", "lee", "refinedlee"}
    filter_size : int
        Edge of the window of the Lee filter in pixels, odd.
    scale : {"db", "linear"}
    floor : float
        Lowest value in dB; what lies below it, or is not positive after the noise is removed, gets this value.
    incidence_band : bool
        Whether the incidence angle is added as a band.
    crs_wkt : str
        CRS of the result; empty for one that fits the scene.
    surface : {"grid", "sealevel"}
        Where pixels lie: as the product's geolocation grid says, heights on land included, or all at sea level.
    pixel_size : float
        In units of the CRS; 0 for the pixel spacing of the product.
    land_buffer : float
        Metres by which the land mask reaches into the sea.
    threads : int
        Worker threads; 0 leaves it to Floefield.
    """

    polarisations: tuple = ()
    border_removal: bool = True
    noise_removal: str = "full"
    swath_balance: str = "none"
    swath_table: str = ""
    calibration: str = "sigma0"
    angle_correction: bool = True
    reference_angle: float = 34.5
    slopes: dict = field(default_factory=lambda: dict(SLOPES))
    multilook: int = 0
    speckle_filter: str = "none"
    filter_size: int = 5
    scale: str = "db"
    floor: float = -50.0
    incidence_band: bool = True
    crs_wkt: str = ""
    surface: str = "grid"
    pixel_size: float = 0.0
    land_buffer: float = 0.0
    threads: int = 0
