"""Product folder and its XML.

Sen2-Agri product folder: folder structure and file names, rasters with class codes, and metadata files.

XML files of a product (metadata, parameters, quality), with the element names of Sen2-Agri.
"""

import contextlib
import json
import os
import zipfile
from dataclasses import replace
from datetime import datetime, timezone
from xml.etree.ElementTree import Element, ElementTree, SubElement, indent

import numpy as np

from ..errors import UnsuitableInput
from ..output_files import added_files
from ..raster.raster_styles import paletted_qml
from ..raster.writer import RasterLayout, create_raster
from .product_task import CROP_MASK
from .status_flags import NAMES

NODATA = -10000
MAX_CODE = np.iinfo(np.int16).max
FOLDERS = ("AUX_DATA", "LEGACY_DATA", "TILES")
PREVIEW_EDGE = 512

# File name suffixes of the product, the map before mask or smoothing, and the status flags.
SUFFIXES = {"L4A": ("CM", "RAW", "MCMFLG"), "L4B": ("CT", "RAW", "MCTFLG")}


class ProductFolder:
    """A product folder while it is written.

    Parameters
    ----------
    task : ProductTask
    stack : SeriesStack
    classes : tuple of MapClass
        Classes of the final map, with valid codes (:func:`check_codes`).
    """

    def __init__(self, task, stack, classes):
        self._task, self._classes, self._grid = task, classes, stack.grid
        self._days, self._acquisitions = stack.days, stack.acquisitions
        self._period = f"V{stack.acquisitions[0]:%Y%m%d}_{stack.acquisitions[-1]:%Y%m%d}"
        self._created = datetime.now(timezone.utc).strftime("%Y%m%dT%H%M%S")
        self._codes = np.full(1 + max(map_class.value for map_class in classes), NODATA, np.int16)
        for map_class in classes:
            self._codes[map_class.value] = int(map_class.code)
        self._stride = -(-max(stack.grid.shape) // PREVIEW_EDGE)
        rows, columns = (-(-edge // self._stride) for edge in stack.grid.shape)
        self._preview = np.zeros((3, rows, columns), np.uint8)
        self._colours = np.zeros((len(self._codes), 3), np.uint8)
        for map_class in classes:
            self._colours[map_class.value] = map_class.colour

    @property
    def name(self):
        """str: name of the product folder."""
        return f"S2AGRI_{self._task.kind}_PRD_S{self._task.info.site}_{self._created}_{self._period}"

    @contextlib.contextmanager
    def create(self, folder):
        """Create the folder and its rasters; it is removed if the context ends with an error.

        Parameters
        ----------
        folder : str
            Parent folder.

        Yields
        ------
        list of (str, RasterWriter, callable)
            Plane, raster, and function that converts map values to codes (None for the flags).
        """
        with contextlib.ExitStack() as opened:
            self._root = os.path.join(opened.enter_context(added_files(folder)), self.name)
            for name in FOLDERS:
                os.makedirs(os.path.join(self._root, name))
            tile = os.path.join(self._root, "TILES", self._file("", tile=True))
            for name in ("IMG_DATA", "QI_DATA"):
                os.makedirs(os.path.join(tile, name))
            final, raw, flags = (self._file(suffix, tile=True) + ".TIF" for suffix in SUFFIXES[self._task.kind])
            self._tile = tile
            classes = RasterLayout(self._grid, "int16", ("class",), nodata=NODATA)
            counts = RasterLayout(self._grid, "int16", NAMES, nodata=NODATA)
            yield [("final", opened.enter_context(create_raster(os.path.join(tile, "IMG_DATA", final), classes)),
                    self._to_codes),
                   ("raw", opened.enter_context(create_raster(os.path.join(tile, "IMG_DATA", raw), classes)),
                    self._to_codes),
                   ("flags", opened.enter_context(create_raster(os.path.join(tile, "QI_DATA", flags), counts)), None)]

    def update_preview(self, window, values):
        """Add a block of the final map, shape (1, height, width), to the preview."""
        stride = self._stride
        top, left = -window.row % stride, -window.col % stride
        colours = self._colours[values[0, top::stride, left::stride]]
        row, column = (window.row + top) // stride, (window.col + left) // stride
        self._preview[:, row:row + colours.shape[0], column:column + colours.shape[1]] = colours.transpose(2, 0, 1)

    def write_metadata(self, result):
        """Write metadata, parameters, quality, legend, in-situ data and preview.

        Parameters
        ----------
        result : Classification
        """
        task, auxiliary = self._task, os.path.join(self._root, "AUX_DATA")
        quality, parameters, legend, insitu = (self._file(name) for name in ("QLT", "IPP", "LUT", "ISD"))
        images = [self._file(suffix, tile=True) + ".TIF" for suffix in SUFFIXES[task.kind]]
        write_quality(os.path.join(auxiliary, quality + ".xml"), task.kind == CROP_MASK, result.pixel_matrix,
                                 {c.label: c.code for c in self._classes})
        write_parameters(os.path.join(auxiliary, parameters + ".xml"), task, self._days,
                                    self._acquisitions)
        self._write_legend(os.path.join(auxiliary, legend))
        files = [f"AUX_DATA/{quality}.xml", f"AUX_DATA/{parameters}.xml", f"AUX_DATA/{legend}.lut",
                 f"AUX_DATA/{legend}.qml"]
        if task.parcels:
            self._write_parcels(os.path.join(auxiliary, insitu + ".zip"))
            files.append(f"AUX_DATA/{insitu}.zip")
        preview = self._file("PVI") + ".jpg"
        self._write_preview(os.path.join(self._root, preview))
        tile = os.path.basename(self._tile)
        write_tile(os.path.join(self._tile, self._file("MTD", tile=True) + ".xml"), self._grid,
                              task.info.tile_id, images)
        write_product(
            os.path.join(self._root, self._file("MTD") + ".xml"), self.name, task, self._created, self._acquisitions,
            [*files, preview, *(f"TILES/{tile}/{'QI' if index == 2 else 'IMG'}_DATA/{image}"
                                for index, image in enumerate(images))])

    def _file(self, category, tile=False):
        parts = ("S2AGRI", self._task.kind, category, self._period, f"T{self._task.info.tile_id}" if tile else "")
        return "_".join(filter(None, parts))

    def _to_codes(self, values):
        return self._codes[values]

    def _write_legend(self, path):
        """Write the colour table of Sen2-Agri, and a QGIS style for the rasters of the product."""
        with open(path + ".lut", "w", encoding="utf-8", newline="\n") as text:
            text.write(f"{NODATA} 0 0 0 # No data\n")
            text.writelines(f"{c.code} {' '.join(map(str, c.colour))} # {c.label}\n" for c in self._classes)
        with open(path + ".qml", "w", encoding="utf-8", newline="\n") as text:
            text.write(paletted_qml([replace(c, value=int(c.code)) for c in self._classes]))

    def _write_parcels(self, path):
        features = [{"type": "Feature", "properties": {"CROP" if self._task.kind == CROP_MASK else "CODE": parcel.code,
                                                       "LC": self._task.labels.get(parcel.code, "")},
                     "geometry": parcel.geometry} for parcel in (*self._task.parcels, *(self._task.validation or ()))]
        collection = {"type": "FeatureCollection", "features": features}
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("insitu.geojson", json.dumps(collection))
            archive.writestr("insitu.prj", self._grid.crs_wkt)

    def _write_preview(self, path):
        from matplotlib.image import imsave

        imsave(path, self._preview.transpose(1, 2, 0), format="jpg")


def check_codes(classes, minimum):
    """Check that the class codes can be stored in the rasters of a product.

    Parameters
    ----------
    classes : iterable of MapClass
    minimum : int
        Minimum code; 1 for crop types, where 0 is no crop.

    Raises
    ------
    UnsuitableInput
        If a code is not an integer from `minimum` to the maximum of int16.
    """
    for map_class in classes:
        code = map_class.code
        if not (code.isascii() and code.isdecimal() and minimum <= int(code) <= MAX_CODE):
            raise UnsuitableInput(
                f"The class code {code} does not fit into a Sen2-Agri product, whose rasters store integers from "
                f"{minimum} to {MAX_CODE}. Use other codes, or leave PRODUCT empty: the maps accept any code.")


def write_quality(path, is_mask, matrix, codes):
    """Write confusion matrix and accuracy metrics.

    Parameters
    ----------
    path : str
    is_mask : bool
    matrix : ConfusionMatrix or None
    codes : dict of str to str
        Class code by label of the matrix.
    """
    root = Element("CropMask" if is_mask else "CropType")
    if matrix is not None:
        names = [codes[label] for label in matrix.labels]
        confusion = SubElement(root, "ConfusionMatrix")
        _add_all(SubElement(confusion, "ReferenceLabels"), "RowLabel", names)
        _add_all(SubElement(confusion, "ProducedLabels"), "ColumnLabel", names)
        data = SubElement(confusion, "Data")
        for row in matrix.counts.tolist():
            _add_all(SubElement(data, "Row"), "Column", row)
        metrics = SubElement(root, "QualityMetrics")
        for title, scores in (("Precision", matrix.precision), ("Recall", matrix.recall), ("F-score", matrix.f1_score)):
            for name, score in zip(names, scores):
                SubElement(metrics, title, {"class": name}).text = f"{score:.10f}"
        _add(metrics, "Kappa", f"{matrix.kappa:.10f}")
        _add(metrics, "Accuracy", f"{matrix.overall_accuracy:.10f}")
    _write(path, root)


def write_parameters(path, task, days, acquisitions):
    """Write inputs and parameters of the product.

    Parameters
    ----------
    path : str
    task : ProductTask
    days, acquisitions : tuple of datetime.date
        Dates of the series, and of the acquisitions it was made from.
    """
    root = Element("Metadata")
    _add(root, "ProductType", "Crop mask" if task.kind == CROP_MASK else "Crop type")
    _add(root, "Level", task.kind)
    _add(root, "SiteId", task.info.site)
    if task.reference:
        _add(root, "ReferenceData", task.reference)
    else:
        _add(root, "ReferencePolygons", task.parcels_path)
    tile = SubElement(SubElement(root, "Tiles"), "Tile")
    _add(tile, "Id", task.info.tile_id)
    inputs = SubElement(tile, "Inputs")
    _add(inputs, "Input", task.series)
    if task.mask:
        _add(inputs, "Mask", task.mask)
    _add_all(SubElement(tile, "Acquisitions"), "Date", acquisitions)
    _add_all(SubElement(tile, "Dates"), "Date", days)
    forest = task.forest
    parameters = SubElement(root, "Parameters")
    for name, value in (("MainMission", "SENTINEL"), ("SampleRatio", f"{task.split.training_fraction:g}"),
                        ("Seed", forest.seed), ("IncludeRedEdge", str(task.red_edge).lower())):
        _add(parameters, name, value)
    if task.reference:
        _add(parameters, "ErosionRadius", task.reference_settings.erosion_radius)
        _add(parameters, "TrimmingAlpha", f"{task.reference_settings.trimming_alpha:g}")
    classifier = SubElement(parameters, "Classifier")
    _add(classifier, "TrainingSamplesPerTile", forest.samples_per_class)
    trees = SubElement(classifier, "RF")
    for name, value in (("NbTrees", forest.trees), ("Min", forest.min_samples_leaf), ("Max", forest.max_depth)):
        _add(trees, name, value)
    if task.kind == CROP_MASK:
        segmentation, settings = SubElement(parameters, "Segmentation"), task.segments
        for name, value in (("PCAComponents", settings.pca_components), ("RangeRadius", settings.range_radius),
                            ("MinSize", settings.min_size), ("MinCropArea", settings.min_crop_area)):
            _add(segmentation, name, value)
    _write(path, root)


def write_product(path, name, task, created, acquisitions, files):
    """Write name, level, dates and file list of the product."""
    root = Element("Product")
    for element, value in (("Name", name), ("Level", task.kind), ("SiteId", task.info.site),
                           ("CreationDate", created), ("AcquisitionStart", acquisitions[0]),
                           ("AcquisitionEnd", acquisitions[-1])):
        _add(root, element, value)
    _add_all(SubElement(root, "Files"), "File", files)
    _write(path, root)


def write_tile(path, grid, tile, images):
    """Write geocoding and image list of a tile."""
    root = Element("Tile")
    _add(root, "Id", tile)
    geocoding = SubElement(root, "Geocoding")
    for name, value in (("CoordinateSystem", grid.crs_wkt), ("Rows", grid.height), ("Columns", grid.width),
                        ("UpperLeftX", f"{grid.west:.10g}"), ("UpperLeftY", f"{grid.north:.10g}"),
                        ("PixelSizeX", f"{grid.pixel_width:.10g}"), ("PixelSizeY", f"{grid.pixel_height:.10g}")):
        _add(geocoding, name, value)
    _add_all(SubElement(root, "Images"), "Image", images)
    _write(path, root)


def _add(parent, name, value):
    text = "".join(character for character in str(value) if character.isprintable())
    SubElement(parent, name).text = text


def _add_all(parent, name, values):
    for value in values:
        _add(parent, name, value)


def _write(path, root):
    indent(root)
    ElementTree(root).write(path, encoding="UTF-8", xml_declaration=True)
