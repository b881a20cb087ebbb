"""A closer look at the parcels of a classification: how classes grow, which labels look wrong, how early one can tell.

A few pixels of every parcel are drawn, of large and small ones alike, and small forests are grown from them. The
forest that makes the map is not touched, and neither is its accuracy.
"""

from dataclasses import dataclass, field

import numpy as np

from ..insitu.burn import ParcelMap
from ..insitu.sample import PixelSampler
from ..raster.blocks import run_blocks
from .early import accuracy_by_date
from .profiles import class_profiles
from .suspicious import suspicious_parcels

# So many pixels are drawn of a parcel, fewer where there are very many parcels.
MOST_PER_PARCEL = 30
LEAST_PER_PARCEL = 4
MOST_PIXELS = 150_000
# Profiles alone need no more parcels of a class: large images are then not read a second time as a whole.
MOST_PARCELS_FOR_PROFILES = 60


@dataclass(frozen=True)
class InsightWishes:
    """What is to be found out.

    Parameters
    ----------
    profiles : bool
        NDVI of each class over the season.
    suspicious : bool
        Parcels whose label the images contradict.
    early : bool
        Accuracy as a function of the last date; grows a forest for each date.
    """

    profiles: bool = False
    suspicious: bool = False
    early: bool = False


@dataclass(frozen=True, eq=False)
class ParcelPixels:
    """Pixels drawn of each parcel.

    Parameters
    ----------
    features : ndarray of float32, shape (pixels, features)
        NaN where there are no data.
    parcels : ndarray of int64, shape (pixels,)
        Places among `numbers`.
    numbers : ndarray of int64, shape (parcels,)
        Parcel numbers of the ground truth, those with pixels.
    classes : ndarray of int64, shape (parcels,)
        Places in the class table.
    is_training : ndarray of bool, shape (parcels,)
    available : ndarray of int64, shape (parcels,)
        Pixels with data in each parcel, drawn or not.
    """

    features: np.ndarray
    parcels: np.ndarray
    numbers: np.ndarray
    classes: np.ndarray
    is_training: np.ndarray
    available: np.ndarray


@dataclass(frozen=True, eq=False)
class Insight:
    """What was found; empty or None where it was not wanted or cannot be known.

    Parameters
    ----------
    profiles : Profiles or None
    early : tuple of EarlyAccuracy
    suspicious : tuple of SuspiciousParcel or None
        The largest first; None if nobody looked.
    notes : tuple of str
    """

    profiles: object = None
    early: tuple = ()
    suspicious: tuple = None
    notes: tuple = field(default=())


def look_closer(stack, ground, wishes, settings, executor, progress):
    """Draw pixels of the parcels and find out what is wished.

    Parameters
    ----------
    stack : FeatureStack
    ground : GroundTruth
    wishes : InsightWishes
    settings : ForestSettings
        Seed and threads.
    executor : concurrent.futures.Executor
    progress : Progress

    Returns
    -------
    Insight

    Raises
    ------
    UnreadableInput
        If a raster is damaged.
    Cancelled
        If the user asked to stop.
    """
    if not (wishes.profiles or wishes.suspicious or wishes.early):
        return Insight()
    most_parcels = 0 if wishes.suspicious or wishes.early else MOST_PARCELS_FOR_PROFILES
    pixels = draw_parcel_pixels(stack, ground, settings.seed, executor, progress.part(0.0, 0.3), most_parcels)
    profiles = class_profiles(pixels, stack.names, ground.classes) if wishes.profiles else None
    suspicious, early, notes = None, (), []
    if wishes.suspicious:
        progress.say("Looking for labels that the images contradict ...")
        suspicious, said = suspicious_parcels(pixels, ground, stack.pixel_area, settings, progress.part(0.3, 0.6))
        notes += said
    if wishes.early:
        progress.say("Measuring how early in the season the map is good enough ...")
        early, said = accuracy_by_date(pixels, stack.names, settings, progress.part(0.6, 1.0))
        notes += said
    progress.step(1.0)
    return Insight(profiles, early, suspicious, tuple(notes))


def draw_parcel_pixels(stack, ground, seed, executor, progress, most_parcels=0):
    """A few pixels of each parcel, whatever its size and whether it trains or judges.

    Parameters
    ----------
    stack : FeatureStack
    ground : GroundTruth
    seed : int
    executor : concurrent.futures.Executor
    progress : Progress
    most_parcels : int
        Of each class; 0 takes all.

    Returns
    -------
    ParcelPixels
    """
    is_used, near = ground.is_training | ground.is_validation, ground.parcel_map
    if most_parcels and isinstance(near, ParcelMap):
        is_used = _some_of_each_class(ground.values, is_used, most_parcels, seed)
        near = ParcelMap(stack.grid, [near.parcels[number - 1] for number in np.flatnonzero(is_used)])
    count = max(1, int(is_used.sum()))
    most = int(np.clip(MOST_PIXELS // count, LEAST_PER_PARCEL, MOST_PER_PARCEL))
    sampler = PixelSampler(len(is_used), len(stack.names), most, seed)

    def work(window):
        progress.check()
        numbers, _ = ground.labels(window)
        chosen = np.flatnonzero(is_used[numbers])
        if not len(chosen):
            return None
        features, valid = stack.read(window, chosen)
        usable = chosen[valid]
        rows, columns = np.divmod(usable, window.width)
        places = (window.row + rows) * np.int64(stack.grid.width) + window.col + columns
        return numbers[usable], places, features[valid], numbers[usable]

    def finish(_, offered):
        if offered is not None:
            sampler.add(*offered)

    run_blocks([window for window in stack.blocks() if near.touches(window)], work, finish, executor,
               progress)
    sample = sampler.result()
    numbers, parcels = np.unique(sample.parcels, return_inverse=True)
    numbers = numbers.astype(np.int64)
    return ParcelPixels(sample.features, parcels.ravel().astype(np.int64), numbers, ground.values[numbers] - 1,
                        ground.is_training[numbers], sample.available[numbers])


def _some_of_each_class(values, is_used, most, seed):
    """Which parcels serve when at most so many of each class do."""
    some = np.zeros_like(is_used)
    for value in np.unique(values[is_used]):
        members = np.flatnonzero(is_used & (values == value))
        some[np.random.default_rng([seed, int(value)]).permutation(members)[:most]] = True
    return some
