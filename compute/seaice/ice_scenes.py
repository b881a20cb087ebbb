"""Scenes: search for rasters, acquisition date, and backscatter and incidence-angle bands."""

import os
import re
from dataclasses import dataclass
from datetime import date

from ..errors import MissingInput, PlainError, UnsuitableInput
from ..raster.band_metadata import DATE_TAG, is_synthetic
from ..raster.crs import is_projected
from ..raster.reader import RasterReader

POLARISATION = re.compile(r"(?:^|[^A-Za-z])(HH|HV|VV|VH)(?:$|[^A-Za-z])", re.IGNORECASE)
INCIDENCE = re.compile(r"inc(idence)?[ _-]*(angle)?$|incidence", re.IGNORECASE)

# Date in a file name (such as a Sentinel-1 product) or in a metadata tag.
DATE_PATTERN = re.compile(r"(?<!\d)((?:19|20)\d{2})[-_]?([01]\d)[-_]?([0-3]\d)(?:T\d{6})?(?!\d)")
DATE_TAGS = (DATE_TAG, "ACQUISITION_START_TIME", "TIFFTAG_DATETIME")


@dataclass(frozen=True)
class RadarScene:
    """A raster of backscatter.

    Parameters
    ----------
    path : str
    name : str
        File name without suffix.
    day : datetime.date
    grid : Grid
    bands : tuple of str
        Backscatter bands to use.
    incidence : str
        Band of the incidence angle; empty if there is none.
    is_synthetic : bool
    """

    path: str
    name: str
    day: date
    grid: object
    bands: tuple
    incidence: str
    is_synthetic: bool


def find_scenes(folder, exclude=""):
    """Return the GeoTIFFs in a folder and its subfolders, sorted.

    Parameters
    ----------
    folder : str
    exclude : str, optional
        Folder to exclude from the search, such as the output folder.

    Returns
    -------
    list of str

    Raises
    ------
    MissingInput
        If there is none.
    """
    exclude = os.path.realpath(exclude) if exclude else ""
    found = []
    for parent, folders, names in os.walk(folder):
        folders[:] = [name for name in folders if not name.startswith(".")
                      and os.path.realpath(os.path.join(parent, name)) != exclude]
        found += [os.path.join(parent, name) for name in names
                  if name.lower().endswith((".tif", ".tiff")) and not name.startswith(".")]
    if not found:
        raise MissingInput(f"There is no GeoTIFF in {folder}. Choose the folder that contains the scenes.")
    return sorted(found)


def first_grid(paths):
    """Return the grid of the first raster that can be read; charts are reprojected to its CRS.

    Parameters
    ----------
    paths : sequence of str

    Returns
    -------
    Grid

    Raises
    ------
    PlainError
        The error of the first raster, if none can be read.
    """
    first_error = None
    for path in paths:
        try:
            return read_scene(path).grid
        except PlainError as error:
            first_error = first_error or error
    raise first_error


def read_scene(path, requested=()):
    """Read date, grid and bands of a raster.

    Parameters
    ----------
    path : str
    requested : sequence of str
        Bands to use; empty for all with a polarisation in their name.

    Returns
    -------
    RadarScene

    Raises
    ------
    MissingInput, UnreadableInput, UnsuitableInput
        If it cannot be opened, or has no date, no projected CRS or none of the requested bands.
    """
    with RasterReader(path) as raster:
        names = raster.band_names
        missing = [band for band in requested if band not in names]
        if missing:
            raise MissingInput(f"{path} has no band {', '.join(missing)}. Its bands are {', '.join(names)}.")
        bands = tuple(requested) or tuple(name for name in names if POLARISATION.search(name))
        if not bands:
            raise UnsuitableInput(f"{path} has no band with a polarisation (HH, HV, VV, VH) in its name; its bands are "
                                  f"{', '.join(names)}. Set the bands to use with BANDS.")
        if not is_projected(raster.grid.crs_wkt):
            raise UnsuitableInput(f"{path} has no projected coordinate reference system, so distances in metres cannot "
                                  "be measured. Geocode it first (Preprocess Sentinel-1 products).")
        incidence = next((name for name in names if INCIDENCE.search(name)), "")
        return RadarScene(path=path, name=os.path.splitext(os.path.basename(path))[0], day=_day(raster),
                          grid=raster.grid, bands=bands, incidence=incidence, is_synthetic=is_synthetic(raster.tags))


def _day(raster):
    """Return the date from the metadata of the file or its bands, or else from the file name."""
    texts = [tags.get(tag, "") for tags in (raster.tags, *(band.tags for band in raster.bands)) for tag in DATE_TAGS]
    for text in [*texts, os.path.basename(raster.path)]:
        found = DATE_PATTERN.search(text.replace(":", "-"))
        if found:
            try:
                return date(*map(int, found.groups()))
            except ValueError:
                continue
    raise UnsuitableInput(f"{raster.path} has no acquisition date. Add it to the metadata (gdal_edit.py -mo "
                          f"{DATE_TAG}=2020-10-23) or to the file name.")
