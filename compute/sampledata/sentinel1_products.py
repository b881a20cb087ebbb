"""Sentinel-1 SAFE (XML by template).

Sentinel-1 EW GRDM products on disk: names, folders and files of the SAFE format.

XML metadata of a Sentinel-1 GRD product, reduced to the elements that readers use.

Element names follow ESA's product specification (S1-RS-MDA-52-7441), with noise vectors as of processor version 2.9.
Every file is marked as synthetic in its first lines. No inserted text requires escaping.

Manifest of a Sentinel-1 GRD product: metadata, footprint and list of files.
"""

import os
import shutil
import zipfile
from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np

from ..raster.band_metadata import synthetic_tag
from ..raster.crs import WGS84, transform_points
from ..raster.product_images import write_radar_image
from ..sampledata import seaice_world, sentinel1_imaging

HEAD = """<?xml version="1.0" encoding="UTF-8"?>
<!-- SYNTHETIC DATA made by Floefield from a random seed: not a radar image, no real ice. -->
"""
PROCESSOR = "003.31"
LINE_SECONDS = 0.006

# Speed of light in metres per second, height of the satellite and radius of the earth in metres.
LIGHT, HEIGHT, RADIUS = 299792458.0, 700e3, 6.371e6
COLUMNS_BETWEEN, LINES_BETWEEN = 8, 60
AZIMUTH_LINES_BETWEEN = 5
GRID_ROWS, GRID_COLUMNS = 10, 20


def line_time(sensed, line):
    """Return the acquisition time of a line in the format of the product."""
    return (sensed + timedelta(seconds=float(line) * LINE_SECONDS)).isoformat(timespec="microseconds")


def nodes(first, last, step):
    """Return integers from first to last in steps, always including the last."""
    return np.unique([*range(first, last + 1, step), last])


def annotation(name, polarisation, shape, grid):
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
    height, width = shape
    angles = sentinel1_imaging.incidence_angles(width)
    points = "\n".join(_grid_point(name, point, float(angles[point[1]])) for point in grid)
    merges = "\n".join(_swath_merge(name, swath, bounds, height)
                       for swath, bounds in zip(sentinel1_imaging.SWATHS, sentinel1_imaging.swath_columns(width)))
    return f"""{HEAD}<product>
{_header(name, polarisation, height)}
  <qualityInformation>
    <productQualityIndex>0.000000000000000e+00</productQualityIndex>
  </qualityInformation>
  <generalAnnotation>
    <productInformation>
      <pass>Descending</pass>
      <timelinessCategory>Fast-24h</timelinessCategory>
      <platformHeading>{name.heading:.15e}</platformHeading>
      <projection>Ground Range</projection>
      <rangeSamplingRate>2.502314816000000e+07</rangeSamplingRate>
      <radarFrequency>5.405000454334350e+09</radarFrequency>
      <azimuthSteeringRate>2.390895448000000e+00</azimuthSteeringRate>
    </productInformation>
  </generalAnnotation>
  <imageAnnotation>
    <imageInformation>
      <productFirstLineUtcTime>{line_time(name.sensed, 0)}</productFirstLineUtcTime>
      <productLastLineUtcTime>{line_time(name.sensed, height - 1)}</productLastLineUtcTime>
      <ascendingNodeTime>{line_time(name.sensed, -1.6e3 / LINE_SECONDS)}</ascendingNodeTime>
      <anchorTime>{line_time(name.sensed, 0)}</anchorTime>
      <productComposition>Individual</productComposition>
      <sliceNumber>0</sliceNumber>
      <sliceList count="0"/>
      <slantRangeTime>{_slant_seconds(angles[0]):.15e}</slantRangeTime>
      <pixelValue>Detected</pixelValue>
      <outputPixels>16 bit Unsigned Integer</outputPixels>
      <rangePixelSpacing>{sentinel1_imaging.PIXEL:e}</rangePixelSpacing>
      <azimuthPixelSpacing>{sentinel1_imaging.PIXEL:e}</azimuthPixelSpacing>
      <azimuthTimeInterval>{LINE_SECONDS:.15e}</azimuthTimeInterval>
      <azimuthFrequency>3.425601970000000e+02</azimuthFrequency>
      <numberOfSamples>{width}</numberOfSamples>
      <numberOfLines>{height}</numberOfLines>
      <zeroDopMinusAcqTime>-1.378249000000000e+00</zeroDopMinusAcqTime>
      <incidenceAngleMidSwath>{angles[width // 2]:.15e}</incidenceAngleMidSwath>
    </imageInformation>
    <processingInformation>
      <detectionPerformed>true</detectionPerformed>
      <thermalNoiseCorrectionPerformed>false</thermalNoiseCorrectionPerformed>
      <ellipsoidName>WGS84</ellipsoidName>
      <ellipsoidSemiMajorAxis>6.378137000000000e+06</ellipsoidSemiMajorAxis>
      <ellipsoidSemiMinorAxis>6.356752314245000e+06</ellipsoidSemiMinorAxis>
    </processingInformation>
  </imageAnnotation>
  <geolocationGrid>
    <geolocationGridPointList count="{len(grid)}">
{points}
    </geolocationGridPointList>
  </geolocationGrid>
  <swathMerging>
    <swathMergeList count="{len(sentinel1_imaging.SWATHS)}">
{merges}
    </swathMergeList>
  </swathMerging>
</product>
"""


