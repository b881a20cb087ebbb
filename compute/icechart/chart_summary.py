"""Summary of a batch of charts as table rows, CSV and HTML report."""

import csv
import os
from dataclasses import dataclass, field

from ..output_files import OutputSet
from ..report.page import write_page

PREPARED, EMPTY, FAILED = "prepared", "empty", "failed"
KM2_PER_M2 = 1e-6


@dataclass(frozen=True)
class ChartOutcome:
    """Outcome of the preparation of a chart.

    Parameters
    ----------
    chart : str
        Path of its file.
    status : {"prepared", "empty", "failed"}
    output : str
        Name of the GeoPackage; empty if none was written.
    remarks : tuple of str
        Sentences; the error of a failed chart.
    service, area, date, time, date_from, crs : str
        Service, area, date and time (UTC), source of the date, and CRS of the chart.
    polygons, kept, repaired : int
        Number of polygons in the chart and in the output, and of repaired ones in the output.
    square_metres, ice : float
        Area of the kept polygons, and of the ice in them, in square metres.
    classes : dict of str to float
        Square metres by class code; the empty code is for polygons without a class, except land.
    """

    chart: str
    status: str
    output: str = ""
    remarks: tuple = ()
    service: str = ""
    area: str = ""
    date: str = ""
    time: str = ""
    date_from: str = ""
    crs: str = ""
    polygons: int = 0
    kept: int = 0
    repaired: int = 0
    square_metres: float = 0.0
    ice: float = 0.0
    classes: dict = field(default_factory=dict)

    @property
    def file(self):
        """str: file name of the chart, without folder."""
        return os.path.basename(self.chart)

    @property
    def sea(self):
        """float: sea area in square metres."""
        return sum(self.classes.values())


def summary_rows(outcomes, legend):
    """Return the summary as table rows.

    Parameters
    ----------
    outcomes : list of ChartOutcome
    legend : Legend

    Returns
    -------
    list of dict of str to str or number
        One row for each chart; areas in square kilometres.
    """
    rows = []
    for each in outcomes:
        row = {"chart": each.chart, "status": each.status, "output": each.output, "service": each.service,
               "area": each.area, "date": each.date, "time": each.time, "date_from": each.date_from, "crs": each.crs,
               "polygons": each.polygons, "kept": each.kept, "repaired": each.repaired,
               "area_km2": round(each.square_metres * KM2_PER_M2, 3), "ice_km2": round(each.ice * KM2_PER_M2, 3)}
        row.update({f"class_{entry.code}_km2": round(each.classes.get(entry.code, 0.0) * KM2_PER_M2, 3)
                    for entry in legend.classes})
        row["no_class_km2"] = round(each.classes.get("", 0.0) * KM2_PER_M2, 3)
        row["remarks"] = " ".join(each.remarks)
        rows.append(row)
    return rows


def write_table(path, outcomes, legend):
    """Write the summary as CSV in UTF-8.

    Raises
    ------
    OutputError
        If it cannot be written.
    """
    rows = summary_rows(outcomes, legend)
    with OutputSet() as outputs, open(
            outputs.file(path), "w", encoding="utf-8", newline="", errors="replace") as text:
        writer = csv.DictWriter(text, fieldnames=list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)


def write_report(path, outcomes, legend, settings):
    """Write the summary as an HTML report.

    Parameters
    ----------
    path : str
    outcomes : list of ChartOutcome
    legend : Legend
    settings : list of (str, str)
        Name and value of each setting.

    Raises
    ------
    OutputError
        If it cannot be written.
    """
    charts = [{"outcome": each, "bar": _bar(each, legend)} for each in
              sorted(outcomes, key=lambda each: (each.date or "9999", each.chart))]
    write_page(path, "icecharts.html", charts=charts, legend=legend, settings=settings, km2=KM2_PER_M2,
               prepared=sum(each.status == PREPARED for each in outcomes),
               unusable=[each for each in outcomes if each.status == FAILED])


def _bar(outcome, legend):
    """Return (fraction of the sea area, colour, label) of each class."""
    total = outcome.sea
    parts = [(entry.code, entry.colour, entry.label) for entry in legend.classes] + [("", None, "No class")]
    return [(outcome.classes[code] / total, colour, label) for code, colour, label in parts
            if total and outcome.classes.get(code)]
