"""Messages about missing, outdated or broken Python packages."""

import sys

import pytest

from floefield.provider import packages


@pytest.fixture(autouse=True)
def without_cache():
    """Clear cached results between tests."""
    packages._look_up.cache_clear()
    yield
    packages._look_up.cache_clear()
    packages._load_failures.clear()


@pytest.fixture
def pretend(tmp_path, monkeypatch):
    """Put a package of the given version and code before the real one on the path."""

    def pretend(name, title, version, code=""):
        folder = tmp_path / name
        folder.mkdir()
        (folder / "__init__.py").write_text(code)
        information = tmp_path / f"{title.replace('-', '_')}-{version}.dist-info"
        information.mkdir()
        (information / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {title}\nVersion: {version}\n")
        for loaded in [module for module in sys.modules if module.partition(".")[0] == name]:
            monkeypatch.delitem(sys.modules, loaded)
        monkeypatch.syspath_prepend(tmp_path)
        return folder

    return pretend


def test_available_packages_give_no_message():
    assert packages.explain_missing(("numpy", "rasterio", "sklearn")) == ""


def test_a_missing_package_is_reported_with_the_command_of_each_platform(monkeypatch):
    monkeypatch.setitem(sys.modules, "sklearn", None)
    monkeypatch.setitem(sys.modules, "rasterio", None)
    text = packages.explain_missing(("numpy", "sklearn", "rasterio"))
    assert "scikit-learn 1.0 or later: not found" in text
    assert "sudo apt install python3-sklearn python3-rasterio\n" in text
    assert "osgeo4w-setup -q -k -P python3-scikit-learn,python3-rasterio\n" in text
    assert "conda install -c conda-forge scikit-learn rasterio\n" in text
    assert "numpy 1.22" not in text


def test_pip_does_not_replace_the_numpy_of_qgis(monkeypatch):
    import numpy

    monkeypatch.setitem(sys.modules, "skimage", None)
    assert f"python -m pip install scikit-image numpy=={numpy.__version__}\n" in packages.explain_missing(("skimage",))


def test_an_outdated_version_is_reported_with_its_folder(pretend):
    folder = pretend("skimage", "scikit-image", "0.18.3")
    text = packages.explain_missing(("skimage",))
    assert f"scikit-image 0.19 or later: version 0.18.3 in {folder} is too old" in text


def test_an_empty_folder_is_not_a_package(tmp_path, monkeypatch):
    monkeypatch.delitem(sys.modules, "jinja2", raising=False)
    monkeypatch.setattr(sys, "path", [str(tmp_path)])
    (tmp_path / "jinja2").mkdir()
    assert "jinja2 3.0 or later: not found" in packages.explain_missing(("jinja2",))


def test_a_package_that_failed_to_load_is_reported_afterwards(pretend):
    code = "raise ImportError('libgdal.so.99: cannot open shared object file')"
    folder = pretend("rasterio", "rasterio", "1.3.9", code)
    assert packages.explain_missing(("rasterio",)) == ""
    with pytest.raises(ImportError) as caught:
        import rasterio  # noqa: F401
    text = packages.explain_failure(caught.value)
    assert f"1.3.9 in {folder} does not load (libgdal.so.99: cannot open shared object file)" in text
    assert packages.explain_missing(("rasterio",)) == text


def test_other_import_errors_give_no_message():
    assert packages.explain_failure(ModuleNotFoundError("No module named 'floe'", name="floe")) == ""


def test_the_message_for_the_dialog_has_the_same_lines():
    assert packages.for_dialog("a < b:\n  c") == "a &lt; b:<br>&nbsp;&nbsp;c"


def test_another_gdal_inside_rasterio_is_reported(monkeypatch):
    import rasterio
    from osgeo import gdal

    monkeypatch.setattr(rasterio, "__gdal_version__", gdal.VersionInfo("RELEASE_NAME"))
    assert packages.gdal_mismatch() == ""
    monkeypatch.setattr(rasterio, "__gdal_version__", "3.99.1")
    text = packages.gdal_mismatch()
    assert "contains GDAL 3.99.1" in text
    assert gdal.VersionInfo("RELEASE_NAME") in text
    assert "sudo apt install python3-rasterio" in text
