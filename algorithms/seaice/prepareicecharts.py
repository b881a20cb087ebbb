"""Tool ``prepareicecharts``: ice charts in SIGRID-3 to decoded, clipped and styled layers."""

import os
from dataclasses import asdict

from qgis.core import QgsCoordinateReferenceSystem, QgsProcessingContext, QgsProcessingException

from ...compute.declarations import ParameterDeclaration, pick, with_defaults
from ...compute.errors import UnsuitableInput
from ...compute.icechart.chart_files import find_charts
from ...compute.icechart.chart_identity import parse_user_date
from ...compute.icechart.chart_settings import CHART_PARAMETERS, ChartSettings
from ...compute.icechart.chart_summary import FAILED, PREPARED, write_report, write_table
from ...compute.icechart.ice_legend import load_legend
from ...provider.base import Algorithm, Group
from ...provider.parameters import is_null, read, read_settings
from ...provider.styling import dress
from ...vector.areas import StudyArea
from ...vector.chart_preparation import describe_failures, prepare_charts

CHARTS = ParameterDeclaration(
    "CHARTS", "Ice charts (one of these two)",
    "Ice charts in SIGRID-3: zip archives as downloaded, shapefiles, GeoPackages or GML files. Alternative: "
    "CHARTS_FOLDER.",
    kind="files", optional=True)
CHARTS_FOLDER = ParameterDeclaration(
    "CHARTS_FOLDER", "Folder with ice charts (one of these two)",
    "Folder searched, with its subfolders, for ice charts. Alternative: CHARTS.",
    kind="folder", optional=True)
STUDY_AREA = ParameterDeclaration(
    "STUDY_AREA", "Study area",
    "Polygons in any CRS to which the charts are clipped. They may contain the pole or cross 180 degrees (with "
    "longitudes beyond 180, or in two parts). Empty: whole charts.",
    kind="polygons", optional=True)
SOURCE_CRS = ParameterDeclaration(
    "SOURCE_CRS", "CRS of charts without CRS information",
    "Coordinate reference system of charts without one (shapefiles without .prj); ignored for all others.",
    kind="crs", optional=True)
OUTPUT_FOLDER = ParameterDeclaration(
    "OUTPUT_FOLDER", "Output folder",
    "Folder for the prepared charts, one GeoPackage each, such as usnic_arctic_20201008.gpkg. Files with the "
    "same name are overwritten.",
    kind="folder_destination")
SUMMARY = ParameterDeclaration(
    "SUMMARY", "Summary table (CSV)",
    "CSV file with one row per chart: date, number of polygons, area of each class, remarks and errors.",
    kind="file_destination", file_filter="CSV files (*.csv)", optional=True)
REPORT = ParameterDeclaration(
    "REPORT", "Report", "HTML report with the summary table and the area fraction of each class over time.",
    kind="file_destination", file_filter="HTML files (*.html)", optional=True)
CHART_COUNT = ParameterDeclaration("CHART_COUNT", "Number of prepared charts", kind="number_result")
FAILED_COUNT = ParameterDeclaration("FAILED_COUNT", "Number of charts not used", kind="number_result")

CHART = with_defaults(CHART_PARAMETERS, ChartSettings())


