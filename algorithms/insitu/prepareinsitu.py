"""Parcels as they were surveyed become in-situ data that Sen2-Agri, and any classifier, can be trained with."""

import os

from qgis.core import (
    QgsFeature,
    QgsField,
    QgsFields,
    QgsProcessing,
    QgsProcessingOutputNumber,
    QgsProcessingParameterCrs,
    QgsProcessingParameterFeatureSink,
    QgsProcessingParameterField,
    QgsProcessingParameterFile,
    QgsProcessingParameterFileDestination,
    QgsProcessingParameterNumber,
    QgsWkbTypes,
)
from qgis.PyQt.QtCore import QVariant

from ...compute.errors import MissingInput, UnsuitableInput
from ...compute.insitu.codes import codes_for, irrigation_of, read_codes
from ...compute.insitu.defaults import PARTS, PreparationSettings
from ...compute.insitu.parcels import similar_spellings
from ...compute.insitu.preparation import rejected_by_reason, small_classes
from ...compute.insitu.report import write_preparation_report
from ...compute.raster.writer import complete_files
from ...provider.base import Algorithm, Group
from ...provider.inputs import class_code, is_null
from ...provider.insitu import (
    CLASS_FIELD,
    INPUT,
    check_insitu,
    declare_insitu,
    insitu_layers,
    labelled_parcels,
)
from ...provider.outputs import write_layers
from ...provider.parcels import listed
from ...provider.preparation import prepare_parcels
from ...provider.progress import FeedbackProgress
from ...provider.sen2agriparcels import codes_with_cropland
from ...provider.shapefile import LARGEST_ID, write_archive
from ..sentinel2.options import choice

INTEGER, REAL, TEXT = QVariant.Int, QVariant.Double, QVariant.String
SEN2AGRI_FIELDS = (("ID", INTEGER, 6, 0), ("CROP", INTEGER, 1, 0), ("LC", TEXT, 70, 0), ("CODE", INTEGER, 8, 0),
                   ("IRRIGATION", INTEGER, 1, 0))
KEPT_FIELDS = (*SEN2AGRI_FIELDS, ("AREA", REAL, 20, 3), ("CLASS", TEXT, 254, 0), ("SOURCE", TEXT, 254, 0))
REJECTED_FIELDS = (("CLASS", TEXT, 254, 0), ("REASON", TEXT, 40, 0), ("AREA", REAL, 20, 3), ("SOURCE", TEXT, 254, 0))


