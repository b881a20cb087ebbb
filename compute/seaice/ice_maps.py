"""Maps of a scene: ice type, confidence and disagreement with the chart, with pixel counts by polygon and cell."""

import contextlib
import os
from dataclasses import dataclass

import numpy as np

from ..classification.class_maps import MapPaths, create_maps
from ..classmap.class_map import categorical_layout, categorical_side_files, class_areas
from ..classmap.classes import MapClass
from ..output_files import OutputSet
from ..raster.band_metadata import DATE_TAG, synthetic_tag
from ..raster.blocks import run_blocks
from ..raster.writer import create_raster

MAX_THUMBNAIL_SIZE = 260
AGREES, WATER_FOR_ICE, ICE_FOR_WATER, OTHER_ICE = 1, 2, 3, 4
DISAGREEMENT = (MapClass(AGREES, "agree", "Chart and map agree", (225, 232, 236)),
                MapClass(WATER_FOR_ICE, "map_water", "Map: water, chart: ice", (30, 110, 200)),
                MapClass(ICE_FOR_WATER, "map_ice", "Map: ice, chart: water", (215, 60, 40)),
                MapClass(OTHER_ICE, "other_ice", "Other ice type", (240, 165, 40)))


@dataclass(frozen=True, eq=False)
class MappedScene:
    """Paths and pixel counts of the maps of a scene.

    Parameters
    ----------
    map_path, confidence_path, disagreement_path : str
        The last is empty without a chart.
    class_counts : ndarray of int64, shape (256,)
        Pixels of each class value.
    class_areas : ndarray of float64, shape (256,)
        Their area in square metres.
    compared_pixels, agreeing_pixels : int
        Pixels in chart polygons with a class, and those of them with the same class in the map.
    counts_by_polygon : ndarray of int64, shape (polygons + 1, 256)
        Pixels of each class in each polygon of the chart; the last row counts pixels outside.
    counts_by_cell : ndarray of int32, shape (rows, columns, values) or None
        Pixels of each class in each cell, up to the largest class value of the model.
    cell_pixels : int
        Cell size in pixels.
    thumbnail : ndarray of uint8, shape (height, width)
        Subsampled map.
    """

    map_path: str
    confidence_path: str
    disagreement_path: str
    class_counts: np.ndarray
    class_areas: np.ndarray
    compared_pixels: int
    agreeing_pixels: int
    counts_by_polygon: np.ndarray
    counts_by_cell: np.ndarray
    cell_pixels: int
    thumbnail: np.ndarray


def map_scene(scene, source, model, chart_raster, water, folder, settings, executor, progress):
    """Classify a scene and write its maps.

    Parameters
    ----------
    scene : RadarScene
    source : FeatureSource
    model : Model
    chart_raster : ChartRaster or None
        Its land is masked.
    water : frozenset of int
        Class values that are not ice.
    folder : str
        Output folder for ``<scene>_ice.tif``, ``<scene>_confidence.tif`` and ``<scene>_disagreement.tif``.
    settings : IceSettings
    executor : concurrent.futures.Executor
    progress : Progress

    Returns
    -------
    MappedScene
    """
    grid, classifier = source.grid, model.classifier
    values = np.array([entry.value for entry in model.classes], np.uint8)
    is_water = np.isin(np.arange(256), list(water))
    paths = [os.path.join(folder, f"{scene.name}_{kind}.tif") for kind in ("ice", "confidence", "disagreement")]
    counts = _Counts(grid, chart_raster, int(values.max()) + 1, settings)

    def work(window):
        progress.check()
        features, valid = source.read(window)
        indices = chart = None
        if chart_raster is not None:
            indices = chart_raster.polygon_indices(window).ravel()
            chart, is_land = (plane.ravel() for plane in chart_raster.polygon_labels(indices))
            valid &= ~is_land
        block, confidence = np.zeros(len(valid), np.uint8), np.full(len(valid), np.nan, np.float32)
        if valid.any():
            probabilities = classifier.predict_probabilities(features if valid.all() else features[valid],
                                                             progress.check)
            block[valid] = values[probabilities.argmax(axis=1)]
            confidence[valid] = probabilities.max(axis=1)
        planes = [block.reshape(1, *window.shape), confidence.reshape(1, *window.shape)]
        if chart is not None:
            planes.append(_compare(block, chart, is_water).reshape(1, *window.shape))
        return planes, indices

    tags = {DATE_TAG: scene.day.isoformat(), **synthetic_tag(scene.is_synthetic)}
    with contextlib.ExitStack() as opened:
        outputs = opened.enter_context(OutputSet())
        maps = opened.enter_context(create_maps(MapPaths(*paths[:2]), grid, model, outputs=outputs))
        writers = [maps["classes"], maps["confidence"]]
        for writer in writers:
            writer.update_tags(tags)
        if chart_raster is not None and settings.disagreement:
            layout = categorical_layout(grid, DISAGREEMENT, "disagreement", tags)
            writers.append(opened.enter_context(create_raster(
                paths[2], layout, categorical_side_files(DISAGREEMENT, "disagreement"), outputs)))

        def finish(window, result):
            planes, indices = result
            for writer, plane in zip(writers, planes):
                writer.write(window, plane)
            counts.add(window, planes[0][0], indices, planes[2] if len(planes) > 2 else None)

        run_blocks(source.blocks(), work, finish, executor, progress)
    return MappedScene(map_path=paths[0], confidence_path=paths[1],
                       disagreement_path=paths[2] if len(writers) > 2 else "", **counts.result())


