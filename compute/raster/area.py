"""An area of interest, in whatever CRS it was drawn."""

from dataclasses import dataclass

from ..errors import UnsuitableInput


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
        from rasterio.crs import CRS
        from rasterio.features import bounds
        from rasterio.warp import transform_geom

        boxes = []
        for geometry in self.geometries:
            moved = transform_geom(CRS.from_wkt(self.crs_wkt), CRS.from_wkt(crs_wkt), geometry)
            boxes.append(bounds(moved))
        west, south, east, north = zip(*boxes)
        box = min(west), min(south), max(east), max(north)
        if not all(abs(edge) < float("inf") for edge in box):
            raise UnsuitableInput("The area of interest cannot be transformed to the CRS of the image.")
        return box


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
