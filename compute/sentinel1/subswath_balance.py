"""Sub-swath balance: scaling and offset of the thermal noise by sub-swath, from a table or estimated from the image.

The noise vectors of a product are not exact, so that steps remain between the sub-swaths of EW and IW. Following Park
et al. (IEEE Transactions on Geoscience and Remote Sensing 56(3), 2018, 1555-1565), the noise of each sub-swath is
scaled so that backscatter varies smoothly across it, and offsets remove the steps between the sub-swaths.
"""

import csv
import os

import numpy as np

from ..errors import MissingInput, UnreadableInput, UnsuitableInput
from ..raster.grid import Window
from .radiometry import swath_values

COLUMNS = ("platform", "mode", "polarisation", "processor", "swath", "scaling", "offset")
ANY = "*"
MAX_TABLE_BYTES = 4 * 1024 * 1024

# Maximum number of stripes in which the image is sampled, and lines of a stripe.
STRIPES, STRIPE_LINES = 80, 64

# Pixels next to a sub-swath boundary in which its level is measured (few, as backscatter varies across ice), and pixels
# at the boundary that are excluded.
LEVEL_PIXELS, EXCLUDED_PIXELS = 40, 6

# A scaling is set to 1 if it is outside this range, if its standard error exceeds the maximum, or if it differs from 1
# by less than two standard errors.
MIN_SCALING, MAX_SCALING = 0.5, 2.0
MAX_STANDARD_ERROR = 0.05
MIN_STRIPES = 5

# Correlation length of ice structures in pixels; this number of neighbours counts as one independent observation.
CORRELATION_LENGTH = 200


def balance_from_table(path, product, polarisation):
    """Read scaling and offset of one polarisation of a product from a table.

    Parameters
    ----------
    path : str
        CSV with the columns ``COLUMNS``; lines starting with # are comments, * matches any value. `processor` is the
        beginning of an IPF version ("3.5"). If several rows match a sub-swath, the last one is used.
    product : GrdProduct
    polarisation : str

    Returns
    -------
    dict of str to (float, float)
        Scaling and offset by sub-swath.

    Raises
    ------
    MissingInput, UnreadableInput, UnsuitableInput
        If the file does not exist, or a row is invalid.
    """
    processor = ".".join(str(int(part)) if index == 0 else part
                         for index, part in enumerate(product.processor.split(".")) if part)
    annotation = product.annotation
    channel = annotation.mission, annotation.mode, polarisation
    balance = {}
    for row in read_noise_table(path):
        cells = (row[name].upper() for name in ("platform", "mode", "polarisation"))
        if (all(cell in (ANY, value) for cell, value in zip(cells, channel))
                and (row["processor"] == ANY or processor.startswith(row["processor"].lstrip("0")))):
            balance[row["swath"].upper()] = row["scaling"], row["offset"]
    return balance


def read_noise_table(path):
    """Read the rows of a sub-swath noise table, as dicts by column; scaling and offset are numbers.

    Raises
    ------
    MissingInput, UnreadableInput, UnsuitableInput
        If the file does not exist, or a row is invalid.
    """
    if not os.path.isfile(path):
        raise MissingInput(f"The sub-swath noise table {path} does not exist. Check its path.")
    if os.path.getsize(path) > MAX_TABLE_BYTES:
        raise UnreadableInput(f"{path} is too large for a sub-swath noise table. Check its path.")
    try:
        with open(path, encoding="utf-8-sig", newline="") as file:
            lines = [(number, line) for number, line in enumerate(file, start=1)
                     if line.strip() and not line.lstrip().startswith("#")]
    except (OSError, UnicodeDecodeError) as error:
        raise UnreadableInput(f"{path} cannot be read as text ({error}). Save it as CSV in UTF-8.") from error
    reader = csv.reader([line for _, line in lines])
    names = [cell.strip().lower() for cell in next(reader, [])]
    if set(COLUMNS) - set(names):
        raise UnsuitableInput(f"{path} lacks the columns {', '.join(sorted(set(COLUMNS) - set(names)))}. The first "
                              f"line must be: {','.join(COLUMNS)}.")
    rows = []
    for (number, _), cells in zip(lines[1:], reader):
        row = dict(zip(names, (cell.strip() for cell in cells)))
        if not all(row.get(name) for name in COLUMNS):
            raise UnsuitableInput(f"{path}, line {number} has empty cells. Each row requires {', '.join(COLUMNS)}.")
        try:
            rows.append({**row, "scaling": float(row["scaling"]), "offset": float(row["offset"])})
        except ValueError as error:
            raise UnsuitableInput(f"{path}, line {number}: scaling and offset must be numbers with a decimal "
                                  f"point, not {row['scaling']!r} and {row['offset']!r}.") from error
    return rows


