"""The ground truth: some of the parcels, as surveyors would bring them home.

Outlines are a few metres off, and a few labels are wrong, as in every real survey.
"""

from dataclasses import dataclass

import numpy as np

from . import polygons
from .covers import COVERS, CROPS
from .landscape import HECTARE

SMALLEST_HECTARES = 0.3
SHARE = 0.36
# Rare classes are sought out until this many parcels are found.
FEWEST_PER_CLASS = 8
WRONG_LABELS = 0.015
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
    """Visit some of the plots.

    Parameters
    ----------
    landscape : Landscape
    size : float
        Edge of the scene in metres.
    rng : numpy.random.Generator

    Returns
    -------
    tuple of Parcel
        From north to south.
    """
    covers = landscape.covers[landscape.plot_units]
    fit = [number for number, outline in enumerate(landscape.outlines) if _is_fit(outline, size)]
    visited = []
    for cover in np.unique(covers):
        candidates = rng.permutation([number for number in fit if covers[number] == cover])
        visited += [int(number) for number in candidates[:max(FEWEST_PER_CLASS, round(SHARE * len(candidates)))]]
    visited.sort(key=lambda number: (-landscape.outlines[number][:, 1].mean(), number))
    wrong = _mistaken([number for number in visited if COVERS[covers[number]].is_crop], landscape.outlines, rng)
    return tuple(_visit(landscape.outlines[number], COVERS[covers[number]], number in wrong, rng)
                 for number in visited)


def _is_fit(outline, size):
    east, north = outline.T
    inside = east.min() > 15 and east.max() < size - 15 and north.max() < -15 and north.min() > 15 - size
    return inside and polygons.area(outline) >= SMALLEST_HECTARES * HECTARE


def _mistaken(fields, outlines, rng):
    """Which fields get a wrong label: some of the smaller half, the ones that surveyors mix up."""
    by_size = sorted(fields, key=lambda number: polygons.area(outlines[number]))
    return set(rng.permutation(by_size[:(len(fields) + 1) // 2])[:round(WRONG_LABELS * len(fields))])


def _visit(outline, cover, is_mistaken, rng):
    moved = outline + rng.normal(0.0, OUTLINE_ERROR, 2)
    if is_mistaken:
        cover = CROPS[(CROPS.index(cover) + 1 + rng.integers(len(CROPS) - 1)) % len(CROPS)]
    return Parcel(moved, cover.name, cover.code, cover.is_crop)
