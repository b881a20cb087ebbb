"""Preparation of parcels for training: repair, overlaps, inner buffer, minimum area; each rejection has a reason."""

from dataclasses import dataclass

from qgis.core import QgsGeometry, QgsSpatialIndex, QgsWkbTypes

from ..compute.insitu.insitu_preparation import (
    LEFT_OUT,
    NO_AREA,
    NO_CLASS,
    OVERLAP,
    SLIVER,
    TOO_SMALL,
    VANISHED,
    ParcelOutcome,
)
from .parcel_geometry import MetricGeometry, polygons_in, valid_polygons
from .transforms import transform_between, transformed

# Square metres: smaller overlaps come from common borders digitised twice.
MIN_OVERLAP_AREA = 1.0


@dataclass
class PreparedParcel:
    """A parcel in preparation.

    Attributes
    ----------
    parcel : LabelledParcel
    original, geometry : QgsGeometry
        As it was read (repaired, in the output CRS), and after the latest step.
    areas : list of float
        Square metres after each step.
    reason : str
        Why it was rejected; empty if it was not.
    repaired : bool
    disputed : float
        Square metres of overlap with other parcels.
    """

    parcel: object
    original: object
    geometry: object
    areas: list
    reason: str = ""
    repaired: bool = False
    disputed: float = 0.0

    def outcome(self):
        """Return its class, areas and rejection without geometry, for the report."""
        return ParcelOutcome(self.parcel.code, tuple(self.areas), self.reason, self.repaired, self.disputed)


def prepare_parcels(labelled, layers, excluded, settings, crs, context, progress):
    """Repair parcels, remove overlaps, apply inner buffer and minimum area.

    Parameters
    ----------
    labelled : list of LabelledParcel
    layers : tuple of InsituLayer
    excluded : collection of str
        Classes that the class code table leaves out.
    settings : PreparationSettings
    crs : QgsCoordinateReferenceSystem
        Output CRS.
    context : QgsProcessingContext
    progress : Progress

    Returns
    -------
    list of PreparedParcel
        In the order of `labelled`.

    Raises
    ------
    UnsuitableInput
        If coordinates are outside the validity of their CRS or cannot be transformed to the output CRS.
    """
    metric = MetricGeometry(crs, context.transformContext())
    transforms = [transform_between(layer.source, crs, context) for layer in layers]
    parcels = []
    for number, parcel in enumerate(labelled):
        progress.step(0.3 * number / len(labelled))
        parcels.append(_read(parcel, transforms[parcel.layer], excluded, metric, settings))
    usable = [parcel for parcel in parcels if not parcel.reason]
    _remove_overlaps(usable, metric, progress.part(0.3, 0.6))
    usable = [parcel for parcel in usable if not parcel.reason]
    for number, parcel in enumerate(usable):
        progress.step(0.6 + 0.4 * number / len(usable))
        _buffer(parcel, metric, settings)
    progress.step(1.0)
    return parcels


def _read(parcel, transform, excluded, metric, settings):
    polygons, repaired = valid_polygons(parcel.feature.geometry())
    if not polygons.isEmpty():
        # The output format has straight edges without Z values.
        polygons = polygons.coerceToType(QgsWkbTypes.Type.MultiPolygon)[0]
        polygons, _ = valid_polygons(transformed(polygons, transform, f"Parcel {parcel.feature.id()}"))
    if polygons.isEmpty():
        return PreparedParcel(parcel=parcel, original=polygons, geometry=polygons, areas=[],
                              reason=NO_AREA if parcel.code else NO_CLASS, repaired=repaired)
    area = metric.area(polygons)
    reason = (NO_CLASS if not parcel.code else LEFT_OUT if parcel.code in excluded else
              SLIVER if area < settings.max_sliver_area else "")
    return PreparedParcel(parcel=parcel, original=QgsGeometry(polygons), geometry=polygons, areas=[area], reason=reason,
                          repaired=repaired)


def _remove_overlaps(parcels, metric, progress):
    """Remove overlaps of parcels: from both if their classes differ, from the later one if not."""
    index = QgsSpatialIndex()
    overlaps = [[] for _ in parcels]
    for number, parcel in enumerate(parcels):
        progress.step(0.8 * number / len(parcels))
        box = parcel.geometry.boundingBox()
        near = sorted(index.intersects(box))
        index.addFeature(number, box)
        engine = None
        for earlier in near:
            if engine is None:
                engine = QgsGeometry.createGeometryEngine(parcel.geometry.constGet())
                engine.prepareGeometry()
            other = parcels[earlier]
            if not engine.intersects(other.geometry.constGet()) or engine.touches(other.geometry.constGet()):
                continue
            overlap = polygons_in(parcel.geometry.intersection(other.geometry))
            if overlap.isEmpty() or metric.area(overlap) < MIN_OVERLAP_AREA:
                continue
            overlaps[number].append(overlap)
            if parcel.parcel.code != other.parcel.code:
                overlaps[earlier].append(overlap)
    for number, (parcel, removed) in enumerate(zip(parcels, overlaps)):
        progress.step(0.8 + 0.2 * number / len(parcels))
        if removed:
            parcel.geometry = polygons_in(parcel.geometry.difference(QgsGeometry.unaryUnion(removed)))
        remaining = 0.0 if parcel.geometry.isEmpty() else metric.area(parcel.geometry)
        parcel.disputed = max(0.0, parcel.areas[0] - remaining) if removed else 0.0
        if removed and remaining < MIN_OVERLAP_AREA:
            parcel.reason = OVERLAP
        else:
            parcel.areas.append(remaining)


def _buffer(parcel, metric, settings):
    polygons = parcel.geometry
    if settings.distance > 0:
        polygons = metric.inner_buffer(polygons, settings.distance, settings.segments)
    parts = [QgsGeometry(part.clone()) for part in polygons.constParts()] if not polygons.isEmpty() else []
    areas = [metric.area(part) for part in parts]
    kept = [index for index, area in enumerate(areas) if area >= settings.max_sliver_area]
    if settings.parts == "largest" and kept:
        kept = [max(kept, key=lambda index: areas[index])]
    area = sum(areas[index] for index in kept)
    if not kept:
        parcel.reason = VANISHED
        return
    parcel.geometry = QgsGeometry.collectGeometry([parts[index] for index in kept])
    parcel.geometry.convertToMultiType()
    parcel.areas.append(area)
    if area < settings.min_area:
        parcel.reason = TOO_SMALL
    else:
        parcel.areas.append(area)
