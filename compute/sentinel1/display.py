"""How backscatter is shown when it is opened: grey, stretched between the 2nd and the 98th percentile."""

import numpy as np

from ..raster.qml import grey_qml, stretch_range

PER_BLOCK = 4000


class GreyRange:
    """Keeps a sample of the first band while it is written."""

    def __init__(self):
        self._parts = []

    def add(self, values):
        """Take some values of a block, always the same ones of the same block."""
        finite = values[np.isfinite(values)]
        if finite.size:
            self._parts.append(finite[::max(1, finite.size // PER_BLOCK)])

    def style(self):
        """The style of the raster.

        Returns
        -------
        str
        """
        sample = np.concatenate(self._parts) if self._parts else np.zeros(0)
        return grey_qml(1, stretch_range(sample))
