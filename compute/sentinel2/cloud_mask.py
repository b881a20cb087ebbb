"""Cloud masks from the scene classification, the cloud probability, or the Level-1C masks.

Masks are flags: they are downsampled by a flag method (:mod:`..raster.resampling_methods`) and upsampled by nearest
neighbour. Small patches may then be removed and the rest buffered, as clouds thin out beyond their classified edge.
"""

import contextlib
import math

import numpy as np

from ..errors import MissingInput, UnreadableInput
from ..raster.crs import metres_per_unit
from ..raster.masks import PolygonMask
from ..raster.resampling import read_resampled
from ..xml_documents import elements, parse_xml, text_of
from .msi_bands import LEVEL_1C_CLOUD_TYPES, SCENE_CLASSES

CLOUD_MASKS = ("none", "l1c", "l2a", "probability")


def open_cloud_mask(product, settings, crs_wkt, open_reader):
    """Open the cloud mask selected in the settings.

    Parameters
    ----------
    product : MsiProduct
    settings : StackSettings
    crs_wkt : str
        CRS of the product, used for old cloud polygons without one.
    open_reader : callable
        Returns an open RasterReader for an image path; the caller closes it.

    Returns
    -------
    callable or None
        Returns a boolean array for a grid and a window: True on cloud. None without a cloud mask.

    Raises
    ------
    MissingInput, UnreadableInput
        If the product does not contain that mask.
    """
    if settings.cloud_mask == "none":
        return None
    no_data_mask = None
    if settings.cloud_mask == "l1c":
        mask = _level_1c_mask(product, settings, crs_wkt, open_reader)
    elif settings.cloud_mask == "probability":
        image = _mask_image(product, "CLDPRB", settings)
        threshold = settings.cloud_probability_threshold
        mask = _raster_mask(open_reader(image), settings, lambda values, valid: valid & (values >= threshold))
    else:
        reader = open_reader(_mask_image(product, "SCL", settings))
        no_data = SCENE_CLASSES[0]
        mask = _class_mask(reader, settings, [name for name in settings.scl_classes if name != no_data])
        if no_data in settings.scl_classes:
            no_data_mask = _no_data_mask(reader, settings, mask)
    if settings.min_cloud_area > 0:
        mask = _remove_small_patches(mask, settings.min_cloud_area)
    if settings.cloud_buffer > 0:
        mask = _buffer(mask, settings.cloud_buffer)
    if no_data_mask is None:
        return mask
    return lambda grid, window: mask(grid, window) | no_data_mask(grid, window)


def _no_data_mask(reader, settings, cloud_mask):
    """Pixels without data, whatever their patch size; they are not buffered.

    An output pixel that is partly cloud and partly without data belongs to it: every part of it is masked, though
    neither class alone may satisfy the flag method.
    """
    empty = _class_mask(reader, settings, [SCENE_CLASSES[0]])
    either = _class_mask(reader, settings, settings.scl_classes)
    return lambda grid, window: empty(grid, window) | (either(grid, window) & ~cloud_mask(grid, window))


def _class_mask(reader, settings, names):
    codes = np.isin(np.arange(256), [SCENE_CLASSES.index(name) for name in names])
    return _raster_mask(reader, settings, lambda values, valid: codes.take(np.where(valid, values, 0), mode="clip"),
                        outside=bool(codes[0]))


def _mask_image(product, layer, settings):
    """Image used as mask: the one at the output pixel size, or the finest one if flags are to be combined."""
    if settings.flag_downsampling == "first":
        with contextlib.suppress(KeyError):
            return product.images[layer, settings.pixel_size]
    sizes = sorted(size for name, size in product.images if name == layer)
    if sizes:
        return product.images[layer, sizes[0]]
    if product.level == "L1C":
        raise MissingInput(f"{product.uri} is a Level-1C product and has no {_LAYER_TITLES[layer]}. Choose the cloud "
                           "mask l1c, or none.")
    raise MissingInput(f"{product.uri} has no {_LAYER_TITLES[layer]} ({layer} is missing). Choose another cloud mask, "
                       "or download the product again.")


_LAYER_TITLES = {"SCL": "scene classification", "CLDPRB": "cloud probability"}


def _raster_mask(reader, settings, is_cloud, outside=False, index=0):
    def prepare(values, valid):
        return is_cloud(values, valid).astype(np.uint8), np.ones(values.shape, bool)

    def masked(grid, window):
        flags, valid = read_resampled(reader, grid, window, "nearest", settings.flag_downsampling, prepare=prepare,
                                      index=index)
        return np.where(valid, flags, outside).astype(bool)

    return masked


