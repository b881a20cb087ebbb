"""Rasters of a classification: class, confidence and class probabilities."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass, replace

from ..classifiers.classifier import Model
from ..classmap.class_map import categorical_layout, categorical_side_files
from ..classmap.training_record import record_tags
from ..output_files import OutputSet
from ..raster.band_metadata import synthetic_tag
from ..raster.grid import Grid
from ..raster.raster_styles import shipped_style
from ..raster.writer import RasterLayout, RasterWriter, create_raster

CLASS_BAND = "class"
CONFIDENCE_BAND = "confidence"


@dataclass(frozen=True)
class MapPaths:
    """Paths of the rasters of a classification; empty for those not requested.

    Parameters
    ----------
    classes : str
        Class values 1..n, 0 where some feature has no data.
    confidence : str
        Mean probability of the mapped class, 0..1 (float32); NaN where there is no class.
    probabilities : str
        Mean probability of each class, one float32 band each, named by class; NaN where there is no class.
    """

    classes: str = ""
    confidence: str = ""
    probabilities: str = ""


@contextlib.contextmanager
def create_maps(paths: MapPaths, grid: Grid, model: Model, is_synthetic: bool = False,
                outputs: OutputSet | None = None) -> Iterator[dict[str, RasterWriter]]:
    """Create the rasters of a classification; after an error in the block all are removed.

    Parameters
    ----------
    paths : MapPaths
    grid : Grid
    model : Model
        With the classes, and the record of the training pixels, which is stored in a class map on the same grid.
    is_synthetic : bool
        Whether to tag the maps as synthetic sample data.
    outputs : OutputSet, optional
        Further outputs with which the rasters appear.

    Yields
    ------
    dict of str to RasterWriter
        By field name of `paths`; only those requested.
    """
    nan, classes = float("nan"), model.classes
    tags = synthetic_tag(is_synthetic)
    layouts = {
        "classes": replace(categorical_layout(grid, classes, CLASS_BAND, tags),
                           domain_tags=record_tags(model.training_record, grid)),
        "confidence": RasterLayout(grid, "float32", (CONFIDENCE_BAND,), nodata=nan, tags=tags),
        "probabilities": RasterLayout(grid, "float32", tuple(c.code for c in classes), nodata=nan, tags=tags)}
    side_files = {"classes": categorical_side_files(classes, CLASS_BAND),
                  "confidence": {".qml": shipped_style("confidence")},
                  "probabilities": {".qml": shipped_style("probability")}}
    with contextlib.ExitStack() as opened:
        outputs = outputs or opened.enter_context(OutputSet())
        yield {name: opened.enter_context(create_raster(getattr(paths, name), layout, side_files.get(name), outputs))
               for name, layout in layouts.items() if getattr(paths, name)}
