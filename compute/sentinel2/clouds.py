"""Cloud masks: from the scene classification, the cloud probability, or the masks of Level-1C.

A mask is a flag. On pixels larger than its own it is combined by a flag method (:mod:`..raster.aggregate`); on smaller
ones it is repeated. Then it may be widened, as clouds fade out beyond the edge that a classification finds.
"""

import contextlib
import math

import numpy as np

from ..errors import MissingInput, UnreadableInput
from ..raster.polygons import PolygonMask
from ..raster.resample import read_resampled
from ..raster.target import metres_per_unit
from .bands import CLOUD_KINDS, SCENE_CLASSES
from .metadata import elements, parse_xml, text_of

CLOUD_MASKS = ("none", "l1c", "l2a", "probability")


def open_cloud_mask(product, settings, crs_wkt, reader_of):
    """The cloud mask that the settings ask for.

    Parameters
    ----------
    product : Product
    settings : StackSettings
    crs_wkt : str
        Of the product: old cloud polygons do not say theirs.
    reader_of : callable
        Takes the path of an image, gives a RasterReader which somebody else closes.

    Returns
    -------
    callable or None
        Takes a grid and a window, gives a boolean array: True on cloud.

    Raises
    ------
    MissingInput, UnreadableInput
        If the product does not have that mask.
    """
    if settings.cloud_mask == "none":
        return None
    unseen = None
    if settings.cloud_mask == "l1c":
        mask = _level_1c_mask(product, settings, crs_wkt, reader_of)
    elif settings.cloud_mask == "probability":
        image = _finest(product, "CLDPRB", settings)
        threshold = settings.cloud_probability
        mask = _raster_mask(reader_of(image), settings, lambda values, valid: valid & (values >= threshold))
    else:
        reader = reader_of(_finest(product, "SCL", settings))
        no_data = SCENE_CLASSES[0]
        mask = _class_mask(reader, settings, [name for name in settings.masked_classes if name != no_data])
        # What was not seen is masked however small it is, and has no edge that could be wider.
        unseen = _class_mask(reader, settings, [no_data]) if no_data in settings.masked_classes else None
    if settings.min_cloud_area > 0:
        mask = _without_specks(mask, settings.min_cloud_area)
    if settings.mask_dilation > 0:
        mask = _widened(mask, settings.mask_dilation)
    return mask if unseen is None else lambda grid, window: mask(grid, window) | unseen(grid, window)


def _class_mask(reader, settings, names):
    codes = np.isin(np.arange(256), [SCENE_CLASSES.index(name) for name in names])
    return _raster_mask(reader, settings, lambda values, valid: codes.take(np.where(valid, values, 0), mode="clip"),
                        outside=bool(codes[0]))


def _finest(product, layer, settings):
    """The image to mask by: that of the result's own pixel size, unless flags are to be combined."""
    if settings.flag_downsampling == "first":
        with contextlib.suppress(KeyError):
            return product.images[layer, settings.resolution]
    sizes = sorted(size for name, size in product.images if name == layer)
    if sizes:
        return product.images[layer, sizes[0]]
    if product.level == "L1C":
        raise MissingInput(f"{product.uri} is a Level-1C product and has no {_LAYER_WORDS[layer]}. Choose the cloud "
                           "mask l1c, or none.")
    raise MissingInput(f"{product.uri} has no {_LAYER_WORDS[layer]} ({layer} is missing). Choose another cloud mask, "
                       "or download the product again.")


_LAYER_WORDS = {"SCL": "scene classification", "CLDPRB": "cloud probability"}


def _raster_mask(reader, settings, is_cloud, outside=False, index=0):
    def prepare(values, valid):
        return is_cloud(values, valid).astype(np.uint8), np.ones(values.shape, bool)

    def masked(grid, window):
        flags, known = read_resampled(reader, grid, window, "nearest", settings.flag_downsampling, prepare=prepare,
                                      index=index)
        return np.where(known, flags, outside).astype(bool)

    return masked


