"""How right a map is, wherever it comes from."""

import re

from qgis.core import (
    QgsProcessing,
    QgsProcessingOutputNumber,
    QgsProcessingParameterEnum,
    QgsProcessingParameterFeatureSink,
    QgsProcessingParameterFeatureSource,
    QgsProcessingParameterField,
    QgsProcessingParameterFile,
    QgsProcessingParameterFileDestination,
    QgsProcessingParameterNumber,
    QgsProcessingParameterRasterLayer,
    QgsProcessingParameterString,
)

from ...compute.accuracy.assess import DESIGNS, AssessmentSettings, AssessmentTask, MapInput, assess
from ...compute.accuracy.assessmentreport import AssessmentOrigin, write_assessment_report
from ...compute.accuracy.legend import read_legend
from ...compute.accuracy.matching import AUTO, SCHEMES
from ...compute.accuracy.results import error_table, otb_matrix
from ...compute.forest.features import SYNTHETIC_TAG
from ...compute.raster.blocks import MOST_THREADS
from ...compute.raster.reader import RasterReader
from ...compute.raster.writer import complete_files
from ...provider.base import ROOT, Algorithm, Group
from ...provider.findings import layout_and_features
from ...provider.inputs import is_null, parcels_of, raster_path
from ...provider.outputs import write_layer
from ...provider.parcels import layer_origin, parcel_source
from ...provider.progress import FeedbackProgress
from ...provider.reference import legend_of, points_of, reference_source
from ...provider.styling import dress

CSV_FILTER = "CSV files (*.csv)"
REPORT_FILTER = "HTML files (*.html)"
LEGEND_FILTER = "Legends (*.qml *.csv *.txt)"
LABEL_MATCHING = (AUTO, *SCHEMES)