def _compare(block, chart, is_water):
    compared = np.zeros(len(block), np.uint8)
    both = (block > 0) & (chart > 0)
    map_water, chart_water = is_water[block], is_water[chart]
    compared[both] = OTHER_ICE
    compared[both & map_water & ~chart_water] = WATER_FOR_ICE
    compared[both & ~map_water & chart_water] = ICE_FOR_WATER
    compared[both & ((block == chart) | (map_water & chart_water))] = AGREES
    return compared


class _Counts:
    """Pixel counts and thumbnail of a map, accumulated over blocks."""

    def __init__(self, grid, chart_raster, depth, settings):
        self._stride = max(1, -(-max(grid.shape) // MAX_THUMBNAIL_SIZE))
        self._thumbnail = np.zeros([-(-edge // self._stride) for edge in grid.shape], np.uint8)
        self._grid = grid
        self._class_counts, self._class_areas = np.zeros(256, np.int64), np.zeros(256)
        self._compared = np.zeros(256, np.int64)
        polygons = len(chart_raster.polygons) if chart_raster is not None else 0
        self._counts_by_polygon = np.zeros((polygons + 1, 256), np.int64)
        self._cell = max(1, round(settings.draft_cell_size / grid.pixel_width))
        rows, columns = (-(-edge // self._cell) for edge in grid.shape)
        needs_cells = settings.ice_edge or settings.draft_chart == "grid"
        self._counts_by_cell = np.zeros((rows, columns, depth), np.int32) if needs_cells else None

    def add(self, window, block, indices, compared):
        self._class_counts += np.bincount(block.ravel(), minlength=256)
        self._class_areas += class_areas(block.ravel(), 256, self._grid, window)
        if compared is not None:
            self._compared += np.bincount(compared.ravel(), minlength=256)
        if indices is not None:
            # -1, no polygon, becomes the last row
            _add(self._counts_by_polygon, indices % len(self._counts_by_polygon), block.ravel())
        rows, columns = np.arange(*_span(window.row, window.height)), np.arange(*_span(window.col, window.width))
        if self._counts_by_cell is not None:
            cells = rows[:, None] // self._cell * self._counts_by_cell.shape[1] + columns[None, :] // self._cell
            _add(self._counts_by_cell.reshape(-1, self._counts_by_cell.shape[2]), cells.ravel(), block.ravel())
        sampled = rows % self._stride == 0, columns % self._stride == 0
        self._thumbnail[np.ix_(rows[sampled[0]] // self._stride, columns[sampled[1]] // self._stride)] = block[
            np.ix_(*sampled)]

    def result(self):
        return {"class_counts": self._class_counts, "class_areas": self._class_areas,
                "compared_pixels": int(self._compared[1:].sum()),
                "agreeing_pixels": int(self._compared[AGREES]), "counts_by_polygon": self._counts_by_polygon,
                "counts_by_cell": self._counts_by_cell, "cell_pixels": self._cell, "thumbnail": self._thumbnail}


def _add(table, rows, columns):
    """Count pairs of row and column into a table, in place."""
    cells, counts = np.unique(rows.astype(np.int64) * table.shape[1] + columns, return_counts=True)
    table.reshape(-1)[cells] += counts.astype(table.dtype)


def _span(start, length):
    return start, start + length
