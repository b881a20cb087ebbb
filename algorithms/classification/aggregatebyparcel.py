"""Zonal statistics and majority class by parcel, as raster and as attributes."""

from __future__ import annotations

from collections.abc import Sequence

from qgis.core import (
    QgsFeature,
    QgsField,
    QgsFields,
    QgsProcessingContext,
    QgsProcessingFeedback,
    QgsWkbTypes,
)

from ...compute.cleanup.parcel_aggregation import (
    AGGREGATION_PARAMETERS,
    MAJORITY,
    AggregateSettings,
    AggregateTask,
    ParcelTable,
    aggregate,
)
from ...compute.declarations import ParameterDeclaration, with_defaults
from ...compute.messages import listed
from ...compute.output_files import OutputSet
from ...compute.progress import Progress
from ...compute.raster.reader import RasterReader
from ...provider.base import Algorithm, Group, OutputValue, Parameters
from ...provider.destinations import destination_text
from ...provider.layer_outputs import TYPES, write_layer
from ...provider.parameters import is_given, read, read_settings
from ...provider.parcel_inputs import parcel_source, parcels, parcels_of
from ...provider.raster_inputs import optional_raster_path
from ...provider.reference_inputs import legend_of
from ...provider.styling import dress

RASTER = ParameterDeclaration(
    "RASTER", "Raster", "Raster with any number of bands (reflectance, spectral indices, backscatter), or a class map.",
    kind="raster")
PARCELS = ParameterDeclaration(
    "PARCELS", "Parcels",
    "Polygon layer in any coordinate reference system; a class field is not required. A pixel belongs to the parcel "
    "that contains its centre.", kind="polygons")
STATISTIC, OUTSIDE, THREADS = with_defaults(AGGREGATION_PARAMETERS, AggregateSettings())
PROBABILITIES = ParameterDeclaration(
    "PROBABILITIES", "Class probabilities",
    "Class probabilities written with the class map, for majority only: the parcel gets the class with the highest "
    "mean probability, usually more accurate than the most frequent class. Empty counts pixels.", kind="raster",
    optional=True)
OUTPUT = ParameterDeclaration(
    "OUTPUT", "Aggregated raster",
    "Raster on the same grid: statistics as float32 with the same band names (several statistics: with the name of the "
    "statistic appended), or for majority a class map with the same colours and class names.",
    kind="raster_destination", optional=True)
PARCEL_STATISTICS = ParameterDeclaration(
    "PARCEL_STATISTICS", "Parcels with statistics",
    "Parcels with all their attributes and one field per band and statistic.", kind="layer_destination", optional=True,
    is_created=False)
EMPTY_COUNT = ParameterDeclaration("EMPTY_COUNT", "Parcels without valid pixels", kind="number_result")