class AssessAccuracy(Algorithm):
    """Class map and reference in; confusion matrix, scores, estimates and the worst parcels out."""

    NAME = "assessaccuracy"
    TITLE = "Assess accuracy"
    GROUP = Group.CLASSIFICATION
    TAGS = ("validation", "confusion matrix", "error matrix", "kappa", "overall accuracy", "f-score", "user's accuracy",
            "producer's accuracy", "olofsson", "area estimation", "mcnemar", "compare", "crop map")
    HELP = ("Compares a class map, from Floefield or from elsewhere, with what is known on the ground: parcels, points "
            "or another raster. Gives the confusion matrix (rows are the reference), scores per pixel and per parcel, "
            "and, where the reference is a probability sample, accuracy and areas of the whole map with 95 % "
            "intervals. Ground that trained the map does not judge it. A second map is compared with the first.")
    REQUIRES = ("rasterio", "jinja2", "matplotlib", "defusedxml")

    CLASSIFICATION = "CLASSIFICATION"
    REFERENCE = "REFERENCE"
    CLASS_FIELD = "CLASS_FIELD"
    REFERENCE_RASTER = "REFERENCE_RASTER"
    TRAINING = "TRAINING"
    SAMPLING_DESIGN = "SAMPLING_DESIGN"
    OTHER_CLASSIFICATIONS = "OTHER_CLASSIFICATIONS"
    LEGEND = "LEGEND"
    LABEL_MATCHING = "LABEL_MATCHING"
    NODATA = "NODATA"
    THREADS = "THREADS"
    REPORT = "REPORT"
    MATRIX = "MATRIX"
    MATRIX_OTB = "MATRIX_OTB"
    ERRORS = "ERRORS"
    OVERALL_ACCURACY = "OVERALL_ACCURACY"
    KAPPA = "KAPPA"
    PARCEL_ACCURACY = "PARCEL_ACCURACY"
    ESTIMATED_ACCURACY = "ESTIMATED_ACCURACY"

    def initAlgorithm(self, configuration=None):
        """Declare the parameters."""
        self._declare_inputs()
        self._declare_settings(AssessmentSettings())
        self._declare_outputs()

    def _declare_inputs(self):
        polygons = QgsProcessing.SourceType.TypeVectorPolygon
        self.declare(
            QgsProcessingParameterRasterLayer(self.CLASSIFICATION, self.tr("Class map")),
            "raster whose first band holds class numbers. Names come from its attribute table, the style beside it or "
            "LEGEND. Class 0 counts, unless the file or NODATA says that it means no data.")
        self.declare(
            QgsProcessingParameterFeatureSource(
                self.REFERENCE, self.tr("Reference parcels or points"),
                [polygons, QgsProcessing.SourceType.TypeVectorPoint], optional=True),
            "polygons or points whose class is known and that did not train the map, in any coordinate reference "
            "system.")
        self.declare(
            QgsProcessingParameterField(self.CLASS_FIELD, self.tr("Class field"), optional=True,
                                        parentLayerParameterName=self.REFERENCE),
            "field of the reference with the class: its code, name or number on the map. Features where it is empty "
            "are left out.")
        self.declare(
            QgsProcessingParameterRasterLayer(self.REFERENCE_RASTER, self.tr("Reference raster"), optional=True),
            "instead of parcels or points: a raster of known classes, on any grid. Each pixel of the map is compared "
            "with the reference under its centre.", advanced=True)
        self.declare(
            QgsProcessingParameterFeatureSource(self.TRAINING, self.tr("Parcels that trained the map"), [polygons],
                                                optional=True),
            "reference on this ground is left out, whole parcels at a time. Maps of Floefield know it by themselves; "
            "give it for maps made elsewhere, or the figures may be far too good.")
        self.declare(
            QgsProcessingParameterRasterLayer(self.OTHER_CLASSIFICATIONS, self.tr("Second class map"), optional=True),
            "to be compared with the first on the same ground, for instance the map of August with that of May.")

    def _declare_settings(self, settings):
        design = QgsProcessingParameterEnum(self.SAMPLING_DESIGN, self.tr("How the reference was chosen"),
                                            list(DESIGNS), defaultValue=settings.design)
        design.setUsesStaticStrings(True)
        self.declare(
            design,
            "purposive: parcels or points that were at hand; figures hold for the like of them. probability: drawn at "
            "random in each class of the map, or from all of it; then accuracy and areas of the whole map are "
            "estimated, with standard errors (Olofsson et al. 2014). Choose it only if it is true.")
        self.declare(
            QgsProcessingParameterFile(self.LEGEND, self.tr("Legend"), optional=True, fileFilter=LEGEND_FILTER),
            "names of the map's values where the map itself does not say them: a QGIS style (.qml), or a CSV file "
            "with the columns value and label (and code, if there is one).", advanced=True)
        matching = QgsProcessingParameterEnum(self.LABEL_MATCHING, self.tr("Match labels by"), list(LABEL_MATCHING),
                                              defaultValue=settings.matching)
        matching.setUsesStaticStrings(True)
        self.declare(
            matching,
            "what the class field holds: the code, the name or the value of the classes. auto takes what fits most "
            "labels. Case and underscores do not matter.", advanced=True)
        self.declare(
            QgsProcessingParameterString(self.NODATA, self.tr("Values without data"), optional=True),
            "numbers that mean no data though the file does not say so, divided by commas, for instance 0,255.",
            advanced=True)
        self.declare(
            QgsProcessingParameterNumber(self.THREADS, self.tr("Threads"), QgsProcessingParameterNumber.Type.Integer,
                                         settings.threads, minValue=0, maxValue=4 * MOST_THREADS),
            "worker threads; 0 lets Floefield choose. The result does not depend on it.", advanced=True)

    def _declare_outputs(self):
        self.declare(
            QgsProcessingParameterFileDestination(self.REPORT, self.tr("Report"), REPORT_FILTER, optional=True),
            "matrix, scores, areas and mistakes in words and pictures, and what the figures rest on.")
        self.declare(
            QgsProcessingParameterFileDestination(self.MATRIX, self.tr("Confusion matrix"), CSV_FILTER, optional=True,
                                                  createByDefault=False),
            "per pixel, as a table with totals, precision and recall; rows are the reference.")
        self.declare(
            QgsProcessingParameterFileDestination(self.MATRIX_OTB, self.tr("Confusion matrix as of Orfeo Toolbox"),
                                                  CSV_FILTER, optional=True, createByDefault=False),
            "the same in the form of ComputeConfusionMatrix, with the values of the map as labels.", advanced=True)
        self.declare(
            QgsProcessingParameterFeatureSink(self.ERRORS, self.tr("Parcels with errors"),
                                              QgsProcessing.SourceType.TypeVectorAnyGeometry, optional=True,
                                              createByDefault=False),
            "reference parcels (or points) with wrong pixels, the worst first: what the reference says, what most "
            "pixels show, how many pixels are wrong.")
        self.addOutput(QgsProcessingOutputNumber(self.OVERALL_ACCURACY, self.tr("Overall accuracy (0 to 1)")))
        self.addOutput(QgsProcessingOutputNumber(self.KAPPA, self.tr("Kappa")))
        self.addOutput(QgsProcessingOutputNumber(self.PARCEL_ACCURACY, self.tr("Share of parcels right (0 to 1)")))
        self.addOutput(QgsProcessingOutputNumber(self.ESTIMATED_ACCURACY,
                                                 self.tr("Estimated accuracy of the whole map (0 to 1)")))

    def checkParameterValues(self, parameters, context):
        """One kind of reference, and what goes with it."""
        has_features, has_raster = (not is_null(parameters.get(name))
                                    for name in (self.REFERENCE, self.REFERENCE_RASTER))
        if has_features == has_raster:
            return False, self.tr("Give one reference: either REFERENCE (parcels or points with a class field) or "
                                  "REFERENCE_RASTER.")
        if has_features and is_null(parameters.get(self.CLASS_FIELD)):
            return False, self.tr("Choose CLASS_FIELD: the field of the reference that names the class.")
        if has_raster and not is_null(parameters.get(self.ERRORS)):
            return False, self.tr("ERRORS lists parcels or points, and a reference raster has none. Leave it out.")
        if not _is_list_of_numbers(self.parameterAsString(parameters, self.NODATA, context)):
            return False, self.tr("NODATA must be whole numbers divided by commas, for instance 0,255.")
        return super().checkParameterValues(parameters, context)

    def prepareAlgorithm(self, parameters, context, feedback):
        """Layers become paths and sources."""
        layers = {name: layer for name in (self.CLASSIFICATION, self.OTHER_CLASSIFICATIONS, self.REFERENCE_RASTER)
                  if (layer := self.parameterAsRasterLayer(parameters, name, context)) is not None}
        self.paths = {name: raster_path(layer) for name, layer in layers.items()}
        self.map_names = tuple(layer.name() for name, layer in layers.items() if name != self.REFERENCE_RASTER)
        self.reference, self.is_points, self.training = None, False, None
        self.origins = {name: layer_origin(self, parameters, name, context) for name in (self.REFERENCE, self.TRAINING)}
        if not is_null(parameters.get(self.REFERENCE)):
            self.reference, self.is_points = reference_source(self, parameters, self.REFERENCE, context)
        if not is_null(parameters.get(self.TRAINING)):
            self.training = parcel_source(self, parameters, self.TRAINING, context)
        return True

    def processAlgorithm(self, parameters, context, feedback):
        """Read the reference, compare, write what is wanted."""
        progress = FeedbackProgress(feedback)
        with RasterReader(self.paths[self.CLASSIFICATION]) as raster:
            crs_wkt, synthetic = raster.grid.crs_wkt, raster.tags.get(SYNTHETIC_TAG, "").upper() == "YES"
        task, notes = self._task(parameters, context, crs_wkt, progress.part(0.0, 0.1))
        found = assess(task, progress.part(0.1, 0.95))
        for warning in (*notes, *found.warnings):
            progress.warn(warning)
        files = {name: self.parameterAsFileOutput(parameters, name, context)
                 for name in (self.REPORT, self.MATRIX, self.MATRIX_OTB)}
        files = {name: path for name, path in files.items() if path}
        origin = AssessmentOrigin(
            self.origins[self.REFERENCE] if self.reference else self.paths[self.REFERENCE_RASTER],
            self.parameterAsString(parameters, self.CLASS_FIELD, context) if self.reference else "",
            self.origins[self.TRAINING], tuple(notes), synthetic, self.map_names)
        writers = {self.REPORT: lambda path: write_assessment_report(path, found, origin, progress.check),
                   self.MATRIX: found.maps[0].pixels.write_table, self.MATRIX_OTB: otb_matrix(found).write_csv}
        with complete_files(files.values()) as partial:
            for name, path in files.items():
                writers[name](partial[path])
            progress.check()
            errors = self._write_errors(parameters, context, found, crs_wkt, progress) if self.reference else None
        results = {**files, **({self.ERRORS: errors} if errors else {})}
        dress(errors, self.tr("Parcels with errors"), context, self.tr("Floefield: crop classification"),
              ROOT / "styles" / ("errorpoints.qml" if self.is_points else "errors.qml"), self)
        return {**results, **self._numbers(found.maps[0])}

    def _task(self, parameters, context, crs_wkt, progress):
        notes, parcels, points, training = [], (), (), ()
        field = self.parameterAsString(parameters, self.CLASS_FIELD, context)
        if self.is_points:
            points, notes = points_of(self.reference, field, crs_wkt, context, progress)
        elif self.reference:
            read = parcels_of(self.reference, field, crs_wkt, context, progress)
            parcels, notes = read.parcels, read.notes()
        if self.training:
            training = parcels_of(self.training, "", crs_wkt, context, progress, "training").parcels
        nodata = frozenset(int(number) for number in re.findall(
            r"-?\d+", self.parameterAsString(parameters, self.NODATA, context)))
        legend = self.parameterAsString(parameters, self.LEGEND, context)
        entries = read_legend(legend) if legend else ()
        inputs = {name: MapInput(path, (*entries, *legend_of(path)), nodata) for name, path in self.paths.items()}
        return AssessmentTask(
            inputs[self.CLASSIFICATION], inputs.get(self.OTHER_CLASSIFICATIONS), tuple(parcels), points,
            inputs.get(self.REFERENCE_RASTER), tuple(training),
            AssessmentSettings(self.parameterAsEnumString(parameters, self.SAMPLING_DESIGN, context),
                               self.parameterAsEnumString(parameters, self.LABEL_MATCHING, context),
                               self.parameterAsInt(parameters, self.THREADS, context))), notes

    def _write_errors(self, parameters, context, found, crs_wkt, progress):
        layout, features = layout_and_features(error_table(found), crs_wkt, self.is_points, progress.check)
        return write_layer(self, parameters, self.ERRORS, context, layout, features, progress)

    def _numbers(self, scores):
        numbers = {self.OVERALL_ACCURACY: scores.pixels.overall_accuracy, self.KAPPA: scores.pixels.kappa}
        if scores.parcels is not None:
            numbers[self.PARCEL_ACCURACY] = scores.parcels.overall_accuracy
        if scores.estimates is not None:
            numbers[self.ESTIMATED_ACCURACY] = scores.estimates.overall
        return numbers


def _is_list_of_numbers(text):
    return not text.strip() or all(re.fullmatch(r"\s*-?\d+\s*", part) for part in text.split(","))
