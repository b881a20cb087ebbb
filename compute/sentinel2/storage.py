"""How reflectance is stored: int16, scaled by 10000, nodata -32768, which no reflectance can be."""

import numpy as np

NODATA = -32768
LARGEST = 32767


def to_stored(values, valid):
    """Round to int16 and write the mask into the values.

    Parameters
    ----------
    values : ndarray of float32
        In stored units (reflectance * 10000). Values beyond int16 (reflectance above 3.2767: glint, saturation) are
        clipped.
    valid : ndarray of bool, same shape

    Returns
    -------
    ndarray of int16, same shape
    """
    stored = np.clip(np.rint(values), NODATA + 1, LARGEST)
    return np.where(valid, stored, NODATA).astype(np.int16)
