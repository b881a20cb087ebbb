"""Quantisation of band values to grey levels.

A fixed range yields the same grey levels in every scene, which is required to apply a model to other scenes. The
published ranges in dB are those of the sea ice classification of Park et al. (2020, The Cryosphere 14), from the
authors' code; VV and VH use the ranges of HH and HV.
"""

import re
from dataclasses import dataclass

import numpy as np

from ..errors import UnsuitableInput

_CO_POLARISED, _CROSS_POLARISED = (-36.0, 2.0), (-35.0, -7.0)
PUBLISHED_RANGES = {"HH": _CO_POLARISED, "VV": _CO_POLARISED, "HV": _CROSS_POLARISED, "VH": _CROSS_POLARISED}
POLARISATION = re.compile(r"(?<![A-Z0-9])(HH|HV|VV|VH)(?![A-Z0-9])")


def polarisation(band_name):
    """Return the polarisation in a band name such as ``HH`` or ``sigma0_hv``.

    Returns
    -------
    str
        Empty if the name contains none or several.
    """
    found = set(POLARISATION.findall(band_name.upper()))
    return found.pop() if len(found) == 1 else ""


def published_range(band_name):
    """Return the published range of the polarisation in a band name.

    Parameters
    ----------
    band_name : str

    Returns
    -------
    tuple of float
        (minimum, maximum) in dB.

    Raises
    ------
    UnsuitableInput
        If the name contains no polarisation.
    """
    found = polarisation(band_name)
    if not found:
        raise UnsuitableInput(f"The value range of band {band_name} is undefined: its name contains none of HH, HV, VV "
                              "and VH. Set RANGE, or choose equal_distance or equal_probability as QUANTISATION.")
    return PUBLISHED_RANGES[found]


@dataclass(frozen=True)
class EqualDistanceQuantiser:
    """Equal-distance quantiser: grey levels of equal width.

    Parameters
    ----------
    minimum, maximum : float
        Value range; values outside are assigned the first or last level. If both are equal, all values are assigned
        the first level.
    levels : int
        Number of grey levels.
    """

    minimum: float
    maximum: float
    levels: int

    def quantise(self, values):
        """Return the grey levels of a part of a band.

        Parameters
        ----------
        values : ndarray of float32
            NaN where invalid.

        Returns
        -------
        ndarray of uint8
            0 to ``levels - 1``; `levels` where invalid.
        """
        width = self.maximum - self.minimum
        scaled = values.astype(np.float64)
        scaled -= self.minimum
        scaled /= width if width else np.inf
        scaled *= self.levels
        return _to_grey_levels(np.clip(scaled, 0, self.levels - 1, out=scaled), self.levels)

    def __str__(self):
        return f"{self.minimum:g} to {self.maximum:g}"


@dataclass(frozen=True)
class EqualProbabilityQuantiser:
    """Equal-probability quantiser: grey levels with equal numbers of pixels, as far as ties allow.

    Parameters
    ----------
    edges : tuple of float
        Lower edge of each level except the first.
    """

    edges: tuple

    @property
    def levels(self):
        """int: number of grey levels."""
        return len(self.edges) + 1

    def quantise(self, values):
        """Return the grey levels of a part of a band; see :meth:`EqualDistanceQuantiser.quantise`."""
        level = np.searchsorted(np.array(self.edges, np.float32), values, side="right").astype(np.float64)
        level[np.isnan(values)] = np.nan
        return _to_grey_levels(level, self.levels)

    def __str__(self):
        return "equal probability, from " + " ".join(f"{edge:g}" for edge in self.edges)


def _to_grey_levels(level, invalid):
    """Round levels down to uint8, with the value `invalid` for NaN."""
    is_invalid = np.isnan(level)
    if is_invalid.any():
        level[is_invalid] = invalid
    return level.astype(np.uint8)
