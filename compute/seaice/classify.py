"""From scenes and ice charts to ice maps, their accuracy by date, a model and a report."""

import contextlib
import os
import shutil
from dataclasses import dataclass, field, replace

from ..errors import Cancelled, OutputError, PlainError, UnsuitableInput
from ..forest.modelfile import save_forest
from ..raster.blocks import make_executor
from ..raster.writer import complete_file
from .charts import ChartMap, pair, require_pairs
from .draft import draft_by_cell, draft_by_polygon, ice_edge, stage_codes, water_values
from .features import FeatureStore
from .learn import judge, sum_of, train
from .mapping import map_scene
from .report import IceReport, SceneSummary, write_ice_report
from .sample import draw_pixels
from .scenes import read_scene
from .settings import IceSettings


@dataclass(frozen=True)
class IceTask:
    """What to classify, and with what.

    Parameters
    ----------
    scenes : tuple of str
        Paths of rasters with backscatter in dB.
    charts : tuple of Chart
    legend : Legend
    land : tuple of Chart
        Polygons of land, in which nothing is mapped.
    textures : tuple of str
        Paths of texture rasters, for ``settings.textures="given"``.
    settings : IceSettings
    notes : tuple of str
        What happened to the charts before they came here.
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
    """One scene's results.

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
    """What came out.

    Parameters
    ----------
    maps : tuple of IceMap
    matrix : ConfusionMatrix or None
        Of all scenes.
    failures : tuple of (str, str)
        Path of each scene that could not be used, and why.
    """

    maps: tuple
    matrix: object
    failures: tuple

    def complaint(self):
        """The failures in a sentence or some."""
        reasons = " ".join(reason for _, reason in self.failures)
        total = len(self.maps) + len(self.failures)
        return f"{len(self.failures)} of {total} scenes could not be used, the others are done. {reasons}"


def classify_ice(task, folder, model_path, report_path, progress):
    """Train on all scenes with charts, judge by date, map all scenes.

    Parameters
    ----------
    task : IceTask
    folder : str
        An existing folder for the maps.
    model_path, report_path : str
        Empty if not wanted.
    progress : Progress

    Returns
    -------
    IceClassification

    Raises
    ------
    PlainError
        With a sentence for the user.
    Cancelled
        If the user asked to stop; what lies in `folder` is for the caller to remove.
    """
    run = _Run(task, folder)
    with contextlib.ExitStack() as opened:
        # What must not be left behind after an error is opened first.
        model_file, report_file = (opened.enter_context(complete_file(path)) if path else ""
                                   for path in (model_path, report_path))
        opened.callback(shutil.rmtree, run.workplace, ignore_errors=True)
        executor = opened.enter_context(make_executor(task.settings.forest.threads))
        run.read_scenes(progress.part(0.0, 0.02))
        run.draw(executor, progress.part(0.02, 0.45))
        run.learn(progress.part(0.45, 0.7))
        run.map(executor, progress.part(0.7, 0.98))
        result = IceClassification(tuple(run.maps), sum_of(run.matrices.values()), tuple(run.failures))
        if model_file:
            save_forest(model_file, run.forest)
        if report_file:
            write_ice_report(report_file, run.report(result), progress.check)
        progress.check()
    progress.step(1.0)
    return result