def calibration(name, polarisation, shape):
    """Return the text of a calibration file; see :func:`annotation` for the parameters.

    Returns
    -------
    str
    """
    height, width = shape
    pixels = nodes(0, width - 1, COLUMNS_BETWEEN)
    angles = np.radians(sentinel1_imaging.incidence_angles(width)[pixels])
    tables = {"sigmaNought": sentinel1_imaging.calibration_constants(width)[pixels],
              "betaNought": np.full(len(pixels), sentinel1_imaging.BETA_NOUGHT),
              "gamma": sentinel1_imaging.BETA_NOUGHT / np.sqrt(np.tan(angles)), "dn": np.full(len(pixels), sentinel1_imaging.BETA_NOUGHT)}
    lists = "\n".join(f'      <{table} count="{len(pixels)}">{_numbers(values)}</{table}>'
                      for table, values in tables.items())
    lines = nodes(0, height - 1, LINES_BETWEEN)
    vectors = "\n".join(f"""    <calibrationVector>
      <azimuthTime>{line_time(name.sensed, line)}</azimuthTime>
      <line>{line}</line>
      <pixel count="{len(pixels)}">{_whole(pixels)}</pixel>
{lists}
    </calibrationVector>""" for line in lines)
    return f"""{HEAD}<calibration>
{_header(name, polarisation, height)}
  <calibrationInformation>
    <absoluteCalibrationConstant>1.000000e+00</absoluteCalibrationConstant>
  </calibrationInformation>
  <calibrationVectorList count="{len(lines)}">
{vectors}
  </calibrationVectorList>
</calibration>
"""


