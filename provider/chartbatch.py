"""Many ice charts, one after the other: decoded, clipped, reprojected and written, or named with what is wrong."""

import os
import tempfile
from collections import Counter, namedtuple
from dataclasses import replace

from qgis.core import QgsGeometry, QgsProcessingUtils

from ..compute.errors import OutputError, PlainError, UnsuitableInput
from ..compute.icechart.dates import chart_date
from ..compute.icechart.decode import CLASS_COLUMNS, COLUMNS, NOTES, decode
from ..compute.icechart.files import open_chart_file
from ..compute.icechart.folder import added_files
from ..compute.icechart.legend import load_legend
from ..compute.icechart.names import chart_name
from ..compute.icechart.style import chart_styles
from ..compute.icechart.summary import EMPTY, FAILED, PREPARED, ChartOutcome
from .charttable import read_tables
from .chartwriter import GEOMETRY, write_chart
from .geometry import polygons_in
from .polarplane import PolarPlane, Target, is_in_the_north, name_of

OURS = {"chart": str, "service": str, "chart_date": "date", "chart_time": str, **COLUMNS, **CLASS_COLUMNS,
        "area_km2": float}
# A message that lists more than this helps nobody.
MOST_LISTED = 10

_Kept = namedtuple("_Kept", "place shape area")


def prepare_charts(paths, folder, settings, places, context, progress):
    """Prepare charts.

    Parameters
    ----------
    paths : list of str
        Files with charts.
    folder : str
        Where the results go.
    settings : ChartSettings
    places : tuple
        (CRS of the results, CRS of charts without one or an invalid CRS, StudyArea or None).
    context : QgsProcessingContext
    progress : Progress

    Returns
    -------
    list of ChartOutcome
        One for each chart; at least one could be used.

    Raises
    ------
    PlainError
        If a chart cannot be used and the settings say ``stop``, if none can be used, or if nothing can be written.
    """
    with added_files(folder) as partial:
        batch = _Batch(partial, settings, places, context)
        for number, path in enumerate(paths):
            batch.add(path, progress.part(number / len(paths), (number + 1) / len(paths)))
        failed = [outcome for outcome in batch.outcomes if outcome.status == FAILED]
        if len(failed) == len(batch.outcomes):
            raise UnsuitableInput(failures(failed))
        _spare_inputs(paths, folder, partial)
    progress.step(1.0)
    return batch.outcomes


def failures(outcomes):
    """What is wrong with charts, in a sentence or some."""
    texts = [each.remarks[0] if os.path.basename(each.chart) in each.remarks[0]
             else f"{os.path.basename(each.chart)}: {each.remarks[0]}" for each in outcomes[:MOST_LISTED]]
    if len(outcomes) > MOST_LISTED:
        texts.append(f"{len(outcomes) - MOST_LISTED} more charts cannot be used.")
    return " ".join(texts)


def _spare_inputs(paths, folder, partial):
    """Refuse to replace a chart that was given by the result made of it."""
    given = {os.path.realpath(path) for path in paths}
    for name in os.listdir(partial):
        place = os.path.realpath(os.path.join(folder, name))
        if place in given:
            raise OutputError(f"OUTPUT_FOLDER would overwrite {place}, which is one of the charts. Choose another "
                              "folder.")


