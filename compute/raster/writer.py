"""GeoTIFF writer: a raster and its side files (colours, class names, style), complete or absent."""

import contextlib
import os
from dataclasses import dataclass, field

import numpy as np

from ..errors import OutputError
from ..output_files import OutputSet
from .gdal_errors import REASON, gdal_errors, without_georeference_warning
from .tile_order import arrange_tiles

# Tile size, and the unit of tile sizes in TIFF; processing blocks are multiples of a tile so that none is compressed
# twice.
TILE, TILE_UNIT = 256, 16

# Rasters up to this size stay in GDAL's cache until they are closed, so that their tiles are written band by band.
CACHED_BYTES = 40 * 1024 * 1024
SIDE_FILES = (".aux.xml", ".qml", ".false-colour.qml")
ARRANGED = ".arranged"


@dataclass(frozen=True)
class RasterLayout:
    """Layout of a raster to write.

    Parameters
    ----------
    grid : Grid
    dtype : str
        numpy name of the stored data type.
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
        zstd is three times faster; deflate is supported by all programs; none suits values that hardly compress.
    predictor : bool
        Use a TIFF predictor, which improves compression; some readers of deflate do not support it.
    domain_tags : dict of str to dict of str
        Metadata of the file by GDAL metadata domain.
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
def create_raster(path, layout, side_files=None, outputs=None):
    """Context manager that creates a GeoTIFF; it is removed if an exception occurs.

    It is reopened before it gets its final name, and appears after its side files.

    Parameters
    ----------
    path : str
        Output file; replaced if it exists.
    layout : RasterLayout
    side_files : dict of str to str
        Text of the side files by suffix (of ``SIDE_FILES``); may be filled until the context ends.
    outputs : OutputSet, optional
        Further outputs with which the raster appears; without it, the raster appears when the context ends.

    Yields
    ------
    RasterWriter

    Raises
    ------
    OutputError
        If the file cannot be created, written or renamed.
    """
    with contextlib.ExitStack() as own:
        outputs = outputs or own.enter_context(OutputSet())
        path = os.path.abspath(path)
        partial = outputs.file(path, lambda partial: _read_last_block(partial, path))
        outputs.main(path)
        with _raster_errors(path):
            try:
                with contextlib.closing(_create(partial, layout)) as dataset:
                    yield RasterWriter(dataset)
                if arrange_tiles(partial, partial + ARRANGED, _is_small(layout)):
                    os.replace(partial + ARRANGED, partial)
            finally:
                for leftover in (*SIDE_FILES, ARRANGED):
                    with contextlib.suppress(OSError):
                        os.remove(partial + leftover)
            write_side_files(path, side_files or {}, outputs)


class RasterWriter:
    """Writer of raster blocks, created by :func:`create_raster`."""

    def __init__(self, dataset):
        self._dataset = dataset

    def update_tags(self, tags):
        """Add metadata of the file; must be called before the first block is written."""
        self._dataset.update_tags(**tags)

    def write(self, window, values, first_band=0):
        """Write a block.

        Parameters
        ----------
        window : Window
        values : ndarray, shape (bands, height, width)
        first_band : int
            First band to write, counted from 0.
        """
        numbers = list(range(first_band + 1, first_band + 1 + len(values)))
        self._dataset.write(np.ascontiguousarray(values, self._dataset.dtypes[0]), numbers,
                            window=((window.row, window.row + window.height), (window.col, window.col + window.width)))


def _create(path, layout):
    import rasterio

    integer = np.issubdtype(np.dtype(layout.dtype), np.integer)
    height, width = _tile_shape(layout)
    options = {"driver": "GTiff", "tiled": True, "blockxsize": width, "blockysize": height, "interleave": "band",
               "BIGTIFF": "IF_SAFER"}
    if layout.compression != "none":
        options.update(compress=layout.compression, NUM_THREADS=2, predictor=(2 if integer else 3) if layout.predictor
                       else 1)
        options.update({"ZSTD_LEVEL": 1} if layout.compression == "zstd" else {"ZLEVEL": 6})
    with without_georeference_warning():
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
    return pixels * len(layout.band_names) * np.dtype(layout.dtype).itemsize <= CACHED_BYTES


def _tile_shape(layout):
    """Return height and width of the tiles, fitted to small uncompressed rasters to avoid padding."""
    if layout.compression != "none" or not _is_small(layout):
        return TILE, TILE
    counts = [-(-pixels // TILE) for pixels in layout.grid.shape]
    return tuple(-(-pixels // (count * TILE_UNIT)) * TILE_UNIT for pixels, count in zip(layout.grid.shape, counts))


@contextlib.contextmanager
def _raster_errors(path):
    message = f"{path} cannot be written: {REASON}. Check the folder, its permissions and the free space on the disk."
    try:
        with gdal_errors(message, OutputError):
            yield
    except OSError as error:
        raise OutputError(message.replace(REASON, error.strerror or str(error))) from error


def _read_last_block(partial, path):
    """Reopen a finished raster and read its last block, since GDAL reports some failures to write nowhere."""
    import rasterio

    with _raster_errors(path), without_georeference_warning(), rasterio.open(partial) as dataset:
        height, width = dataset.block_shapes[-1]
        rows, columns = ((edge - 1) // size * size for edge, size in zip(dataset.shape, (height, width)))
        dataset.read(dataset.count, window=((rows, dataset.height), (columns, dataset.width)))


def write_side_files(path, side_files, outputs):
    """Write the side files of a raster, and remove those of a previous raster of the same name.

    Parameters
    ----------
    path : str
        The raster.
    side_files : dict of str to str
        Text by suffix, of ``SIDE_FILES``.
    outputs : OutputSet
    """
    for suffix in SIDE_FILES:
        side_file = path + suffix if suffix == ".aux.xml" else os.path.splitext(path)[0] + suffix
        if suffix in side_files:
            with open(outputs.file(side_file), "w", encoding="utf-8") as text:
                text.write(side_files[suffix])
        else:
            outputs.remove(side_file)
