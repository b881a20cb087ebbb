"""Sentinel-2 SAFE (XML by template).

Sentinel-2 L2A products on disk: names, folders and files of the SAFE format (baseline 05.10).

XML metadata of a Sentinel-2 L2A product, reduced to the elements that readers use.

Element names follow ESA's product specification (PSD 14). Every file is marked as synthetic in its first lines. No
inserted text requires escaping.

Lossless JPEG 2000 files as in Sentinel-2 products.
"""

import os
from dataclasses import dataclass
from datetime import timedelta

import numpy as np

from ..raster.crs import WGS84, transform_points
from ..raster.product_images import write_jp2
from .msi_imaging import NODATA, OFFSET, QUANTIFICATION
from .random_fields import block_mean
from .scene_classification import (
    AEROSOL_SCALE,
    CLASS_NAMES,
    VAPOUR_SCALE,
    atmosphere,
    classify_scene,
    cloud_probability,
    true_colour,
)
from .spectra import BANDS, NATIVE_SIZE

COMMENT = "Synthetic data made by Floefield; not a satellite image"


BASELINE = "05.10"

# No 100 km square of zone 31 has these letters, so the tile cannot be confused with a real one.
TILE = "T31TXX"
CRS, CRS_NAME = "EPSG:32631", "WGS84 / UTM zone 31N"
WEST, NORTH = 399960 + 60 * 90, 4800000 - 60 * 90

# Bands of each folder besides AOT, WVP, TCI, and SCL at 20 and 60 m.
FOLDER_BANDS = {10: ("B02", "B03", "B04", "B08"),
                20: ("B02", "B03", "B04", "B05", "B06", "B07", "B8A", "B11", "B12"),
                60: ("B01", "B02", "B03", "B04", "B05", "B06", "B07", "B8A", "B09", "B11", "B12")}


@dataclass(frozen=True)
class ProductName:
    """Names of a product and its files, and its location.

    Parameters
    ----------
    overpass : Overpass
    relative_orbit : int
    baseline : str
        Processing baseline.
    crs, crs_name : str
        Authority code and name of the coordinate reference system.
    west, north : int
        Upper-left corner.
    """

    overpass: object
    relative_orbit: int
    baseline: str = BASELINE
    crs: str = CRS
    crs_name: str = CRS_NAME
    west: int = WEST
    north: int = NORTH

    @property
    def sensed(self):
        """str: time of the datatake in compact form."""
        return self.overpass.sensed.strftime("%Y%m%dT%H%M%S")

    @property
    def processed(self):
        """str: processing time, as of a reprocessing about a year after the acquisition."""
        return (self.overpass.sensed + timedelta(days=400, hours=7, minutes=21)).strftime("%Y%m%dT%H%M%S")

    @property
    def safe(self):
        """str: the folder of the product."""
        return (f"{self.overpass.platform}_MSIL2A_{self.sensed}_N{self.baseline.replace('.', '')}_"
                f"R{self.relative_orbit:03d}_{TILE}_{self.processed}.SAFE")

    @property
    def granule(self):
        """str: the folder of the tile."""
        return f"L2A_{TILE}_A{self.overpass.absolute_orbit:06d}_{self.sensed}"

    def identifier(self, kind):
        """Return the identifier of the datastrip (DS) or the tile (TL), with SYNT in place of the processing centre."""
        source = f"S{self.sensed}" if kind == "DS" else f"A{self.overpass.absolute_orbit:06d}_{TILE}"
        return f"{self.overpass.platform}_OPER_MSI_L2A_{kind}_SYNT_{self.processed}_{source}_N{self.baseline}"

    def image(self, layer, pixel):
        """Return the path of an image inside the product, without extension."""
        return f"GRANULE/{self.granule}/IMG_DATA/R{pixel}m/{TILE}_{self.sensed}_{layer}_{pixel}m"

    def mask(self, layer):
        """Return the path of a quality layer inside the product, with extension."""
        return f"GRANULE/{self.granule}/QI_DATA/{layer}.jp2"


