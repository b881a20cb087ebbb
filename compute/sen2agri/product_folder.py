"""Sen2-Agri product folder: folders and file names, rasters with class codes, legend, preview and XML metadata.

The templates of the metadata, with the element names of Sen2-Agri, are ``resources/templates/sen2agri_*.xml``.
"""

from __future__ import annotations

import contextlib
import json
import os
import zipfile
from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime, timezone

import numpy as np

from ..accuracy.confusion_matrix import ConfusionMatrix
from ..errors import UnsuitableInput
from ..raster.grid import Grid
from ..raster.raster_styles import paletted_qml
from ..raster.writer import RasterLayout, create_raster
from ..templates import render_template
from .product_task import CROP_MASK, ProductTask
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
    def create(self, folder, outputs):
        """Create the folder and its rasters.

        Parameters
        ----------
        folder : str
            Parent folder.
        outputs : OutputSet
            Outputs with which the folder appears.

        Yields
        ------
        list of (str, RasterWriter, callable)
            Plane, raster, and function that converts map values to codes (None for the flags).
        """
        with contextlib.ExitStack() as opened:
            self._root = os.path.join(outputs.folder(folder), self.name)
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
        write_parameters(os.path.join(auxiliary, parameters + ".xml"), task, self._days, self._acquisitions)
        self._write_legend(os.path.join(auxiliary, legend))
        files = [f"AUX_DATA/{quality}.xml", f"AUX_DATA/{parameters}.xml", f"AUX_DATA/{legend}.lut",
                 f"AUX_DATA/{legend}.qml"]
        if task.parcels:
            self._write_parcels(os.path.join(auxiliary, insitu + ".zip"))
            files.append(f"AUX_DATA/{insitu}.zip")
        preview = self._file("PVI") + ".jpg"
        self._write_preview(os.path.join(self._root, preview))
        tile = os.path.basename(self._tile)
        write_tile(os.path.join(self._tile, self._file("MTD", tile=True) + ".xml"), self._grid, task.info.tile_id,
                   images)
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


def write_quality(path: str, is_mask: bool, matrix: ConfusionMatrix | None, codes: dict[str, str]) -> None:
    """Write confusion matrix and accuracy metrics.

    Parameters
    ----------
    path : str
    is_mask : bool
    matrix : ConfusionMatrix or None
    codes : dict of str to str
        Class code by label of the matrix.
    """
    values = {"metrics": None}
    if matrix is not None:
        values = {"codes": [codes[label] for label in matrix.labels], "counts": matrix.counts.tolist(),
                  "metrics": {"Precision": matrix.precision, "Recall": matrix.recall, "F-score": matrix.f1_score},
                  "kappa": matrix.kappa, "accuracy": matrix.overall_accuracy}
    _write(path, "sen2agri_quality.xml", root="CropMask" if is_mask else "CropType", **values)


def write_parameters(path: str, task: ProductTask, days: Sequence[date], acquisitions: Sequence[date]) -> None:
    """Write inputs and parameters of the product.

    Parameters
    ----------
    path : str
    task : ProductTask
    days, acquisitions : sequence of datetime.date
        Dates of the series, and of the acquisitions it was made from.
    """
    sources = {name: _printable(getattr(task, name)) for name in ("reference", "parcels_path", "series", "mask")}
    _write(path, "sen2agri_parameters.xml", task=task, is_mask=task.kind == CROP_MASK, days=days,
           acquisitions=acquisitions, **sources)


def write_product(path: str, name: str, task: ProductTask, created: str, acquisitions: Sequence[date],
                  files: Sequence[str]) -> None:
    """Write name, level, dates and file list of the product."""
    _write(path, "sen2agri_product.xml", product=name, task=task, created=created, acquisitions=acquisitions,
           files=files)


def write_tile(path: str, grid: Grid, tile: str, images: Sequence[str]) -> None:
    """Write geocoding and image list of a tile."""
    _write(path, "sen2agri_tile.xml", grid=grid, crs_wkt=_printable(grid.crs_wkt), tile=tile, images=images)


def _printable(text: str) -> str:
    """Remove control characters, which XML must not contain."""
    return "".join(character for character in text if character.isprintable())


def _write(path: str, template: str, **values: object) -> None:
    text = render_template(template, **values).rstrip("\n")
    with open(path, "w", encoding="utf-8", newline="\n") as file:
        file.write(text)
