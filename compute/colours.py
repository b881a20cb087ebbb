"""Colour differences for normal and colour-blind vision.

Distances are CIE 1976 colour differences: about 2 is just noticeable, 10 is clearly visible on a map. The simulation of
colour-blind vision follows Machado, Oliveira and Fernandes (2009), IEEE TVCG 15:1291-1298, doi 10.1109/TVCG.2009.113.
"""

import numpy as np

# sRGB to XYZ (IEC 61966-2-1), white point D65.
_TO_XYZ = np.array([[0.4124564, 0.3575761, 0.1804375], [0.2126729, 0.7151522, 0.0721750],
                    [0.0193339, 0.1191920, 0.9503041]])
_WHITE = _TO_XYZ.sum(axis=1)
_NORMAL_VISION = np.eye(3)
_PROTANOPIA = np.array([[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216],
                        [-0.003882, -0.048116, 1.051998]])
_DEUTERANOPIA = np.array([[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413],
                          [-0.011820, 0.042940, 0.968881]])


def appearance(colours):
    """CIE L*a*b* of colours for normal vision, protanopia and deuteranopia.

    Parameters
    ----------
    colours : array_like of int, shape (n, 3)
        Red, green, blue in 0..255.

    Returns
    -------
    ndarray of float64, shape (n, 3, 3)
        (colour, vision, L*a*b*).
    """
    stored = np.asarray(colours, np.float64).reshape(-1, 3) / 255.0
    linear = np.where(stored <= 0.04045, stored / 12.92, ((stored + 0.055) / 1.055) ** 2.4)
    simulated = [np.clip(linear @ vision.T, 0.0, 1.0) for vision in (_NORMAL_VISION, _PROTANOPIA, _DEUTERANOPIA)]
    xyz = np.stack(simulated, axis=1) @ _TO_XYZ.T / _WHITE
    curve = np.where(xyz > (6 / 29) ** 3, np.cbrt(xyz), xyz / (3 * (6 / 29) ** 2) + 4 / 29)
    x, y, z = np.moveaxis(curve, -1, 0)
    return np.stack([116 * y - 16, 500 * (x - y), 200 * (y - z)], axis=-1)


def difference(appearances, other):
    """Difference of colours from another one: minimum over normal and colour-blind vision.

    Parameters
    ----------
    appearances : ndarray, shape (n, 3, 3)
        From :func:`appearance`.
    other : ndarray, shape (3, 3)

    Returns
    -------
    ndarray of float64, shape (n,)
    """
    return np.linalg.norm(appearances - other, axis=-1).min(axis=-1)


def visible_difference(appearances, other):
    """Difference of colours from another one for normal vision."""
    return np.linalg.norm(appearances[:, 0] - other[0], axis=-1)


def shades(colour):
    """Darker and lighter variants of a colour; the darker first, as pale colours are hard to see on white.

    Returns
    -------
    list of tuple of int
    """
    base = np.asarray(colour, np.float64)
    fractions = (0.25, 0.4, 0.55, 0.7)
    variants = [base * (1 - fraction) for fraction in fractions]
    variants += [base + (255 - base) * fraction for fraction in fractions]
    return [tuple(variant.round().astype(int).tolist()) for variant in variants]


def lattice(count):
    """At least `count` colours on a regular lattice of the RGB cube, without the lightest and darkest corners.

    Returns
    -------
    ndarray of int, shape (n, 3)
    """
    steps = 6
    while steps ** 3 < count and steps < 256:
        steps += 1
    levels = np.unique(np.linspace(0, 255, steps).round().astype(int))
    cube = np.stack(np.meshgrid(levels, levels, levels, indexing="ij"), axis=-1).reshape(-1, 3)
    brightness = cube.sum(axis=1)
    return cube[(brightness > 60) & (brightness < 680)]
