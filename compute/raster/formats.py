"""Atomic writing of rasters in any format that GDAL can write.

GeoTIFF is written block by block (:mod:`.writer`). Every other format is converted from a finished GeoTIFF in a scratch
folder; all its files (header, metadata) appear together.
"""

import contextlib
import os
import re
from dataclasses import replace

from ..errors import OutputError, UnsuitableInput
from ..output_files import OutputSet
from ..scratch import scratch_folder
from .gdal_errors import REASON, gdal_errors
from .writer import create_raster

# Tested formats and their GDAL drivers; "auto" selects the driver by the file extension.
FORMATS = ("auto", "geotiff", "cog", "envi", "netcdf", "jp2")
DRIVERS = {"geotiff": "GTiff", "cog": "COG", "envi": "ENVI", "netcdf": "netCDF", "jp2": "JP2OpenJPEG"}
COMPRESSION = ("zstd", "deflate", "none")
SUFFIXES = {".tif": "GTiff", ".tiff": "GTiff", ".dat": "ENVI", ".bsq": "ENVI", ".nc": "netCDF", ".jp2": "JP2OpenJPEG",
            ".img": "HFA", ".pix": "PCIDSK", ".kea": "KEA", ".rst": "RST"}
INTEGER_FORMATS = ("JP2OpenJPEG",)


def driver_of(path, raster_format):
    """Return the GDAL driver that writes a file.

    Parameters
    ----------
    path : str
    raster_format : str
        One of ``FORMATS``.

    Returns
    -------
    str

    Raises
    ------
    OutputError
        If no driver writes this file extension, or the driver is not installed.
    """
    suffix = os.path.splitext(path)[1].lower()
    driver = DRIVERS[raster_format] if raster_format != "auto" else SUFFIXES.get(suffix) or _driver_by_suffix(suffix)
    if not driver:
        raise OutputError(f"{path}: no writable raster format has the extension {suffix or '(none)'}. "
                          "Choose a name that ends in .tif, .dat, .nc or .jp2, or select the output format.")
    if raster_format in ("geotiff", "cog") and suffix not in (".tif", ".tiff"):
        raise OutputError(f"{path}: the name of a GeoTIFF must end in .tif.")
    if driver not in _available_drivers():
        raise OutputError(f"{path}: this GDAL installation cannot write the format {driver}. Choose another format.")
    return driver


@contextlib.contextmanager
def create_in_format(path, layout, raster_format="auto", side_files=None, progress=None, outputs=None):
    """Context manager that creates a raster in any format; it is removed if an exception occurs.

    Parameters
    ----------
    path : str
    layout : RasterLayout
    raster_format : str
        One of ``FORMATS``.
    side_files : dict of str to str
        As in :func:`~.writer.create_raster`.
    progress : Progress, optional
        Checked for cancellation before and after the conversion.
    outputs : OutputSet, optional
        As for :func:`~.writer.create_raster`.

    Yields
    ------
    RasterWriter

    Raises
    ------
    OutputError
        If the file cannot be written, or the format does not support the data type.
    """
    driver = driver_of(path, raster_format)
    if driver == "GTiff":
        with create_raster(path, layout, side_files, outputs) as raster:
            yield raster
        return
    if driver in INTEGER_FORMATS and layout.dtype.startswith("float"):
        raise OutputError(f"{path}: the format {driver} supports integers only. Choose the data type int16 or another "
                          "format.")
    path = os.path.abspath(path)
    with contextlib.ExitStack() as own:
        outputs = outputs or own.enter_context(OutputSet())
        converted = outputs.parts(path)
        outputs.main(path)
        with scratch_folder(path) as folder:
            plain = os.path.join(folder, "plain.tif")
            with create_raster(plain, _layout_for(driver, layout)) as raster:
                yield raster
            if progress:
                progress.check()
            _convert(plain, converted, driver, layout, path)
        if progress:
            progress.check()
        for suffix, text in (side_files or {}).items():
            if suffix != ".aux.xml":
                with open(outputs.file(os.path.splitext(path)[0] + suffix), "w", encoding="utf-8") as file:
                    file.write(text)


def _layout_for(driver, layout):
    """Return a layout whose NetCDF variables are named after the bands; GDAL appends the band number (B04_1)."""
    if driver != "netCDF":
        return layout
    tags = layout.band_tags or ({},) * len(layout.band_names)
    return replace(layout, band_tags=tuple({**band, "NETCDF_VARNAME": re.sub(r"\W", "_", name) + "_"}
                                           for band, name in zip(tags, layout.band_names)))


def _convert(plain, target, driver, layout, path):
    import rasterio.shutil

    message = f"{path} cannot be written as {driver}: {REASON}. Check the free space, or choose another format."
    try:
        with gdal_errors(message, OutputError):
            rasterio.shutil.copy(plain, target, driver=driver, **_options(driver, layout))
    except OSError as error:
        raise OutputError(message.replace(REASON, str(error))) from error
    if not os.path.exists(target):
        raise OutputError(f"{path} cannot be written: the driver {driver} created no file of this name. Choose another "
                          "format.")


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


def _driver_by_suffix(suffix):
    from rasterio.drivers import raster_driver_extensions

    return raster_driver_extensions().get(suffix.lstrip("."))


def _available_drivers():
    import rasterio

    with rasterio.Env() as environment:
        return set(environment.drivers())


def require_outside(path, folder):
    """Reject an output path inside the input product.

    Raises
    ------
    UnsuitableInput
    """
    inner, outer = os.path.realpath(path), os.path.realpath(folder)
    if inner == outer or inner.startswith(outer + os.sep):
        raise UnsuitableInput(f"{path} lies inside the input product {folder}. Choose another output folder.")
