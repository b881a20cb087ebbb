"""Scaling and offset of the thermal noise for each sub-swath: from a table, or estimated from the image.

The noise that a product states is not exact, which leaves steps where the sub-swaths of EW and IW meet. Park et al.
(IEEE Transactions on Geoscience and Remote Sensing 56(3), 2018, 1555-1565) scale the noise of each sub-swath so that
backscatter varies smoothly across it, and shift the sub-swaths until they meet. So does the estimate here.
"""

import csv
import os

import numpy as np

from ..errors import MissingInput, UnreadableInput, UnsuitableInput
from ..raster.grid import Window
from .surfaces import swath_values

COLUMNS = ("platform", "mode", "polarisation", "processor", "swath", "scaling", "offset")
ANY = "*"
LARGEST_TABLE = 4 * 1024 * 1024
# The image is looked at in so many stripes of so many lines.
STRIPES, STRIPE_LINES = 80, 64
# Pixels beside a boundary in which the level of a sub-swath is measured, those at the very edge left out: few, since
# the ice itself changes from place to place.
BESIDE, EDGE = 40, 6
# A scaling is left at 1 where it is beyond belief, where its standard error is larger than this, and where it differs
# from 1 by less than twice its error.
SMALLEST_SCALING, LARGEST_SCALING = 0.5, 2.0
MOST_UNSURE = 0.05
FEWEST_STRIPES = 5
# Structures of the ice are about so large (pixels): as many neighbours count as one measurement.
STRUCTURE = 200


def from_table(path, product, polarisation):
    """The rows of a table that apply to one polarisation of a product.

    Parameters
    ----------
    path : str
        CSV with the columns ``COLUMNS``; lines that begin with # are comments, a cell * means any. `processor` is the
        beginning of a version ("3.5"). Of several rows for a sub-swath the last one counts.
    product : Product
    polarisation : str

    Returns
    -------
    dict of str to (float, float)
        Scaling and offset by sub-swath.

    Raises
    ------
    MissingInput, UnreadableInput, UnsuitableInput
        If there is no such file, or a row cannot be understood.
    """
    processor = ".".join(str(int(part)) if index == 0 else part
                         for index, part in enumerate(product.processor.split(".")) if part)
    annotation = product.annotation
    wanted = annotation.mission, annotation.mode, polarisation
    found = {}
    for row in read_table(path):
        given = (row[name].upper() for name in ("platform", "mode", "polarisation"))
        if (all(cell in (ANY, own) for cell, own in zip(given, wanted))
                and (row["processor"] == ANY or processor.startswith(row["processor"].lstrip("0")))):
            found[row["swath"].upper()] = row["scaling"], row["offset"]
    return found


def read_table(path):
    """The rows of a table, as dicts by column; scaling and offset are numbers.

    Raises
    ------
    MissingInput, UnreadableInput, UnsuitableInput
        If there is no such file, or a row cannot be understood.
    """
    if not os.path.isfile(path):
        raise MissingInput(f"The table of noise scaling and offset {path} does not exist. Check its path.")
    if os.path.getsize(path) > LARGEST_TABLE:
        raise UnreadableInput(f"{path} is far too large for a table of noise scaling and offset.")
    try:
        with open(path, encoding="utf-8-sig", newline="") as file:
            lines = [(number, line) for number, line in enumerate(file, start=1)
                     if line.strip() and not line.lstrip().startswith("#")]
    except (OSError, UnicodeDecodeError) as error:
        raise UnreadableInput(f"{path} cannot be read as text ({error}). Save it as CSV in UTF-8.") from error
    reader = csv.reader([line for _, line in lines])
    names = [cell.strip().lower() for cell in next(reader, [])]
    if set(COLUMNS) - set(names):
        raise UnsuitableInput(f"{path} lacks the columns {', '.join(sorted(set(COLUMNS) - set(names)))}. Its first "
                              f"line must be: {','.join(COLUMNS)}.")
    rows = []
    for (number, _), cells in zip(lines[1:], reader):
        row = dict(zip(names, (cell.strip() for cell in cells)))
        if not all(row.get(name) for name in COLUMNS):
            raise UnsuitableInput(f"{path}, line {number} has empty cells. Each row needs {', '.join(COLUMNS)}.")
        try:
            rows.append({**row, "scaling": float(row["scaling"]), "offset": float(row["offset"])})
        except ValueError as error:
            raise UnsuitableInput(f"{path}, line {number}: scaling and offset must be numbers with a decimal "
                                  f"point, not {row['scaling']!r} and {row['offset']!r}.") from error
    return rows


