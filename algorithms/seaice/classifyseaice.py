"""Tool ``classifyseaice``: Sentinel-1 scenes and ice charts to ice maps."""

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

from ...compute.batch import ON_ERROR
from ...compute.classifiers.forest_model import ForestSettings
from ...compute.errors import UnsuitableInput
from ...compute.icechart.chart_files import find_charts
from ...compute.icechart.chart_settings import ChartSettings
from ...compute.icechart.ice_legend import legend_names, load_legend
from ...compute.output_files import OutputSet
from ...compute.raster.blocks import MAX_THREADS
from ...compute.seaice.classify_ice import IceTask, classify_ice
from ...compute.seaice.ice_scenes import find_scenes, first_grid
from ...compute.seaice.ice_settings import ASSESSMENTS, DRAFTS, TEXTURES, IceSettings
from ...compute.texture.texture_settings import FEATURES, LEVELS, STEPS, WINDOWS, TextureSettings
from ...provider.base import Algorithm, Group
from ...provider.raster_inputs import raster_paths
from ...provider.styling import load_on_completion
from ...vector.chart_polygons import land_chart, read_charts
from ...vector.ice_layers import write_draft_chart, write_ice_edges

NUMBER = QgsProcessingParameterNumber.Type
MODEL_FILTER = "Floefield model (*.ffm)"
REPORT_FILTER = "HTML files (*.html)"
LEGEND = "park3_young"


