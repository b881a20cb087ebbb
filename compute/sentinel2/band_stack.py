"""Band stack of one product on one grid; tags and block sizes shared with time series."""

from contextlib import ExitStack
from functools import lru_cache

from ..raster.band_metadata import DATE_TAG, synthetic_tag
from ..raster.blocks import make_executor, nested_blocks, run_blocks
from ..raster.crs import is_same_crs
from ..raster.formats import create_in_format, require_outside
from ..raster.masks import Regions, RegionSettings
from ..raster.writer import RasterLayout
from .mosaics import Mosaic
from .msi_bands import BANDS
from .msi_product import MsiProduct
from .product_reader import STORED_PER_REFLECTANCE
from .reflectance_encoding import NODATA, StorageSettings, stored_scale, to_float, to_storage, to_stored
from .stack_styles import DisplayRanges

# Block height and width: a multiple of the output tiles, and the tile size of 10 m images.
BLOCK = 1024

# Common multiple of the tiles of 10 m images (1024 pixels of 10 m) and 20 m images (640 pixels of 20 m).
REGION = 5 * BLOCK


def write_stack(product, output, settings, area, progress, regions=None, storage=None):
    """Write the bands of one product to a raster on one grid.

    Parameters
    ----------
    product : MsiProduct, or sequence of MsiProduct
        Several granules of one product are mosaicked.
    output : str
        Output file; by default int16, reflectance scaled by 10000 (scale in the file), nodata -32768.
    settings : StackSettings
    area : Area, PixelArea or None
        The output is its bounding box; by default the extent of the product. A `PixelArea` counts pixels of the
        product at the output resolution.
    progress : Progress
    regions : RegionSettings, optional
        Land, sea or study area to mask.
    storage : StorageSettings, optional

    Returns
    -------
    float
        Fraction of valid pixels.

    Raises
    ------
    MissingInput, UnreadableInput, UnsuitableInput, OutputError
        With a message for the user.
    Cancelled
        If the user cancelled; no output is left behind.
    """
    products = (product,) if isinstance(product, MsiProduct) else tuple(product)
    storage = storage or StorageSettings()
    require_outside(output, products[0].location)
    with ExitStack() as stack:
        mosaic = stack.enter_context(Mosaic(products, settings, area, progress))
        region_masks = stack.enter_context(Regions(regions or RegionSettings()))
        executor = stack.enter_context(make_executor(settings.threads))
        region_masks.check(mosaic.grid, progress)
        valid_fraction = _write_blocks(mosaic, region_masks, output, settings, storage, executor, progress)
    name, grid = products[0].uri if len(products) == 1 else products[0].location, mosaic.grid
    if not valid_fraction:
        progress.warn("The output has no valid pixel: the area is cloudy, masked, or outside the swath. Choose another "
                      "date or area, or mask less.")
    else:
        progress.say(f"{name}: {grid.width} x {grid.height} pixels, {valid_fraction:.0%} of them valid.")
    return valid_fraction


def _write_blocks(mosaic, regions, output, settings, storage, executor, progress):
    """Write the blocks of all bands; return the fraction of valid pixels in the first band."""
    grid, product = mosaic.grid, mosaic.products[0]
    display = DisplayRanges(settings.bands)
    side_files = {}
    scales = tuple(stored_scale(product, band) for band in settings.bands)
    is_integer = storage.data_type == "int16"
    layout = RasterLayout(
        grid=grid, dtype=storage.data_type, nodata=storage.nodata, band_names=settings.bands,
        scales=scales if is_integer else (), tags=product_tags(product),
        band_tags=tuple(band_tags(band, product) for band in settings.bands),
        compression=storage.compression, predictor=storage.compression != "deflate")
    region_mask = lru_cache(maxsize=4)(lambda window: None if regions.is_empty else regions.kept(grid, window))
    clear_mask = lru_cache(maxsize=4 * len(mosaic.scenes))(lambda scene, window: scene.clear(grid, window))
    # Reprojection requires several times the memory per block.
    is_parallel = is_same_crs(grid.crs_wkt, mosaic.scenes[0].grid.crs_wkt, missing_is_same=False)
    edge = BLOCK if is_parallel else BLOCK // 2
    planes = [(window, index) for window in nested_blocks(grid, edge, BLOCK, REGION)
              for index in range(len(settings.bands))]
    valid_pixels = 0

    def work(plane):
        progress.check()
        window, index = plane
        band = settings.bands[index]
        values, valid = mosaic.read(band, window, clear_mask)
        if (kept := region_mask(window)) is not None:
            valid = valid & kept
        values = to_storage(band, values)
        return to_stored(values, valid), None if is_integer else to_float(values, valid, scales[index])

    def finish(plane, result):
        nonlocal valid_pixels
        window, index = plane
        stored, physical = result
        raster.write(window, (stored if physical is None else physical)[None], first_band=index)
        display.add(index, stored)
        if index == 0:
            valid_pixels += int((stored != NODATA).sum())

    with create_in_format(output, layout, storage.format, side_files, progress) as raster:
        run_blocks(planes, work, finish, executor, progress)
        side_files.update(display.styles(1 / STORED_PER_REFLECTANCE))
    return valid_pixels / (grid.height * grid.width)


def product_tags(product):
    """File metadata that identify the source product.

    Returns
    -------
    dict of str to str
    """
    return {DATE_TAG: product.date.isoformat(), "PLATFORM": product.platform, "PRODUCT_URI": product.uri,
            "PROCESSING_BASELINE": product.baseline, "PROCESSING_LEVEL": product.level,
            **synthetic_tag(product.is_synthetic)}


def band_tags(band, product):
    """Metadata of a band.

    Returns
    -------
    dict of str to str
    """
    tags = {DATE_TAG: product.date.isoformat(), "BAND": band}
    if band in BANDS:
        tags.update(WAVELENGTH=str(BANDS[band].wavelength), WAVELENGTH_UNITS="nm")
    return tags
