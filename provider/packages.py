"""Which Python packages are missing, which were found where, and how to get them on each platform.

Looking a package up does not import it: the Toolbox asks for every tool whenever it is shown.
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
    """A package that tools need, and what each platform calls it.

    Parameters
    ----------
    title : str
        Its name on the Python package index and in conda.
    minimum : str
        The oldest version that serves.
    apt : str
        The package of Debian and Ubuntu.
    osgeo4w : str
        The package of OSGeo4W; empty if there is none, then pip installs it.
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

# Import names of packages that are installed but failed to load in this session, and what Python said of it.
_failures = {}


def explain_missing(required):
    """What is wrong with the packages a tool needs and how to install them.

    Parameters
    ----------
    required : iterable of str
        Import names, keys of ``PACKAGES``.

    Returns
    -------
    str
        Lines for a terminal or a log; empty if nothing is missing.
    """
    problems = {name: problem for name in required if (problem := _failures.get(name) or _look_up(name))}
    if not problems:
        return ""
    lines = ["This tool needs Python packages that QGIS cannot use yet:"]
    lines += [f"  {PACKAGES[name].title} {PACKAGES[name].minimum} or later: {problem}"
              for name, problem in problems.items()]
    return "\n".join([*lines, *_how_to_install(list(problems))])


def explain_failure(error):
    """The same for a package that is installed but does not load, learnt from the error of its import.

    From then on :func:`explain_missing` reports it too, so that the Toolbox warns before the next run.

    Parameters
    ----------
    error : ImportError

    Returns
    -------
    str
        Empty if the error is not about a package of ``PACKAGES``.
    """
    name = _package_behind(error)
    if name is None:
        return ""
    _failures[name] = f"{_version(name)} in {_folder(name)} does not load ({error})" if _folder(name) else "not found"
    return explain_missing([name])


def for_dialog(text):
    """`text` as HTML with the same lines: the Toolbox shows such messages in a rich text box."""
    lines = [html.escape(line, quote=False) for line in text.split("\n")]
    return "<br>".join("&nbsp;" * (len(line) - len(line.lstrip())) + line.lstrip() for line in lines)


def gdal_mismatch():
    """A warning if rasterio brings another GDAL than the one QGIS runs on; empty if all is well.

    Returns
    -------
    str
    """
    import rasterio
    from osgeo import gdal

    ours, theirs = rasterio.__gdal_version__, gdal.VersionInfo("RELEASE_NAME")
    if ours == theirs:
        return ""
    return "\n".join([
        f"rasterio {rasterio.__version__} in {_folder('rasterio')} brings GDAL {ours}, but QGIS runs on GDAL {theirs}. "
        "Two versions of GDAL in one program can fail to write files or crash QGIS. "
        "Replace this rasterio by the one that belongs to your QGIS:", *_how_to_install(["rasterio"])[1:]])


@cache
def _look_up(name):
    """What is wrong with a package, or nothing."""
    folder = _folder(name)
    if not folder:
        return "not found"
    version = _version(name)
    if _numbers(version) < _numbers(PACKAGES[name].minimum):
        return f"version {version} in {folder} is too old"
    return ""


def _folder(name):
    """The folder a package would be imported from; empty if it is not there, or only an empty folder of its name."""
    try:
        spec = find_spec(name)
    except (ImportError, ValueError):
        return ""
    return str(Path(spec.origin).parent) if spec is not None and spec.origin else ""


def _version(name):
    """The version of an installed package; one that keeps it secret is taken for good enough."""
    if hasattr(sys.modules.get(name), "__version__"):
        return sys.modules[name].__version__
    try:
        return metadata.version(PACKAGES[name].title)
    except metadata.PackageNotFoundError:
        return PACKAGES[name].minimum


def _numbers(version):
    """'1.2.1+dfsg' -> (1, 2, 1)."""
    return tuple(int(number) for number in re.findall(r"\d+", version)[:3])


def _package_behind(error):
    """The import name of the package whose import failed, from the error's traceback: the cause may lie deeper."""
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
    chosen = [PACKAGES[name] for name in names]
    from_osgeo4w = ",".join(package.osgeo4w for package in chosen if package.osgeo4w)
    from_pip = " ".join(package.title for package in chosen if not package.osgeo4w)
    lines = ["Install them as follows and restart QGIS:",
             f"  Debian, Ubuntu: sudo apt install {' '.join(package.apt for package in chosen)}"]
    if from_osgeo4w:
        lines.append(f"  Windows, OSGeo4W Shell: osgeo4w-setup -q -k -P {from_osgeo4w}")
    if from_pip:
        # pip must not replace the numpy that QGIS was built with
        lines.append(f"  Windows, OSGeo4W Shell: python -m pip install {from_pip} numpy=={metadata.version('numpy')}")
    lines += [f"  conda, macOS: conda install -c conda-forge {' '.join(package.title for package in chosen)}",
              f"QGIS uses Python {sys.version.split()[0]} from {sys.prefix}."]
    return lines