class PrepareInsitu(Algorithm):
    """Raw parcels in; clean, coded parcels, an archive for Sen2-Agri and a report out."""

    NAME = "prepareinsitu"
    TITLE = "Prepare in-situ data"
    GROUP = Group.INSITU
    TAGS = ("ground truth", "reference", "field survey", "sen2-agri", "sen4stat", "jecam", "class codes", "overlaps",
            "inner buffer", "shapefile", "zip")
    HELP = ("Makes surveyed parcels fit for training: repairs geometries, cuts out what several parcels claim, shrinks "
            "parcels by an inner buffer, drops what is too small, gives classes their codes and the attributes of "
            "Sen2-Agri (ID, CROP, LC, CODE, IRRIGATION), and reports what became of every class. The zipped shapefile "
            "can be uploaded to Sen2-Agri as it is.")
    REQUIRES = ("jinja2", "matplotlib")

    CODES = "CODES"
    DISTANCE = "DISTANCE"
    MIN_AREA = "MIN_AREA"
    MAX_SLIVER_AREA = "MAX_SLIVER_AREA"
    PARTS = "PARTS"
    CROP_FIELD = "CROP_FIELD"
    IRRIGATION_FIELD = "IRRIGATION_FIELD"
    CRS = "CRS"
    OUTPUT = "OUTPUT"
    ARCHIVE = "ARCHIVE"
    REPORT = "REPORT"
    REJECTED = "REJECTED"
    INPUT_COUNT = "INPUT_COUNT"
    OUTPUT_COUNT = "OUTPUT_COUNT"
    OUTPUT_AREA = "OUTPUT_AREA"

    def initAlgorithm(self, config=None):
        """Declare the parameters."""
        declare_insitu(self)
        self._declare_settings(PreparationSettings())
        self._declare_outputs()

    def _declare_settings(self, defaults):
        self.declare(
            QgsProcessingParameterFile(self.CODES, self.tr("Table of class codes"), optional=True,
                                       fileFilter="CSV files (*.csv *.txt)"),
            "CSV file with the columns label (as in the class field) and code, and if you like lc (name), crop (1 or "
            "0) and irrigation (0, 1 or 2). Without it, known crops take the codes of Sen2-Agri, numbers stay as they "
            "are, and other classes are numbered from 90001.")
        for name, title, default, least, advanced, help_text in (
                (self.DISTANCE, "Distance (metres)", defaults.distance, 0.0, False,
                 "how far borders move inwards, in metres on the ground, so that no mixed pixel trains; 15 m keep "
                 "pixels of 10 m and 20 m inside. 0 leaves borders where they are."),
                (self.MIN_AREA, "Smallest area (square metres)", defaults.min_area, 0.0, False,
                 "parcels of this area or more are kept: the area after the buffer, since those pixels train."),
                (self.MAX_SLIVER_AREA, "Largest sliver (square metres)", defaults.sliver_area, 0.0, True,
                 "smaller parcels, and smaller pieces that the buffer leaves of a parcel, are dropped as slivers; 100 "
                 "is one pixel of 10 m.")):
            self.declare(QgsProcessingParameterNumber(name, self.tr(title), QgsProcessingParameterNumber.Type.Double,
                                                      default, minValue=least), help_text, advanced=advanced)
        self.declare(
            choice(self.PARTS, self.tr("Parcels in several parts"), PARTS, defaults.parts),
            "largest keeps the largest part of a parcel that has several in the end: Sen2-Agri takes single polygons. "
            "all keeps every part.", advanced=True)
        self.declare(
            QgsProcessingParameterField(self.CROP_FIELD, self.tr("Field that says whether it is cropland"),
                                        optional=True, parentLayerParameterName=INPUT),
            "1 cropland, 0 other land. It has the say over names and the table of codes.")
        self.declare(
            QgsProcessingParameterField(self.IRRIGATION_FIELD, self.tr("Irrigation field"), optional=True,
                                        parentLayerParameterName=INPUT),
            "field that says whether a parcel is irrigated: 0 unknown, 1 or yes, 2 or no. It has the say over the "
            "table of codes.", advanced=True)
        self.declare(
            QgsProcessingParameterCrs(self.CRS, self.tr("Coordinate reference system"), optional=True),
            "of the results; empty keeps that of the parcels. Sen2-Agri recommends the UTM zone of the site (WGS 84).")

    def _declare_outputs(self):
        polygons = QgsProcessing.SourceType.TypeVectorPolygon
        self.declare(
            QgsProcessingParameterFeatureSink(self.OUTPUT, self.tr("Prepared parcels"), polygons),
            "the parcels kept, with the attributes of Sen2-Agri, AREA in square metres, CLASS as you call it, and "
            "SOURCE: where each comes from.")
        self.declare(
            QgsProcessingParameterFileDestination(self.ARCHIVE, self.tr("Archive for Sen2-Agri"),
                                                  "Zipped shapefiles (*.zip)", optional=True, createByDefault=False),
            "the same parcels as a zipped shapefile with exactly the attributes that Sen2-Agri asks for.")
        self.declare(
            QgsProcessingParameterFileDestination(self.REPORT, self.tr("Report"), "HTML files (*.html)", optional=True),
            "parcels and area of each class before and after each step, sizes, and what was rejected.")
        self.declare(
            QgsProcessingParameterFeatureSink(self.REJECTED, self.tr("Rejected parcels"), polygons, optional=True,
                                              createByDefault=False),
            "the parcels that were not kept, as they came, each with the reason.")
        self.addOutput(QgsProcessingOutputNumber(self.INPUT_COUNT, self.tr("Parcels read")))
        self.addOutput(QgsProcessingOutputNumber(self.OUTPUT_COUNT, self.tr("Parcels kept")))
        self.addOutput(QgsProcessingOutputNumber(self.OUTPUT_AREA, self.tr("Area kept (square metres)")))

    def checkParameterValues(self, parameters, context):
        """One kind of parcels, a class field where one is needed, and a CRS that exists."""
        message = check_insitu(self, parameters, context)
        crs = parameters.get(self.CRS)
        # The dialog gives a CRS that is not valid for none at all.
        is_named = isinstance(crs, str) and not is_null(crs)
        if is_named and not self.parameterAsCrs(parameters, self.CRS, context).isValid():
            message = message or self.tr("QGIS does not know the coordinate reference system {}. Give CRS one that it "
                                         "knows, or leave it out.").format(crs)
        return (False, message) if message else super().checkParameterValues(parameters, context)

    def prepareAlgorithm(self, parameters, context, feedback):
        """Open the parcels."""
        archive = self.parameterAsFileOutput(parameters, self.ARCHIVE, context)
        if archive and not archive.lower().endswith(".zip"):
            raise UnsuitableInput("ARCHIVE is a zipped shapefile: give it a name that ends in .zip.")
        self.layers = insitu_layers(self, parameters, context)
        return True

    def processAlgorithm(self, parameters, context, feedback):
        """Read, prepare, write."""
        progress = FeedbackProgress(feedback)
        settings = PreparationSettings(
            **{name.lower(): self.parameterAsDouble(parameters, name, context)
               for name in (self.DISTANCE, self.MIN_AREA)},
            sliver_area=self.parameterAsDouble(parameters, self.MAX_SLIVER_AREA, context),
            parts=self.parameterAsEnumString(parameters, self.PARTS, context))
        found = labelled_parcels(self.layers, progress.part(0.0, 0.2))
        table = self.parameterAsString(parameters, self.CODES, context)
        codes = codes_for({parcel.code for parcel in found} - {""}, read_codes(table) if table else None)
        cropland = self.parameterAsString(parameters, self.CROP_FIELD, context)
        if cropland:
            codes = codes_with_cropland(codes, found, self.layers, cropland)
        crs = self.parameterAsCrs(parameters, self.CRS, context)
        crs = crs if crs.isValid() else self.layers[0].source.sourceCrs()
        left_out = {label for label, code in codes.items() if code is None}
        prepared = prepare_parcels(found, self.layers, left_out, settings, crs, context, progress.part(0.2, 0.9))
        fates = [parcel.fate() for parcel in prepared]
        kept = [parcel for parcel in prepared if not parcel.reason]
        self._say(prepared, fates, crs, progress)

        attributes = self._attributes(parameters, context, kept, codes, progress)
        features = {self.OUTPUT: [_feature(parcel.geometry, (
            *values, parcel.areas[-1], parcel.parcel.code, self._source(parcel)))
            for parcel, values in _watched(zip(kept, attributes), progress)]}
        features[self.REJECTED] = [
            _feature(parcel.original, (parcel.parcel.code, parcel.reason, parcel.areas[0] if parcel.areas else 0.0,
                                       self._source(parcel)))
            for parcel in _watched(prepared, progress) if parcel.reason]
        layouts = {name: (_fields(fields), QgsWkbTypes.Type.MultiPolygon, crs)
                   for name, fields in ((self.OUTPUT, KEPT_FIELDS), (self.REJECTED, REJECTED_FIELDS))}
        archive, report = (self.parameterAsFileOutput(parameters, name, context)
                           for name in (self.ARCHIVE, self.REPORT))
        with complete_files([path for path in (archive, report) if path]) as partial:
            if archive:
                rows = zip((parcel.geometry for parcel in kept), attributes)
                write_archive(partial[archive], os.path.splitext(os.path.basename(archive))[0], rows, crs,
                              progress.check)
            progress.step(0.95)
            if report:
                write_preparation_report(partial[report], fates, codes,
                                         self._choices(parameters, context, settings, crs), settings.min_area)
            progress.step(0.98)
            layers = write_layers(self, parameters, context, layouts, features, progress)
        files = {name: path for name, path in ((self.ARCHIVE, archive), (self.REPORT, report)) if path}
        return {**layers, **files, self.INPUT_COUNT: len(fates), self.OUTPUT_COUNT: len(kept),
                self.OUTPUT_AREA: sum(parcel.areas[-1] for parcel in kept)}

    def _say(self, prepared, fates, crs, progress):
        """What happened, in the log; and an end where nothing is left."""
        reasons = rejected_by_reason(fates)
        for reason, meaning, count in reasons:
            ids = [parcel.parcel.feature.id() for parcel in prepared if parcel.reason == reason]
            progress.warn(f"Rejected, {reason} ({meaning}): {count} (ids {listed(ids)}).")
        repaired = [parcel.parcel.feature.id() for parcel in prepared if parcel.repaired]
        if repaired:
            progress.say(f"Parcels with an invalid geometry, repaired: {len(repaired)} (ids {listed(repaired)}).")
        disputed = [parcel.parcel.feature.id() for parcel in prepared if parcel.disputed]
        if disputed:
            area = sum(fate.disputed for fate in fates)
            progress.warn(f"Parcels that lost ground because others claim it, too: {len(disputed)}, together "
                          f"{area:.0f} square metres (ids {listed(disputed)}).")
        if all(fate.reason for fate in fates):
            raise UnsuitableInput("No parcel is left: " + ", ".join(f"{reason} {count}" for reason, _, count in reasons)
                                  + ". Choose a smaller DISTANCE or MIN_AREA, or look at the class field.")
        few, lost = small_classes(fates)
        if few:
            progress.warn(f"Fewer than three parcels are left of: {listed(few)}. They cannot both train and judge.")
        if lost:
            progress.warn(f"No parcel is left of: {listed(lost)}.")
        if len(fates) > LARGEST_ID:
            raise UnsuitableInput("Sen2-Agri numbers parcels with six digits: give fewer than a million.")
        if crs.isGeographic():
            progress.warn("The results are in degrees; Sen2-Agri recommends the UTM zone of the site. Choose it as "
                          "CRS.")

    def _attributes(self, parameters, context, kept, codes, progress):
        """ID, CROP, LC, CODE and IRRIGATION of each parcel kept."""
        field = self.parameterAsString(parameters, self.IRRIGATION_FIELD, context)
        column = self.layers[0].source.fields().lookupField(field) if field else -1
        if field and column < 0:
            raise MissingInput(f"There is no field {field}. The fields are: "
                               f"{', '.join(self.layers[0].source.fields().names())}.")
        rows, odd = [], set()
        for number, parcel in enumerate(kept, start=1):
            known = codes[parcel.parcel.code]
            irrigation = known.irrigation
            if field:
                text = class_code(parcel.parcel.feature.attributes()[column])
                irrigation = irrigation_of(text)
                odd |= {text} if irrigation is None else set()
            rows.append((number, known.crop, known.name, known.code, irrigation or 0))
        if odd:
            progress.warn(f"{field} holds values that say nothing of irrigation, taken as unknown: "
                          f"{listed(sorted(odd))}.")
        for sentence in similar_spellings(label for label, code in codes.items() if code and code.origin != "table"):
            progress.warn(sentence)
        for label, code in sorted(codes.items()):
            if code:
                progress.say(f"{label}: code {code.code} ({code.origin}), "
                             f"{'cropland' if code.crop else 'no cropland'}.")
        return rows

    def _source(self, parcel):
        """Where a parcel comes from: layer and id."""
        source = self.layers[parcel.parcel.layer].source
        return f"{source.sourceName()}:{parcel.parcel.feature.id()}"[:254]

    def _choices(self, parameters, context, settings, crs):
        """What the user chose, for the report."""
        field = self.parameterAsString(parameters, CLASS_FIELD, context)
        return [("Parcels", ", ".join(layer.source.sourceName() for layer in self.layers)),
                ("Class", field if self.layers[0].field else self.tr("name of the layer")),
                ("Table of class codes", os.path.basename(self.parameterAsString(parameters, self.CODES, context))),
                ("Inner buffer", f"{settings.distance:g} m"), ("Smallest area", f"{settings.min_area:g} m²"),
                ("Largest sliver", f"{settings.sliver_area:g} m²"), ("Parcels in several parts", settings.parts),
                ("Coordinate reference system", f"{crs.authid()} {crs.description()}".strip())]


def _watched(items, progress):
    """The items, one after the other, unless the user asked to stop."""
    for item in items:
        progress.check()
        yield item


def _fields(rows):
    fields = QgsFields()
    for name, kind, length, precision in rows:
        fields.append(QgsField(name, kind, len=length, prec=precision))
    return fields


def _feature(geometry, values):
    feature = QgsFeature()
    if not geometry.isEmpty():
        geometry.convertToMultiType()
        feature.setGeometry(geometry.coerceToType(QgsWkbTypes.Type.MultiPolygon)[0])
    feature.setAttributes(list(values))
    return feature
