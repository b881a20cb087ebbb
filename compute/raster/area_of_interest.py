"""Area of interest as polygons in any CRS, or as a pixel window."""

from dataclasses import dataclass

from ..errors import UnsuitableInput
from .geometries import geometry_bounds, transform_geometries
from .grid import Window

# Vertices along each edge of a pixel window, so that its outline is accurate in another CRS.
POINTS_PER_EDGE = 20


@dataclass(frozen=True)
class Area:
    """Polygons that delimit the part of a raster to process.

    Parameters
    ----------
    geometries : tuple of dict
        GeoJSON-like polygons; long edges must have intermediate vertices, so that they can be reprojected.
    crs_wkt : str
        Coordinate reference system of the polygons.
    """

    geometries: tuple
    crs_wkt: str

    def bounds_in(self, crs_wkt):
        """Return (west, south, east, north) of the area in another CRS.

        Raises
        ------
        UnsuitableInput
            If the area cannot be transformed to that CRS.
        """
        message = "The area of interest cannot be transformed to the CRS of the image. Check the CRS of the area."
        geometries = transform_geometries(self.geometries, self.crs_wkt, crs_wkt, message)
        west, south, east, north = zip(*map(geometry_bounds, geometries))
        box = min(west), min(south), max(east), max(north)
        if not all(abs(edge) < float("inf") for edge in box):
            raise UnsuitableInput(message)
        return box


@dataclass(frozen=True)
class PixelArea:
    """Area of interest as a pixel window, counted from the upper-left corner of the image."""

    col: int
    row: int
    width: int
    height: int

    def to_area(self, grid):
        """Convert to an :class:`Area`.

        Parameters
        ----------
        grid : Grid
            Grid of the image.

        Returns
        -------
        Area

        Raises
        ------
        UnsuitableInput
            If the window lies outside the grid.
        """
        window = Window(self.row, self.col, self.height, self.width).intersection(grid.window)
        if window.is_empty:
            raise UnsuitableInput(f"The pixel window {self.col},{self.row},{self.width},{self.height} lies outside the "
                                  f"image, which has {grid.width} x {grid.height} pixels of {grid.pixel_width:g} m.")
        west, south, east, north = grid.part(window).bounds
        steps = [step / POINTS_PER_EDGE for step in range(POINTS_PER_EDGE)]
        corners = [(west, north), (east, north), (east, south), (west, south), (west, north)]
        ring = [(x + step * (next_x - x), y + step * (next_y - y))
                for (x, y), (next_x, next_y) in zip(corners, corners[1:]) for step in steps]
        return Area(({"type": "Polygon", "coordinates": [[*ring, corners[0]]]},), grid.crs_wkt)


def window_of(area, grid):
    """Return the window of `grid` that covers the bounding box of an area, or the whole grid without an area.

    Parameters
    ----------
    area : Area or None
    grid : Grid

    Returns
    -------
    Window

    Raises
    ------
    UnsuitableInput
        If the area lies outside the grid.
    """
    if area is None:
        return grid.window
    window = grid.window_of(area.bounds_in(grid.crs_wkt)).intersection(grid.window)
    if window.is_empty:
        raise UnsuitableInput("The area of interest lies outside the image. Check the area and its CRS.")
    return window
