"""The product folder of Sen2-Agri: its structure and names, rasters with its codes, and what describes them."""

import contextlib
import json
import os
import zipfile
from dataclasses import replace
from datetime import datetime, timezone

import numpy as np

from ..errors import UnsuitableInput
from ..icechart.folder import added_files
from ..raster.qml import paletted_qml
from ..raster.writer import RasterLayout, create_raster
from . import productxml
from .flags import NAMES
from .task import CROP_MASK

NODATA = -10000
LARGEST_CODE = np.iinfo(np.int16).max
FOLDERS = ("AUX_DATA", "LEGACY_DATA", "TILES")
PREVIEW_EDGE = 512
# Suffixes of product, map before mask or segments, and status flags.
SUFFIXES = {"L4A": ("CM", "RAW", "MCMFLG"), "L4B": ("CT", "RAW", "MCTFLG")}


class ProductFolder:
    """A product in the making.

    Parameters
    ----------
    task : ProductTask
    stack : SeriesStack
    classes : tuple of MapClass
        Of the final map; their codes fit (:func:`check_codes`).
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
        """str: of the product folder."""
        return f"S2AGRI_{self._task.kind}_PRD_S{self._task.info.site}_{self._created}_{self._period}"

    @contextlib.contextmanager
    def create(self, folder):
        """Make the folder: complete when the block ends well, otherwise not there.

        Parameters
        ----------
        folder : str
            In which the product is made.

        Yields
        ------
        list of (str, RasterWriter, callable)
            Plane, raster, and what turns map values into codes.
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
                    self._translate),
                   ("raw", opened.enter_context(create_raster(os.path.join(tile, "IMG_DATA", raw), classes)),
                    self._translate),
                   ("flags", opened.enter_context(create_raster(os.path.join(tile, "QI_DATA", flags), counts)), None)]

    def preview(self, window, values):
        """Take what the preview shows of a block of the final map, shape (1, height, width)."""
        stride = self._stride
        top, left = -window.row % stride, -window.col % stride
        part = self._colours[values[0, top::stride, left::stride]]
        row, column = (window.row + top) // stride, (window.col + left) // stride
        self._preview[:, row:row + part.shape[0], column:column + part.shape[1]] = part.transpose(2, 0, 1)

    def describe(self, result):
        """Write metadata, parameters, quality, legend, in-situ data and preview.

        Parameters
        ----------
        result : Classification
        """
        task, auxiliary = self._task, os.path.join(self._root, "AUX_DATA")
        quality, parameters, legend, insitu = (self._file(name) for name in ("QLT", "IPP", "LUT", "ISD"))
        images = [self._file(suffix, tile=True) + ".TIF" for suffix in SUFFIXES[task.kind]]
        productxml.write_quality(os.path.join(auxiliary, quality + ".xml"), task.kind == CROP_MASK, result.pixel_matrix,
                                 {c.label: c.code for c in self._classes})
        productxml.write_parameters(os.path.join(auxiliary, parameters + ".xml"), task, self._days,
                                    self._acquisitions)
        self._write_legend(os.path.join(auxiliary, legend))
        files = [f"AUX_DATA/{quality}.xml", f"AUX_DATA/{parameters}.xml", f"AUX_DATA/{legend}.lut",
                 f"AUX_DATA/{legend}.qml"]
        if task.parcels:
            self._keep_parcels(os.path.join(auxiliary, insitu + ".zip"))
            files.append(f"AUX_DATA/{insitu}.zip")
        preview = self._file("PVI") + ".jpg"
        self._write_preview(os.path.join(self._root, preview))
        tile = os.path.basename(self._tile)
        productxml.write_tile(os.path.join(self._tile, self._file("MTD", tile=True) + ".xml"), self._grid,
                              task.info.tile, images)
        productxml.write_product(
            os.path.join(self._root, self._file("MTD") + ".xml"), self.name, task, self._created, self._acquisitions,
            [*files, preview, *(f"TILES/{tile}/{'QI' if place == 2 else 'IMG'}_DATA/{image}"
                                for place, image in enumerate(images))])

    def _file(self, category, tile=False):
        parts = ("S2AGRI", self._task.kind, category, self._period, f"T{self._task.info.tile}" if tile else "")
        return "_".join(filter(None, parts))

    def _translate(self, values):
        return self._codes[values]

    def _write_legend(self, path):
        """As Sen2-Agri's table, and as a style that QGIS loads onto a raster of the product."""
        with open(path + ".lut", "w", encoding="utf-8", newline="\n") as text:
            text.write(f"{NODATA} 0 0 0 # No data\n")
            text.writelines(f"{c.code} {' '.join(map(str, c.colour))} # {c.label}\n" for c in self._classes)
        with open(path + ".qml", "w", encoding="utf-8", newline="\n") as text:
            text.write(paletted_qml([replace(c, value=int(c.code)) for c in self._classes]))

    def _keep_parcels(self, path):
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


def check_codes(classes, least):
    """Refuse codes that do not fit, before the work begins.

    Parameters
    ----------
    classes : iterable of MapClass
    least : int
        The smallest code; in a map of crops 0 means no crop.

    Raises
    ------
    UnsuitableInput
        If a code is no whole number that an int16 raster holds.
    """
    for map_class in classes:
        code = map_class.code
        if not (code.isascii() and code.isdecimal() and least <= int(code) <= LARGEST_CODE):
            raise UnsuitableInput(
                f"The class code {code} does not fit into a Sen2-Agri product, whose rasters take whole numbers from "
                f"{least} to {LARGEST_CODE}. Use other codes, or leave PRODUCT out: the maps themselves take any code.")
