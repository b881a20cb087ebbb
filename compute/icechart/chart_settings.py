"""Settings of the preparation of ice charts."""

from dataclasses import dataclass

from .decoding import DecodeSettings
from .ice_legend import DEFAULT_LEGEND

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
    min_concentration, dominance : float
        See :class:`.decoding.DecodeSettings`; in per cent.
    code_table : {"auto", "wmo", "cis"}
        Service whose own codes apply; "auto" for the service of the chart.
    date : str
        Date of all charts, or ``name=date`` pairs separated by semicolons; empty to read it from each chart.
    crs : str
        Output CRS; by default that of the CRYO04 training, UTM zone 26 between Greenland and Iceland.
    style : {"class", "stage", "concentration"}
        Style of the output layers.
    on_error : {"skip", "skip_then_fail", "stop"}
        If a chart cannot be used: skip it, skip it and fail at the end, or stop at once.
    load : bool
        Whether the results are loaded into the project.
    """

    legend: str = DEFAULT_LEGEND
    min_concentration: float = 100 * _DECODING.min_concentration
    dominance: float = 100 * _DECODING.dominance
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
        return DecodeSettings(self.min_concentration / 100, self.dominance / 100, table)

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