class _Run:
    """The state of a run: what became of each scene."""

    def __init__(self, task, folder):
        self.task, self.folder = task, folder
        self.workplace = os.path.join(folder, ".workplace")
        self.pairs, self.drawn, self.matrices, self.maps, self.failures = {}, {}, {}, [], []
        self.forest = None

    def read_scenes(self, progress):
        settings, scenes, seen = self.task.settings, [], {}
        for path in self.task.scenes:
            progress.check()
            with self._forgiving(path, progress):
                scenes.append(read_scene(path, settings.bands))
        for scene in sorted(scenes, key=lambda scene: (scene.day, scene.name)):
            if scene.name in seen:
                self._fail(scene.path, UnsuitableInput(
                    f"{scene.path} and {seen[scene.name]} would be mapped under one name. Rename one."), progress)
                continue
            seen[scene.name] = scene.path
            self.pairs[scene] = pair(scene, self.task.charts, settings.max_days)
        self._require_scenes()
        require_pairs(list(self.pairs.values()))
        for scene, (charts, reason) in self.pairs.items():
            progress.say(f"{scene.name} ({scene.day}): " + (
                f"chart {', '.join(chart.name for chart in charts)} of {charts[0].day}" if charts else
                f"mapped, but it neither trains nor judges: {reason}"))
        os.makedirs(self.workplace, exist_ok=True)
        self.store = FeatureStore(self.workplace, settings, self._given_textures(progress))

    def draw(self, executor, progress):
        task, charted = self.task, [scene for scene, (charts, _) in self.pairs.items() if charts]
        for number, scene in enumerate(charted):
            part = progress.part(number / len(charted), (number + 1) / len(charted))
            part.step(0.0)
            with self._forgiving(scene.path, progress, scene):
                shown = (*task.land, *self.pairs[scene][0])
                with self.store.open(scene, shown, part.part(0.0, 0.8)) as features:
                    chart_map = ChartMap(shown, features.grid)
                    self.drawn[scene] = draw_pixels(features, chart_map, task.legend, task.settings,
                                                    executor, part.part(0.8, 1.0))
                self.store.done(scene)
        self._require_scenes()

    def learn(self, progress):
        task = self.task
        progress.say(f"Training on {sum(len(pixels.classes) for pixels in self.drawn.values())} pixels of "
                     f"{len(self.drawn)} scenes with {len(self.store.names)} features ...")
        self.forest = train(list(self.drawn.values()), self.store.names, task.legend, task.settings,
                            progress.part(0.0, 0.4))
        if task.settings.evaluation == "date":
            progress.say("Judging each date by a forest that has not seen it ...")
            self.matrices = judge(list(self.drawn), list(self.drawn.values()), task.legend, task.settings,
                                  progress.part(0.4, 1.0))

    def map(self, executor, progress):
        task, settings = self.task, self.task.settings
        water, stages = water_values(task.legend), stage_codes(task.legend)
        progress.say("Mapping ...")
        for number, (scene, (charts, _)) in enumerate(list(self.pairs.items())):
            part = progress.part(number / len(self.pairs), (number + 1) / len(self.pairs))
            part.step(0.0)
            with self._forgiving(scene.path, progress, scene):
                shown = (*task.land, *charts)
                with self.store.open(scene, shown, part.part(0.0, 0.4)) as features:
                    chart_map = ChartMap(shown, features.grid) if shown else None
                    wanted = replace(settings, wants_disagreement=settings.wants_disagreement and bool(charts))
                    mapped = map_scene(scene, features, self.forest, chart_map, water, self.folder, wanted, executor,
                                       part.part(0.4, 1.0))
                    grid = features.grid
                draft = []
                if settings.draft == "polygons" and charts:
                    draft = draft_by_polygon(mapped, chart_map, stages)
                elif settings.draft == "grid":
                    draft = draft_by_cell(mapped, grid, stages)
                edge = ice_edge(mapped, grid, water, settings.edge_concentration) if settings.wants_edge else []
                self.maps.append(IceMap(scene, charts, grid, mapped, self.matrices.get(scene), draft, edge))
            self.store.drop(scene)
        self._require_scenes()

    def report(self, result):
        task = self.task
        summaries = tuple(SceneSummary(
            scene=ice_map.scene, charts=ice_map.charts, grid=ice_map.grid, reason=self.pairs[ice_map.scene][1],
            matrix=ice_map.matrix, mapped=ice_map.mapped,
            training_pixels=len(self.drawn[ice_map.scene].classes) if ice_map.scene in self.drawn else 0)
            for ice_map in result.maps)
        return IceReport(scenes=summaries, legend=task.legend, forest=self.forest, matrix=result.matrix,
                         failures=result.failures, settings=task.settings, notes=task.notes)

    def _given_textures(self, progress):
        """The texture raster of each scene: that whose name begins with the scene's, and with no longer one."""
        if self.task.settings.textures != "given":
            return {}
        given = {scene: [] for scene in self.pairs}
        for path in self.task.textures:
            begun = [scene for scene in given if os.path.basename(path).startswith(scene.name)]
            if begun:
                given[max(begun, key=lambda scene: len(scene.name))].append(path)
        for scene, found in given.items():
            if len(found) != 1:
                what = "are several texture rasters" if found else "is no texture raster"
                self._fail(scene.path, UnsuitableInput(f"There {what} for {scene.name}: the name of exactly one must "
                                                       f"begin with {scene.name}."), progress, scene)
        self._require_scenes()
        return {scene: given[scene][0] for scene in self.pairs}

    def _require_scenes(self):
        if not self.pairs:
            raise UnsuitableInput(" ".join(reason for _, reason in self.failures))

    def _forgiving(self, path, progress, scene=None):
        return _Forgiving(self, path, progress, scene)

    def _fail(self, path, error, progress, scene=None):
        self.failures.append((path, str(error)))
        self.pairs.pop(scene, None)
        self.drawn.pop(scene, None)
        self.matrices.pop(scene, None)
        progress.warn(f"Left out: {error}")


class _Forgiving:
    """What is wrong with one scene does not stop the others; what is wrong with the disk does."""

    def __init__(self, run, path, progress, scene):
        self._run, self._path, self._progress, self._scene = run, path, progress, scene

    def __enter__(self):
        return self

    def __exit__(self, kind, error, trace):
        if isinstance(error, PlainError) and not isinstance(error, (OutputError, Cancelled)):
            self._run._fail(self._path, error, self._progress, self._scene)
            return True
        return False