def noise(name, polarisation, shape):
    """Return the text of a noise file; see :func:`annotation` for the parameters.

    Returns
    -------
    str
    """
    height, width = shape
    swaths = tuple(zip(sentinel1_imaging.SWATHS, sentinel1_imaging.swath_columns(width)))
    pixels = np.concatenate([nodes(first, last, COLUMNS_BETWEEN) for _, (first, last) in swaths])
    table = (sentinel1_imaging.noise_floor(polarisation, width) * sentinel1_imaging.calibration_constants(width) ** 2)[pixels]
    lines = nodes(0, height - 1, LINES_BETWEEN)
    ranges = "\n".join(f"""    <noiseRangeVector>
      <azimuthTime>{line_time(name.sensed, line)}</azimuthTime>
      <line>{line}</line>
      <pixel count="{len(pixels)}">{_whole(pixels)}</pixel>
      <noiseRangeLut count="{len(pixels)}">{_numbers(table)}</noiseRangeLut>
    </noiseRangeVector>""" for line in lines)
    along = nodes(0, height - 1, AZIMUTH_LINES_BETWEEN)
    azimuths = "\n".join(f"""    <noiseAzimuthVector>
      <swath>{swath}</swath>
      <firstAzimuthLine>0</firstAzimuthLine>
      <firstRangeSample>{first}</firstRangeSample>
      <lastAzimuthLine>{height - 1}</lastAzimuthLine>
      <lastRangeSample>{last}</lastRangeSample>
      <line count="{len(along)}">{_whole(along)}</line>
      <noiseAzimuthLut count="{len(along)}">{_numbers(sentinel1_imaging.scalloping(along))}</noiseAzimuthLut>
    </noiseAzimuthVector>""" for swath, (first, last) in swaths)
    return f"""{HEAD}<noise>
{_header(name, polarisation, height)}
  <noiseRangeVectorList count="{len(lines)}">
{ranges}
  </noiseRangeVectorList>
  <noiseAzimuthVectorList count="{len(swaths)}">
{azimuths}
  </noiseAzimuthVectorList>
</noise>
"""


def _header(name, polarisation, height):
    return f"""  <adsHeader>
    <missionId>{name.platform}</missionId>
    <productType>GRD</productType>
    <polarisation>{polarisation}</polarisation>
    <mode>EW</mode>
    <swath>EW</swath>
    <startTime>{line_time(name.sensed, 0)}</startTime>
    <stopTime>{line_time(name.sensed, height - 1)}</stopTime>
    <absoluteOrbitNumber>{name.absolute_orbit}</absoluteOrbitNumber>
    <missionDataTakeId>{name.datatake}</missionDataTakeId>
    <imageNumber>{1 + sentinel1_imaging.POLARISATIONS.index(polarisation):03d}</imageNumber>
  </adsHeader>"""


def _grid_point(name, point, angle):
    line, pixel, latitude, longitude = point
    return f"""      <geolocationGridPoint>
        <azimuthTime>{line_time(name.sensed, line)}</azimuthTime>
        <slantRangeTime>{_slant_seconds(angle):.15e}</slantRangeTime>
        <line>{line}</line>
        <pixel>{pixel}</pixel>
        <latitude>{latitude:.15e}</latitude>
        <longitude>{longitude:.15e}</longitude>
        <height>0.000000000000000e+00</height>
        <incidenceAngle>{angle:.15e}</incidenceAngle>
        <elevationAngle>{_elevation(angle):.15e}</elevationAngle>
      </geolocationGridPoint>"""


def _swath_merge(name, swath, columns, height):
    first, last = columns
    return f"""      <swathMerge>
        <swath>{swath}</swath>
        <swathBoundsList count="1">
          <swathBounds>
            <azimuthTime>{line_time(name.sensed, 0)}</azimuthTime>
            <firstAzimuthLine>0</firstAzimuthLine>
            <firstRangeSample>{first}</firstRangeSample>
            <lastAzimuthLine>{height - 1}</lastAzimuthLine>
            <lastRangeSample>{last}</lastRangeSample>
          </swathBounds>
        </swathBoundsList>
      </swathMerge>"""


def _elevation(angle):
    """Return the angle between nadir and line of sight in degrees, on a sphere."""
    return float(np.degrees(np.arcsin(np.sin(np.radians(angle)) * RADIUS / (RADIUS + HEIGHT))))


def _slant_seconds(angle):
    """Return the two-way travel time in seconds, on a sphere."""
    inside = np.radians(angle - _elevation(angle))
    distance = RADIUS * np.sin(inside) / np.sin(np.radians(_elevation(angle)))
    return float(2.0 * distance / LIGHT)


def _whole(values):
    return " ".join(str(int(value)) for value in values)


def _numbers(values):
    return " ".join(f"{value:.6e}" for value in values)


MEASUREMENT = "s1Level1MeasurementSchema"


