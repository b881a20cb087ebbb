"""Features of a scene by name: backscatter, incidence angle and textures on one grid."""

import os
from dataclasses import replace

import numpy as np

from ..classification.bands import FeatureSelection
from ..classification.feature_stack import FeatureStack
from ..errors import MissingInput
from ..progress import WarningsOnly
from ..raster.blocks import make_executor, run_blocks
from ..raster.grid import Window
from ..raster.reader import RasterReader
from ..raster.writer import RasterLayout, create_raster
from ..texture.texture_raster import cell_grid, write_textures
from ..texture.texture_settings import WINDOWS, TextureSettings
from .chart_reference import ChartRaster

CELL_BLOCK = 256

# Maximum size of the intermediate files kept until the maps are made; those of further scenes are computed twice.
MAX_KEPT_BYTES = 12 * 1024 ** 3


def open_features(paths, names):
    """Open selected bands of rasters on one grid as one feature stack.

    Parameters
    ----------
    paths : sequence of str
    names : sequence of str
        Names of the features, in this order.

    Returns
    -------
    FeatureStack

    Raises
    ------
    MissingInput
        With the names of missing features.
    """
    stack = FeatureStack(paths)
    missing = [name for name in names if name not in stack.names]
    if missing:
        stack.close()
        raise MissingInput(f"{paths[0]} has no feature {', '.join(missing)}. All scenes must have the same bands and "
                           "textures.")
    return stack.selected(FeatureSelection(tuple(stack.names.index(name) for name in names), (), tuple(names)))


class FeatureStore:
    """Compute the features of scenes; keep the intermediate files up to a maximum size.

    Parameters
    ----------
    folder : str
        For intermediate files.
    settings : IceSettings
    textures : dict of RadarScene to str
        Existing texture rasters, for ``textures="from_folder"``.
    """

    def __init__(self, folder, settings, textures=None):
        self._folder, self._settings, self._textures = folder, settings, textures or {}
        self._files, self._kept_bytes, self.names = {}, 0, ()

    def open(self, scene, charts, progress):
        """Open the features of a scene.

        Parameters
        ----------
        scene : RadarScene
        charts : sequence of Chart
            Their land is masked before the textures are computed; bright land would distort them along the coast.
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
        if scene not in self._files:
            self._files[scene] = self._make(scene, charts, progress)
        backscatter, textures = self._files[scene][:2]
        names = scene.bands
        if self._settings.incidence_angle and scene.incidence:
            names += (scene.incidence,)
        if textures:
            with RasterReader(textures) as raster:
                names += tuple(name for name in raster.band_names if name not in names)
        features = open_features([backscatter, *filter(None, [textures])], self.names or names)
        self.names = self.names or features.names
        return features

    def release(self, scene):
        """Keep the files of a scene if they fit into the maximum size; remove them otherwise."""
        if scene not in self._files:
            return
        own = {path for path in self._files[scene] if path.startswith(self._folder)}
        size = sum(os.path.getsize(path) for path in own)
        if self._kept_bytes + size > MAX_KEPT_BYTES:
            self.remove(scene)
        else:
            self._kept_bytes += size

    def remove(self, scene):
        """Remove the intermediate files of a scene."""
        for path in set(self._files.pop(scene, ())):
            if path.startswith(self._folder) and os.path.exists(path):
                os.remove(path)

    def _make(self, scene, charts, progress):
        """Return the paths of backscatter and textures, and of the image they were computed from."""
        settings = self._settings
        if settings.textures == "from_folder":
            return self._backscatter_on_texture_grid(scene, progress), self._textures[scene]
        if settings.textures == "none":
            return scene.path, ""
        masked, stem = scene, os.path.join(self._folder, f"{len(self._files)}_{scene.name}")
        land = ChartRaster(charts, scene.grid)
        if land.has_land:
            masked = replace(scene, path=f"{stem}_sea.tif")
            write_sea(scene, land, masked.path, settings, progress.part(0.0, 0.1))
        backscatter, textures = masked.path, f"{stem}_textures.tif"
        if settings.texture.step > 1:
            backscatter = f"{stem}_cells.tif"
            write_cells(masked, backscatter, settings.texture.step, settings, progress.part(0.1, 0.2))
        write_textures(masked.path, textures, scene.bands, settings.texture, WarningsOnly(progress.part(0.2, 1.0)))
        return backscatter, textures, masked.path

    def _backscatter_on_texture_grid(self, scene, progress):
        """Return the path of the backscatter on the grid of existing textures, averaged to cells if that is coarser."""
        with RasterReader(self._textures[scene]) as raster:
            grid = raster.grid
        step = round(grid.pixel_width / scene.grid.pixel_width)
        if step <= 1 or not grid.is_same_as(cells_of(scene.grid, step)):
            return scene.path
        path = os.path.join(self._folder, f"{len(self._files)}_{scene.name}_cells.tif")
        write_cells(scene, path, step, self._settings, progress)
        return path


def write_sea(scene, land, output, settings, progress):
    """Write a copy of a scene with land set to nodata.

    Parameters
    ----------
    scene : RadarScene
    land : ChartRaster
    output : str
    settings : IceSettings
    progress : Progress
    """
    with RasterReader(scene.path) as raster, make_executor(settings.forest.threads) as executor:
        names = _band_names(scene)
        indices = [raster.band_names.index(name) for name in names]

        def work(window):
            values = raster.read_physical(window, indices)
            values[:, land.polygon_labels(land.polygon_indices(window))[1]] = np.nan
            return values

        layout = RasterLayout(grid=scene.grid, dtype="float32", band_names=names, nodata=float("nan"),
                              compression="zstd")
        with create_raster(output, layout) as writer:
            run_blocks(scene.grid.blocks(CELL_BLOCK, CELL_BLOCK), work, writer.write, executor, progress)


def _band_names(scene):
    return scene.bands + ((scene.incidence,) if scene.incidence else ())


def cells_of(grid, step):
    """Return the grid of textures computed with an output step."""
    return cell_grid(grid, TextureSettings(window=WINDOWS[0], step=step))


def write_cells(scene, output, step, settings, progress):
    """Write the mean backscatter (averaged in linear power) and incidence angle of the cells of coarse textures.

    Parameters
    ----------
    scene : RadarScene
        Backscatter in dB.
    output : str
    step : int
        Cell size in pixels.
    settings : IceSettings
    progress : Progress
    """
    with RasterReader(scene.path) as raster, make_executor(settings.forest.threads) as executor:
        cells = cells_of(raster.grid, step)
        names = _band_names(scene)
        indices = [raster.band_names.index(name) for name in names]

        def work(window):
            pixels = Window(window.row * step, window.col * step, window.height * step, window.width * step)
            values = raster.read_physical(pixels, indices)
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
