"""The scenes: where they are, of which day, and which of their bands say something about ice."""

import os
import re
from dataclasses import dataclass
from datetime import date

from ..errors import MissingInput, PlainError, UnsuitableInput
from ..forest.features import DATE_TAG, SYNTHETIC_TAG
from ..raster.reader import RasterReader

POLARISATION = re.compile(r"(?:^|[^A-Za-z])(HH|HV|VV|VH)(?:$|[^A-Za-z])", re.IGNORECASE)
INCIDENCE = re.compile(r"inc(idence)?[ _-]*(angle)?$|incidence", re.IGNORECASE)
# A day in the name of a Sentinel-1 product, and what GDAL passes on from a TIFF.
IN_NAME = re.compile(r"(?<!\d)((?:19|20)\d{2})[-_]?([01]\d)[-_]?([0-3]\d)(?:T\d{6})?(?!\d)")
DATE_TAGS = (DATE_TAG, "ACQUISITION_START_TIME", "TIFFTAG_DATETIME")


@dataclass(frozen=True)
class Scene:
    """A raster with backscatter.

    Parameters
    ----------
    path : str
    name : str
        Of its file, without suffix.
    day : datetime.date
    grid : Grid
    bands : tuple of str
        Backscatter bands that are used.
    incidence : str
        Band with the incidence angle; empty if there is none.
    is_synthetic : bool
    """

    path: str
    name: str
    day: date
    grid: object
    bands: tuple
    incidence: str
    is_synthetic: bool


def find_scenes(folder, without=""):
    """The GeoTIFFs in a folder and its subfolders, sorted.

    Parameters
    ----------
    folder : str
    without : str, optional
        Folder for results, in which nothing is looked for.

    Returns
    -------
    list of str

    Raises
    ------
    MissingInput
        If there are none.
    """
    without = os.path.realpath(without) if without else ""
    found = []
    for parent, folders, names in os.walk(folder):
        folders[:] = [name for name in folders if os.path.realpath(os.path.join(parent, name)) != without]
        found += [os.path.join(parent, name) for name in names
                  if name.lower().endswith((".tif", ".tiff")) and not name.startswith(".")]
    if not found:
        raise MissingInput(f"There is no GeoTIFF in {folder}. Choose the folder that holds the scenes.")
    return sorted(found)


def first_grid(paths):
    """The grid of the first raster that can be opened; charts are brought to its CRS.

    Parameters
    ----------
    paths : sequence of str

    Returns
    -------
    Grid

    Raises
    ------
    PlainError
        What is wrong with the first, if none can be opened.
    """
    refusal = None
    for path in paths:
        try:
            return read_scene(path).grid
        except PlainError as error:
            refusal = refusal or error
    raise refusal


def read_scene(path, wanted=()):
    """Read what a raster says of itself.

    Parameters
    ----------
    path : str
    wanted : sequence of str
        Bands to use; empty for all that are named by a polarisation.

    Returns
    -------
    Scene

    Raises
    ------
    MissingInput, UnreadableInput, UnsuitableInput
        If it cannot be opened, has no date, no CRS in metres, or not the bands.
    """
    from rasterio.crs import CRS

    with RasterReader(path) as raster:
        names = raster.band_names
        missing = [band for band in wanted if band not in names]
        if missing:
            raise MissingInput(f"{path} has no band {', '.join(missing)}. Its bands are {', '.join(names)}.")
        bands = tuple(wanted) or tuple(name for name in names if POLARISATION.search(name))
        if not bands:
            raise UnsuitableInput(f"{path} has no band that is named by a polarisation (HH, HV, VV, VH); its bands are "
                                  f"{', '.join(names)}. Name the bands to use with BANDS.")
        crs = CRS.from_wkt(raster.grid.crs_wkt) if raster.grid.crs_wkt else None
        if crs is None or not crs.is_projected:
            raise UnsuitableInput(f"{path} has no projected coordinate reference system, so distances in metres mean "
                                  "nothing in it. Geocode it first (Preprocess Sentinel-1 products).")
        incidence = next((name for name in names if INCIDENCE.search(name)), "")
        return Scene(path, os.path.splitext(os.path.basename(path))[0], _day(raster), raster.grid, bands, incidence,
                     raster.tags.get(SYNTHETIC_TAG, "").upper() == "YES")


def _day(raster):
    """The date from the metadata of the file or its bands; only rasters of other tools are known by their name."""
    texts = [tags.get(tag, "") for tags in (raster.tags, *(band.tags for band in raster.bands)) for tag in DATE_TAGS]
    for text in [*texts, os.path.basename(raster.path)]:
        found = IN_NAME.search(text.replace(":", "-"))
        if found:
            try:
                return date(*map(int, found.groups()))
            except ValueError:
                continue
    raise UnsuitableInput(f"{raster.path} does not say of which day it is. Write it into its metadata "
                          f"(gdal_edit.py -mo {DATE_TAG}=2020-10-23) or into its name.")
