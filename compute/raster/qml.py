"""QGIS styles as text, to be written beside a raster: QGIS takes ``map.qml`` for ``map.tif`` without being asked.

Only what QGIS 3.22 and everything after it read: the renderer, nothing else. Band numbers count from 1 as in QGIS.
"""

from html import escape
from pathlib import Path

import numpy as np

STYLES = Path(__file__).parents[2] / "styles"

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
    """A style with one entry for each class.

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
    """A style that shows three bands as red, green and blue.

    Parameters
    ----------
    red, green, blue : int
        Numbers of the bands, counted from 1.
    ranges : sequence of tuple of float
        (lowest, highest) of each in red, green, blue order, in physical values (scale and offset applied, as QGIS reads
        them); see :func:`stretch_range`.

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
    """A style that shows one band in grey.

    Parameters
    ----------
    band : int
        Number of the band, counted from 1.
    stretch : tuple of float
        Values shown as black and as white; see :func:`stretch_range`.

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
    """A style in which vegetation is red: near infrared, red and green shown as red, green and blue.

    Parameters and result as for :func:`true_colour_qml`; `ranges` in the order of the arguments.
    """
    return true_colour_qml(near_infrared, red, green, ranges)


def stretch_range(values, low=2.0, high=98.0):
    """Between which values a band is stretched: two of its percentiles.

    Parameters
    ----------
    values : ndarray
        A sample of the band, any shape; NaN and infinity are left out.
    low, high : float
        Percentiles.

    Returns
    -------
    tuple of float
        (lowest, highest), never equal; (0, 1) where there are no values.
    """
    finite = np.asarray(values)[np.isfinite(values)]
    if not finite.size:
        return 0.0, 1.0
    lowest, highest = (float(edge) for edge in np.percentile(finite, (low, high)))
    return (lowest, highest) if highest > lowest else (lowest, lowest + max(abs(lowest), 1.0) * 1e-3)


def shipped_style(name):
    """The text of a style that comes with Floefield, for instance ``confidence``, to be written beside a raster.

    Returns
    -------
    str
    """
    return (STYLES / f"{name}.qml").read_text(encoding="utf-8")


def quoted(text):
    """Quoted and escaped, without the control characters that XML forbids."""
    return '"{}"'.format(escape("".join(sign for sign in text if sign.isprintable())))
