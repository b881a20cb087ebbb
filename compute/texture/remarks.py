"""What should be known of grey levels that fit a band badly: the result looks like a texture, but says little."""

import numpy as np

from .quantise import EqualWidths

# Beyond this share of pixels outside the range, the range is probably a mistake.
MUCH_OUTSIDE = 0.2
# A level counts as filled with this share of the pixels; with fewer than so many of them filled, little is told apart.
FILLED = 0.001
FEW_LEVELS = 1 / 8
# Every so many rows and columns are looked at.
SAMPLED_EVERY = 4


def count_levels(values, grey, scale):
    """Count where the values of a part of a band lie.

    Parameters
    ----------
    values : ndarray of float32, shape (rows, columns)
    grey : ndarray of uint8, same shape
    scale : EqualWidths or EqualShares

    Returns
    -------
    ndarray of int64, shape (levels + 2,)
        Pixels of each level in a sample, then those below and above the range.
    """
    levels = np.bincount(grey[::SAMPLED_EVERY, ::SAMPLED_EVERY].ravel(), minlength=scale.levels + 1)[:scale.levels]
    outside = [0, 0]
    if isinstance(scale, EqualWidths):
        values = values[::SAMPLED_EVERY, ::SAMPLED_EVERY]
        outside = [np.count_nonzero(values < scale.lowest), np.count_nonzero(values > scale.highest)]
    return np.concatenate([levels, outside])


def remark(name, counts, scale):
    """What should be known of a band, in a sentence.

    Parameters
    ----------
    name : str
    counts : ndarray of int64
        The sum of :func:`count_levels` over the band.
    scale : EqualWidths or EqualShares

    Returns
    -------
    str
        Empty if all is well.
    """
    levels, (below, above) = counts[:-2], counts[-2:]
    pixels = levels.sum()
    if not pixels or not isinstance(scale, EqualWidths):
        return ""
    if scale.lowest == scale.highest:
        return f"{name} has the value {scale.lowest:g} everywhere: it has no texture."
    question = "Is the range in the units of the band? Backscatter must be in dB for the published ranges."
    if below + above > MUCH_OUTSIDE * pixels:
        return (f"{(below + above) / pixels:.0%} of the pixels of {name} lie outside the range {scale} "
                f"({below / pixels:.0%} below, {above / pixels:.0%} above) and count as its ends. {question}")
    filled = int((levels >= FILLED * pixels).sum())
    if filled < FEW_LEVELS * scale.levels:
        return f"{name} fills only {filled} of the {scale.levels} grey levels from {scale}. {question}"
    return ""
