"""Writing GeoTIFFs that are either complete or not there.

Work fills a hidden sibling of the target. Only when everything is written do the side files (colours,
class names, style) and then the raster itself take their names; after an error or a cancel nothing is left.
"""

import contextlib
import os
import warnings
from dataclasses import dataclass, field

import numpy as np

from ..errors import OutputError
from .tileorder import arrange_tiles

# Output tiles, and what their edges must be multiples of; blocks of work are multiples of a tile so that none is
# compressed twice.
TILE, TILE_UNIT = 256, 16
# A raster up to this size waits in GDAL's cache until it is closed, so that its tiles come out band by band.
KEPT_BYTES = 40 * 1024 * 1024
SIDE_FILES = (".aux.xml", ".qml", ".false-colour.qml")
ARRANGED = ".arranged"


@dataclass(frozen=True)
class RasterLayout:
    """What a raster to be written looks like.

    Parameters
    ----------
    grid : Grid
    dtype : str
        numpy name of the stored type.
    band_names : tuple of str
    nodata : float, optional
    scales : tuple of float
        Physical value = stored value * scale, per band; empty where stored values are physical.
    tags : dict of str
        Metadata of the file.
    band_tags : tuple of dict of str
        Metadata per band, or empty.
    colours : dict of int to tuple of int
        Colour table (value to red, green, blue, alpha in 0..255) of a single Byte band, or empty.
    compression : {"deflate", "zstd", "none"}
        zstd is three times faster; deflate is read by every program; none suits numbers that hardly shrink.
    predictor : bool
        Store differences of neighbours, which compress better; some readers of deflate do not know them.
    domain_tags : dict of str to dict of str
        Metadata of the file that programs show only if asked for, by domain.
    """

    grid: object
    dtype: str
    band_names: tuple
    nodata: float = None
    scales: tuple = ()
    tags: dict = field(default_factory=dict)
    band_tags: tuple = ()
    colours: dict = field(default_factory=dict)
    compression: str = "deflate"
    predictor: bool = True
    domain_tags: dict = field(default_factory=dict)


@contextlib.contextmanager
def complete_file(path):
    """A temporary sibling of `path` that takes its name when the block ends well, and vanishes otherwise.

    Yields
    ------
    str
        Path to write to; it has the suffix of `path`.

    Raises
    ------
    OutputError
        If the folder cannot be written to, the disk is full, or the target is in use.
    """
    path = os.path.abspath(path)
    folder, name = os.path.split(path)
    partial = os.path.join(folder, f".{os.getpid()}-partial-{name}")
    if os.path.isdir(path):
        raise OutputError(f"{path} is a folder; name a file.")
    try:
        with _sentence_for(path):
            os.makedirs(folder, exist_ok=True)
            with open(partial, "wb"):
                pass
        yield partial
        with _sentence_for(path):
            os.replace(partial, path)
    finally:
        with contextlib.suppress(OSError):
            os.remove(partial)


@contextlib.contextmanager
def complete_files(paths):
    """Several files of which all take their names when the block ends well, and none otherwise.

    Yields
    ------
    dict of str to str
        Path to write to, by the path asked for; see :func:`complete_file`.
    """
    with contextlib.ExitStack() as files:
        yield {path: files.enter_context(complete_file(path)) for path in paths}


@contextlib.contextmanager
def create_raster(path, layout, side_files=None):
    """A GeoTIFF in the making: complete when the block ends well, otherwise removed.

    Parameters
    ----------
    path : str
        The file to be; replaced if it exists.
    layout : RasterLayout
    side_files : dict of str to str
        Text of the files that go with the raster, by suffix (one of ``SIDE_FILES``); it may be filled until the block
        ends.

    Yields
    ------
    RasterWriter

    Raises
    ------
    OutputError
        If the file cannot be created, filled or renamed.
    """
    from rasterio.errors import RasterioError

    path = os.path.abspath(path)
    with complete_file(path) as partial:
        try:
            with _sentence_for(path):
                dataset = _create(partial, layout)
                with contextlib.closing(dataset):
                    yield RasterWriter(dataset)
                if arrange_tiles(partial, partial + ARRANGED, _is_small(layout)):
                    os.replace(partial + ARRANGED, partial)
        except RasterioError as error:
            raise OutputError(f"{path} cannot be written: {error}. Check the free space on the disk.") from error
        finally:
            for leftover in (*SIDE_FILES, ARRANGED):
                with contextlib.suppress(OSError):
                    os.remove(partial + leftover)
        _place_side_files(path, side_files or {})


