"""Parcels made fit for training, one step after the other; what is rejected says why."""

from dataclasses import dataclass

from qgis.core import QgsCsException, QgsGeometry, QgsSpatialIndex, QgsWkbTypes

from ..compute.errors import UnsuitableInput
from ..compute.insitu.preparation import (
    LEFT_OUT,
    NO_AREA,
    NO_CLASS,
    OVERLAP,
    SLIVER,
    TOO_SMALL,
    VANISHED,
    ParcelOutcome,
)
from .geometry import Surveyor, polygons_in, valid_polygons
from .insitu import transform_between

# Square metres: neighbours whose common border was digitised twice overlap by less.
LEAST_OVERLAP = 1.0


@dataclass
class PreparedParcel:
    """A parcel on its way.

    Attributes
    ----------
    parcel : LabelledParcel
    original, geometry : QgsGeometry
        As it came (repaired, in the CRS of the result), and as it is now.
    areas : list of float
        Square metres after each step.
    reason : str
        Why it was rejected; empty as long as it is not.
    repaired : bool
    disputed : float
        Square metres that other parcels claim, too.
    """

    parcel: object
    original: object
    geometry: object
    areas: list
    reason: str = ""
    repaired: bool = False
    disputed: float = 0.0

    def fate(self):
        """What became of it."""
        return ParcelOutcome(self.parcel.code, tuple(self.areas), self.reason, self.repaired, self.disputed)


def prepare_parcels(found, layers, left_out, settings, crs, context, progress):
    """Repair, cut, shrink and filter parcels.

    Parameters
    ----------
    found : list of LabelledParcel
    layers : tuple of InsituLayer
    left_out : collection of str
        Classes that are not wanted.
    settings : PreparationSettings
    crs : QgsCoordinateReferenceSystem
        Of the result.
    context : QgsProcessingContext
    progress : Progress

    Returns
    -------
    list of PreparedParcel
        In the order given.

    Raises
    ------
    UnsuitableInput
        If coordinates make no sense in their CRS or cannot be brought to that of the result.
    """
    surveyor = Surveyor(crs, context.transformContext())
    transforms = [transform_between(layer.source, crs, context) for layer in layers]
    parcels = []
    for number, parcel in enumerate(found):
        progress.step(0.3 * number / len(found))
        parcels.append(_read(parcel, transforms[parcel.layer], left_out, surveyor, settings))
    usable = [parcel for parcel in parcels if not parcel.reason]
    _cut_overlaps(usable, surveyor, progress.part(0.3, 0.6))
    usable = [parcel for parcel in usable if not parcel.reason]
    for number, parcel in enumerate(usable):
        progress.step(0.6 + 0.4 * number / len(usable))
        _shrink(parcel, surveyor, settings)
    progress.step(1.0)
    return parcels


def _read(parcel, transform, left_out, surveyor, settings):
    polygons, repaired = valid_polygons(parcel.feature.geometry())
    if not polygons.isEmpty():
        # Straight edges without heights, which is all that the results can hold.
        polygons = polygons.coerceToType(QgsWkbTypes.Type.MultiPolygon)[0]
        try:
            polygons.transform(transform)
            is_sound = polygons.boundingBox().isFinite()
        except QgsCsException:
            is_sound = False
        if not is_sound:
            raise UnsuitableInput(f"The parcel {parcel.feature.id()} cannot be brought to the coordinate reference "
                                  "system of the result. Check that of the layer, and CRS.")
        polygons, _ = valid_polygons(polygons)
    if polygons.isEmpty():
        return PreparedParcel(parcel, polygons, polygons, [], NO_AREA if parcel.code else NO_CLASS, repaired)
    area = surveyor.area(polygons)
    reason = (NO_CLASS if not parcel.code else LEFT_OUT if parcel.code in left_out else
              SLIVER if area < settings.sliver_area else "")
    return PreparedParcel(parcel, QgsGeometry(polygons), polygons, [area], reason, repaired)


def _cut_overlaps(parcels, surveyor, progress):
    """Take away what several parcels claim: from all if their classes differ, from the later one if not."""
    index = QgsSpatialIndex()
    losses = [[] for _ in parcels]
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
            shared = polygons_in(parcel.geometry.intersection(other.geometry))
            if shared.isEmpty() or surveyor.area(shared) < LEAST_OVERLAP:
                continue
            losses[number].append(shared)
            if parcel.parcel.code != other.parcel.code:
                losses[earlier].append(shared)
    for number, (parcel, lost) in enumerate(zip(parcels, losses)):
        progress.step(0.8 + 0.2 * number / len(parcels))
        if lost:
            parcel.geometry = polygons_in(parcel.geometry.difference(QgsGeometry.unaryUnion(lost)))
        left = 0.0 if parcel.geometry.isEmpty() else surveyor.area(parcel.geometry)
        parcel.disputed = max(0.0, parcel.areas[0] - left) if lost else 0.0
        if lost and left < LEAST_OVERLAP:
            parcel.reason = OVERLAP
        else:
            parcel.areas.append(left)


def _shrink(parcel, surveyor, settings):
    polygons = parcel.geometry
    if settings.distance > 0:
        polygons = surveyor.shrink(polygons, settings.distance, settings.segments)
    pieces = [QgsGeometry(part.clone()) for part in polygons.constParts()] if not polygons.isEmpty() else []
    areas = [surveyor.area(piece) for piece in pieces]
    kept = [place for place, area in enumerate(areas) if area >= settings.sliver_area]
    if settings.parts == "largest" and kept:
        kept = [max(kept, key=lambda place: areas[place])]
    area = sum(areas[place] for place in kept)
    if not kept:
        parcel.reason = VANISHED
        return
    parcel.geometry = QgsGeometry.collectGeometry([pieces[place] for place in kept])
    parcel.geometry.convertToMultiType()
    parcel.areas.append(area)
    if area < settings.min_area:
        parcel.reason = TOO_SMALL
    else:
        parcel.areas.append(area)