class ClassifySeaIce(Algorithm):
    """Train a random forest on ice charts, classify scenes, and assess the maps by date."""

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
    TAGS = ("sea ice", "ice type", "ice classification", "stage of development", "sentinel-1", "sar", "radar",
            "backscatter", "random forest", "machine learning", "supervised classification", "glcm", "texture",
            "ice chart", "SIGRID-3", "ice edge", "ice concentration", "cross-validation", "CRYO04", "arctic")
    HELP = ("Maps ice types on Sentinel-1 scenes with ice charts as reference data: scenes and charts are paired by "
            "date, GLCM textures are computed, a random forest is trained on pixels inside the polygons of the charts, "
            "and every scene is classified. Accuracy is assessed by leave-one-date-out cross-validation.")
    REQUIRES = ("rasterio", "sklearn", "skimage", "scipy", "jinja2", "matplotlib", "defusedxml")

    def initAlgorithm(self, configuration=None):
        """Declare the parameters."""
        defaults = IceSettings()
        self._declare_scenes(defaults)
        self._declare_charts(defaults, ChartSettings())
        self._declare_textures(defaults.texture)
        self._declare_forest(defaults)
        self._declare_derived_layers(defaults)
        self._declare_outputs()

    def _declare_scenes(self, defaults):
        self.declare(
            QgsProcessingParameterMultipleLayers(self.SCENES, self.tr("Scenes (one of these two)"),
                                                 QgsProcessing.SourceType.TypeRaster, optional=True),
            "Geocoded backscatter in dB, one raster per scene, with the polarisation in the band names (as from "
            "Preprocess Sentinel-1 products). Alternative: SCENES_FOLDER.")
        self._folder(self.SCENES_FOLDER, "Folder with scenes (one of these two)",
                     "Folder searched, with its subfolders, for GeoTIFFs. Alternative: SCENES.")
        self._text("BANDS", "Bands (names or numbers)", "", "Names of the backscatter bands to use, separated by "
                   "commas. Empty: all bands with a polarisation in their name.", advanced=True)
        self._flag("INCIDENCE_ANGLE", "Use the incidence angle", defaults.incidence,
                   "Use the incidence angle band, if present, as a feature: its effect on backscatter depends on the "
                   "ice type. Not recommended if all scenes are from one orbit, because the angle then only encodes "
                   "the position.")

    def _declare_charts(self, defaults, charts):
        self.declare(
            QgsProcessingParameterMultipleLayers(self.CHARTS, self.tr("Ice charts (one of these two)"),
                                                 QgsProcessing.SourceType.TypeFile, optional=True),
            "Ice charts in SIGRID-3, as downloaded or prepared. Alternative: CHARTS_FOLDER.")
        self._folder(self.CHARTS_FOLDER, "Folder with ice charts (one of these two)",
                     "Folder searched, with its subfolders, for ice charts. Alternative: CHARTS.")
        self._text("LEGEND", "Legend (name or CSV file)", LEGEND,
                   f"Legend that assigns ice types to classes: {', '.join(legend_names())}, or the path of a CSV file.")
        self._number("MAX_DAYS", "Maximum days between scene and chart", NUMBER.Double, defaults.max_days, 0, 30,
                     "Maximum time difference in days (0 to 30); a scene is paired with the chart of the nearest day. "
                     "Lower values reduce the effect of ice drift, but leave more scenes without a chart.")
        self._number("BOUNDARY_DISTANCE", "Minimum distance from class boundaries (m)", NUMBER.Double,
                     defaults.boundary, 0, 100000,
                     "Pixels nearer to a class boundary of the chart, in metres, are used neither for training nor for "
                     "validation: chart boundaries are generalised, and the ice drifts. 0: all pixels are used.")
        self._number("MIN_CONCENTRATION", "Minimum total concentration (%)", NUMBER.Double, charts.min_concentration,
                     0, 100, "Polygons with a lower total concentration, in per cent, are excluded; those below 10 % "
                     "are open water.", advanced=True)
        self._number("MIN_DOMINANCE", "Minimum dominance of one class (%)", NUMBER.Double, charts.dominance, 0, 100,
                     "Polygons in which no class has at least this percentage of the ice are mixed and excluded.",
                     advanced=True)
        self._text("DATE", "Chart date (YYYY-MM-DD)", "", "Date of charts whose name and metadata contain none. For "
                   "several charts: name=date pairs separated by semicolons.", advanced=True)
        self.declare(
            QgsProcessingParameterCrs("SOURCE_CRS", self.tr("CRS of charts without CRS information"), optional=True),
            "Coordinate reference system of charts without one; ignored for all others.", advanced=True)
        self.declare(
            QgsProcessingParameterFeatureSource(self.LAND, self.tr("Land polygons"),
                                                [QgsProcessing.SourceType.TypeVectorPolygon], optional=True),
            "Land polygons in any CRS, masked in addition to the land of the charts.")
        self._number("LAND_BUFFER", "Land mask buffer (m)", NUMBER.Double, defaults.land_buffer, 0, 100000,
                     "Distance in metres by which the land of the charts is extended into the sea. 0: no buffer. The "
                     "coastlines of charts are coarse, and land is as bright as old ice.", advanced=True)

    def _declare_textures(self, texture):
        self._choice("TEXTURES", "Textures", TEXTURES, "compute",
                     "Source of the texture features. compute: compute GLCM textures of each band. from_folder: use the "
                     "rasters of TEXTURES_FOLDER. none: use backscatter only, which is much less accurate.")
        self._folder(self.TEXTURES_FOLDER, "Folder with textures", "Folder with one texture raster per scene, on the "
                     "grid of the scene and named after it (as from GLCM textures). Required by TEXTURES=from_folder.")
        self._number("WINDOW", "Window size (pixels)", NUMBER.Integer, texture.window, *WINDOWS,
                     "Edge of the texture window, an odd number of pixels. Larger windows separate ice types better "
                     "and blur their boundaries.")
        self._number("STEP", "Output step (pixels)", NUMBER.Integer, texture.step, *STEPS,
                     "Edge of an output pixel in pixels of the scene. 1: every pixel is classified. 5: cells of 200 m "
                     "for pixels of 40 m, 25 times as fast.")
        self._number("LEVELS", "Grey levels", NUMBER.Integer, texture.levels, *LEVELS,
                     "Number of grey levels of the co-occurrence matrices.", advanced=True)
        self._text("DISTANCES", "Distances (pixels)", ",".join(map(str, texture.distances)),
                   "Distances between the two pixels of a pair, separated by commas; each adds a set of features.",
                   advanced=True)
        self._choice("FEATURES", "Texture features", FEATURES, list(texture.features),
                     "Haralick features computed for each band.", several=True, advanced=True)

    def _declare_forest(self, defaults):
        forest = defaults.forest
        self._choice("ASSESSMENT", "Assessment", ASSESSMENTS, defaults.evaluation,
                     "Accuracy assessment. leave_one_date_out: leave-one-date-out cross-validation; the scenes of each date are "
                     "classified by a forest trained on all other dates and compared with the charts. none: no "
                     "assessment, faster.")
        self._number("SAMPLES_PER_SCENE", "Training pixels per class and scene (maximum)", NUMBER.Integer,
                     defaults.samples_per_class, 1, 1000000,
                     "Maximum number of training pixels of each class in each scene.")
        self._number("TREES", "Number of trees", NUMBER.Integer, forest.trees, 1, 10000,
                     "Number of trees in the forest. More trees are slower and slightly more accurate.")
        self._number("MIN_SAMPLES_LEAF", "Minimum samples per leaf", NUMBER.Integer, forest.min_samples_leaf, 1, 1000,
                     "Minimum number of training pixels in a leaf. Raise it if labels are noisy.", advanced=True)
        self._number("MAX_DEPTH", "Maximum tree depth (0 = unlimited)", NUMBER.Integer, forest.max_depth, 0, 1000,
                     "Maximum depth of the trees. 0: unlimited.", advanced=True)
        self._flag("BALANCED_WEIGHTS", "Balanced class weights", forest.balanced_weights,
                   "Weight classes inversely to their number of training pixels. Off: all pixels have the same weight.",
                   advanced=True)
        self._number("SEED", "Random seed", NUMBER.Integer, forest.seed, 0, 2 ** 31 - 1,
                     "Seed of the random numbers. The same seed results in the same output.", advanced=True)
        self._number("THREADS", "Number of threads (0 = automatic)", NUMBER.Integer, forest.threads, 0,
                     4 * MAX_THREADS,
                     "Number of worker threads. 0: all processor cores but one, at most 8. The output does not depend "
                     "on it.", advanced=True)

    def _declare_derived_layers(self, defaults):
        self._flag("DISAGREEMENT", "Disagreement maps", defaults.write_disagreement,
                   "Write a raster for each scene with a chart: agreement, water classified as ice, ice classified as "
                   "water, other ice type.")
        self._flag("ICE_EDGE", "Ice edge layer", defaults.write_ice_edge,
                   "Write ice_edge.gpkg: lines of 15 % ice concentration, computed on the grid of DRAFT_CELL_SIZE.")
        self._choice("DRAFT_CHART", "Draft chart", DRAFTS, defaults.draft,
                     "Write a draft ice chart for analysts in SIGRID-3 (shapefile), derived from the map. polygons: "
                     "with the polygons of the chart. grid: with grid cells. none: no draft chart.")
        self._number("DRAFT_CELL_SIZE", "Draft chart cell size (m)", NUMBER.Double, defaults.cell, 1, 1000000,
                     "Edge of the grid cells for the ice edge and the draft chart, in metres.", advanced=True)
        self._choice(self.ON_ERROR, "If an input cannot be used", ON_ERROR, ON_ERROR[0],
                     "skip: log the error, process the other scenes, and succeed. skip_then_fail: likewise, but end "
                     "with an error (exit code 1), for scripts that check it. stop: end at once and write nothing.",
                     advanced=True)
        self._flag("LOAD", "Load results into the project", True, "Load the ice maps when the run ends (QGIS Desktop "
                   "only). Switch it off for long series.", advanced=True)

    def _declare_outputs(self):
        self.declare(
            QgsProcessingParameterFolderDestination(self.OUTPUT_FOLDER, self.tr("Output folder")),
            "Folder for the outputs of each scene: NAME_ice.tif (classes), NAME_confidence.tif (0 to 1), and the "
            "optional layers. Files with the same name are overwritten.")
        self.declare(
            QgsProcessingParameterFileDestination(self.MODEL, self.tr("Model"), MODEL_FILTER, optional=True,
                                                  createByDefault=False),
            "Trained model. Use it with Apply a classifier on other scenes with the same bands and textures.")
        self.declare(
            QgsProcessingParameterFileDestination(self.REPORT, self.tr("Report"), REPORT_FILTER, optional=True),
            "HTML report: overview of the maps, agreement with the charts by date and class, ice area over the season, "
            "warnings.")
        for name, title in ((self.OVERALL_ACCURACY, "Overall accuracy (0 to 1)"), (self.KAPPA, "Kappa"),
                            (self.SCENE_COUNT, "Number of mapped scenes"),
                            (self.FAILED_COUNT, "Number of scenes not used")):
            self.addOutput(QgsProcessingOutputNumber(name, self.tr(title)))

    def _number(self, name, title, kind, default, minimum, maximum, text, advanced=False):
        self.declare(QgsProcessingParameterNumber(name, self.tr(title), kind, default, False, minimum, maximum), text,
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
        """Check the inputs and the settings that depend on each other."""
        ok, message = super().checkParameterValues(parameters, context)
        if not ok:
            return ok, message
        for listed, folder, content in ((self.SCENES, self.SCENES_FOLDER, "scenes"),
                                        (self.CHARTS, self.CHARTS_FOLDER, "charts")):
            if bool(parameters.get(listed)) == bool(self.parameterAsString(parameters, folder, context)):
                return False, self.tr(f"Give either a list of {content} ({listed}) or a folder with {content} "
                                      f"({folder}).")
        from_folder = self.parameterAsEnumString(parameters, "TEXTURES", context) == "from_folder"
        if from_folder != bool(self.parameterAsString(parameters, self.TEXTURES_FOLDER, context)):
            return False, self.tr("TEXTURES=from_folder requires TEXTURES_FOLDER, and vice versa. Give both or neither.")
        return True, ""

    def prepare_inputs(self, parameters, context, feedback):
        """Read the paths of the scenes and open the land layer."""
        self._scenes = raster_paths(self, parameters, self.SCENES, context)
        self._land = self.parameterAsSource(parameters, self.LAND, context)

    def execute(self, parameters, context, progress):
        """Read the charts, classify the scenes, and write maps and derived layers."""
        folder = self.parameterAsString(parameters, self.OUTPUT_FOLDER, context)
        settings = self._settings(parameters, context)
        task = self._task(parameters, settings, folder, context, progress.part(0.0, 0.04))
        model, report = (self.parameterAsFileOutput(parameters, name, context) for name in (self.MODEL, self.REPORT))
        with OutputSet() as written:
            partial = written.folder(folder)
            result = classify_ice(task, partial, model, report, progress.part(0.04, 0.98))
            self._write_layers(result, partial, settings)
        for path, reason in result.failures:
            progress.say(f"{path}: {reason}")
        result.batch.require_success(task.on_error)
        if self.parameterAsBoolean(parameters, "LOAD", context):
            for ice_map in result.maps:
                path = os.path.join(folder, os.path.basename(ice_map.mapped.map_path))
                load_on_completion(path, self.OUTPUT_FOLDER, context, self.tr("Floefield: sea ice"))
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
        crs_pair = crs_wkt, self.parameterAsCrs(parameters, "SOURCE_CRS", context)
        decoded, notes = read_charts(charts, chart_settings, crs_pair, settings.land_buffer, output, context,
                                     progress)
        textures = self.parameterAsString(parameters, self.TEXTURES_FOLDER, context)
        return IceTask(scenes=tuple(scenes), charts=decoded, legend=legend, land=land_chart(self._land),
                       textures=tuple(find_scenes(textures)) if textures else (), settings=settings, notes=tuple(notes),
                       on_error=self.parameterAsEnumString(parameters, self.ON_ERROR, context))

    def _settings(self, parameters, context):
        integer, text, double = self.parameterAsInt, self.parameterAsString, self.parameterAsDouble
        flag, choice = self.parameterAsBoolean, self.parameterAsEnumString
        texture = TextureSettings(
            window=integer(parameters, "WINDOW", context), levels=integer(parameters, "LEVELS", context),
            step=integer(parameters, "STEP", context), threads=integer(parameters, "THREADS", context),
            distances=_parse_distances(text(parameters, "DISTANCES", context)),
            features=tuple(self.parameterAsEnumStrings(parameters, "FEATURES", context)))
        texture.check()
        return IceSettings(
            bands=tuple(filter(None, (band.strip() for band in text(parameters, "BANDS", context).split(",")))),
            incidence=flag(parameters, "INCIDENCE_ANGLE", context), textures=choice(parameters, "TEXTURES", context),
            texture=texture, max_days=double(parameters, "MAX_DAYS", context),
            boundary=double(parameters, "BOUNDARY_DISTANCE", context),
            land_buffer=double(parameters, "LAND_BUFFER", context),
            samples_per_class=integer(parameters, "SAMPLES_PER_SCENE", context),
            evaluation=choice(parameters, "ASSESSMENT", context), draft=choice(parameters, "DRAFT_CHART", context),
            cell=double(parameters, "DRAFT_CELL_SIZE", context), write_ice_edge=flag(parameters, "ICE_EDGE", context),
            write_disagreement=flag(parameters, "DISAGREEMENT", context),
            forest=ForestSettings(
                trees=integer(parameters, "TREES", context), min_samples_leaf=integer(parameters, "MIN_SAMPLES_LEAF", context),
                max_depth=integer(parameters, "MAX_DEPTH", context),
                balanced_weights=flag(parameters, "BALANCED_WEIGHTS", context),
                seed=integer(parameters, "SEED", context), threads=integer(parameters, "THREADS", context)))

    def _write_layers(self, result, folder, settings):
        for ice_map in result.maps:
            if settings.draft != "none":
                name = f"floefield_{ice_map.scene.name.replace('_', '-').lower()}_{ice_map.scene.day:%Y%m%d}_pl_a.shp"
                write_draft_chart(os.path.join(folder, name), ice_map.draft, ice_map.grid)
        if settings.write_ice_edge and result.maps:
            write_ice_edges(os.path.join(folder, "ice_edge.gpkg"), [(each.scene, each.edge) for each in result.maps],
                            result.maps[0].grid.crs_wkt)


def _parse_distances(text):
    try:
        return tuple(int(part) for part in text.split(",") if part.strip())
    except ValueError as error:
        raise UnsuitableInput(f"DISTANCES is {text}. Give whole numbers of pixels separated by commas, such as "
                              "1,2,4.") from error
