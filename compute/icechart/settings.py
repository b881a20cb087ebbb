"""What a user can choose when ice charts are prepared."""

from dataclasses import dataclass

from .decode import DecodeSettings
from .legend import DEFAULT_LEGEND

STYLES = ("class", "stage", "concentration")
CODE_TABLES = ("auto", "wmo", "cis")
ON_ERROR = ("skip", "fail", "stop")
_DECODING = DecodeSettings()


@dataclass(frozen=True)
class ChartSettings:
    """How charts are prepared.

    Parameters
    ----------
    legend : str
        Name of a legend, or the path of a CSV file.
    min_concentration, dominance : float
        See :class:`.decode.DecodeSettings`; here in per cent.
    code_table : {"auto", "wmo", "cis"}
        Whose peculiar codes apply; with "auto" those of the service that made the chart.
    date : str
        A date for all charts, or ``name=date`` pairs separated by semicolons; empty: each chart tells its own.
    crs : str
        CRS of the results: by default that of the CRYO04 training, UTM zone 26 between Greenland and Iceland.
    style : {"class", "stage", "concentration"}
        How the results look when they are opened.
    on_error : {"skip", "fail", "stop"}
        When a chart cannot be used: go on and end well, go on and end with an error, or end at once.
    load : bool
        Whether the results are put into the project.
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
        """The settings for :func:`.decode.decode`.

        Parameters
        ----------
        service : str
            Who made the chart.

        Returns
        -------
        DecodeSettings
        """
        table = service if self.code_table == "auto" else self.code_table.replace("wmo", "")
        return DecodeSettings(self.min_concentration / 100, self.dominance / 100, table)

    def date_of(self, names):
        """The date that was given for a chart with one of these names; empty if none was."""
        if "=" not in self.date:
            return self.date
        given = self._given()
        return next((given[name.casefold()] for name in names if name.casefold() in given), "")

    def dates(self):
        """All dates that were given, as they are written."""
        return list(self._given().values()) if "=" in self.date else [self.date]

    def _given(self):
        pairs = (pair.partition("=") for pair in self.date.split(";"))
        return {name.strip().casefold(): day.strip() for name, _, day in pairs}