class AggregateByParcel(Algorithm):
    """Aggregate the pixels of each parcel to one value per band, or to the majority class."""

    NAME = "aggregatebyparcel"
    TITLE = "Aggregate by parcel"
    GROUP = Group.CLASSIFICATION
    TAGS = ("zonal statistics", "object-based classification", "obia", "geobia", "parcel mean", "majority vote",
            "majority class", "median", "standard deviation", "per-field", "segment", "sen2-agri")
    HELP = ("Computes zonal statistics by parcel: the mean (or another statistic) of each band, as features for an "
            "object-based classification, or the majority class of a class map. Output is a raster on the same grid, a "
            "parcel layer with the values as attributes, or both.")
    REQUIRES = ("rasterio", "defusedxml", "jinja2")
    PARAMETERS = (RASTER, PARCELS, STATISTIC, PROBABILITIES, OUTSIDE, THREADS, OUTPUT, PARCEL_STATISTICS, EMPTY_COUNT)

    def checkParameterValues(self, parameters: Parameters, context: QgsProcessingContext) -> tuple[bool, str]:
        """Check the statistics and that an output was requested."""
        statistics = read(self, STATISTIC, parameters, context)
        if not statistics:
            return False, self.tr("Choose at least one statistic (STATISTIC), for instance mean.")
        if MAJORITY in statistics and len(statistics) > 1:
            return False, self.tr("The statistic majority (STATISTIC) cannot be combined with others, since its output "
                                  "is a class map. Run the tool twice.")
        if MAJORITY not in statistics and is_given(parameters.get(PROBABILITIES.name)):
            return False, self.tr("Class probabilities (PROBABILITIES) are used for the statistic majority only. "
                                  "Choose majority, or leave them empty.")
        if not any(destination_text(parameters, output.name) for output in (OUTPUT, PARCEL_STATISTICS)):
            return False, self.tr("No output was requested. Choose OUTPUT (raster), PARCEL_STATISTICS (layer), or "
                                  "both.")
        return super().checkParameterValues(parameters, context)

    def prepare_inputs(self, parameters: Parameters, context: QgsProcessingContext,
                       feedback: QgsProcessingFeedback) -> None:
        """Convert layers to paths and feature sources."""
        self.raster, self.probabilities = (optional_raster_path(self, parameters, raster.name, context)
                                           for raster in (RASTER, PROBABILITIES))
        self.source = parcel_source(self, parameters, PARCELS.name, context)

    def execute(self, parameters: Parameters, context: QgsProcessingContext,
                progress: Progress) -> dict[str, OutputValue]:
        """Read the parcels, aggregate and write."""
        with RasterReader(self.raster) as raster:
            crs_wkt = raster.grid.crs_wkt
        found = parcels_of(self.source, "", crs_wkt, context, progress.part(0.0, 0.05), "parcel")
        for note in found.notes():
            progress.warn(note)
        settings = AggregateSettings(**read_settings(self, AGGREGATION_PARAMETERS, parameters, context))
        task = AggregateTask(self.raster, tuple(parcel.geometry for parcel in found.parcels), self.probabilities,
                             legend_of(self.raster) if MAJORITY in settings.statistics else ())
        output = read(self, OUTPUT, parameters, context)
        ids = [parcel.identifier[1] for parcel in found.parcels]
        results = {OUTPUT.name: output} if output else {}

        def write_table(table: ParcelTable, outputs: OutputSet) -> None:
            if destination_text(parameters, PARCEL_STATISTICS.name):
                layout, features = self._with_statistics(table, ids, progress.part(0.9, 1.0))
                results[PARCEL_STATISTICS.name] = write_layer(self, parameters, PARCEL_STATISTICS.name, context, layout,
                                                              features, progress, outputs)

        aggregated = aggregate(task, output, settings, progress.part(0.05, 0.9), write_table)
        if aggregated.empty:
            empty = listed([ids[index] for index in aggregated.empty], maximum=20)
            progress.warn(self.tr("Parcels without valid pixels, since they contain no centre of a pixel with data: "
                                  "{} (ids {}).").format(len(aggregated.empty), empty))
        group = self.tr("Floefield: crop classification")
        dress(output, self.tr("Parcels"), context, group, algorithm=self)
        return {**results, EMPTY_COUNT.name: len(aggregated.empty)}

    def _with_statistics(self, table: ParcelTable, ids: Sequence[int],
                         progress: Progress) -> tuple[tuple, list[QgsFeature]]:
        """Return layout and features of the parcels with their statistics."""
        fields, row_of = QgsFields(self.source.fields()), {feature_id: row for row, feature_id in enumerate(ids)}
        for name, kind in table.fields:
            fields.append(QgsField(_unused_name(name, fields), TYPES[kind]))
        features = []
        for parcel in parcels(self.source, progress):
            feature = QgsFeature(fields, parcel.id())
            geometry = parcel.geometry()
            geometry.convertToMultiType()
            feature.setGeometry(geometry)
            row = row_of.get(parcel.id())
            values = (None,) * len(table.fields) if row is None else table.rows[row]
            feature.setAttributes([*parcel.attributes(), *values])
            features.append(feature)
        return (fields, QgsWkbTypes.multiType(self.source.wkbType()), self.source.sourceCrs()), features


def _unused_name(name: str, fields: QgsFields) -> str:
    """Append a number to `name` if a field has it already, regardless of case."""
    number, unused = 1, name
    while fields.lookupField(unused) >= 0:
        number += 1
        unused = f"{name}_{number}"
    return unused
