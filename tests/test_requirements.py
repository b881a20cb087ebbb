"""Packages that a tool declares in REQUIRES are those that its code can import."""

import sys

import pytest
from qgis.core import QgsProcessingContext, QgsProcessingException

from . import reachability

# Software that QGIS always brings, and accelerators and helpers that are used only where they are installed.
WITH_QGIS = {"qgis", "osgeo", "processing", "numpy"}
OPTIONAL = {"numba", "joblib", "threadpoolctl", "markupsafe"}


@pytest.mark.parametrize(("module", "name"), reachability.tools(), ids=[name for _, name in reachability.tools()])
def test_required_packages_are_those_that_the_tool_can_import(provider, module, name):
    [tool] = [tool for tool in provider.algorithms() if type(tool).__name__ == name]
    _, packages = reachability.reachable(module, name)
    assert set(tool.REQUIRES) == packages - sys.stdlib_module_names - WITH_QGIS - OPTIONAL


def test_reachability_follows_imports_inside_functions_and_of_modules():
    definitions, packages = reachability.reachable("compute/raster/blocks", "make_executor")
    assert definitions == {("compute/raster/blocks", name) for name in (
        "make_executor", "default_threads", "_enter_rasterio", "CACHE_BYTES", "MAX_THREADS")}
    assert "rasterio" in packages

    definitions, _ = reachability.reachable("algorithms/classification/classifycrops", "ClassifyCrops")
    assert ("compute/classification/classify", "classify") in definitions
    assert ("compute/texture/texture_raster", "texture_raster") not in definitions


@pytest.mark.parametrize("step", ["prepare_inputs", "execute"])
def test_a_package_that_cannot_be_imported_is_explained_at_every_step(provider, feedback, monkeypatch, step):
    """Also one that is not in REQUIRES, or that breaks while it is imported."""
    from floefield.compute.declarations import ParameterDeclaration
    from floefield.provider import packages
    from floefield.provider.base import Algorithm

    class Importing(Algorithm):
        NAME = "importing"

        PARAMETERS = (ParameterDeclaration("NUMBER", "Number", "A number.", default=1),)

        def use(self, *arguments):
            import scipy.ndimage  # noqa: F401

            return {}

    monkeypatch.setattr(Importing, "execute", lambda self, *arguments: {})
    monkeypatch.setattr(Importing, step, Importing.use)
    for loaded in [name for name in sys.modules if name.partition(".")[0] == "scipy"]:
        monkeypatch.delitem(sys.modules, loaded)
    monkeypatch.setitem(sys.modules, "scipy", None)
    monkeypatch.setattr(packages, "_load_failures", {})

    tool = Importing()
    tool.initAlgorithm()
    with pytest.raises(QgsProcessingException) as caught:
        tool.run({}, QgsProcessingContext(), feedback, catchExceptions=False)
    assert "scipy 1.7 or later: not found" in str(caught.value)
    assert "sudo apt install python3-scipy" in str(caught.value)
