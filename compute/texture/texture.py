"""From a raster to a raster of textures, block by block."""

from dataclasses import dataclass, replace

import numpy as np

from ..errors import MissingInput, UnsuitableInput
from ..raster.blocks import make_executor, run_blocks
from ..raster.grid import Window
from ..raster.qml import grey_qml, stretch_range
from ..raster.reader import RasterReader
from ..raster.writer import RasterLayout, create_raster
from .quantise import EqualShares, EqualWidths, polarisation, published_range
from .remarks import count_levels, remark
from .scenerange import scene_quantiles, scene_range
from .settings import texture_sets
from .windows import Frame, fastest_engine, window_textures

# Height and width of the blocks of the result: multiples of its tiles; wide, which suits numpy.
BLOCK_ROWS, BLOCK_COLUMNS, CELL_BLOCK_COLUMNS = 256, 1024, 256
# Pixels that are read at once, at least one row of windows.
PIXELS_AT_ONCE = 1_000_000
# Every so many pixels of the first band tell how it is shown.
SHOWN_EVERY = 8


@dataclass(frozen=True)
class TextureResult:
    """What was written.

    Parameters
    ----------
    band_names : tuple of str
    share : float
        Of the cells of the first band that have a texture.
    """

    band_names: tuple
    share: float


def write_textures(path, output, bands, settings, progress, engine=None):
    """Textures of some bands of a raster.

    Parameters
    ----------
    path : str
    output : str
        GeoTIFF to write: float32, nodata NaN; a band for each band, feature and texture set.
    bands : sequence of str
        Names or numbers (from 1) of the bands; all if empty.
    settings : TextureSettings
    progress : Progress
    engine : module, optional
        As for :func:`~.windows.window_textures`.

    Returns
    -------
    TextureResult

    Raises
    ------
    MissingInput, UnreadableInput, UnsuitableInput, OutputError
        With a sentence for the user.
    Cancelled
        If the user asked to stop; nothing is left of the output.
    """
    settings.check()
    with RasterReader(path) as raster, make_executor(settings.threads) as executor:
        indexes = _chosen_bands(raster, bands, settings, progress)
        cells = cell_grid(raster.grid, settings)
        scales = _scales(raster, indexes, settings, executor, progress)
        progress = progress.part(0.0 if settings.quantisation == "fixed" else 0.2, 1.0)
        work = _Work(raster, settings, scales, engine or fastest_engine(), progress.check)
        names = _band_names(raster, indexes, settings)
        in_each = len(names) // len(indexes)
        columns = BLOCK_COLUMNS if settings.step == 1 else CELL_BLOCK_COLUMNS
        blocks = [(window, index) for window in cells.blocks(BLOCK_ROWS, columns) for index in indexes]
        shown, filled, has_texture = [], dict.fromkeys(indexes, np.zeros(settings.levels + 2, np.int64)), 0

        def finish(block, result):
            nonlocal has_texture
            window, index = block
            textures, counts = result
            writer.write(window, textures, first_band=indexes.index(index) * in_each)
            filled[index] = filled[index] + counts
            if index == indexes[0]:
                has_texture += int(np.isfinite(textures[0]).sum())
                shown.append(textures[0, ::SHOWN_EVERY, ::SHOWN_EVERY].ravel())

        layout = RasterLayout(
            grid=cells, dtype="float32", band_names=names, nodata=float("nan"), compression=settings.compression,
            tags={**_own_tags(raster.tags), **_tags(settings)}, band_tags=_band_tags(raster, indexes, scales, settings))
        side_files = {}
        with create_raster(output, layout, side_files) as writer:
            run_blocks(blocks, work, finish, executor, progress)
            side_files[".qml"] = grey_qml(1, stretch_range(np.concatenate(shown)))
    _tell(raster, scales, filled, has_texture, settings, progress)
    return TextureResult(names, has_texture / (cells.height * cells.width))


def band_indexes(raster, bands):
    """Where bands are in a raster.

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
        Naming the band that is not there.
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
            raise MissingInput(f"{raster.path} has no band {band}. Its bands are {', '.join(names)}; numbers from 1 to "
                               f"{len(names)} do as well.")
    return list(dict.fromkeys(indexes))


def _chosen_bands(raster, bands, settings, progress):
    """The bands that were named; without names, all whose range is known or need not be."""
    indexes = band_indexes(raster, bands)
    if bands or settings.quantisation != "fixed" or settings.value_range:
        return indexes
    known = [index for index in indexes if polarisation(raster.band_names[index])]
    left_out = [raster.band_names[index] for index in indexes if index not in known]
    if known and left_out:
        progress.say(f"Left out, because their names tell no polarisation: {', '.join(left_out)}.")
    return known or indexes


def cell_grid(grid, settings):
    """The grid of the result: cells of `step` pixels, whose middle pixel is in the middle of the window.

    Parameters
    ----------
    grid : Grid
        Of the image.
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
        raise UnsuitableInput(f"STEP is {step} pixels, too much for an image of {size}. Choose a smaller STEP.")
    return replace(grid, pixel_width=grid.pixel_width * step, pixel_height=grid.pixel_height * step, height=height,
                   width=width)


