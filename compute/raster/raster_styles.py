"""QGIS styles (QML) of rasters, and the contrast stretch of their bands.

QGIS loads ``map.qml`` automatically with ``map.tif``. The styles contain only the renderer, in the form of QGIS 3.22,
which later versions read; their templates are in ``resources/templates``. Band numbers start at 1.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import numpy as np

from ..templates import render_template

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import NDArray

STYLES = Path(__file__).parents[2] / "styles"

# Values of a block used for the range of the grey stretch.
SAMPLES_PER_BLOCK = 4000


class PaletteEntry(Protocol):
    """Value, label and colour (red, green, blue; 0..255) of a class, such as a ``MapClass``."""

    @property
    def value(self) -> int: ...  # noqa: D102

    @property
    def label(self) -> str: ...  # noqa: D102

    @property
    def colour(self) -> tuple[int, int, int]: ...  # noqa: D102


def paletted_qml(classes: Iterable[PaletteEntry]) -> str:
    """Return a paletted style with one entry per class."""
    return render_template("paletted.qml.xml", entries=[
        {"value": each.value, "label": printable(each.label), "colour": "#{:02x}{:02x}{:02x}".format(*each.colour)}
        for each in classes])


def true_colour_qml(red: int, green: int, blue: int, ranges: Sequence[tuple[float, float]]) -> str:
    """Return a multiband style with three bands as red, green and blue.

    Parameters
    ----------
    red, green, blue : int
        Band numbers, counted from 1.
    ranges : sequence of tuple of float
        (minimum, maximum) of each band in the order red, green, blue, in physical values (scale and offset applied, as
        in QGIS); see :func:`stretch_range`.

    Returns
    -------
    str
    """
    return render_template("multiband_colour.qml.xml", bands=(red, green, blue),
                           ranges=[_six_digits(limits) for limits in ranges])


def false_colour_qml(near_infrared: int, red: int, green: int, ranges: Sequence[tuple[float, float]]) -> str:
    """Return a false-colour style: near infrared, red and green as red, green and blue; vegetation is red.

    Parameters and return value as for :func:`true_colour_qml`; `ranges` in the order of the arguments.
    """
    return true_colour_qml(near_infrared, red, green, ranges)


def grey_qml(band: int, stretch: tuple[float, float]) -> str:
    """Return a singleband grey style.

    Parameters
    ----------
    band : int
        Band number, counted from 1.
    stretch : tuple of float
        Values displayed as black and as white; see :func:`stretch_range`.

    Returns
    -------
    str
    """
    return render_template("singleband_grey.qml.xml", band=band, stretch=_six_digits(stretch))


def shipped_style(name: str) -> str:
    """Return the text of a style that is part of Floefield, for example ``confidence``."""
    return (STYLES / f"{name}.qml").read_text(encoding="utf-8")


def printable(text: str) -> str:
    """Return a text without control characters, which XML forbids."""
    return "".join(character for character in text if character.isprintable())


def _six_digits(limits: Iterable[float]) -> list[str]:
    return [f"{limit:.6g}" for limit in limits]


def stretch_range(values: NDArray[np.floating], low: float = 2.0, high: float = 98.0) -> tuple[float, float]:
    """Return the range of a contrast stretch, from two percentiles of a band.

    Parameters
    ----------
    values : ndarray
        Sample of the band, any shape; NaN and infinity are ignored.
    low, high : float
        Percentiles.

    Returns
    -------
    tuple of float
        (minimum, maximum), never equal; (0, 1) if there are no values.
    """
    finite = np.asarray(values)[np.isfinite(values)]
    if not finite.size:
        return 0.0, 1.0
    lowest, highest = (float(edge) for edge in np.percentile(finite, (low, high)))
    return (lowest, highest) if highest > lowest else (lowest, lowest + max(abs(lowest), 1.0) * 1e-3)


class GreyStretch:
    """Grey style between the 2nd and the 98th percentile, from a sample of the blocks written."""

    def __init__(self) -> None:
        self._parts: list[NDArray[np.floating]] = []

    def add(self, values: NDArray[np.floating]) -> None:
        """Add a regular sample of the values of a block."""
        finite = values[np.isfinite(values)]
        if finite.size:
            self._parts.append(finite[::max(1, finite.size // SAMPLES_PER_BLOCK)])

    def style(self) -> str:
        """Return the style of the raster."""
        sample = np.concatenate(self._parts) if self._parts else np.zeros(0)
        return grey_qml(1, stretch_range(sample))
