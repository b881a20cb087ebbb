"""CRYO04 in one step: scenes and ice charts in, ice maps out."""

import os

from qgis.core import (
    QgsProcessing,
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
from ...compute.forest.settings import ForestSettings
from ...compute.icechart.files import find_charts
from ...compute.icechart.folder import added_files
from ...compute.icechart.legend import legend_names, load_legend
from ...compute.icechart.settings import ChartSettings
from ...compute.raster.blocks import MOST_THREADS
from ...compute.seaice.classify import IceTask, classify_ice
from ...compute.seaice.scenes import find_scenes, first_grid
from ...compute.seaice.settings import DRAFTS, EVALUATIONS, TEXTURES, WHEN_BROKEN, IceSettings
from ...compute.texture.settings import FEATURES, LEVELS, STEPS, WINDOWS, TextureSettings
from ...provider.base import Algorithm, Group
from ...provider.icegroundtruth import land_chart, read_charts
from ...provider.icelayers import write_draft, write_edges
from ...provider.inputs import raster_paths
from ...provider.progress import FeedbackProgress
from ...provider.styling import load_later

NUMBER = QgsProcessingParameterNumber.Type
MODEL_FILTER = "Floefield forest (*.ffrf)"
REPORT_FILTER = "HTML files (*.html)"
LEGEND = "park3_young"


class ClassifySeaIce(Algorithm):
    """Scenes and charts in; ice maps, accuracy by date, model and report out."""

    SCENES = "SCENES"
    SCENES_FOLDER = "SCENES_FOLDER"
    CHARTS = "CHARTS"
    CHARTS_FOLDER = "CHARTS_FOLDER"
    TEXTURES_FOLDER = "TEXTURES_FOLDER"
    LAND = "LAND"
    ON_ERROR = "ON_ERROR"
    OUTPUT_FOLDER = "OUTPUT_FOLDER"
    MODEL = "MODEL"
    REPORT = "REPORT"
    OVERALL_ACCURACY = "OVERALL_ACCURACY"
    KAPPA = "KAPPA"
    SCENE_COUNT = "SCENE_COUNT"
    FAILED_COUNT = "FAILED_COUNT"

    NAME = "classifyseaice"
    TITLE = "Classify sea ice"
    GROUP = Group.SEAICE
    TAGS = ("sea ice", "ice type", "sentinel-1", "sar", "random forest", "glcm", "texture", "ice chart", "SIGRID-3",
            "ice edge", "CRYO04")
    HELP = ("Maps ice types on Sentinel-1 scenes with ice charts as teachers: scenes and charts are paired by date, "
            "textures are computed, a random forest learns from pixels well inside the polygons of the charts, and "
            "every scene is mapped. How good the maps are is measured on whole dates that took no part in training.")
    REQUIRES = ("rasterio", "sklearn", "scipy", "jinja2", "matplotlib", "defusedxml")

    def initAlgorithm(self, configuration=None):
        """Declare the parameters."""
        defaults = IceSettings()
        self._declare_scenes(defaults)
        self._declare_charts(defaults, ChartSettings())
        self._declare_textures(defaults.texture)
        self._declare_forest(defaults)
        self._declare_products(defaults)
        self._declare_outputs()

    def _declare_scenes(self, defaults):
        self.declare(
            QgsProcessingParameterMultipleLayers(self.SCENES, self.tr("Scenes"), QgsProcessing.SourceType.TypeRaster,
                                                 optional=True),
            "geocoded backscatter in dB, one raster for each scene, bands named by polarisation (from Preprocess "
            "Sentinel-1 products, or any other tool). Give these or the folder below.")
        self._folder(self.SCENES_FOLDER, "Folder with scenes", "all GeoTIFFs in it and its subfolders are used.")
        self._text("BANDS", "Bands", "", "of backscatter, separated by commas. Leave it empty for all bands that are "
                   "named by a polarisation.", advanced=True)
        self._flag("INCIDENCE_ANGLE", "Incidence angle is a feature", defaults.incidence,
                   "uses the band with the incidence angle, where there is one: ice types darken with it differently. "
                   "But if all scenes come from one orbit, it tells places apart rather than ice.")

    def _declare_charts(self, defaults, charts):
        self.declare(
            QgsProcessingParameterMultipleLayers(self.CHARTS, self.tr("Ice charts"),
                                                 QgsProcessing.SourceType.TypeFile, optional=True),
            "in SIGRID-3, prepared or as they were downloaded. Give these or the folder below.")
        self._folder(self.CHARTS_FOLDER, "Folder with ice charts", "all charts in it and its subfolders are used.")
        self._text("LEGEND", "Legend", LEGEND,
                   f"which ice is which class: one of {', '.join(legend_names())}, or the path of a CSV file of your "
                   "own.")
        self._number("MAX_DAYS", "Days between scene and chart", NUMBER.Double, defaults.max_days, 0, 30,
                     "a scene is paired with the chart of the nearest day, if it is no farther away than this. Ice "
                     "drifts: fewer days teach better, but leave scenes without a chart.")
        self._number("BOUNDARY_DISTANCE", "Distance from borders (m)", NUMBER.Double, defaults.boundary, 0, 100000,
                     "pixels nearer to a border between classes neither train nor judge: borders are drawn with a "
                     "broad pencil, and the ice has drifted since.")
        self._number("MIN_CONCENTRATION", "Smallest concentration (%)", NUMBER.Double, charts.min_concentration, 0, 100,
                     "polygons with less ice teach nothing; below 10 % they are open water.", advanced=True)
        self._number("MIN_DOMINANCE", "Smallest share of the class (%)", NUMBER.Double, charts.dominance, 0, 100,
                     "polygons in which no class has so much of the ice are mixed and teach nothing.", advanced=True)
        self._text("DATE", "Date of the charts", "", "year-month-day, for charts whose name and metadata do not tell "
                   "it; for several charts name=date pairs separated by semicolons.", advanced=True)
        self.declare(
            QgsProcessingParameterCrs("SOURCE_CRS", self.tr("CRS of charts that do not tell theirs"), optional=True),
            "used for charts without a CRS only.", advanced=True)
        self.declare(
            QgsProcessingParameterFeatureSource(self.LAND, self.tr("Land"),
                                                [QgsProcessing.SourceType.TypeVectorPolygon], optional=True),
            "polygons in which nothing is mapped, besides the land on the charts.")
        self._number("LAND_BUFFER", "Land buffer (m)", NUMBER.Double, defaults.land_buffer, 0, 100000,
                     "metres by which the land of the charts reaches into the sea: their coasts are coarse, and what "
                     "they leave of the land is as bright as old ice.", advanced=True)

    def _declare_textures(self, texture):
        self._choice("TEXTURES", "Textures", TEXTURES, "compute",
                     "compute makes GLCM textures of each band; given takes them from the folder below; none uses the "
                     "backscatter alone, which is much worse.")
        self._folder(self.TEXTURES_FOLDER, "Folder with textures", "for given: one raster for each scene on its grid, "
                     "whose name begins with that of the scene (from GLCM textures).")
        self._number("WINDOW", "Window (pixels)", NUMBER.Integer, texture.window, *WINDOWS,
                     "edge of the window of a texture, odd. Larger windows tell ice types apart better and blur their "
                     "borders.")
        self._number("STEP", "Size of a cell (pixels)", NUMBER.Integer, texture.step, *STEPS,
                     "edge of a pixel of the map in pixels of the scene: 1 maps every pixel; 5 makes cells of 200 m "
                     "from pixels of 40 m and is 25 times as fast.")
        self._number("LEVELS", "Grey levels", NUMBER.Integer, texture.levels, *LEVELS,
                     "for the co-occurrence matrices.", advanced=True)
        self._text("DISTANCES", "Distances (pixels)", ",".join(map(str, texture.distances)),
                   "between the two pixels of a pair, separated by commas; each adds its own features.", advanced=True)
        self._choice("FEATURES", "Features", FEATURES, list(texture.features), "of the textures, for each band.",
                     several=True, advanced=True)

    def _declare_forest(self, defaults):
        forest = defaults.forest
        self._choice("ASSESSMENT", "Evaluation", EVALUATIONS, defaults.evaluation,
                     "date: every date is mapped by a forest that was trained on all other dates, and compared with "
                     "its charts; none saves the time.")
        self._number("SAMPLES_PER_SCENE", "Training pixels per class and scene", NUMBER.Integer,
                     defaults.samples_per_class, 1, 1000000,
                     "at most so many pixels of each class in each scene train.")
        self._number("TREES", "Trees", NUMBER.Integer, forest.trees, 1, 10000, "number of trees in the forest.")
        self._number("MIN_SAMPLES_LEAF", "Smallest leaf", NUMBER.Integer, forest.min_samples_leaf, 1, 1000,
                     "a leaf of a tree holds at least so many training pixels; more than 1 forgives wrong labels.",
                     advanced=True)
        self._number("MAX_DEPTH", "Depth of a tree", NUMBER.Integer, forest.max_depth, 0, 1000,
                     "at most so many levels; 0 sets no limit.", advanced=True)
        self._flag("BALANCED_WEIGHTS", "All classes weigh the same", forest.balanced_weights,
                   "otherwise a class weighs as much as it has training pixels.", advanced=True)
        self._number("SEED", "Seed", NUMBER.Integer, forest.seed, 0, 2 ** 31 - 1,
                     "of all random choices: the same seed gives the same result.", advanced=True)
        self._number("THREADS", "Threads", NUMBER.Integer, forest.threads, 0, 4 * MOST_THREADS,
                     "worker threads; 0 lets Floefield choose. The result does not depend on it.", advanced=True)

    def _declare_products(self, defaults):
        self._flag("DISAGREEMENT", "Where chart and map disagree", defaults.wants_disagreement,
                   "writes a layer for each scene with a chart: agreement, water for ice, ice for water, other ice "
                   "type.")
        self._flag("ICE_EDGE", "Ice edge", defaults.wants_edge,
                   "writes ice_edge.gpkg: lines along which the ice concentration of the cells passes 15 %.")
        self._choice("DRAFT_CHART", "Draft chart", DRAFTS, defaults.draft,
                     "writes what the map shows as an ice chart in SIGRID-3 (shapefile), a draft for an analyst: by "
                     "the polygons of the chart, or by the cells of a grid.")
        self._number("DRAFT_CELL_SIZE", "Edge of a cell (m)", NUMBER.Double, defaults.cell, 1, 1000000,
                     "of the cells for the ice edge and the draft chart by grid.", advanced=True)
        self._choice(self.ON_ERROR, "If a scene is broken", WHEN_BROKEN, WHEN_BROKEN[0],
                     "the others are done in any case, and a message names it. skip: that is all. fail: in the end the "
                     "run is reported as failed (exit code 1).", advanced=True)
        self._flag("LOAD", "Load the maps into the project", True, "in the desktop only; switch it off for long "
                   "series.", advanced=True)

    def _declare_outputs(self):
        self.declare(
            QgsProcessingParameterFolderDestination(self.OUTPUT_FOLDER, self.tr("Folder for the maps")),
            "receives for each scene NAME_ice.tif (classes, in colours), NAME_confidence.tif (0 to 1), and what else "
            "was asked for. Files of the same name are replaced.")
        self.declare(
            QgsProcessingParameterFileDestination(self.MODEL, self.tr("Model"), MODEL_FILTER, optional=True,
                                                  createByDefault=False),
            "the trained forest; with Apply a random forest it maps other scenes with the same bands and textures.")
        self.declare(
            QgsProcessingParameterFileDestination(self.REPORT, self.tr("Report"), REPORT_FILTER, optional=True),
            "the maps at a glance, agreement with the charts by date and class, the ice through the season, warnings.")
        for name, title in ((self.OVERALL_ACCURACY, "Overall accuracy (0 to 1)"), (self.KAPPA, "Kappa"),
                            (self.SCENE_COUNT, "Number of mapped scenes"),
                            (self.FAILED_COUNT, "Number of scenes that could not be used")):
            self.addOutput(QgsProcessingOutputNumber(name, self.tr(title)))

    def _number(self, name, title, kind, default, least, most, text, advanced=False):
        self.declare(QgsProcessingParameterNumber(name, self.tr(title), kind, default, False, least, most), text,
                     advanced)

    def _text(self, name, title, default, text, advanced=False):
        self.declare(QgsProcessingParameterString(name, self.tr(title), default, optional=not default), text, advanced)

    def _flag(self, name, title, default, text, advanced=False):
        self.declare(QgsProcessingParameterBoolean(name, self.tr(title), default), text, advanced)

    def _folder(self, name, title, text):
        self.declare(QgsProcessingParameterFile(name, self.tr(title), optional=True,
                                                behavior=QgsProcessingParameterFile.Behavior.Folder), text)

    def _choice(self, name, title, options, default, text, several=False, advanced=False):
        self.declare(QgsProcessingParameterEnum(name, self.tr(title), options=list(options), allowMultiple=several,
                                                defaultValue=default, usesStaticStrings=True), text, advanced)

    def checkParameterValues(self, parameters, context):
        """Ask for lists or folders, and for what the choices need."""
        ok, message = super().checkParameterValues(parameters, context)
        if not ok:
            return ok, message
        for listed, folder, what in ((self.SCENES, self.SCENES_FOLDER, "scenes"),
                                     (self.CHARTS, self.CHARTS_FOLDER, "charts")):
            if bool(parameters.get(listed)) == bool(self.parameterAsString(parameters, folder, context)):
                return False, self.tr(f"Give either a list of {what} ({listed}) or a folder with {what} ({folder}).")
        given = self.parameterAsEnumString(parameters, "TEXTURES", context) == "given"
        if given != bool(self.parameterAsString(parameters, self.TEXTURES_FOLDER, context)):
            return False, self.tr("TEXTURES_FOLDER and TEXTURES=given belong together: give both or neither.")
        return True, ""

    def prepareAlgorithm(self, parameters, context, feedback):
        """Layers become paths."""
        self._scenes = raster_paths(self, parameters, self.SCENES, context)
        self._land = self.parameterAsSource(parameters, self.LAND, context)
        return True

    def processAlgorithm(self, parameters, context, feedback):
        """Read the charts, classify, write what is made of the maps."""
        progress = FeedbackProgress(feedback)
        folder = self.parameterAsString(parameters, self.OUTPUT_FOLDER, context)
        settings = self._settings(parameters, context)
        task = self._task(parameters, settings, folder, context, progress.part(0.0, 0.04))
        model, report = (self.parameterAsFileOutput(parameters, name, context) for name in (self.MODEL, self.REPORT))
        with added_files(folder) as partial:
            result = classify_ice(task, partial, model, report, progress.part(0.04, 0.98))
            self._write_layers(result, partial, settings)
        for path, reason in result.failures:
            progress.say(f"{path}: {reason}")
        if result.failures and self.parameterAsEnumString(parameters, self.ON_ERROR, context) == "fail":
            raise UnsuitableInput(result.complaint())
        if self.parameterAsBoolean(parameters, "LOAD", context):
            for ice_map in result.maps:
                load_later(os.path.join(folder, os.path.basename(ice_map.mapped.map_path)), self.OUTPUT_FOLDER, context,
                           self.tr("Floefield: sea ice"))
        outputs = {self.OUTPUT_FOLDER: folder, self.SCENE_COUNT: len(result.maps),
                   self.FAILED_COUNT: len(result.failures), self.MODEL: model, self.REPORT: report}
        if result.matrix is not None:
            outputs.update({self.OVERALL_ACCURACY: result.matrix.overall_accuracy, self.KAPPA: result.matrix.kappa})
        return {name: value for name, value in outputs.items() if value != ""}

    def _task(self, parameters, settings, output, context, progress):
        scenes = self._scenes or find_scenes(self.parameterAsString(parameters, self.SCENES_FOLDER, context))
        legend = load_legend(self.parameterAsString(parameters, "LEGEND", context))
        charts = [path for path in self.parameterAsFileList(parameters, self.CHARTS, context) if path] or find_charts(
            self.parameterAsString(parameters, self.CHARTS_FOLDER, context), exclude=output)
        chart_settings = ChartSettings(
            legend=self.parameterAsString(parameters, "LEGEND", context),
            min_concentration=self.parameterAsDouble(parameters, "MIN_CONCENTRATION", context),
            dominance=self.parameterAsDouble(parameters, "MIN_DOMINANCE", context),
            date=self.parameterAsString(parameters, "DATE", context).strip())
        crs_wkt = first_grid(scenes).crs_wkt
        places = crs_wkt, self.parameterAsCrs(parameters, "SOURCE_CRS", context)
        read, notes = read_charts(charts, chart_settings, places, settings.land_buffer, context, progress)
        given = self.parameterAsString(parameters, self.TEXTURES_FOLDER, context)
        return IceTask(scenes=tuple(scenes), charts=read, legend=legend, land=land_chart(self._land),
                       textures=tuple(find_scenes(given)) if given else (), settings=settings, notes=tuple(notes))

    def _settings(self, parameters, context):
        whole, text, real = self.parameterAsInt, self.parameterAsString, self.parameterAsDouble
        flag, choice = self.parameterAsBoolean, self.parameterAsEnumString
        texture = TextureSettings(
            window=whole(parameters, "WINDOW", context), levels=whole(parameters, "LEVELS", context),
            step=whole(parameters, "STEP", context), threads=whole(parameters, "THREADS", context),
            distances=_numbers(text(parameters, "DISTANCES", context)),
            features=tuple(self.parameterAsEnumStrings(parameters, "FEATURES", context)))
        texture.check()
        return IceSettings(
            bands=tuple(filter(None, (band.strip() for band in text(parameters, "BANDS", context).split(",")))),
            incidence=flag(parameters, "INCIDENCE_ANGLE", context), textures=choice(parameters, "TEXTURES", context),
            texture=texture, max_days=real(parameters, "MAX_DAYS", context),
            boundary=real(parameters, "BOUNDARY_DISTANCE", context), land_buffer=real(parameters, "LAND_BUFFER", context),
            samples_per_class=whole(parameters, "SAMPLES_PER_SCENE", context),
            evaluation=choice(parameters, "ASSESSMENT", context), draft=choice(parameters, "DRAFT_CHART", context),
            cell=real(parameters, "DRAFT_CELL_SIZE", context), wants_edge=flag(parameters, "ICE_EDGE", context),
            wants_disagreement=flag(parameters, "DISAGREEMENT", context),
            forest=ForestSettings(
                trees=whole(parameters, "TREES", context), min_samples_leaf=whole(parameters, "MIN_SAMPLES_LEAF", context),
                max_depth=whole(parameters, "MAX_DEPTH", context),
                balanced_weights=flag(parameters, "BALANCED_WEIGHTS", context),
                seed=whole(parameters, "SEED", context), threads=whole(parameters, "THREADS", context)))

    def _write_layers(self, result, folder, settings):
        for ice_map in result.maps:
            if settings.draft != "none":
                name = f"floefield_{ice_map.scene.name.replace('_', '-').lower()}_{ice_map.scene.day:%Y%m%d}_pl_a.shp"
                write_draft(os.path.join(folder, name), ice_map.draft, ice_map.grid)
        if settings.wants_edge and result.maps:
            write_edges(os.path.join(folder, "ice_edge.gpkg"), [(each.scene, each.edge) for each in result.maps],
                        result.maps[0].grid.crs_wkt)


def _numbers(text):
    try:
        return tuple(int(part) for part in text.split(",") if part.strip())
    except ValueError as error:
        raise UnsuitableInput(f"DISTANCES must be whole numbers separated by commas, such as 1,2,4; {text} is "
                              "not.") from error