class PrepareIceCharts(Algorithm):
    """Decode, repair, clip and reproject ice charts."""

    NAME = "prepareicecharts"
    TITLE = "Prepare ice charts"
    GROUP = Group.SEAICE
    TAGS = ("ice chart", "SIGRID-3", "SIGRID", "egg code", "WMO", "sea ice", "USNIC", "NIC", "AARI", "Canadian Ice "
            "Service", "CIS", "DMI", "met norway", "stage of development", "ice type", "ice concentration",
            "form of ice", "decode", "clip", "reproject", "fix geometries", "antimeridian", "batch", "CRYO04", "arctic")
    HELP = ("Prepares any number of ice charts in SIGRID-3, as delivered by the ice services: repairs the polygons, "
            "clips them to a study area, reprojects them to one CRS, and decodes concentration, stage of development, "
            "form and the class of a legend. Each chart is written to a GeoPackage named by service, region and date, "
            "with embedded styles. Charts across the pole and the antimeridian are supported.")
    REQUIRES = ("defusedxml", "jinja2")
    PARAMETERS = (
        CHARTS, CHARTS_FOLDER, STUDY_AREA, *pick(CHART, "CRS"), SOURCE_CRS,
        *(each for each in CHART if each.name != "CRS"),
        OUTPUT_FOLDER, SUMMARY, REPORT, CHART_COUNT, FAILED_COUNT)

    def checkParameterValues(self, parameters, context):
        """Check the inputs and the output folder."""
        ok, message = super().checkParameterValues(parameters, context)
        if not ok:
            return ok, message
        folder = read(self, CHARTS_FOLDER, parameters, context)
        if bool(read(self, CHARTS, parameters, context)) == bool(folder):
            return False, self.tr("Give either a list of charts (CHARTS) or a folder with charts (CHARTS_FOLDER).")
        output = read(self, OUTPUT_FOLDER, parameters, context)
        if folder and output and os.path.realpath(folder) == os.path.realpath(output):
            return False, self.tr("OUTPUT_FOLDER is the folder of the charts. Choose another folder, so that the "
                                  "outputs are not read as charts in the next run.")
        return True, ""

    def prepare_inputs(self, parameters, context, feedback):
        """Open the study area."""
        self._area_source = self.parameterAsSource(parameters, STUDY_AREA.name, context)
        if self._area_source is None and not is_null(parameters.get(STUDY_AREA.name)):
            raise QgsProcessingException(self.invalidSourceError(parameters, STUDY_AREA.name))

    def execute(self, parameters, context, progress):
        """Prepare the charts, write the summary and the report, and load the results."""
        settings = self._settings(parameters, context)
        legend = load_legend(settings.legend)
        area = StudyArea(self._area_source) if self._area_source is not None else None
        if area is not None and area.has_wide_edge:
            progress.warn(self.tr(
                "The study area has an edge of more than 180 degrees along a parallel, which is taken as drawn. If the "
                "study area crosses 180 degrees, use longitudes beyond 180 (170 to 190)."))
        crs = QgsCoordinateReferenceSystem(settings.crs)
        source_crs = QgsCoordinateReferenceSystem(read(self, SOURCE_CRS, parameters, context))
        folder = read(self, OUTPUT_FOLDER, parameters, context)
        outcomes = prepare_charts(self._paths(parameters, folder, context), folder, settings, (crs, source_crs, area),
                                  context, progress)
        summaries = self._write_summaries(outcomes, legend, settings, crs, parameters, context)
        failed = [outcome for outcome in outcomes if outcome.status == FAILED]
        prepared = [outcome for outcome in outcomes if outcome.status == PREPARED]
        if failed and settings.on_error == "skip_then_fail":
            raise UnsuitableInput(f"{describe_failures(failed)} The other {len(prepared)} charts are in {folder}.")
        if settings.load:
            self._load(prepared, folder, context)
        return {OUTPUT_FOLDER.name: folder, **summaries, CHART_COUNT.name: len(prepared),
                FAILED_COUNT.name: len(failed)}

    def _settings(self, parameters, context):
        values = read_settings(self, CHART_PARAMETERS, parameters, context)
        # The parameter is optional because QGIS 3.22 requires a value otherwise; empty means the default.
        settings = ChartSettings(**{**values, "crs": values["crs"] or ChartSettings().crs})
        for day in filter(None, settings.dates()):
            parse_user_date(day)
        return settings

    def _paths(self, parameters, folder, context):
        listed = read(self, CHARTS, parameters, context)
        if not listed:
            return find_charts(read(self, CHARTS_FOLDER, parameters, context), exclude=folder)
        # models may pass a folder in place of a list of files
        return [path for each in listed
                for path in (find_charts(each, exclude=folder) if os.path.isdir(each) else [each])]

    def _write_summaries(self, outcomes, legend, settings, crs, parameters, context):
        outputs = {each.name: read(self, each, parameters, context) for each in (SUMMARY, REPORT)}
        if outputs[SUMMARY.name]:
            write_table(outputs[SUMMARY.name], outcomes, legend)
        if outputs[REPORT.name]:
            values = {**asdict(settings), "crs": crs.authid() or crs.description()}
            write_report(outputs[REPORT.name], outcomes, legend,
                         [(name.upper(), str(value)) for name, value in values.items() if name != "load"])
        return {name: path for name, path in outputs.items() if path}

    def _load(self, prepared, folder, context):
        group = self.tr("Floefield: ice charts")
        for outcome in sorted(prepared, key=lambda each: (each.date, each.time, each.output)):
            stem = outcome.output.partition(".")[0]
            path = f"{os.path.join(folder, outcome.output)}|layername={stem}"
            name = " ".join(filter(None, (outcome.service.upper(), outcome.area, outcome.date, outcome.time)))
            details = QgsProcessingContext.LayerDetails(name, context.project(), OUTPUT_FOLDER.name)
            context.addLayerToLoadOnCompletion(path, details)
            dress(path, name, context, group)
