"""Geometries (GeoJSON-like) and rasters: transformation, bounds, rasterising, tracing the outlines of values."""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

from ..errors import UnsuitableInput
from .crs import Bounds, is_same_crs, parse_crs
from .gdal_errors import gdal_errors

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from .grid import Grid

Geometry = dict[str, Any]


def transform_geometries(geometries: Iterable[Geometry], from_wkt: str, to_wkt: str, message: str) -> list[Geometry]:
    """Transform geometries to another CRS.

    Parameters
    ----------
    geometries : iterable of dict
    from_wkt, to_wkt : str
    message : str
        Of the error.

    Raises
    ------
    UnsuitableInput
        If a geometry cannot be transformed.
    """
    from rasterio.warp import transform_geom

    if is_same_crs(from_wkt, to_wkt, missing_is_same=True):
        return list(geometries)
    with gdal_errors(message, UnsuitableInput):
        source, target = parse_crs(from_wkt), parse_crs(to_wkt)
        return [transform_geom(source, target, geometry) for geometry in geometries]


def geometry_bounds(geometry: Geometry) -> Bounds:
    """Return (west, south, east, north) of a geometry.

    Raises
    ------
    ValueError
        If it is empty.
    """
    from rasterio.features import bounds

    return bounds(geometry)


def is_valid_geometry(geometry: Geometry) -> bool:
    """Whether a geometry is complete, so that it can be rasterised."""
    from rasterio.features import is_valid_geom

    return is_valid_geom(geometry)


def rasterise(shapes: Iterable[Geometry | tuple[Geometry, int]], grid: Grid, *, fill: int = 0, dtype: str = "uint8",
              is_sum: bool = False) -> NDArray[np.generic]:
    """Rasterise geometries: a pixel belongs to a geometry that contains its centre.

    Parameters
    ----------
    shapes : iterable of dict or (dict, int)
        Geometries, with their values (default 1); later geometries overwrite earlier ones.
    grid : Grid
    fill : int
        Value outside all geometries, and of the whole grid without geometries.
    dtype : str
    is_sum : bool
        Add the values of overlapping geometries instead of overwriting them.

    Returns
    -------
    ndarray, shape (height, width)
    """
    from rasterio import Affine
    from rasterio.enums import MergeAlg
    from rasterio.features import rasterize

    shapes = list(shapes)
    if not shapes:
        return np.full(grid.shape, fill, dtype)
    _ignore_missing_transform()
    return rasterize(shapes, out_shape=grid.shape, transform=Affine(*grid.transform), fill=fill, dtype=dtype,
                     merge_alg=MergeAlg.add if is_sum else MergeAlg.replace)


def trace_values(values: NDArray[np.uint8], min_pixels: int) -> Iterator[tuple[Geometry, float]]:
    """Trace the outlines of equal pixels, after a sieve.

    Parameters
    ----------
    values : ndarray of uint8, shape (rows, columns)
    min_pixels : int
        Smaller patches are merged into their largest neighbour.

    Yields
    ------
    geometry : dict
        Polygon in (column, row) coordinates.
    value : float
    """
    from rasterio.features import shapes, sieve

    _ignore_missing_transform()
    yield from shapes(sieve(values, min_pixels))


def _ignore_missing_transform() -> None:
    """Ignore rasterio's warning about a missing transform, unfounded for a grid of unit pixels.

    Warning filters are not thread-safe, so this one is permanent; it is limited to one module.
    """
    from rasterio.errors import NotGeoreferencedWarning

    warnings.filterwarnings("ignore", category=NotGeoreferencedWarning, module=r"rasterio\.features")
