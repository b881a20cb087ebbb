"""What is computed from the reflectances of each date of a series.

Arrays are (pixels, dates); the formulas are those of Sen2-Agri, in :mod:`..sentinel2.indices`.
"""

from ..sentinel2.indices import INDICES

FOUR_BANDS = ("B03", "B04", "B08", "B11")
RED_EDGE_BANDS = ("B02", "B05", "B06", "B07")
RED_EDGE_INDICES = ("rendvi", "chlre", "psri", "s2rep")


def needed_bands(red_edge):
    """Names of the bands that each date must have.

    Parameters
    ----------
    red_edge : bool

    Returns
    -------
    tuple of str
    """
    return FOUR_BANDS + RED_EDGE_BANDS if red_edge else FOUR_BANDS


def index_of(name, bands):
    """An index at all dates.

    Parameters
    ----------
    name : str
        Key of :data:`~..sentinel2.indices.INDICES`.
    bands : dict of str to ndarray of float32
        Reflectance by name of the band.

    Returns
    -------
    ndarray of float32, shape of the bands
    """
    index = INDICES[name]
    return index.formula(*(bands[band] for band in index.bands))
