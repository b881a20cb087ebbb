"""What became of each chart of a batch, as rows of a table, as CSV and as a page."""

import csv
import os
from dataclasses import dataclass, field

from ..accuracy.page import write_page
from ..raster.writer import complete_file

PREPARED, EMPTY, FAILED = "prepared", "empty", "failed"
KM2 = 1e-6


@dataclass(frozen=True)
class ChartOutcome:
    """What became of a chart.

    Parameters
    ----------
    chart : str
        Its file.
    status : {"prepared", "empty", "failed"}
    output : str
        Name of the GeoPackage; empty without one.
    remarks : tuple of str
        Sentences; for a failed chart what is wrong.
    service, area, date, time, date_from, crs : str
        Who made it, of which waters and when (UTC), how that is known, and its own CRS.
    polygons, kept, repaired : int
        In the chart, in the result, and how many of these were invalid.
    square_metres, ice : float
        Area of the kept polygons, and of the ice in them.
    classes : dict of str to float
        Square metres by code of the class; the empty code is that of polygons without class, land not counted.
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
        """str: name of the chart's file, without folder."""
        return os.path.basename(self.chart)

    @property
    def sea(self):
        """float: square metres that are neither land nor without data."""
        return sum(self.classes.values())


def table_of(outcomes, legend):
    """The summary as a table.

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
               "area_km2": round(each.square_metres * KM2, 3), "ice_km2": round(each.ice * KM2, 3)}
        row.update({f"{entry.code}_km2": round(each.classes.get(entry.code, 0.0) * KM2, 3) for entry in legend.classes})
        row["no_class_km2"] = round(each.classes.get("", 0.0) * KM2, 3)
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
    rows = table_of(outcomes, legend)
    with complete_file(path) as partial, open(partial, "w", encoding="utf-8", newline="", errors="replace") as text:
        writer = csv.DictWriter(text, fieldnames=list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)


def write_report(path, outcomes, legend, settings):
    """Write the summary as a page.

    Parameters
    ----------
    path : str
    outcomes : list of ChartOutcome
    legend : Legend
    settings : list of (str, str)
        What the user chose: name and value.

    Raises
    ------
    OutputError
        If it cannot be written.
    """
    charts = [{"outcome": each, "bar": _bar(each, legend)} for each in
              sorted(outcomes, key=lambda each: (each.date or "9999", each.chart))]
    write_page(path, "icecharts.html", charts=charts, legend=legend, settings=settings, km2=KM2,
               prepared=sum(each.status == PREPARED for each in outcomes),
               unusable=[each for each in outcomes if each.status == FAILED])


def _bar(outcome, legend):
    """(share, colour, label) of each class in the area without land."""
    whole = outcome.sea
    parts = [(entry.code, entry.colour, entry.label) for entry in legend.classes] + [("", None, "No class")]
    return [(outcome.classes[code] / whole, colour, label) for code, colour, label in parts
            if whole and outcome.classes.get(code)]
