"""Accuracy assessment of class maps, from Floefield or other software."""

from __future__ import annotations

from qgis.core import QgsProcessingContext, QgsProcessingFeedback

from ...compute.accuracy.assessment import (
    ASSESSMENT_PARAMETERS,
    AssessmentSettings,
    AssessmentTask,
    MapInput,
    assess,
)
from ...compute.accuracy.assessment_report import AssessmentOrigin, write_assessment_report
from ...compute.accuracy.confusion_matrix import otb_matrix
from ...compute.accuracy.scores import Assessment, MapScores, error_table
from ...compute.classmap.class_legend import read_legend
from ...compute.declarations import ParameterDeclaration, with_defaults
from ...compute.errors import UnsuitableInput
from ...compute.output_files import OutputSet
from ...compute.progress import Progress
from ...compute.raster.band_metadata import is_synthetic
from ...compute.raster.reader import RasterReader
from ...provider.base import ROOT, Algorithm, Group, OutputValue, Parameters
from ...provider.layer_outputs import layout_and_features, write_layer
from ...provider.parameters import is_given, number_list, read, read_settings
from ...provider.parcel_inputs import layer_origin, parcel_source, parcels_of
from ...provider.raster_inputs import layers_of, optional_raster_path, raster_path, raster_paths, unloadable_layers
from ...provider.reference_inputs import legend_of, points_of, reference_source
from ...provider.styling import dress
from ._parameters import KAPPA, OVERALL_ACCURACY, REPORT_FILTER

CSV_FILTER = "CSV files (*.csv)"

CLASSIFICATION = ParameterDeclaration(
    "CLASSIFICATION", "Class map",
    "Raster with class values in its first band. Class names are read from its attribute table, the style file beside "
    "it or LEGEND. Value 0 is a class unless it is nodata in the file or listed in NODATA.", kind="raster")
REFERENCE = ParameterDeclaration(
    "REFERENCE", "Reference parcels or points (one of these two)",
    "Polygon or point layer with known classes that was not used to train the map, in any coordinate reference system.",
    kind="polygons_or_points", optional=True)
CLASS_FIELD = ParameterDeclaration(
    "CLASS_FIELD", "Class field",
    "Field of the reference layer with the class: its code, name or value in the map. Features where it is empty are "
    "omitted.", kind="field", parent="REFERENCE", optional=True)
REFERENCE_RASTER = ParameterDeclaration(
    "REFERENCE_RASTER", "Reference raster (one of these two)",
    "Raster of known classes on any grid, instead of parcels or points. Each pixel of the map is compared with the "
    "reference pixel at its centre.", kind="raster", optional=True, advanced=True)
TRAINING = ParameterDeclaration(
    "TRAINING", "Training parcels of the map (excluded)",
    "Training parcels of maps of other software: reference parcels and points with pixels in them are excluded, since "
    "the accuracy would be far too high. Maps of Floefield contain a record of their training pixels.", kind="polygons",
    optional=True)
OTHER_CLASSIFICATIONS = ParameterDeclaration(
    "OTHER_CLASSIFICATIONS", "Other class maps",
    "Class maps that are each compared with the class map above, on the pixels that all maps have in common; for "
    "instance maps of other dates or classifiers. Empty assesses the class map only.", kind="rasters", optional=True)
SAMPLING_DESIGN, LABEL_MATCHING, THREADS = with_defaults(ASSESSMENT_PARAMETERS, AssessmentSettings())
LEGEND = ParameterDeclaration(
    "LEGEND", "Legend (QML or CSV file)",
    "Names of the class values, for maps without a legend of their own: a QGIS style (.qml), or a CSV file with the "
    "columns value and label, and optionally code.", kind="file", file_filter="Legends (*.qml *.csv *.txt)",
    optional=True, advanced=True)
NODATA = ParameterDeclaration(
    "NODATA", "NoData values", "Values that are nodata in addition to that of the file, separated by commas: 0,255.",
    kind="text", optional=True, advanced=True)
REPORT = ParameterDeclaration(
    "REPORT", "Report",
    "HTML report: confusion matrix, accuracy measures, areas, errors, map comparisons and warnings.",
    kind="file_destination", file_filter=REPORT_FILTER, optional=True)
