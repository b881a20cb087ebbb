"""The house rules that a reader of the imports can check (docs: "Architecture")."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
LAYERS = ("algorithms", "provider", "compute")
SHIPPED = [ROOT / "__init__.py", *sorted(path for layer in LAYERS for path in (ROOT / layer).rglob("*.py"))]
HEAVY = {"rasterio", "sklearn", "skimage", "matplotlib", "jinja2", "scipy", "numba"}
QGIS = {"qgis", "processing", "osgeo"}
SCIENCE = HEAVY | {"numpy", "defusedxml", "joblib", "threadpoolctl", "markupsafe"}

ALLOWED_LAYERS = {
    "__init__.py": {"provider"},
    "algorithms": {"algorithms", "provider", "compute"},
    "provider": {"provider", "compute"},
    "compute": {"compute"},
}
ALLOWED_PACKAGES = {
    "__init__.py": set(),
    "algorithms": QGIS | {"numpy"},
    "provider": QGIS | {"numpy", "rasterio"},
    "compute": SCIENCE,
}
TABLE_OF_CONTENTS = ROOT / "provider" / "provider.py"


def imports(path, tree):
    """Names and kind of every import in a file: ("compute", True) if relative, ("numpy", False) if absolute."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((alias.name.partition(".")[0], False) for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            yield node.module.partition(".")[0], False
        elif isinstance(node, ast.ImportFrom):
            module = [*path.relative_to(ROOT).parts[:-node.level], *(node.module or "").split(".")]
            first = next(filter(None, module), None)
            yield from ((first or alias.name, True) for alias in node.names)


@pytest.fixture(params=SHIPPED, ids=lambda path: str(path.relative_to(ROOT)))
def shipped(request):
    return request.param, ast.parse(request.param.read_text(encoding="utf-8"))


def test_the_rules_see_the_files():
    assert {path.relative_to(ROOT).parts[0] for path in SHIPPED} == {*LAYERS, "__init__.py"}


def test_imports_follow_the_arrows(shipped):
    path, tree = shipped
    layer = path.relative_to(ROOT).parts[0]
    allowed = ALLOWED_LAYERS[layer] | ({"algorithms"} if path == TABLE_OF_CONTENTS else set())
    inside = {name for name, relative in imports(path, tree) if relative}
    assert inside <= allowed


def test_other_packages_are_those_of_the_layer(shipped):
    path, tree = shipped
    outside = {name for name, relative in imports(path, tree) if not relative} - sys.stdlib_module_names
    assert outside <= ALLOWED_PACKAGES[path.relative_to(ROOT).parts[0]]


def test_qt_comes_from_qgis_and_the_package_is_never_named(shipped):
    path, tree = shipped
    named = {name for name, relative in imports(path, tree) if not relative}
    assert not named & {"PyQt5", "PyQt6", "PySide2", "PySide6", "floefield"}


def test_heavy_packages_are_imported_where_they_are_used(shipped):
    path, tree = shipped
    for function in [node for node in ast.walk(tree) if isinstance(node, (ast.FunctionDef, ast.Lambda))]:
        function.body = []
    assert not {name for name, relative in imports(path, tree) if not relative} & HEAVY


def test_files_can_be_held_in_the_head(shipped):
    path, _ = shipped
    assert len(path.read_text(encoding="utf-8").splitlines()) <= 400


def test_the_science_can_be_imported_without_qgis_and_heavy_packages():
    modules = [".".join(("floefield", *path.relative_to(ROOT).with_suffix("").parts)).removesuffix(".__init__")
               for path in SHIPPED if path.relative_to(ROOT).parts[0] == "compute"]
    script = ("import sys, importlib\n"
              f"sys.path.insert(0, {str(ROOT / 'build' / 'plugins')!r})\n"
              f"sys.modules.update(dict.fromkeys({sorted(HEAVY | QGIS)!r}))\n"
              f"for name in {modules!r}: importlib.import_module(name)\n"
              "print(len([name for name in sys.modules if name.startswith('floefield.compute')]))")
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) == len(modules)