def manifest(name, files, footprint, height):
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
    corners = " ".join(f"{latitude:.6f},{longitude:.6f}" for latitude, longitude in footprint)
    identifiers = {path: _identifier(path, schema) for path, schema in files}
    described = {path: " ".join(f"{identifiers[other]}Annotation" for other, _ in files
                                if identifiers[path] in identifiers[other] and other != path) for path, _ in files}
    units = "\n".join(_content_unit(schema, identifiers[path], described[path]) for path, schema in files)
    descriptions = "\n".join(f"""    <metadataObject ID="{identifiers[path]}Annotation" classification="DESCRIPTION" \
category="DMD">
      <dataObjectPointer dataObjectID="{identifiers[path]}"/>
    </metadataObject>""" for path, schema in files if schema != MEASUREMENT)
    objects = "\n".join(f"""    <dataObject ID="{identifiers[path]}" repID="{schema}">
      <byteStream mimeType="{'application/octet-stream' if schema == MEASUREMENT else 'text/xml'}">
        <fileLocation locatorType="URL" href="./{path}"/>
      </byteStream>
    </dataObject>""" for path, schema in files)
    start, stop = line_time(name.sensed, 0), line_time(name.sensed, height - 1)
    channels = "\n".join(f"              <s1sarl1:transmitterReceiverPolarisation>{channel}"
                         "</s1sarl1:transmitterReceiverPolarisation>" for channel in sentinel1_imaging.POLARISATIONS)
    return f"""{HEAD}<xfdu:XFDU xmlns:gml="http://www.opengis.net/gml" xmlns:xfdu="urn:ccsds:schema:xfdu:1" \
xmlns:safe="http://www.esa.int/safe/sentinel-1.0" xmlns:s1="http://www.esa.int/safe/sentinel-1.0/sentinel-1" \
xmlns:s1sarl1="http://www.esa.int/safe/sentinel-1.0/sentinel-1/sar/level-1" \
version="esa/safe/sentinel-1.0/sentinel-1/sar/level-1/grd/standard/ewdp">
  <informationPackageMap>
    <xfdu:contentUnit unitType="SAFE Archive Information Package" textInfo="Sentinel-1 EW Level-1 GRD Product, \
SYNTHETIC">
{units}
    </xfdu:contentUnit>
  </informationPackageMap>
  <metadataSection>
{descriptions}
    <metadataObject ID="processing" classification="PROVENANCE" category="PDI">
      <metadataWrap mimeType="text/xml" vocabularyName="SAFE" textInfo="Processing">
        <xmlData>
          <safe:processing name="Floefield sample data" start="{start}" stop="{stop}">
            <safe:facility country="none" name="SYNTHETIC" organisation="none" site="none">
              <safe:software name="Sentinel-1 IPF" version="{PROCESSOR}"/>
            </safe:facility>
          </safe:processing>
        </xmlData>
      </metadataWrap>
    </metadataObject>
    <metadataObject ID="platform" classification="DESCRIPTION" category="DMD">
      <metadataWrap mimeType="text/xml" vocabularyName="SAFE" textInfo="Platform Description">
        <xmlData>
          <safe:platform>
            <safe:nssdcIdentifier>0000-000A</safe:nssdcIdentifier>
            <safe:familyName>SENTINEL-1</safe:familyName>
            <safe:number>{name.platform[2:]}</safe:number>
            <safe:instrument>
              <safe:familyName abbreviation="SAR">Synthetic Aperture Radar</safe:familyName>
              <safe:extension>
                <s1sarl1:instrumentMode>
                  <s1sarl1:mode>EW</s1sarl1:mode>
                </s1sarl1:instrumentMode>
              </safe:extension>
            </safe:instrument>
          </safe:platform>
        </xmlData>
      </metadataWrap>
    </metadataObject>
    <metadataObject ID="measurementOrbitReference" classification="DESCRIPTION" category="DMD">
      <metadataWrap mimeType="text/xml" vocabularyName="SAFE" textInfo="Orbit Reference">
        <xmlData>
          <safe:orbitReference>
            <safe:orbitNumber type="start">{name.absolute_orbit}</safe:orbitNumber>
            <safe:orbitNumber type="stop">{name.absolute_orbit}</safe:orbitNumber>
            <safe:relativeOrbitNumber type="start">{name.relative_orbit}</safe:relativeOrbitNumber>
            <safe:relativeOrbitNumber type="stop">{name.relative_orbit}</safe:relativeOrbitNumber>
            <safe:extension>
              <s1:orbitProperties>
                <s1:pass>DESCENDING</s1:pass>
              </s1:orbitProperties>
            </safe:extension>
          </safe:orbitReference>
        </xmlData>
      </metadataWrap>
    </metadataObject>
    <metadataObject ID="acquisitionPeriod" classification="DESCRIPTION" category="DMD">
      <metadataWrap mimeType="text/xml" vocabularyName="SAFE" textInfo="Acquisition Period">
        <xmlData>
          <safe:acquisitionPeriod>
            <safe:startTime>{start}</safe:startTime>
            <safe:stopTime>{stop}</safe:stopTime>
          </safe:acquisitionPeriod>
        </xmlData>
      </metadataWrap>
    </metadataObject>
    <metadataObject ID="measurementFrameSet" classification="DESCRIPTION" category="DMD">
      <metadataWrap mimeType="text/xml" vocabularyName="SAFE" textInfo="Frame Set">
        <xmlData>
          <safe:frameSet>
            <safe:frame>
              <safe:footPrint srsName="http://www.opengis.net/gml/srs/epsg.xml#4326">
                <gml:coordinates>{corners}</gml:coordinates>
              </safe:footPrint>
            </safe:frame>
          </safe:frameSet>
        </xmlData>
      </metadataWrap>
    </metadataObject>
    <metadataObject ID="generalProductInformation" classification="DESCRIPTION" category="DMD">
      <metadataWrap mimeType="text/xml" vocabularyName="SAFE" textInfo="General Product Information">
        <xmlData>
          <s1sarl1:standAloneProductInformation>
              <s1sarl1:instrumentConfigurationID>7</s1sarl1:instrumentConfigurationID>
              <s1sarl1:missionDataTakeID>{name.datatake}</s1sarl1:missionDataTakeID>
{channels}
              <s1sarl1:productClass>S</s1sarl1:productClass>
              <s1sarl1:productClassDescription>SAR Standard L1 Product</s1sarl1:productClassDescription>
              <s1sarl1:productComposition>Individual</s1sarl1:productComposition>
              <s1sarl1:productType>GRD</s1sarl1:productType>
          </s1sarl1:standAloneProductInformation>
        </xmlData>
      </metadataWrap>
    </metadataObject>
  </metadataSection>
  <dataObjectSection>
{objects}
  </dataObjectSection>
</xfdu:XFDU>
"""