MATRIX = ParameterDeclaration(
    "MATRIX", "Confusion matrix (CSV)",
    "Confusion matrix of the pixels with totals, precision and recall; rows are the reference.",
    kind="file_destination", file_filter=CSV_FILTER, optional=True, is_created=False)
MATRIX_OTB = ParameterDeclaration(
    "MATRIX_OTB", "Confusion matrix (Orfeo Toolbox CSV)",
    "The same matrix in the format of ComputeConfusionMatrix, with class values as labels.", kind="file_destination",
    file_filter=CSV_FILTER, optional=True, advanced=True, is_created=False)
ERRORS = ParameterDeclaration(
    "ERRORS", "Parcels or points with errors",
    "Reference parcels or points with misclassified pixels, most errors first: reference class, majority class in each "
    "map, and number of misclassified pixels.", kind="layer_destination", geometry="any", optional=True,
    is_created=False)
PARCEL_ACCURACY = ParameterDeclaration("PARCEL_ACCURACY", "Parcel accuracy (0 to 1)", kind="number_result")
ESTIMATED_ACCURACY = ParameterDeclaration(
    "ESTIMATED_ACCURACY", "Estimated overall accuracy of the map (0 to 1)", kind="number_result")


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
    REQUIRES = ("rasterio", "scipy", "jinja2", "matplotlib", "defusedxml")
    PARAMETERS = (
        CLASSIFICATION, REFERENCE, CLASS_FIELD, REFERENCE_RASTER, TRAINING, OTHER_CLASSIFICATIONS, SAMPLING_DESIGN,
        LEGEND, LABEL_MATCHING, NODATA, THREADS, REPORT, MATRIX, MATRIX_OTB, ERRORS, OVERALL_ACCURACY, KAPPA,
        PARCEL_ACCURACY, ESTIMATED_ACCURACY,
    )

    def checkParameterValues(self, parameters: Parameters, context: QgsProcessingContext) -> tuple[bool, str]:
        """Check the reference data and what depends on them."""
        has_features, has_raster = (is_given(parameters.get(layer.name)) for layer in (REFERENCE, REFERENCE_RASTER))
        if has_features == has_raster:
            return False, self.tr("Give the reference data in one way: parcels or points with a class field "
                                  "(REFERENCE) or a raster (REFERENCE_RASTER).")
        if has_features and not is_given(parameters.get(CLASS_FIELD.name)):
            return False, self.tr("Choose the class field of the reference layer (CLASS_FIELD).")
        if has_raster and is_given(parameters.get(ERRORS.name)):
            return False, self.tr("Parcels or points with errors (ERRORS) are not available for a reference raster. "
                                  "Leave the output empty.")
        try:
            number_list(read(self, NODATA, parameters, context), self.tr("NoData values (NODATA)"))
        except UnsuitableInput as error:
            return False, str(error)
        ok, message = super().checkParameterValues(parameters, context)
        return ok, message if ok else unloadable_layers(parameters, OTHER_CLASSIFICATIONS.name, context) or message

    def prepare_inputs(self, parameters: Parameters, context: QgsProcessingContext,
                       feedback: QgsProcessingFeedback) -> None:
        """Convert layers to paths and feature sources."""
        layers = [self.parameterAsRasterLayer(parameters, CLASSIFICATION.name, context),
                  *layers_of(self, parameters, OTHER_CLASSIFICATIONS.name, context)]
        self.map_paths = (raster_path(layers[0]),
                          *raster_paths(self, parameters, OTHER_CLASSIFICATIONS.name, context))
        self.map_names = tuple(layer.name() for layer in layers)
        self.reference_raster = optional_raster_path(self, parameters, REFERENCE_RASTER.name, context)
        self.reference, self.is_points, self.training = None, False, None
        self.reference_origin, self.training_origin = (layer_origin(self, parameters, layer.name, context)
                                                       for layer in (REFERENCE, TRAINING))
        if is_given(parameters.get(REFERENCE.name)):
            self.reference, self.is_points = reference_source(self, parameters, REFERENCE.name, context)
        if is_given(parameters.get(TRAINING.name)):
            self.training = parcel_source(self, parameters, TRAINING.name, context)

    def execute(self, parameters: Parameters, context: QgsProcessingContext,
                progress: Progress) -> dict[str, OutputValue]:
        """Read the reference data, assess and write the requested outputs."""
        with RasterReader(self.map_paths[0]) as raster:
            crs_wkt, synthetic = raster.grid.crs_wkt, is_synthetic(raster.tags)
        task, notes = self._task(parameters, context, crs_wkt, progress.part(0.0, 0.1))
        assessment = assess(task, progress.part(0.1, 0.95))
        for warning in (*notes, *assessment.warnings):
            progress.warn(warning)
        files = {output.name: read(self, output, parameters, context) for output in (REPORT, MATRIX, MATRIX_OTB)}
        files = {name: path for name, path in files.items() if path}
        origin = AssessmentOrigin(
            reference_path=self.reference_origin if self.reference else self.reference_raster,
            class_field=read(self, CLASS_FIELD, parameters, context) if self.reference else "",
            training_path=self.training_origin, notes=tuple(notes), synthetic=synthetic, map_names=self.map_names)
        writers = {REPORT.name: lambda path: write_assessment_report(path, assessment, origin, progress.check),
                   MATRIX.name: assessment.maps[0].pixels.write_table,
                   MATRIX_OTB.name: otb_matrix(assessment).write_csv}
        with OutputSet() as outputs:
            for name, path in files.items():
                writers[name](outputs.file(path))
            progress.check()
            errors = self._write_errors(parameters, context, assessment, crs_wkt, progress,
                                        outputs) if self.reference else None
        results = {**files, **({ERRORS.name: errors} if errors else {})}
        dress(errors, self.tr("Points with errors" if self.is_points else "Parcels with errors"), context,
              self.tr("Floefield: crop classification"),
              ROOT / "styles" / ("error_points.qml" if self.is_points else "errors.qml"), self)
        return {**results, **_accuracies(assessment.maps[0])}

    def _task(self, parameters: Parameters, context: QgsProcessingContext, crs_wkt: str,
              progress: Progress) -> tuple[AssessmentTask, list[str]]:
        """Return the task and notes on omitted reference data."""
        notes, reference, points, training = [], (), (), ()
        field = read(self, CLASS_FIELD, parameters, context)
        if self.is_points:
            points, notes = points_of(self.reference, field, crs_wkt, context, progress)
        elif self.reference:
            found = parcels_of(self.reference, field, crs_wkt, context, progress)
            reference, notes = found.parcels, found.notes()
        if self.training:
            training = parcels_of(self.training, "", crs_wkt, context, progress, "training").parcels
        nodata = frozenset(number_list(read(self, NODATA, parameters, context), NODATA.name))
        legend = read(self, LEGEND, parameters, context)
        entries = read_legend(legend) if legend else ()

        def map_input(path: str) -> MapInput:
            return MapInput(path, (*entries, *legend_of(path)), nodata)

        return AssessmentTask(
            map=map_input(self.map_paths[0]), others=tuple(map_input(path) for path in self.map_paths[1:]),
            parcels=tuple(reference), points=points,
            raster=map_input(self.reference_raster) if self.reference_raster else None, training=tuple(training),
            settings=AssessmentSettings(**read_settings(self, ASSESSMENT_PARAMETERS, parameters, context))), notes

    def _write_errors(self, parameters: Parameters, context: QgsProcessingContext, assessment: Assessment, crs_wkt: str,
                      progress: Progress, outputs: OutputSet) -> str | None:
        layout, features = layout_and_features(error_table(assessment), crs_wkt, self.is_points, progress.check)
        return write_layer(self, parameters, ERRORS.name, context, layout, features, progress, outputs)


def _accuracies(scores: MapScores) -> dict[str, float]:
    accuracies = {OVERALL_ACCURACY.name: scores.pixels.overall_accuracy, KAPPA.name: scores.pixels.kappa}
    if scores.parcels is not None:
        accuracies[PARCEL_ACCURACY.name] = scores.parcels.overall_accuracy
    if scores.estimates is not None:
        accuracies[ESTIMATED_ACCURACY.name] = scores.estimates.overall
    return accuracies
