"""Sentinel-1 EW GRDM products on disk: names, folders, files and XML metadata of the SAFE format.

The metadata are reduced to the elements that readers use; the templates are ``resources/templates/sentinel1_*.xml``.
Element names follow ESA's product specification (S1-RS-MDA-52-7441), with noise vectors as of processor version 2.9.
Every file is marked as synthetic in its first lines.
"""

from __future__ import annotations

import os
import shutil
import zipfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np

from ..raster.band_metadata import synthetic_tag
from ..raster.crs import WGS84, transform_points
from ..raster.product_images import write_radar_image
from ..templates import render_template
from . import seaice_world, sentinel1_imaging
from .sample import write_text

PROCESSOR = "003.31"
LINE_SECONDS = 0.006

# Speed of light in metres per second, height of the satellite and radius of the earth in metres.
LIGHT, HEIGHT, RADIUS = 299792458.0, 700e3, 6.371e6

# Spacing of the calibration and noise vectors in pixels, and size of the geolocation grid.
COLUMNS_BETWEEN, LINES_BETWEEN = 8, 60
AZIMUTH_LINES_BETWEEN = 5
GRID_ROWS, GRID_COLUMNS = 10, 20

# Flight direction, degrees clockwise from grid north; the radar looks to the right.
HEADING = 200.0
EARLIEST_ZIP_TIME = (1980, 1, 1, 0, 0, 0)
MEASUREMENT = "s1Level1MeasurementSchema"


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
        stop = self.sensed + timedelta(seconds=self.lines * LINE_SECONDS)
        return f"{self.sensed:%Y%m%dT%H%M%S}_{stop:%Y%m%dT%H%M%S}"

    @property
    def safe(self):
        """str: the folder of the product, with fixed characters in place of the checksum."""
        return (f"{self.platform}_EW_GRDM_1SDH_{self.span}_{self.absolute_orbit:06d}_{self.datatake:06X}_"
                "5A17.SAFE")

    def file(self, polarisation):
        """Return the name of the files of a polarisation, without extension."""
        number = 1 + sentinel1_imaging.POLARISATIONS.index(polarisation)
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
    return seaice_world.CENTRE + sentinel1_imaging.PIXEL * (
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
                 annotation(name, polarisation, shape, grid)),
                (f"annotation/calibration/calibration-{stem}.xml", "s1Level1CalibrationSchema",
                 calibration(name, polarisation, shape)),
                (f"annotation/calibration/noise-{stem}.xml", "s1Level1NoiseSchema",
                 noise(name, polarisation, shape))):
            write_text(os.path.join(path, *relative.split("/")), text)
            files.append((relative, schema))
    write_text(os.path.join(path, "manifest.safe"),
                manifest(name, sorted(files), _corners(*shape), shape[0]))
    return _zip_product(path) if is_zipped else name.safe


