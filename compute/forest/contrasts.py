"""Band differences: the normalised difference (a - b) / (a + b) of each pair of reflectance bands of one date.

A tree splits on one feature at a time, while crops differ in the ratios of bands, which depend little on illumination.
NDVI is one of these differences; ten bands have 45. Tucker (1979), doi:10.1016/0034-4257(79)90013-0.
"""

import re
from itertools import combinations

import numpy as np

REFLECTANCE = re.compile(r"(B(?:0[1-9]|1[0-2]|8A))(_.+)?")
# Minimum sum of two reflectances: below it their normalised difference is noise.
MIN_SUM = 0.01
# Pixels computed at once: intermediate arrays stay in the processor's cache.
ROWS = 256


def band_pairs(names):
    """All pairs of Sentinel-2 bands of the same date.

    Parameters
    ----------
    names : sequence of str
        ``B04``, ``B04_20180627`` ...; others are ignored.

    Returns
    -------
    list of (int, int)
        Indices of `names`, date by date.
    """
    dates = {}
    for index, name in enumerate(names):
        found = REFLECTANCE.fullmatch(name)
        if found:
            dates.setdefault(found.group(2), []).append(index)
    return [pair for indices in dates.values() for pair in combinations(indices, 2)]


def band_difference_name(names, pair):
    """The name of a band difference: ``ND_B04_B08_20180627`` of B04_20180627 and B08_20180627."""
    (first, date), (second, _) = (REFLECTANCE.fullmatch(names[index]).groups() for index in pair)
    return f"ND_{first}_{second}{date or ''}"


def add_band_differences(features, pairs):
    """Compute the last columns of a table, the band differences, from the first ones, in place.

    Parameters
    ----------
    features : ndarray of float32, shape (pixels, bands + pairs)
        Reflectance in the columns of the bands; NaN where missing.
    pairs : ndarray of int, shape (pairs, 2)
        Columns of the bands.
    """
    first, second = pairs.T
    bands = features.shape[1] - len(pairs)
    for start in range(0, len(features), ROWS):
        rows = features[start:start + ROWS]
        one, other = rows[:, first], rows[:, second]
        rows[:, bands:] = (one - other) / np.maximum(one + other, np.float32(MIN_SUM))
