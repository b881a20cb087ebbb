"""Small synthetic Sentinel-2 products for tests: Level-1C, several granules, masks, angles, in the real layout."""

import shutil
from pathlib import Path

import numpy as np
import rasterio
from rasterio.transform import from_origin

from .products import EPSG, ORIGIN, write_jp2

LEVEL_1C = """<?xml version="1.0" encoding="UTF-8"?>
<n1:Level-1C_User_Product xmlns:n1="https://psd-14.sentinel2.eo.esa.int/PSD/User_Product_Level-1C.xsd">
  <n1:General_Info>
    <Product_Info>
      <PRODUCT_START_TIME>{date}T10:40:21.024Z</PRODUCT_START_TIME>
      <PRODUCT_URI>{uri}.SAFE</PRODUCT_URI>
      <PROCESSING_LEVEL>Level-1C</PROCESSING_LEVEL>
      <PROCESSING_BASELINE>{baseline}</PROCESSING_BASELINE>
      <Datatake><SPACECRAFT_NAME>{platform}</SPACECRAFT_NAME>
        <DATATAKE_SENSING_START>{date}T10:40:21.024Z</DATATAKE_SENSING_START></Datatake>
      <Product_Organisation><Granule_List>{granules}</Granule_List></Product_Organisation>
    </Product_Info>
    <Product_Image_Characteristics>
      <Special_Values><SPECIAL_VALUE_TEXT>NODATA</SPECIAL_VALUE_TEXT>
        <SPECIAL_VALUE_INDEX>0</SPECIAL_VALUE_INDEX></Special_Values>
      <QUANTIFICATION_VALUE>10000</QUANTIFICATION_VALUE>
      {offsets}
    </Product_Image_Characteristics>
  </n1:General_Info>
</n1:Level-1C_User_Product>
"""

POLYGON = """<eop:MaskFeature gml:id="{kind}.{number}"><eop:maskType codeSpace="x">{kind}</eop:maskType><eop:extentOf>
<gml:Polygon gml:id="p{number}"><gml:exterior><gml:LinearRing><gml:posList srsDimension="2">{positions}</gml:posList>
</gml:LinearRing></gml:exterior></gml:Polygon></eop:extentOf></eop:MaskFeature>"""

CLOUDS = """<?xml version="1.0" encoding="UTF-8"?>
<eop:Mask xmlns:eop="http://www.opengis.net/eop/2.0" xmlns:gml="http://www.opengis.net/gml/3.2" gml:id="x">
  <eop:maskMembers>{members}</eop:maskMembers>
</eop:Mask>"""


def make_level_1c(folder, images, date="2018-06-27", baseline="02.06", tile="T31TEJ", platform="Sentinel-2C",
                  clouds=None):
    """Write a compact Level-1C product.

    Parameters
    ----------
    folder : path
    images : dict of str to ndarray
        Digital numbers by band, at its native pixel size.
    clouds : list of (str, list of (float, float)), optional
        Kind (OPAQUE, CIRRUS) and ring of each cloud polygon; an empty list writes an empty mask.

    Returns
    -------
    pathlib.Path
    """
    from floefield.compute.sentinel2.msi_bands import native_resolution

    day = date.replace("-", "")
    uri = f"S2{platform[-1]}_MSIL1C_{day}T104021_N{baseline.replace('.', '')}_R008_{tile}_{day}T140000"
    safe, granule = Path(folder) / f"{uri}.SAFE", f"GRANULE/L1C_{tile}_A000001_{day}T104021"
    names = []
    for band, values in images.items():
        names.append(f"{granule}/IMG_DATA/{tile}_{day}T104021_{band}")
        write_jp2(safe / f"{names[-1]}.jp2", values, native_resolution(band))
    if clouds is not None:
        add_cloud_polygons(safe / granule / "QI_DATA", clouds)
    offsets = "" if baseline < "04.00" else "".join(
        f'<RADIO_ADD_OFFSET band_id="{index}">-1000</RADIO_ADD_OFFSET>' for index in range(13))
    listed = "".join(f"<IMAGE_FILE>{name}</IMAGE_FILE>" for name in names)
    (safe / "MTD_MSIL1C.xml").write_text(LEVEL_1C.format(
        date=date, uri=uri, baseline=baseline, platform=platform, offsets=offsets,
        granules=f'<Granule granuleIdentifier="X_{tile}_N">{listed}</Granule>'), encoding="utf-8")
    return safe


