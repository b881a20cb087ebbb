"""Reference parcels: a sample of the plots, as from a field survey.

Outlines are shifted by a few metres and a few parcels are mislabelled, as in real surveys.
"""

from dataclasses import dataclass

import numpy as np

from . import polygons
from .covers import COVERS, CROPS
from .landscape import HECTARE

MIN_HECTARES = 0.3
SURVEYED_FRACTION = 0.36
# Minimum number of parcels of each class, if there are as many.
MIN_PARCELS_PER_CLASS = 8
MISLABELLED_FRACTION = 0.015
OUTLINE_ERROR = 2.0


@dataclass(frozen=True)
class Parcel:
    """A surveyed parcel.

    Parameters
    ----------
    outline : ndarray, shape (n, 2)
        Metres east and north of the upper-left corner of the scene.
    name : str
    code : int
    cropland : bool
    """

    outline: np.ndarray
    name: str
    code: int
    cropland: bool


def survey(landscape, size, rng):
    """Survey a sample of the plots.

    Parameters
    ----------
    landscape : Landscape
    size : float
        Scene size in metres.
    rng : numpy.random.Generator

    Returns
    -------
    tuple of Parcel
        From north to south.
    """
    covers = landscape.covers[landscape.plot_units]
    eligible = [index for index, outline in enumerate(landscape.outlines) if _is_eligible(outline, size)]
    surveyed = []
    for cover in np.unique(covers):
        candidates = rng.permutation([index for index in eligible if covers[index] == cover])
        count = max(MIN_PARCELS_PER_CLASS, round(SURVEYED_FRACTION * len(candidates)))
        surveyed += [int(index) for index in candidates[:count]]
    surveyed.sort(key=lambda index: (-landscape.outlines[index][:, 1].mean(), index))
    mislabelled = _mislabelled([index for index in surveyed if COVERS[covers[index]].is_crop], landscape.outlines, rng)
    return tuple(_survey_parcel(landscape.outlines[index], COVERS[covers[index]], index in mislabelled, rng)
                 for index in surveyed)


def _is_eligible(outline, size):
    east, north = outline.T
    inside = east.min() > 15 and east.max() < size - 15 and north.max() < -15 and north.min() > 15 - size
    return inside and polygons.area(outline) >= MIN_HECTARES * HECTARE


def _mislabelled(parcels, outlines, rng):
    """Return the parcels to mislabel, a random sample of the smaller half."""
    by_size = sorted(parcels, key=lambda index: polygons.area(outlines[index]))
    return set(rng.permutation(by_size[:(len(parcels) + 1) // 2])[:round(MISLABELLED_FRACTION * len(parcels))])


def _survey_parcel(outline, cover, is_mislabelled, rng):
    moved = outline + rng.normal(0.0, OUTLINE_ERROR, 2)
    if is_mislabelled:
        cover = CROPS[(CROPS.index(cover) + 1 + rng.integers(len(CROPS) - 1)) % len(CROPS)]
    return Parcel(moved, cover.name, cover.code, cover.is_crop)
