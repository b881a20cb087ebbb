"""Batch preparation of ice charts: decode, clip, reproject and write each chart, and collect the errors."""

import os
from collections import Counter, namedtuple
from dataclasses import replace

from qgis.core import QgsGeometry

from ..compute.batch import Failures, run_batch
from ..compute.errors import OutputError, PlainError, UnsuitableInput
from ..compute.icechart.chart_files import open_chart_file
from ..compute.icechart.chart_identity import chart_date, chart_name
from ..compute.icechart.chart_styles import chart_styles
from ..compute.icechart.chart_summary import EMPTY, FAILED, PREPARED, ChartOutcome
from ..compute.icechart.decoding import CLASS_COLUMNS, COLUMNS, NOTES, decode
from ..compute.icechart.ice_legend import load_legend
from ..compute.output_files import OutputSet
from ..compute.scratch import scratch_folder
from ..compute.units import SQUARE_METRES_PER_KM2
from .chart_layers import GEOMETRY, read_tables, write_chart
from .parcel_geometry import polygons_in
from .polar_plane import PolarPlane, Target, is_northern
from .transforms import crs_name

DECODED_FIELDS = {"chart": str, "service": str, "chart_date": "date", "chart_time": str, **COLUMNS, **CLASS_COLUMNS,
                  "area_km2": float}

# Maximum number of items listed in a message.
MAX_LISTED = 10

# Clipped polygon in the polar plane: index in the chart, geometry, area in square metres.
_Clipped = namedtuple("_Clipped", "index geometry area")


def prepare_charts(paths, folder, settings, crs_and_area, context, progress):
    """Prepare charts and write one GeoPackage for each.

    Parameters
    ----------
    paths : list of str
        Chart files.
    folder : str
        Output folder.
    settings : ChartSettings
    crs_and_area : tuple
        (output CRS, CRS of charts without CRS information or an invalid CRS, StudyArea or None).
    context : QgsProcessingContext
    progress : Progress

    Returns
    -------
    list of ChartOutcome
        One per chart; at least one is prepared.

    Raises
    ------
    PlainError
        If a chart cannot be used and ``on_error`` is ``stop``, if no chart can be used, or if the output cannot be
        written.
    """
    with OutputSet() as outputs:
        partial = outputs.folder(folder)
        batch = _ChartBatch(partial, settings, crs_and_area, context, progress)
        run_batch(paths, batch.prepare_file, settings.on_error, progress, "charts")
        failed = [outcome for outcome in batch.outcomes if outcome.status == FAILED]
        if len(failed) == len(batch.outcomes):
            raise UnsuitableInput(describe_failures(failed))
        _check_no_input_is_overwritten(paths, folder, partial)
    progress.step(1.0)
    return batch.outcomes


def describe_failures(outcomes):
    """Return the first error of each chart, as one message."""
    texts = [each.remarks[0] if os.path.basename(each.chart) in each.remarks[0]
             else f"{os.path.basename(each.chart)}: {each.remarks[0]}" for each in outcomes[:MAX_LISTED]]
    if len(outcomes) > MAX_LISTED:
        texts.append(f"{len(outcomes) - MAX_LISTED} more charts cannot be used.")
    return " ".join(texts)


def _check_no_input_is_overwritten(paths, folder, partial):
    inputs = {os.path.realpath(path) for path in paths}
    for name in os.listdir(partial):
        output = os.path.realpath(os.path.join(folder, name))
        if output in inputs:
            raise OutputError(f"OUTPUT_FOLDER would overwrite {output}, which is one of the charts. Choose another "
                              "folder.")


