"""Accuracy assessment of class maps, from Floefield or other software."""

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
    QgsProcessingParameterMultipleLayers,
    QgsProcessingParameterNumber,
    QgsProcessingParameterRasterLayer,
    QgsProcessingParameterString,
)

from ...compute.accuracy.assessment import DESIGNS, AssessmentSettings, AssessmentTask, MapInput, assess
from ...compute.accuracy.assessment_report import AssessmentOrigin, write_assessment_report
from ...compute.accuracy.confusion_matrix import otb_matrix
from ...compute.accuracy.label_matching import AUTO, SCHEMES
from ...compute.accuracy.scores import error_table
from ...compute.classmap.class_legend import read_legend
from ...compute.output_files import OutputSet
from ...compute.raster.band_metadata import is_synthetic
from ...compute.raster.blocks import MAX_THREADS
from ...compute.raster.reader import RasterReader
from ...provider.base import ROOT, Algorithm, Group
from ...provider.layer_outputs import layout_and_features, write_layer
from ...provider.parameters import is_null
from ...provider.parcel_inputs import layer_origin, parcel_source, parcels_of
from ...provider.raster_inputs import layers_of, raster_path, raster_paths, unloadable_layers
from ...provider.reference_inputs import legend_of, points_of, reference_source
from ...provider.styling import dress

CSV_FILTER = "CSV files (*.csv)"
REPORT_FILTER = "HTML files (*.html)"
LEGEND_FILTER = "Legends (*.qml *.csv *.txt)"
LABEL_MATCHING = (AUTO, *SCHEMES)


