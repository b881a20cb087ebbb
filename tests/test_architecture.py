"""The rules of the house that a reader of the imports can check (docs/developers.md)."""

import ast
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
LAYERS = ("compute", "vector", "provider", "algorithms")

# Lowest first: a file imports from its own package and from packages before it. Modules directly in compute/ are the
# basics, open to all; among themselves the order of the table of docs/developers.md holds by the absence of cycles.
PACKAGES = (
    "compute",
    "compute/raster",
    "compute/classmap",
    "compute/report",
    "compute/timeseries",
    "compute/insitu",
    "compute/cleanup",
    "compute/sentinel2",
    "compute/sentinel1",
    "compute/texture",
    "compute/icechart",
    "compute/accuracy",
    "compute/classifiers",
    "compute/classification",
    "compute/sen2agri",
    "compute/seaice",
    "compute/sampledata",
    "vector",
    "provider",
    "algorithms",
)
HEAVY = {"rasterio", "sklearn", "skimage", "matplotlib", "jinja2", "scipy", "numba"}
QGIS = {"qgis", "processing", "osgeo"}
SCIENCE = HEAVY | {"numpy", "defusedxml", "joblib", "threadpoolctl", "markupsafe"}
OUTSIDE = {
    "__init__.py": set(),
    "algorithms": QGIS | {"numpy"},
    "provider": QGIS | {"numpy", "rasterio"},
    "vector": QGIS | {"numpy"},
    "compute": SCIENCE,
}
# Each of the two families of tools has its own file of shared declarations.
TWINS = {"_parameters.py": 2}

SHIPPED = [ROOT / "__init__.py", *sorted(path for layer in LAYERS for path in (ROOT / layer).rglob("*.py"))]
TREES = {path: ast.parse(path.read_text(encoding="utf-8")) for path in SHIPPED}


def name_of(path):
    return path.relative_to(ROOT).as_posix()


def package_of(module):
    """The package of a module given as a path without suffix, such as ``compute/raster/grid``."""
    parts = module.split("/")
    if parts[0] == "compute":
        folder = "/".join(parts[:2])
        return folder if (ROOT / folder).is_dir() else "compute"
    return parts[0]


def inner_imports(path):
    """(line, module) of every import of our own, the module as a path without suffix."""
    for node in ast.walk(TREES[path]):
        if isinstance(node, ast.ImportFrom) and node.level:
            base = [*path.relative_to(ROOT).parts[:-node.level], *filter(None, (node.module or "").split("."))]
            for alias in node.names:
                inside = (ROOT.joinpath(*base, alias.name)).with_suffix(".py").exists()
                yield node.lineno, "/".join([*base, alias.name] if inside else base)


def outer_imports(tree):
    """Top names of every import of other software."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            yield node.module.partition(".")[0]


def test_the_rules_see_every_package():
    found = {package_of(name_of(path)[:-3]) for path in SHIPPED if path != ROOT / "__init__.py"}
    assert found == set(PACKAGES)


def test_imports_run_downwards():
    rank = {package: number for number, package in enumerate(PACKAGES)}
    upward = [f"{name_of(path)}:{line} imports {module}"
              for path in SHIPPED if path != ROOT / "__init__.py" for line, module in inner_imports(path)
              if rank[package_of(name_of(path)[:-3])] < rank[package_of(module)]]
    assert not upward, "\n".join(upward)


def test_there_are_no_import_cycles():
    arrows = {name_of(path)[:-3]: {module for _, module in inner_imports(path) if (ROOT / f"{module}.py").exists()}
              for path in SHIPPED}
    finished, cycles = set(), []

    def visit(module, trail):
        if module in trail:
            cycles.append(" -> ".join([*trail[trail.index(module):], module]))
        elif module not in finished:
            for other in sorted(arrows.get(module, ())):
                visit(other, [*trail, module])
            finished.add(module)

    for module in sorted(arrows):
        visit(module, [])
    assert not cycles, "\n".join(cycles)


def test_other_software_is_that_of_the_layer():
    wrong = {name_of(path): sorted(extra) for path in SHIPPED
             if (extra := set(outer_imports(TREES[path])) - sys.stdlib_module_names
                 - OUTSIDE[path.relative_to(ROOT).parts[0]])}
    assert not wrong


def test_rasters_are_read_and_written_in_one_package():
    importing = {name_of(path) for path in SHIPPED if "rasterio" in set(outer_imports(TREES[path]))}
    # These two report its version.
    importing -= {"compute/versions.py", "provider/packages.py"}
    assert {name for name in importing if not name.startswith("compute/raster/")} == set()
    private = [name_of(path) for path in SHIPPED for node in ast.walk(TREES[path])
               if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("rasterio._")]
    assert private == ["compute/raster/gdal_errors.py"]


def test_qt_comes_from_qgis_and_the_package_is_never_named():
    forbidden = {"PyQt5", "PyQt6", "PySide2", "PySide6", "floefield"}
    assert not [name_of(path) for path in SHIPPED if set(outer_imports(TREES[path])) & forbidden]


def test_heavy_packages_are_imported_where_they_are_used():
    wrong = {}
    for path in SHIPPED:
        tree = ast.parse(path.read_text(encoding="utf-8"))
        for node in ast.walk(tree):
            if isinstance(node, (ast.FunctionDef, ast.Lambda)) or (
                    isinstance(node, ast.If) and getattr(node.test, "id", "") == "TYPE_CHECKING"):
                node.body = []
        if set(outer_imports(tree)) & HEAVY:
            wrong[name_of(path)] = sorted(set(outer_imports(tree)) & HEAVY)
    assert not wrong


def test_files_are_short():
    long = {name_of(path): count for path in SHIPPED
            if (count := len(path.read_text(encoding="utf-8").splitlines())) > 400}
    assert not long


def test_every_tool_is_in_the_table_of_contents():
    """One file is one tool: a file of a group that is no tool begins with an underscore."""
    listed = {module for _, module in inner_imports(ROOT / "algorithms" / "__init__.py")}
    files = {name_of(path)[:-3] for path in SHIPPED
             if len(path.relative_to(ROOT).parts) == 3 and path.relative_to(ROOT).parts[0] == "algorithms"
             and not path.name.startswith("_")}
    assert listed == files


def test_the_table_of_contents_lists_every_tool_that_it_imports():
    tree = TREES[ROOT / "algorithms" / "__init__.py"]
    imported = {alias.name for node in tree.body if isinstance(node, ast.ImportFrom) for alias in node.names}
    [table] = [node.value for node in tree.body if isinstance(node, ast.Assign)]
    assert sorted(name.id for name in table.elts) == sorted(imported)


def test_names_of_files_are_unique_and_hide_no_standard_module():
    names = [path.name for path in SHIPPED if path.name != "__init__.py"]
    repeated = {name: names.count(name) for name in names if names.count(name) != TWINS.get(name, 1)}
    assert not repeated
    assert not {name[:-3] for name in names} & set(sys.stdlib_module_names)


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
