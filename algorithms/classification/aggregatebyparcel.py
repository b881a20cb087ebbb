"""Zonal statistics and majority class by parcel, as raster and as attributes."""

from qgis.core import (
    QgsFeature,
    QgsField,
    QgsFields,
    QgsProcessing,
    QgsProcessingOutputNumber,
    QgsProcessingParameterFeatureSink,
    QgsProcessingParameterFeatureSource,
    QgsProcessingParameterRasterDestination,
    QgsProcessingParameterRasterLayer,
    QgsWkbTypes,
)

from ...compute.cleanup.parcel_aggregation import MAJORITY, OUTSIDE, AggregateSettings, AggregateTask, aggregate
from ...compute.insitu.zonal_statistics import STATISTICS
from ...compute.messages import listed
from ...compute.raster.reader import RasterReader
from ...provider.base import Algorithm, Group
from ...provider.destinations import destination_text
from ...provider.layer_outputs import TYPES, write_layer
from ...provider.parameters import choice, choices, is_null
from ...provider.parcel_inputs import parcel_source, parcels, parcels_of
from ...provider.raster_inputs import raster_path
from ...provider.reference_inputs import legend_of
from ...provider.styling import dress
from ..classification import _parameters


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

    RASTER = "RASTER"
    PARCELS = "PARCELS"
    STATISTIC = "STATISTIC"
    PROBABILITIES = "PROBABILITIES"
    OUTSIDE = "OUTSIDE"
    THREADS = _parameters.THREADS
    OUTPUT = "OUTPUT"
    PARCEL_STATISTICS = "PARCEL_STATISTICS"
    EMPTY_COUNT = "EMPTY_COUNT"

    def initAlgorithm(self, configuration=None):
        """Declare the parameters."""
        settings = AggregateSettings()
        polygons = QgsProcessing.SourceType.TypeVectorPolygon
        self.declare(
            QgsProcessingParameterRasterLayer(self.RASTER, self.tr("Raster")),
            "Raster with any number of bands (reflectance, spectral indices, backscatter), or a class map.")
        self.declare(
            QgsProcessingParameterFeatureSource(self.PARCELS, self.tr("Parcels"), [polygons]),
            "Polygon layer in any coordinate reference system; a class field is not required. A pixel belongs to the "
            "parcel that contains its centre.")
        self.declare(
            choice(self.STATISTIC, self.tr("Statistics"), STATISTICS, settings.statistics, several=True),
            "Statistics of the pixels of each parcel, band by band; mean is the usual choice for an object-based "
            "classification. majority (the most frequent class) is for class maps and cannot be combined with others.")
        self.declare(
            QgsProcessingParameterRasterLayer(self.PROBABILITIES, self.tr("Class probabilities"), optional=True),
            "Class probabilities written with the class map, for majority only: the parcel gets the class with the "
            "highest mean probability, usually more accurate than the most frequent class. Empty counts pixels.")
        self.declare(
            choice(self.OUTSIDE, self.tr("Pixels outside parcels"), OUTSIDE, settings.outside),
            "For majority only: pixels outside parcels are set to nodata (nodata) or keep their class (keep).",
            advanced=True)
        _parameters.add_threads(self, settings)
        self.declare(
            QgsProcessingParameterRasterDestination(self.OUTPUT, self.tr("Aggregated raster"), optional=True),
            "Raster on the same grid: statistics as float32 with the same band names (several statistics: with the "
            "name of the statistic appended), or for majority a class map with the same colours and class names.")
        self.declare(
            QgsProcessingParameterFeatureSink(self.PARCEL_STATISTICS, self.tr("Parcels with statistics"), polygons,
                                              optional=True, createByDefault=False),
            "Parcels with all their attributes and one field per band and statistic.")
        self.addOutput(QgsProcessingOutputNumber(self.EMPTY_COUNT, self.tr("Parcels without valid pixels")))

    def checkParameterValues(self, parameters, context):
        """Check the statistics and that an output was requested."""
        statistics = choices(self, parameters, self.STATISTIC, context)
        if not statistics:
            return False, self.tr("Choose at least one statistic (STATISTIC), for instance mean.")
        if MAJORITY in statistics and len(statistics) > 1:
            return False, self.tr("The statistic majority (STATISTIC) cannot be combined with others, since its output "
                                  "is a class map. Run the tool twice.")
        if MAJORITY not in statistics and not is_null(parameters.get(self.PROBABILITIES)):
            return False, self.tr("Class probabilities (PROBABILITIES) are used for the statistic majority only. "
                                  "Choose majority, or leave them empty.")
        if not destination_text(parameters, self.OUTPUT) and not destination_text(parameters, self.PARCEL_STATISTICS):
            return False, self.tr("No output was requested. Choose OUTPUT (raster), PARCEL_STATISTICS (layer), or "
                                  "both.")
        return super().checkParameterValues(parameters, context)

    def prepare_inputs(self, parameters, context, feedback):
        """Convert layers to paths and feature sources."""
        self.raster, self.probabilities = (
            raster_path(layer) if layer is not None else "" for layer in (
                self.parameterAsRasterLayer(parameters, name, context) for name in (self.RASTER, self.PROBABILITIES)))
        self.source = parcel_source(self, parameters, self.PARCELS, context)

    def execute(self, parameters, context, progress):
        """Read the parcels, aggregate and write."""
        with RasterReader(self.raster) as raster:
            crs_wkt = raster.grid.crs_wkt
        read = parcels_of(self.source, "", crs_wkt, context, progress.part(0.0, 0.05), "parcel")
        for note in read.notes():
            progress.warn(note)
        statistics = choices(self, parameters, self.STATISTIC, context)
        task = AggregateTask(self.raster, tuple(parcel.geometry for parcel in read.parcels), self.probabilities,
                             legend_of(self.raster) if MAJORITY in statistics else ())
        settings = AggregateSettings(statistics, self.parameterAsEnumString(parameters, self.OUTSIDE, context),
                                     self.parameterAsInt(parameters, self.THREADS, context))
        output = self.parameterAsOutputLayer(parameters, self.OUTPUT, context)
        ids = [parcel.identifier[1] for parcel in read.parcels]
        results = {self.OUTPUT: output} if output else {}

        def write_table(table):
            if destination_text(parameters, self.PARCEL_STATISTICS):
                layout, features = self._with_statistics(table, ids, progress.part(0.9, 1.0))
                results[self.PARCEL_STATISTICS] = write_layer(self, parameters, self.PARCEL_STATISTICS, context, layout,
                                                              features, progress)

        aggregated = aggregate(task, output, settings, progress.part(0.05, 0.9), write_table)
        if aggregated.empty:
            empty = listed([ids[index] for index in aggregated.empty], maximum=20)
            progress.warn(self.tr("Parcels without valid pixels, since they contain no centre of a pixel with data: "
                                  "{} (ids {}).").format(len(aggregated.empty), empty))
        group = self.tr("Floefield: crop classification")
        dress(output, self.tr("Parcels"), context, group, algorithm=self)
        return {**results, self.EMPTY_COUNT: len(aggregated.empty)}

    def _with_statistics(self, table, ids, progress):
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


def _unused_name(name, fields):
    """Append a number to `name` if a field has it already, regardless of case."""
    number, unused = 1, name
    while fields.lookupField(unused) >= 0:
        number += 1
        unused = f"{name}_{number}"
    return unused
