"""Ice charts as ground truth: which chart serves which scene, and what it says of each pixel."""

from dataclasses import dataclass
from datetime import date

import numpy as np

from ..errors import UnsuitableInput
from ..raster.grid import Window

NOBODY = -1


@dataclass(frozen=True)
class ChartPolygon:
    """A polygon of a chart.

    Parameters
    ----------
    geometry : dict
        GeoJSON.
    value : int
        Class in the legend; 0 if it has none.
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


def pair(scene, charts, max_days):
    """The charts that serve a scene: those of the nearest day that show its waters.

    Parameters
    ----------
    scene : Scene
    charts : sequence of Chart
    max_days : float

    Returns
    -------
    charts : tuple of Chart
        Of one day; empty if there is none.
    reason : str
        Why there is none, or empty.
    """
    near = [chart for chart in charts if abs((chart.day - scene.day).days) <= max_days]
    if not near:
        closest = min(charts, key=lambda chart: (abs((chart.day - scene.day).days), chart.day))
        return (), (f"no chart within {max_days:g} days of {scene.day}; the nearest, {closest.name}, is of "
                    f"{closest.day}")
    showing = [chart for chart in near if _touches(chart, scene.grid)]
    if not showing:
        return (), (f"no chart within {max_days:g} days of {scene.day} shows its waters; "
                    f"{', '.join(sorted(chart.name for chart in near)[:3])} lie elsewhere")
    best = min(showing, key=lambda chart: (abs((chart.day - scene.day).days), chart.day)).day
    return tuple(chart for chart in showing if chart.day == best), ""


def _touches(chart, grid):
    return any(not window.is_empty for window in ChartMap((chart,), grid).windows)


class ChartMap:
    """Charts on the pixels of a scene.

    Parameters
    ----------
    charts : sequence of Chart
        Where polygons overlap, the first chart wins.
    grid : Grid

    Attributes
    ----------
    polygons : tuple of ChartPolygon
    windows : list of Window
        Where each polygon lies, within the grid.
    """

    def __init__(self, charts, grid):
        self.polygons, self._shapes, self._boxes = (), [], []
        self._grid = grid
        for chart in charts:
            self.polygons += chart.polygons
            self._shapes += _moved(chart, grid.crs_wkt)
        self._boxes = [_window(shape, grid) for shape in self._shapes]
        self.windows = [box.intersection(grid.window) for box in self._boxes]
        self._values = np.array([*(polygon.value for polygon in self.polygons), 0], np.uint8)
        self._land = np.array([*(polygon.is_land for polygon in self.polygons), False])

    @property
    def has_land(self):
        """bool: whether there is land in the grid."""
        return any(polygon.is_land and not window.is_empty for polygon, window in zip(self.polygons, self.windows))

    def geometry(self, number):
        """A polygon in the CRS of the grid, as GeoJSON."""
        return self._shapes[number]

    def numbers(self, window):
        """Which polygon each pixel lies in.

        Parameters
        ----------
        window : Window
            It may reach outside the grid.

        Returns
        -------
        ndarray of int32, shape (height, width)
            Place in `polygons`; ``NOBODY`` where there is none.
        """
        from rasterio import Affine
        from rasterio.features import rasterize

        near = [(shape, number) for number, (shape, box) in enumerate(zip(self._shapes, self._boxes))
                if not box.intersection(window).is_empty]
        if not near:
            return np.full(window.shape, NOBODY, np.int32)
        return rasterize(reversed(near), window.shape, fill=NOBODY, dtype="int32",
                         transform=Affine(*self._grid.part(window).transform))

    def said(self, numbers):
        """What the chart says of pixels.

        Parameters
        ----------
        numbers : ndarray of int32
            From :meth:`numbers`.

        Returns
        -------
        values : ndarray of uint8, same shape
            Class; 0 where there is none.
        is_land : ndarray of bool, same shape
        """
        return self._values[numbers], self._land[numbers]

    def ground(self, window, distance):
        """Pixels that may train or judge: those away from every border between classes.

        Parameters
        ----------
        window : Window
        distance : float
            Least distance to a pixel of another class, or of none, in units of the CRS.

        Returns
        -------
        ndarray of uint8, shape (height, width)
            Class; 0 where no pixel is to be used.
        """
        from scipy.ndimage import distance_transform_edt

        sampling = self._grid.pixel_height, self._grid.pixel_width
        halo = int(np.ceil(distance / min(sampling))) + 1 if distance else 0
        padded = window.padded(halo)
        values, _ = self.said(self.numbers(padded))
        inside = Window(halo, halo, *window.shape).slices
        ground = values[inside].copy()
        for value in np.unique(ground[ground > 0]) if distance else ():
            is_class = values == value
            if not is_class.all():
                near = distance_transform_edt(is_class, sampling)[inside] <= distance
                ground[near & (ground == value)] = 0
        return ground


def _moved(chart, crs_wkt):
    from rasterio.crs import CRS
    from rasterio.warp import transform_geom

    if chart.crs_wkt == crs_wkt or not chart.polygons:
        return [polygon.geometry for polygon in chart.polygons]
    source, target = CRS.from_wkt(chart.crs_wkt), CRS.from_wkt(crs_wkt)
    shapes = [polygon.geometry for polygon in chart.polygons]
    return shapes if source == target else transform_geom(source, target, shapes)


def _window(shape, grid):
    from rasterio.features import bounds

    box = bounds(shape)
    return grid.window_of(box) if all(np.isfinite(box)) else Window(0, 0, 0, 0)


def require_pairs(pairs):
    """Make sure that some scene has a chart.

    Parameters
    ----------
    pairs : sequence of (tuple of Chart, str)
        From :func:`pair`.

    Raises
    ------
    UnsuitableInput
        Saying why none has.
    """
    if any(charts for charts, _ in pairs):
        return
    raise UnsuitableInput(f"No scene has a chart that fits it: {pairs[0][1]}. Check the dates of the charts and which "
                          "waters they show, or allow more days between them (MAX_DAYS).")