def write_product(folder, name, image, rng, progress):
    """Write one product.

    Parameters
    ----------
    folder : str
        Parent folder of the product.
    name : ProductName
    image : Image
    rng : numpy.random.Generator
    progress : Progress
        Checked before each file.

    Returns
    -------
    str
        Path of the product.
    """
    path = os.path.join(folder, name.safe)
    probability = cloud_probability(image, rng)
    classes = classify_scene(image, probability, rng)
    layers = dict(_images(name, image, classes, rng))
    images = tuple(layers)
    layers.update(_masks(name, classes, probability))
    for index, (relative, (values, pixel)) in enumerate(layers.items()):
        progress.step(index / len(layers))
        target = os.path.join(path, *relative.split("/")) + ("" if relative.endswith(".jp2") else ".jp2")
        os.makedirs(os.path.dirname(target), exist_ok=True)
        write_jp2(target, values, name.crs, name.west, name.north, pixel, COMMENT)
    size = classes.shape[0] * 2
    texts = {"MTD_MSIL2A.xml": product_metadata(name, images, classes, size),
             f"GRANULE/{name.granule}/MTD_TL.xml": tile_metadata(name, classes, size)}
    files = sorted([*texts, *images, *(mask for mask in layers if mask.endswith(".jp2"))])
    texts["manifest.safe"] = manifest(
        [file if file.endswith((".jp2", ".xml")) else file + ".jp2" for file in files])
    for relative, text in texts.items():
        with open(os.path.join(path, *relative.split("/")), "w", encoding="utf-8", newline="\n") as target:
            target.write(text)
    return path