class _Batch:
    def __init__(self, folder, settings, places, context):
        self._folder, self._settings, self._context = folder, settings, context
        self._crs, self._source_crs, self._study_area = places
        self._legend = load_legend(settings.legend)
        self._styles = chart_styles(self._legend)
        self._planes, self.outcomes = {}, []

    def add(self, path, progress):
        """Prepare the charts in a file."""
        temporary = QgsProcessingUtils.tempFolder()
        with tempfile.TemporaryDirectory(dir=temporary) as workplace:
            try:
                chart_files = open_chart_file(path, workplace)
            except PlainError as error:
                self._fail(path, path, error, progress)
                return
            refused = []
            for chart_file in chart_files:
                try:
                    tables = read_tables(chart_file, progress)
                except PlainError as error:
                    refused.append((chart_file, error))
                    continue
                for table in tables:
                    names = (table.name, *chart_file.names) if len(tables) > 1 else (*chart_file.names, table.name)
                    self._prepare(table, chart_file, tuple(dict.fromkeys(names)), progress)
        # a zip may hold lines and points beside the polygons
        for chart_file, error in refused if len(refused) == len(chart_files) else ():
            self._fail(chart_file.origin, chart_file.names[0], error, progress)

    def _prepare(self, table, chart_file, names, progress):
        try:
            outcome = self._outcome(table, chart_file, names, progress)
        except OutputError:
            raise
        except PlainError as error:
            self._fail(chart_file.origin, names[0], error, progress)
            return
        self.outcomes.append(outcome)
        name = os.path.basename(outcome.chart)
        progress.say(f"{name}: {outcome.kept} of {outcome.polygons} polygons of {outcome.date}, written to "
                     f"{outcome.output}" if outcome.output else f"{name}: {outcome.status}")
        for remark in outcome.remarks:
            progress.warn(f"{name}: {remark}")

    def _fail(self, origin, name, error, progress):
        # one of several charts in a file
        which = "" if name in origin else f"{name}: "
        outcome = ChartOutcome(origin, FAILED, remarks=(f"{which}{error}",))
        if self._settings.on_error == "stop":
            raise UnsuitableInput(f"{failures([outcome])} Nothing was written; ON_ERROR=skip goes on with the others.")
        self.outcomes.append(outcome)
        progress.warn(failures([outcome]))

    def _outcome(self, table, chart_file, names, progress):
        known = next((found for found in map(chart_name, names) if found.order), chart_name(names[0]))
        if not table.geometries:
            return ChartOutcome(chart_file.origin, EMPTY, service=known.service, area=known.area,
                                remarks=("it holds no polygons, so nothing was written for it.",))
        day, remarks = self._day(names, chart_file)
        crs = self._crs_of(table)
        settings = self._settings.decoding(known.service)
        chart = decode(table.columns, self._legend, settings)
        remarks += _about_codes(chart.unknown_codes)
        north = is_in_the_north(table.geometries, crs, self._context.transformContext())
        plane, target = self._plane(north)
        kept, repaired, shapeless = self._clipped(table.geometries, crs, plane, north, progress)
        if shapeless:
            remarks.append(f"{shapeless} polygons have no area and were left out.")
        if not kept:
            raise UnsuitableInput("no polygon of it lies in the study area. Check that both show the same place, and "
                                  "that their coordinate reference systems are right.")
        shown = []
        for place, each in enumerate(kept):
            progress.step((1 + place / len(kept)) / 2)
            shown.append(plane.give(each.shape, target))
        if not plane.is_true(*_largest(kept, shown), self._crs):
            remarks.append(f"{name_of(self._crs)} is made for another region and shows this one more than a tenth too "
                           "large or small. Choose a CRS of the region, such as "
                           f"{'EPSG:3413' if north else 'EPSG:3031'} (polar stereographic).")
        outcome = ChartOutcome(
            chart_file.origin, PREPARED, service=known.service, area=known.area, date=day.day.isoformat(),
            time=day.time.strftime("%H:%M") if day.time else "", date_from=day.origin, crs=name_of(crs),
            polygons=len(table.geometries), kept=len(kept), repaired=repaired, remarks=tuple(remarks))
        return self._written(replace(outcome, **_areas(kept, chart)), names[0], table, chart, kept, shown)

    def _day(self, names, chart_file):
        """The date of a chart; for one in a zip, the name of the zip may tell it as well."""
        given, refusal = self._settings.date_of(names), None
        for name in names:
            try:
                day = chart_date(name, chart_file.metadata, given)
                break
            except UnsuitableInput as error:
                refusal = refusal or error
        else:
            raise refusal
        remarks = []
        if day.origin == "metadata":
            try:
                named = chart_date(names[0])
            except UnsuitableInput:
                return day, remarks
            if named.day != day.day:
                remarks.append(f"its metadata say {day.day}, its name says {named.day}; the metadata were believed.")
        return day, remarks

    def _crs_of(self, table):
        crs = table.crs if table.crs.isValid() else self._source_crs
        if not crs.isValid():
            raise UnsuitableInput("it does not tell its coordinate reference system (a shapefile needs a .prj). Give "
                                  "it as SOURCE_CRS; another chart of the same service usually has it.")
        return crs

    def _plane(self, north):
        if north not in self._planes:
            plane = PolarPlane(north, self._context.transformContext())
            self._planes[north] = plane, Target(self._crs, plane, self._context.transformContext())
        return self._planes[north]

    def _clipped(self, geometries, crs, plane, north, progress):
        engine = area = None
        if self._study_area is not None:
            area = self._study_area.in_plane(plane, north)
            engine = QgsGeometry.createGeometryEngine(area.constGet())
            engine.prepareGeometry()
        kept, repaired, shapeless = [], 0, 0
        for place, geometry in enumerate(geometries):
            progress.step(place / len(geometries) / 2)
            shape, was_invalid = plane.take(geometry, crs)
            if shape.isEmpty():
                shapeless += 1
                continue
            if engine is not None and not engine.contains(shape.constGet()):
                if not engine.intersects(shape.constGet()):
                    continue
                shape = polygons_in(shape.intersection(area))
            if shape.isEmpty() or not shape.area() > 0:
                continue
            repaired += was_invalid
            kept.append(_Kept(place, shape, shape.area()))
        return kept, repaired, shapeless

    def _written(self, outcome, name, table, chart, kept, shown):
        stem = self._free_name(outcome)
        # a chart that was prepared before gets its columns anew
        theirs = [field for field in table.fields if not (set(OURS) <= set(table.fields) and field in OURS)]
        fields = dict(OURS)
        for field in theirs:
            fields[_new_name(field, {*fields, "fid", GEOMETRY})] = table.fields[field]
        head = [name, outcome.service or None, outcome.date, outcome.time or None]
        rows = []
        for each, shape in zip(kept, shown):
            decoded = [chart.columns[column][each.place] for column in (*COLUMNS, *CLASS_COLUMNS)]
            own = [table.columns[field][each.place] for field in theirs]
            rows.append((shape, [*head, *decoded, each.area / 1e6, *own]))
        write_chart(os.path.join(self._folder, f"{stem}.gpkg"), stem, self._crs, fields, rows, self._styles,
                    self._settings.style)
        return replace(outcome, output=f"{stem}.gpkg")

    def _free_name(self, outcome):
        stem = "_".join(filter(None, (outcome.service, outcome.area or "chart", outcome.date.replace("-", ""))))
        wished = [stem, f"{stem}_{outcome.time.replace(':', '')}"] if outcome.time else [stem]
        wished += [f"{stem}_{number}" for number in range(2, len(self.outcomes) + 3)]
        return next(each for each in wished if not os.path.exists(os.path.join(self._folder, f"{each}.gpkg")))


