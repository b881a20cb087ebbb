"""How a stack is shown when it is opened: true colour, with a false-colour style beside it.

Both are stretched between the 2nd and the 98th percentile of the data, which are counted while the blocks are written.
"""

import numpy as np

from ..classes import MapClass
from ..raster.qml import false_colour_qml, paletted_qml, true_colour_qml
from .bands import SCENE_CLASSES, SCENE_COLOURS
from .storage import NODATA

TRUE_COLOUR = ("B04", "B03", "B02")
FALSE_COLOUR = ("B08", "B04", "B03")
# Without B08 (60 m products, or by choice) the narrow near infrared band serves.
NARROW_FALSE_COLOUR = ("B8A", "B04", "B03")
# A scene classification alone is shown in its colours.
SCENES = tuple(MapClass(value, name, name.replace("_", " "), colour)
               for value, (name, colour) in enumerate(zip(SCENE_CLASSES, SCENE_COLOURS)))
BIN = 8


class DisplayRanges:
    """Counts the values of the bands that are shown.

    Parameters
    ----------
    bands : sequence of str
        Bands of one date.
    """

    def __init__(self, bands):
        self._index = {band: index for index, band in enumerate(bands)}
        shown = {*TRUE_COLOUR, *FALSE_COLOUR, *NARROW_FALSE_COLOUR} & set(bands)
        self._counts = {self._index[band]: np.zeros(65536 // BIN, np.int64) for band in shown}

    def add(self, index, stored):
        """Count the values of a block of the band at `index` (int16, nodata left out)."""
        if index in self._counts:
            codes = (stored[stored != NODATA].astype(np.int32) + 32768) // BIN
            self._counts[index] += np.bincount(codes, minlength=65536 // BIN)

    @property
    def pixels(self):
        """int: values counted in the band that has most."""
        return max((int(counts.sum()) for counts in self._counts.values()), default=0)

    @property
    def brightest(self):
        """float: the largest of the upper ends of the stretches, in stored units; a cloudy date has a large one."""
        return max((self._range(index, 1.0)[1] for index in self._counts), default=0.0)

    def styles(self, scale, first_band=0):
        """QML texts by suffix, for the side files of the stack; those whose bands are missing are left out.

        Parameters
        ----------
        scale : float
            Reflectance per stored unit.
        first_band : int
            Where the bands of this date begin in the stack, counted from 0.

        Returns
        -------
        dict of str to str
        """
        if tuple(self._index) == ("SCL",):
            return {".qml": paletted_qml(SCENES)}
        styles = {}
        for suffix, write, choices in ((".qml", true_colour_qml, (TRUE_COLOUR,)),
                                       (".false-colour.qml", false_colour_qml, (FALSE_COLOUR, NARROW_FALSE_COLOUR))):
            bands = next((choice for choice in choices if set(choice) <= set(self._index)), None)
            if bands:
                numbers = [first_band + self._index[band] + 1 for band in bands]
                ranges = [self._range(self._index[band], scale) for band in bands]
                styles[suffix] = write(*numbers, ranges)
        return styles

    def _range(self, index, scale):
        counts = self._counts[index]
        if not counts.any():
            return 0.0, 1.0
        share = np.cumsum(counts) / counts.sum()
        low, high = (np.searchsorted(share, part) * BIN - 32768 for part in (0.02, 0.98))
        return low * scale, (high + BIN) * scale
