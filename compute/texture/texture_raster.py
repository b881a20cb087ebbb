"""Rasters to texture rasters, one or many.

Texture rasters, computed block by block.

Textures of many rasters; failures do not stop the batch.
"""

import os
from dataclasses import dataclass, replace

import numpy as np

from ..batch import run_batch
from ..errors import MissingInput, UnsuitableInput
from ..raster.blocks import make_executor, run_blocks
from ..raster.grid import Window
from ..raster.raster_styles import grey_qml, stretch_range
from ..raster.reader import RasterReader
from ..raster.writer import RasterLayout, create_raster
from .grey_levels import (
    EqualDistanceQuantiser,
    EqualProbabilityQuantiser,
    polarisation,
    published_range,
    scene_quantiles,
    scene_range,
)
from .texture_settings import texture_sets
from .texture_warnings import count_levels, range_warning
from .window_textures import WindowExtents, fastest_engine, window_textures

# Output block size: multiples of the tile size; wide blocks are faster with numpy.
BLOCK_ROWS, BLOCK_COLUMNS, CELL_BLOCK_COLUMNS = 256, 1024, 256

# Maximum number of pixels read at once; at least one row of windows is read.
PIXELS_AT_ONCE = 1_000_000

# Sampling distance, in pixels of the first band, for the range of the grey stretch.
DISPLAY_STEP = 8


@dataclass(frozen=True)
class TextureResult:
    """Summary of a texture raster.

    Parameters
    ----------
    band_names : tuple of str
    valid_fraction : float
        Fraction of valid pixels of the first band.
    """

    band_names: tuple
    valid_fraction: float


def write_textures(path, output, bands, settings, progress, engine=None):
    """Compute textures of bands of a raster.

    Parameters
    ----------
    path : str
    output : str
        GeoTIFF to write: float32, nodata NaN; one output band per band, texture set and feature.
    bands : sequence of str
        Names or numbers (from 1) of the bands; all if empty.
    settings : TextureSettings
    progress : Progress
    engine : module, optional
        As for :func:`~.window_textures.window_textures`.

    Returns
    -------
    TextureResult

    Raises
    ------
    MissingInput, UnreadableInput, UnsuitableInput, OutputError
        If the raster, the settings or the output cannot be used; the message is for the user.
    Cancelled
        If the user has cancelled; the output is removed.
    """
    settings.check()
    with RasterReader(path) as raster, make_executor(settings.threads) as executor:
        indexes = _select_bands(raster, bands, settings, progress)
        cells = cell_grid(raster.grid, settings)
        quantisers = _quantisers(raster, indexes, settings, executor, progress)
        progress = progress.part(0.0 if settings.quantisation == "fixed" else 0.2, 1.0)
        work = _BlockTextures(raster, settings, quantisers, engine or fastest_engine(), progress.check)
        names = _band_names(raster, indexes, settings)
        textures_per_band = len(names) // len(indexes)
        columns = BLOCK_COLUMNS if settings.step == 1 else CELL_BLOCK_COLUMNS
        blocks = [(window, index) for window in cells.blocks(BLOCK_ROWS, columns) for index in indexes]
        level_counts = dict.fromkeys(indexes, np.zeros(settings.levels + 2, np.int64))
        display_samples, valid_count = [], 0

        def finish(block, result):
            nonlocal valid_count
            window, index = block
            textures, counts = result
            writer.write(window, textures, first_band=indexes.index(index) * textures_per_band)
            level_counts[index] = level_counts[index] + counts
            if index == indexes[0]:
                valid_count += int(np.isfinite(textures[0]).sum())
                display_samples.append(textures[0, ::DISPLAY_STEP, ::DISPLAY_STEP].ravel())

        layout = RasterLayout(
            grid=cells, dtype="float32", band_names=names, nodata=float("nan"), compression=settings.compression,
            tags={**_source_tags(raster.tags), **_tags(settings)},
            band_tags=_band_tags(raster, indexes, quantisers, settings))
        side_files = {}
        with create_raster(output, layout, side_files) as writer:
            run_blocks(blocks, work, finish, executor, progress)
            side_files[".qml"] = grey_qml(1, stretch_range(np.concatenate(display_samples)))
    _report(raster, quantisers, level_counts, valid_count, settings, progress)
    return TextureResult(names, valid_count / (cells.height * cells.width))


