"""Features from bands: selection by patterns of the user or as required by a model, and band differences.

A band difference is the normalised difference (a - b) / (a + b) of a pair of reflectance bands of one date. A tree
splits on one feature at a time, while crops differ in the ratios of bands, which depend little on illumination. NDVI is
one of these differences; ten bands have 45. Tucker (1979), doi:10.1016/0034-4257(79)90013-0.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from ..declarations import ParameterDeclaration
from ..errors import MissingInput, UnsuitableInput
from ..messages import listed
from ..raster.band_metadata import band_difference_name, reflectance_band

MATCHINGS = ("name", "order")

# Minimum sum of two reflectances: below it their normalised difference is noise.
MIN_SUM = 0.01
BANDS = ParameterDeclaration(
    "BANDS", "Bands (names or patterns)",
    "Names or patterns (*, ?) of the bands used as features, separated by commas: B04_*, B08_*, NDVI_2018*. Empty uses "
    "all bands.", kind="text", optional=True, advanced=True, setting="bands")
BAND_MATCHING = ParameterDeclaration(
    "BAND_MATCHING", "Match bands by",
    "How bands are matched with the features of the model: name (the band of the same name, in any position) or order "
    "(the bands in their order, for instance of another year; their number must be equal).", kind="enum",
    options=MATCHINGS, setting="band_matching")


# Pixels computed at once: intermediate arrays stay in the processor's cache.
ROWS = 256


@dataclass(frozen=True)
class FeatureSelection:
    """The features to be used: some bands in a given order, then differences of pairs of them.

    Parameters
    ----------
    bands : tuple of int
        Indices of the bands of a source.
    differences : tuple of (int, int)
        Pairs of indices of the selected bands.
    names : tuple of str
        Names of the features: the selected bands, then their differences.
    """

    bands: tuple[int, ...]
    differences: tuple[tuple[int, int], ...]
    names: tuple[str, ...]


def select_features(names: Sequence[str], bands: Sequence[int], band_differences: bool) -> FeatureSelection:
    """Select bands, and the differences of all pairs of them if requested.

    Parameters
    ----------
    names : sequence of str
        Bands of the source.
    bands : sequence of int
        Indices of `names`.
    band_differences : bool

    Returns
    -------
    FeatureSelection
    """
    selected = tuple(names[index] for index in bands)
    pairs = tuple(band_pairs(selected)) if band_differences else ()
    return FeatureSelection(bands=tuple(bands), differences=pairs,
                            names=(*selected, *(band_difference_name(selected, pair) for pair in pairs)))


def indices_by_pattern(names: Sequence[str], patterns: str) -> list[int]:
    """Indices of the bands whose names match one of the patterns.

    Parameters
    ----------
    names : sequence of str
    patterns : str
        Names with ``*`` and ``?``, separated by commas; empty for all.

    Returns
    -------
    list of int
        Ascending indices of `names`.

    Raises
    ------
    MissingInput
        If a pattern matches no band.
    """
    requested = [pattern.strip() for pattern in patterns.replace("\n", ",").split(",") if pattern.strip()]
    for pattern in requested:
        if not any(fnmatchcase(name, pattern) for name in names):
            raise MissingInput(f"No band of the rasters is called {pattern}. Their bands are: {listed(names)}.")
    return [index for index, name in enumerate(names)
            if not requested or any(fnmatchcase(name, pattern) for pattern in requested)]


def indices_for_model(names: Sequence[str], required: Sequence[str], matching: str) -> list[int]:
    """Indices of the bands that a model requires, in its order.

    Parameters
    ----------
    names : sequence of str
        Bands of the rasters.
    required : sequence of str
        Bands of the model.
    matching : {"name", "order"}
        By name, or the first band for the first feature and so on.

    Returns
    -------
    list of int
        Indices of `names`.

    Raises
    ------
    MissingInput
        If bands are missing.
    UnsuitableInput
        If bands are matched by order and their number differs.
    """
    if matching == "order":
        if len(names) != len(required):
            raise UnsuitableInput(f"The model was trained on {len(required)} bands, but the rasters have {len(names)}. "
                                  "Matching by order requires the same number. The model needs, in this order: "
                                  f"{listed(required)}.")
        return list(range(len(names)))
    missing = [name for name in required if name not in names]
    if missing:
        raise MissingInput(f"The rasters lack {len(missing)} of the {len(required)} bands the model was trained on: "
                           f"{listed(missing)}. The rasters have: {listed(names)}. Add the rasters that contain them, "
                           "or match the bands by order if only their names differ (other dates, for instance).")
    return [names.index(name) for name in required]


def order_warnings(names: Sequence[str], required: Sequence[str]) -> list[str]:
    """Warning about bands matched by order whose names contradict the match.

    Parameters
    ----------
    names : sequence of str
        Bands of the rasters.
    required : sequence of str
        Bands of the model; the same number.

    Returns
    -------
    list of str
        One message or none. Names without a date, such as those of other programs, are not compared.
    """
    wrong = [f"{name} for {other}" for name, other in zip(names, required)
             if _band_part(name) and _band_part(other) and _band_part(name) != _band_part(other)]
    return [f"Matched by order, {len(wrong)} bands replace bands of another kind: {listed(wrong)}. Check the order of "
            "the rasters."] if wrong else []


def _band_part(name: str) -> str:
    """The band in a name like ``B04_20180627``; empty if the name does not end in a date."""
    found = re.fullmatch(r"(.+)_\d{8}", name)
    return found[1] if found else ""


def band_pairs(names: Sequence[str]) -> list[tuple[int, int]]:
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
        found = reflectance_band(name)
        if found:
            dates.setdefault(found[1], []).append(index)
    return [pair for indices in dates.values() for pair in combinations(indices, 2)]


def add_band_differences(features: NDArray[np.float32], pairs: NDArray[np.integer]) -> None:
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