def make_old_product(folder, tiles, date="2016-06-05"):
    """Write a multi-tile Level-1C product in the layout before December 2016, with image names without folders.

    Parameters
    ----------
    folder : path
    tiles : dict of str to (int, (float, float), dict of str to ndarray)
        EPSG code, upper-left corner and images by band (10 m) of each tile.

    Returns
    -------
    pathlib.Path
    """
    day = date.replace("-", "")
    uri = f"S2A_OPER_PRD_MSIL1C_PDMC_{day}T200000_R008_V{day}T104021_{day}T104021"
    safe = Path(folder) / f"{uri}.SAFE"
    granules = []
    for tile, (epsg, corner, images) in tiles.items():
        stem = f"S2A_OPER_MSI_L1C_TL_EPA__{day}T113933_A000734_{tile}"
        for band, values in images.items():
            write_jp2(safe / "GRANULE" / f"{stem}_N02.02" / "IMG_DATA" / f"{stem}_{band}.jp2", values, 10, corner, epsg)
        listed = "".join(f"<IMAGE_ID>{stem}_{band}</IMAGE_ID>" for band in images)
        granules.append(f'<Granules granuleIdentifier="{stem}_N02.02">{listed}</Granules>')
    (safe / f"S2A_OPER_MTD_SAFL1C_PDMC_{day}T200000_R008_V{day}T104021_{day}T104021.xml").write_text(LEVEL_1C.format(
        date=date, uri=uri, baseline="02.02", platform="Sentinel-2A", offsets="", granules="".join(granules)),
        encoding="utf-8")
    return safe


def add_cloud_polygons(folder, clouds):
    """Write the vector cloud mask of products before baseline 04.00, without a CRS as in some products."""
    folder.mkdir(parents=True, exist_ok=True)
    members = "".join(POLYGON.format(kind=kind, number=number, positions=" ".join(f"{x} {y}" for x, y in ring))
                      for number, (kind, ring) in enumerate(clouds))
    (folder / "MSK_CLOUDS_B00.gml").write_text(CLOUDS.format(members=members), encoding="utf-8")


def add_layer(safe, name, values, size):
    """Write a Byte layer (MSK_CLDPRB_20m, MSK_CLASSI_B00 ...) into the QI_DATA folder of a product.

    Parameters
    ----------
    values : ndarray, shape (height, width) or (bands, height, width)
    size : int
        Pixel size in metres.
    """
    folder = next(safe.glob("GRANULE/*")) / "QI_DATA"
    folder.mkdir(exist_ok=True)
    values = np.atleast_3d(np.moveaxis(values, 0, -1)).transpose(2, 0, 1) if np.ndim(values) == 3 else values[None]
    with rasterio.open(folder / f"{name}.jp2", "w", driver="JP2OpenJPEG", height=values.shape[1], width=values.shape[2],
                       count=len(values), dtype="uint8", crs=f"EPSG:{EPSG}", QUALITY="100", REVERSIBLE="YES",
                       YCC="NO", transform=from_origin(*ORIGIN, size, size)) as image:
        image.write(values.astype(np.uint8))


def add_angles(safe, sun_zenith, sun_azimuth, view_zenith, view_azimuth):
    """Write tile metadata with angle grids (arrays of one shape; view angles are lists, by detector footprint)."""
    def grid(tag, zenith, azimuth):
        rows = [f"<{name}><COL_STEP unit='m'>5000</COL_STEP><ROW_STEP unit='m'>5000</ROW_STEP><Values_List>"
                + "".join(f"<VALUES>{' '.join(map(str, row))}</VALUES>" for row in plane) + f"</Values_List></{name}>"
                for name, plane in (("Zenith", zenith), ("Azimuth", azimuth))]
        return f"<{tag}>{''.join(rows)}</{tag}>"

    views = "".join(grid("Viewing_Incidence_Angles_Grids", *pair) for pair in zip(view_zenith, view_azimuth))
    granule = next(safe.glob("GRANULE/*"))
    (granule / "MTD_TL.xml").write_text(
        f"<Tile><Geoposition resolution='10'><ULX>{ORIGIN[0]:g}</ULX><ULY>{ORIGIN[1]:.0f}</ULY></Geoposition>"
        f"<Tile_Angles>{grid('Sun_Angles_Grid', sun_zenith, sun_azimuth)}{views}</Tile_Angles></Tile>")


def zipped(safe, target):
    """Zip a product as it is downloaded."""
    return Path(shutil.make_archive(str(target.with_suffix("")), "zip", safe.parent, safe.name))
