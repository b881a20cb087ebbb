"""A full-size Sentinel-2 product for measuring: real layout and tile sizes, images as hard to decode as real ones."""

import os
from pathlib import Path

import numpy as np

FULL = 10980
DATE = "2023-06-27"
IMAGES = f"GRANULE/L2A_T31TEJ_A000001_{DATE.replace('-', '')}T104021/IMG_DATA"
TILES = {10: 1024, 20: 640, 60: 192}
BANDS = {10: ("B02", "B03", "B04", "B08"), 20: ("B05", "B06", "B07", "B8A", "B11", "B12", "SCL"), 60: ("B01", "B09")}


def full_size_product(folder, size=FULL, date=DATE):
    """Make the product unless it is there already.

    All bands of one pixel size are links to one image, so that making it takes a minute and not ten; further dates
    share the images.

    Parameters
    ----------
    folder : path
    size : int
        Pixels along an edge at 10 m; a multiple of 6.
    date : str
        ISO.

    Returns
    -------
    pathlib.Path
        The ``.SAFE`` folder.
    """
    from ..products import METADATA

    day = date.replace("-", "")
    uri = f"S2A_MSIL2A_{day}T104021_N0509_R008_T31TEJ_{day}T180000"
    safe = Path(folder) / f"{size}" / f"{uri}.SAFE"
    if (safe / "MTD_MSIL2A.xml").exists():
        return safe
    names = []
    for metres, bands in BANDS.items():
        image = safe.parent / f"image_{metres}m.jp2"
        if not image.exists():
            _write_image(image, size * 10 // metres, metres)
        for band in bands:
            name = f"{IMAGES}/R{metres}m/T31TEJ_{day}T104021_{band}_{metres}m"
            target = safe / f"{name}.jp2"
            target.parent.mkdir(parents=True, exist_ok=True)
            if target.exists():
                target.unlink()
            os.link(image, target)
            names.append(f"<IMAGE_FILE>{name}</IMAGE_FILE>")
    offsets = "".join(f'<BOA_ADD_OFFSET band_id="{index}">-1000</BOA_ADD_OFFSET>' for index in range(13))
    (safe / "MTD_MSIL2A.xml").write_text(METADATA.format(
        date=date, uri=uri, baseline="05.09", generated=f"{date}T18:00:00Z", tile="T31TEJ",
        files="\n".join(names), offsets=f"<BOA_ADD_OFFSET_VALUES_LIST>{offsets}</BOA_ADD_OFFSET_VALUES_LIST>"),
        encoding="utf-8")
    return safe


def _write_image(path, size, metres):
    """Smooth fields with noise: about as many bits per pixel as a real band, in the real tiling."""
    import rasterio
    from rasterio.transform import from_origin

    path.parent.mkdir(parents=True, exist_ok=True)
    generator = np.random.default_rng(metres)
    with rasterio.open(path.with_suffix(".tif"), "w", driver="GTiff", height=size, width=size, count=1, dtype="uint16",
                       crs="EPSG:32631", transform=from_origin(600000, 4900020, metres, metres), tiled=True) as raw:
        for row in range(0, size, 1024):
            rows = np.arange(row, min(row + 1024, size))[:, None]
            columns = np.arange(size)
            smooth = 2500 + 900 * np.sin(rows / 37) * np.cos(columns / 53) + 400 * np.sin((rows + columns) / 11)
            values = smooth + generator.normal(0, 25, smooth.shape)
            raw.write(np.clip(values, 1, 9999).astype(np.uint16), 1, window=((row, row + len(rows)), (0, size)))
    from rasterio.shutil import copy

    copy(path.with_suffix(".tif"), path, driver="JP2OpenJPEG", QUALITY="100", REVERSIBLE="YES",
         BLOCKXSIZE=TILES[metres], BLOCKYSIZE=TILES[metres])
    path.with_suffix(".tif").unlink()
