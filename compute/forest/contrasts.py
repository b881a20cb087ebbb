"""Contrasts: the normalised difference (a - b) / (a + b) of each pair of reflectance bands of one day.

Trees ask one band at a time. What a crop is shows in how bands relate, whatever the light of the day: NDVI is one of
these contrasts, and with ten bands there are 45. Tucker (1979), doi:10.1016/0034-4257(79)90013-0, for the idea.
"""

import re
from itertools import combinations

import numpy as np

REFLECTANCE = re.compile(r"(B(?:0[1-9]|1[0-2]|8A))(_.+)?")
# Below so much light from both bands together, their difference is noise.
LEAST_SUM = 0.01
# Pixels worked on at once: what lies between the steps stays in the processor's cache.
ROWS = 256


def contrast_pairs(names):
    """Which bands can be compared: those of Sentinel-2 that belong to one day.

    Parameters
    ----------
    names : sequence of str
        ``B04``, ``B04_20180627`` ...; others are passed over.

    Returns
    -------
    list of (int, int)
        Places in `names`, day by day.
    """
    days = {}
    for place, name in enumerate(names):
        found = REFLECTANCE.fullmatch(name)
        if found:
            days.setdefault(found.group(2), []).append(place)
    return [pair for places in days.values() for pair in combinations(places, 2)]


def contrast_name(names, pair):
    """The name of a contrast: ``ND_B04_B08_20180627`` of B04_20180627 and B08_20180627."""
    (first, day), (second, _) = (REFLECTANCE.fullmatch(names[place]).groups() for place in pair)
    return f"ND_{first}_{second}{day or ''}"


def add_contrasts(features, pairs):
    """Fill the last columns of a table with the contrasts of the first ones, in place.

    Parameters
    ----------
    features : ndarray of float32, shape (pixels, bands + contrasts)
        Reflectance in the columns of the bands; NaN where unknown.
    pairs : ndarray of int, shape (contrasts, 2)
        Columns of the bands.
    """
    first, second = pairs.T
    bands = features.shape[1] - len(pairs)
    for start in range(0, len(features), ROWS):
        rows = features[start:start + ROWS]
        one, other = rows[:, first], rows[:, second]
        rows[:, bands:] = (one - other) / np.maximum(one + other, np.float32(LEAST_SUM))