def _images(name, image, classes, rng):
    """Yield the path and (values, pixel size) of every image of IMG_DATA."""
    aerosol, vapour = atmosphere(name.overpass, image.digital_numbers["B02"].shape, rng)
    colour = true_colour(image)
    for pixel, bands in FOLDER_BANDS.items():
        for band in bands:
            yield name.image(band, pixel), (_aggregate(image.digital_numbers[band], pixel // NATIVE_SIZE[band]), pixel)
        for layer, values in (("TCI", colour), ("AOT", aerosol), ("WVP", vapour)):
            yield name.image(layer, pixel), (_aggregate(values, pixel // 10), pixel)
        if pixel > 10:
            yield name.image("SCL", pixel), (classes if pixel == 20 else classes[1::3, 1::3], pixel)


def _masks(name, classes, probability):
    """Yield the path and (values, pixel size) of every layer of QI_DATA."""
    coarse = classes[1::3, 1::3]
    snow = np.zeros_like(probability)
    # Opaque clouds, cirrus, snow.
    masks = np.stack([np.isin(coarse, (8, 9)), coarse == 10, coarse == 11]).astype(np.uint8)
    yield name.mask("MSK_CLASSI_B00"), (masks, 60)
    for layer, values in (("MSK_CLDPRB", probability), ("MSK_SNWPRB", snow)):
        yield name.mask(f"{layer}_20m"), (values, 20)
        yield name.mask(f"{layer}_60m"), (_aggregate(values, 3, nodata=None), 60)


def _aggregate(values, factor, nodata=NODATA):
    """Return rounded block means; a block that contains nodata becomes nodata."""
    if factor == 1:
        return values
    if values.ndim == 3:
        return np.stack([_aggregate(band, factor, nodata) for band in values])
    coarse = np.rint(block_mean(values, factor)).astype(values.dtype)
    if nodata is not None:
        coarse[block_mean(values == nodata, factor) > 0] = nodata
    return coarse


HEAD = """<?xml version="1.0" encoding="UTF-8" standalone="no"?>
<!-- SYNTHETIC DATA made by Floefield from a random seed: not a satellite image, no real place. -->
"""
PSD = "https://psd-14.sentinel2.eo.esa.int/PSD"

# Solar irradiance by band_id in W/m2/um.
IRRADIANCE = (1884.69, 1959.66, 1823.24, 1512.06, 1424.64, 1287.61, 1162.08, 1041.63, 955.32, 812.92, 367.15, 245.59,
              85.25)

# B10 is listed although L2A products do not contain it.
CIRRUS_BAND = ("B10", 60, 10, (1360, 1375, 1390))
PERCENTAGES = (("NODATA_PIXEL_PERCENTAGE", (0,)), ("SATURATED_DEFECTIVE_PIXEL_PERCENTAGE", (1,)),
          ("DARK_FEATURES_PERCENTAGE", (2,)), ("CLOUD_SHADOW_PERCENTAGE", (3,)), ("VEGETATION_PERCENTAGE", (4,)),
          ("NOT_VEGETATED_PERCENTAGE", (5,)), ("WATER_PERCENTAGE", (6,)), ("UNCLASSIFIED_PERCENTAGE", (7,)),
          ("MEDIUM_PROBA_CLOUDS_PERCENTAGE", (8,)), ("HIGH_PROBA_CLOUDS_PERCENTAGE", (9,)),
          ("THIN_CIRRUS_PERCENTAGE", (10,)), ("SNOW_ICE_PERCENTAGE", (11,)))


def product_metadata(name, images, classes, size):
    """Return the text of MTD_MSIL2A.xml.

    Parameters
    ----------
    name : ProductName
    images : sequence of str
        Paths of the images inside the product, without extension.
    classes : ndarray of uint8
        Scene classification, for the percentages.
    size : int
        Scene size in pixels of 10 m.

    Returns
    -------
    str
    """
    overpass = name.overpass
    start, made = _iso(name.sensed), _iso(name.processed)
    files = "\n".join(f"            <IMAGE_FILE>{image}</IMAGE_FILE>" for image in images)
    bands = sorted([*BANDS, CIRRUS_BAND], key=lambda band: band[2])
    offsets = "\n".join(f'        <BOA_ADD_OFFSET band_id="{band[2]}">{OFFSET}</BOA_ADD_OFFSET>' for band in bands)
    irradiances = "\n".join(f'          <SOLAR_IRRADIANCE bandId="{band_id}" unit="W/m²/µm">{value}'
                            '</SOLAR_IRRADIANCE>' for band_id, value in enumerate(IRRADIANCE))
    spectral = "\n".join(map(_spectral_information, bands))
    scene_classes = "\n".join(
        f"        <Scene_Classification_ID><SCENE_CLASSIFICATION_TEXT>SC_{label}</SCENE_CLASSIFICATION_TEXT>"
        f"<SCENE_CLASSIFICATION_INDEX>{value}</SCENE_CLASSIFICATION_INDEX></Scene_Classification_ID>"
        for value, label in enumerate(CLASS_NAMES))
    return f"""{HEAD}<n1:Level-2A_User_Product xmlns:n1="{PSD}/User_Product_Level-2A.xsd">
  <n1:General_Info>
    <Product_Info>
      <PRODUCT_START_TIME>{start}</PRODUCT_START_TIME>
      <PRODUCT_STOP_TIME>{start}</PRODUCT_STOP_TIME>
      <PRODUCT_URI>{name.safe}</PRODUCT_URI>
      <PROCESSING_LEVEL>Level-2A</PROCESSING_LEVEL>
      <PRODUCT_TYPE>S2MSI2A</PRODUCT_TYPE>
      <PROCESSING_BASELINE>{name.baseline}</PROCESSING_BASELINE>
      <PRODUCT_DOI>none: synthetic product</PRODUCT_DOI>
      <GENERATION_TIME>{made}</GENERATION_TIME>
      <PREVIEW_IMAGE_URL>Not applicable</PREVIEW_IMAGE_URL>
      <PREVIEW_GEO_INFO>Not applicable</PREVIEW_GEO_INFO>
      <Datatake datatakeIdentifier="G{overpass.platform}_{name.sensed}_{overpass.absolute_orbit:06d}_N{name.baseline}">
        <SPACECRAFT_NAME>Sentinel-{overpass.platform[1:]}</SPACECRAFT_NAME>
        <DATATAKE_TYPE>INS-NOBS</DATATAKE_TYPE>
        <DATATAKE_SENSING_START>{start}</DATATAKE_SENSING_START>
        <SENSING_ORBIT_NUMBER>{name.relative_orbit}</SENSING_ORBIT_NUMBER>
        <SENSING_ORBIT_DIRECTION>DESCENDING</SENSING_ORBIT_DIRECTION>
      </Datatake>
      <Query_Options completeSingleTile="true">
        <PRODUCT_FORMAT>SAFE_COMPACT</PRODUCT_FORMAT>
      </Query_Options>
      <Product_Organisation>
        <Granule_List>
          <Granule datastripIdentifier="{name.identifier('DS')}" granuleIdentifier="{name.identifier('TL')}" \
imageFormat="JPEG2000">
{files}
          </Granule>
        </Granule_List>
      </Product_Organisation>
    </Product_Info>
    <Product_Image_Characteristics>
      <Special_Values>
        <SPECIAL_VALUE_TEXT>NODATA</SPECIAL_VALUE_TEXT>
        <SPECIAL_VALUE_INDEX>{NODATA}</SPECIAL_VALUE_INDEX>
      </Special_Values>
      <Special_Values>
        <SPECIAL_VALUE_TEXT>SATURATED</SPECIAL_VALUE_TEXT>
        <SPECIAL_VALUE_INDEX>65535</SPECIAL_VALUE_INDEX>
      </Special_Values>
      <Image_Display_Order>
        <RED_CHANNEL>3</RED_CHANNEL>
        <GREEN_CHANNEL>2</GREEN_CHANNEL>
        <BLUE_CHANNEL>1</BLUE_CHANNEL>
      </Image_Display_Order>
      <QUANTIFICATION_VALUES_LIST>
        <BOA_QUANTIFICATION_VALUE unit="none">{QUANTIFICATION}</BOA_QUANTIFICATION_VALUE>
        <AOT_QUANTIFICATION_VALUE unit="none">{AEROSOL_SCALE}.0</AOT_QUANTIFICATION_VALUE>
        <WVP_QUANTIFICATION_VALUE unit="cm">{VAPOUR_SCALE}.0</WVP_QUANTIFICATION_VALUE>
      </QUANTIFICATION_VALUES_LIST>
      <BOA_ADD_OFFSET_VALUES_LIST>
{offsets}
      </BOA_ADD_OFFSET_VALUES_LIST>
      <Reflectance_Conversion>
        <U>1.0</U>
        <Solar_Irradiance_List>
{irradiances}
        </Solar_Irradiance_List>
      </Reflectance_Conversion>
      <Spectral_Information_List>
{spectral}
      </Spectral_Information_List>
      <REFERENCE_BAND>3</REFERENCE_BAND>
      <Scene_Classification_List>
{scene_classes}
      </Scene_Classification_List>
    </Product_Image_Characteristics>
  </n1:General_Info>
  <n1:Geometric_Info>
    <Product_Footprint>
      <Product_Footprint>
        <Global_Footprint>
          <EXT_POS_LIST>{_footprint(name, size)}</EXT_POS_LIST>
        </Global_Footprint>
      </Product_Footprint>
      <RASTER_CS_TYPE>POINT</RASTER_CS_TYPE>
      <PIXEL_ORIGIN>1</PIXEL_ORIGIN>
    </Product_Footprint>
    <Coordinate_Reference_System>
      <GEO_TABLES version="1">EPSG</GEO_TABLES>
      <HORIZONTAL_CS_TYPE>GEOGRAPHIC</HORIZONTAL_CS_TYPE>
    </Coordinate_Reference_System>
  </n1:Geometric_Info>
  <n1:Quality_Indicators_Info>
    <Cloud_Coverage_Assessment>{_percentage(classes, (8, 9, 10)):.6f}</Cloud_Coverage_Assessment>
    <Image_Content_QI>
{_percentages(classes)}
    </Image_Content_QI>
  </n1:Quality_Indicators_Info>
</n1:Level-2A_User_Product>
"""


def tile_metadata(name, classes, size):
    """Return the text of MTD_TL.xml; see :func:`product_metadata` for the parameters.

    Returns
    -------
    str
    """
    zenith, azimuth = name.overpass.sun
    sizes = "\n".join(f'      <Size resolution="{pixel}"><NROWS>{size * 10 // pixel}</NROWS>'
                      f"<NCOLS>{size * 10 // pixel}</NCOLS></Size>" for pixel in (10, 20, 60))
    positions = "\n".join(f'      <Geoposition resolution="{pixel}"><ULX>{name.west}</ULX><ULY>{name.north}</ULY>'
                          f"<XDIM>{pixel}</XDIM><YDIM>-{pixel}</YDIM></Geoposition>" for pixel in (10, 20, 60))
    views = "\n".join(f'        <Mean_Viewing_Incidence_Angle bandId="{band_id}"><ZENITH_ANGLE unit="deg">3.5'
                      '</ZENITH_ANGLE><AZIMUTH_ANGLE unit="deg">104.0</AZIMUTH_ANGLE></Mean_Viewing_Incidence_Angle>'
                      for band_id in range(13))
    masks = "\n".join(f'      <MASK_FILENAME type="{layer[:10]}">{name.mask(layer)}</MASK_FILENAME>'
                      for layer in ("MSK_CLASSI_B00", "MSK_CLDPRB_20m", "MSK_SNWPRB_20m", "MSK_CLDPRB_60m",
                                    "MSK_SNWPRB_60m"))
    return f"""{HEAD}<n1:Level-2A_Tile_ID xmlns:n1="{PSD}/S2_PDI_Level-2A_Tile_Metadata.xsd">
  <n1:General_Info>
    <TILE_ID metadataLevel="Brief">{name.identifier('TL')}</TILE_ID>
    <DATASTRIP_ID metadataLevel="Standard">{name.identifier('DS')}</DATASTRIP_ID>
    <DOWNLINK_PRIORITY metadataLevel="Standard">NOMINAL</DOWNLINK_PRIORITY>
    <SENSING_TIME metadataLevel="Standard">{_iso(name.sensed)}</SENSING_TIME>
  </n1:General_Info>
  <n1:Geometric_Info>
    <Tile_Geocoding metadataLevel="Brief">
      <HORIZONTAL_CS_NAME>{name.crs_name}</HORIZONTAL_CS_NAME>
      <HORIZONTAL_CS_CODE>{name.crs}</HORIZONTAL_CS_CODE>
{sizes}
{positions}
    </Tile_Geocoding>
    <Tile_Angles metadataLevel="Standard">
      <Sun_Angles_Grid>
        <Zenith>{_angle_grid(zenith, size)}</Zenith>
        <Azimuth>{_angle_grid(azimuth, size)}</Azimuth>
      </Sun_Angles_Grid>
      <Mean_Sun_Angle>
        <ZENITH_ANGLE unit="deg">{zenith:.6f}</ZENITH_ANGLE>
        <AZIMUTH_ANGLE unit="deg">{azimuth:.6f}</AZIMUTH_ANGLE>
      </Mean_Sun_Angle>
      <Mean_Viewing_Incidence_Angle_List>
{views}
      </Mean_Viewing_Incidence_Angle_List>
    </Tile_Angles>
  </n1:Geometric_Info>
  <n1:Quality_Indicators_Info metadataLevel="Standard">
    <Image_Content_QI>
      <CLOUDY_PIXEL_PERCENTAGE>{_percentage(classes, (8, 9, 10)):.6f}</CLOUDY_PIXEL_PERCENTAGE>
{_percentages(classes)}
    </Image_Content_QI>
    <Pixel_Level_QI geometry="FULL_RESOLUTION">
{masks}
    </Pixel_Level_QI>
  </n1:Quality_Indicators_Info>
</n1:Level-2A_Tile_ID>
"""


def manifest(files):
    """Return the text of manifest.safe, the list of files.

    Parameters
    ----------
    files : sequence of str
        Paths inside the product.

    Returns
    -------
    str
    """
    objects = "\n".join(f'    <dataObject ID="file_{number}"><byteStream><fileLocation href="./{file}" '
                        'locatorType="URL"/></byteStream></dataObject>' for number, file in enumerate(files, start=1))
    return f"""{HEAD}<xfdu:XFDU xmlns:xfdu="urn:ccsds:schema:xfdu:1" \
version="esa/safe/sentinel/1.1/sentinel-2/msi/archive_l2a_user_product">
  <dataObjectSection>
{objects}
  </dataObjectSection>
</xfdu:XFDU>
"""


def _spectral_information(band):
    name, pixel, band_id, (shortest, centre, longest) = band
    return f"""        <Spectral_Information bandId="{band_id}" physicalBand="{name.replace('B0', 'B')}">
          <RESOLUTION>{pixel}</RESOLUTION>
          <Wavelength><MIN unit="nm">{shortest}</MIN><MAX unit="nm">{longest}</MAX>\
<CENTRAL unit="nm">{centre}</CENTRAL></Wavelength>
        </Spectral_Information>"""


def _angle_grid(angle, size):
    """Return a constant angle grid of 5 km; the angle hardly varies over the scene."""
    nodes = -(-size * 10 // 5000) + 1
    row = f"<VALUES>{' '.join([f'{angle:.4f}'] * nodes)}</VALUES>"
    return ('<COL_STEP unit="m">5000</COL_STEP><ROW_STEP unit="m">5000</ROW_STEP>'
            f"<Values_List>{row * nodes}</Values_List>")


def _percentage(classes, values):
    """Return the percentage of valid pixels that are in the classes (for nodata, of all pixels)."""
    count = np.isin(classes, values).sum()
    total = classes.size if values == (0,) else np.count_nonzero(classes)
    return 100.0 * count / max(1, total)


def _percentages(classes):
    return "\n".join(f"      <{element}>{_percentage(classes, values):.6f}</{element}>"
                     for element, values in PERCENTAGES)


def _footprint(name, size):
    """Return the corners as latitude and longitude, closed, counter-clockwise."""
    west, north, edge = name.west, name.north, size * 10
    longitudes, latitudes = transform_points(name.crs, WGS84, [west, west, west + edge, west + edge, west],
                                             [north, north - edge, north - edge, north, north])
    return " ".join(f"{latitude:.8f} {longitude:.8f}" for latitude, longitude in zip(latitudes, longitudes))


def _iso(compact):
    """Convert 20230308T104031 to 2023-03-08T10:40:31.024Z."""
    return f"{compact[:4]}-{compact[4:6]}-{compact[6:11]}:{compact[11:13]}:{compact[13:]}.024Z"
