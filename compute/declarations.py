"""Declarations of the parameters of a tool, free of QGIS: one truth for dialog, reading, defaults and documentation.

A declaration stands beside the settings dataclass that takes its value. ``provider/parameters.py`` turns declarations
into QGIS parameters and reads their values; the tables of the user guide are generated from the same source.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any, Union

Value = Union[None, bool, int, float, str, "tuple[str, ...]", "tuple[int, ...]", "tuple[float, float]"]

# Values that a tool takes, layers that it reads, destinations that it writes, and values that it returns.
VALUE_KINDS = ("number", "integer", "boolean", "enum", "text", "field", "crs", "extent", "date", "range")
INPUT_KINDS = ("raster", "rasters", "polygons", "points", "polygons_or_points", "features", "polygon_layers", "file",
               "files", "folder")
DESTINATION_KINDS = ("raster_destination", "layer_destination", "file_destination", "folder_destination")
RESULT_KINDS = ("number_result", "text_result", "layer_result", "folder_result", "layers_result")
# Lists that users write as text, separated by commas.
LIST_KINDS = ("integers", "names")
KINDS = (*VALUE_KINDS, *LIST_KINDS, *INPUT_KINDS, *DESTINATION_KINDS, *RESULT_KINDS)


@dataclass(frozen=True)
class ParameterDeclaration:
    """One parameter, destination or returned value of a tool.

    Parameters
    ----------
    name : str
        Upper-case id; part of the public interface.
    label : str
        What the dialog shows.
    help : str
        What it does, unit, range, what 0 or empty means, when to change it.
    kind : str
        One of :data:`KINDS`.
    default : Value
        Ignored where `setting` names a field and settings are given to :func:`with_defaults`.
    minimum, maximum : float, optional
        Limits of a number, both allowed.
    options : tuple of str
        Values of an enum.
    multiple : bool
        Whether several options may be chosen.
    optional : bool
        Whether it may be empty.
    advanced : bool
        Whether the dialog folds it away.
    setting : str
        Field of the settings dataclass that takes the value and owns the default.
    parent : str
        For a field: name of the parameter with its layer.
    geometry : {"polygon", "point", "any"}
        Of a layer destination.
    file_filter : str
        For files: what the file dialog offers, such as ``HTML files (*.html)``.
    is_created : bool
        For optional destinations: whether a dialog writes it to a temporary file unless told otherwise.

    Raises
    ------
    ValueError
        If the kind is unknown, or an enum has no options.
    """

    name: str
    label: str
    help: str = ""
    kind: str = "number"
    default: Value = None
    minimum: float | None = None
    maximum: float | None = None
    options: tuple[str, ...] = ()
    multiple: bool = False
    optional: bool = False
    advanced: bool = False
    setting: str = ""
    parent: str = ""
    geometry: str = "polygon"
    file_filter: str = ""
    is_created: bool = True

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise ValueError(f"{self.name}: unknown kind {self.kind!r}")
        if (self.kind == "enum") != bool(self.options):
            raise ValueError(f"{self.name}: options belong to an enum, and an enum needs them")


def with_defaults(declarations: Iterable[ParameterDeclaration], settings: Any) -> tuple[ParameterDeclaration, ...]:
    """Declarations with the defaults of a settings dataclass.

    Parameters
    ----------
    declarations : iterable of ParameterDeclaration
    settings : dataclass instance, or a dataclass whose fields have plain defaults
        Its fields are the defaults of the declarations that name them as `setting`.

    Returns
    -------
    tuple of ParameterDeclaration

    Examples
    --------
    >>> from dataclasses import dataclass
    >>> @dataclass(frozen=True)
    ... class Forest:
    ...     trees: int = 500
    >>> trees = ParameterDeclaration("TREES", "Number of trees", kind="integer", setting="trees")
    >>> with_defaults([trees], Forest(trees=100))[0].default
    100
    """
    return tuple(replace(declaration, default=getattr(settings, declaration.setting)) if declaration.setting
                 else declaration for declaration in declarations)


def pick(declarations: Iterable[ParameterDeclaration], *names: str) -> tuple[ParameterDeclaration, ...]:
    """The declarations with these names, in the order of the names.

    Raises
    ------
    KeyError
        If a name is not declared.

    Examples
    --------
    >>> trees, depth = (ParameterDeclaration(name, name.title()) for name in ("TREES", "DEPTH"))
    >>> pick((trees, depth), "DEPTH", "TREES") == (depth, trees)
    True
    """
    by_name = {declaration.name: declaration for declaration in declarations}
    return tuple(by_name[name] for name in names)


def revise(declarations: Iterable[ParameterDeclaration],
           **changes: dict[str, Any]) -> tuple[ParameterDeclaration, ...]:
    """The named declarations with other fields, for a tool that uses settings of another package in its own way.

    Parameters
    ----------
    declarations : iterable of ParameterDeclaration
    **changes : dict
        New values of fields, by name of the declaration.

    Returns
    -------
    tuple of ParameterDeclaration
        Those named, in the order of `changes`.

    Examples
    --------
    >>> trees = ParameterDeclaration("TREES", "Number of trees", kind="integer")
    >>> revise([trees], TREES={"advanced": True})[0].advanced
    True
    """
    return tuple(replace(declaration, **changes[declaration.name]) for declaration in pick(declarations, *changes))
