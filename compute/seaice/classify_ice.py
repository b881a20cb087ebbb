"""Sea-ice classification: from scenes and ice charts to ice maps, accuracy by date, a model and a report."""

import contextlib
import os
import shutil
from dataclasses import dataclass, field, replace

from ..classifiers.model_file import save_forest
from ..errors import Cancelled, OutputError, PlainError, UnsuitableInput
from ..output_files import complete_file
from ..raster.blocks import make_executor
from .chart_reference import ChartRaster, match_charts, require_charts
from .draft_chart import draft_by_cell, draft_by_polygon, ice_edge, stage_codes, water_values
from .ice_maps import map_scene
from .ice_report import IceReport, SceneSummary, write_ice_report
from .ice_scenes import read_scene
from .ice_settings import IceSettings
from .ice_training import leave_one_date_out, sample_pixels, sum_matrices, train
from .scene_features import FeatureStore


@dataclass(frozen=True)
class IceTask:
    """Inputs and settings of a classification.

    Parameters
    ----------
    scenes : tuple of str
        Paths of rasters with backscatter in dB.
    charts : tuple of Chart
    legend : Legend
    land : tuple of Chart
        Land polygons, which are masked in the maps.
    textures : tuple of str
        Paths of existing texture rasters, for ``settings.textures="from_folder"``.
    settings : IceSettings
    notes : tuple of str
        Remarks on the preparation of the charts.
    """

    scenes: tuple
    charts: tuple
    legend: object
    land: tuple = ()
    textures: tuple = ()
    settings: IceSettings = field(default_factory=IceSettings)
    notes: tuple = ()


@dataclass(frozen=True, eq=False)
class IceMap:
    """Results for one scene.

    Parameters
    ----------
    scene : Scene
    charts : tuple of Chart
    grid : Grid
        Of the map.
    mapped : MappedScene
    matrix : ConfusionMatrix or None
    draft : list of DraftArea
    edge : list of lines
    """

    scene: object
    charts: tuple
    grid: object
    mapped: object
    matrix: object
    draft: list
    edge: list


@dataclass(frozen=True, eq=False)
class IceClassification:
    """Results of a classification.

    Parameters
    ----------
    maps : tuple of IceMap
    matrix : ConfusionMatrix or None
        Of all scenes.
    failures : tuple of (str, str)
        Path of each scene that could not be used, and the reason.
    """

    maps: tuple
    matrix: object
    failures: tuple

    def failure_message(self):
        """Return a message that lists the failures."""
        reasons = " ".join(reason for _, reason in self.failures)
        total = len(self.maps) + len(self.failures)
        return f"{len(self.failures)} of {total} scenes could not be used; the others are mapped. {reasons}"


def classify_ice(task, folder, model_path, report_path, progress):
    """Train on all scenes with charts, assess with one date left out at a time, map all scenes.

    Parameters
    ----------
    task : IceTask
    folder : str
        An existing folder for the maps.
    model_path, report_path : str
        Empty for none.
    progress : Progress

    Returns
    -------
    IceClassification

    Raises
    ------
    PlainError
        If the inputs cannot be used or an output cannot be written.
    Cancelled
        If the user cancelled; the caller removes the contents of `folder`.
    """
    run = _Run(task, folder)
    with contextlib.ExitStack() as opened:
        # Opened first, so that nothing incomplete remains after an error.
        model_file, report_file = (opened.enter_context(complete_file(path)) if path else ""
                                   for path in (model_path, report_path))
        opened.callback(shutil.rmtree, run.scratch_folder, ignore_errors=True)
        executor = opened.enter_context(make_executor(task.settings.forest.threads))
        run.read_scenes(progress.part(0.0, 0.02))
        run.sample(executor, progress.part(0.02, 0.45))
        run.train(progress.part(0.45, 0.7))
        run.map_scenes(executor, progress.part(0.7, 0.98))
        result = IceClassification(tuple(run.maps), sum_matrices(run.matrices.values()), tuple(run.failures))
        if model_file:
            save_forest(model_file, run.forest)
        if report_file:
            write_ice_report(report_file, run.report(result), progress.check)
        progress.check()
    progress.step(1.0)
    return result


