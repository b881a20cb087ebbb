"""Results in any raster format that GDAL can write, complete or not there.

GeoTIFF is written block by block as it comes (:mod:`.writer`). Every other format is made from a finished GeoTIFF by
GDAL in a hidden folder beside the target, from where all its files (header, metadata) are moved together.
"""

import contextlib
import os
import re
import shutil
import tempfile
from dataclasses import replace

from ..errors import OutputError, UnsuitableInput
from .writer import complete_file, create_raster

# Names of the formats that are tested, by their names in GDAL. "auto" goes by the extension of the file.
FORMATS = ("auto", "geotiff", "cog", "envi", "netcdf", "jp2")
DRIVERS = {"geotiff": "GTiff", "cog": "COG", "envi": "ENVI", "netcdf": "netCDF", "jp2": "JP2OpenJPEG"}
COMPRESSION = ("zstd", "deflate", "none")
SUFFIXES = {".tif": "GTiff", ".tiff": "GTiff", ".dat": "ENVI", ".bsq": "ENVI", ".nc": "netCDF", ".jp2": "JP2OpenJPEG",
            ".img": "HFA", ".pix": "PCIDSK", ".kea": "KEA", ".rst": "RST"}
FLOATING_FORMATS_REFUSED = ("JP2OpenJPEG",)


def driver_of(path, form):
    """The GDAL driver that writes a file.

    Parameters
    ----------
    path : str
    form : str
        One of ``FORMATS``.

    Returns
    -------
    str

    Raises
    ------
    OutputError
        If no driver writes files of this name, or it is not installed.
    """
    suffix = os.path.splitext(path)[1].lower()
    driver = DRIVERS[form] if form != "auto" else SUFFIXES.get(suffix) or _driver_by_suffix(suffix)
    if not driver:
        raise OutputError(f"{path}: no raster format that can be written has the extension {suffix or '(none)'}. "
                          "Choose a name that ends in .tif, .dat, .nc or .jp2, or choose the format.")
    if form in ("geotiff", "cog") and suffix not in (".tif", ".tiff"):
        raise OutputError(f"{path}: a GeoTIFF has a name that ends in .tif.")
    if driver not in _drivers_that_write():
        raise OutputError(f"{path}: this installation of GDAL cannot write the format {driver}. Choose another.")
    return driver


@contextlib.contextmanager
def create_in_format(path, layout, form="auto", side_files=None, progress=None):
    """A raster in any format in the making: complete when the block ends well, otherwise removed.

    Parameters
    ----------
    path : str
    layout : RasterLayout
    form : str
        One of ``FORMATS``.
    side_files : dict of str to str
        As :func:`~.writer.create_raster` takes them.
    progress : Progress, optional
        Asked before the conversion whether to stop.

    Yields
    ------
    RasterWriter

    Raises
    ------
    OutputError
        If it cannot be written, or the format cannot hold such values.
    """
    driver = driver_of(path, form)
    if driver == "GTiff":
        with create_raster(path, layout, side_files) as raster:
            yield raster
        return
    if driver in FLOATING_FORMATS_REFUSED and layout.dtype.startswith("float"):
        raise OutputError(f"{path}: the format {driver} holds whole numbers only. Store the result as int16, or choose "
                          "another format.")
    path = os.path.abspath(path)
    with _folder_beside(path) as folder:
        plain = os.path.join(folder, "plain.tif")
        with create_raster(plain, _named_for(driver, layout)) as raster:
            yield raster
        if progress:
            progress.check()
        converted = os.path.join(folder, "converted")
        os.mkdir(converted)
        _convert(plain, os.path.join(converted, os.path.basename(path)), driver, layout, path)
        if progress:
            progress.check()
        _move(converted, path, side_files or {})


def _named_for(driver, layout):
    """A NetCDF has a variable for each band: its name and, by GDAL, its number (B04_1)."""
    if driver != "netCDF":
        return layout
    tags = layout.band_tags or ({},) * len(layout.band_names)
    return replace(layout, band_tags=tuple({**band, "NETCDF_VARNAME": re.sub(r"\W", "_", name) + "_"}
                                           for band, name in zip(tags, layout.band_names)))


def _convert(plain, target, driver, layout, path):
    import rasterio.shutil
    from rasterio.errors import RasterioError

    try:
        rasterio.shutil.copy(plain, target, driver=driver, **_options(driver, layout))
    except (RasterioError, OSError) as error:
        raise OutputError(f"{path} cannot be written as {driver}: {error}. Check the free space, or choose another "
                          "format.") from error
    if not os.path.exists(target):
        raise OutputError(f"{path} cannot be written: {driver} made no file of this name. Choose another format.")


def _options(driver, layout):
    if driver == "JP2OpenJPEG":
        return {"QUALITY": "100", "REVERSIBLE": "YES"}
    if driver == "COG":
        return {"COMPRESS": layout.compression.upper(), "PREDICTOR": "YES" if layout.predictor else "NO",
                **({"LEVEL": "1"} if layout.compression == "zstd" else {}),
                "BIGTIFF": "IF_SAFER", "OVERVIEW_RESAMPLING": "NEAREST"}
    if driver == "netCDF":
        return {"FORMAT": "NC4", "COMPRESS": "DEFLATE"}
    return {}


def _move(folder, path, side_files):
    """All files of the format, the one that was asked for last; then what goes beside it."""
    target_folder, name = os.path.split(path)
    for other in sorted(os.listdir(folder), key=lambda entry: entry == name):
        os.replace(os.path.join(folder, other), os.path.join(target_folder, other))
    for suffix, text in side_files.items():
        if suffix != ".aux.xml":
            with complete_file(os.path.splitext(path)[0] + suffix) as partial, open(
                    partial, "w", encoding="utf-8") as file:
                file.write(text)


@contextlib.contextmanager
def _folder_beside(path):
    folder = os.path.dirname(path)
    try:
        os.makedirs(folder, exist_ok=True)
        hidden = tempfile.mkdtemp(prefix=".floefield-partial-", dir=folder)
    except OSError as error:
        raise OutputError(f"{path} cannot be written: {error.strerror}. Check the folder.") from error
    try:
        yield hidden
    except OSError as error:
        raise OutputError(f"{path} cannot be written: {error.strerror or 'the disk may be full'}. Check the folder "
                          "and the free space.") from error
    finally:
        shutil.rmtree(hidden, ignore_errors=True)


def _driver_by_suffix(suffix):
    from rasterio.drivers import raster_driver_extensions

    return raster_driver_extensions().get(suffix.lstrip("."))


def _drivers_that_write():
    import rasterio

    with rasterio.Env() as environment:
        return set(environment.drivers())


def require_outside(path, folder):
    """Refuse a result that would be written into the product it is made from.

    Raises
    ------
    UnsuitableInput
    """
    inner, outer = os.path.realpath(path), os.path.realpath(folder)
    if inner == outer or inner.startswith(outer + os.sep):
        raise UnsuitableInput(f"{path} would be written into the product {folder}. Choose another folder.")
