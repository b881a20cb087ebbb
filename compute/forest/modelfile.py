"""The model file (``.ffrf``): a forest that can be kept, given away and read without trust.

It is a zip archive. ``model.json`` says what the model is and what it needs; each array of :mod:`.trees` is a member
``<name>.npy`` in numpy's format 1.0, little-endian. No member is ever executed: unlike a pickle, a forged file can be
refused but not do harm. Equal forests give equal bytes.
"""

import io
import json
import math
import zipfile
import zlib
from dataclasses import asdict, dataclass, field
from tokenize import TokenError

import numpy as np

from ..classes import MapClass
from ..errors import MissingInput, UnreadableInput
from ..raster.writer import complete_file
from .contrasts import contrast_name
from .likeness import MOST_AXES, Likeness
from .settings import ForestSettings
from .trees import ARRAYS, Trees, check_trees

FORMAT = "floefield-forest"
# 2 added contrasts, stand-ins, ranges, out-of-bag accuracy and permutation importances, 3 the likeness of pixels; older
# files lack them.
VERSION = 3
SUFFIX = ".ffrf"
DESCRIPTION = "model.json"
# One number for each feature, or none; since version 2.
FEATURE_NUMBERS = ("stand_ins", "lows", "highs", "permutation_importances")
# A larger description or forest is not one of ours: 500 trees from 10^6 pixels stay below it.
MOST_DESCRIPTION_BYTES = 16 * 1024 ** 2
MOST_BYTES = 4 * 1024 ** 3
# Arrays of real trees shrink five times; a small file that claims to unpack to gigabytes is a trap.
MOST_COMPRESSION = 100
SMALL_BYTES = 16 * 1024 ** 2
# Others may ask for gigabytes before they unpack anything.
COMPRESSIONS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
# That of a plain array has 118 bytes; numpy parses headers as Python, which deep nesting can break.
LONGEST_HEADER = 1000
# Products of larger numbers would be none.
LARGEST = 1e100
# The oldest moment a zip archive can tell: the same for every file, so that equal forests are equal bytes.
TIMESTAMP = (1980, 1, 1, 0, 0, 0)


@dataclass(frozen=True, eq=False)
class Forest:
    """A trained forest and what one must know to use it.

    Parameters
    ----------
    trees : Trees
        Their class number ``k`` is ``classes[k]``.
    feature_names : tuple of str
        In the order in which the trees count features: bands, then contrasts.
    classes : tuple of MapClass
    settings : ForestSettings
    importances : tuple of float
        Share of the impurity decrease owed to each feature.
    training_pixels : tuple of int
        Pixels that trained, for each class.
    software : dict of str to str
        Versions of what grew it.
    stand_ins : tuple of float
        What a missing value of each feature is taken to be; empty where pixels with gaps have no class.
    lows, highs : tuple of float
        Range of each feature among the training pixels; empty if unknown.
    oob_score : float or None
        Out-of-bag accuracy.
    permutation_importances : tuple of float
        Loss of accuracy by shuffling each feature; empty if not computed.
    contrasts : tuple of (int, int)
        Pairs of bands, by their place, whose normalised differences are the last features.
    trained_on : str
        Record of the pixels that trained it, see :mod:`~..accuracy.record`; empty if unknown.
    likeness : Likeness or None
        What neighbours are compared by where probabilities are smoothed; without it they are not.
    """

    trees: Trees
    feature_names: tuple
    classes: tuple
    settings: ForestSettings
    importances: tuple
    training_pixels: tuple
    software: dict = field(default_factory=dict)
    stand_ins: tuple = ()
    lows: tuple = ()
    highs: tuple = ()
    oob_score: float = None
    permutation_importances: tuple = ()
    trained_on: str = ""
    contrasts: tuple = ()
    likeness: Likeness = None

    @property
    def bands(self):
        """tuple of str: the features that are read, not computed."""
        return self.feature_names[:len(self.feature_names) - len(self.contrasts)]


