"""Annotation, calibration and noise XML of Sentinel-1 GRD products.

Element names: Sentinel-1 Product Specification (S1-RS-MDA-52-7441). Noise files before IPF 2.90 have one list of
vectors (``noiseVectorList``), later ones range and azimuth vectors; the format is recognised by the elements.
"""

import re
from dataclasses import dataclass
from datetime import datetime, timezone

import numpy as np

from ..errors import UnreadableInput
from ..xml_documents import parse_xml

QUANTITIES = {"sigma0": "sigmaNought", "beta0": "betaNought", "gamma0": "gamma"}
# Lines and pixels of an image; a scene has fewer than 30 000.
MAX_POSITION = 1_000_000
# Calibration values are some hundreds; digital numbers are divided by their square.
MIN_CALIBRATION = 1e-6
# Possible values of a point of the geolocation grid, in degrees and metres.
GRID_LIMITS = {"line": (-MAX_POSITION, MAX_POSITION), "pixel": (0, MAX_POSITION), "latitude": (-90, 90),
               "longitude": (-180, 360), "incidenceAngle": (1, 89), "height": (-1000, 10000)}


@dataclass(frozen=True)
class Vectors:
    """Calibration or noise vectors: values at pixels along image lines.

    Attributes
    ----------
    lines : ndarray of int, shape (vectors,)
        Ascending.
    pixels : tuple of ndarray of int
        Pixels of each vector, ascending.
    values : tuple of ndarray of float
        Values of each vector, one per pixel.
    """

    lines: np.ndarray
    pixels: tuple
    values: tuple


@dataclass(frozen=True)
class SwathPart:
    """A rectangle of image pixels of one sub-swath; first and last line and pixel are included.

    Attributes
    ----------
    swath : str
        Sub-swath, such as "EW1".
    first_line, last_line, first_pixel, last_pixel : int
    lines : ndarray of int, optional
        Lines of `values`.
    values : ndarray of float, optional
        Azimuth noise factor (scalloping).
    """

    swath: str
    first_line: int
    last_line: int
    first_pixel: int
    last_pixel: int
    lines: np.ndarray = None
    values: np.ndarray = None


@dataclass(frozen=True)
class GeolocationGrid:
    """Geolocation grid: WGS 84 coordinates of pixel centres, as arrays of shape (lines, pixels).

    Attributes
    ----------
    lines, pixels : ndarray of int
        Image lines and pixels of the rows and columns of the grid.
    latitudes, longitudes, incidence_angles : ndarray of float
        Degrees.
    heights : ndarray of float
        Metres above the ellipsoid.
    """

    lines: np.ndarray
    pixels: np.ndarray
    latitudes: np.ndarray
    longitudes: np.ndarray
    incidence_angles: np.ndarray
    heights: np.ndarray


@dataclass(frozen=True)
class Annotation:
    """Main annotation of one polarisation.

    Attributes
    ----------
    mission, mode, polarisation : str
        Such as "S1A", "EW", "GRD", "HH".
    start, stop : datetime
        UTC.
    orbit : int
        Absolute orbit number.
    orbit_pass : str
        "Ascending" or "Descending".
    shape : tuple of int
        (lines, pixels).
    spacing : tuple of float
        Metres between lines and between pixels.
    is_denoised : bool
        Whether the IPF has removed the thermal noise.
    grid : GeolocationGrid
    swaths : tuple of SwathPart
    """

    mission: str
    mode: str
    polarisation: str
    start: datetime
    stop: datetime
    orbit: int
    orbit_pass: str
    shape: tuple
    spacing: tuple
    is_denoised: bool
    grid: GeolocationGrid
    swaths: tuple


@dataclass(frozen=True)
class Noise:
    """Thermal noise in units of the squared digital number.

    Attributes
    ----------
    range_vectors : Vectors
    azimuth_parts : tuple of SwathPart
        Azimuth noise factors; empty in files before IPF 2.90.
    """

    range_vectors: Vectors
    azimuth_parts: tuple


class Document:
    """An XML file of a product.

    Parameters
    ----------
    text : bytes
    source : str
        Product and file name, for messages.

    Raises
    ------
    UnreadableInput
        If the XML is invalid or contains a document type declaration.
    """

    def __init__(self, text, source):
        self.source, self.root = source, parse_xml(text, source)

    @property
    def kind(self):
        """str: name of the root element: product, calibration, noise ..."""
        return self.root.tag.rsplit("}", 1)[-1]

    def text(self, path, element=None):
        """Return the text of a required element."""
        found = (self.root if element is None else element).findtext(path)
        if found is None or not found.strip():
            raise self.incomplete(path.rsplit("/", 1)[-1])
        return found.strip()

    def code(self, path, pattern):
        """Return a required text that matches a regular expression as a whole."""
        text = self.text(path)
        if not re.fullmatch(pattern, text):
            raise self.invalid(path, text)
        return text

    def number(self, path, element=None, minimum=-np.inf, maximum=np.inf):
        """Return a required finite number from `minimum` to `maximum`."""
        text = self.text(path, element)
        try:
            number = float(text)
        except ValueError as error:
            raise self.incomplete(path) from error
        if not (np.isfinite(number) and minimum <= number <= maximum):
            raise self.invalid(path, text)
        return number

    def integer(self, path, element=None, minimum=-2 ** 31, maximum=2 ** 31):
        """Return a required integer from `minimum` to `maximum`."""
        return round(self.number(path, element, minimum, maximum))

    def numbers(self, path, element, minimum=-np.inf, maximum=np.inf):
        """Return a required list of finite numbers from `minimum` to `maximum`, separated by spaces."""
        try:
            values = np.array(self.text(path, element).split(), float)
        except ValueError as error:
            raise self.incomplete(path) from error
        wrong = ~(np.isfinite(values) & (values >= minimum) & (values <= maximum))
        if wrong.any():
            raise self.invalid(path, f"{values[wrong][0]:g}")
        return values

    def positions(self, path, element):
        """Return a required list of pixel or line positions, which must increase."""
        values = self.numbers(path, element, minimum=0, maximum=MAX_POSITION)
        if (np.diff(values) <= 0).any():
            raise UnreadableInput(f"{self.source} is damaged: the positions in {_tail(path)} do not increase. Copy or "
                                  "download the product again.")
        return values

    def time(self, path):
        """Return a required time, UTC."""
        text = self.text(path)
        try:
            return datetime.fromisoformat(text.rstrip("Z")).replace(tzinfo=timezone.utc)
        except ValueError as error:
            raise self.incomplete(path) from error

    def invalid(self, path, value):
        """Return the exception for an element whose value is not possible."""
        return UnreadableInput(f"{self.source} is damaged: the value {value[:40]!r} of {_tail(path)} is impossible. "
                               "Copy or download the product again.")

    def incomplete(self, name):
        """Return the exception for a missing or invalid element."""
        return UnreadableInput(f"{self.source} is incomplete: {name} is missing or damaged. Copy or download the "
                               "product again.")


