"""A stack of bands on one grid: the result of preprocessing one product, and the common ground of time series."""

from functools import lru_cache, partial

from ..raster.area import window_of
from ..raster.blocks import make_executor, nested_blocks, run_blocks
from ..raster.writer import RasterLayout, create_raster
from .bands import BANDS
from .display import DisplayRanges
from .scene import STORED_PER_REFLECTANCE, Scene, stored_scale
from .storage import NODATA, to_stored

# Height and width of the blocks: a multiple of the output tiles, and the tile size of a 10 m image.
BLOCK = 1024
# Where the tiles of 10 m images (1024 pixels of 10 m) and of 20 m images (640 pixels of 20 m) end together.
REGION = 5 * BLOCK


def write_stack(product, output, settings, area, progress):
    """Write the bands of one product to one GeoTIFF on one grid.

    Parameters
    ----------
    product : Product
    output : str
        GeoTIFF to write: int16, reflectance scaled by 10000 (scale in the file), nodata -32768.
    settings : StackSettings
    area : Area or None
        Its bounding box is kept; all of the product without it.
    progress : Progress

    Returns
    -------
    float
        Share of the pixels that have data.

    Raises
    ------
    MissingInput, UnreadableInput, UnsuitableInput, OutputError
        With a sentence for the user.
    Cancelled
        If the user asked to stop; nothing is left of the output.
    """
    with Scene(product, settings) as scene, make_executor(settings.threads) as executor:
        grid = scene.target.part(window_of(area, scene.target))
        display = DisplayRanges(settings.bands)
        side_files = {}
        layout = RasterLayout(
            grid=grid, dtype="int16", nodata=NODATA, band_names=settings.bands,
            scales=tuple(stored_scale(product, band) for band in settings.bands),
            tags=product_tags(product), band_tags=tuple(band_tags(band, product) for band in settings.bands),
            compression="zstd")
        clear_part = lru_cache(maxsize=4)(partial(scene.clear, grid))
        planes = [(window, index) for window in nested_blocks(grid, BLOCK, REGION)
                  for index in range(len(settings.bands))]
        valid_pixels = 0

        def work(plane):
            progress.check()
            window, index = plane
            return _stored_band(scene, settings.bands[index], grid, window, clear_part(window))

        def finish(plane, stored):
            nonlocal valid_pixels
            window, index = plane
            raster.write(window, stored[None], first_band=index)
            display.add(index, stored)
            if index == 0:
                valid_pixels += int((stored != NODATA).sum())

        with create_raster(output, layout, side_files) as raster:
            run_blocks(planes, work, finish, executor, progress)
            side_files.update(display.styles(1 / STORED_PER_REFLECTANCE))
    share = valid_pixels / (grid.height * grid.width)
    if not valid_pixels:
        progress.warn("No pixel of the result has data: the area is cloudy, or outside the swath of the satellite.")
    else:
        progress.say(f"{product.uri}: {grid.width} x {grid.height} pixels, {share:.0%} of them with data.")
    return share


def _stored_band(scene, band, grid, window, clear):
    values, valid = scene.read(band, grid, window)
    return to_stored(values, valid & clear if band in BANDS else valid)


def product_tags(product):
    """Metadata of the file: which product it was made from.

    Returns
    -------
    dict of str to str
    """
    return {"ACQUISITION_DATE": product.date.isoformat(), "PLATFORM": product.platform, "PRODUCT_URI": product.uri,
            "PROCESSING_BASELINE": product.baseline, "PROCESSING_LEVEL": product.level, **synthetic_tag([product])}


def synthetic_tag(products):
    """The mark of a file that was made, at least in part, from sample data; the reports repeat it.

    Returns
    -------
    dict of str to str
    """
    return {"SYNTHETIC": "YES"} if any(product.is_synthetic for product in products) else {}


def band_tags(band, product):
    """Metadata of a band.

    Returns
    -------
    dict of str to str
    """
    tags = {"ACQUISITION_DATE": product.date.isoformat(), "BAND": band}
    if band in BANDS:
        tags.update(WAVELENGTH=str(BANDS[band].wavelength), WAVELENGTH_UNITS="nm")
    return tags