def save_forest(path, forest):
    """Write a model file; it is complete or not there.

    Parameters
    ----------
    path : str
    forest : Forest

    Raises
    ------
    OutputError
        If it cannot be written.
    """
    description = {
        "format": FORMAT, "version": VERSION, "features": list(forest.feature_names),
        "classes": [asdict(map_class) for map_class in forest.classes], "settings": asdict(forest.settings),
        "importances": list(forest.importances), "training_pixels": list(forest.training_pixels),
        "software": forest.software,
        **{name: list(getattr(forest, name)) for name in FEATURE_NUMBERS}, "oob_score": forest.oob_score,
        "trained_on": forest.trained_on, "contrasts": [list(pair) for pair in forest.contrasts],
        "likeness": forest.likeness and {"centres": forest.likeness.centres.tolist(),
                                         "axes": forest.likeness.axes.tolist()}}
    with complete_file(path) as partial, zipfile.ZipFile(partial, "w") as archive:
        _add(archive, DESCRIPTION, json.dumps(description, indent=1, ensure_ascii=False).encode())
        for name, (dtype, _) in ARRAYS.items():
            content = io.BytesIO()
            array = np.ascontiguousarray(getattr(forest.trees, name), dtype)
            np.lib.format.write_array(content, array, version=(1, 0), allow_pickle=False)
            _add(archive, f"{name}.npy", content.getvalue())


def load_forest(path):
    """Read a model file, however damaged it may be.

    Parameters
    ----------
    path : str

    Returns
    -------
    Forest
        Checked: walking its trees ends and stays within its arrays.

    Raises
    ------
    MissingInput
        If the file is not there.
    UnreadableInput
        If it is no model file, damaged, forged, or made by a newer version.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            _check_members(archive, path)
            description = _description(archive, path)
            arrays = {name: _array(archive, f"{name}.npy", *kind) for name, kind in ARRAYS.items()}
        forest = _forest(description, arrays)
    except FileNotFoundError as error:
        raise MissingInput(f"{path} does not exist.") from error
    except (zipfile.BadZipFile, zlib.error, EOFError, OSError, NotImplementedError, RuntimeError, UnicodeError,
            KeyError, TypeError, ValueError, AttributeError, OverflowError, SyntaxError, TokenError) as error:
        raise UnreadableInput(f"{path} is not a model of Floefield, or it is damaged. Choose a file that ends in "
                              f"{SUFFIX}, or train the model again.") from error
    check_trees(forest.trees)
    return forest


def _add(archive, name, content):
    member = zipfile.ZipInfo(name, TIMESTAMP)
    member.compress_type = zipfile.ZIP_DEFLATED
    archive.writestr(member, content)


def _check_members(archive, path):
    sizes = {member.filename: member.file_size for member in archive.infolist()}
    if set(sizes) != {DESCRIPTION, *(f"{name}.npy" for name in ARRAYS)} or len(sizes) != len(archive.infolist()):
        raise UnreadableInput(f"{path} is not a model of Floefield: it does not hold what a model holds.")
    if any(member.compress_type not in COMPRESSIONS for member in archive.infolist()):
        raise ValueError("another compression")
    total, stored = sum(sizes.values()), sum(member.compress_size for member in archive.infolist())
    if (sizes[DESCRIPTION] > MOST_DESCRIPTION_BYTES or total > MOST_BYTES
            or total > SMALL_BYTES + MOST_COMPRESSION * stored):
        raise UnreadableInput(f"{path} is too large to be a model of Floefield.")


def _content(archive, name):
    """A member as bytes; never more than the archive's directory promised."""
    size = archive.getinfo(name).file_size
    with archive.open(name) as member:
        content = member.read(size + 1)
    if len(content) != size:
        raise ValueError(f"{name} does not have its size")
    return content


def _description(archive, path):
    description = json.loads(_content(archive, DESCRIPTION))
    if description["format"] != FORMAT:
        raise ValueError("another format")
    if _whole(description["version"]) > VERSION:
        raise UnreadableInput(f"{path} was made by a newer version of Floefield. Update the plugin to use it.")
    return description