class _ChartBatch:
    """Outcomes of all charts; a file may contain several, each of which may fail by itself."""

    def __init__(self, folder, settings, crs_and_area, context, progress):
        self._folder, self._settings, self._context = folder, settings, context
        self._failures = Failures(settings.on_error, progress, "charts")
        self._crs, self._source_crs, self._study_area = crs_and_area
        self._legend = load_legend(settings.legend)
        self._styles = chart_styles(self._legend)
        self._planes, self.outcomes = {}, []

    def prepare_file(self, path, progress):
        """Prepare the charts of a file."""
        with scratch_folder(self._folder) as scratch:
            try:
                chart_files = open_chart_file(path, scratch)
            except PlainError as error:
                self._fail(path, path, error)
                return
            unusable = []
            for chart_file in chart_files:
                try:
                    tables = read_tables(chart_file, progress)
                except PlainError as error:
                    unusable.append((chart_file, error))
                    continue
                for table in tables:
                    names = (table.name, *chart_file.names) if len(tables) > 1 else (*chart_file.names, table.name)
                    self._prepare(table, chart_file, tuple(dict.fromkeys(names)), progress)
        # a zip may contain layers of lines and points as well
        for chart_file, error in unusable if len(unusable) == len(chart_files) else ():
            self._fail(chart_file.origin, chart_file.names[0], error)

    def _prepare(self, table, chart_file, names, progress):
        try:
            outcome = self._outcome(table, chart_file, names, progress)
        except OutputError:
            raise
        except PlainError as error:
            self._fail(chart_file.origin, names[0], error)
            return
        self.outcomes.append(outcome)
        name = os.path.basename(outcome.chart)
        progress.say(f"{name}: {outcome.kept} of {outcome.polygons} polygons of {outcome.date}, written to "
                     f"{outcome.output}" if outcome.output else f"{name}: {outcome.status}")
        for remark in outcome.remarks:
            progress.warn(f"{name}: {remark}")

    def _fail(self, origin, name, error):
        # name the chart if the file contains several
        prefix = "" if name in origin else f"{name}: "
        outcome = ChartOutcome(origin, FAILED, remarks=(f"{prefix}{error}",))
        self._failures.add(origin, UnsuitableInput(describe_failures([outcome])))
        self.outcomes.append(outcome)

    def _outcome(self, table, chart_file, names, progress):
        identity = next((found for found in map(chart_name, names) if found.order), chart_name(names[0]))
        if not table.geometries:
            return ChartOutcome(chart_file.origin, EMPTY, service=identity.service, area=identity.area,
                                remarks=("it contains no polygons. No output was written for it.",))
        date, remarks = self._date(names, chart_file)
        crs = self._crs_of(table)
        settings = self._settings.decoding(identity.service)
        chart = decode(table.columns, self._legend, settings)
        remarks += _unknown_code_remarks(chart.unknown_codes)
        north = is_northern(table.geometries, crs, self._context.transformContext())
        plane, target = self._plane(north)
        kept, repaired, without_area = self._clipped(table.geometries, crs, plane, north, progress)
        if without_area:
            remarks.append(f"{without_area} polygons have no area and were removed.")
        if not kept:
            raise UnsuitableInput("no polygon of it lies in the study area. Check the location and the coordinate "
                                  "reference system of both.")
        reprojected = []
        for number, each in enumerate(kept):
            progress.step((1 + number / len(kept)) / 2)
            reprojected.append(plane.to_crs(each.geometry, target))
        if not plane.preserves_area(*_largest(kept, reprojected), self._crs):
            remarks.append(f"areas in {crs_name(self._crs)} are wrong by more than 10 % in this region. Choose a CRS "
                           f"for the region, such as {'EPSG:3413' if north else 'EPSG:3031'} (polar stereographic).")
        outcome = ChartOutcome(
            chart_file.origin, PREPARED, service=identity.service, area=identity.area, date=date.day.isoformat(),
            time=date.time.strftime("%H:%M") if date.time else "", date_from=date.origin, crs=crs_name(crs),
            polygons=len(table.geometries), kept=len(kept), repaired=repaired, remarks=tuple(remarks))
        return self._written(replace(outcome, **_areas(kept, chart)), names[0], table, chart, kept, reprojected)

    def _date(self, names, chart_file):
        """Return the date of a chart, from its names (of the layer, the file and the zip) and its metadata."""
        given, first_error = self._settings.date_of(names), None
        for name in names:
            try:
                date = chart_date(name, chart_file.metadata, given)
                break
            except UnsuitableInput as error:
                first_error = first_error or error
        else:
            raise first_error
        remarks = []
        if date.origin == "metadata":
            try:
                named = chart_date(names[0])
            except UnsuitableInput:
                return date, remarks
            if named.day != date.day:
                remarks.append(f"the date in its metadata is {date.day}, that in its name {named.day}; the metadata "
                               "are used.")
        return date, remarks

    def _crs_of(self, table):
        crs = table.crs if table.crs.isValid() else self._source_crs
        if not crs.isValid():
            raise UnsuitableInput("it has no coordinate reference system (a shapefile needs a .prj). Give SOURCE_CRS; "
                                  "other charts of the same service usually contain it.")
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
        kept, repaired, without_area = [], 0, 0
        for index, geometry in enumerate(geometries):
            progress.step(index / len(geometries) / 2)
            polygons, was_invalid = plane.from_crs(geometry, crs)
            if polygons.isEmpty():
                without_area += 1
                continue
            if engine is not None and not engine.contains(polygons.constGet()):
                if not engine.intersects(polygons.constGet()):
                    continue
                polygons = polygons_in(polygons.intersection(area))
            if polygons.isEmpty() or not polygons.area() > 0:
                continue
            repaired += was_invalid
            kept.append(_Clipped(index, polygons, polygons.area()))
        return kept, repaired, without_area

    def _written(self, outcome, name, table, chart, kept, reprojected):
        stem = self._unused_name(outcome)
        # the decoded fields of a chart that was prepared before are replaced
        is_prepared = set(DECODED_FIELDS) <= set(table.fields)
        original = [field for field in table.fields if not (is_prepared and field in DECODED_FIELDS)]
        fields = dict(DECODED_FIELDS)
        for field in original:
            fields[_unused_field_name(field, {*fields, "fid", GEOMETRY})] = table.fields[field]
        head = [name, outcome.service or None, outcome.date, outcome.time or None]
        rows = []
        for each, geometry in zip(kept, reprojected):
            decoded = [chart.columns[column][each.index] for column in (*COLUMNS, *CLASS_COLUMNS)]
            values = [table.columns[field][each.index] for field in original]
            rows.append((geometry, [*head, *decoded, each.area / SQUARE_METRES_PER_KM2, *values]))
        write_chart(os.path.join(self._folder, f"{stem}.gpkg"), stem, self._crs, fields, rows, self._styles,
                    self._settings.style)
        return replace(outcome, output=f"{stem}.gpkg")

    def _unused_name(self, outcome):
        stem = "_".join(filter(None, (outcome.service, outcome.area or "chart", outcome.date.replace("-", ""))))
        candidates = [stem, f"{stem}_{outcome.time.replace(':', '')}"] if outcome.time else [stem]
        candidates += [f"{stem}_{number}" for number in range(2, len(self.outcomes) + 3)]
        return next(each for each in candidates if not os.path.exists(os.path.join(self._folder, f"{each}.gpkg")))


