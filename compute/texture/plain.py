"""Moving windows with numpy alone: many columns of the image slide down at once.

Every call of numpy costs as much as working on hundreds of pixels. So a narrow image is cut into strips that are laid
side by side, and what can wait is done for a whole row of windows in one call.
"""

import numpy as np

# A call of numpy costs about as much as the work on so many columns.
CALL_COLUMNS = 540
# The histograms of all columns should stay near the processor.
HISTOGRAM_BYTES = 3000000
MOST_STRIPS = 8
# Histograms that are made one by one, at most so many counts at once.
COUNTS_AT_ONCE = 1 << 20


def add_box_sums(plane, table, step, totals):
    """Add up what the pairs of each window stand for.

    Parameters
    ----------
    plane : PairPlane
    table : ndarray of uint64, shape (keys,)
        What each key adds.
    step : int
        Pixels from one window to the next.
    totals : ndarray of uint64, shape (rows, columns)
        Added to.
    """
    rows, columns = totals.shape
    sums = table.take(plane.keys)
    np.cumsum(sums, axis=0, out=sums)
    down = sums[plane.height - 1:plane.height + (rows - 1) * step:step].copy()
    down[1:] -= sums[step - 1:(rows - 1) * step:step]
    np.cumsum(down, axis=1, out=down)
    totals += down[:, plane.width - 1:plane.width + (columns - 1) * step:step]
    totals[:, 1:] -= down[:, step - 1:(columns - 1) * step:step]


def histogram_totals(planes, histogram, table, shape, step, wants_largest):
    """What the bins of the histogram of each window add up to.

    Parameters
    ----------
    planes : sequence of PairPlane
        Their pairs are counted in one histogram.
    histogram : Histogram
    table : CountTable
    shape : tuple of int
        (rows, columns) of the result.
    step : int
        Pixels from one window to the next.
    wants_largest : bool

    Returns
    -------
    totals : ndarray of uint64, shape `shape`
        As :class:`~.tables.CountTable` reads them.
    largest : ndarray of int64, shape `shape`, or None
        The largest weight of a bin.
    """
    coded = [(code.take(plane.keys), plane.height, plane.width) for plane in planes for code in histogram.codes]
    if step == 1:
        return _slide(coded, histogram, table, shape, wants_largest)
    return _count(coded, histogram, table, shape, step, wants_largest)


