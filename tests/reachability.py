"""What a tool can reach: the definitions of ours that it uses, and the Python packages that these import.

Found in the source, definition by definition: a name that is used leads to its definition, in its own module or in the
module it is imported from, and to the imports inside functions. A class counts as a whole.
"""

from __future__ import annotations

import ast
from functools import cache
from pathlib import Path
from typing import Union

ROOT = Path(__file__).resolve().parents[1]
# Reports which packages are missing; what it imports is no need of a tool.
BOUNDARY = {"provider/packages"}

# (module, name) of ours, or the name of other software.
Use = Union[str, tuple[str, str]]


@cache
def tree_of(module: str) -> ast.Module | None:
    """Syntax tree of a module given as a path without suffix, such as ``compute/raster/grid``; None for a package."""
    path = ROOT / f"{module}.py"
    return ast.parse(path.read_text(encoding="utf-8")) if path.exists() else None


@cache
def definitions_of(module: str) -> dict[str, Use | list[ast.stmt]]:
    """Top-level definitions and assignments by name, and imports as (module, name) or the name of other software."""
    found = {}
    for node in tree_of(module).body:
        if isinstance(node, (ast.FunctionDef, ast.ClassDef)):
            found[node.name] = [node]
        elif isinstance(node, (ast.Import, ast.ImportFrom)):
            found |= imports_of(node, module)
        elif not isinstance(node, ast.Expr):
            for target in ast.walk(node):
                if isinstance(target, ast.Name) and isinstance(target.ctx, ast.Store):
                    found.setdefault(target.id, []).append(node)
    return found


def imports_of(node: ast.Import | ast.ImportFrom, module: str) -> dict[str, Use]:
    """Imported names: to (module of ours, name or empty for the module itself), or to the name of other software."""
    if isinstance(node, ast.Import):
        return {(alias.asname or alias.name).partition(".")[0]: alias.name.partition(".")[0] for alias in node.names}
    if not node.level:
        return {alias.asname or alias.name: node.module.partition(".")[0] for alias in node.names}
    base = [*module.split("/")[:-node.level], *filter(None, (node.module or "").split("."))]
    names = {}
    for alias in node.names:
        inner = "/".join([*base, alias.name])
        names[alias.asname or alias.name] = (inner, "") if tree_of(inner) else ("/".join(base), alias.name)
    return names


def reachable(module: str, name: str) -> tuple[set[tuple[str, str]], set[str]]:
    """Definitions reached from one, and the other software that they import.

    Returns
    -------
    definitions : set of tuple of str
        (module, name).
    packages : set of str
        Top names of imports, the standard library included.
    """
    definitions, packages, waiting = set(), set(), [(module, name)]
    while waiting:
        definition = waiting.pop()
        if definition in definitions or definition[0] in BOUNDARY or tree_of(definition[0]) is None:
            continue
        definitions.add(definition)
        for target in uses_of(*definition):
            if isinstance(target, str):
                packages.add(target)
            elif target[1]:
                waiting.append(target)
    return definitions, packages


@cache
def uses_of(module: str, name: str) -> list[Use]:
    """What a definition uses: (module, name) of ours, or the name of other software."""
    known = definitions_of(module)
    nodes = known.get(name, ())
    if isinstance(nodes, (str, tuple)):
        return [nodes] if nodes else []
    uses = []
    for node in nodes:
        local = {}
        for part in ast.walk(node):
            if isinstance(part, (ast.Import, ast.ImportFrom)):
                local |= imports_of(part, module)
        uses += local.values()
        for part in ast.walk(node):
            if isinstance(part, ast.Attribute) and isinstance(part.value, ast.Name):
                target = local.get(part.value.id) or known.get(part.value.id)
                if isinstance(target, tuple):
                    uses.append((target[0], target[1] or part.attr))
            elif isinstance(part, ast.Name) and part.id not in local and part.id in known:
                target = known[part.id]
                uses.append((module, part.id) if isinstance(target, list) else target)
    return uses


def tools() -> list[tuple[str, str]]:
    """(module, class name) of every tool, by the table of contents."""
    imports = {}
    for node in tree_of("algorithms/__init__").body:
        if isinstance(node, ast.ImportFrom):
            imports |= imports_of(node, "algorithms/__init__")
    return sorted(imports.values())
