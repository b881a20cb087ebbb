"""Moving windows with numpy: all columns of an image are updated in one call per row.

A numpy call costs as much as processing hundreds of pixels. Therefore narrow images are cut into strips that are placed
side by side.
"""

import numpy as np

# Overhead of a numpy call, in columns processed in the same time.
CALL_COLUMNS = 540

# Maximum size of the histograms of all columns, so that they fit in the processor cache.
HISTOGRAM_BYTES = 3000000
MAX_STRIPS = 8

# Maximum number of counts processed at once for separate histograms.
MAX_COUNTS = 1 << 20


def add_box_sums(plane, table, step, totals):
    """Add the sums over the pairs of each window to `totals`.

    Parameters
    ----------
    plane : PairPlane
    table : ndarray of uint64, shape (keys,)
        Summand of each key.
    step : int
        Pixels from one window to the next.
    totals : ndarray of uint64, shape (rows, columns)
        Modified in place.
    """
    rows, columns = totals.shape
    sums = table.take(plane.keys)
    np.cumsum(sums, axis=0, out=sums)
    down = sums[plane.height - 1:plane.height + (rows - 1) * step:step].copy()
    down[1:] -= sums[step - 1:(rows - 1) * step:step]
    np.cumsum(down, axis=1, out=down)
    totals += down[:, plane.width - 1:plane.width + (columns - 1) * step:step]
    totals[:, 1:] -= down[:, step - 1:(columns - 1) * step:step]


def histogram_totals(planes, histogram, table, shape, step, with_largest):
    """Return the totals over the histogram bins of each window.

    Parameters
    ----------
    planes : sequence of PairPlane
        Planes whose pairs are counted in one histogram.
    histogram : Histogram
    table : CountTable
    shape : tuple of int
        (rows, columns) of the output.
    step : int
        Pixels from one window to the next.
    with_largest : bool
        Whether to return the largest weights.

    Returns
    -------
    totals : ndarray of uint64, shape `shape`
        Totals for :class:`~.pixel_pairs.CountTable`.
    largest : ndarray of int64, shape `shape`, or None
        Largest weight of a bin.
    """
    coded = [(code.take(plane.keys), plane.height, plane.width) for plane in planes for code in histogram.codes]
    if step == 1:
        return _slide(coded, histogram, table, shape, with_largest)
    return _count(coded, histogram, table, shape, step, with_largest)