class _Work:
    """Makes the textures of a block of one band; from any thread."""

    def __init__(self, raster, settings, scales, engine, check):
        self._raster, self._settings, self._scales = raster, settings, scales
        self._engine, self._check = engine, check

    def __call__(self, block):
        """Textures (bands, rows, columns) of a block, and how its pixels fill the grey levels."""
        window, index = block
        step = self._settings.step
        rows_at_once = max(1, PIXELS_AT_ONCE // (window.width * step * step))
        scale = self._scales[index]
        textures, counts = [], 0
        for row in range(window.row, window.row + window.height, rows_at_once):
            self._check()
            rows = min(rows_at_once, window.row + window.height - row)
            pixels = self._pixels(Window(row, window.col, rows, window.width))
            values = self._raster.read_physical(pixels, [index])[0]
            grey = scale.grey(values)
            counts = counts + count_levels(values, grey, scale)
            textures.append(window_textures(grey, self._frame(pixels), self._settings, self._check, self._engine))
        return textures[0] if len(textures) == 1 else np.concatenate(textures, axis=1), counts

    def _pixels(self, cells):
        """The pixels in all windows of some cells; they may reach outside the image."""
        step, window = self._settings.step, self._settings.window
        first = step // 2 - window // 2
        return Window(cells.row * step + first, cells.col * step + first, (cells.height - 1) * step + window,
                      (cells.width - 1) * step + window)

    def _frame(self, pixels):
        """How much of each window lies in the image."""
        window, step = self._settings.window, self._settings.step

        def inside(first, length, size):
            begin = np.arange(first, first + length - window + 1, step)
            return np.minimum(begin + window, size) - np.maximum(begin, 0)

        return Frame(inside(pixels.row, pixels.height, self._raster.grid.height),
                     inside(pixels.col, pixels.width, self._raster.grid.width))


def _scales(raster, indexes, settings, executor, progress):
    """How each band gets its grey levels, by index."""
    scales = {}
    for place, index in enumerate(indexes):
        part = progress.part(0.2 * place / len(indexes), 0.2 * (place + 1) / len(indexes))
        if settings.quantisation == "equal-probability":
            scales[index] = EqualShares(scene_quantiles(raster, index, settings.levels, executor, part))
            continue
        if settings.quantisation == "equal-distance":
            ends = scene_range(raster, index, executor, part)
        else:
            ends = settings.value_range or published_range(raster.band_names[index])
        scales[index] = EqualWidths(*ends, settings.levels)
    return scales


def _band_names(raster, indexes, settings):
    names = [raster.band_names[index] for index in indexes]
    if len(set(names)) < len(names):
        names = [f"{name}_{index + 1}" for name, index in zip(names, indexes)]
    return tuple(f"{name}_{feature}{texture_set.suffix}" for name in names for texture_set in texture_sets(settings)
                 for feature in settings.features)


def _own_tags(tags):
    """What the image says of itself (date, platform ...), without what GDAL adds, now or when somebody looks at it."""
    return {name: value for name, value in tags.items()
            if name != "AREA_OR_POINT" and not name.startswith("STATISTICS_")}


def _tags(settings):
    return {"TEXTURE_WINDOW": str(settings.window), "TEXTURE_LEVELS": str(settings.levels),
            "TEXTURE_DISTANCES": " ".join(map(str, settings.distances)), "TEXTURE_ANGLES": " ".join(settings.angles),
            "TEXTURE_ANGLE_MODE": settings.angle_mode, "TEXTURE_DISTANCE_MODE": settings.distance_mode,
            "TEXTURE_NORMALISATION": settings.normalisation, "TEXTURE_STEP": str(settings.step)}


def _band_tags(raster, indexes, scales, settings):
    return tuple({**_own_tags(raster.bands[index].tags), "SOURCE_BAND": raster.band_names[index], "FEATURE": feature,
                  "GREY_LEVELS": str(scales[index])}
                 for index in indexes for _ in texture_sets(settings) for feature in settings.features)


def _tell(raster, scales, filled, has_texture, settings, progress):
    """What the user should know of the result."""
    if not has_texture:
        progress.warn("No cell has a texture: the image has no data, or too little in every window (MIN_VALID).")
    for index, scale in scales.items():
        name = raster.band_names[index]
        progress.say(f"{name}: {settings.levels} grey levels, {scale}.")
        warning = remark(name, filled[index], scale)
        if warning:
            progress.warn(warning)
