"""QGIS styles (QML) of rasters as text, and the grey stretch of backscatter rasters.

QGIS loads ``map.qml`` automatically with ``map.tif``. The styles contain only the renderer, in the form of QGIS 3.22,
which later versions read. Band numbers start at 1.
"""

from html import escape
from pathlib import Path

import numpy as np

STYLES = Path(__file__).parents[2] / "styles"

# Values of a block from which the stretch is computed.
SAMPLES_PER_BLOCK = 4000
_FRAME = """<!DOCTYPE qgis PUBLIC 'http://mrcc.com/qgis.dtd' 'SYSTEM'>
<qgis version="3.22.0" styleCategories="Symbology">
  <pipe>
{renderer}
    <brightnesscontrast brightness="0" contrast="0" gamma="1"/>
    <huesaturation saturation="0" grayscaleMode="0" colorizeOn="0"/>
    <rasterresampler maxOversampling="2"/>
  </pipe>
  <blendMode>0</blendMode>
</qgis>
"""


def paletted_qml(classes):
    """Return a paletted style with one entry per class.

    Parameters
    ----------
    classes : tuple of MapClass

    Returns
    -------
    str
    """
    entries = "\n".join(
        f'        <paletteEntry value="{c.value}" label={quoted(c.label)} alpha="255" '
        f'color="#{c.colour[0]:02x}{c.colour[1]:02x}{c.colour[2]:02x}"/>' for c in classes)
    return _FRAME.format(renderer=f"""\
    <rasterrenderer type="paletted" band="1" alphaBand="-1" opacity="1" nodataColor="">
      <rasterTransparency/>
      <colorPalette>
{entries}
      </colorPalette>
    </rasterrenderer>""")


def true_colour_qml(red, green, blue, ranges):
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
    stretches = "\n".join(
        f"""      <{colour}ContrastEnhancement>
        <minValue>{lowest:.6g}</minValue>
        <maxValue>{highest:.6g}</maxValue>
        <algorithm>StretchToMinimumMaximum</algorithm>
      </{colour}ContrastEnhancement>""" for colour, (lowest, highest) in zip(("red", "green", "blue"), ranges))
    return _FRAME.format(renderer=f"""\
    <rasterrenderer type="multibandcolor" redBand="{red}" greenBand="{green}" blueBand="{blue}" alphaBand="-1" \
opacity="1" nodataColor="">
      <rasterTransparency/>
{stretches}
    </rasterrenderer>""")


def grey_qml(band, stretch):
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
    return _FRAME.format(renderer=f"""\
    <rasterrenderer type="singlebandgray" grayBand="{band}" gradient="BlackToWhite" alphaBand="-1" opacity="1" \
nodataColor="">
      <rasterTransparency/>
      <contrastEnhancement>
        <minValue>{stretch[0]:.6g}</minValue>
        <maxValue>{stretch[1]:.6g}</maxValue>
        <algorithm>StretchToMinimumMaximum</algorithm>
      </contrastEnhancement>
    </rasterrenderer>""")


def false_colour_qml(near_infrared, red, green, ranges):
    """Return a false-colour style: near infrared, red and green as red, green and blue; vegetation is red.

    Parameters and return value as for :func:`true_colour_qml`; `ranges` in the order of the arguments.
    """
    return true_colour_qml(near_infrared, red, green, ranges)


def stretch_range(values, low=2.0, high=98.0):
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


def shipped_style(name):
    """Return the text of a style that is part of Floefield, for example ``confidence``.

    Returns
    -------
    str
    """
    return (STYLES / f"{name}.qml").read_text(encoding="utf-8")


def quoted(text):
    """Return a text as a quoted and escaped XML attribute, without control characters, which XML forbids."""
    return '"{}"'.format(escape("".join(character for character in text if character.isprintable())))


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
