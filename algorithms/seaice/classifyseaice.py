"""Tool ``classifyseaice``: Sentinel-1 scenes and ice charts to ice maps."""

import os
from dataclasses import replace

from qgis.core import QgsCoordinateReferenceSystem

from ...compute.batch import ON_ERROR_PARAMETER, load_parameter
from ...compute.classifiers.forest_model import ForestSettings
from ...compute.declarations import ParameterDeclaration, pick, with_defaults
from ...compute.icechart.chart_files import find_charts
from ...compute.icechart.chart_settings import ChartSettings
from ...compute.icechart.ice_legend import load_legend
from ...compute.output_files import OutputSet
from ...compute.raster.blocks import THREADS
from ...compute.seaice.classify_ice import IceTask, classify_ice
from ...compute.seaice.ice_scenes import find_scenes, first_grid
from ...compute.seaice.ice_settings import (
    ICE_CHART_PARAMETERS,
    ICE_FOREST_PARAMETERS,
    ICE_PARAMETERS,
    ICE_TEXTURE_PARAMETERS,
    IceSettings,
)
from ...compute.texture.texture_settings import TextureSettings
from ...provider.base import Algorithm, Group
from ...provider.parameters import read, read_settings
from ...provider.raster_inputs import raster_paths
from ...provider.styling import load_on_completion
from ...vector.chart_polygons import land_chart, read_charts
from ...vector.ice_layers import write_draft_chart, write_ice_edges

SCENES = ParameterDeclaration(
    "SCENES", "Scenes (one of these two)",
    "Geocoded backscatter in dB, one raster per scene, with the polarisation in the band names (as from "
    "Preprocess Sentinel-1 products). Alternative: SCENES_FOLDER.",
    kind="rasters", optional=True)
SCENES_FOLDER = ParameterDeclaration(
    "SCENES_FOLDER", "Folder with scenes (one of these two)",
    "Folder searched, with its subfolders, for GeoTIFFs. Alternative: SCENES.",
    kind="folder", optional=True)
CHARTS = ParameterDeclaration(
    "CHARTS", "Ice charts (one of these two)",
    "Ice charts in SIGRID-3, as downloaded or prepared. Alternative: CHARTS_FOLDER.",
    kind="files", optional=True)
CHARTS_FOLDER = ParameterDeclaration(
    "CHARTS_FOLDER", "Folder with ice charts (one of these two)",
    "Folder searched, with its subfolders, for ice charts. Alternative: CHARTS.",
    kind="folder", optional=True)
SOURCE_CRS = ParameterDeclaration(
    "SOURCE_CRS", "CRS of charts without CRS information",
    "Coordinate reference system of charts without one; ignored for all others.",
    kind="crs", optional=True, advanced=True)
LAND = ParameterDeclaration(
    "LAND", "Land polygons", "Land polygons in any CRS, masked in addition to the land of the charts.",
    kind="polygons", optional=True)
TEXTURES_FOLDER = ParameterDeclaration(
    "TEXTURES_FOLDER", "Folder with textures",
    "Folder with one texture raster per scene, on the grid of the scene and named after it (as from GLCM textures). "
    "Required by TEXTURES=from_folder.",
    kind="folder", optional=True)
ON_ERROR = replace(ON_ERROR_PARAMETER, help=(
    "skip: log the error, process the other scenes, and succeed. skip_then_fail: likewise, but end with an error (exit "
    "code 1), for scripts that check it. stop: end at once and write nothing."))
LOAD = load_parameter("ice maps")
OUTPUT_FOLDER = ParameterDeclaration(
    "OUTPUT_FOLDER", "Output folder",
    "Folder for the outputs of each scene: NAME_ice.tif (classes), NAME_confidence.tif (0 to 1), and the "
    "optional layers. Files with the same name are overwritten.",
    kind="folder_destination")
MODEL = ParameterDeclaration(
    "MODEL", "Model",
    "Trained model. Use it with Apply a classifier on other scenes with the same bands and textures.",
    kind="file_destination", file_filter="Floefield model (*.ffm)", optional=True, is_created=False)
REPORT = ParameterDeclaration(
    "REPORT", "Report",
    "HTML report: overview of the maps, agreement with the charts by date and class, ice area over the season, "
    "warnings.",
    kind="file_destination", file_filter="HTML files (*.html)", optional=True)
OVERALL_ACCURACY = ParameterDeclaration("OVERALL_ACCURACY", "Overall accuracy (0 to 1)", kind="number_result")
KAPPA = ParameterDeclaration("KAPPA", "Kappa", kind="number_result")
SCENE_COUNT = ParameterDeclaration("SCENE_COUNT", "Number of mapped scenes", kind="number_result")
FAILED_COUNT = ParameterDeclaration("FAILED_COUNT", "Number of scenes not used", kind="number_result")

ICE = with_defaults(ICE_PARAMETERS, IceSettings())
TEXTURES, = pick(ICE, "TEXTURES")