def _areas(kept, chart):
    """Return the total area, the ice area and the area of each class, as fields of :class:`ChartOutcome`."""
    classes, ice = Counter(), 0.0
    for each in kept:
        ice += each.area * (chart.columns["total_concentration"][each.index] or 0.0)
        if chart.columns["class_note"][each.index] not in NOTES.values():
            classes[chart.columns["class_code"][each.index] or ""] += each.area
    return {"square_metres": sum(each.area for each in kept), "ice": ice, "classes": dict(classes)}


def _largest(kept, reprojected):
    """Return the largest polygon, in the plane and in the output CRS."""
    largest = max(range(len(kept)), key=lambda index: kept[index].area)
    return kept[largest].geometry, reprojected[largest]


def _unknown_code_remarks(unknown):
    if not unknown:
        return []
    listed = ", ".join(f"{field} {code} ({count} polygons)" for (field, code), count in
                       sorted(unknown.items(), key=lambda item: (-item[1], str(item[0])))[:MAX_LISTED])
    return [f"codes that are not in the SIGRID-3 tables are decoded as unknown: {listed}."]


def _unused_field_name(name, used):
    """Return the name of a field, with a numeric suffix if it is already used."""
    used, number, candidate = {each.casefold() for each in used}, 1, name
    while candidate.casefold() in used:
        candidate, number = f"{name}_{number}", number + 1
    return candidate
