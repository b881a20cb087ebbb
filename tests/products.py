"""Small synthetic Level-2A products for tests: real layout and metadata, a few pixels of given values."""

from pathlib import Path

import numpy as np
import rasterio
from rasterio.transform import from_origin

ORIGIN = (600000.0, 4900020.0)
EPSG = 32631

METADATA = """<?xml version="1.0" encoding="UTF-8"?>
<n1:Level-2A_User_Product xmlns:n1="https://psd-14.sentinel2.eo.esa.int/PSD/User_Product_Level-2A.xsd">
  <n1:General_Info>
    <Product_Info>
      <PRODUCT_START_TIME>{date}T10:40:21.024Z</PRODUCT_START_TIME>
      <PRODUCT_URI>{uri}.SAFE</PRODUCT_URI>
      <PROCESSING_LEVEL>Level-2A</PROCESSING_LEVEL>
      <PROCESSING_BASELINE>{baseline}</PROCESSING_BASELINE>
      <GENERATION_TIME>{generated}</GENERATION_TIME>
      <Datatake><SPACECRAFT_NAME>Sentinel-2A</SPACECRAFT_NAME>
        <DATATAKE_SENSING_START>{date}T10:40:21.024Z</DATATAKE_SENSING_START></Datatake>
      <Product_Organisation><Granule_List><Granule granuleIdentifier="X_{tile}_N">
        {files}
      </Granule></Granule_List></Product_Organisation>
    </Product_Info>
    <Product_Image_Characteristics>
      <Special_Values><SPECIAL_VALUE_TEXT>NODATA</SPECIAL_VALUE_TEXT>
        <SPECIAL_VALUE_INDEX>0</SPECIAL_VALUE_INDEX></Special_Values>
      <QUANTIFICATION_VALUES_LIST><BOA_QUANTIFICATION_VALUE>10000</BOA_QUANTIFICATION_VALUE>
      </QUANTIFICATION_VALUES_LIST>
      {offsets}
    </Product_Image_Characteristics>
  </n1:General_Info>
</n1:Level-2A_User_Product>
"""


def make_product(folder, date, images, baseline="02.08", generated="2018-01-01T00:00:00Z", tile="T31TEJ",
                 origin=ORIGIN, epsg=EPSG, listed_only=()):
    """Write an L2A product.

    Parameters
    ----------
    folder : path
        Parent of the ``.SAFE`` folder.
    date : str
        ISO.
    images : dict of (str, int) to ndarray
        Digital numbers by band and pixel size in metres.
    listed_only : sequence of (str, int)
        Images listed in the metadata without a file.

    Returns
    -------
    pathlib.Path
        The ``.SAFE`` folder.
    """
    day = date.replace("-", "")
    uri = f"S2A_MSIL2A_{day}T104021_N{baseline.replace('.', '')}_R008_{tile}_{generated[:10].replace('-', '')}T000000"
    safe = Path(folder) / f"{uri}.SAFE"
    granule = f"GRANULE/L2A_{tile}_A000001_{day}T104021/IMG_DATA"
    names = []
    for (band, size), values in images.items():
        name = f"{granule}/R{size}m/{tile}_{day}T104021_{band}_{size}m"
        names.append(name)
        write_jp2(safe / f"{name}.jp2", values, size, origin, epsg)
    names += [f"{granule}/R{size}m/{tile}_{day}T104021_{band}_{size}m" for band, size in listed_only]
    offsets = "" if baseline < "04.00" else "<BOA_ADD_OFFSET_VALUES_LIST>" + "".join(
        f'<BOA_ADD_OFFSET band_id="{index}">-1000</BOA_ADD_OFFSET>' for index in range(13)
    ) + "</BOA_ADD_OFFSET_VALUES_LIST>"
    safe.mkdir(parents=True, exist_ok=True)
    (safe / "MTD_MSIL2A.xml").write_text(METADATA.format(
        date=date, uri=uri, baseline=baseline, generated=generated, tile=tile, offsets=offsets,
        files="\n".join(f"<IMAGE_FILE>{name}</IMAGE_FILE>" for name in names)), encoding="utf-8")
    return safe


def write_jp2(path, values, size, origin=ORIGIN, epsg=EPSG):
    """Write a lossless JPEG 2000 image."""
    path.parent.mkdir(parents=True, exist_ok=True)
    values = np.asarray(values, np.uint16)
    with rasterio.open(path, "w", driver="JP2OpenJPEG", height=values.shape[0], width=values.shape[1], count=1,
                       dtype="uint16", crs=f"EPSG:{epsg}", transform=from_origin(*origin, size, size),
                       QUALITY="100", REVERSIBLE="YES") as image:
        image.write(values, 1)