def _level_1c_mask(product, settings, crs_wkt, open_reader):
    kinds = settings.cloud_types
    if product.granule.cloud_classes:
        reader = open_reader(product.safe.path_of(product.granule.cloud_classes))
        if len(reader.bands) < len(LEVEL_1C_CLOUD_TYPES):
            raise UnreadableInput(f"{product.uri}: {product.granule.cloud_classes} has fewer than three bands.")
        parts = [_raster_mask(reader, settings, lambda values, valid: values == 1,
                              index=LEVEL_1C_CLOUD_TYPES.index(kind))
                 for kind in kinds]
        return lambda grid, window: np.logical_or.reduce(
            [part(grid, window) for part in parts] or [np.zeros(window.shape, bool)])
    if product.granule.cloud_polygons:
        polygons = read_cloud_polygons(product)
        return PolygonMask([polygon for kind, polygon in polygons if kind in kinds], crs_wkt).inside
    alternatives = ", l2a or probability" if product.level == "L2A" else ""
    raise MissingInput(f"{product.uri} has no Level-1C cloud mask (neither MSK_CLOUDS_B00.gml nor MSK_CLASSI_B00.jp2 "
                       f"is in its QI_DATA folder). Choose the cloud mask none{alternatives}, or download the product "
                       "again.")


def read_cloud_polygons(product):
    """Read the cloud polygons of a product, in the CRS of its images.

    Parameters
    ----------
    product : MsiProduct

    Returns
    -------
    list of (str, dict)
        Cloud type ("opaque" or "cirrus") and GeoJSON-like polygon.

    Raises
    ------
    UnreadableInput
        If the file is damaged.
    """
    name = product.granule.cloud_polygons
    root = parse_xml(product.safe.read(name), f"{product.location}: {name}")
    polygons = []
    for feature in elements(root, "MaskFeature"):
        kind = (text_of(feature, "maskType") or "").lower()
        for polygon in elements(feature, "Polygon"):
            rings = [_parse_ring(text_of(part, "posList"), part, product, name)
                     for tag in ("exterior", "interior") for part in elements(polygon, tag)]
            if rings:
                polygons.append((kind, {"type": "Polygon", "coordinates": rings}))
    return polygons


def _parse_ring(text, part, product, name):
    dimensions = [int(element.get("srsDimension", 2)) for element in elements(part, "posList")]
    try:
        coordinates = np.array((text or "").split(), float)
        points = coordinates.reshape(-1, dimensions[0] if dimensions else 2)[:, :2]
        if len(points) < 4 or not np.isfinite(points).all():
            raise ValueError("fewer than four points")
    except ValueError as error:
        raise UnreadableInput(f"{product.uri}: a polygon of {name} cannot be read ({error}). Download the product "
                              "again.") from error
    return [tuple(point) for point in points]


def _remove_small_patches(mask, min_area):
    """Remove 8-connected patches smaller than `min_area` square metres from a mask.

    A patch below the limit is no longer than its number of pixels, so a margin of that width makes windows exact.
    """
    from scipy.ndimage import label

    def filtered(grid, window):
        min_pixels = math.ceil(min_area / math.prod(_pixel_metres(grid)) - 1e-9)
        padded = window.padded(min_pixels - 1)
        cloud = mask(grid, padded)
        if cloud.any():
            patches, count = label(cloud, np.ones((3, 3), int))
            is_large = np.bincount(patches.ravel(), minlength=count + 1) >= min_pixels
            is_large[0] = False
            cloud = is_large[patches]
        return cloud[window.relative_to(padded).slices]

    return filtered


def _buffer(mask, metres):
    """Extend a mask by a distance in metres, measured between pixel centres."""
    from scipy.ndimage import distance_transform_edt

    def buffered(grid, window):
        size = _pixel_metres(grid)
        padded = window.padded(math.ceil(metres / min(size)))
        cloud = mask(grid, padded)
        inner = window.relative_to(padded).slices
        if not cloud.any():
            return cloud[inner]
        return cloud[inner] | (distance_transform_edt(~cloud, sampling=size)[inner] <= metres * (1 + 1e-9))

    return buffered


def _pixel_metres(grid):
    unit = metres_per_unit(grid.crs_wkt)
    return grid.pixel_height * unit, grid.pixel_width * unit
