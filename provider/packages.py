"""Missing or outdated Python packages, and how to install them on each platform.

Packages are looked up without import, since the Toolbox calls ``canExecute`` of every tool whenever it is shown.
"""

import html
import re
import sys
from dataclasses import dataclass
from functools import cache
from importlib import metadata
from importlib.util import find_spec
from pathlib import Path


@dataclass(frozen=True)
class Package:
    """A required package and its name on each platform.

    Parameters
    ----------
    title : str
        Name on the Python Package Index and in conda.
    minimum : str
        Minimum version.
    apt : str
        Name in Debian and Ubuntu.
    osgeo4w : str
        Name in OSGeo4W; empty if there is none, pip is used then.
    """

    title: str
    minimum: str
    apt: str
    osgeo4w: str


PACKAGES = {
    "numpy": Package("numpy", "1.22", "python3-numpy", "python3-numpy"),
    "sklearn": Package("scikit-learn", "1.0", "python3-sklearn", "python3-scikit-learn"),
    "skimage": Package("scikit-image", "0.19", "python3-skimage", ""),
    "scipy": Package("scipy", "1.7", "python3-scipy", "python3-scipy"),
    "rasterio": Package("rasterio", "1.3", "python3-rasterio", "python3-rasterio"),
    "matplotlib": Package("matplotlib", "3.3", "python3-matplotlib", "python3-matplotlib"),
    "jinja2": Package("jinja2", "3.0", "python3-jinja2", "python3-jinja2"),
    "defusedxml": Package("defusedxml", "0.6", "python3-defusedxml", "python3-defusedxml"),
}

# Packages that failed to load in this session: import name to error.
_load_failures = {}


def explain_missing(required):
    """Describe missing, outdated or broken packages and how to install them.

    Parameters
    ----------
    required : iterable of str
        Import names, keys of ``PACKAGES``.

    Returns
    -------
    str
        Lines for a terminal or a log; empty if all packages are available.
    """
    problems = {name: problem for name in required if (problem := _load_failures.get(name) or _look_up(name))}
    if not problems:
        return ""
    lines = ["This tool requires Python packages that are not available in QGIS:"]
    lines += [f"  {PACKAGES[name].title} {PACKAGES[name].minimum} or later: {problem}"
              for name, problem in problems.items()]
    return "\n".join([*lines, *_how_to_install(list(problems))])


def explain_failure(error):
    """Describe a package that is installed but failed to import.

    :func:`explain_missing` reports it afterwards too, so that the Toolbox warns before the next run.

    Parameters
    ----------
    error : ImportError

    Returns
    -------
    str
        Empty if the error is not about a package of ``PACKAGES``.
    """
    name = _failed_package(error)
    if name is None:
        return ""
    folder = _folder(name)
    _load_failures[name] = f"{_version(name)} in {folder} does not load ({error})" if folder else "not found"
    return explain_missing([name])


def for_dialog(text):
    """Convert `text` to HTML with the same lines, since the Toolbox shows messages in a rich text box."""
    lines = [html.escape(line, quote=False) for line in text.split("\n")]
    return "<br>".join("&nbsp;" * (len(line) - len(line.lstrip())) + line.lstrip() for line in lines)


def gdal_mismatch():
    """Return a warning if rasterio contains another GDAL than that of QGIS; empty otherwise.

    Returns
    -------
    str
    """
    import rasterio
    from osgeo import gdal

    rasterio_gdal, qgis_gdal = rasterio.__gdal_version__, gdal.VersionInfo("RELEASE_NAME")
    if rasterio_gdal == qgis_gdal:
        return ""
    return "\n".join([
        f"rasterio {rasterio.__version__} in {_folder('rasterio')} contains GDAL {rasterio_gdal}, but QGIS uses GDAL "
        f"{qgis_gdal}. Two versions of GDAL in one process can fail to write files or crash QGIS. "
        "Replace this rasterio with the one built for your QGIS:", *_how_to_install(["rasterio"])[1:]])


@cache
def _look_up(name):
    """Return why a package cannot be used; empty if it can."""
    folder = _folder(name)
    if not folder:
        return "not found"
    version = _version(name)
    if _version_tuple(version) < _version_tuple(PACKAGES[name].minimum):
        return f"version {version} in {folder} is too old"
    return ""


def _folder(name):
    """Return the folder a package would be imported from; empty if missing, or only an empty folder of its name."""
    try:
        spec = find_spec(name)
    except (ImportError, ValueError):
        return ""
    return str(Path(spec.origin).parent) if spec is not None and spec.origin else ""


def _version(name):
    """Return the version of an installed package; the minimum where it cannot be determined."""
    if hasattr(sys.modules.get(name), "__version__"):
        return sys.modules[name].__version__
    try:
        return metadata.version(PACKAGES[name].title)
    except metadata.PackageNotFoundError:
        return PACKAGES[name].minimum


def _version_tuple(version):
    """'1.2.1+dfsg' -> (1, 2, 1)."""
    return tuple(int(number) for number in re.findall(r"\d+", version)[:3])


def _failed_package(error):
    """Return the import name of the package whose import failed, from the traceback: the cause may be nested."""
    if (error.name or "").partition(".")[0] in PACKAGES:
        return error.name.partition(".")[0]
    trace = error.__traceback__
    while trace is not None:
        package = trace.tb_frame.f_globals.get("__name__", "").partition(".")[0]
        if package in PACKAGES:
            return package
        trace = trace.tb_next
    return None


def _how_to_install(names):
    selected = [PACKAGES[name] for name in names]
    from_osgeo4w = ",".join(package.osgeo4w for package in selected if package.osgeo4w)
    from_pip = " ".join(package.title for package in selected if not package.osgeo4w)
    lines = ["Install them as follows, then restart QGIS:",
             f"  Debian, Ubuntu: sudo apt install {' '.join(package.apt for package in selected)}"]
    if from_osgeo4w:
        lines.append(f"  Windows, OSGeo4W Shell: osgeo4w-setup -q -k -P {from_osgeo4w}")
    if from_pip:
        # Pinned, so that pip does not replace the numpy that QGIS was built with.
        lines.append(f"  Windows, OSGeo4W Shell: python -m pip install {from_pip} numpy=={metadata.version('numpy')}")
    lines += [f"  conda, macOS: conda install -c conda-forge {' '.join(package.title for package in selected)}",
              f"QGIS uses Python {sys.version.split()[0]} from {sys.prefix}."]
    return lines
