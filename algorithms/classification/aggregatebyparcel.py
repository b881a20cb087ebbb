"""Pixels become parcels: features for an object-based run, and maps on which every parcel has one class."""

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

from ...compute.insitu.aggregate import MAJORITY, OUTSIDE, AggregateSettings, AggregateTask, aggregate
from ...compute.insitu.zonal import STATISTICS
from ...compute.raster.reader import RasterReader
from ...provider.base import Algorithm, Group
from ...provider.findings import TYPES
from ...provider.inputs import is_null, parcels_of, raster_path
from ...provider.outputs import destination_text, write_layer
from ...provider.parcels import listed, parcel_source, parcels
from ...provider.progress import FeedbackProgress
from ...provider.reference import legend_of
from ...provider.styling import dress
from ..sentinel2.options import choice, choices
from . import options


class AggregateByParcel(Algorithm):
    """A raster and parcels in; one value for each parcel out, as a raster and as a table."""

    NAME = "aggregatebyparcel"
    TITLE = "Aggregate by parcel"
    GROUP = Group.CLASSIFICATION
    TAGS = ("zonal statistics", "object-based", "parcel mean", "majority vote", "median", "segment", "sen2-agri")
    HELP = ("Gives every parcel one value: the mean (or another statistic) of each band, as features for an "
            "object-based classification, or on a class map the class that most of its pixels have. The result is a "
            "raster on the same grid, a layer with the values as attributes, or both.")
    REQUIRES = ("rasterio", "defusedxml")

    RASTER = "RASTER"
    PARCELS = "PARCELS"
    STATISTIC = "STATISTIC"
    PROBABILITIES = "PROBABILITIES"
    OUTSIDE = "OUTSIDE"
    THREADS = options.THREADS
    OUTPUT = "OUTPUT"
    PARCEL_STATISTICS = "PARCEL_STATISTICS"
    EMPTY_COUNT = "EMPTY_COUNT"

    def initAlgorithm(self, configuration=None):
        """Declare the parameters."""
        settings = AggregateSettings()
        polygons = QgsProcessing.SourceType.TypeVectorPolygon
        self.declare(
            QgsProcessingParameterRasterLayer(self.RASTER, self.tr("Raster")),
            "features with any number of bands (reflectance, indices, backscatter ...), or a class map.")
        self.declare(
            QgsProcessingParameterFeatureSource(self.PARCELS, self.tr("Parcels"), [polygons]),
            "polygon layer in any coordinate reference system; classes are not needed. A pixel belongs to the parcel "
            "that holds its centre.")
        self.declare(
            choice(self.STATISTIC, self.tr("Statistics"), STATISTICS, settings.statistics, several=True),
            "what is taken of the pixels of a parcel, band by band: mean for an object-based classification. majority "
            "is for class maps and stands alone: every parcel gets the class of most of its pixels.")
        self.declare(
            QgsProcessingParameterRasterLayer(self.PROBABILITIES, self.tr("Class probabilities"), optional=True),
            "for a majority: the probabilities written with the class map. Then the parcel gets the class with the "
            "highest mean probability, which is usually better than counting pixels.")
        self.declare(
            choice(self.OUTSIDE, self.tr("Between the parcels"), OUTSIDE, settings.outside),
            "for a majority: nodata leaves the map empty outside the parcels, keep shows the class map there.",
            advanced=True)
        options.add_threads(self, settings)
        self.declare(
            QgsProcessingParameterRasterDestination(self.OUTPUT, self.tr("Parcels as raster"), optional=True),
            "on the grid of the raster: statistics as decimal numbers with the same band names (several statistics: "
            "with the statistic at the end), a majority as a class map with the same colours and names.")
        self.declare(
            QgsProcessingParameterFeatureSink(self.PARCEL_STATISTICS, self.tr("Parcels with values"), polygons, optional=True,
                                              createByDefault=False),
            "the parcels with all their attributes, and a field for each value.")
        self.addOutput(QgsProcessingOutputNumber(self.EMPTY_COUNT, self.tr("Parcels without a value")))

    def checkParameterValues(self, parameters, context):
        """A majority stands alone, and something must be asked for."""
        statistics = choices(self, parameters, self.STATISTIC, context)
        if not statistics:
            return False, self.tr("Choose STATISTIC: at least one, for instance mean.")
        if MAJORITY in statistics and len(statistics) > 1:
            return False, self.tr("STATISTIC: majority gives a class map and cannot be combined with others. Run the "
                                  "tool twice.")
        if MAJORITY not in statistics and not is_null(parameters.get(self.PROBABILITIES)):
            return False, self.tr("PROBABILITIES decide a majority only. Choose the statistic majority, or leave them "
                                  "out.")
        if not destination_text(parameters, self.OUTPUT) and not destination_text(parameters, self.PARCEL_STATISTICS):
            return False, self.tr("Nothing would be written: give OUTPUT (a raster), PARCEL_STATISTICS (a layer), or both.")
        return super().checkParameterValues(parameters, context)

    def prepareAlgorithm(self, parameters, context, feedback):
        """Layers become paths and sources."""
        self.raster, self.probabilities = (
            raster_path(layer) if layer is not None else "" for layer in (
                self.parameterAsRasterLayer(parameters, name, context) for name in (self.RASTER, self.PROBABILITIES)))
        self.source = parcel_source(self, parameters, self.PARCELS, context)
        return True

    def processAlgorithm(self, parameters, context, feedback):
        """Read the parcels, aggregate, write."""
        progress = FeedbackProgress(feedback)
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

        def deliver(table):
            if destination_text(parameters, self.PARCEL_STATISTICS):
                layout, features = self._with_values(table, ids, progress.part(0.9, 1.0))
                results[self.PARCEL_STATISTICS] = write_layer(self, parameters, self.PARCEL_STATISTICS, context, layout, features,
                                                  progress)

        found = aggregate(task, output, settings, progress.part(0.05, 0.9), deliver)
        if found.empty:
            empty = listed([ids[place] for place in found.empty])
            progress.warn(self.tr("Parcels without a value, because the centre of no pixel with data lies in them: "
                                  "{} (ids {}).").format(len(found.empty), empty))
        group = self.tr("Floefield: crop classification")
        dress(output, self.tr("Parcels"), context, group, algorithm=self)
        return {**results, self.EMPTY_COUNT: len(found.empty)}

    def _with_values(self, table, ids, progress):
        """Layout and features of the table."""
        fields, place_of = QgsFields(self.source.fields()), {number: place for place, number in enumerate(ids)}
        for name, kind in table.fields:
            fields.append(QgsField(_free_name(name, fields), TYPES[kind]))
        features = []
        for parcel in parcels(self.source, progress):
            feature = QgsFeature(fields, parcel.id())
            geometry = parcel.geometry()
            geometry.convertToMultiType()
            feature.setGeometry(geometry)
            place = place_of.get(parcel.id())
            values = (None,) * len(table.fields) if place is None else table.rows[place]
            feature.setAttributes([*parcel.attributes(), *values])
            features.append(feature)
        return (fields, QgsWkbTypes.multiType(self.source.wkbType()), self.source.sourceCrs()), features


def _free_name(name, fields):
    """A name that no field has yet, whatever its case."""
    number, wanted = 1, name
    while fields.lookupField(wanted) >= 0:
        number += 1
        wanted = f"{name}_{number}"
    return wanted