def band_indexes(raster, bands):
    """Return the indices of bands in a raster.

    Parameters
    ----------
    raster : RasterReader
    bands : sequence of str
        Names, or numbers counted from 1; all if empty.

    Returns
    -------
    list of int
        Counted from 0.

    Raises
    ------
    MissingInput
        If a band does not exist; the message names it.
    """
    if not bands:
        return list(range(len(raster.bands)))
    names = raster.band_names
    indexes = []
    for band in bands:
        if band in names:
            indexes.append(names.index(band))
        elif band.isdecimal() and 1 <= int(band) <= len(names):
            indexes.append(int(band) - 1)
        else:
            raise MissingInput(f"{raster.path} has no band {band}. Choose among {', '.join(names)}, or numbers from 1 "
                               f"to {len(names)}.")
    return list(dict.fromkeys(indexes))


def _select_bands(raster, bands, settings, progress):
    """Return the requested bands; by default, all bands with a defined value range."""
    indexes = band_indexes(raster, bands)
    if bands or settings.quantisation != "fixed" or settings.value_range:
        return indexes
    polarised = [index for index in indexes if polarisation(raster.band_names[index])]
    skipped = [raster.band_names[index] for index in indexes if index not in polarised]
    if polarised and skipped:
        progress.say(f"Bands skipped because their names contain no polarisation: {', '.join(skipped)}.")
    return polarised or indexes


