"""The files of ice charts: in folders, in zips as services deliver them, and the metadata beside them.

Nothing that comes from outside is trusted: what is unpacked from a zip goes to a folder of ours, and no more of it than
a chart can need.
"""

import os
import shutil
import zipfile
from dataclasses import dataclass
from pathlib import Path

from ..errors import MissingInput, UnreadableInput, UnsuitableInput

# The first file of a chart, by format.
CHART_SUFFIXES = (".shp", ".gpkg", ".gml", ".geojson", ".fgb")
# What may lie beside it.
COMPANIONS = (".shx", ".dbf", ".prj", ".cpg", ".sbn", ".sbx", ".xsd", ".xml")
# Folders deeper than this below the one that was named are not searched.
DEEPEST = 8
LARGEST_METADATA = 16 * 2**20
# The largest weekly charts have some 50 MB.
LARGEST_UNPACKED = 2 * 2**30
MOST_UNPACKED = 2000
CHUNK = 2**20


@dataclass(frozen=True)
class ChartFile:
    """A file that holds a chart, ready to be opened.

    Parameters
    ----------
    path : str
        What GDAL opens.
    origin : str
        The file that the user gave; the same, or the zip it was in.
    metadata : bytes or None
        The XML beside it.
    """

    path: str
    origin: str
    metadata: bytes = None

    @property
    def names(self):
        """tuple of str: its name without suffix, then that of the zip, if it was in one."""
        return tuple(dict.fromkeys((Path(self.path).stem, Path(self.origin).stem)))


def find_charts(folder, without=""):
    """Paths of all files below a folder that may be charts, sorted.

    Parameters
    ----------
    folder : str
    without : str
        A folder inside that is left out: that of the results.

    Returns
    -------
    list of str

    Raises
    ------
    MissingInput
        If the folder does not exist or holds none.
    """
    if not os.path.isdir(folder):
        raise MissingInput(f"The folder {folder} does not exist. Check its path.")
    without = os.path.realpath(without) if without else ""
    found = []
    for parent, folders, files in os.walk(folder):
        folders[:] = sorted(name for name in folders if os.path.realpath(os.path.join(parent, name)) != without)
        if os.path.relpath(parent, folder).count(os.sep) >= DEEPEST:
            folders.clear()
        found += [os.path.join(parent, name) for name in files
                  if name.lower().endswith((*CHART_SUFFIXES, ".zip")) and not name.startswith(".")]
    if not found:
        raise MissingInput(f"No ice chart was found in {folder} (no zip, .shp, .gpkg or .gml). Choose the folder that "
                           "holds the downloads.")
    return sorted(found)


def open_chart_file(path, workplace):
    """The charts in a file.

    Parameters
    ----------
    path : str
        A shapefile, GeoPackage, GML, GeoJSON or FlatGeobuf, or a zip with such files.
    workplace : str
        An empty folder for what must be unpacked or copied.

    Returns
    -------
    list of ChartFile

    Raises
    ------
    MissingInput, UnreadableInput, UnsuitableInput
        If there is none.
    """
    if not os.path.isfile(path):
        raise MissingInput(f"{path} does not exist. Check its path.")
    if path.lower().endswith(".zip"):
        unpacked = _unpack(path, workplace)
        charts = [name for name in unpacked if name.lower().endswith(CHART_SUFFIXES)]
        if not charts:
            raise UnsuitableInput(f"{path} holds no chart (no .shp, .gpkg or .gml). Check that it is the right zip.")
        return [ChartFile(chart, path, _metadata_of(chart)) for chart in charts]
    if not path.lower().endswith(CHART_SUFFIXES):
        raise UnsuitableInput(f"{path} is no ice chart that Floefield can read. Give a shapefile, GeoPackage, GML or a "
                              "zip of one.")
    metadata = _metadata_of(path)
    if path.lower().endswith(".gml"):
        path, origin = _copied(path, workplace), path
        return [ChartFile(path, origin, metadata)]
    return [ChartFile(path, path, metadata)]


def _metadata_of(path):
    """The XML beside a chart: chart.shp.xml or chart.xml, in whatever case."""
    folder, name = os.path.split(path)
    wanted = [f"{name}.xml".lower(), f"{os.path.splitext(name)[0]}.xml".lower()]
    beside = {other.lower(): other for other in sorted(os.listdir(folder or "."))}
    for each in wanted:
        found = os.path.join(folder, beside.get(each, each))
        if os.path.isfile(found) and os.path.getsize(found) <= LARGEST_METADATA:
            with open(found, "rb") as file:
                return file.read()
    return None


def _copied(path, workplace):
    """A copy of a GML with its schema: GDAL leaves files beside those that it opens."""
    with open(path, "rb") as file:
        if b"<!DOCTYPE" in file.read(CHUNK):
            raise UnreadableInput(f"{path} declares a document type, which no chart needs and harmful files use. The "
                                  "file is not used.")
    target = os.path.join(workplace, os.path.basename(path))
    shutil.copyfile(path, target)
    schema = os.path.splitext(path)[0] + ".xsd"
    if os.path.isfile(schema):
        shutil.copyfile(schema, os.path.join(workplace, os.path.basename(schema)))
    return target


def _unpack(path, workplace, is_nested=False):
    """Unpack what belongs to charts, zips inside the zip too; gives the paths, sorted."""
    unpacked, folders, room = [], {}, LARGEST_UNPACKED
    try:
        with zipfile.ZipFile(path) as archive:
            for entry, parent, name in _useful(archive, is_nested):
                # each folder of the zip gets a number: its own name may lead anywhere
                folder = os.path.join(workplace, str(folders.setdefault(parent, len(folders))))
                os.makedirs(folder, exist_ok=True)
                target = os.path.join(folder, name)
                with archive.open(entry) as source, open(target, "wb") as copy:
                    while chunk := source.read(CHUNK):
                        room -= len(chunk)
                        if room < 0:
                            raise UnreadableInput(f"{path} unpacks to more than {LARGEST_UNPACKED // 2**30} GB, far "
                                                  "more than a chart has. The file is not used.")
                        copy.write(chunk)
                unpacked.append(target)
                if len(unpacked) > MOST_UNPACKED:
                    raise UnreadableInput(f"{path} holds more than {MOST_UNPACKED} files, which no chart does. The "
                                          "file is not used.")
    except (zipfile.BadZipFile, EOFError, NotImplementedError, RuntimeError, ValueError) as error:
        raise UnreadableInput(f"{path} is not a complete zip file ({error}). Copy or download it again.") from error
    except OSError as error:
        raise UnreadableInput(f"{path} cannot be unpacked ({error.strerror or error}). Check the file and the free "
                              "space of the folder for temporary files.") from error
    for place, inner in enumerate([name for name in unpacked if name.lower().endswith(".zip")]):
        unpacked += _unpack(inner, os.path.join(workplace, f"inner{place}"), is_nested=True)
    return sorted(unpacked)


def _useful(archive, is_nested):
    """(entry, its folder in the zip, its name) of the files that belong to charts."""
    wanted = (*CHART_SUFFIXES, *COMPANIONS, *(() if is_nested else (".zip",)))
    for entry in archive.infolist():
        parent, _, name = entry.filename.replace("\\", "/").rpartition("/")
        if (not entry.is_dir() and not name.startswith(".") and "__MACOSX" not in parent
                and name.lower().endswith(wanted)):
            yield entry, parent, name