class ClassifySeaIce(Algorithm):
    """Train a random forest on ice charts, classify scenes, and assess the maps by date."""

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
    PARAMETERS = (
        SCENES, SCENES_FOLDER, *pick(ICE, "BANDS", "INCIDENCE_ANGLE"),
        CHARTS, CHARTS_FOLDER, *pick(ICE_CHART_PARAMETERS, "LEGEND"), *pick(ICE, "MAX_DAYS", "BOUNDARY_DISTANCE"),
        *pick(ICE_CHART_PARAMETERS, "MIN_CONCENTRATION", "MIN_DOMINANCE", "DATE"), SOURCE_CRS,
        LAND, *pick(ICE, "LAND_BUFFER"),
        TEXTURES, TEXTURES_FOLDER, *ICE_TEXTURE_PARAMETERS,
        *pick(ICE, "ASSESSMENT", "SAMPLES_PER_SCENE"), *ICE_FOREST_PARAMETERS,
        *pick(ICE, "DISAGREEMENT", "ICE_EDGE", "DRAFT_CHART", "DRAFT_CELL_SIZE"), ON_ERROR, LOAD,
        OUTPUT_FOLDER, MODEL, REPORT, OVERALL_ACCURACY, KAPPA, SCENE_COUNT, FAILED_COUNT)

    def checkParameterValues(self, parameters, context):
        """Check the inputs and the settings that depend on each other."""
        ok, message = super().checkParameterValues(parameters, context)
        if not ok:
            return ok, message
        for listed, folder, content in ((SCENES, SCENES_FOLDER, "scenes"), (CHARTS, CHARTS_FOLDER, "charts")):
            if bool(parameters.get(listed.name)) == bool(read(self, folder, parameters, context)):
                return False, self.tr(f"Give either a list of {content} ({listed.name}) or a folder with {content} "
                                      f"({folder.name}).")
        from_folder = read(self, TEXTURES, parameters, context) == "from_folder"
        if from_folder != bool(read(self, TEXTURES_FOLDER, parameters, context)):
            return False, self.tr("TEXTURES=from_folder requires TEXTURES_FOLDER, and vice versa. Give both or "
                                  "neither.")
        return True, ""

    def prepare_inputs(self, parameters, context, feedback):
        """Read the paths of the scenes and open the land layer."""
        self._scenes = raster_paths(self, parameters, SCENES.name, context)
        self._land = self.parameterAsSource(parameters, LAND.name, context)

    def execute(self, parameters, context, progress):
        """Read the charts, classify the scenes, and write maps and derived layers."""
        folder = read(self, OUTPUT_FOLDER, parameters, context)
        settings = self._settings(parameters, context)
        task = self._task(parameters, settings, folder, context, progress.part(0.0, 0.04))
        model, report = (read(self, each, parameters, context) for each in (MODEL, REPORT))
        with OutputSet() as written:
            partial = written.folder(folder)
            result = classify_ice(task, partial, model, report, progress.part(0.04, 0.98))
            self._write_layers(result, partial, settings)
        for path, reason in result.failures:
            progress.say(f"{path}: {reason}")
        result.batch.require_success(task.on_error)
        if read(self, LOAD, parameters, context):
            for ice_map in result.maps:
                path = os.path.join(folder, os.path.basename(ice_map.mapped.map_path))
                load_on_completion(path, OUTPUT_FOLDER.name, context, self.tr("Floefield: sea ice"))
        outputs = {OUTPUT_FOLDER.name: folder, SCENE_COUNT.name: len(result.maps),
                   FAILED_COUNT.name: len(result.failures), MODEL.name: model, REPORT.name: report}
        if result.matrix is not None:
            outputs.update({OVERALL_ACCURACY.name: result.matrix.overall_accuracy, KAPPA.name: result.matrix.kappa})
        return {name: value for name, value in outputs.items() if value != ""}

    def _task(self, parameters, settings, output, context, progress):
        scenes = self._scenes or find_scenes(read(self, SCENES_FOLDER, parameters, context))
        chart_settings = ChartSettings(**read_settings(self, ICE_CHART_PARAMETERS, parameters, context))
        legend = load_legend(chart_settings.legend)
        charts = list(read(self, CHARTS, parameters, context)) or find_charts(
            read(self, CHARTS_FOLDER, parameters, context), exclude=output)
        source_crs = QgsCoordinateReferenceSystem(read(self, SOURCE_CRS, parameters, context))
        decoded, notes = read_charts(charts, chart_settings, (first_grid(scenes).crs_wkt, source_crs),
                                     settings.land_buffer, output, context, progress)
        textures = read(self, TEXTURES_FOLDER, parameters, context)
        return IceTask(scenes=tuple(scenes), charts=decoded, legend=legend, land=land_chart(self._land),
                       textures=tuple(find_scenes(textures)) if textures else (), settings=settings, notes=tuple(notes),
                       on_error=read(self, ON_ERROR, parameters, context))

    def _settings(self, parameters, context):
        texture = TextureSettings(**read_settings(self, (*ICE_TEXTURE_PARAMETERS, THREADS), parameters, context))
        texture.check()
        return IceSettings(
            texture=texture, forest=ForestSettings(**read_settings(self, ICE_FOREST_PARAMETERS, parameters, context)),
            **read_settings(self, ICE_PARAMETERS, parameters, context))

    def _write_layers(self, result, folder, settings):
        for ice_map in result.maps:
            if settings.draft_chart != "none":
                name = f"floefield_{ice_map.scene.name.replace('_', '-').lower()}_{ice_map.scene.day:%Y%m%d}_pl_a.shp"
                write_draft_chart(os.path.join(folder, name), ice_map.draft, ice_map.grid)
        if settings.ice_edge and result.maps:
            write_ice_edges(os.path.join(folder, "ice_edge.gpkg"), [(each.scene, each.edge) for each in result.maps],
                            result.maps[0].grid.crs_wkt)
