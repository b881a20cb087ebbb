"""Ice charts as services deliver them become clipped, decoded, coloured layers."""

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

from ...compute.errors import UnsuitableInput
from ...compute.icechart.dates import parse_user_date
from ...compute.icechart.files import find_charts
from ...compute.icechart.legend import legend_names, load_legend
from ...compute.icechart.settings import CODE_TABLES, ON_ERROR, STYLES, ChartSettings
from ...compute.icechart.summary import FAILED, PREPARED, write_report, write_table
from ...provider.base import Algorithm, Group
from ...provider.chartbatch import failures, prepare_charts
from ...provider.inputs import is_null
from ...provider.progress import FeedbackProgress
from ...provider.studyarea import StudyArea
from ...provider.styling import dress


class PrepareIceCharts(Algorithm):
    """Charts in, a folder of GeoPackages and a summary out."""

    NAME = "prepareicecharts"
    TITLE = "Prepare ice charts"
    GROUP = Group.SEAICE
    TAGS = ("ice chart", "SIGRID-3", "egg code", "sea ice", "USNIC", "AARI", "Canadian Ice Service", "DMI", "stage of "
            "development", "concentration", "clip", "reproject", "batch")
    HELP = ("Takes ice charts as the services deliver them (SIGRID-3), any number at once: repairs their polygons, "
            "clips them to a study area, brings them to one coordinate reference system, and translates their codes to "
            "concentration, stage of development, form and the class of a legend. Each chart becomes a GeoPackage "
            "that is named by service, waters and day and brings its colours along. Nothing is lost at the pole or at "
            "180 degrees.")
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
        self._declare_running(defaults)
        self._declare_outputs()

    def _declare_inputs(self, defaults):
        self.declare(
            QgsProcessingParameterMultipleLayers(self.CHARTS, self.tr("Ice charts"),
                                                 QgsProcessing.SourceType.TypeFile, optional=True),
            "charts in SIGRID-3: zips as downloaded, shapefiles, GeoPackages or GML files. Give these or the folder "
            "below.")
        self.declare(
            QgsProcessingParameterFile(self.CHARTS_FOLDER, self.tr("Folder with ice charts"),
                                       behavior=QgsProcessingParameterFile.Behavior.Folder, optional=True),
            "all charts in it and its subfolders are used.")
        self.declare(
            QgsProcessingParameterFeatureSource(self.STUDY_AREA, self.tr("Study area"),
                                                [QgsProcessing.SourceType.TypeVectorPolygon], optional=True),
            "polygons, in any coordinate reference system; charts are clipped to them. It may lie over the pole or "
            "across 180 degrees (in degrees, as longitudes beyond 180, or as two parts). Leave it empty for whole "
            "charts.")
        self.declare(
            QgsProcessingParameterCrs(self.CRS, self.tr("CRS of the results"), defaults.crs, optional=True),
            "one for all charts, best the one of your satellite images. The default is UTM zone 26 north, between "
            "Greenland and Iceland, as in the CRYO04 training; take EPSG:3413 for the Arctic as a whole.")
        self.declare(
            QgsProcessingParameterCrs(self.SOURCE_CRS, self.tr("CRS of charts that do not tell theirs"), optional=True),
            "used for charts without a CRS (shapefiles without .prj); all others keep their own.")

    def _declare_decoding(self, defaults):
        self.declare(
            QgsProcessingParameterString(self.LEGEND, self.tr("Legend (its name, or a CSV file)"), defaults.legend),
            f"which ice is which class: one of {', '.join(legend_names())}, or the path of a CSV file of your own. "
            "park3 has open water, first-year and old ice; ice_water two classes; ai4arctic six; stage every stage "
            "of development.")
        percent = QgsProcessingParameterNumber.Type.Double
        self.declare(
            QgsProcessingParameterNumber(self.MIN_CONCENTRATION, self.tr("Smallest concentration for an ice class (%)"),
                                         percent, defaults.min_concentration, minValue=0, maxValue=100),
            "polygons with less ice have no class, because most of what a satellite sees there is water. Below 10 % "
            "they are open water.", advanced=True)
        self.declare(
            QgsProcessingParameterNumber(self.MIN_DOMINANCE, self.tr("Smallest share of the class (%)"), percent,
                                         defaults.dominance, minValue=0, maxValue=100),
            "polygons in which no class has so much of the ice are mixed and have no class. With 0 the class with most "
            "ice wins.", advanced=True)
        self.declare(
            QgsProcessingParameterString(self.DATE, self.tr("Date of the charts"), optional=True),
            "year-month-day, such as 2020-10-08, for charts whose metadata and name do not tell their day clearly. "
            "With several charts write name=date pairs: chart1=2020-10-08;chart2=2020-10-15.", advanced=True)
        self.declare(
            _choice(self.CODE_TABLE, self.tr("Code tables"), CODE_TABLES, defaults.code_table),
            "wmo takes every code as SIGRID-3 defines it; cis takes 70 and 74 to 78 as brash and lake ice, as older "
            "Canadian charts do; auto decides by the service that made the chart.", advanced=True)

    def _declare_running(self, defaults):
        self.declare(
            _choice(self.STYLE, self.tr("Colours"), STYLES, defaults.style),
            "how the results look when opened: the classes of the legend, or stage of development or total "
            "concentration in the colours of the World Meteorological Organization. All three are stored in each file.")
        self.declare(
            _choice(self.ON_ERROR, self.tr("When a chart cannot be used"), ON_ERROR, defaults.on_error),
            "skip prepares the others and names it; fail does the same and ends with an error, for scripts that look "
            "at the exit code; stop ends at once and writes nothing.", advanced=True)
        self.declare(
            QgsProcessingParameterBoolean(self.LOAD, self.tr("Open the results"), defaults.load),
            "puts the prepared charts into the project. In a model, switch it off where other tools go on with them.")

    def _declare_outputs(self):
        self.declare(
            QgsProcessingParameterFolderDestination(self.OUTPUT_FOLDER, self.tr("Folder for the prepared charts")),
            "receives a GeoPackage for each chart, such as usnic_arctic_20201008.gpkg. Files of the same name are "
            "replaced, others stay.")
        self.declare(
            QgsProcessingParameterFileDestination(self.SUMMARY, self.tr("Summary"), "CSV files (*.csv)", optional=True),
            "table with a row for each chart: date, polygons, area of each class, and what is wrong with it.")
        self.declare(
            QgsProcessingParameterFileDestination(self.REPORT, self.tr("Report"), "HTML files (*.html)", optional=True),
            "the same as a page, with the share of each class from chart to chart.")
        self.addOutput(QgsProcessingOutputNumber(self.CHART_COUNT, self.tr("Number of prepared charts")))
        self.addOutput(QgsProcessingOutputNumber(self.FAILED_COUNT, self.tr("Number of charts that cannot be used")))

    def checkParameterValues(self, parameters, context):
        """Ask for a list or a folder, and for a date that is one."""
        ok, message = super().checkParameterValues(parameters, context)
        if not ok:
            return ok, message
        charts = self._listed(parameters, context)
        folder = self.parameterAsString(parameters, self.CHARTS_FOLDER, context)
        if bool(charts) == bool(folder):
            return False, self.tr("Give either a list of charts (CHARTS) or a folder with charts (CHARTS_FOLDER).")
        output = self.parameterAsString(parameters, self.OUTPUT_FOLDER, context)
        if folder and output and os.path.realpath(folder) == os.path.realpath(output):
            return False, self.tr("OUTPUT_FOLDER is the folder of the charts. Choose another one, or the results would "
                                  "be charts the next time.")
        return True, ""

    def prepareAlgorithm(self, parameters, context, feedback):
        """Open the study area."""
        self._area_source = self.parameterAsSource(parameters, self.STUDY_AREA, context)
        if self._area_source is None and not is_null(parameters.get(self.STUDY_AREA)):
            raise QgsProcessingException(self.invalidSourceError(parameters, self.STUDY_AREA))
        return True

    def processAlgorithm(self, parameters, context, feedback):
        """Prepare the charts, tell what became of them, dress them."""
        progress = FeedbackProgress(feedback)
        settings = self._settings(parameters, context)
        legend = load_legend(settings.legend)
        area = StudyArea(self._area_source) if self._area_source is not None else None
        if area is not None and area.is_wide:
            progress.warn(self.tr(
                "The study area has an edge of more than 180 degrees along a parallel and is taken as it looks in "
                "degrees. If it should lie across 180 degrees, write longitudes beyond 180 (170 to 190)."))
        # QGIS 3.22 wants a value or calls the parameter optional, though it has a default
        given = {} if is_null(parameters.get(self.CRS)) else parameters
        crs = self.parameterAsCrs(given, self.CRS, context)
        if not crs.isValid():
            raise UnsuitableInput("CRS is no coordinate reference system that QGIS knows. Write it as in EPSG:32626.")
        source_crs = self.parameterAsCrs(parameters, self.SOURCE_CRS, context)
        folder = self.parameterAsString(parameters, self.OUTPUT_FOLDER, context)
        outcomes = prepare_charts(self._paths(parameters, folder, context), folder, settings, (crs, source_crs, area),
                                  context, progress)
        outputs = {self.OUTPUT_FOLDER: folder, **self._tell(outcomes, legend, settings, crs, parameters, context)}
        failed = [outcome for outcome in outcomes if outcome.status == FAILED]
        prepared = [outcome for outcome in outcomes if outcome.status == PREPARED]
        if failed and settings.on_error == "fail":
            raise UnsuitableInput(f"{failures(failed)} The other {len(prepared)} charts are in {folder}.")
        if settings.load:
            self._load(prepared, folder, context)
        return {**outputs, self.CHART_COUNT: len(prepared), self.FAILED_COUNT: len(failed)}

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
        # a model may hand a folder over where a list of files is wanted
        return [path for each in listed
                for path in (find_charts(each, exclude=folder) if os.path.isdir(each) else [each])]

    def _tell(self, outcomes, legend, settings, crs, parameters, context):
        outputs = {name: self.parameterAsFileOutput(parameters, name, context) for name in (self.SUMMARY, self.REPORT)}
        if outputs[self.SUMMARY]:
            write_table(outputs[self.SUMMARY], outcomes, legend)
        if outputs[self.REPORT]:
            chosen = {**asdict(settings), "crs": crs.authid() or crs.description()}
            write_report(outputs[self.REPORT], outcomes, legend,
                         [(name.upper(), str(value)) for name, value in chosen.items() if name != "load"])
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
