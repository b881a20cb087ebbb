"""Settings of a sample with their declarations and random streams, contents of a sample, and its text files."""

from __future__ import annotations

import json
import os
import zlib
from dataclasses import dataclass

import numpy as np

from ..declarations import ParameterDeclaration
from ..errors import UnsuitableInput
from ..raster.crs import WGS84, transform_points

# The scene must contain whole pixels of 60 m.
SIZE_STEP = 6
SMALLEST_SIZE, LARGEST_SIZE = 60, 1200
MOST_DATES = 20


@dataclass(frozen=True)
class SampleSettings:
    """Settings of a synthetic sample.

    Parameters
    ----------
    seed : int
        The same seed, size and number of dates give the same sample.
    size : int
        Scene size in pixels, a multiple of 6.
    date_count : int
        Number of acquisitions.

    Raises
    ------
    UnsuitableInput
        If a value is out of range.
    """

    seed: int = 1
    size: int = 480
    date_count: int = 10

    def __post_init__(self):
        if self.seed < 0:
            raise UnsuitableInput("The seed must not be negative.")
        if self.size % SIZE_STEP or not SMALLEST_SIZE <= self.size <= LARGEST_SIZE:
            raise UnsuitableInput(f"The scene size must be a multiple of {SIZE_STEP} between {SMALLEST_SIZE} and "
                                  f"{LARGEST_SIZE} pixels, not {self.size}.")
        if not 1 <= self.date_count <= MOST_DATES:
            raise UnsuitableInput(f"The number of dates must be between 1 and {MOST_DATES}, not {self.date_count}.")

    def stream(self, *purpose):
        """Return an independent random generator for a purpose, so that the parts of the sample are independent.

        Parameters
        ----------
        *purpose : str
            Name of the purpose.

        Returns
        -------
        numpy.random.Generator
        """
        words = [zlib.crc32(word.encode()) for word in purpose]
        return np.random.Generator(np.random.PCG64(np.random.SeedSequence([self.seed, *words])))


SAMPLE_PARAMETERS = (
    ParameterDeclaration(
        "SEED", "Random seed",
        "Seed of the random numbers (0 or more): landscape, weather and dates depend on it. The same seed results "
        "in the same sample.",
        kind="integer", minimum=0, setting="seed"),
    ParameterDeclaration(
        "SIZE", "Scene size (pixels)",
        "Width and height of the scene in pixels of 10 m (crops) or 40 m (seaice): a multiple of 6 from "
        f"{SMALLEST_SIZE} to {LARGEST_SIZE}. Below 300 some classes have very few parcels, or hardly any "
        "ice.",
        kind="integer", minimum=SMALLEST_SIZE, maximum=LARGEST_SIZE, advanced=True, setting="size"),
    ParameterDeclaration(
        "DATE_COUNT", "Number of dates",
        f"Number of products between March and October (crops) or October and March (seaice), 1 to {MOST_DATES}. A "
        "third of the Sentinel-2 products is partly cloudy; with five dates or more, one is almost completely "
        "cloudy.",
        kind="integer", minimum=1, maximum=MOST_DATES, advanced=True, setting="date_count"),
)


@dataclass(frozen=True)
class Sample:
    """A created sample.

    Parameters
    ----------
    products_folder : str
        Subfolder of the products.
    products : tuple of str
        Names of the products.
    tables : tuple of VectorTable
        Vector files still to be written.
    summary : str
        Contents of the sample and next steps, for the log.
    charts_folder : str
        Subfolder of the ice charts; empty if there are none.
    area : str
        File of the area of interest in the sample; empty if there is none.
    """

    products_folder: str
    products: tuple
    tables: tuple
    summary: str
    charts_folder: str = ""
    area: str = ""


def write_text(path: str, text: str) -> None:
    """Write a text file in UTF-8 with the same line ends on every system; its folder is created."""
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w", encoding="utf-8", newline="\n") as file:
        file.write(text)


def area_geojson(name: str, label: str, crs: str, corners: np.ndarray) -> str:
    """Return the text of a GeoJSON file with one polygon.

    Parameters
    ----------
    name : str
        Name of the layer.
    label : str
        Attribute `name` of the polygon.
    crs : str
        Such as EPSG:32631; GeoJSON requires longitude and latitude, to which the corners are transformed.
    corners : ndarray, shape (n, 2)
        x and y of the closed ring.

    Returns
    -------
    str
    """
    longitudes, latitudes = transform_points(crs, WGS84, *corners.T)
    ring = [[round(longitude, 7), round(latitude, 7)] for longitude, latitude in zip(longitudes, latitudes)]
    return json.dumps({"type": "FeatureCollection", "name": name, "features": [
        {"type": "Feature", "properties": {"name": label, "synthetic": 1},
         "geometry": {"type": "Polygon", "coordinates": [ring]}}]}, indent=1) + "\n"