def _geolocation_grid(height, width):
    """Return line, sample, latitude and longitude of the grid points, row by row."""
    lines = _nodes(0, height - 1, -(-height // GRID_ROWS))
    columns = _nodes(0, width - 1, -(-width // GRID_COLUMNS))
    points = image_points(height, width, lines, columns).reshape(-1, 2)
    longitudes, latitudes = transform_points(seaice_world.CRS, WGS84, *points.T)
    positions = [(int(line), int(column)) for line in lines for column in columns]
    return [(*position, latitude, longitude)
            for position, latitude, longitude in zip(positions, latitudes, longitudes)]


def _corners(height, width):
    points = image_points(height, width, [0, height - 1], [0, width - 1])
    longitudes, latitudes = transform_points(seaice_world.CRS, WGS84, *points[[0, 0, 1, 1], [0, 1, 1, 0]].T)
    return list(zip(latitudes, longitudes))


def _write_image(path, values, grid):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    write_radar_image(path, values, grid, synthetic_tag(True) | {
        "TIFFTAG_IMAGEDESCRIPTION": "Synthetic data made by Floefield; not a radar image"})


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


def annotation(name: ProductName, polarisation: str, shape: tuple[int, int],
               grid: Sequence[tuple[int, int, float, float]]) -> str:
    """Return the text of an annotation file.

    Parameters
    ----------
    name : ProductName
    polarisation : str
    shape : tuple of int
        (lines, samples).
    grid : sequence of (int, int, float, float)
        Line, sample, latitude and longitude of the geolocation grid.

    Returns
    -------
    str
    """
    width = shape[1]
    angles = sentinel1_imaging.incidence_angles(width)
    points = [{"time": _line_time(name, line), "line": line, "pixel": pixel, "latitude": latitude,
               "longitude": longitude, "slant_range_time": _slant_seconds(float(angles[pixel])),
               "incidence": angles[pixel], "elevation": _elevation(float(angles[pixel]))}
              for line, pixel, latitude, longitude in grid]
    return render_template(
        "sentinel1_annotation.xml", **_header(name, polarisation, shape), width=width, grid=points,
        swaths=_swaths(width), node_time=_line_time(name, -1.6e3 / LINE_SECONDS),
        slant_range_time=_slant_seconds(angles[0]), pixel_spacing=sentinel1_imaging.PIXEL, line_seconds=LINE_SECONDS,
        mid_swath_angle=angles[width // 2])


def calibration(name: ProductName, polarisation: str, shape: tuple[int, int]) -> str:
    """Return the text of a calibration file; see :func:`annotation` for the parameters."""
    height, width = shape
    pixels = _nodes(0, width - 1, COLUMNS_BETWEEN)
    angles = np.radians(sentinel1_imaging.incidence_angles(width)[pixels])
    beta_nought = np.full(len(pixels), sentinel1_imaging.BETA_NOUGHT)
    tables = {"sigmaNought": sentinel1_imaging.calibration_constants(width)[pixels], "betaNought": beta_nought,
              "gamma": sentinel1_imaging.BETA_NOUGHT / np.sqrt(np.tan(angles)), "dn": beta_nought}
    return render_template(
        "sentinel1_calibration.xml", **_header(name, polarisation, shape), lines=_vector_lines(name, height),
        pixels=pixels.tolist(), tables={table: _numbers(values) for table, values in tables.items()})


def noise(name: ProductName, polarisation: str, shape: tuple[int, int]) -> str:
    """Return the text of a noise file; see :func:`annotation` for the parameters."""
    height, width = shape
    swaths = _swaths(width)
    pixels = np.concatenate([_nodes(first, last, COLUMNS_BETWEEN) for _, (first, last) in swaths])
    table = sentinel1_imaging.noise_floor(polarisation, width) * sentinel1_imaging.calibration_constants(width) ** 2
    azimuth_lines = _nodes(0, height - 1, AZIMUTH_LINES_BETWEEN)
    return render_template(
        "sentinel1_noise.xml", **_header(name, polarisation, shape), lines=_vector_lines(name, height),
        pixels=pixels.tolist(), range_noise=_numbers(table[pixels]), swaths=swaths,
        azimuth_lines=azimuth_lines.tolist(), azimuth_noise=_numbers(sentinel1_imaging.scalloping(azimuth_lines)))


def manifest(name: ProductName, files: Sequence[tuple[str, str]], footprint: Iterable[tuple[float, float]],
             height: int) -> str:
    """Return the text of manifest.safe.

    Parameters
    ----------
    name : ProductName
    files : sequence of (str, str)
        Path inside the product and its schema.
    footprint : sequence of (float, float)
        Latitude and longitude of the corners.
    height : int
        Number of lines.

    Returns
    -------
    str
    """
    identifiers = {path: _identifier(path, schema) for path, schema in files}
    listed = [{"path": path, "schema": schema, "identifier": identifiers[path], "is_image": schema == MEASUREMENT,
               "described_by": " ".join(f"{identifiers[other]}Annotation" for other, _ in files
                                        if identifiers[path] in identifiers[other] and other != path)}
              for path, schema in files]
    return render_template(
        "sentinel1_manifest.xml", product=name, files=listed, processor=PROCESSOR, first_time=_line_time(name, 0),
        last_time=_line_time(name, height - 1), polarisations=sentinel1_imaging.POLARISATIONS,
        corners=" ".join(f"{latitude:.6f},{longitude:.6f}" for latitude, longitude in footprint))


def _header(name: ProductName, polarisation: str, shape: tuple[int, int]) -> dict[str, object]:
    """Return the values common to annotation, calibration and noise."""
    return {"product": name, "polarisation": polarisation, "height": shape[0], "first_time": _line_time(name, 0),
            "last_time": _line_time(name, shape[0] - 1),
            "image_number": 1 + sentinel1_imaging.POLARISATIONS.index(polarisation)}


def _line_time(name: ProductName, line: float) -> str:
    """Return the acquisition time of a line in the format of the product."""
    return (name.sensed + timedelta(seconds=float(line) * LINE_SECONDS)).isoformat(timespec="microseconds")


def _vector_lines(name: ProductName, height: int) -> list[tuple[int, str]]:
    """Return line and time of each calibration or noise vector."""
    return [(line, _line_time(name, line)) for line in _nodes(0, height - 1, LINES_BETWEEN).tolist()]


def _swaths(width: int) -> list[tuple[str, tuple[int, int]]]:
    """Return name, first and last column of each sub-swath."""
    return list(zip(sentinel1_imaging.SWATHS, sentinel1_imaging.swath_columns(width)))


def _nodes(first: int, last: int, step: int) -> np.ndarray:
    """Return integers from first to last in steps, always including the last."""
    return np.unique([*range(first, last + 1, step), last])


def _numbers(values: Iterable[float]) -> str:
    return " ".join(f"{value:.6e}" for value in values)


def _elevation(angle: float) -> float:
    """Return the angle between nadir and line of sight in degrees, on a sphere."""
    return float(np.degrees(np.arcsin(np.sin(np.radians(angle)) * RADIUS / (RADIUS + HEIGHT))))


def _slant_seconds(angle: float) -> float:
    """Return the two-way travel time in seconds, on a sphere."""
    inside = np.radians(angle - _elevation(angle))
    distance = RADIUS * np.sin(inside) / np.sin(np.radians(_elevation(angle)))
    return float(2.0 * distance / LIGHT)


def _identifier(path: str, schema: str) -> str:
    """Return the identifier of a file in the manifest; that of an annotation begins with ``product``."""
    stem = path.rpartition("/")[2].rpartition(".")[0].replace("-", "")
    return f"product{stem}" if schema == "s1Level1ProductSchema" else stem