def _identifier(path, schema):
    """Return the identifier of a file in the manifest; that of an annotation begins with ``product``."""
    stem = path.rpartition("/")[2].rpartition(".")[0].replace("-", "")
    return f"product{stem}" if schema == "s1Level1ProductSchema" else stem


def _content_unit(schema, identifier, described):
    if schema != MEASUREMENT:
        return f"""      <xfdu:contentUnit unitType="Metadata Unit" repID="{schema}">
        <dataObjectPointer dataObjectID="{identifier}"/>
      </xfdu:contentUnit>"""
    return f"""      <xfdu:contentUnit unitType="Measurement Data Unit" repID="{schema}" dmdID="{described}">
        <dataObjectPointer dataObjectID="{identifier}"/>
      </xfdu:contentUnit>"""


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
            _write_text(os.path.join(path, *relative.split("/")), text)
            files.append((relative, schema))
    _write_text(os.path.join(path, "manifest.safe"),
                manifest(name, sorted(files), _corners(*shape), shape[0]))
    return _zip_product(path) if is_zipped else name.safe


def _geolocation_grid(height, width):
    """Return line, sample, latitude and longitude of the grid points, row by row."""
    lines = nodes(0, height - 1, -(-height // GRID_ROWS))
    columns = nodes(0, width - 1, -(-width // GRID_COLUMNS))
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
