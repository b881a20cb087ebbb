"""Figures of the ice report: map thumbnails, and class fractions by date."""

import base64
import struct
import zlib

import numpy as np

from ..accuracy.pictures import FONT, TEXT, figure_of, svg_of

# Inches.
BAR_WIDTH, HEIGHT = 0.42, 2.3


def thumbnail_uri(thumbnail, legend):
    """Return a map thumbnail as a PNG data URI.

    Parameters
    ----------
    thumbnail : ndarray of uint8, shape (height, width)
        Class values; 0 is transparent.
    legend : Legend

    Returns
    -------
    str
        For the ``src`` of an image.
    """
    colours = np.zeros((256, 4), np.uint8)
    for entry in legend.classes:
        colours[entry.value] = (*entry.colour, 255)
    height, width = thumbnail.shape
    lines = np.zeros((height, 1 + 4 * width), np.uint8)
    lines[:, 1:] = colours[thumbnail].reshape(height, -1)
    parts = [(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 6, 0, 0, 0)),
             (b"IDAT", zlib.compress(lines.tobytes(), 9)), (b"IEND", b"")]
    png = b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data)) for name, data in parts)
    return f"data:image/png;base64,{base64.b64encode(png).decode()}"


def season_figure(days, fractions, classes):
    """Return the fraction of each class by date as stacked bars.

    Parameters
    ----------
    days : sequence of datetime.date
        Dates of the scenes, in order.
    fractions : sequence of sequence of float
        By scene and class.
    classes : sequence of MapClass

    Returns
    -------
    str
        SVG.
    """
    figure, axes = figure_of(max(2.4, BAR_WIDTH * len(days)), HEIGHT)
    bottom = np.zeros(len(days))
    for index, entry in enumerate(classes):
        heights = np.array([row[index] for row in fractions])
        axes.bar(range(len(days)), heights, bottom=bottom, width=0.86, linewidth=0,
                 color=tuple(channel / 255 for channel in entry.colour))
        bottom += heights
    axes.set_xlim(-0.6, len(days) - 0.4)
    axes.set_ylim(0, 1)
    axes.set_yticks([0, 0.25, 0.5, 0.75, 1.0])
    axes.set_xticks(range(len(days)))
    axes.set_yticklabels(["0", "25 %", "50 %", "75 %", "100 %"], fontsize=8, color=TEXT, fontfamily=FONT)
    axes.set_xticklabels([day.isoformat() for day in days], fontsize=8, color=TEXT, fontfamily=FONT, rotation=60,
                         rotation_mode="anchor", ha="right", va="top")
    axes.tick_params(length=0)
    for spine in axes.spines.values():
        spine.set_visible(False)
    return svg_of(figure, "Fraction of each class by date", "season")