def _areas(kept, chart):
    """What adds up over the polygons: fields of :class:`ChartOutcome`."""
    classes, ice = Counter(), 0.0
    for each in kept:
        ice += each.area * (chart.columns["total_concentration"][each.place] or 0.0)
        if chart.columns["class_note"][each.place] not in NOTES.values():
            classes[chart.columns["class_code"][each.place] or ""] += each.area
    return {"square_metres": sum(each.area for each in kept), "ice": ice, "classes": dict(classes)}


def _largest(kept, shown):
    """The largest polygon, in the plane and in the CRS of the result."""
    place = max(range(len(kept)), key=lambda number: kept[number].area)
    return kept[place].shape, shown[place]


def _about_codes(unknown):
    if not unknown:
        return []
    listed = ", ".join(f"{field} {code} ({count} polygons)" for (field, code), count in
                       sorted(unknown.items(), key=lambda item: (-item[1], str(item[0])))[:MOST_LISTED])
    return [f"codes that are in no table of SIGRID-3 count as unknown: {listed}."]


def _new_name(name, taken):
    """The name of a field, with a number behind it where it is taken."""
    taken, number, new = {each.casefold() for each in taken}, 1, name
    while new.casefold() in taken:
        new, number = f"{name}_{number}", number + 1
    return new
