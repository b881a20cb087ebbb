"""Ice charts as reference data: charts matched to scenes by date, and rasterised to the classes of pixels."""

from dataclasses import dataclass
from datetime import date

import numpy as np

from ..errors import UnsuitableInput
from ..raster.geometries import geometry_bounds, rasterise, transform_geometries
from ..raster.grid import Window

NO_POLYGON = -1


@dataclass(frozen=True)
class ChartPolygon:
    """A polygon of a chart.

    Parameters
    ----------
    geometry : dict
        GeoJSON.
    value : int
        Class value in the legend; 0 without a class.
    is_land : bool
    """

    geometry: dict
    value: int
    is_land: bool = False


@dataclass(frozen=True, eq=False)
class Chart:
    """A decoded chart.

    Parameters
    ----------
    name : str
    day : datetime.date
    crs_wkt : str
    polygons : tuple of ChartPolygon
    """

    name: str
    day: date
    crs_wkt: str
    polygons: tuple


def match_charts(scene, charts, max_days):
    """Return the charts used with a scene: those of the nearest day that overlap it.

    Parameters
    ----------
    scene : RadarScene
    charts : sequence of Chart
    max_days : float

    Returns
    -------
    charts : tuple of Chart
        All of one day; empty if there is none.
    reason : str
        Why there is none; empty otherwise.
    """
    near = [chart for chart in charts if abs((chart.day - scene.day).days) <= max_days]
    if not near:
        closest = min(charts, key=lambda chart: (abs((chart.day - scene.day).days), chart.day))
        return (), (f"no chart within {max_days:g} days of {scene.day}; the nearest, {closest.name}, is dated "
                    f"{closest.day}")
    overlapping = [chart for chart in near if _overlaps(chart, scene.grid)]
    if not overlapping:
        return (), (f"no chart within {max_days:g} days of {scene.day} overlaps the scene (charts of other areas: "
                    f"{', '.join(sorted(chart.name for chart in near)[:3])})")
    best = min(overlapping, key=lambda chart: (abs((chart.day - scene.day).days), chart.day)).day
    return tuple(chart for chart in overlapping if chart.day == best), ""


def _overlaps(chart, grid):
    return any(not window.is_empty for window in ChartRaster((chart,), grid).windows)


class ChartRaster:
    """Charts rasterised to the grid of a scene.

    Parameters
    ----------
    charts : sequence of Chart
        Where polygons overlap, the first chart takes precedence.
    grid : Grid

    Attributes
    ----------
    polygons : tuple of ChartPolygon
    windows : list of Window
        Extent of each polygon in pixels, clipped to the grid.
    """

    def __init__(self, charts, grid):
        self.polygons, self._shapes = (), []
        self._grid = grid
        for chart in charts:
            self.polygons += chart.polygons
            self._shapes += _reprojected(chart, grid.crs_wkt)
        self._extents = [_pixel_window(shape, grid) for shape in self._shapes]
        self.windows = [extent.intersection(grid.window) for extent in self._extents]
        self._values = np.array([*(polygon.value for polygon in self.polygons), 0], np.uint8)
        self._land = np.array([*(polygon.is_land for polygon in self.polygons), False])

    @property
    def has_land(self):
        """bool: whether a land polygon overlaps the grid."""
        return any(polygon.is_land and not window.is_empty for polygon, window in zip(self.polygons, self.windows))

    def geometry(self, index):
        """Return a polygon in the CRS of the grid, as GeoJSON."""
        return self._shapes[index]

    def polygon_indices(self, window):
        """Return the index of the polygon at each pixel.

        Parameters
        ----------
        window : Window
            May extend beyond the grid.

        Returns
        -------
        ndarray of int32, shape (height, width)
            Index in `polygons`; ``NO_POLYGON`` where there is none.
        """
        near = [(shape, index) for index, (shape, extent) in enumerate(zip(self._shapes, self._extents))
                if not extent.intersection(window).is_empty]
        return rasterise(reversed(near), self._grid.part(window), fill=NO_POLYGON, dtype="int32")

    def polygon_labels(self, indices):
        """Return class and land flag of pixels.

        Parameters
        ----------
        indices : ndarray of int32
            From :meth:`polygon_indices`.

        Returns
        -------
        values : ndarray of uint8, same shape
            Class value; 0 where there is none.
        is_land : ndarray of bool, same shape
        """
        return self._values[indices], self._land[indices]

    def reference_classes(self, window, min_distance):
        """Return the classes of pixels usable for training or validation: those away from class boundaries.

        Parameters
        ----------
        window : Window
        min_distance : float
            Minimum distance to a pixel of another class or without a class, in units of the CRS.

        Returns
        -------
        ndarray of uint8, shape (height, width)
            Class value; 0 where the pixel is not used.
        """
        from scipy.ndimage import distance_transform_edt

        sampling = self._grid.pixel_height, self._grid.pixel_width
        halo = int(np.ceil(min_distance / min(sampling))) + 1 if min_distance else 0
        padded = window.padded(halo)
        values, _ = self.polygon_labels(self.polygon_indices(padded))
        inside = Window(halo, halo, *window.shape).slices
        reference = values[inside].copy()
        for value in np.unique(reference[reference > 0]) if min_distance else ():
            is_class = values == value
            if not is_class.all():
                near = distance_transform_edt(is_class, sampling)[inside] <= min_distance
                reference[near & (reference == value)] = 0
        return reference


def _reprojected(chart, crs_wkt):
    return transform_geometries([polygon.geometry for polygon in chart.polygons], chart.crs_wkt, crs_wkt,
                                f"The chart {chart.name} cannot be transformed to the CRS of the scene. Check its CRS.")


def _pixel_window(shape, grid):
    extent = geometry_bounds(shape)
    return grid.window_of(extent) if all(np.isfinite(extent)) else Window(0, 0, 0, 0)


def require_charts(matches):
    """Check that at least one scene has a chart.

    Parameters
    ----------
    matches : sequence of (tuple of Chart, str)
        From :func:`match_charts`.

    Raises
    ------
    UnsuitableInput
        With the reason why none has.
    """
    if any(charts for charts, _ in matches):
        return
    raise UnsuitableInput(f"No scene has a matching chart: {matches[0][1]}. Check the dates and the extent of the "
                          "charts, or increase MAX_DAYS.")
