"""An area of interest, in whatever CRS it was drawn."""

from dataclasses import dataclass

from ..errors import UnsuitableInput
from .grid import Window

# Vertices along each edge of a window, so that it bends as it should in another CRS.
PARTS_OF_AN_EDGE = 20


@dataclass(frozen=True)
class Area:
    """Polygons that say which part of a raster is wanted.

    Parameters
    ----------
    geometries : tuple of dict
        GeoJSON-like polygons; long edges already have intermediate vertices, so that they may be reprojected.
    crs_wkt : str
        Their coordinate reference system.
    """

    geometries: tuple
    crs_wkt: str

    def bounds_in(self, crs_wkt):
        """(west, south, east, north) of the area in another CRS.

        Raises
        ------
        UnsuitableInput
            If the area cannot be expressed in that CRS.
        """
        from rasterio._err import CPLE_BaseError
        from rasterio.crs import CRS
        from rasterio.errors import RasterioError
        from rasterio.features import bounds
        from rasterio.warp import transform_geom

        boxes = []
        try:
            for geometry in self.geometries:
                moved = transform_geom(CRS.from_wkt(self.crs_wkt), CRS.from_wkt(crs_wkt), geometry)
                boxes.append(bounds(moved))
        except (RasterioError, CPLE_BaseError) as error:
            raise UnsuitableInput("The area of interest cannot be transformed to the CRS of the image. Check that the "
                                  "CRS of the area is right.") from error
        west, south, east, north = zip(*boxes)
        box = min(west), min(south), max(east), max(north)
        if not all(abs(edge) < float("inf") for edge in box):
            raise UnsuitableInput("The area of interest cannot be transformed to the CRS of the image.")
        return box


@dataclass(frozen=True)
class PixelArea:
    """A part of an image in pixels, counted from its upper-left corner."""

    col: int
    row: int
    width: int
    height: int

    def on(self, grid):
        """The same as an :class:`Area`.

        Parameters
        ----------
        grid : Grid
            Whose pixels are meant.

        Returns
        -------
        Area

        Raises
        ------
        UnsuitableInput
            If it lies outside the grid.
        """
        window = Window(self.row, self.col, self.height, self.width).intersection(grid.window)
        if window.is_empty:
            raise UnsuitableInput(f"The pixel window {self.col},{self.row},{self.width},{self.height} lies outside the "
                                  f"image, which has {grid.width} x {grid.height} pixels of {grid.pixel_width:g} m.")
        west, south, east, north = grid.part(window).bounds
        steps = [step / PARTS_OF_AN_EDGE for step in range(PARTS_OF_AN_EDGE)]
        corners = [(west, north), (east, north), (east, south), (west, south), (west, north)]
        ring = [(x + step * (next_x - x), y + step * (next_y - y))
                for (x, y), (next_x, next_y) in zip(corners, corners[1:]) for step in steps]
        return Area(({"type": "Polygon", "coordinates": [[*ring, corners[0]]]},), grid.crs_wkt)


def window_of(area, grid):
    """The window of `grid` that covers the area's bounding box; all of the grid without an area.

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
        raise UnsuitableInput("The area of interest lies outside the image. Check that both show the same place, "
                              "and that the CRS of the area is right.")
    return window