class RasterWriter:
    """Takes the blocks of a raster; made by :func:`create_raster`."""

    def __init__(self, dataset):
        self._dataset = dataset

    def tag(self, tags):
        """Add metadata of the file; only before the first block is written, so that it lies before the tiles."""
        self._dataset.update_tags(**tags)

    def write(self, window, values, first_band=0):
        """Write a block.

        Parameters
        ----------
        window : Window
        values : ndarray, shape (bands, height, width)
        first_band : int
            Where the bands go, counted from 0.
        """
        numbers = list(range(first_band + 1, first_band + 1 + len(values)))
        self._dataset.write(np.ascontiguousarray(values, self._dataset.dtypes[0]), numbers,
                            window=((window.row, window.row + window.height), (window.col, window.col + window.width)))


def _create(path, layout):
    import rasterio
    from rasterio.errors import NotGeoreferencedWarning

    integer = np.issubdtype(np.dtype(layout.dtype), np.integer)
    height, width = _tile_shape(layout)
    options = {"driver": "GTiff", "tiled": True, "blockxsize": width, "blockysize": height, "interleave": "band",
               "BIGTIFF": "IF_SAFER"}
    if layout.compression != "none":
        options.update(compress=layout.compression, NUM_THREADS=2, predictor=(2 if integer else 3) if layout.predictor
                       else 1)
        options.update({"ZSTD_LEVEL": 1} if layout.compression == "zstd" else {"ZLEVEL": 6})
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", NotGeoreferencedWarning)
        dataset = rasterio.open(
            path, "w", height=layout.grid.height, width=layout.grid.width, count=len(layout.band_names),
            dtype=layout.dtype, crs=layout.grid.crs_wkt or None, transform=rasterio.Affine(*layout.grid.transform),
            nodata=layout.nodata, **options)
    dataset.descriptions = layout.band_names
    if layout.scales:
        dataset.scales = layout.scales
    dataset.update_tags(**layout.tags)
    for domain, tags in layout.domain_tags.items():
        dataset.update_tags(ns=domain, **tags)
    for number, tags in enumerate(layout.band_tags, start=1):
        dataset.update_tags(number, **tags)
    if layout.colours:
        dataset.write_colormap(1, layout.colours)
    return dataset


def _is_small(layout):
    pixels = layout.grid.height * layout.grid.width
    return pixels * len(layout.band_names) * np.dtype(layout.dtype).itemsize <= KEPT_BYTES


def _tile_shape(layout):
    """Height and width of the tiles; those of a small raster fit it, where nothing shrinks what reaches beyond it."""
    if layout.compression != "none" or not _is_small(layout):
        return TILE, TILE
    counts = [-(-pixels // TILE) for pixels in layout.grid.shape]
    return tuple(-(-pixels // (count * TILE_UNIT)) * TILE_UNIT for pixels, count in zip(layout.grid.shape, counts))


def _place_side_files(path, side_files):
    """Write the new side files and remove those that described a raster of the same name before."""
    for suffix in SIDE_FILES:
        side_file = path + suffix if suffix == ".aux.xml" else os.path.splitext(path)[0] + suffix
        if suffix in side_files:
            with complete_file(side_file) as partial, open(partial, "w", encoding="utf-8") as text:
                text.write(side_files[suffix])
        else:
            with contextlib.suppress(FileNotFoundError):
                os.remove(side_file)


@contextlib.contextmanager
def _sentence_for(path):
    try:
        yield
    except OSError as error:
        raise OutputError(f"{path} cannot be written: {error.strerror or 'the disk may be full'}. "
                          "Check the folder, its permissions and the free space.") from error
