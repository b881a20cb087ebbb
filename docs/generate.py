"""Write what follows from the code: docs/public-names.md, the parameter tables of docs/tools, the packages to install.

A public name is never dropped by this program: where a recorded one is missing from the code it stops and says which.
Before the first release the row may be removed by hand; afterwards the name belongs back into the code.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from qgis.core import QgsProcessingAlgorithm, QgsProcessingParameterDefinition, QgsProcessingProvider

ROOT = Path(__file__).resolve().parents[1]
PUBLIC_NAMES = ROOT / "docs" / "public-names.md"
TOOL_PAGES = ROOT / "docs" / "tools"
INSTALL = ROOT / "docs" / "install.md"
TABLE = re.compile(r"(?<=<!-- parameters -->\n).*?(?=<!-- /parameters -->)", re.DOTALL)
PACKAGE_TABLE = re.compile(r"(?<=<!-- packages -->\n).*?(?=<!-- /packages -->)", re.DOTALL)

INTRODUCTION = """\
# Public names

Names that models, scripts and projects of users contain: ids and parameters of tools, enum values, outputs, styles,
file formats, field names. Later versions add names; they rename and remove none. Labels may be reworded.
[Names of development versions](renamed.md) that were changed before the first release.

This page is written by `make docs` from the code; a test compares them. Ids are called as
`floefield:innerbuffer`. Types are those of QGIS Processing; several values of an enum are separated by commas.
"""


def main() -> str | None:
    """Write the pages; return an error message, or None."""
    with running_provider() as provider:
        written = pages(provider.algorithms())
    dropped = dropped_names(PUBLIC_NAMES.read_text(encoding="utf-8") if PUBLIC_NAMES.exists() else "",
                            written[PUBLIC_NAMES])
    if dropped:
        return "Public names that the code no longer has:\n" + "\n".join(f"  {heading}: {name}"
                                                                          for heading, name in sorted(dropped))
    for path, text in written.items():
        path.write_text(text, encoding="utf-8")
    return None


@contextmanager
def running_provider() -> Iterator[QgsProcessingProvider]:
    """QGIS without a window, with the provider of this checkout registered by the plugin."""
    sys.path[:0] = [str(ROOT / "build" / "plugins"), "/usr/share/qgis/python/plugins"]
    from qgis.core import QgsApplication

    application = QgsApplication([], False)
    application.initQgis()
    from processing.core.Processing import Processing

    Processing.initialize()
    from floefield import classFactory

    plugin = classFactory(None)
    plugin.initProcessing()
    yield plugin.provider
    plugin.unload()


def pages(tools: list[QgsProcessingAlgorithm]) -> dict[Path, str]:
    """All generated pages.

    Parameters
    ----------
    tools : list of QgsProcessingAlgorithm

    Returns
    -------
    dict of Path to str
    """
    from floefield.algorithms import ALGORITHMS

    order = [algorithm.NAME for algorithm in ALGORITHMS]
    native = sorted((tool for tool in tools if tool.name() in order), key=lambda tool: order.index(tool.name()))
    models = sorted((tool for tool in tools if tool.name() not in order), key=lambda tool: tool.name())
    texts = {PUBLIC_NAMES: public_names(native, models),
             INSTALL: PACKAGE_TABLE.sub(lambda _: package_table(native), INSTALL.read_text(encoding="utf-8"))}
    for tool in (*native, *models):
        page = TOOL_PAGES / f"{tool.name()}.md"
        if page.exists():
            texts[page] = TABLE.sub(lambda _, tool=tool: parameter_table(tool), page.read_text(encoding="utf-8"))
    return texts


def parameter_table(tool: QgsProcessingAlgorithm) -> str:
    """The parameters of a tool for its page: name, label, help and default."""
    rows = []
    for parameter in tool.parameterDefinitions():
        values = options_of(parameter)
        about = cell(parameter.help()) + (f" Values: {code(values)}." if values else "")
        label = cell(parameter.description()) + (" *(advanced)*" if is_advanced(parameter) else "")
        rows.append((f"`{parameter.name()}`", label, about, default_of(parameter)))
    return table(("parameter", "label", "description", "default"), rows)


def package_table(native: list[QgsProcessingAlgorithm]) -> str:
    """The packages that tools need, with the minimum versions."""
    from floefield.provider.packages import PACKAGES

    minimum = re.search(r"^qgisMinimumVersion=(\S+)", (ROOT / "metadata.txt").read_text(encoding="utf-8"), re.MULTILINE)
    rows = [("QGIS", minimum[1], "all tools")]
    for name, package in PACKAGES.items():
        users = [tool.name() for tool in native if name in tool.REQUIRES]
        others = [tool.name() for tool in native if name not in tool.REQUIRES]
        if users:
            rows.append((package.title, package.minimum,
                         code(users) if len(users) <= len(others) else f"all tools but {code(others)}"))
    return table(("", "minimum version", "needed by"), rows)


def public_names(native: list[QgsProcessingAlgorithm], models: list[QgsProcessingAlgorithm]) -> str:
    """Text of the page of public names."""
    parts = [INTRODUCTION]
    for title, tools in (("Tools", native), ("Models", models)):
        parts.append(f"## {title}\n")
        for tool in tools:
            parts.append(f"### `{tool.name()}`: {tool.displayName()}\n")
            parts.append(table(("parameter", "label", "type", "default", "values"), [
                (f"`{parameter.name()}`", cell(parameter.description()), parameter.type(), default_of(parameter),
                 code(options_of(parameter))) for parameter in tool.parameterDefinitions()]))
            parts.append(table(("output", "label", "type"), [
                (f"`{output.name()}`", cell(output.description()), output.type())
                for output in tool.outputDefinitions()]))
    return "\n".join([*parts, *files_and_fields()])


def files_and_fields() -> Iterator[str]:
    """Sections on styles, files, bands and fields."""
    from floefield.compute.accuracy.scores import ERROR_FIELDS
    from floefield.compute.classification.suspect_labels import FIELDS as SUSPECT_FIELDS
    from floefield.compute.classifiers import model_file
    from floefield.compute.raster.formats import SUFFIXES
    from floefield.compute.raster.writer import SIDE_FILES
    from floefield.compute.sentinel2.spectral_indices import INDICES
    from floefield.compute.texture.texture_settings import FEATURES
    from floefield.vector.chart_preparation import DECODED_FIELDS
    from floefield.vector.ice_layers import CHART_FIELDS, EDGE_FIELDS
    from floefield.vector.parcel_archive import FIELDS as SEN2AGRI_FIELDS

    styles = sorted(path.stem for path in (ROOT / "styles").glob("*.qml"))
    legends = sorted(path.stem for path in (ROOT / "resources" / "legends" / "seaice").glob("*.csv"))
    yield "## Styles\n"
    yield table(("style", "file"), [(f"`{name}`", f"styles/{name}.qml") for name in styles])
    yield "## Legends of ice charts\n"
    yield table(("legend", "file"), [(f"`{name}`", f"resources/legends/seaice/{name}.csv") for name in legends])
    yield "## Files\n"
    yield table(("file", "content"), [
        (f"`{model_file.SUFFIX}`", f"[model file](model-file.md), format {model_file.FORMAT}"),
        *((f"`{suffix}`", f"raster, GDAL driver {driver}") for suffix, driver in SUFFIXES.items()),
        *((f"`{suffix}`", "beside a raster: " + ("style" if suffix.endswith(".qml") else "attribute table"))
          for suffix in SIDE_FILES)])
    yield "## Bands\n"
    yield table(("band", "content"), [
        ("`B04_20180627`", "band or index of a date in a time series"),
        ("`ND_B04_B08_20180627`", "normalised difference of two bands of a date, as a feature of a classifier"),
        *((f"`{index.name}`", f"spectral index {name}") for name, index in INDICES.items()),
        *((f"`{name}`", "texture feature, after band and window") for name in FEATURES)])
    yield "## Fields\n"
    yield table(("layer", "fields"), [
        (layer, code(fields)) for layer, fields in {
            "`assessaccuracy` ERRORS": [field[0] for field in ERROR_FIELDS] + ["mapped_2", "wrong_2", "wrong2_pct"],
            "`classifycrops` SUSPECT_LABELS": [field[0] for field in SUSPECT_FIELDS],
            "`prepareinsitu` ARCHIVE": [field[0] for field in SEN2AGRI_FIELDS],
            "`prepareicecharts` OUTPUT_FOLDER": list(DECODED_FIELDS),
            "`classifyseaice` DRAFT_CHART": [field[0] for field in CHART_FIELDS],
            "`classifyseaice` ICE_EDGE": [field[0] for field in EDGE_FIELDS]}.items()])


def dropped_names(recorded: str, present: str) -> set[tuple[str, str]]:
    """Names of a recorded page of public names that the present one lacks.

    Returns
    -------
    set of (str, str)
        Heading (the id of a tool), and name or value.
    """
    return names_of(recorded) - names_of(present)


def names_of(text: str) -> set[tuple[str, str]]:
    """(heading, name) of everything in backticks in the headings and tables of a page of public names."""
    names, heading = set(), ""
    for line in text.splitlines():
        if line.startswith("#"):
            heading = line.lstrip("# ").partition(":")[0].strip("`")
            names.add((heading, heading))
        elif line.startswith("|"):
            first, *others = line.strip("|").split(" | ")
            names |= {(heading, name) for name in re.findall(r"`([^`]+)`", first)}
            names |= {(heading, f"{first.strip(' `|')}: {name}") for name in re.findall(r"`([^`]+)`", " ".join(others))}
    return names


def table(titles: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    """A table in Markdown; empty without rows."""
    rows = list(rows)
    if not rows:
        return ""
    lines = [titles, ["---"] * len(titles), *rows]
    return "\n".join("|" + "".join(f" {text} |" if text else " |" for text in line) for line in lines).replace(
        "| --- ", "|---") + "\n"


def cell(text: str) -> str:
    """A text for a cell of a table."""
    return re.sub(r"([|*<])", r"\\\1", " ".join(text.split()))


def code(names: Iterable[str]) -> str:
    """Names in backticks, separated by commas."""
    return ", ".join(f"`{name}`" for name in names)


def options_of(parameter: QgsProcessingParameterDefinition) -> list[str]:
    """The values of an enum; none of other parameters."""
    return parameter.options() if parameter.type() == "enum" else []


def is_advanced(parameter: QgsProcessingParameterDefinition) -> bool:
    """Whether the dialog folds a parameter away."""
    return bool(parameter.flags() & parameter.Flag.FlagAdvanced)


def default_of(parameter: QgsProcessingParameterDefinition) -> str:
    """The default as text, or what holds without a value."""
    value = parameter.defaultValue()
    is_optional = bool(parameter.flags() & parameter.Flag.FlagOptional)
    if parameter.isDestination():
        if not is_optional:
            return "required"
        return "only in dialogs" if parameter.createByDefault() else "not created"
    if isinstance(value, (list, tuple)):
        return ", ".join(map(str, value)) or "optional"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    if value is None or value == "":
        return "optional" if is_optional else "required"
    return cell(str(value))


if __name__ == "__main__":
    sys.exit(main())
