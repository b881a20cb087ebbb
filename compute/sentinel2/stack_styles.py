"""QGIS styles of a stack: true colour as the default style, false colour as a second one.

Both are stretched between the 2nd and 98th percentile, taken from histograms filled while the blocks are written.
"""

import numpy as np

from ..classmap.classes import MapClass
from ..raster.raster_styles import false_colour_qml, paletted_qml, true_colour_qml
from .msi_bands import SCENE_CLASSES, SCENE_COLOURS
from .reflectance_encoding import NODATA

TRUE_COLOUR = ("B04", "B03", "B02")
FALSE_COLOUR = ("B08", "B04", "B03")

# Without B08 (60 m products, or not selected) the narrow near infrared band is used.
NARROW_FALSE_COLOUR = ("B8A", "B04", "B03")

# A stack of the scene classification alone is shown in the colours of its classes.
SCENE_CLASS_LEGEND = tuple(MapClass(value, name, name.replace("_", " "), colour)
               for value, (name, colour) in enumerate(zip(SCENE_CLASSES, SCENE_COLOURS)))

# Stored units per histogram bin.
BIN_WIDTH = 8


class DisplayRanges:
    """Histograms of the bands used for display, and the stretches derived from them.

    Parameters
    ----------
    bands : sequence of str
        Bands of one date, in the order of the stack.
    """

    def __init__(self, bands):
        self._index = {band: index for index, band in enumerate(bands)}
        displayed = {*TRUE_COLOUR, *FALSE_COLOUR, *NARROW_FALSE_COLOUR} & set(bands)
        self._counts = {self._index[band]: np.zeros(65536 // BIN_WIDTH, np.int64) for band in displayed}

    def add(self, index, stored):
        """Add a block of the band at `index` (int16; nodata is ignored) to its histogram."""
        if index in self._counts:
            codes = (stored[stored != NODATA].astype(np.int32) + 32768) // BIN_WIDTH
            self._counts[index] += np.bincount(codes, minlength=65536 // BIN_WIDTH)

    @property
    def pixels(self):
        """int: number of values in the fullest histogram."""
        return max((int(counts.sum()) for counts in self._counts.values()), default=0)

    @property
    def brightest(self):
        """float: largest upper limit of the stretches, in stored units; high on cloudy dates."""
        return max((self._range(index, 1.0)[1] for index in self._counts), default=0.0)

    def styles(self, scale, first_band=0):
        """QML texts by file suffix, for the side files of the stack; styles with missing bands are omitted.

        Parameters
        ----------
        scale : float
            Reflectance per stored unit.
        first_band : int
            Zero-based index of the first band of this date in the stack.

        Returns
        -------
        dict of str to str
        """
        if tuple(self._index) == ("SCL",):
            return {".qml": paletted_qml(SCENE_CLASS_LEGEND)}
        styles = {}
        for suffix, write, choices in ((".qml", true_colour_qml, (TRUE_COLOUR,)),
                                       (".false-colour.qml", false_colour_qml, (FALSE_COLOUR, NARROW_FALSE_COLOUR))):
            bands = next((choice for choice in choices if set(choice) <= set(self._index)), None)
            if bands:
                band_numbers = [first_band + self._index[band] + 1 for band in bands]
                ranges = [self._range(self._index[band], scale) for band in bands]
                styles[suffix] = write(*band_numbers, ranges)
        return styles

    def _range(self, index, scale):
        counts = self._counts[index]
        if not counts.any():
            return 0.0, 1.0
        cumulative = np.cumsum(counts) / counts.sum()
        low, high = (np.searchsorted(cumulative, fraction) * BIN_WIDTH - 32768 for fraction in (0.02, 0.98))
        return low * scale, (high + BIN_WIDTH) * scale
