"""Versions of our software and libraries, for models and reports."""

from importlib import metadata
from pathlib import Path

ROOT = Path(__file__).parents[1]
PACKAGES = ("numpy", "scikit-learn", "rasterio", "matplotlib")


def software_versions():
    """Versions of the software used.

    Returns
    -------
    dict of str to str
    """
    import platform

    import rasterio

    versions = {"Floefield": _own_version(), "Python": platform.python_version()}
    for package in PACKAGES:
        try:
            versions[package] = metadata.version(package)
        except metadata.PackageNotFoundError:
            continue
    versions["GDAL"] = rasterio.__gdal_version__
    return versions


def _own_version():
    lines = (ROOT / "metadata.txt").read_text(encoding="utf-8").splitlines()
    return next((line.partition("=")[2].strip() for line in lines if line.startswith("version=")), "")