def estimate_balance(channel, executor, progress):
    """Estimate scaling and offset of the noise by sub-swath from one image.

    The scaling makes the denoised mean backscatter of a stripe linear across the sub-swath (least squares, weighted by
    the slope of the noise). The offsets remove the remaining steps between neighbouring sub-swaths and preserve the
    mean. Stripes are averaged with inverse-variance weights; scalings and offsets that are not significant are 1 and 0.

    Parameters
    ----------
    channel : ChannelPower
        Without sub-swath balance.
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
    """Return range profiles of a stripe by sub-swath: (pixels, mean backscatter, mean noise)."""
    power, noise, valid = channel.read_with_noise(window)
    swath_ids = {name: index for index, name in enumerate(sorted({part.swath for part in channel.swaths}), start=1)}
    swath_of_pixel = swath_values(channel.swaths, swath_ids, window, 0.0)
    middle = swath_of_pixel[window.height // 2]
    usable = valid.all(axis=0) & (swath_of_pixel == middle).all(axis=0) & (noise > 0).all(axis=0)
    profiles = {}
    for name, swath_id in swath_ids.items():
        pixels = np.flatnonzero(usable & (middle == swath_id))
        if len(pixels) > 4 * EXCLUDED_PIXELS:
            pixels = pixels[EXCLUDED_PIXELS:-EXCLUDED_PIXELS]
            profiles[name] = (pixels, power[:, pixels].mean(axis=0, dtype=np.float64),
                              noise[:, pixels].mean(axis=0, dtype=np.float64))
    return profiles


def _scaling(profiles):
    """Return the mean scaling of all stripes, or 1 if it is not significant."""
    scalings, weights = [], []
    for pixels, power, noise in profiles:
        slope = np.abs(np.gradient(noise, pixels))
        if not slope.any():
            continue
        root = np.sqrt(slope / slope.sum())[:, None]
        position = (pixels - pixels.mean()) / np.ptp(pixels)
        terms = np.stack([np.ones_like(position), position, noise / noise.mean()], axis=1)
        fit, _, rank, _ = np.linalg.lstsq(terms * root, power * root[:, 0], rcond=None)
        if rank == 3:
            scatter = np.sum((root[:, 0] * (power - terms @ fit)) ** 2) * CORRELATION_LENGTH / len(pixels)
            variance = np.linalg.inv((terms * root).T @ (terms * root))[2, 2] * scatter
            scalings.append(fit[2] / noise.mean())
            weights.append(noise.mean() ** 2 / max(variance, np.finfo(float).tiny))
    scaling, error = _weighted_mean(scalings, weights)
    is_significant = error <= MAX_STANDARD_ERROR and abs(scaling - 1) >= 2 * error
    return scaling if is_significant and MIN_SCALING <= scaling <= MAX_SCALING else 1.0


def _weighted_mean(values, weights):
    """Return the weighted mean over stripes and its standard error, from the scatter of the stripes."""
    if len(values) < MIN_STRIPES:
        return 1.0, np.inf
    values, weights = np.array(values), np.array(weights) / np.sum(weights)
    mean = float(weights @ values)
    return mean, float(np.sqrt(weights ** 2 @ (values - mean) ** 2))


def _offsets(names, stripes, scalings):
    """Return offsets that remove the steps between neighbouring sub-swaths; their mean, weighted by width, is 0."""
    offsets, widths = [0.0], [_width(names[0], stripes)]
    for left, right in zip(names, names[1:]):
        steps = [_boundary_step(profiles[left], profiles[right], scalings[left], scalings[right])
                 for profiles in stripes if left in profiles and right in profiles]
        offsets.append(offsets[-1] + _significant_median(steps))
        widths.append(_width(right, stripes))
    mean = np.average(offsets, weights=widths) if sum(widths) else 0.0
    return {name: float(offset - mean) for name, offset in zip(names, offsets)}


def _significant_median(steps):
    """Return the median, or 0 if it is less than two standard errors: floe edges may lie across boundaries."""
    if len(steps) < MIN_STRIPES:
        return 0.0
    median = np.median(steps)
    error = 1.253 * 1.4826 * np.median(np.abs(steps - median)) / np.sqrt(len(steps))
    return float(median) if abs(median) > 2 * error else 0.0


def _width(name, stripes):
    return float(np.median([len(profiles[name][0]) for profiles in stripes if name in profiles] or [0]))


def _boundary_step(left, right, left_scaling, right_scaling):
    """Return the step in backscatter from the left to the right sub-swath at their boundary."""
    (_, left_power, left_noise), (_, right_power, right_noise) = left, right
    left_level = (left_power - left_scaling * left_noise)[-LEVEL_PIXELS:].mean()
    right_level = (right_power - right_scaling * right_noise)[:LEVEL_PIXELS].mean()
    return right_level - left_level
