"""Preparation of surveyed parcels as in-situ data for Sen2-Agri and other classifiers."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, TypeVar

from qgis.core import (
    QgsCoordinateReferenceSystem,
    QgsFeature,
    QgsField,
    QgsFields,
    QgsGeometry,
    QgsProcessingContext,
    QgsProcessingFeedback,
    QgsWkbTypes,
)
from qgis.PyQt.QtCore import QVariant

from ...compute.declarations import ParameterDeclaration, with_defaults
from ...compute.errors import UnsuitableInput
from ...compute.insitu.class_codes import ClassCode, codes_for, irrigation_of, read_codes
from ...compute.insitu.insitu_preparation import (
    PREPARATION_PARAMETERS,
    ParcelOutcome,
    PreparationSettings,
    rejected_by_reason,
    small_classes,
)
from ...compute.insitu.parcel import similar_spellings
from ...compute.insitu.preparation_report import write_preparation_report
from ...compute.messages import listed
from ...compute.output_files import OutputSet
from ...compute.progress import Progress
from ...provider.base import Algorithm, Group, OutputValue, Parameters
from ...provider.insitu_inputs import (
    CLASS_FIELD,
    INSITU_PARAMETERS,
    check_insitu,
    codes_with_cropland,
    insitu_layers,
    labelled_parcels,
)
from ...provider.layer_outputs import write_layers
from ...provider.parameters import is_given, read, read_settings
from ...provider.parcel_inputs import class_code, require_field
from ...vector.parcel_archive import MAX_ID, write_archive
from ...vector.parcel_preparation import PreparedParcel, prepare_parcels

Item = TypeVar("Item")

INTEGER, REAL, TEXT = QVariant.Int, QVariant.Double, QVariant.String
SEN2AGRI_FIELDS = (("ID", INTEGER, 6, 0), ("CROP", INTEGER, 1, 0), ("LC", TEXT, 70, 0), ("CODE", INTEGER, 8, 0),
                   ("IRRIGATION", INTEGER, 1, 0))
OUTPUT_FIELDS = (*SEN2AGRI_FIELDS, ("AREA", REAL, 20, 3), ("CLASS", TEXT, 254, 0), ("SOURCE", TEXT, 254, 0))
REJECTED_FIELDS = (("CLASS", TEXT, 254, 0), ("REASON", TEXT, 40, 0), ("AREA", REAL, 20, 3), ("SOURCE", TEXT, 254, 0))

CODES = ParameterDeclaration(
    "CODES", "Class code table (CSV)",
    "CSV file with the columns label (as in the class field) and code, and optionally lc (name), crop (1 or 0) and "
    "irrigation (0, 1 or 2). Without it, known crops get the codes of Sen2-Agri, numeric labels are kept as codes, and "
    "other classes are numbered from 90001.", kind="file", file_filter="CSV files (*.csv *.txt)", optional=True)
CROP_FIELD = ParameterDeclaration(
    "CROP_FIELD", "Cropland field (1 = crop, 0 = other)",
    "Field with 1 for cropland and 0 for other land. Overrides class names and the class code table.", kind="field",
    parent="INPUT", optional=True)
IRRIGATION_FIELD = ParameterDeclaration(
    "IRRIGATION_FIELD", "Irrigation field",
    "Field with the irrigation of each parcel: 0 unknown, 1 or yes, 2 or no. Overrides the class code table.",
    kind="field", parent="INPUT", optional=True, advanced=True)
CRS = ParameterDeclaration(
    "CRS", "Output CRS",
    "Coordinate reference system of the outputs; empty keeps that of the parcels. Sen2-Agri recommends the UTM zone of "
    "the site (WGS 84).", kind="crs", optional=True)
OUTPUT = ParameterDeclaration(
    "OUTPUT", "Prepared parcels",
    "Parcels kept, with the attributes of Sen2-Agri, AREA (m²), CLASS (the label of the class field) and SOURCE (layer "
    "and feature id).", kind="layer_destination")
ARCHIVE = ParameterDeclaration(
    "ARCHIVE", "Sen2-Agri archive (zipped shapefile)",
    "The parcels kept, as a zipped shapefile with exactly the attributes that Sen2-Agri requires.",
    kind="file_destination", file_filter="Zipped shapefiles (*.zip)", optional=True, is_created=False)
REPORT = ParameterDeclaration(
    "REPORT", "Report",
    "HTML report: parcels and area of each class after each step, parcel sizes, and rejected parcels by reason.",
    kind="file_destination", file_filter="HTML files (*.html)", optional=True)
REJECTED = ParameterDeclaration(
    "REJECTED", "Parcels rejected", "Parcels not kept, with their original geometry and the reason.",
    kind="layer_destination", optional=True, is_created=False)
INPUT_COUNT = ParameterDeclaration("INPUT_COUNT", "Parcels read", kind="number_result")
OUTPUT_COUNT = ParameterDeclaration("OUTPUT_COUNT", "Parcels kept", kind="number_result")
OUTPUT_AREA = ParameterDeclaration("OUTPUT_AREA", "Parcel area kept (m²)", kind="number_result")


class PrepareInsitu(Algorithm):
    """Repair, buffer, filter and code surveyed parcels."""

    NAME = "prepareinsitu"
    TITLE = "Prepare in-situ data"
    GROUP = Group.INSITU
    TAGS = ("in-situ", "ground truth", "reference data", "training data", "field survey", "sen2-agri", "sen4stat",
            "jecam", "class codes", "overlaps", "slivers", "mixed pixels", "inner buffer", "shapefile", "zip")
    HELP = ("Prepares surveyed parcels for training: repairs geometries, removes overlaps and slivers, applies an "
            "inner buffer and a minimum area, assigns class codes and the attributes of Sen2-Agri (ID, CROP, LC, CODE, "
            "IRRIGATION), and reports parcels and area of each class after each step. The zipped shapefile can be "
            "uploaded to Sen2-Agri unchanged.")
    REQUIRES = ("jinja2", "matplotlib")
    PARAMETERS = (
        *INSITU_PARAMETERS, CODES, *with_defaults(PREPARATION_PARAMETERS, PreparationSettings()), CROP_FIELD,
        IRRIGATION_FIELD, CRS, OUTPUT, ARCHIVE, REPORT, REJECTED, INPUT_COUNT, OUTPUT_COUNT, OUTPUT_AREA,
    )

    def checkParameterValues(self, parameters: Parameters, context: QgsProcessingContext) -> tuple[bool, str]:
        """Check the parcels, the class field and the output CRS."""
        message = check_insitu(self, parameters, context)
        crs = parameters.get(CRS.name)
        # The dialog passes an invalid CRS object where none is chosen.
        is_named = isinstance(crs, str) and is_given(crs)
        if is_named and not self.parameterAsCrs(parameters, CRS.name, context).isValid():
            message = message or self.tr("The coordinate reference system {} is unknown to QGIS. Choose another as "
                                         "CRS, or leave it empty.").format(crs)
        return (False, message) if message else super().checkParameterValues(parameters, context)

    def prepare_inputs(self, parameters: Parameters, context: QgsProcessingContext,
                       feedback: QgsProcessingFeedback) -> None:
        """Open the parcels."""
        archive = read(self, ARCHIVE, parameters, context)
        if archive and not archive.lower().endswith(".zip"):
            raise UnsuitableInput("ARCHIVE is a zipped shapefile. Choose a file name that ends in .zip.")
        self.layers = insitu_layers(self, parameters, context)

    def execute(self, parameters: Parameters, context: QgsProcessingContext,
                progress: Progress) -> dict[str, OutputValue]:
        """Read, prepare and write the parcels."""
        settings = PreparationSettings(**read_settings(self, PREPARATION_PARAMETERS, parameters, context))
        labelled = labelled_parcels(self.layers, progress.part(0.0, 0.2))
        table = read(self, CODES, parameters, context)
        codes = codes_for({parcel.code for parcel in labelled} - {""}, read_codes(table) if table else None)
        cropland = read(self, CROP_FIELD, parameters, context)
        if cropland:
            codes = codes_with_cropland(codes, labelled, self.layers, cropland)
        crs = self.parameterAsCrs(parameters, CRS.name, context)
        crs = crs if crs.isValid() else self.layers[0].source.sourceCrs()
        excluded = {label for label, code in codes.items() if code is None}
        prepared = prepare_parcels(labelled, self.layers, excluded, settings, crs, context, progress.part(0.2, 0.9))
        outcomes = [parcel.outcome() for parcel in prepared]
        kept = [parcel for parcel in prepared if not parcel.reason]
        self._report_outcomes(prepared, outcomes, crs, progress)

        attributes = self._attributes(parameters, context, kept, codes, progress)
        features = {OUTPUT.name: [_feature(parcel.geometry, (
            *values, parcel.areas[-1], parcel.parcel.code, self._source(parcel)))
            for parcel, values in _cancellable(zip(kept, attributes), progress)]}
        features[REJECTED.name] = [
            _feature(parcel.original, (parcel.parcel.code, parcel.reason, parcel.areas[0] if parcel.areas else 0.0,
                                       self._source(parcel)))
            for parcel in _cancellable(prepared, progress) if parcel.reason]
        layouts = {name: (_fields(fields), QgsWkbTypes.Type.MultiPolygon, crs)
                   for name, fields in ((OUTPUT.name, OUTPUT_FIELDS), (REJECTED.name, REJECTED_FIELDS))}
        archive, report = (read(self, output, parameters, context) for output in (ARCHIVE, REPORT))
        with OutputSet() as outputs:
            if archive:
                rows = zip((parcel.geometry for parcel in kept), attributes)
                write_archive(outputs.file(archive), os.path.splitext(os.path.basename(archive))[0], rows, crs,
                              progress.check)
            progress.step(0.95)
            if report:
                write_preparation_report(outputs.file(report), outcomes, codes,
                                         self._chosen_settings(parameters, context, settings, crs), settings.min_area)
            progress.step(0.98)
            layers = write_layers(self, parameters, context, layouts, features, progress, outputs)
        files = {name: path for name, path in ((ARCHIVE.name, archive), (REPORT.name, report)) if path}
        return {**layers, **files, INPUT_COUNT.name: len(outcomes), OUTPUT_COUNT.name: len(kept),
                OUTPUT_AREA.name: sum(parcel.areas[-1] for parcel in kept)}

    def _report_outcomes(self, prepared: Sequence[PreparedParcel], outcomes: Sequence[ParcelOutcome],
                         crs: QgsCoordinateReferenceSystem, progress: Progress) -> None:
        """Log what was repaired and rejected; raise where no parcel is left."""
        reasons = rejected_by_reason(outcomes)
        for reason, meaning, count in reasons:
            ids = [parcel.parcel.feature.id() for parcel in prepared if parcel.reason == reason]
            progress.warn(f"Rejected, {reason} ({meaning}): {count} (ids {listed(ids, maximum=20)}).")
        repaired = [parcel.parcel.feature.id() for parcel in prepared if parcel.repaired]
        if repaired:
            progress.say(f"Parcels with invalid geometry, repaired: {len(repaired)} (ids "
                         f"{listed(repaired, maximum=20)}).")
        overlapping = [parcel.parcel.feature.id() for parcel in prepared if parcel.disputed]
        if overlapping:
            area = sum(outcome.disputed for outcome in outcomes)
            progress.warn(f"Parcels from which overlaps with other parcels were removed: {len(overlapping)}, in total "
                          f"{area:.0f} m² (ids {listed(overlapping, maximum=20)}).")
        if all(outcome.reason for outcome in outcomes):
            raise UnsuitableInput("No parcel is left: " + ", ".join(f"{reason} {count}" for reason, _, count in reasons)
                                  + ". Choose a smaller DISTANCE or MIN_AREA, or check the class field.")
        few, lost = small_classes(outcomes)
        if few:
            progress.warn(f"Classes with fewer than three parcels left, too few for training and validation: "
                          f"{listed(few)}.")
        if lost:
            progress.warn(f"Classes without any parcel left: {listed(lost)}.")
        if len(outcomes) > MAX_ID:
            raise UnsuitableInput("Sen2-Agri allows at most 999 999 parcels (ID has six digits). Use fewer parcels.")
        if crs.isGeographic():
            progress.warn("The outputs are in degrees. Sen2-Agri recommends the UTM zone of the site: choose it as "
                          "CRS.")

    def _attributes(self, parameters: Parameters, context: QgsProcessingContext, kept: Sequence[PreparedParcel],
                    codes: dict[str, ClassCode | None], progress: Progress) -> list[tuple]:
        """Return ID, CROP, LC, CODE and IRRIGATION of each parcel kept."""
        field = read(self, IRRIGATION_FIELD, parameters, context)
        column = require_field(self.layers[0].source, field) if field else -1
        rows, unknown = [], set()
        for number, parcel in enumerate(kept, start=1):
            class_attributes = codes[parcel.parcel.code]
            irrigation = class_attributes.irrigation
            if field:
                text = class_code(parcel.parcel.feature.attributes()[column])
                irrigation = irrigation_of(text)
                unknown |= {text} if irrigation is None else set()
            rows.append((number, class_attributes.crop, class_attributes.name, class_attributes.code, irrigation or 0))
        if unknown:
            progress.warn(f"Values of {field} that are no irrigation code, set to 0 (unknown): "
                          f"{listed(sorted(unknown))}.")
        for sentence in similar_spellings(label for label, code in codes.items() if code and code.origin != "table"):
            progress.warn(sentence)
        for label, code in sorted(codes.items()):
            if code:
                progress.say(f"{label}: code {code.code} ({code.origin}), "
                             f"{'cropland' if code.crop else 'other land'}.")
        return rows

    def _source(self, parcel: PreparedParcel) -> str:
        """Return layer and feature id of a parcel."""
        source = self.layers[parcel.parcel.layer].source
        return f"{source.sourceName()}:{parcel.parcel.feature.id()}"[:254]

    def _chosen_settings(self, parameters: Parameters, context: QgsProcessingContext, settings: PreparationSettings,
                         crs: QgsCoordinateReferenceSystem) -> list[tuple[str, str]]:
        """Return the settings of the run as (name, value), for the report."""
        field = read(self, CLASS_FIELD, parameters, context)
        return [("Parcels", ", ".join(layer.source.sourceName() for layer in self.layers)),
                ("Class", field if self.layers[0].field else self.tr("layer name")),
                ("Class code table", os.path.basename(read(self, CODES, parameters, context))),
                ("Buffer distance", f"{settings.distance:g} m"), ("Minimum area", f"{settings.min_area:g} m²"),
                ("Maximum sliver area", f"{settings.max_sliver_area:g} m²"), ("Multi-part parcels", settings.parts),
                ("Coordinate reference system", f"{crs.authid()} {crs.description()}".strip())]


def _cancellable(items: Iterable[Item], progress: Progress) -> Iterator[Item]:
    """Yield the items; raise Cancelled when the run is cancelled."""
    for item in items:
        progress.check()
        yield item


def _fields(rows: Iterable[tuple[str, QVariant.Type, int, int]]) -> QgsFields:
    fields = QgsFields()
    for name, kind, length, precision in rows:
        fields.append(QgsField(name, kind, len=length, prec=precision))
    return fields


def _feature(geometry: QgsGeometry, values: Iterable[Any]) -> QgsFeature:
    feature = QgsFeature()
    if not geometry.isEmpty():
        geometry.convertToMultiType()
        feature.setGeometry(geometry.coerceToType(QgsWkbTypes.Type.MultiPolygon)[0])
    feature.setAttributes(list(values))
    return feature
