"""Moving windows compiled by numba, where it is installed: the same whole numbers as from :mod:`.plain`, sooner.

The kernels are ordinary Python for one thread; numba makes machine code of them that lets other threads run. It is kept
beside this file, or in the user's cache, and made only once.
"""

from functools import cache

import numpy as np


@cache
def is_available():
    """Whether numba is there and fits this numpy."""
    try:
        import numba
    except (ImportError, AttributeError, SystemError):
        return False
    return hasattr(numba, "njit")


def add_box_sums(plane, table, step, totals):
    """Add up what the pairs of each window stand for; parameters as for :func:`.plain.add_box_sums`."""
    _compiled(_add_box_sums)(plane.keys, table, plane.height, plane.width, step, totals)


def histogram_totals(planes, histogram, table, shape, step, wants_largest):
    """What the bins of the histogram of each window add up to; as :func:`.plain.histogram_totals`."""
    coded = [(code.take(plane.keys), plane.height, plane.width) for plane in planes for code in histogram.codes]
    codes = np.full((len(coded), *np.max([codes.shape for codes, _, _ in coded], axis=0)), histogram.bins, np.uint16)
    for place, (part, _, _) in enumerate(coded):
        codes[place, :part.shape[0], :part.shape[1]] = part
    heights, widths = (np.array([plane[index] for plane in coded]) for index in (1, 2))
    totals = np.empty(shape, np.uint64)
    largest = np.empty(shape if wants_largest else (0, 0), np.int64)
    starts = table.starts(histogram).astype(np.uint16 if table.dtype.itemsize < 4 else np.uint32)
    _compiled(_slide)(codes, heights, widths, step, starts, table.region, table.growth, totals,
                      largest)
    return totals, largest if wants_largest else None


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
            for inside in range(top, top + height):
                for column in range(pitch):
                    down[column] += table[keys[inside, column]]
        else:
            for gone in range(top - step, top):
                for column in range(pitch):
                    down[column] += table[keys[gone + height, column]] - table[keys[gone, column]]
        total = np.uint64(0)
        for column in range(width):
            total += down[column]
        totals[row, 0] += total
        for column in range(1, columns):
            for gone in range((column - 1) * step, column * step):
                total += down[gone + width] - down[gone]
            totals[row, column] += total


def _slide(codes, heights, widths, step, starts, region, growth, totals, largest):  # noqa: C901, one loop for the compiler
    # Loops that begin at 0 spare the processor the question whether an index counts from the end.
    rows, columns = totals.shape
    bins = len(starts) - 1
    wants_largest = largest.size > 0
    at_least = np.zeros(2 * region + 1, np.int32)
    for row in range(rows):
        counts = starts.copy()
        total, single, twin = np.uint64(0), 0, region
        at_least[:] = 0
        for column in range(columns):
            for plane in range(len(codes)):
                width, first, last = widths[plane], row * step, row * step + heights[plane]
                left = column * step
                gone = min(step, width) if column else 0
                leaving = codes[plane, first:last, left - step:left - step + gone]
                for across in range(leaving.shape[1]):
                    for down in range(leaving.shape[0]):
                        code = leaving[down, across]
                        if code < bins:
                            count = counts[code]
                            counts[code] = count - 1
                            total -= growth[count - 1]
                            if wants_largest:
                                at_least[count] -= 1
                fresh = gone if column else width
                entering = codes[plane, first:last, left + width - fresh:left + width]
                for across in range(entering.shape[1]):
                    for down in range(entering.shape[0]):
                        code = entering[down, across]
                        if code < bins:
                            count = counts[code]
                            counts[code] = count + 1
                            total += growth[count]
                            if wants_largest:
                                at_least[count + 1] += 1
            totals[row, column] = total
            if wants_largest:
                while at_least[single + 1] > 0:
                    single += 1
                while single > 0 and at_least[single] == 0:
                    single -= 1
                while at_least[twin + 1] > 0:
                    twin += 1
                while twin > region and at_least[twin] == 0:
                    twin -= 1
                largest[row, column] = max(single, 2 * (twin - region))
