"""Diagnostics of the parcels of a classification: NDVI profiles, suspect labels, early-season accuracy.

Computed from a sample of pixels of every parcel, independent of parcel size, with small forests of their own; the
classifier of the map and its accuracy are not affected.
"""

from dataclasses import dataclass, field

import numpy as np

from ..insitu.burn import ParcelMap
from ..insitu.sample import PixelSampler
from ..raster.blocks import run_blocks
from .early import accuracy_by_date
from .profiles import class_profiles
from .suspicious import find_suspect_labels

# Pixels sampled per parcel; fewer if the number of parcels is very large.
MAX_PER_PARCEL = 30
MIN_PER_PARCEL = 4
MAX_PIXELS = 150_000
# Parcels per class if only profiles are requested, so that large images need not be read completely again.
MAX_PROFILE_PARCELS = 60


@dataclass(frozen=True)
class DiagnosticsSettings:
    """Diagnostics to compute.

    Parameters
    ----------
    profiles : bool
        NDVI profile of each class.
    suspect_labels : bool
        Suspect labels.
    early : bool
        Early-season accuracy; trains a forest for each date.
    """

    profiles: bool = False
    suspect_labels: bool = False
    early: bool = False


@dataclass(frozen=True, eq=False)
class ParcelPixels:
    """Sampled pixels of each parcel.

    Parameters
    ----------
    features : ndarray of float32, shape (pixels, features)
        NaN for missing values.
    parcels : ndarray of int64, shape (pixels,)
        Indices into `parcel_numbers`.
    parcel_numbers : ndarray of int64, shape (parcels,)
        Numbers (in the reference data) of the parcels with valid pixels.
    classes : ndarray of int64, shape (parcels,)
        Indices into the class table.
    is_training : ndarray of bool, shape (parcels,)
    available : ndarray of int64, shape (parcels,)
        Number of valid pixels in each parcel.
    """

    features: np.ndarray
    parcels: np.ndarray
    parcel_numbers: np.ndarray
    classes: np.ndarray
    is_training: np.ndarray
    available: np.ndarray


@dataclass(frozen=True, eq=False)
class ParcelDiagnostics:
    """Results; empty or None if not requested or not available.

    Parameters
    ----------
    profiles : Profiles or None
    early : tuple of EarlyAccuracy
    suspect_labels : tuple of SuspectLabel or None
        The largest parcel first; None if not requested.
    notes : tuple of str
    """

    profiles: object = None
    early: tuple = ()
    suspect_labels: tuple = None
    notes: tuple = field(default=())


def diagnose_parcels(stack, ground, requested, settings, executor, progress):
    """Sample pixels of the parcels and compute the requested diagnostics.

    Parameters
    ----------
    stack : FeatureStack
    ground : GroundTruth
    requested : DiagnosticsSettings
    settings : ForestSettings
        Seed and threads.
    executor : concurrent.futures.Executor
    progress : Progress

    Returns
    -------
    ParcelDiagnostics

    Raises
    ------
    UnreadableInput
        If a raster is damaged.
    Cancelled
        If the user asked to stop.
    """
    if not (requested.profiles or requested.suspect_labels or requested.early):
        return ParcelDiagnostics()
    max_parcels = 0 if requested.suspect_labels or requested.early else MAX_PROFILE_PARCELS
    pixels = sample_parcel_pixels(stack, ground, settings.seed, executor, progress.part(0.0, 0.3), max_parcels)
    profiles = class_profiles(pixels, stack.names, ground.classes) if requested.profiles else None
    suspect_labels, early, notes = None, (), []
    if requested.suspect_labels:
        progress.say("Looking for suspect labels ...")
        suspect_labels, more_notes = find_suspect_labels(pixels, ground, stack.pixel_area, settings,
                                                         progress.part(0.3, 0.6))
        notes += more_notes
    if requested.early:
        progress.say("Measuring early-season accuracy ...")
        early, more_notes = accuracy_by_date(pixels, stack.names, settings, progress.part(0.6, 1.0))
        notes += more_notes
    progress.step(1.0)
    return ParcelDiagnostics(profiles, early, suspect_labels, tuple(notes))


def sample_parcel_pixels(stack, ground, seed, executor, progress, max_parcels=0):
    """Sample the same maximum number of pixels of each training and validation parcel.

    Parameters
    ----------
    stack : FeatureStack
    ground : GroundTruth
    seed : int
    executor : concurrent.futures.Executor
    progress : Progress
    max_parcels : int
        Maximum number of parcels per class; 0 uses all.

    Returns
    -------
    ParcelPixels
    """
    is_used, parcel_map = ground.is_training | ground.is_validation, ground.parcel_map
    if max_parcels and isinstance(parcel_map, ParcelMap):
        is_used = _limit_per_class(ground.values, is_used, max_parcels, seed)
        parcel_map = ParcelMap(stack.grid, [parcel_map.parcels[number - 1] for number in np.flatnonzero(is_used)])
    count = max(1, int(is_used.sum()))
    maximum = int(np.clip(MAX_PIXELS // count, MIN_PER_PARCEL, MAX_PER_PARCEL))
    sampler = PixelSampler(len(is_used), len(stack.names), maximum, seed)

    def work(window):
        progress.check()
        parcel_numbers, _ = ground.labels(window)
        chosen = np.flatnonzero(is_used[parcel_numbers])
        if not len(chosen):
            return None
        features, valid = stack.read(window, chosen)
        usable = chosen[valid]
        rows, columns = np.divmod(usable, window.width)
        positions = (window.row + rows) * np.int64(stack.grid.width) + window.col + columns
        return parcel_numbers[usable], positions, features[valid], parcel_numbers[usable]

    def finish(_, block_pixels):
        if block_pixels is not None:
            sampler.add(*block_pixels)

    run_blocks([window for window in stack.blocks() if parcel_map.touches(window)], work, finish, executor,
               progress)
    sample = sampler.result()
    parcel_numbers, parcels = np.unique(sample.parcels, return_inverse=True)
    parcel_numbers = parcel_numbers.astype(np.int64)
    return ParcelPixels(sample.features, parcels.ravel().astype(np.int64), parcel_numbers,
                        ground.values[parcel_numbers] - 1, ground.is_training[parcel_numbers],
                        sample.available[parcel_numbers])


def _limit_per_class(values, is_used, maximum, seed):
    """Random selection of at most the given number of parcels per class."""
    selected = np.zeros_like(is_used)
    for value in np.unique(values[is_used]):
        members = np.flatnonzero(is_used & (values == value))
        selected[np.random.default_rng([seed, int(value)]).permutation(members)[:maximum]] = True
    return selected
