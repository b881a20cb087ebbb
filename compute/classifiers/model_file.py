"""The model file (``.ffm``): stores a forest without pickle, so that files from untrusted sources can be read safely.

It is a zip archive. ``model.json`` describes the model and its input; each array of :mod:`.forest_model` is a member
``<name>.npy`` in numpy's format 1.0, little-endian. No member is ever executed, and every value is checked. Equal
forests give equal bytes.
"""

import io
import json
import math
import zipfile
import zlib
from dataclasses import asdict
from tokenize import TokenError

import numpy as np

from ..classmap.classes import MapClass
from ..errors import MissingInput, UnreadableInput
from ..output_files import complete_file
from ..raster.band_metadata import band_difference_name
from .forest_model import ARRAYS, Forest, ForestSettings, Trees, check_trees
from .similarity import MAX_COMPONENTS, Similarity

FORMAT = "floefield-forest"

# Version 2 added band differences, imputation values, ranges, out-of-bag accuracy and permutation importances;
# version 3 the similarity of pixels.
VERSION = 3
SUFFIX = ".ffm"
DESCRIPTION = "model.json"

# Fields with one number for each feature, or none, by their key in the description; since version 2.
FEATURE_NUMBERS = {"stand_ins": "imputation_values", "lows": "lows", "highs": "highs",
                   "permutation_importances": "permutation_importances"}

# Keys of the settings that differ from the names of the fields.
SETTINGS_KEYS = {"min_samples_leaf": "min_leaf", "balanced_weights": "balanced", "band_differences": "contrasts",
                 "classifier": "kind", "sampling_strategy": "sampling", "class_weights": "weights",
                 "missing_values": "missing", "oob_accuracy": "oob", "permutation_importance": "permutation"}

# Maximum sizes; 500 trees from 10^6 pixels stay below.
MAX_DESCRIPTION_BYTES = 16 * 1024 ** 2
MAX_BYTES = 4 * 1024 ** 3

# Arrays of real trees are compressed about five times; a much higher ratio indicates a zip bomb.
MAX_COMPRESSION_RATIO = 100
SMALL_BYTES = 16 * 1024 ** 2

# Other methods may allocate gigabytes before decompression.
COMPRESSIONS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)

# The header of a plain array has 118 bytes; numpy parses headers as Python, and deep nesting can crash the parser.
MAX_HEADER_LENGTH = 1000

# Products of larger numbers overflow.
MAX_ABSOLUTE = 1e100

# The earliest time of a zip archive, used for all members, so that equal forests give equal bytes.
TIMESTAMP = (1980, 1, 1, 0, 0, 0)


def save_forest(path, forest):
    """Write a model file; after an error no file is left behind.

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
        "classes": [asdict(map_class) for map_class in forest.classes],
        "settings": {SETTINGS_KEYS.get(name, name): value for name, value in asdict(forest.settings).items()},
        "importances": list(forest.importances), "training_pixels": list(forest.training_pixels),
        "software": forest.software,
        **{key: list(getattr(forest, name)) for key, name in FEATURE_NUMBERS.items()}, "oob_score": forest.oob_score,
        "trained_on": forest.trained_on, "contrasts": [list(pair) for pair in forest.band_differences],
        "likeness": forest.similarity and {"centres": forest.similarity.centres.tolist(),
                                           "axes": forest.similarity.coefficients.tolist()}}
    with complete_file(path) as partial, zipfile.ZipFile(partial, "w") as archive:
        _add(archive, DESCRIPTION, json.dumps(description, indent=1, ensure_ascii=False).encode())
        for name, (dtype, _) in ARRAYS.items():
            content = io.BytesIO()
            array = np.ascontiguousarray(getattr(forest.trees, name), dtype)
            np.lib.format.write_array(content, array, version=(1, 0), allow_pickle=False)
            _add(archive, f"{name}.npy", content.getvalue())


def load_forest(path):
    """Read and check a model file.

    Parameters
    ----------
    path : str

    Returns
    -------
    Forest
        Checked, so that tree traversal terminates and stays within the arrays.

    Raises
    ------
    MissingInput
        If the file does not exist.
    UnreadableInput
        If it is not a model file, damaged, forged, or made by a newer version.
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
        raise UnreadableInput(f"{path} is not a model of Floefield: members are missing or unknown. Choose a file that "
                              f"ends in {SUFFIX}.")
    if any(member.compress_type not in COMPRESSIONS for member in archive.infolist()):
        raise ValueError("unsupported compression")
    total, stored = sum(sizes.values()), sum(member.compress_size for member in archive.infolist())
    if (sizes[DESCRIPTION] > MAX_DESCRIPTION_BYTES or total > MAX_BYTES
            or total > SMALL_BYTES + MAX_COMPRESSION_RATIO * stored):
        raise UnreadableInput(f"{path} is too large to be a model of Floefield.")


def _content(archive, name):
    """The bytes of a member, checked against the size in the directory of the archive."""
    size = archive.getinfo(name).file_size
    with archive.open(name) as member:
        content = member.read(size + 1)
    if len(content) != size:
        raise ValueError(f"{name} has the wrong size")
    return content