class AssessAccuracy(Algorithm):
    """Compare class maps with reference data: confusion matrix, accuracy, estimates and parcels with errors."""

    NAME = "assessaccuracy"
    TITLE = "Assess accuracy"
    GROUP = Group.CLASSIFICATION
    TAGS = ("validation", "accuracy assessment", "confusion matrix", "error matrix", "kappa", "overall accuracy", "F1",
            "f-score", "precision", "recall", "user's accuracy", "producer's accuracy", "olofsson", "area estimation",
            "confidence interval", "mcnemar", "compare maps", "crop map")
    HELP = ("Compares a class map, from Floefield or other software, with reference parcels, points or a reference "
            "raster. Reports the confusion matrix (rows are the reference), accuracy measures by pixel and by parcel "
            "and, for a probability sample, estimates of accuracy and area of the whole map with 95 % confidence "
            "intervals. Training data of the map are excluded. Other class maps can be compared with it (McNemar's "
            "test).")
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
            "Raster with class values in its first band. Class names are read from its attribute table, the style file "
            "beside it or LEGEND. Value 0 is a class unless it is nodata in the file or listed in NODATA.")
        self.declare(
            QgsProcessingParameterFeatureSource(
                self.REFERENCE, self.tr("Reference parcels or points (one of these two)"),
                [polygons, QgsProcessing.SourceType.TypeVectorPoint], optional=True),
            "Polygon or point layer with known classes that was not used to train the map, in any coordinate reference "
            "system.")
        self.declare(
            QgsProcessingParameterField(self.CLASS_FIELD, self.tr("Class field"), optional=True,
                                        parentLayerParameterName=self.REFERENCE),
            "Field of the reference layer with the class: its code, name or value in the map. Features where it is "
            "empty are omitted.")
        self.declare(
            QgsProcessingParameterRasterLayer(self.REFERENCE_RASTER, self.tr("Reference raster (one of these two)"),
                                              optional=True),
            "Raster of known classes on any grid, instead of parcels or points. Each pixel of the map is compared with "
            "the reference pixel at its centre.", advanced=True)
        self.declare(
            QgsProcessingParameterFeatureSource(self.TRAINING, self.tr("Training parcels of the map (excluded)"),
                                                [polygons], optional=True),
            "Training parcels of maps of other software: reference parcels and points with pixels in them are "
            "excluded, since the accuracy would be far too high. Maps of Floefield contain a record of their training "
            "pixels.")
        self.declare(
            QgsProcessingParameterMultipleLayers(self.OTHER_CLASSIFICATIONS, self.tr("Other class maps"),
                                                 QgsProcessing.SourceType.TypeRaster, optional=True),
            "Class maps that are each compared with the class map above, on the pixels that all maps have in common; "
            "for instance maps of other dates or classifiers. Empty assesses the class map only.")

    def _declare_settings(self, settings):
        design = QgsProcessingParameterEnum(self.SAMPLING_DESIGN, self.tr("Sampling design of the reference data"),
                                            list(DESIGNS), defaultValue=settings.design)
        design.setUsesStaticStrings(True)
        self.declare(
            design,
            "How the reference data were selected: purposive (available parcels or points; the accuracy holds for "
            "similar ones only) or probability (random sample of the map, simple or stratified by class; accuracy and "
            "areas of the whole map are then estimated with standard errors, Olofsson et al. 2014). Choose probability "
            "only for a random sample.")
        self.declare(
            QgsProcessingParameterFile(self.LEGEND, self.tr("Legend (QML or CSV file)"), optional=True,
                                       fileFilter=LEGEND_FILTER),
            "Names of the class values, for maps without a legend of their own: a QGIS style (.qml), or a CSV file "
            "with the columns value and label, and optionally code.", advanced=True)
        matching = QgsProcessingParameterEnum(self.LABEL_MATCHING, self.tr("Match labels by"), list(LABEL_MATCHING),
                                              defaultValue=settings.matching)
        matching.setUsesStaticStrings(True)
        self.declare(
            matching,
            "Whether the class field contains the code, the name or the value of the classes; auto chooses the one "
            "that matches most labels. Case and underscores are ignored.", advanced=True)
        self.declare(
            QgsProcessingParameterString(self.NODATA, self.tr("NoData values"), optional=True),
            "Values that are nodata in addition to that of the file, separated by commas: 0,255.", advanced=True)
        self.declare(
            QgsProcessingParameterNumber(self.THREADS, self.tr("Number of threads (0 = automatic)"),
                                         QgsProcessingParameterNumber.Type.Integer, settings.threads, minValue=0,
                                         maxValue=4 * MAX_THREADS),
            "Number of worker threads; 0 uses all cores but one. Results do not depend on it.", advanced=True)

    def _declare_outputs(self):
        self.declare(
            QgsProcessingParameterFileDestination(self.REPORT, self.tr("Report"), REPORT_FILTER, optional=True),
            "HTML report: confusion matrix, accuracy measures, areas, errors, map comparisons and warnings.")
        self.declare(
            QgsProcessingParameterFileDestination(self.MATRIX, self.tr("Confusion matrix (CSV)"), CSV_FILTER,
                                                  optional=True, createByDefault=False),
            "Confusion matrix of the pixels with totals, precision and recall; rows are the reference.")
        self.declare(
            QgsProcessingParameterFileDestination(self.MATRIX_OTB, self.tr("Confusion matrix (Orfeo Toolbox CSV)"),
                                                  CSV_FILTER, optional=True, createByDefault=False),
            "The same matrix in the format of ComputeConfusionMatrix, with class values as labels.", advanced=True)
        self.declare(
            QgsProcessingParameterFeatureSink(self.ERRORS, self.tr("Parcels or points with errors"),
                                              QgsProcessing.SourceType.TypeVectorAnyGeometry, optional=True,
                                              createByDefault=False),
            "Reference parcels or points with misclassified pixels, most errors first: reference class, majority class "
            "in each map, and number of misclassified pixels.")
        self.addOutput(QgsProcessingOutputNumber(self.OVERALL_ACCURACY, self.tr("Overall accuracy (0 to 1)")))
        self.addOutput(QgsProcessingOutputNumber(self.KAPPA, self.tr("Kappa")))
        self.addOutput(QgsProcessingOutputNumber(self.PARCEL_ACCURACY, self.tr("Parcel accuracy (0 to 1)")))
        self.addOutput(QgsProcessingOutputNumber(self.ESTIMATED_ACCURACY,
                                                 self.tr("Estimated overall accuracy of the map (0 to 1)")))

    def checkParameterValues(self, parameters, context):
        """Check the reference data and what depends on them."""
        has_features, has_raster = (not is_null(parameters.get(name))
                                    for name in (self.REFERENCE, self.REFERENCE_RASTER))
        if has_features == has_raster:
            return False, self.tr("Give the reference data in one way: parcels or points with a class field "
                                  "(REFERENCE) or a raster (REFERENCE_RASTER).")
        if has_features and is_null(parameters.get(self.CLASS_FIELD)):
            return False, self.tr("Choose the class field of the reference layer (CLASS_FIELD).")
        if has_raster and not is_null(parameters.get(self.ERRORS)):
            return False, self.tr("Parcels or points with errors (ERRORS) are not available for a reference raster. "
                                  "Leave the output empty.")
        if not _is_integer_list(self.parameterAsString(parameters, self.NODATA, context)):
            return False, self.tr("NoData values (NODATA) must be whole numbers separated by commas: 0,255.")
        ok, message = super().checkParameterValues(parameters, context)
        return ok, message if ok else unloadable_layers(parameters, self.OTHER_CLASSIFICATIONS, context) or message

    def prepare_inputs(self, parameters, context, feedback):
        """Convert layers to paths and feature sources."""
        layers = [self.parameterAsRasterLayer(parameters, self.CLASSIFICATION, context),
                  *layers_of(self, parameters, self.OTHER_CLASSIFICATIONS, context)]
        self.map_paths = (raster_path(layers[0]), *raster_paths(self, parameters, self.OTHER_CLASSIFICATIONS, context))
        self.map_names = tuple(layer.name() for layer in layers)
        raster = self.parameterAsRasterLayer(parameters, self.REFERENCE_RASTER, context)
        self.reference_raster = raster_path(raster) if raster is not None else ""
        self.reference, self.is_points, self.training = None, False, None
        self.origins = {name: layer_origin(self, parameters, name, context) for name in (self.REFERENCE, self.TRAINING)}
        if not is_null(parameters.get(self.REFERENCE)):
            self.reference, self.is_points = reference_source(self, parameters, self.REFERENCE, context)
        if not is_null(parameters.get(self.TRAINING)):
            self.training = parcel_source(self, parameters, self.TRAINING, context)

    def execute(self, parameters, context, progress):
        """Read the reference data, assess and write the requested outputs."""
        with RasterReader(self.map_paths[0]) as raster:
            crs_wkt, synthetic = raster.grid.crs_wkt, is_synthetic(raster.tags)
        task, notes = self._task(parameters, context, crs_wkt, progress.part(0.0, 0.1))
        assessment = assess(task, progress.part(0.1, 0.95))
        for warning in (*notes, *assessment.warnings):
            progress.warn(warning)
        files = {name: self.parameterAsFileOutput(parameters, name, context)
                 for name in (self.REPORT, self.MATRIX, self.MATRIX_OTB)}
        files = {name: path for name, path in files.items() if path}
        origin = AssessmentOrigin(
            self.origins[self.REFERENCE] if self.reference else self.reference_raster,
            self.parameterAsString(parameters, self.CLASS_FIELD, context) if self.reference else "",
            self.origins[self.TRAINING], tuple(notes), synthetic, self.map_names)
        writers = {self.REPORT: lambda path: write_assessment_report(path, assessment, origin, progress.check),
                   self.MATRIX: assessment.maps[0].pixels.write_table,
                   self.MATRIX_OTB: otb_matrix(assessment).write_csv}
        with OutputSet() as outputs:
            for name, path in files.items():
                writers[name](outputs.file(path))
            progress.check()
            errors = self._write_errors(parameters, context, assessment, crs_wkt, progress,
                                        outputs) if self.reference else None
        results = {**files, **({self.ERRORS: errors} if errors else {})}
        dress(errors, self.tr("Points with errors" if self.is_points else "Parcels with errors"), context,
              self.tr("Floefield: crop classification"),
              ROOT / "styles" / ("error_points.qml" if self.is_points else "errors.qml"), self)
        return {**results, **self._numbers(assessment.maps[0])}

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

        def map_input(path):
            return MapInput(path, (*entries, *legend_of(path)), nodata)

        return AssessmentTask(
            map_input(self.map_paths[0]), tuple(map_input(path) for path in self.map_paths[1:]), tuple(parcels), points,
            map_input(self.reference_raster) if self.reference_raster else None, tuple(training),
            AssessmentSettings(self.parameterAsEnumString(parameters, self.SAMPLING_DESIGN, context),
                               self.parameterAsEnumString(parameters, self.LABEL_MATCHING, context),
                               self.parameterAsInt(parameters, self.THREADS, context))), notes

    def _write_errors(self, parameters, context, assessment, crs_wkt, progress, outputs):
        layout, features = layout_and_features(error_table(assessment), crs_wkt, self.is_points, progress.check)
        return write_layer(self, parameters, self.ERRORS, context, layout, features, progress, outputs)

    def _numbers(self, scores):
        numbers = {self.OVERALL_ACCURACY: scores.pixels.overall_accuracy, self.KAPPA: scores.pixels.kappa}
        if scores.parcels is not None:
            numbers[self.PARCEL_ACCURACY] = scores.parcels.overall_accuracy
        if scores.estimates is not None:
            numbers[self.ESTIMATED_ACCURACY] = scores.estimates.overall
        return numbers


def _is_integer_list(text):
    return not text.strip() or all(re.fullmatch(r"\s*-?\d+\s*", part) for part in text.split(","))