def read_annotation(document):
    """Read the main annotation.

    Returns
    -------
    Annotation
    """
    information = "imageAnnotation/imageInformation/"
    parts = tuple(
        _part(document, bounds, document.text("swath", merge))
        for merge in document.root.iterfind("swathMerging/swathMergeList/swathMerge")
        for bounds in merge.iterfind("swathBoundsList/swathBounds"))
    return Annotation(
        mission=document.code("adsHeader/missionId", "S1[A-Z]"), mode=document.text("adsHeader/mode"),
        polarisation=document.code("adsHeader/polarisation", "[HV]{2}"),
        start=document.time("adsHeader/startTime"), stop=document.time("adsHeader/stopTime"),
        orbit=document.integer("adsHeader/absoluteOrbitNumber"),
        orbit_pass=document.root.findtext("generalAnnotation/productInformation/pass", "").strip(),
        shape=tuple(document.integer(f"{information}{name}", minimum=1, maximum=MAX_POSITION)
                    for name in ("numberOfLines", "numberOfSamples")),
        spacing=tuple(document.number(f"{information}{name}", minimum=0.1, maximum=1000)
                      for name in ("azimuthPixelSpacing", "rangePixelSpacing")),
        is_denoised=document.root.findtext("imageAnnotation/processingInformation/thermalNoiseCorrectionPerformed",
                                           "").strip().lower() == "true",
        grid=_read_grid(document), swaths=parts)


def _tail(path):
    return path.rsplit("/", 1)[-1]


def _read_grid(document):
    points = document.root.findall("geolocationGrid/geolocationGridPointList/geolocationGridPoint")
    table = np.array([[document.number(name, point, *limits) for name, limits in GRID_LIMITS.items()]
                      for point in points])
    if len(table) < 4:
        raise document.incomplete("the geolocation grid")
    lines, rows = np.unique(table[:, 0], return_inverse=True)
    pixels, columns = np.unique(table[:, 1], return_inverse=True)
    planes = np.full((4, len(lines), len(pixels)), np.nan)
    planes[:, rows, columns] = table[:, 2:].T
    if min(len(lines), len(pixels)) < 2 or not np.isfinite(planes).all():
        raise document.incomplete("part of the geolocation grid")
    return GeolocationGrid(lines, pixels, *planes)


def read_calibration(document, quantity):
    """Read the calibration vectors of one quantity (a key of ``QUANTITIES``).

    Returns
    -------
    Vectors
    """
    return _read_vectors(document, "calibrationVectorList/calibrationVector", QUANTITIES[quantity], MIN_CALIBRATION)


def read_noise(document):
    """Read the noise vectors, in either format.

    Returns
    -------
    Noise
    """
    if document.root.find("noiseVectorList") is not None:
        return Noise(_read_vectors(document, "noiseVectorList/noiseVector", "noiseLut"), ())
    parts = []
    for vector in document.root.iterfind("noiseAzimuthVectorList/noiseAzimuthVector"):
        lines, values = document.positions("line", vector), document.numbers("noiseAzimuthLut", vector, 0.0)
        if len(lines) != len(values):
            raise document.incomplete("part of an azimuth noise vector")
        parts.append(_part(document, vector, document.text("swath", vector), lines, values))
    return Noise(_read_vectors(document, "noiseRangeVectorList/noiseRangeVector", "noiseRangeLut"), tuple(parts))


def _read_vectors(document, path, name, minimum=0.0):
    vectors = sorted(document.root.iterfind(path), key=lambda vector: document.integer("line", vector))
    if not vectors:
        raise document.incomplete(path.rsplit("/", 1)[-1])
    pixels = tuple(document.positions("pixel", vector) for vector in vectors)
    values = tuple(document.numbers(name, vector, minimum) for vector in vectors)
    if any(len(positions) != len(numbers) for positions, numbers in zip(pixels, values)):
        raise document.incomplete(f"part of {name}")
    return Vectors(np.array([document.integer("line", vector) for vector in vectors]), pixels, values)


def _part(document, element, swath, lines=None, values=None):
    corners = (document.integer(name, element) for name in
               ("firstAzimuthLine", "lastAzimuthLine", "firstRangeSample", "lastRangeSample"))
    return SwathPart(swath, *corners, lines, values)
