"""Tool ``prepareicecharts``: ice charts in SIGRID-3 to decoded, clipped and styled layers."""

import os
from dataclasses import asdict

from qgis.core import (
    QgsProcessing,
    QgsProcessingContext,
    QgsProcessingException,
    QgsProcessingOutputNumber,
    QgsProcessingParameterBoolean,
    QgsProcessingParameterCrs,
    QgsProcessingParameterEnum,
    QgsProcessingParameterFeatureSource,
    QgsProcessingParameterFile,
    QgsProcessingParameterFileDestination,
    QgsProcessingParameterFolderDestination,
    QgsProcessingParameterMultipleLayers,
    QgsProcessingParameterNumber,
    QgsProcessingParameterString,
)

from ...compute.batch import ON_ERROR
from ...compute.errors import UnsuitableInput
from ...compute.icechart.chart_files import find_charts
from ...compute.icechart.chart_identity import parse_user_date
from ...compute.icechart.chart_settings import CODE_TABLES, STYLES, ChartSettings
from ...compute.icechart.chart_summary import FAILED, PREPARED, write_report, write_table
from ...compute.icechart.ice_legend import legend_names, load_legend
from ...provider.base import Algorithm, Group
from ...provider.parameters import is_null
from ...provider.styling import dress
from ...vector.areas import StudyArea
from ...vector.chart_preparation import describe_failures, prepare_charts


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

    CHARTS = "CHARTS"
    CHARTS_FOLDER = "CHARTS_FOLDER"
    STUDY_AREA = "STUDY_AREA"
    CRS = "CRS"
    SOURCE_CRS = "SOURCE_CRS"
    LEGEND = "LEGEND"
    MIN_CONCENTRATION = "MIN_CONCENTRATION"
    MIN_DOMINANCE = "MIN_DOMINANCE"
    DATE = "DATE"
    CODE_TABLE = "CODE_TABLE"
    STYLE = "STYLE"
    ON_ERROR = "ON_ERROR"
    LOAD = "LOAD"
    OUTPUT_FOLDER = "OUTPUT_FOLDER"
    SUMMARY = "SUMMARY"
    REPORT = "REPORT"
    CHART_COUNT = "CHART_COUNT"
    FAILED_COUNT = "FAILED_COUNT"

    def initAlgorithm(self, configuration=None):
        """Declare the parameters."""
        defaults = ChartSettings()
        self._declare_inputs(defaults)
        self._declare_decoding(defaults)
        self._declare_batch(defaults)
        self._declare_outputs()

    def _declare_inputs(self, defaults):
        self.declare(
            QgsProcessingParameterMultipleLayers(self.CHARTS, self.tr("Ice charts (one of these two)"),
                                                 QgsProcessing.SourceType.TypeFile, optional=True),
            "Ice charts in SIGRID-3: zip archives as downloaded, shapefiles, GeoPackages or GML files. Alternative: "
            "CHARTS_FOLDER.")
        self.declare(
            QgsProcessingParameterFile(self.CHARTS_FOLDER, self.tr("Folder with ice charts (one of these two)"),
                                       behavior=QgsProcessingParameterFile.Behavior.Folder, optional=True),
            "Folder searched, with its subfolders, for ice charts. Alternative: CHARTS.")
        self.declare(
            QgsProcessingParameterFeatureSource(self.STUDY_AREA, self.tr("Study area"),
                                                [QgsProcessing.SourceType.TypeVectorPolygon], optional=True),
            "Polygons in any CRS to which the charts are clipped. They may contain the pole or cross 180 degrees (with "
            "longitudes beyond 180, or in two parts). Empty: whole charts.")
        self.declare(
            QgsProcessingParameterCrs(self.CRS, self.tr("Output CRS"), defaults.crs, optional=True),
            "Coordinate reference system of all prepared charts, preferably that of the satellite images. Default: UTM "
            "zone 26N, between Greenland and Iceland, as in the CRYO04 training. Use EPSG:3413 for the whole Arctic.")
        self.declare(
            QgsProcessingParameterCrs(self.SOURCE_CRS, self.tr("CRS of charts without CRS information"), optional=True),
            "Coordinate reference system of charts without one (shapefiles without .prj); ignored for all others.")

    def _declare_decoding(self, defaults):
        self.declare(
            QgsProcessingParameterString(self.LEGEND, self.tr("Legend (name or CSV file)"), defaults.legend),
            f"Legend that assigns ice types to classes: {', '.join(legend_names())}, or the path of a CSV file. park3: "
            "open water, first-year and old ice. ice_water: two classes. ai4arctic: six classes. stage: every stage of "
            "development.")
        double = QgsProcessingParameterNumber.Type.Double
        self.declare(
            QgsProcessingParameterNumber(self.MIN_CONCENTRATION, self.tr("Minimum total concentration (%)"),
                                         double, defaults.min_concentration, minValue=0, maxValue=100),
            "Minimum total concentration, in per cent, of polygons with an ice class: below it, most of the surface is "
            "water, and the polygon has no class. Below 10 % it is open water.", advanced=True)
        self.declare(
            QgsProcessingParameterNumber(self.MIN_DOMINANCE, self.tr("Minimum dominance of one class (%)"), double,
                                         defaults.dominance, minValue=0, maxValue=100),
            "Minimum percentage of the ice of a polygon that belongs to one class; below it, the polygon is mixed and "
            "has no class. 0: the class with the highest concentration is assigned.", advanced=True)
        self.declare(
            QgsProcessingParameterString(self.DATE, self.tr("Chart date (YYYY-MM-DD)"), optional=True),
            "Date of charts whose metadata and name contain none or an ambiguous one, such as 2020-10-08. For several "
            "charts: name=date pairs, such as chart1=2020-10-08;chart2=2020-10-15.", advanced=True)
        self.declare(
            _choice(self.CODE_TABLE, self.tr("Code table"), CODE_TABLES, defaults.code_table),
            "Meaning of the codes. wmo: as in SIGRID-3. cis: 70 and 74 to 78 are brash and lake ice, as in older "
            "Canadian charts. auto: by the ice service of the chart.", advanced=True)

    def _declare_batch(self, defaults):
        self.declare(
            _choice(self.STYLE, self.tr("Style"), STYLES, defaults.style),
            "Default style of the prepared charts: class of the legend, stage of development or total concentration "
            "(the latter two in WMO colours). All three are stored in each file.")
        self.declare(
            _choice(self.ON_ERROR, self.tr("If an input cannot be used"), ON_ERROR, defaults.on_error),
            "Reaction to a chart that cannot be used. skip: prepare all other charts and log the error. skip_then_fail: the "
            "same, but the run ends with an error (exit code 1), for scripts that check it. stop: end the run at the "
            "first error; nothing is written.", advanced=True)
        self.declare(
            QgsProcessingParameterBoolean(self.LOAD, self.tr("Load results into the project"), defaults.load),
            "Load the prepared charts when the run ends. Switch it off in models that process them further.")

    def _declare_outputs(self):
        self.declare(
            QgsProcessingParameterFolderDestination(self.OUTPUT_FOLDER, self.tr("Output folder")),
            "Folder for the prepared charts, one GeoPackage each, such as usnic_arctic_20201008.gpkg. Files with the "
            "same name are overwritten.")
        self.declare(
            QgsProcessingParameterFileDestination(self.SUMMARY, self.tr("Summary table (CSV)"),
                                                  "CSV files (*.csv)", optional=True),
            "CSV file with one row per chart: date, number of polygons, area of each class, remarks and errors.")
        self.declare(
            QgsProcessingParameterFileDestination(self.REPORT, self.tr("Report"), "HTML files (*.html)", optional=True),
            "HTML report with the summary table and the area fraction of each class over time.")
        self.addOutput(QgsProcessingOutputNumber(self.CHART_COUNT, self.tr("Number of prepared charts")))
        self.addOutput(QgsProcessingOutputNumber(self.FAILED_COUNT, self.tr("Number of charts not used")))

    def checkParameterValues(self, parameters, context):
        """Check the inputs and the output folder."""
        ok, message = super().checkParameterValues(parameters, context)
        if not ok:
            return ok, message
        charts = self._listed(parameters, context)
        folder = self.parameterAsString(parameters, self.CHARTS_FOLDER, context)
        if bool(charts) == bool(folder):
            return False, self.tr("Give either a list of charts (CHARTS) or a folder with charts (CHARTS_FOLDER).")
        output = self.parameterAsString(parameters, self.OUTPUT_FOLDER, context)
        if folder and output and os.path.realpath(folder) == os.path.realpath(output):
            return False, self.tr("OUTPUT_FOLDER is the folder of the charts. Choose another folder, so that the "
                                  "outputs are not read as charts in the next run.")
        return True, ""

    def prepare_inputs(self, parameters, context, feedback):
        """Open the study area."""
        self._area_source = self.parameterAsSource(parameters, self.STUDY_AREA, context)
        if self._area_source is None and not is_null(parameters.get(self.STUDY_AREA)):
            raise QgsProcessingException(self.invalidSourceError(parameters, self.STUDY_AREA))

    def execute(self, parameters, context, progress):
        """Prepare the charts, write the summary and the report, and load the results."""
        settings = self._settings(parameters, context)
        legend = load_legend(settings.legend)
        area = StudyArea(self._area_source) if self._area_source is not None else None
        if area is not None and area.has_wide_edge:
            progress.warn(self.tr(
                "The study area has an edge of more than 180 degrees along a parallel, which is taken as drawn. If the "
                "study area crosses 180 degrees, use longitudes beyond 180 (170 to 190)."))
        # optional, because QGIS 3.22 requires a value otherwise; the default replaces an empty value
        given = {} if is_null(parameters.get(self.CRS)) else parameters
        crs = self.parameterAsCrs(given, self.CRS, context)
        if not crs.isValid():
            raise UnsuitableInput("CRS is not a valid coordinate reference system. Example: EPSG:32626.")
        source_crs = self.parameterAsCrs(parameters, self.SOURCE_CRS, context)
        folder = self.parameterAsString(parameters, self.OUTPUT_FOLDER, context)
        outcomes = prepare_charts(self._paths(parameters, folder, context), folder, settings, (crs, source_crs, area),
                                  context, progress)
        summaries = self._write_summaries(outcomes, legend, settings, crs, parameters, context)
        failed = [outcome for outcome in outcomes if outcome.status == FAILED]
        prepared = [outcome for outcome in outcomes if outcome.status == PREPARED]
        if failed and settings.on_error == "skip_then_fail":
            raise UnsuitableInput(f"{describe_failures(failed)} The other {len(prepared)} charts are in {folder}.")
        if settings.load:
            self._load(prepared, folder, context)
        return {self.OUTPUT_FOLDER: folder, **summaries, self.CHART_COUNT: len(prepared),
                self.FAILED_COUNT: len(failed)}

    def _settings(self, parameters, context):
        settings = ChartSettings(
            legend=self.parameterAsString(parameters, self.LEGEND, context),
            min_concentration=self.parameterAsDouble(parameters, self.MIN_CONCENTRATION, context),
            dominance=self.parameterAsDouble(parameters, self.MIN_DOMINANCE, context),
            code_table=self.parameterAsEnumString(parameters, self.CODE_TABLE, context),
            date=self.parameterAsString(parameters, self.DATE, context).strip(),
            style=self.parameterAsEnumString(parameters, self.STYLE, context),
            on_error=self.parameterAsEnumString(parameters, self.ON_ERROR, context),
            load=self.parameterAsBoolean(parameters, self.LOAD, context))
        for day in filter(None, settings.dates()):
            parse_user_date(day)
        return settings

    def _listed(self, parameters, context):
        return [path for path in self.parameterAsFileList(parameters, self.CHARTS, context) if path]

    def _paths(self, parameters, folder, context):
        listed = self._listed(parameters, context)
        if not listed:
            return find_charts(self.parameterAsString(parameters, self.CHARTS_FOLDER, context), exclude=folder)
        # models may pass a folder in place of a list of files
        return [path for each in listed
                for path in (find_charts(each, exclude=folder) if os.path.isdir(each) else [each])]

    def _write_summaries(self, outcomes, legend, settings, crs, parameters, context):
        outputs = {name: self.parameterAsFileOutput(parameters, name, context) for name in (self.SUMMARY, self.REPORT)}
        if outputs[self.SUMMARY]:
            write_table(outputs[self.SUMMARY], outcomes, legend)
        if outputs[self.REPORT]:
            values = {**asdict(settings), "crs": crs.authid() or crs.description()}
            write_report(outputs[self.REPORT], outcomes, legend,
                         [(name.upper(), str(value)) for name, value in values.items() if name != "load"])
        return {name: path for name, path in outputs.items() if path}

    def _load(self, prepared, folder, context):
        group = self.tr("Floefield: ice charts")
        for outcome in sorted(prepared, key=lambda each: (each.date, each.time, each.output)):
            stem = outcome.output.partition(".")[0]
            path = f"{os.path.join(folder, outcome.output)}|layername={stem}"
            name = " ".join(filter(None, (outcome.service.upper(), outcome.area, outcome.date, outcome.time)))
            details = QgsProcessingContext.LayerDetails(name, context.project(), self.OUTPUT_FOLDER)
            context.addLayerToLoadOnCompletion(path, details)
            dress(path, name, context, group)


def _choice(name, description, options, default):
    return QgsProcessingParameterEnum(name, description, options=list(options), defaultValue=default,
                                      usesStaticStrings=True)