def _slide(coded, histogram, table, shape, wants_largest):
    rows, columns = shape
    pitch = max(codes.shape[1] for codes, _, _ in coded)
    tallest = max(height for _, height, _ in coded)
    strips = _strip_count(rows, tallest, pitch, (histogram.bins + 1) * table.dtype.itemsize)
    strip_rows = -(-rows // strips)
    width = strips * pitch
    sliders = [_Slider(_side_by_side(codes, strips, strip_rows, height, pitch, histogram.bins), height, wide)
               for codes, height, wide in coded]
    # Room before and after the histograms, so that windows shifted by some columns may look past the ends.
    room = max(wide for _, _, wide in coded)
    memory = np.zeros(2 * room + (histogram.bins + 1) * width, table.dtype)
    counts = memory[room:memory.size - room].reshape(-1, width)
    counts[:] = table.starts(histogram)[:, None]
    totals = np.zeros((strip_rows, width), np.uint64)
    largest = np.zeros((strip_rows, width), np.int64) if wants_largest else None
    total = np.zeros(width, np.uint64)
    for slider in sliders:
        slider.attach(memory, room, table.growth)
        for row in range(slider.height - 1):
            slider.enter(row, total)
    for row in range(strip_rows):
        for slider in sliders:
            slider.enter(row + slider.height - 1, total)
        totals[row] = total
        if wants_largest:
            largest[row] = _largest(counts, histogram, table)
        for slider in sliders:
            slider.leave(row, total)
    return tuple(plane if plane is None else
                 plane.reshape(strip_rows, strips, pitch).swapaxes(0, 1).reshape(-1, pitch)[:rows, :columns]
                 for plane in (totals, largest))


def _strip_count(rows, height, pitch, bytes_per_column):
    """How many strips take least time: each begins with filling its window, each call has a price of its own."""
    most = max(1, min(MOST_STRIPS, HISTOGRAM_BYTES // (pitch * bytes_per_column), rows))
    return min(range(1, most + 1), key=lambda strips: (rows / strips + height / 2) * (strips * pitch + CALL_COLUMNS))


def _side_by_side(codes, strips, strip_rows, height, pitch, nothing):
    """Cut the rows into strips that overlap by the window, and lay them side by side.

    Returns
    -------
    ndarray of intp
        Place of each code in histograms that lie bin by bin, each with a count for every column.
    """
    tall = strips * strip_rows + height - 1
    padded = np.full((tall, pitch), nothing, np.intp)
    padded[:len(codes), :codes.shape[1]] = codes[:tall]
    parts = [padded[strip * strip_rows:(strip + 1) * strip_rows + height - 1] for strip in range(strips)]
    places = np.concatenate(parts, axis=1)
    places *= strips * pitch
    places += np.arange(strips * pitch)
    return places


class _Slider:
    """The pairs of one plane on their way into the histograms and out again."""

    def __init__(self, places, height, width):
        self.height = height
        self._places, self._width = places, width

    def attach(self, memory, room, growth):
        """Say where the histograms are, and what a count grows the total by.

        A pair `shift` columns to the right of a window has its place in the histogram that many columns further on:
        a view of the memory that begins so much earlier makes them agree.
        """
        # The last columns have no pairs to their right; what they count is not used.
        self._columns = self._places.shape[1] - self._width + 1
        self._views = [memory[room - shift:] for shift in range(self._width)]
        self._growth = growth
        self._counts = np.empty((self._width, self._columns), memory.dtype)

    def enter(self, row, total):
        """Count a row of pairs in every window."""
        places = self._places[row]
        for shift, view in enumerate(self._views):
            here, counts = places[shift:shift + self._columns], self._counts[shift]
            np.take(view, here, out=counts, mode="clip")
            view[here] = counts + 1
        total[:self._columns] += self._growth.take(self._counts).sum(axis=0)

    def leave(self, row, total):
        """Take a row of pairs out of every window."""
        places = self._places[row]
        for shift, view in enumerate(self._views):
            here, counts = places[shift:shift + self._columns], self._counts[shift]
            np.take(view, here, out=counts, mode="clip")
            counts -= 1
            view[here] = counts
        total[:self._columns] -= self._growth.take(self._counts).sum(axis=0)


def _largest(counts, histogram, table):
    """The largest weight in each column of histograms (bins, columns), the last bin left out."""
    plain = counts[histogram.doubled:histogram.bins].max(axis=0, initial=0).astype(np.int64)
    if not histogram.doubled:
        return plain
    doubled = counts[:histogram.doubled].max(axis=0).astype(np.int64)
    return np.maximum(plain, 2 * (doubled - table.region))


def _count(coded, histogram, table, shape, step, wants_largest):
    """Histograms one by one, for windows that share few pairs or none."""
    rows, columns = shape
    bins = histogram.bins + 1
    totals = np.empty(shape, np.uint64)
    largest = np.empty(shape, np.int64) if wants_largest else None
    starts = table.starts(histogram)[:, None].astype(np.int64)
    # What a count has grown the total by since it began.
    grown = np.concatenate([np.cumsum(part) - part for part in np.split(table.growth, 3)])
    at_once = max(1, COUNTS_AT_ONCE // max(bins, *(height * width for _, height, width in coded)))
    for row in range(rows):
        for first in range(0, columns, at_once):
            cells = np.arange(first, min(first + at_once, columns))
            counts = np.zeros(bins * len(cells), np.int64)
            for codes, height, width in coded:
                across = (cells * step)[:, None] + np.arange(width)
                places = codes[row * step:row * step + height][:, across].astype(np.intp)
                places *= len(cells)
                places += (cells - first)[:, None]
                counts += np.bincount(places.ravel(), minlength=counts.size)
            counts = counts.reshape(bins, -1) + starts
            totals[row, cells] = grown.take(counts).sum(axis=0)
            if wants_largest:
                largest[row, cells] = _largest(counts, histogram, table)
    return totals, largest