def _slide(coded, histogram, table, shape, with_largest):
    rows, columns = shape
    pitch = max(codes.shape[1] for codes, _, _ in coded)
    tallest = max(height for _, height, _ in coded)
    strips = _strip_count(rows, tallest, pitch, (histogram.bins + 1) * table.dtype.itemsize)
    strip_rows = -(-rows // strips)
    width = strips * pitch
    sliders = [_Slider(_side_by_side(codes, strips, strip_rows, height, pitch, histogram.bins), height, wide)
               for codes, height, wide in coded]
    # Padding before and after the histograms for the views shifted by columns.
    padding = max(wide for _, _, wide in coded)
    memory = np.zeros(2 * padding + (histogram.bins + 1) * width, table.dtype)
    counts = memory[padding:memory.size - padding].reshape(-1, width)
    counts[:] = table.initial_counts(histogram)[:, None]
    totals = np.zeros((strip_rows, width), np.uint64)
    largest = np.zeros((strip_rows, width), np.int64) if with_largest else None
    total = np.zeros(width, np.uint64)
    for slider in sliders:
        slider.attach(memory, padding, table.increments)
        for row in range(slider.height - 1):
            slider.enter(row, total)
    for row in range(strip_rows):
        for slider in sliders:
            slider.enter(row + slider.height - 1, total)
        totals[row] = total
        if with_largest:
            largest[row] = _largest(counts, histogram, table)
        for slider in sliders:
            slider.leave(row, total)
    return tuple(plane if plane is None else
                 plane.reshape(strip_rows, strips, pitch).swapaxes(0, 1).reshape(-1, pitch)[:rows, :columns]
                 for plane in (totals, largest))


def _strip_count(rows, height, pitch, bytes_per_column):
    """Return the fastest number of strips, from the cost of filling their first windows and the call overhead."""
    max_strips = max(1, min(MAX_STRIPS, HISTOGRAM_BYTES // (pitch * bytes_per_column), rows))
    return min(range(1, max_strips + 1),
               key=lambda strips: (rows / strips + height / 2) * (strips * pitch + CALL_COLUMNS))


def _side_by_side(codes, strips, strip_rows, height, pitch, missing):
    """Cut the rows into strips that overlap by the window, and place them side by side.

    Returns
    -------
    ndarray of intp
        Index of each code in histograms of shape (bins, columns).
    """
    padded_rows = strips * strip_rows + height - 1
    padded = np.full((padded_rows, pitch), missing, np.intp)
    padded[:len(codes), :codes.shape[1]] = codes[:padded_rows]
    parts = [padded[strip * strip_rows:(strip + 1) * strip_rows + height - 1] for strip in range(strips)]
    indices = np.concatenate(parts, axis=1)
    indices *= strips * pitch
    indices += np.arange(strips * pitch)
    return indices


class _Slider:
    """Adds and removes rows of the pairs of one plane in the histograms."""

    def __init__(self, indices, height, width):
        self.height = height
        self._indices, self._width = indices, width

    def attach(self, memory, padding, increments):
        """Set the memory of the histograms, and the increment of the total by count.

        The index of a pair `shift` columns to the right of a window is greater by `shift`; a view of the memory that
        starts `shift` elements earlier compensates for this.
        """
        # The last columns have no pairs to their right; their counts are not used.
        self._columns = self._indices.shape[1] - self._width + 1
        self._views = [memory[padding - shift:] for shift in range(self._width)]
        self._increments = increments
        self._counts = np.empty((self._width, self._columns), memory.dtype)

    def enter(self, row, total):
        """Add a row of pairs to every window."""
        indices = self._indices[row]
        for shift, view in enumerate(self._views):
            shifted, counts = indices[shift:shift + self._columns], self._counts[shift]
            np.take(view, shifted, out=counts, mode="clip")
            view[shifted] = counts + 1
        total[:self._columns] += self._increments.take(self._counts).sum(axis=0)

    def leave(self, row, total):
        """Remove a row of pairs from every window."""
        indices = self._indices[row]
        for shift, view in enumerate(self._views):
            shifted, counts = indices[shift:shift + self._columns], self._counts[shift]
            np.take(view, shifted, out=counts, mode="clip")
            counts -= 1
            view[shifted] = counts
        total[:self._columns] -= self._increments.take(self._counts).sum(axis=0)


def _largest(counts, histogram, table):
    """Return the largest weight in each column of histograms (bins, columns), without the bin of invalid pairs."""
    off_diagonal = counts[histogram.diagonal_bins:histogram.bins].max(axis=0, initial=0).astype(np.int64)
    if not histogram.diagonal_bins:
        return off_diagonal
    diagonal = counts[:histogram.diagonal_bins].max(axis=0).astype(np.int64)
    return np.maximum(off_diagonal, 2 * (diagonal - table.region))


def _count(coded, histogram, table, shape, step, with_largest):
    """Count separate histograms, for windows that have few or no pairs in common."""
    rows, columns = shape
    bins = histogram.bins + 1
    totals = np.empty(shape, np.uint64)
    largest = np.empty(shape, np.int64) if with_largest else None
    starts = table.initial_counts(histogram)[:, None].astype(np.int64)
    # Contribution of each count to the total.
    contributions = np.concatenate([np.cumsum(part) - part for part in np.split(table.increments, 3)])
    at_once = max(1, MAX_COUNTS // max(bins, *(height * width for _, height, width in coded)))
    for row in range(rows):
        for first in range(0, columns, at_once):
            cells = np.arange(first, min(first + at_once, columns))
            counts = np.zeros(bins * len(cells), np.int64)
            for codes, height, width in coded:
                across = (cells * step)[:, None] + np.arange(width)
                indices = codes[row * step:row * step + height][:, across].astype(np.intp)
                indices *= len(cells)
                indices += (cells - first)[:, None]
                counts += np.bincount(indices.ravel(), minlength=counts.size)
            counts = counts.reshape(bins, -1) + starts
            totals[row, cells] = contributions.take(counts).sum(axis=0)
            if with_largest:
                largest[row, cells] = _largest(counts, histogram, table)
    return totals, largest