def estimated(channel, executor, progress):
    """Scaling and offset that even out the sub-swaths of one image.

    Scaling: the noise is scaled so that what is left of a stripe's mean backscatter runs straight across the sub-swath
    (least squares, weighted by the slope of the noise). Offset: what then remains of the steps between neighbouring
    sub-swaths is shared out, so that their mean stays. Stripes are averaged by how sure each is; what the stripes do
    not agree on is left as it is.

    Parameters
    ----------
    channel : ChannelPower
        Without balance.
    executor : concurrent.futures.Executor
    progress : Progress

    Returns
    -------
    dict of str to (float, float)
    """
    from ..raster.blocks import run_blocks

    height, width = channel.shape
    lines = min(STRIPE_LINES, height)
    starts = np.unique(np.linspace(0, height - lines, min(STRIPES, max(1, height // lines))).astype(int))
    stripes = []
    run_blocks([Window(int(start), 0, lines, width) for start in starts], lambda window: _profiles(channel, window),
               lambda window, profiles: stripes.append(profiles), executor, progress)
    names = sorted({part.swath for part in channel.swaths})
    scalings = {name: _scaling([profiles[name] for profiles in stripes if name in profiles]) for name in names}
    offsets = _offsets(names, stripes, scalings)
    return {name: (scalings[name], offsets[name]) for name in names}


def _profiles(channel, window):
    """Mean backscatter and noise of each pixel column of a stripe, by sub-swath: (pixels, backscatter, noise)."""
    power, noise, valid = channel.with_noise(window)
    members = {name: number for number, name in enumerate(sorted({part.swath for part in channel.swaths}), start=1)}
    owner = swath_values(channel.swaths, members, window, 0.0)
    middle = owner[window.height // 2]
    steady = valid.all(axis=0) & (owner == middle).all(axis=0) & (noise > 0).all(axis=0)
    profiles = {}
    for name, number in members.items():
        pixels = np.flatnonzero(steady & (middle == number))
        if len(pixels) > 4 * EDGE:
            pixels = pixels[EDGE:-EDGE]
            profiles[name] = (pixels, power[:, pixels].mean(axis=0, dtype=np.float64),
                              noise[:, pixels].mean(axis=0, dtype=np.float64))
    return profiles


def _scaling(profiles):
    """The scaling that the stripes agree on."""
    found, weights = [], []
    for pixels, power, noise in profiles:
        slope = np.abs(np.gradient(noise, pixels))
        if not slope.any():
            continue
        root = np.sqrt(slope / slope.sum())[:, None]
        place = (pixels - pixels.mean()) / np.ptp(pixels)
        terms = np.stack([np.ones_like(place), place, noise / noise.mean()], axis=1)
        fit, _, rank, _ = np.linalg.lstsq(terms * root, power * root[:, 0], rcond=None)
        if rank == 3:
            scatter = np.sum((root[:, 0] * (power - terms @ fit)) ** 2) * STRUCTURE / len(pixels)
            variance = np.linalg.inv((terms * root).T @ (terms * root))[2, 2] * scatter
            found.append(fit[2] / noise.mean())
            weights.append(noise.mean() ** 2 / max(variance, np.finfo(float).tiny))
    scaling, error = _agreed(found, weights)
    is_sure = error <= MOST_UNSURE and abs(scaling - 1) >= 2 * error
    return scaling if is_sure and SMALLEST_SCALING <= scaling <= LARGEST_SCALING else 1.0


def _agreed(values, weights):
    """Weighted mean of what the stripes say, and its standard error as their scatter tells it."""
    if len(values) < FEWEST_STRIPES:
        return 1.0, np.inf
    values, weights = np.array(values), np.array(weights) / np.sum(weights)
    mean = float(weights @ values)
    return mean, float(np.sqrt(weights ** 2 @ (values - mean) ** 2))


def _offsets(names, stripes, scalings):
    """Offsets that make neighbouring sub-swaths meet, their mean weighted by width being 0."""
    offsets, widths = [0.0], [_width(names[0], stripes)]
    for left, right in zip(names, names[1:]):
        jumps = [_jump(profiles[left], profiles[right], scalings[left], scalings[right])
                 for profiles in stripes if left in profiles and right in profiles]
        offsets.append(offsets[-1] + _sure_median(jumps))
        widths.append(_width(right, stripes))
    mean = np.average(offsets, weights=widths) if sum(widths) else 0.0
    return {name: float(offset - mean) for name, offset in zip(names, offsets)}


def _sure_median(jumps):
    """The median, or 0 if it is less than twice its standard error: edges of floes lie across boundaries, too."""
    if len(jumps) < FEWEST_STRIPES:
        return 0.0
    middle = np.median(jumps)
    error = 1.253 * 1.4826 * np.median(np.abs(jumps - middle)) / np.sqrt(len(jumps))
    return float(middle) if abs(middle) > 2 * error else 0.0


def _width(name, stripes):
    return float(np.median([len(profiles[name][0]) for profiles in stripes if name in profiles] or [0]))


def _jump(left, right, left_scaling, right_scaling):
    """Level of the right sub-swath above the left one where they meet."""
    (_, left_power, left_noise), (_, right_power, right_noise) = left, right
    below = (left_power - left_scaling * left_noise)[-BESIDE:].mean()
    above = (right_power - right_scaling * right_noise)[:BESIDE].mean()
    return above - below
