"""The features of a scene: backscatter, incidence angle and textures, on one grid and by name."""

import os
from dataclasses import replace

import numpy as np

from ..errors import MissingInput
from ..forest.features import FeatureStack
from ..progress import WarningsOnly
from ..raster.blocks import make_executor, run_blocks
from ..raster.grid import Window
from ..raster.reader import RasterReader
from ..raster.writer import RasterLayout, create_raster
from ..texture.settings import WINDOWS, TextureSettings
from ..texture.texture import cell_grid, write_textures
from .charts import ChartMap

CELL_BLOCK = 256
# Textures of so many bytes stay on the disk until the maps are made; those of further scenes are computed twice.
MOST_KEPT_BYTES = 12 * 1024 ** 3


def open_features(paths, names):
    """Some bands of a few rasters of one grid, as a table.

    Parameters
    ----------
    paths : sequence of str
    names : sequence of str
        Features to use, in this order.

    Returns
    -------
    FeatureStack

    Raises
    ------
    MissingInput
        Naming the features that are not there.
    """
    stack = FeatureStack(paths)
    missing = [name for name in names if name not in stack.names]
    if missing:
        stack.close()
        raise MissingInput(f"{paths[0]} lacks the features {', '.join(missing)}, which the other scenes have.")
    stack.choose([stack.names.index(name) for name in names])
    return stack


class FeatureStore:
    """Makes the features of scenes and keeps what was costly, as far as there is room.

    Parameters
    ----------
    folder : str
        For files that are needed on the way.
    settings : IceSettings
    given : dict of Scene to str
        Texture rasters, for ``textures="given"``.
    """

    def __init__(self, folder, settings, given=None):
        self._folder, self._settings, self._given = folder, settings, given or {}
        self._made, self._kept_bytes, self.names = {}, 0, ()

    def open(self, scene, charts, progress):
        """The features of a scene.

        Parameters
        ----------
        scene : Scene
        charts : sequence of Chart
            Their land is hidden from the textures: it would shine into the ice beside it.
        progress : Progress

        Returns
        -------
        FeatureStack
            With the names of the first scene that was opened.

        Raises
        ------
        PlainError
            If the scene cannot be used.
        """
        if scene not in self._made:
            self._made[scene] = self._make(scene, charts, progress)
        backscatter, textures = self._made[scene][:2]
        wanted = scene.bands
        if self._settings.incidence and scene.incidence:
            wanted += (scene.incidence,)
        if textures:
            with RasterReader(textures) as raster:
                wanted += tuple(name for name in raster.band_names if name not in wanted)
        features = open_features([backscatter, *filter(None, [textures])], self.names or wanted)
        self.names = self.names or features.names
        return features

    def done(self, scene):
        """Make room, where it is scarce."""
        if scene not in self._made:
            return
        own = {path for path in self._made[scene] if path.startswith(self._folder)}
        size = sum(os.path.getsize(path) for path in own)
        if self._kept_bytes + size > MOST_KEPT_BYTES:
            self.drop(scene)
        else:
            self._kept_bytes += size

    def drop(self, scene):
        """Remove what was made for a scene."""
        for path in set(self._made.pop(scene, ())):
            if path.startswith(self._folder) and os.path.exists(path):
                os.remove(path)

    def _make(self, scene, charts, progress):
        """Paths of backscatter and textures, and of what they were made from."""
        settings = self._settings
        if settings.textures == "given":
            return self._given_cells(scene, progress), self._given[scene]
        if settings.textures == "none":
            return scene.path, ""
        shown, stem = scene, os.path.join(self._folder, f"{len(self._made)}_{scene.name}")
        land = ChartMap(charts, scene.grid)
        if land.has_land:
            shown = replace(scene, path=f"{stem}_sea.tif")
            write_sea(scene, land, shown.path, settings, progress.part(0.0, 0.1))
        backscatter, textures = shown.path, f"{stem}_textures.tif"
        if settings.texture.step > 1:
            backscatter = f"{stem}_cells.tif"
            write_cells(shown, backscatter, settings.texture.step, settings, progress.part(0.1, 0.2))
        write_textures(shown.path, textures, scene.bands, settings.texture, WarningsOnly(progress.part(0.2, 1.0)))
        return backscatter, textures, shown.path

    def _given_cells(self, scene, progress):
        """Backscatter on the grid of the given textures: that of the scene, or of cells of so many of its pixels."""
        with RasterReader(self._given[scene]) as raster:
            grid = raster.grid
        step = round(grid.pixel_width / scene.grid.pixel_width)
        if step <= 1 or not grid.is_same_as(cells_of(scene.grid, step)):
            return scene.path
        path = os.path.join(self._folder, f"{len(self._made)}_{scene.name}_cells.tif")
        write_cells(scene, path, step, self._settings, progress)
        return path


def write_sea(scene, land, output, settings, progress):
    """A copy of a scene without its land.

    Parameters
    ----------
    scene : Scene
    land : ChartMap
    output : str
    settings : IceSettings
    progress : Progress
    """
    with RasterReader(scene.path) as raster, make_executor(settings.forest.threads) as executor:
        names = _used(scene)
        indexes = [raster.band_names.index(name) for name in names]

        def work(window):
            values = raster.read_physical(window, indexes)
            values[:, land.said(land.numbers(window))[1]] = np.nan
            return values

        layout = RasterLayout(grid=scene.grid, dtype="float32", band_names=names, nodata=float("nan"),
                              compression="zstd")
        with create_raster(output, layout) as writer:
            run_blocks(scene.grid.blocks(CELL_BLOCK, CELL_BLOCK), work, writer.write, executor, progress)


def _used(scene):
    return scene.bands + ((scene.incidence,) if scene.incidence else ())


def cells_of(grid, step):
    """The grid of textures that were made with a step."""
    return cell_grid(grid, TextureSettings(window=WINDOWS[0], step=step))


def write_cells(scene, output, step, settings, progress):
    """Backscatter and incidence angle on the cells of coarse textures: means, of backscatter in linear power.

    Parameters
    ----------
    scene : Scene
        Backscatter in dB.
    output : str
    step : int
        Edge of a cell in pixels.
    settings : IceSettings
    progress : Progress
    """
    with RasterReader(scene.path) as raster, make_executor(settings.forest.threads) as executor:
        cells = cells_of(raster.grid, step)
        names = _used(scene)
        indexes = [raster.band_names.index(name) for name in names]

        def work(window):
            pixels = Window(window.row * step, window.col * step, window.height * step, window.width * step)
            values = raster.read_physical(pixels, indexes)
            values[:len(scene.bands)] = 10.0 ** (0.1 * values[:len(scene.bands)])
            blocks = values.reshape(len(names), window.height, step, window.width, step)
            valid = np.isfinite(blocks)
            count = valid.sum(axis=(2, 4))
            total = np.where(valid, blocks, 0).sum(axis=(2, 4), dtype=np.float64)
            means = np.where(2 * count >= step * step, total / np.maximum(count, 1), np.nan)
            with np.errstate(divide="ignore", invalid="ignore"):
                means[:len(scene.bands)] = 10.0 * np.log10(means[:len(scene.bands)])
            return means

        layout = RasterLayout(grid=cells, dtype="float32", band_names=names, nodata=float("nan"))
        with create_raster(output, layout) as writer:
            run_blocks(cells.blocks(CELL_BLOCK, CELL_BLOCK), work, writer.write, executor, progress)
