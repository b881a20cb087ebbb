"""Settings of the preparation of ice charts, and the declarations of their parameters."""

from dataclasses import dataclass, replace

from ..batch import ON_ERROR_PARAMETER
from ..declarations import ParameterDeclaration
from .decoding import DecodeSettings
from .ice_legend import DEFAULT_LEGEND, legend_names

STYLES = ("class", "stage", "concentration")
CODE_TABLES = ("auto", "wmo", "cis")
_DECODING = DecodeSettings()


@dataclass(frozen=True)
class ChartSettings:
    """Settings of the preparation of ice charts.

    Parameters
    ----------
    legend : str
        Name of a legend, or the path of a CSV file.
    min_concentration, min_dominance : float
        See :class:`.decoding.DecodeSettings`; in per cent.
    code_table : {"auto", "wmo", "cis"}
        Service whose own codes apply; "auto" for the service of the chart.
    date : str
        Date of all charts, or ``name=date`` pairs separated by semicolons; empty to read it from each chart.
    crs : str
        Output CRS, as an authority code or WKT; by default that of the CRYO04 training, UTM zone 26 between Greenland
        and Iceland.
    style : {"class", "stage", "concentration"}
        Style of the output layers.
    on_error : {"skip", "skip_then_fail", "stop"}
        If a chart cannot be used: skip it, skip it and fail at the end, or stop at once.
    load : bool
        Whether the results are loaded into the project.
    """

    legend: str = DEFAULT_LEGEND
    min_concentration: float = 100 * _DECODING.min_concentration
    min_dominance: float = 100 * _DECODING.min_dominance
    code_table: str = "auto"
    date: str = ""
    crs: str = "EPSG:32626"
    style: str = "class"
    on_error: str = "skip"
    load: bool = True

    def decoding(self, service):
        """Return the settings for :func:`.decoding.decode`.

        Parameters
        ----------
        service : str
            Service of the chart.

        Returns
        -------
        DecodeSettings
        """
        table = service if self.code_table == "auto" else self.code_table.replace("wmo", "")
        return DecodeSettings(self.min_concentration / 100, self.min_dominance / 100, table)

    def date_of(self, names):
        """Return the date set for a chart with one of these names; empty if there is none."""
        if "=" not in self.date:
            return self.date
        by_name = self._dates_by_name()
        return next((by_name[name.casefold()] for name in names if name.casefold() in by_name), "")

    def dates(self):
        """Return all dates that are set, as texts."""
        return list(self._dates_by_name().values()) if "=" in self.date else [self.date]

    def _dates_by_name(self):
        pairs = (pair.partition("=") for pair in self.date.split(";"))
        return {name.strip().casefold(): day.strip() for name, _, day in pairs}


CHART_PARAMETERS = (
    ParameterDeclaration(
        "CRS", "Output CRS",
        "Coordinate reference system of all prepared charts, preferably that of the satellite images. Default: UTM "
        "zone 26N, between Greenland and Iceland, as in the CRYO04 training. Use EPSG:3413 for the whole Arctic.",
        kind="crs", optional=True, setting="crs"),
    ParameterDeclaration(
        "LEGEND", "Legend (name or CSV file)",
        f"Legend that assigns ice types to classes: {', '.join(legend_names())}, or the path of a CSV file. park3: "
        "open water, first-year and old ice. ice_water: two classes. ai4arctic: six classes. stage: every stage of "
        "development.",
        kind="text", setting="legend"),
    ParameterDeclaration(
        "MIN_CONCENTRATION", "Minimum total concentration (%)",
        "Minimum total concentration, in per cent, of polygons with an ice class: below it, most of the surface is "
        "water, and the polygon has no class. Below 10 % it is open water.",
        minimum=0, maximum=100, advanced=True, setting="min_concentration"),
    ParameterDeclaration(
        "MIN_DOMINANCE", "Minimum dominance of one class (%)",
        "Minimum percentage of the ice of a polygon that belongs to one class; below it, the polygon is mixed and "
        "has no class. 0: the class with the highest concentration is assigned.",
        minimum=0, maximum=100, advanced=True, setting="min_dominance"),
    ParameterDeclaration(
        "DATE", "Chart date (YYYY-MM-DD)",
        "Date of charts whose metadata and name contain none or an ambiguous one, such as 2020-10-08. For several "
        "charts: name=date pairs, such as chart1=2020-10-08;chart2=2020-10-15.",
        kind="text", optional=True, advanced=True, setting="date"),
    ParameterDeclaration(
        "CODE_TABLE", "Code table",
        "Meaning of the codes. wmo: as in SIGRID-3. cis: 70 and 74 to 78 are brash and lake ice, as in older "
        "Canadian charts. auto: by the ice service of the chart.",
        kind="enum", options=CODE_TABLES, advanced=True, setting="code_table"),
    ParameterDeclaration(
        "STYLE", "Style",
        "Default style of the prepared charts: class of the legend, stage of development or total concentration "
        "(the latter two in WMO colours). All three are stored in each file.",
        kind="enum", options=STYLES, setting="style"),
    replace(
        ON_ERROR_PARAMETER,
        help="Reaction to a chart that cannot be used. skip: prepare all other charts and log the error. "
        "skip_then_fail: the same, but the run ends with an error (exit code 1), for scripts that check it. stop: end "
        "the run at the first error; nothing is written.",
        setting="on_error"),
    ParameterDeclaration(
        "LOAD", "Load results into the project",
        "Load the prepared charts when the run ends. Switch it off in models that process them further.",
        kind="boolean", setting="load"),
)
