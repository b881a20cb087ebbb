"""Files of ice charts: search in folders, extraction of zip archives, and XML metadata.

Input files are not trusted: archives are extracted to a scratch folder, with limits on size and number of files.
"""

import os
import shutil
from dataclasses import dataclass
from pathlib import Path

from ..archives import CHUNK_BYTES, Budget, open_archive
from ..errors import MissingInput, UnreadableInput, UnsuitableInput
from ..xml_documents import require_no_document_type

# Main file of a chart, by format.
CHART_SUFFIXES = (".shp", ".gpkg", ".gml", ".geojson", ".fgb")

# Auxiliary files beside it.
SIDECAR_SUFFIXES = (".shx", ".dbf", ".prj", ".cpg", ".sbn", ".sbx", ".xsd", ".xml")

# Maximum depth of subfolders searched.
MAX_DEPTH = 8
MAX_METADATA_BYTES = 16 * 2**20

# The largest weekly charts have some 50 MB.
MAX_UNPACKED_BYTES = 2 * 2**30
MAX_UNPACKED_FILES = 2000


@dataclass(frozen=True)
class ChartFile:
    """A chart file, ready to be opened.

    Parameters
    ----------
    path : str
        Path for GDAL.
    origin : str
        Input file: the same path, or the zip archive it was extracted from.
    metadata : bytes or None
        XML metadata.
    """

    path: str
    origin: str
    metadata: bytes = None

    @property
    def names(self):
        """Tuple of str: file name without suffix, then that of the zip archive, if any."""
        return tuple(dict.fromkeys((Path(self.path).stem, Path(self.origin).stem)))


def find_charts(folder, exclude=""):
    """Return the paths of all possible chart files in a folder and its subfolders, sorted.

    Parameters
    ----------
    folder : str
    exclude : str
        Folder to exclude from the search, such as the output folder.

    Returns
    -------
    list of str

    Raises
    ------
    MissingInput
        If the folder does not exist or contains none.
    """
    if not os.path.isdir(folder):
        raise MissingInput(f"The folder {folder} does not exist. Check its path.")
    exclude = os.path.realpath(exclude) if exclude else ""
    found = []
    for parent, folders, files in os.walk(folder):
        folders[:] = sorted(name for name in folders if not name.startswith(".")
                            and os.path.realpath(os.path.join(parent, name)) != exclude)
        if os.path.relpath(parent, folder).count(os.sep) >= MAX_DEPTH:
            folders.clear()
        found += [os.path.join(parent, name) for name in files
                  if name.lower().endswith((*CHART_SUFFIXES, ".zip")) and not name.startswith(".")]
    if not found:
        raise MissingInput(f"No ice chart was found in {folder} (no zip, .shp, .gpkg or .gml). Choose the folder that "
                           "contains the charts.")
    return sorted(found)


def open_chart_file(path, scratch_folder):
    """Return the charts in a file, extracted from an archive if necessary.

    Parameters
    ----------
    path : str
        A shapefile, GeoPackage, GML, GeoJSON or FlatGeobuf, or a zip archive of such files.
    scratch_folder : str
        An empty folder for extracted and copied files.

    Returns
    -------
    list of ChartFile

    Raises
    ------
    MissingInput, UnreadableInput, UnsuitableInput
        If it is missing, damaged or no chart.
    """
    if not os.path.isfile(path):
        raise MissingInput(f"{path} does not exist. Check its path.")
    if path.lower().endswith(".zip"):
        budget = Budget(MAX_UNPACKED_BYTES, MAX_UNPACKED_FILES, "an ice chart")
        unpacked = _unpack(path, scratch_folder, budget)
        charts = [name for name in unpacked if name.lower().endswith(CHART_SUFFIXES)]
        if not charts:
            raise UnsuitableInput(f"{path} contains no chart (no .shp, .gpkg or .gml). "
                                  "Check that this is the right file.")
        return [ChartFile(chart, path, _metadata_of(chart)) for chart in charts]
    if not path.lower().endswith(CHART_SUFFIXES):
        raise UnsuitableInput(f"{path} is not an ice chart in a supported format. Use a shapefile, GeoPackage, GML or "
                              "a zip of one.")
    metadata = _metadata_of(path)
    if path.lower().endswith(".gml"):
        path, origin = _copied(path, scratch_folder), path
        return [ChartFile(path, origin, metadata)]
    return [ChartFile(path, path, metadata)]


def _metadata_of(path):
    """Return the XML metadata of a chart, chart.shp.xml or chart.xml (case-insensitive)."""
    folder, name = os.path.split(path)
    names = [f"{name}.xml".lower(), f"{os.path.splitext(name)[0]}.xml".lower()]
    beside = {other.lower(): other for other in sorted(os.listdir(folder or "."))}
    for each in names:
        found = os.path.join(folder, beside.get(each, each))
        if os.path.isfile(found) and os.path.getsize(found) <= MAX_METADATA_BYTES:
            with open(found, "rb") as file:
                return file.read()
    return None


def _copied(path, scratch_folder):
    """Copy a GML file and its schema, since GDAL writes files beside the GML it opens, and return the path."""
    require_no_document_type(path)
    target = os.path.join(scratch_folder, os.path.basename(path))
    shutil.copyfile(path, target)
    schema = os.path.splitext(path)[0] + ".xsd"
    if os.path.isfile(schema):
        shutil.copyfile(schema, os.path.join(scratch_folder, os.path.basename(schema)))
    return target


def _unpack(path, scratch_folder, budget, is_nested=False):
    """Extract the chart files of an archive, nested archives included, and return the paths, sorted."""
    unpacked, folders = [], {}
    try:
        with open_archive(path, budget) as archive:
            for entry, parent, name in _chart_entries(archive, is_nested):
                folder = os.path.join(scratch_folder, str(folders.setdefault(parent, len(folders))))
                os.makedirs(folder, exist_ok=True)
                target = os.path.join(folder, name)
                with archive.open(entry) as source, open(target, "wb") as copy:
                    shutil.copyfileobj(source, copy, CHUNK_BYTES)
                unpacked.append(target)
    except OSError as error:
        raise UnreadableInput(f"{path} cannot be unpacked ({error.strerror or error}). Check the file and the free "
                              "space of the output folder.") from error
    for index, inner in enumerate([name for name in unpacked if name.lower().endswith(".zip")]):
        unpacked += _unpack(inner, os.path.join(scratch_folder, f"inner{index}"), budget, is_nested=True)
    return sorted(unpacked)


def _chart_entries(archive, is_nested):
    """Yield (entry, folder in the archive, file name) of the files that belong to charts."""
    suffixes = (*CHART_SUFFIXES, *SIDECAR_SUFFIXES, *(() if is_nested else (".zip",)))
    for entry in archive.infolist():
        parent, _, name = entry.filename.replace("\\", "/").rpartition("/")
        if (not entry.is_dir() and not name.startswith(".") and "__MACOSX" not in parent
                and name.lower().endswith(suffixes)):
            yield entry, parent, name
