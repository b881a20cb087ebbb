"""Moving windows compiled with numba, if it is installed: the same integers as :mod:`.numpy_windows`, faster.

The kernels are single-threaded Python functions that release the global interpreter lock when compiled. The compiled
code is cached next to this file or in the user's cache folder.
"""

from functools import cache

import numpy as np


@cache
def is_available():
    """Whether numba is installed and compatible with the installed numpy."""
    try:
        import numba
    except (ImportError, AttributeError, SystemError):
        return False
    return hasattr(numba, "njit")


def add_box_sums(plane, table, step, totals):
    """Add the sums over the pairs of each window; parameters as for :func:`.numpy_windows.add_box_sums`."""
    _compiled(_add_box_sums)(plane.keys, table, plane.height, plane.width, step, totals)


def histogram_totals(planes, histogram, table, shape, step, with_largest):
    """Return the totals over the bins of each window; parameters as for :func:`.numpy_windows.histogram_totals`."""
    coded = [(code.take(plane.keys), plane.height, plane.width) for plane in planes for code in histogram.codes]
    codes = np.full((len(coded), *np.max([codes.shape for codes, _, _ in coded], axis=0)), histogram.bins, np.uint16)
    for plane, (part, _, _) in enumerate(coded):
        codes[plane, :part.shape[0], :part.shape[1]] = part
    heights, widths = (np.array([plane[index] for plane in coded]) for index in (1, 2))
    totals = np.empty(shape, np.uint64)
    largest = np.empty(shape if with_largest else (0, 0), np.int64)
    starts = table.initial_counts(histogram).astype(np.uint16 if table.dtype.itemsize < 4 else np.uint32)
    _compiled(_slide)(codes, heights, widths, step, starts, table.region, table.increments, totals,
                      largest)
    return totals, largest if with_largest else None


@cache
def _compiled(kernel):
    import numba

    return numba.njit(kernel, cache=True, nogil=True)


def _add_box_sums(keys, table, height, width, step, totals):
    rows, columns = totals.shape
    pitch = (columns - 1) * step + width
    down = np.zeros(pitch, np.uint64)
    for row in range(rows):
        top = row * step
        if row == 0 or step >= height:
            down[:] = 0
            for key_row in range(top, top + height):
                for column in range(pitch):
                    down[column] += table[keys[key_row, column]]
        else:
            for key_row in range(top - step, top):
                for column in range(pitch):
                    down[column] += table[keys[key_row + height, column]] - table[keys[key_row, column]]
        total = np.uint64(0)
        for column in range(width):
            total += down[column]
        totals[row, 0] += total
        for column in range(1, columns):
            for key_column in range((column - 1) * step, column * step):
                total += down[key_column + width] - down[key_column]
            totals[row, column] += total


def _slide(codes, heights, widths, step, starts, region, increments, totals, largest):  # noqa: C901, one loop for the compiler
    # Loops start at 0 so that the compiler can omit the check for negative indices.
    rows, columns = totals.shape
    bins = len(starts) - 1
    with_largest = largest.size > 0
    at_least = np.zeros(2 * region + 1, np.int32)
    for row in range(rows):
        counts = starts.copy()
        total, off_diagonal, diagonal = np.uint64(0), 0, region
        at_least[:] = 0
        for column in range(columns):
            for plane in range(len(codes)):
                width, first, last = widths[plane], row * step, row * step + heights[plane]
                left = column * step
                leaving_width = min(step, width) if column else 0
                leaving = codes[plane, first:last, left - step:left - step + leaving_width]
                for across in range(leaving.shape[1]):
                    for down in range(leaving.shape[0]):
                        code = leaving[down, across]
                        if code < bins:
                            count = counts[code]
                            counts[code] = count - 1
                            total -= increments[count - 1]
                            if with_largest:
                                at_least[count] -= 1
                entering_width = leaving_width if column else width
                entering = codes[plane, first:last, left + width - entering_width:left + width]
                for across in range(entering.shape[1]):
                    for down in range(entering.shape[0]):
                        code = entering[down, across]
                        if code < bins:
                            count = counts[code]
                            counts[code] = count + 1
                            total += increments[count]
                            if with_largest:
                                at_least[count + 1] += 1
            totals[row, column] = total
            if with_largest:
                while at_least[off_diagonal + 1] > 0:
                    off_diagonal += 1
                while off_diagonal > 0 and at_least[off_diagonal] == 0:
                    off_diagonal -= 1
                while at_least[diagonal + 1] > 0:
                    diagonal += 1
                while diagonal > region and at_least[diagonal] == 0:
                    diagonal -= 1
                largest[row, column] = max(off_diagonal, 2 * (diagonal - region))
