"""Default style of backscatter rasters: grey, stretched between the 2nd and the 98th percentile."""

import numpy as np

from ..raster.qml import grey_qml, stretch_range

SAMPLES_PER_BLOCK = 4000


class GreyStretch:
    """Range of the grey stretch, from a sample of the blocks written."""

    def __init__(self):
        self._parts = []

    def add(self, values):
        """Add a regular sample of the values of a block."""
        finite = values[np.isfinite(values)]
        if finite.size:
            self._parts.append(finite[::max(1, finite.size // SAMPLES_PER_BLOCK)])

    def style(self):
        """Return the QML style of the raster.

        Returns
        -------
        str
        """
        sample = np.concatenate(self._parts) if self._parts else np.zeros(0)
        return grey_qml(1, stretch_range(sample))
