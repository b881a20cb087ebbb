"""The bands of the MultiSpectral Instrument (MSI) and the other layers of a Sentinel-2 product.

Band indices, wavelengths and native pixel sizes: Sentinel-2 Products Specification Document. Scene classes: Sen2Cor.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class BandInfo:
    """A spectral band: `index` is the ``band_id`` of the metadata, `resolution` its native pixel size in metres."""

    name: str
    index: int
    resolution: int
    wavelength: int
    role: str


BANDS = {band.name: band for band in (
    BandInfo("B01", 0, 60, 443, "coastal aerosol"),
    BandInfo("B02", 1, 10, 490, "blue"),
    BandInfo("B03", 2, 10, 560, "green"),
    BandInfo("B04", 3, 10, 665, "red"),
    BandInfo("B05", 4, 20, 705, "red edge 1"),
    BandInfo("B06", 5, 20, 740, "red edge 2"),
    BandInfo("B07", 6, 20, 783, "red edge 3"),
    BandInfo("B08", 7, 10, 842, "near infrared"),
    BandInfo("B8A", 8, 20, 865, "narrow near infrared"),
    BandInfo("B09", 9, 60, 945, "water vapour"),
    BandInfo("B10", 10, 60, 1375, "cirrus (Level-1C only)"),
    BandInfo("B11", 11, 20, 1610, "short-wave infrared 1"),
    BandInfo("B12", 12, 20, 2190, "short-wave infrared 2"),
)}

# Level-2A layers other than reflectance, with their native pixel size in metres: scene classification, aerosol optical
# thickness, water vapour, and cloud and snow probability in percent.
LAYERS = {"SCL": 20, "AOT": 10, "WVP": 10, "CLDPRB": 20, "SNWPRB": 20}

# Angles of the tile metadata, in degrees, named as in SNAP; view angles are means over all bands.
ANGLES = ("view_zenith_mean", "view_azimuth_mean", "sun_zenith", "sun_azimuth")
BAND_CHOICES = (*BANDS, *LAYERS, *ANGLES)

# Categorical layers, which are never averaged.
CLASS_BANDS = ("SCL",)

# Types of the Level-1C cloud masks; snow only since processing baseline 04.00.
LEVEL_1C_CLOUD_TYPES = ("opaque", "cirrus", "snow")
SCENE_CLASSES = (
    "nodata", "saturated_defective", "dark_area", "cloud_shadow", "vegetation", "not_vegetated", "water",
    "unclassified", "cloud_medium_probability", "cloud_high_probability", "thin_cirrus", "snow_ice",
)

# RGB colours of the scene classes in SNAP and Sen2Cor.
SCENE_COLOURS = (
    (0, 0, 0), (255, 0, 0), (46, 46, 46), (100, 50, 0), (0, 128, 0), (255, 230, 90), (0, 0, 255), (129, 129, 129),
    (193, 193, 193), (255, 255, 255), (100, 200, 255), (255, 150, 255),
)


def native_resolution(band):
    """Native pixel size of a band or layer, in metres."""
    return BANDS[band].resolution if band in BANDS else LAYERS[band]
