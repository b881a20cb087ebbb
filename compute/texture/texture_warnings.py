"""Warnings about grey level ranges that do not suit the values of a band."""

import numpy as np

from .grey_levels import EqualDistanceQuantiser

# Maximum fraction of pixels outside the range without warning.
MAX_OUTSIDE_FRACTION = 0.2

# Minimum fraction of pixels of a level that counts as used, and minimum fraction of used levels without warning.
MIN_LEVEL_FRACTION = 0.001
MIN_USED_LEVELS = 1 / 8

# Sampling distance in rows and columns.
SAMPLING_STEP = 4


def count_levels(values, grey, quantiser):
    """Count the pixels of each grey level, and those outside the range, in a sample of a part of a band.

    Parameters
    ----------
    values : ndarray of float32, shape (rows, columns)
    grey : ndarray of uint8, same shape
    quantiser : EqualDistanceQuantiser or EqualProbabilityQuantiser

    Returns
    -------
    ndarray of int64, shape (levels + 2,)
        Pixels of each level, then those below and above the range.
    """
    levels = np.bincount(grey[::SAMPLING_STEP, ::SAMPLING_STEP].ravel(),
                         minlength=quantiser.levels + 1)[:quantiser.levels]
    outside = [0, 0]
    if isinstance(quantiser, EqualDistanceQuantiser):
        values = values[::SAMPLING_STEP, ::SAMPLING_STEP]
        outside = [np.count_nonzero(values < quantiser.minimum), np.count_nonzero(values > quantiser.maximum)]
    return np.concatenate([levels, outside])


def range_warning(name, counts, quantiser):
    """Return a warning about the grey level range of a band.

    Parameters
    ----------
    name : str
    counts : ndarray of int64
        Sum of :func:`count_levels` over the band.
    quantiser : EqualDistanceQuantiser or EqualProbabilityQuantiser

    Returns
    -------
    str
        Empty if the range is suitable.
    """
    levels, (below, above) = counts[:-2], counts[-2:]
    pixels = levels.sum()
    if not pixels or not isinstance(quantiser, EqualDistanceQuantiser):
        return ""
    if quantiser.minimum == quantiser.maximum:
        return f"{name} has no texture: all values are {quantiser.minimum:g}."
    advice = "Check that the range is in the units of the band; the published ranges are for backscatter in dB."
    if below + above > MAX_OUTSIDE_FRACTION * pixels:
        return (f"{(below + above) / pixels:.0%} of the pixels of {name} lie outside the range {quantiser} "
                f"({below / pixels:.0%} below, {above / pixels:.0%} above) and are set to its limits. {advice}")
    used = int((levels >= MIN_LEVEL_FRACTION * pixels).sum())
    if used < MIN_USED_LEVELS * quantiser.levels:
        return f"{name} uses only {used} of the {quantiser.levels} grey levels in the range {quantiser}. {advice}"
    return ""
