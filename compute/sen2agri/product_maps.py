"""Final pass over the image: write final map, raw map, quality flags and product folder, and count for accuracy."""

import contextlib
import sys
from dataclasses import replace

import numpy as np

from ..classmap.class_map import categorical_layout, categorical_side_files, class_areas
from ..classmap.classes import MapClass
from ..classmap.training_record import record_tags
from ..raster.band_metadata import synthetic_tag
from ..raster.blocks import run_blocks
from ..raster.raster_styles import shipped_style
from ..raster.writer import RasterLayout, create_raster
from .product_folder import ProductFolder
from .product_task import CROP_MASK
from .status_flags import NAMES

BLOCK = 512
BAND = "class"

# Tag with the no-crop value of a crop mask; 0 for masks without the tag.
NO_CROP_TAG = "NO_CROP_VALUE"
NO_CROP_LABEL, NO_CROP_COLOUR = "No crop", (255, 255, 255)


class ProductWriter(contextlib.ExitStack):
    """Writer of all rasters of a product; as a context manager, all are completed or none.

    Parameters
    ----------
    task : ProductTask
    paths : ProductPaths
    stack : SeriesStack
    model : Model
    reference : ReferenceData
    raw, final : RasterReader
        Map before and after smoothing by segments; the same raster without smoothing.
    mask : RasterReader or None
    flags : StatusFlags
    outputs : OutputSet

    Attributes
    ----------
    classes : tuple of MapClass
        Classes of the final map.
    """

    def __init__(self, task, paths, stack, model, reference, raw, final, mask, flags, outputs):
        super().__init__()
        self._reference, self._raw, self._final, self._mask, self._flags = reference, raw, final, mask, flags
        self._grid, self._outputs = stack.grid, outputs
        self.classes = reference.classes
        self._outside = 0
        if mask is not None:
            self._outside = 1 + max(map_class.value for map_class in reference.classes)
            self.classes += (MapClass(self._outside, "0", NO_CROP_LABEL, NO_CROP_COLOUR),)
            self._no_crop = int(mask.tags.get(NO_CROP_TAG, 0))
        self._plan_outputs(task, paths, stack, model)

    def _plan_outputs(self, task, paths, stack, model):
        tags = synthetic_tag(stack.is_synthetic)
        if task.kind == CROP_MASK:
            tags[NO_CROP_TAG] = "1"
        training_record = record_tags(model.training_record, self._grid)
        planned = [(paths.final, "final", self.classes), (paths.raw, "raw", self._reference.classes)]
        self._planned = [
            (path, plane, replace(categorical_layout(self._grid, classes, BAND, tags), domain_tags=training_record),
             categorical_side_files(classes, BAND)) for path, plane, classes in planned if path]
        if paths.quality:
            layout = RasterLayout(self._grid, "int16", NAMES, nodata=-1)
            self._planned.append((paths.quality, "flags", layout, {".qml": shipped_style("clear_count")}))
        self._product = ProductFolder(task, stack, self.classes) if paths.folder else None
        self._product_path = paths.folder

    def __enter__(self):
        super().__enter__()
        try:
            self._writers = [(plane, self.enter_context(create_raster(path, layout, side, self._outputs)), None)
                             for path, plane, layout, side in self._planned]
            if self._product:
                self._writers += self.enter_context(self._product.create(self._product_path, self._outputs))
        except BaseException:
            self.__exit__(*sys.exc_info())
            raise
        return self

    def run(self, raw_counts, executor, progress):
        """Write all rasters, and count the classes of the final map in the validation parcels.

        Parameters
        ----------
        raw_counts : MapCounts
            Counts of the raw map.
        executor : concurrent.futures.Executor
        progress : Progress

        Returns
        -------
        MapCounts
            Counts of the final map.
        """
        count = 1 + max(map_class.value for map_class in self.classes)
        mapped, mapped_areas = np.zeros(count, np.int64), np.zeros(count)
        by_parcel = np.zeros((len(self._reference.values), count), np.int64)

        def work(window):
            progress.check()
            planes = self._planes(window)
            values = planes["final"].ravel().astype(np.int64)
            cells = np.empty(0, np.int64)
            if self._reference.parcel_map.touches(window):
                parcels, _ = self._reference.labels(window)
                assessed = self._reference.is_validation[parcels] & (values > 0)
                cells = parcels[assessed].astype(np.int64) * count + values[assessed]
            return planes, np.bincount(values, minlength=count), class_areas(
                values, count, self._grid, window), np.unique(cells, return_counts=True)

        def finish(window, result):
            planes, counts, areas, (cells, cell_counts) = result
            for plane, writer, to_codes in self._writers:
                writer.write(window, to_codes(planes[plane]) if to_codes else planes[plane])
            if self._product:
                self._product.update_preview(window, planes["final"])
            np.add(mapped, counts, out=mapped)
            np.add(mapped_areas, areas, out=mapped_areas)
            by_parcel.reshape(-1)[cells] += cell_counts

        run_blocks(self._grid.blocks(BLOCK, BLOCK), work, finish, executor, progress)
        return replace(raw_counts, class_counts=mapped, class_areas=mapped_areas, parcel_counts=by_parcel)

    def finish(self, result):
        """Write metadata and accuracy into the product folder.

        Parameters
        ----------
        result : Classification
        """
        if self._product:
            self._product.write_metadata(result)

    def _planes(self, window):
        raw = self._raw.read(window, [0])[0]
        final = raw if self._final is self._raw else self._final.read(window, [0])[0]
        if self._mask is not None:
            mask = self._mask.read(window, [0])[0]
            final = np.where((mask == self._no_crop) & (raw > 0), self._outside, raw)
        needs_flags = any(plane == "flags" for plane, _, _ in self._writers)
        return {"raw": raw, "final": final, "flags": self._flags.count(window) if needs_flags else None}