def _level_1c_mask(product, settings, crs_wkt, reader_of):
    kinds = settings.cloud_kinds
    if product.granule.cloud_classes:
        reader = reader_of(product.safe.path_of(product.granule.cloud_classes))
        if len(reader.bands) < len(CLOUD_KINDS):
            raise UnreadableInput(f"{product.uri}: {product.granule.cloud_classes} has fewer than three bands.")
        parts = [_raster_mask(reader, settings, lambda values, valid: values == 1, index=CLOUD_KINDS.index(kind))
                 for kind in kinds]
        return lambda grid, window: np.logical_or.reduce(
            [part(grid, window) for part in parts] or [np.zeros(window.shape, bool)])
    if product.granule.cloud_polygons:
        polygons = read_cloud_polygons(product)
        chosen = PolygonMask([geometry for kind, geometry in polygons if kind in kinds], crs_wkt)
        return chosen.inside
    advice = ", l2a or probability" if product.level == "L2A" else ""
    raise MissingInput(f"{product.uri} has no Level-1C cloud mask (neither MSK_CLOUDS_B00.gml nor MSK_CLASSI_B00.jp2 "
                       f"is in its QI_DATA folder). Choose the cloud mask none{advice}, or download the product again.")


def read_cloud_polygons(product):
    """The cloud polygons of a product, in the CRS of its images.

    Parameters
    ----------
    product : Product

    Returns
    -------
    list of (str, dict)
        Kind ("opaque" or "cirrus") and GeoJSON-like polygon.

    Raises
    ------
    UnreadableInput
        If the file is damaged.
    """
    name = product.granule.cloud_polygons
    root = parse_xml(product.safe.read(name), product.location, name)
    polygons = []
    for feature in elements(root, "MaskFeature"):
        kind = (text_of(feature, "maskType") or "").lower()
        for polygon in elements(feature, "Polygon"):
            rings = [_ring(text_of(part, "posList"), part, product, name)
                     for tag in ("exterior", "interior") for part in elements(polygon, tag)]
            if rings:
                polygons.append((kind, {"type": "Polygon", "coordinates": rings}))
    return polygons


def _ring(text, part, product, name):
    sizes = [int(element.get("srsDimension", 2)) for element in elements(part, "posList")]
    try:
        numbers = np.array((text or "").split(), float)
        points = numbers.reshape(-1, sizes[0] if sizes else 2)[:, :2]
        if len(points) < 4 or not np.isfinite(points).all():
            raise ValueError("fewer than four points")
    except ValueError as error:
        raise UnreadableInput(f"{product.uri}: a polygon of {name} cannot be read ({error}). Download the product "
                              "again.") from error
    return [tuple(point) for point in points]


def _without_specks(mask, square_metres):
    """A mask without patches smaller than so much; pixels that touch at a corner belong together.

    A patch that is too small reaches no farther than it has pixels, so a look that far beyond the window is enough.
    """
    from scipy.ndimage import label

    def cleaned(grid, window):
        least = math.ceil(square_metres / math.prod(_pixel_metres(grid)) - 1e-9)
        around = window.padded(least - 1)
        cloud = mask(grid, around)
        if cloud.any():
            patches, count = label(cloud, np.ones((3, 3), int))
            is_large = np.bincount(patches.ravel(), minlength=count + 1) >= least
            is_large[0] = False
            cloud = is_large[patches]
        return cloud[window.relative_to(around).slices]

    return cleaned


def _widened(mask, metres):
    """A mask and what lies within so many metres of it, measured between the centres of pixels."""
    from scipy.ndimage import distance_transform_edt

    def widened(grid, window):
        size = _pixel_metres(grid)
        around = window.padded(math.ceil(metres / min(size)))
        cloud = mask(grid, around)
        inner = window.relative_to(around).slices
        if not cloud.any():
            return cloud[inner]
        return cloud[inner] | (distance_transform_edt(~cloud, sampling=size)[inner] <= metres * (1 + 1e-9))

    return widened


def _pixel_metres(grid):
    unit = metres_per_unit(grid.crs_wkt)
    return grid.pixel_height * unit, grid.pixel_width * unit