def _array(archive, name, dtype, dimensions):
    """An array, if it is of the type and size it should be: nothing is allocated for a size that is only claimed."""
    content = io.BytesIO(_content(archive, name))
    if np.lib.format.read_magic(content) != (1, 0):
        raise ValueError(f"{name} is of another version")
    if int.from_bytes(content.getbuffer()[8:10], "little") > LONGEST_HEADER:
        raise ValueError(f"{name} has too long a header")
    shape, is_fortran, found = np.lib.format.read_array_header_1_0(content)
    data = content.getbuffer()[content.tell():]
    if found != np.dtype(dtype) or len(shape) != dimensions or is_fortran:
        raise ValueError(f"{name} is of another type")
    if min(shape) < 1 or math.prod(shape) * found.itemsize != len(data):
        raise ValueError(f"{name} does not have its size")
    return np.frombuffer(data, found).reshape(shape).astype(found.newbyteorder("="), copy=False)


def _forest(description, arrays):
    names = tuple(_text(name) for name in description["features"])
    classes = tuple(MapClass(_whole(item["value"]), _text(item["code"]), _text(item["label"]), _colour(item["colour"]))
                    for item in description["classes"])
    importances = tuple(_number(share) for share in description["importances"])
    pixels = tuple(_whole(count) for count in description["training_pixels"])
    trees = Trees(**arrays, feature_count=len(names))
    values = [map_class.value for map_class in classes]
    if not (names and len(set(names)) == len(names) == len(importances)
            and len(classes) == trees.class_count == len(pixels)
            and len(set(values)) == len(values) and min(values) >= 1 and max(values) <= 65535):
        raise ValueError("the description contradicts itself")
    numbers = {name: tuple(_number(value) for value in description.get(name, ())) for name in FEATURE_NUMBERS}
    if (not all(len(some) in (0, len(names)) for some in numbers.values())
            or len(numbers["lows"]) != len(numbers["highs"])):
        raise ValueError("the description contradicts itself")
    contrasts = description.get("contrasts", [])
    bands = names[:len(names) - len(contrasts)]
    contrasts = tuple(_pair(places, bands) for places in contrasts)
    if names[len(bands):] != tuple(contrast_name(bands, pair) for pair in contrasts):
        raise ValueError("the description contradicts itself")
    oob_score = description.get("oob_score")
    return Forest(trees=trees, feature_names=names, classes=classes, settings=_settings(description["settings"]),
                  importances=importances, training_pixels=pixels,
                  software={_text(name): _text(version) for name, version in description["software"].items()},
                  oob_score=None if oob_score is None else _number(oob_score),
                  trained_on=_text(description.get("trained_on", "")), contrasts=contrasts,
                  likeness=_likeness(description.get("likeness"), len(bands)), **numbers)


def _likeness(values, bands):
    if values is None:
        return None
    centres = [_number(value) for value in values["centres"]]
    axes = [[_number(value) for value in axis] for axis in values["axes"]]
    if not 1 <= len(axes) <= MOST_AXES or any(len(row) != bands for row in (centres, *axes)):
        raise ValueError("the likeness is of other bands")
    if any(abs(value) > LARGEST for row in (centres, *axes) for value in row):
        raise ValueError("the likeness is beyond all measure")
    return Likeness(np.array(centres), np.array(axes))


def _settings(values):
    default = asdict(ForestSettings())
    if set(values) - set(default) or any(type(values[name]) is not type(default[name]) for name in values):
        raise ValueError("unknown settings")
    weights = {_text(code): _number(weight) for code, weight in values.get("weights", {}).items()}
    return ForestSettings(**{**values, "weights": weights})


def _pair(places, bands):
    first, second = (_whole(place) for place in places)
    if not 0 <= first < second < len(bands):
        raise ValueError("no pair of bands")
    return first, second


def _colour(channels):
    colour = tuple(_whole(channel) for channel in channels)
    if len(colour) != 3 or not all(0 <= channel <= 255 for channel in colour):
        raise ValueError("no colour")
    return colour


def _whole(value):
    if type(value) is not int:
        raise TypeError("no whole number")
    return value


def _number(value):
    if type(value) not in (int, float) or not math.isfinite(value):
        raise TypeError("no number")
    return float(value)


def _text(value):
    if not isinstance(value, str):
        raise TypeError("no text")
    value.encode()  # JSON can spell halves of a letter, which no file takes
    return value