class _Run:
    """State of a run: matches, samples, matrices and failures by scene."""

    def __init__(self, task, folder):
        self.task, self.folder = task, folder
        self.scratch_folder = os.path.join(folder, ".scratch")
        self.matches, self.samples, self.matrices, self.maps, self.failures = {}, {}, {}, [], []
        self.forest = None

    def read_scenes(self, progress):
        settings, scenes, seen = self.task.settings, [], {}
        for path in self.task.scenes:
            progress.check()
            with self._skip_on_error(path, progress):
                scenes.append(read_scene(path, settings.bands))
        for scene in sorted(scenes, key=lambda scene: (scene.day, scene.name)):
            if scene.name in seen:
                self._fail(scene.path, UnsuitableInput(
                    f"{scene.path} and {seen[scene.name]} have the same name and would be written to the same files. "
                    "Rename one of them."), progress)
                continue
            seen[scene.name] = scene.path
            self.matches[scene] = match_charts(scene, self.task.charts, settings.max_days)
        self._require_scenes()
        require_charts(list(self.matches.values()))
        for scene, (charts, reason) in self.matches.items():
            progress.say(f"{scene.name} ({scene.day}): " + (
                f"chart {', '.join(chart.name for chart in charts)} of {charts[0].day}" if charts else
                f"mapped, but not used for training or validation: {reason}"))
        os.makedirs(self.scratch_folder, exist_ok=True)
        self.store = FeatureStore(self.scratch_folder, settings, self._match_textures(progress))

    def sample(self, executor, progress):
        task, charted = self.task, [scene for scene, (charts, _) in self.matches.items() if charts]
        for index, scene in enumerate(charted):
            part = progress.part(index / len(charted), (index + 1) / len(charted))
            part.step(0.0)
            with self._skip_on_error(scene.path, progress, scene):
                charts = (*task.land, *self.matches[scene][0])
                with self.store.open(scene, charts, part.part(0.0, 0.8)) as features:
                    chart_raster = ChartRaster(charts, features.grid)
                    self.samples[scene] = sample_pixels(features, chart_raster, task.legend, task.settings,
                                                        executor, part.part(0.8, 1.0))
                self.store.release(scene)
        self._require_scenes()

    def train(self, progress):
        task = self.task
        progress.say(f"Training on {sum(len(pixels.training_classes) for pixels in self.samples.values())} pixels of "
                     f"{len(self.samples)} scenes with {len(self.store.names)} features ...")
        self.forest = train(list(self.samples.values()), self.store.names, task.legend, task.settings,
                            progress.part(0.0, 0.4))
        if task.settings.assessment == "leave_one_date_out":
            progress.say("Assessing each date with a forest trained on the other dates ...")
            self.matrices = leave_one_date_out(list(self.samples), list(self.samples.values()), task.legend,
                                               task.settings, progress.part(0.4, 1.0))

    def map_scenes(self, executor, progress):
        task, settings = self.task, self.task.settings
        water, stages = water_values(task.legend), stage_codes(task.legend)
        progress.say("Mapping ...")
        for index, (scene, (charts, _)) in enumerate(list(self.matches.items())):
            part = progress.part(index / len(self.matches), (index + 1) / len(self.matches))
            part.step(0.0)
            with self._skip_on_error(scene.path, progress, scene):
                polygons = (*task.land, *charts)
                with self.store.open(scene, polygons, part.part(0.0, 0.4)) as features:
                    chart_raster = ChartRaster(polygons, features.grid) if polygons else None
                    scene_settings = replace(settings, disagreement=settings.disagreement and bool(charts))
                    mapped = map_scene(scene, features, self.forest, chart_raster, water, self.folder, scene_settings,
                                       executor, part.part(0.4, 1.0))
                    grid = features.grid
                draft = []
                if settings.draft_chart == "polygons" and charts:
                    draft = draft_by_polygon(mapped, chart_raster, stages)
                elif settings.draft_chart == "grid":
                    draft = draft_by_cell(mapped, grid, stages)
                edge = ice_edge(mapped, grid, water, settings.edge_concentration) if settings.ice_edge else []
                self.maps.append(IceMap(scene, charts, grid, mapped, self.matrices.get(scene), draft, edge))
            self.store.remove(scene)
        self._require_scenes()

    def report(self, result):
        task = self.task
        summaries = tuple(SceneSummary(
            scene=ice_map.scene, charts=ice_map.charts, grid=ice_map.grid, reason=self.matches[ice_map.scene][1],
            matrix=ice_map.matrix, mapped=ice_map.mapped,
            training_pixels=len(self.samples[ice_map.scene].training_classes) if ice_map.scene in self.samples else 0)
            for ice_map in result.maps)
        return IceReport(scenes=summaries, legend=task.legend, forest=self.forest, matrix=result.matrix,
                         failures=result.failures, settings=task.settings, notes=task.notes)

    def _match_textures(self, progress):
        """Return the texture raster of each scene; its name begins with that of the scene, the longest match wins."""
        if self.task.settings.textures != "from_folder":
            return {}
        found = {scene: [] for scene in self.matches}
        for path in self.task.textures:
            candidates = [scene for scene in found if os.path.basename(path).startswith(scene.name)]
            if candidates:
                found[max(candidates, key=lambda scene: len(scene.name))].append(path)
        for scene, rasters in found.items():
            if len(rasters) != 1:
                problem = "are several texture rasters" if rasters else "is no texture raster"
                self._fail(scene.path, UnsuitableInput(f"There {problem} for {scene.name}. Exactly one file name must "
                                                       f"begin with {scene.name}."), progress, scene)
        self._require_scenes()
        return {scene: found[scene][0] for scene in self.matches}

    def _require_scenes(self):
        if not self.matches:
            raise UnsuitableInput(" ".join(reason for _, reason in self.failures))

    def _skip_on_error(self, path, progress, scene=None):
        return _SkipOnError(self, path, progress, scene)

    def _fail(self, path, error, progress, scene=None):
        self.failures.append((path, str(error)))
        self.matches.pop(scene, None)
        self.samples.pop(scene, None)
        self.matrices.pop(scene, None)
        progress.warn(f"Skipped: {error}")


class _SkipOnError:
    """Record the error of one scene and go on with the others; output errors and cancelling propagate."""

    def __init__(self, run, path, progress, scene):
        self._run, self._path, self._progress, self._scene = run, path, progress, scene

    def __enter__(self):
        return self

    def __exit__(self, kind, error, trace):
        if isinstance(error, PlainError) and not isinstance(error, (OutputError, Cancelled)):
            self._run._fail(self._path, error, self._progress, self._scene)
            return True
        return False
