"""Sea-ice classification: from scenes and ice charts to ice maps, accuracy by date, a model and a report."""

import contextlib
import os
from dataclasses import dataclass, field, replace

from ..batch import BatchResult, run_batch
from ..classifiers.model_file import save_model
from ..errors import UnsuitableInput
from ..output_files import OutputSet
from ..raster.blocks import make_executor
from ..scratch import scratch_folder
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
    on_error : str
        One of :data:`~..batch.ON_ERROR`, for scenes that cannot be used.
    """

    scenes: tuple
    charts: tuple
    legend: object
    land: tuple = ()
    textures: tuple = ()
    settings: IceSettings = field(default_factory=IceSettings)
    notes: tuple = ()
    on_error: str = "skip"


@dataclass(frozen=True, eq=False)
class IceMap:
    """Results for one scene.

    Parameters
    ----------
    scene : RadarScene
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

    @property
    def batch(self):
        """BatchResult: the maps and the failures."""
        return BatchResult(self.maps, self.failures, "scenes")


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
        outputs = opened.enter_context(OutputSet())
        model_file, report_file = (outputs.file(path) if path else "" for path in (model_path, report_path))
        run.scratch_folder = opened.enter_context(scratch_folder(folder))
        executor = opened.enter_context(make_executor(task.settings.forest.threads))
        run.read_scenes(progress.part(0.0, 0.02))
        run.sample(executor, progress.part(0.02, 0.45))
        run.train(progress.part(0.45, 0.7))
        run.map_scenes(executor, progress.part(0.7, 0.98))
        result = IceClassification(tuple(run.maps), sum_matrices(run.matrices.values()), tuple(run.failures))
        if model_file:
            save_model(model_file, run.model)
        if report_file:
            write_ice_report(report_file, run.report(result), progress.check)
        progress.check()
    progress.step(1.0)
    return result


class _Run:
    """State of a run: matches, samples, matrices and failures by scene."""

    def __init__(self, task, folder):
        self.task, self.folder, self.scratch_folder = task, folder, ""
        self.matches, self.samples, self.matrices, self.maps, self.failures = {}, {}, {}, [], []
        self.model = None

    def read_scenes(self, progress):
        settings, seen = self.task.settings, {}

        def match(scene, part):
            if scene.name in seen:
                raise UnsuitableInput(
                    f"{scene.path} and {seen[scene.name]} have the same name and would be written to the same files. "
                    "Rename one of them.")
            seen[scene.name] = scene.path
            self.matches[scene] = match_charts(scene, self.task.charts, settings.max_days)

        read = self._run_batch(self.task.scenes, lambda path, part: read_scene(path, settings.bands),
                               progress.part(0.0, 0.9))
        self._run_batch(sorted(read, key=lambda scene: (scene.day, scene.name)), match, progress.part(0.9, 1.0))
        self._require_scenes()
        require_charts(list(self.matches.values()))
        for scene, (charts, reason) in self.matches.items():
            progress.say(f"{scene.name} ({scene.day}): " + (
                f"chart {', '.join(chart.name for chart in charts)} of {charts[0].day}" if charts else
                f"mapped, but not used for training or validation: {reason}"))
        self.store = FeatureStore(self.scratch_folder, settings, self._match_textures(progress))

    def sample(self, executor, progress):
        task = self.task

        def work(scene, part):
            charts = (*task.land, *self.matches[scene][0])
            with self.store.open(scene, charts, part.part(0.0, 0.8)) as features:
                chart_raster = ChartRaster(charts, features.grid)
                self.samples[scene] = sample_pixels(features, chart_raster, task.legend, task.settings, executor,
                                                    part.part(0.8, 1.0))
            self.store.release(scene)

        self._run_batch([scene for scene, (charts, _) in self.matches.items() if charts], work, progress)
        self._require_scenes()

    def train(self, progress):
        task = self.task
        progress.say(f"Training on {sum(len(pixels.training_classes) for pixels in self.samples.values())} pixels of "
                     f"{len(self.samples)} scenes with {len(self.store.names)} features ...")
        self.model = train(list(self.samples.values()), self.store.names, task.legend, task.settings,
                           progress.part(0.0, 0.4))
        if task.settings.assessment == "leave_one_date_out":
            progress.say("Assessing each date with a forest trained on the other dates ...")
            self.matrices = leave_one_date_out(list(self.samples), list(self.samples.values()), self.store.names,
                                               task.legend, task.settings, progress.part(0.4, 1.0))

    def map_scenes(self, executor, progress):
        progress.say("Mapping ...")
        water, stages = water_values(self.task.legend), stage_codes(self.task.legend)

        def work(scene, part):
            try:
                self.maps.append(self._map_scene(scene, water, stages, executor, part))
            finally:
                self.store.remove(scene)

        self._run_batch(list(self.matches), work, progress)
        self._require_scenes()

    def _map_scene(self, scene, water, stages, executor, progress):
        task, settings, charts = self.task, self.task.settings, self.matches[scene][0]
        polygons = (*task.land, *charts)
        with self.store.open(scene, polygons, progress.part(0.0, 0.4)) as features:
            chart_raster = ChartRaster(polygons, features.grid) if polygons else None
            scene_settings = replace(settings, disagreement=settings.disagreement and bool(charts))
            mapped = map_scene(scene, features, self.model, chart_raster, water, self.folder, scene_settings,
                               executor, progress.part(0.4, 1.0))
            grid = features.grid
        draft = []
        if settings.draft_chart == "polygons" and charts:
            draft = draft_by_polygon(mapped, chart_raster, stages)
        elif settings.draft_chart == "grid":
            draft = draft_by_cell(mapped, grid, stages)
        edge = ice_edge(mapped, grid, water, settings.edge_concentration) if settings.ice_edge else []
        return IceMap(scene, charts, grid, mapped, self.matrices.get(scene), draft, edge)

    def report(self, result):
        task = self.task
        summaries = tuple(SceneSummary(
            scene=ice_map.scene, charts=ice_map.charts, grid=ice_map.grid, reason=self.matches[ice_map.scene][1],
            matrix=ice_map.matrix, mapped=ice_map.mapped,
            training_pixels=len(self.samples[ice_map.scene].training_classes) if ice_map.scene in self.samples else 0)
            for ice_map in result.maps)
        return IceReport(scenes=summaries, legend=task.legend, model=self.model, matrix=result.matrix,
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

        def require_one(scene, part):
            if len(found[scene]) != 1:
                problem = "are several texture rasters" if found[scene] else "is no texture raster"
                raise UnsuitableInput(f"There {problem} for {scene.name}. Exactly one file name must begin with "
                                      f"{scene.name}.")

        self._run_batch(list(found), require_one, progress)
        self._require_scenes()
        return {scene: found[scene][0] for scene in self.matches}

    def _require_scenes(self):
        if not self.matches:
            raise UnsuitableInput(" ".join(reason for _, reason in self.failures))

    def _run_batch(self, inputs, work, progress):
        """Run a stage on scenes or their paths; those that fail are left out of all further stages."""
        batch = run_batch(inputs, work, self.task.on_error, progress, "scenes")
        for scene, reason in batch.failures:
            self.failures.append((scene if isinstance(scene, str) else scene.path, reason))
            for stage in (self.matches, self.samples, self.matrices):
                stage.pop(scene, None)
        return batch.results
