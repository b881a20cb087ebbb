"""Bands and spectral indices of each date of a series.

Arrays have shape (pixels, dates); the formulas, those of Sen2-Agri, are in :mod:`..sentinel2.indices`.
"""

from ..sentinel2.indices import INDICES

FOUR_BANDS = ("B03", "B04", "B08", "B11")
RED_EDGE_BANDS = ("B02", "B05", "B06", "B07")
RED_EDGE_INDICES = ("rendvi", "chlre", "psri", "s2rep")


def needed_bands(red_edge):
    """Names of the bands required for each date.

    Parameters
    ----------
    red_edge : bool

    Returns
    -------
    tuple of str
    """
    return FOUR_BANDS + RED_EDGE_BANDS if red_edge else FOUR_BANDS


def index_of(name, bands):
    """Compute a spectral index for all dates.

    Parameters
    ----------
    name : str
        Key of :data:`~..sentinel2.indices.INDICES`.
    bands : dict of str to ndarray of float32
        Reflectance by band name.

    Returns
    -------
    ndarray of float32, same shape as the bands
    """
    index = INDICES[name]
    return index.formula(*(bands[band] for band in index.bands))
