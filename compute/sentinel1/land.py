"""Land mask on the output grid, with one bit per pixel."""

import numpy as np

STRIP = 1024


class LandMask:
    """Land polygons rasterised to a grid.

    Parameters
    ----------
    polygons : sequence of dict
        GeoJSON-like, in the CRS of the grid.
    grid : Grid
    progress : Progress
    """

    def __init__(self, polygons, grid, progress):
        from rasterio.features import bounds, rasterize

        boxes = [bounds(polygon) for polygon in polygons]
        self._strips = {}
        for strip in grid.blocks(STRIP, grid.width):
            progress.check()
            west, south, east, north = grid.part(strip).bounds
            near = [polygon for polygon, box in zip(polygons, boxes)
                    if box[0] < east and box[2] > west and box[1] < north and box[3] > south]
            if near:
                is_land = rasterize(near, strip.shape, transform=_affine(grid.part(strip)), dtype="uint8")
                if is_land.any():
                    self._strips[strip.row] = np.packbits(is_land, axis=1)

    def read(self, window):
        """Return the land mask of a window within one strip of 1024 rows, as output blocks are.

        Returns
        -------
        ndarray of bool, shape (height, width), or None if the strip contains no land
        """
        strip = window.row // STRIP * STRIP
        if strip not in self._strips:
            return None
        rows = self._strips[strip][window.row - strip:window.row - strip + window.height]
        first = window.col // 8
        bits = np.unpackbits(rows[:, first:-(-(window.col + window.width) // 8)], axis=1)
        return bits[:, window.col - 8 * first:window.col - 8 * first + window.width].astype(bool)


def _affine(grid):
    from rasterio import Affine

    return Affine(*grid.transform)