def _description(archive, path):
    description = json.loads(_content(archive, DESCRIPTION))
    if description["format"] != FORMAT:
        raise ValueError("unknown format")
    if _integer(description["version"]) > VERSION:
        raise UnreadableInput(f"{path} was made by a newer version of Floefield. Update the plugin to use it.")
    return description


def _array(archive, name, dtype, dimensions):
    """An array of the expected type and shape; the shape is checked against the data before anything is allocated."""
    content = io.BytesIO(_content(archive, name))
    if np.lib.format.read_magic(content) != (1, 0):
        raise ValueError(f"{name} has an unsupported version")
    if int.from_bytes(content.getbuffer()[8:10], "little") > MAX_HEADER_LENGTH:
        raise ValueError(f"{name} has a header that is too long")
    shape, is_fortran, found = np.lib.format.read_array_header_1_0(content)
    data = content.getbuffer()[content.tell():]
    if found != np.dtype(dtype) or len(shape) != dimensions or is_fortran:
        raise ValueError(f"{name} has the wrong type")
    if min(shape) < 1 or math.prod(shape) * found.itemsize != len(data):
        raise ValueError(f"{name} has the wrong size")
    return np.frombuffer(data, found).reshape(shape).astype(found.newbyteorder("="), copy=False)


def _forest(description, arrays):
    names = tuple(_text(name) for name in description["features"])
    classes = tuple(
        MapClass(_integer(item["value"]), _text(item["code"]), _text(item["label"]), _colour(item["colour"]))
        for item in description["classes"])
    importances = tuple(_number(value) for value in description["importances"])
    pixels = tuple(_integer(count) for count in description["training_pixels"])
    trees = Trees(**arrays, feature_count=len(names))
    values = [map_class.value for map_class in classes]
    if not (names and len(set(names)) == len(names) == len(importances)
            and len(classes) == trees.class_count == len(pixels)
            and len(set(values)) == len(values) and min(values) >= 1 and max(values) <= 65535):
        raise ValueError("inconsistent features or classes")
    numbers = {name: tuple(_number(value) for value in description.get(key, ()))
               for key, name in FEATURE_NUMBERS.items()}
    if (not all(len(some) in (0, len(names)) for some in numbers.values())
            or len(numbers["lows"]) != len(numbers["highs"])):
        raise ValueError("inconsistent number of features")
    band_differences = description.get("contrasts", [])
    bands = names[:len(names) - len(band_differences)]
    band_differences = tuple(_pair(indices, bands) for indices in band_differences)
    if names[len(bands):] != tuple(band_difference_name(bands, pair) for pair in band_differences):
        raise ValueError("inconsistent names of band differences")
    oob_score = description.get("oob_score")
    return Forest(trees=trees, feature_names=names, classes=classes, settings=_settings(description["settings"]),
                  importances=importances, training_pixels=pixels,
                  software={_text(name): _text(version) for name, version in description["software"].items()},
                  oob_score=None if oob_score is None else _number(oob_score),
                  trained_on=_text(description.get("trained_on", "")), band_differences=band_differences,
                  similarity=_similarity(description.get("likeness"), len(bands)), **numbers)


def _similarity(values, bands):
    if values is None:
        return None
    centres = [_number(value) for value in values["centres"]]
    coefficients = [[_number(value) for value in row] for row in values["axes"]]
    if not 1 <= len(coefficients) <= MAX_COMPONENTS or any(len(row) != bands for row in (centres, *coefficients)):
        raise ValueError("the similarity has the wrong number of bands")
    if any(abs(value) > MAX_ABSOLUTE for row in (centres, *coefficients) for value in row):
        raise ValueError("the values of the similarity are too large")
    return Similarity(np.array(centres), np.array(coefficients))


def _settings(values):
    default = asdict(ForestSettings())
    names = {SETTINGS_KEYS.get(name, name): name for name in default}
    settings = {names[key]: value for key, value in values.items()}
    if any(type(settings[name]) is not type(default[name]) for name in settings):
        raise ValueError("wrong type of a setting")
    weights = {_text(code): _number(weight) for code, weight in settings.get("class_weights", {}).items()}
    return ForestSettings(**{**settings, "class_weights": weights})


def _pair(indices, bands):
    first, second = (_integer(index) for index in indices)
    if not 0 <= first < second < len(bands):
        raise ValueError("not a pair of bands")
    return first, second


def _colour(channels):
    colour = tuple(_integer(channel) for channel in channels)
    if len(colour) != 3 or not all(0 <= channel <= 255 for channel in colour):
        raise ValueError("not a colour")
    return colour


def _integer(value):
    if type(value) is not int:
        raise TypeError("not an integer")
    return value


def _number(value):
    if type(value) not in (int, float) or not math.isfinite(value):
        raise TypeError("not a number")
    return float(value)


def _text(value):
    if not isinstance(value, str):
        raise TypeError("not a text")
    value.encode()  # JSON can contain lone surrogates, which cannot be written to a file
    return value
