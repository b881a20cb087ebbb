"""Sentinel-1 EW GRDM products on disk: names, folders and files of the SAFE format."""

import os
import shutil
import warnings
import zipfile
from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np

from . import seaice_radar as radar
from . import seaice_world as world_of
from . import seaice_xml
from .seaice_manifest import MEASUREMENT, manifest

# Flight direction, degrees clockwise from grid north; the radar looks to the right.
HEADING = 200.0
EARLIEST_ZIP_TIME = (1980, 1, 1, 0, 0, 0)


@dataclass(frozen=True)
class ProductName:
    """Names of a product and its files.

    Parameters
    ----------
    platform : str
    sensed : datetime.datetime
        UTC, of the first line.
    lines : int
    absolute_orbit, relative_orbit : int
    heading : float
        Degrees.
    """

    platform: str
    sensed: datetime
    lines: int
    absolute_orbit: int
    relative_orbit: int
    heading: float = HEADING - 360.0

    @property
    def datatake(self):
        """int: data take number (fictitious)."""
        return self.absolute_orbit * 8

    @property
    def span(self):
        """str: start and stop time in compact form."""
        stop = self.sensed + timedelta(seconds=self.lines * seaice_xml.LINE_SECONDS)
        return f"{self.sensed:%Y%m%dT%H%M%S}_{stop:%Y%m%dT%H%M%S}"

    @property
    def safe(self):
        """str: the folder of the product, with fixed characters in place of the checksum."""
        return (f"{self.platform}_EW_GRDM_1SDH_{self.span}_{self.absolute_orbit:06d}_{self.datatake:06X}_"
                "5A17.SAFE")

    def file(self, polarisation):
        """Return the name of the files of a polarisation, without extension."""
        number = 1 + radar.POLARISATIONS.index(polarisation)
        return (f"{self.platform}-ew-grd-{polarisation}-{self.span.replace('_', '-')}-{self.absolute_orbit:06d}-"
                f"{self.datatake:06x}-{number:03d}").lower()


def image_points(height, width, lines=None, columns=None):
    """Return the coordinates of pixels.

    Parameters
    ----------
    height, width : int
        Size of the image.
    lines, columns : ndarray, optional
        Lines and columns; by default all of the image.

    Returns
    -------
    ndarray of float64, shape (lines, columns, 2)
        Pixel centres in ``seaice_world.CRS``.
    """
    lines = np.arange(height) if lines is None else np.asarray(lines)
    columns = np.arange(width) if columns is None else np.asarray(columns)
    heading = np.radians(HEADING)
    along_track = np.array([np.sin(heading), np.cos(heading)])
    across_track = np.array([np.sin(heading + np.pi / 2), np.cos(heading + np.pi / 2)])
    down, across = lines - (height - 1) / 2, columns - (width - 1) / 2
    return world_of.CENTRE + radar.PIXEL * (
        down[:, None, None] * along_track + across[None, :, None] * across_track)


def write_product(folder, name, digital_numbers, is_zipped, progress):
    """Write one product.

    Parameters
    ----------
    folder : str
        Parent folder of the product or its zip.
    name : ProductName
    digital_numbers : dict of str to ndarray of uint16, shape (height, width)
        By polarisation.
    is_zipped : bool
    progress : Progress
        Checked before each file.

    Returns
    -------
    str
        Name of the product in the folder.
    """
    path = os.path.join(folder, name.safe)
    shape = next(iter(digital_numbers.values())).shape
    grid = _geolocation_grid(*shape)
    files = []
    for polarisation, values in digital_numbers.items():
        progress.check()
        stem = name.file(polarisation)
        _write_image(os.path.join(path, "measurement", f"{stem}.tiff"), values, grid)
        files.append((f"measurement/{stem}.tiff", MEASUREMENT))
        for relative, schema, text in (
                (f"annotation/{stem}.xml", "s1Level1ProductSchema",
                 seaice_xml.annotation(name, polarisation, shape, grid)),
                (f"annotation/calibration/calibration-{stem}.xml", "s1Level1CalibrationSchema",
                 seaice_xml.calibration(name, polarisation, shape)),
                (f"annotation/calibration/noise-{stem}.xml", "s1Level1NoiseSchema",
                 seaice_xml.noise(name, polarisation, shape))):
            _write_text(os.path.join(path, *relative.split("/")), text)
            files.append((relative, schema))
    _write_text(os.path.join(path, "manifest.safe"),
                manifest(name, sorted(files), _corners(*shape), shape[0]))
    return _zip_product(path) if is_zipped else name.safe


def _geolocation_grid(height, width):
    """Return line, sample, latitude and longitude of the grid points, row by row."""
    from rasterio.warp import transform

    lines = seaice_xml.nodes(0, height - 1, -(-height // seaice_xml.GRID_ROWS))
    columns = seaice_xml.nodes(0, width - 1, -(-width // seaice_xml.GRID_COLUMNS))
    points = image_points(height, width, lines, columns).reshape(-1, 2)
    longitudes, latitudes = transform(world_of.CRS, "EPSG:4326", *points.T)
    positions = [(int(line), int(column)) for line in lines for column in columns]
    return [(*position, latitude, longitude)
            for position, latitude, longitude in zip(positions, latitudes, longitudes)]


def _corners(height, width):
    from rasterio.warp import transform

    points = image_points(height, width, [0, height - 1], [0, width - 1])
    longitudes, latitudes = transform(world_of.CRS, "EPSG:4326",
                                      *points[[0, 0, 1, 1], [0, 1, 1, 0]].T)
    return list(zip(latitudes, longitudes))


def _write_image(path, values, grid):
    import rasterio
    from rasterio.control import GroundControlPoint
    from rasterio.errors import NotGeoreferencedWarning

    os.makedirs(os.path.dirname(path), exist_ok=True)
    points = [GroundControlPoint(row=line, col=column, x=longitude, y=latitude, z=0.0, id=str(number))
              for number, (line, column, latitude, longitude) in enumerate(grid, start=1)]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", NotGeoreferencedWarning)
        with rasterio.open(path, "w", driver="GTiff", height=values.shape[0], width=values.shape[1], count=1,
                           dtype="uint16", gcps=points, crs="EPSG:4326") as image:
            image.write(values, 1)
            image.update_tags(SYNTHETIC="YES",
                              TIFFTAG_IMAGEDESCRIPTION="Synthetic data made by Floefield; not a radar image")


def _write_text(path, text):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w", encoding="utf-8", newline="\n") as file:
        file.write(text)


def _zip_product(path):
    """Replace the folder of a product by a zip file and return its name; the bytes are reproducible."""
    parent, name = os.path.split(path)
    archive = f"{os.path.splitext(path)[0]}.zip"
    members = sorted(os.path.relpath(os.path.join(folder, file), parent).replace(os.sep, "/")
                     for folder, _, files in os.walk(path) for file in files)
    with zipfile.ZipFile(archive, "w") as zipped:
        for file in members:
            member = zipfile.ZipInfo(file, EARLIEST_ZIP_TIME)
            member.compress_type = zipfile.ZIP_DEFLATED
            with open(os.path.join(parent, *file.split("/")), "rb") as source:
                zipped.writestr(member, source.read())
    shutil.rmtree(path)
    return f"{os.path.splitext(name)[0]}.zip"
