"""Manifest of a Sentinel-1 GRD product: metadata, footprint and list of files."""

from . import seaice_radar as radar
from .seaice_xml import HEAD, PROCESSOR, line_time

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
                         "</s1sarl1:transmitterReceiverPolarisation>" for channel in radar.POLARISATIONS)
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
