"""Grey levels: which values of a band count as the same.

A fixed range gives the same levels in every scene, as a model needs that is to be applied to other scenes. The ranges
of sea ice in dB are those of the classification of Park and others (2020, The Cryosphere 14), from the code of its
authors; VV and VH take those of HH and HV.
"""

import re
from dataclasses import dataclass

import numpy as np

from ..errors import UnsuitableInput

_CO_POLARISED, _CROSS_POLARISED = (-36.0, 2.0), (-35.0, -7.0)
PUBLISHED_RANGES = {"HH": _CO_POLARISED, "VV": _CO_POLARISED, "HV": _CROSS_POLARISED, "VH": _CROSS_POLARISED}
POLARISATION = re.compile(r"(?<![A-Z0-9])(HH|HV|VV|VH)(?![A-Z0-9])")


def polarisation(band_name):
    """The polarisation that the name of a band tells, as in ``HH`` or ``sigma0_hv``.

    Returns
    -------
    str
        Empty if it tells none, or several.
    """
    found = set(POLARISATION.findall(band_name.upper()))
    return found.pop() if len(found) == 1 else ""


def published_range(band_name):
    """The range of a band whose name tells the polarisation.

    Parameters
    ----------
    band_name : str

    Returns
    -------
    tuple of float
        (lowest, highest) in dB.

    Raises
    ------
    UnsuitableInput
        If the name tells none.
    """
    found = polarisation(band_name)
    if not found:
        raise UnsuitableInput(f"No range of values is known for the band {band_name}: its name holds none of HH, HV, "
                              "VV and VH. Give RANGE, or choose equal-distance or equal-probability as QUANTISATION.")
    return PUBLISHED_RANGES[found]


@dataclass(frozen=True)
class EqualWidths:
    """Levels of equal width.

    Parameters
    ----------
    lowest, highest : float
        Values outside have the first and the last level. Where both are the same, all have the first.
    levels : int
    """

    lowest: float
    highest: float
    levels: int

    def grey(self, values):
        """Grey levels of a part of a band.

        Parameters
        ----------
        values : ndarray of float32
            NaN where there is no data.

        Returns
        -------
        ndarray of uint8
            0 to ``levels - 1``; `levels` where there is no data.
        """
        width = self.highest - self.lowest
        scaled = values.astype(np.float64)
        scaled -= self.lowest
        scaled /= width if width else np.inf
        scaled *= self.levels
        return _whole(np.clip(scaled, 0, self.levels - 1, out=scaled), self.levels)

    def __str__(self):
        return f"{self.lowest:g} to {self.highest:g}"


@dataclass(frozen=True)
class EqualShares:
    """Levels that hold equally many pixels of the scene, as far as equal values allow.

    Parameters
    ----------
    edges : tuple of float
        The lowest value of each level but the first.
    """

    edges: tuple

    @property
    def levels(self):
        """int: how many."""
        return len(self.edges) + 1

    def grey(self, values):
        """Grey levels of a part of a band; as :meth:`EqualWidths.grey`."""
        level = np.searchsorted(np.array(self.edges, np.float32), values, side="right").astype(np.float64)
        level[np.isnan(values)] = np.nan
        return _whole(level, self.levels)

    def __str__(self):
        return "equal shares of pixels, from " + " ".join(f"{edge:g}" for edge in self.edges)


def _whole(level, nothing):
    """Levels rounded down, `nothing` where they are not a number."""
    is_missing = np.isnan(level)
    if is_missing.any():
        level[is_missing] = nothing
    return level.astype(np.uint8)
