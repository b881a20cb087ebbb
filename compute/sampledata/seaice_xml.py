"""XML metadata of a Sentinel-1 GRD product, reduced to the elements that readers use.

Element names follow ESA's product specification (S1-RS-MDA-52-7441), with noise vectors as of processor version 2.9.
Every file is marked as synthetic in its first lines. No inserted text requires escaping.
"""

from datetime import timedelta

import numpy as np

from . import seaice_radar as radar

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
    angles = radar.incidence_angles(width)
    points = "\n".join(_grid_point(name, point, float(angles[point[1]])) for point in grid)
    merges = "\n".join(_swath_merge(name, swath, bounds, height)
                       for swath, bounds in zip(radar.SWATHS, radar.swath_columns(width)))
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
      <rangePixelSpacing>{radar.PIXEL:e}</rangePixelSpacing>
      <azimuthPixelSpacing>{radar.PIXEL:e}</azimuthPixelSpacing>
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
    <swathMergeList count="{len(radar.SWATHS)}">
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
    angles = np.radians(radar.incidence_angles(width)[pixels])
    tables = {"sigmaNought": radar.calibration_constants(width)[pixels],
              "betaNought": np.full(len(pixels), radar.BETA_NOUGHT),
              "gamma": radar.BETA_NOUGHT / np.sqrt(np.tan(angles)), "dn": np.full(len(pixels), radar.BETA_NOUGHT)}
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
    swaths = tuple(zip(radar.SWATHS, radar.swath_columns(width)))
    pixels = np.concatenate([nodes(first, last, COLUMNS_BETWEEN) for _, (first, last) in swaths])
    table = (radar.noise_floor(polarisation, width) * radar.calibration_constants(width) ** 2)[pixels]
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
      <noiseAzimuthLut count="{len(along)}">{_numbers(radar.scalloping(along))}</noiseAzimuthLut>
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
    <imageNumber>{1 + radar.POLARISATIONS.index(polarisation):03d}</imageNumber>
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