def cell_grid(grid, settings):
    """Return the output grid: cells of `step` pixels, centred at the same pixel as their windows.

    Parameters
    ----------
    grid : Grid
        Grid of the image.
    settings : TextureSettings

    Returns
    -------
    Grid

    Raises
    ------
    UnsuitableInput
        If the window or the step is too large for the image.
    """
    size = f"{grid.width} x {grid.height} pixels"
    if settings.window > min(grid.shape):
        raise UnsuitableInput(f"The window of {settings.window} x {settings.window} pixels is larger than the image "
                              f"({size}). Choose a smaller WINDOW.")
    step = settings.step
    height, width = (-(-(pixels - step // 2) // step) for pixels in grid.shape)
    if min(height, width) < 1:
        raise UnsuitableInput(f"STEP is {step} pixels, too large for an image of {size}. Choose a smaller STEP.")
    return replace(grid, pixel_width=grid.pixel_width * step, pixel_height=grid.pixel_height * step, height=height,
                   width=width)


class _BlockTextures:
    """Computes the textures of blocks; thread-safe."""

    def __init__(self, raster, settings, quantisers, engine, check):
        self._raster, self._settings, self._quantisers = raster, settings, quantisers
        self._engine, self._check = engine, check

    def __call__(self, block):
        """Return the textures (bands, rows, columns) of a block of one band, and its grey level counts."""
        window, index = block
        step = self._settings.step
        rows_at_once = max(1, PIXELS_AT_ONCE // (window.width * step * step))
        quantiser = self._quantisers[index]
        textures, counts = [], 0
        for row in range(window.row, window.row + window.height, rows_at_once):
            self._check()
            rows = min(rows_at_once, window.row + window.height - row)
            pixels = self._pixels(Window(row, window.col, rows, window.width))
            values = self._raster.read_physical(pixels, [index])[0]
            grey = quantiser.quantise(values)
            counts = counts + count_levels(values, grey, quantiser)
            textures.append(window_textures(grey, self._extents(pixels), self._settings, self._check, self._engine))
        return textures[0] if len(textures) == 1 else np.concatenate(textures, axis=1), counts

    def _pixels(self, cells):
        """Return the pixel window that contains the windows of cells; it may exceed the image."""
        step, window = self._settings.step, self._settings.window
        first = step // 2 - window // 2
        return Window(cells.row * step + first, cells.col * step + first, (cells.height - 1) * step + window,
                      (cells.width - 1) * step + window)

    def _extents(self, pixels):
        """Return the extent of each window inside the image."""
        window, step = self._settings.window, self._settings.step

        def inside(first, length, size):
            begin = np.arange(first, first + length - window + 1, step)
            return np.minimum(begin + window, size) - np.maximum(begin, 0)

        return WindowExtents(inside(pixels.row, pixels.height, self._raster.grid.height),
                             inside(pixels.col, pixels.width, self._raster.grid.width))


def _quantisers(raster, indexes, settings, executor, progress):
    """Return the quantiser of each band, by index."""
    quantisers = {}
    for number, index in enumerate(indexes):
        part = progress.part(0.2 * number / len(indexes), 0.2 * (number + 1) / len(indexes))
        if settings.quantisation == "equal_probability":
            quantisers[index] = EqualProbabilityQuantiser(
                scene_quantiles(raster, index, settings.levels, executor, part))
            continue
        if settings.quantisation == "equal_distance":
            value_range = scene_range(raster, index, executor, part)
        else:
            value_range = settings.value_range or published_range(raster.band_names[index])
        quantisers[index] = EqualDistanceQuantiser(*value_range, settings.levels)
    return quantisers


def _band_names(raster, indexes, settings):
    names = [raster.band_names[index] for index in indexes]
    if len(set(names)) < len(names):
        names = [f"{name}_{index + 1}" for name, index in zip(names, indexes)]
    return tuple(f"{name}_{feature}{texture_set.suffix}" for name in names for texture_set in texture_sets(settings)
                 for feature in settings.features)


def _source_tags(tags):
    """Return the metadata of the image (date, platform, ...) without the items that GDAL adds."""
    return {name: value for name, value in tags.items()
            if name != "AREA_OR_POINT" and not name.startswith("STATISTICS_")}


def _tags(settings):
    return {"TEXTURE_WINDOW": str(settings.window), "TEXTURE_LEVELS": str(settings.levels),
            "TEXTURE_DISTANCES": " ".join(map(str, settings.distances)), "TEXTURE_ANGLES": " ".join(settings.angles),
            "TEXTURE_ANGLE_MODE": settings.angle_mode, "TEXTURE_DISTANCE_MODE": settings.distance_mode,
            "TEXTURE_NORMALISATION": settings.normalisation, "TEXTURE_STEP": str(settings.step)}


def _band_tags(raster, indexes, quantisers, settings):
    return tuple({**_source_tags(raster.bands[index].tags), "SOURCE_BAND": raster.band_names[index], "FEATURE": feature,
                  "GREY_LEVELS": str(quantisers[index])}
                 for index in indexes for _ in texture_sets(settings) for feature in settings.features)


def _report(raster, quantisers, level_counts, valid_count, settings, progress):
    """Report grey levels and warnings."""
    if not valid_count:
        progress.warn("The output has no valid pixel: the image has no data, or too few valid pairs in every window. "
                      "Check the image, or reduce MIN_VALID_FRACTION.")
    for index, quantiser in quantisers.items():
        name = raster.band_names[index]
        progress.say(f"{name}: {settings.levels} grey levels, {quantiser}.")
        warning = range_warning(name, level_counts[index], quantiser)
        if warning:
            progress.warn(warning)


SUFFIX = "_textures.tif"


def write_many_textures(paths, folder, bands, settings, progress, on_error="skip"):
    """Compute textures of rasters one after the other.

    Parameters
    ----------
    paths : sequence of str
        Rasters.
    folder : str
        Existing output folder, for one ``NAME_textures.tif`` per ``NAME.tif``.
    bands : sequence of str
        As for :func:`write_textures`.
    settings : TextureSettings
    progress : Progress
    on_error : str
        One of :data:`~..batch.ON_ERROR`.

    Returns
    -------
    BatchResult
        With the name of each file written, without folder.

    Raises
    ------
    UnsuitableInput
        If the settings are invalid.
    OutputError
        If the output cannot be written; this stops the batch.
    Cancelled
        If the user has cancelled; the caller must remove the files in `folder`.
    """
    settings.check()
    sources = {}

    def work(path, part):
        stem = os.path.splitext(os.path.basename(path))[0]
        name = stem + SUFFIX
        if name in sources:
            raise UnsuitableInput(f"The textures of {path} and {sources[name]} would have the same file name. "
                                  "Rename one of the rasters.")
        progress.say(f"{stem} ...")
        write_textures(path, os.path.join(folder, name), bands, settings, part)
        sources[name] = path
        return name

    return run_batch(paths, work, on_error, progress, "rasters")
