"""The model file (``.ffm``): stores a trained classifier without pickle, so that untrusted files can be read safely.

It is a zip archive. ``model.json`` describes the model and its input. The members of the classifier are named by its
kind: a description, ``extra_trees.json``, and its arrays, ``extra_trees/<name>.npy``, in numpy's format 1.0,
little-endian. No member is ever executed, and every value is checked. Equal models give equal bytes.
"""

from __future__ import annotations

import io
import json
import math
import zipfile
from collections.abc import Sequence
from dataclasses import asdict
from tokenize import TokenError

import numpy as np
from numpy.typing import NDArray

from ..archives import Budget, DamagedArchive, open_archive
from ..classmap.classes import MapClass
from ..errors import UnreadableInput
from ..output_files import OutputSet
from ..raster.band_metadata import band_difference_name
from .classifier import KINDS, Model
from .forest_model import ForestSettings
from .json_values import integer, number, numbers, text
from .similarity import MAX_COMPONENTS, Similarity

FORMAT = "floefield-model"
VERSION = 1
SUFFIX = ".ffm"
DESCRIPTION = "model.json"

# Format of the model files before the first release.
DEVELOPMENT_FORMAT = "floefield-forest"

# Maximum sizes; 500 trees from 10^6 pixels stay below.
MAX_DESCRIPTION_BYTES = 16 * 1024 ** 2
MAX_BYTES = 4 * 1024 ** 3
MAX_MEMBERS = 100

# Other methods may allocate gigabytes before decompression.
COMPRESSIONS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)

# The header of a plain array has 118 bytes; numpy parses headers as Python, and deep nesting can crash the parser.
MAX_HEADER_LENGTH = 1000

# Products of larger numbers overflow.
MAX_ABSOLUTE = 1e100

# The earliest time of a zip archive, used for all members, so that equal models give equal bytes.
TIMESTAMP = (1980, 1, 1, 0, 0, 0)


def save_model(path: str, model: Model) -> None:
    """Write a model file; after an error no file is left behind.

    Parameters
    ----------
    path : str
    model : Model

    Raises
    ------
    OutputError
        If it cannot be written.
    """
    classifier = model.classifier
    description, arrays = classifier.save()
    with OutputSet() as outputs, zipfile.ZipFile(outputs.file(path), "w") as archive:
        _add_json(archive, DESCRIPTION, _describe(model))
        _add_json(archive, f"{classifier.kind}.json", description)
        for name, (dtype, _) in classifier.array_types.items():
            content = io.BytesIO()
            array = np.ascontiguousarray(arrays[name], dtype)
            np.lib.format.write_array(content, array, version=(1, 0), allow_pickle=False)
            _add(archive, _array_member(classifier.kind, name), content.getvalue())


def load_model(path: str) -> Model:
    """Read and check a model file.

    Parameters
    ----------
    path : str

    Returns
    -------
    Model
        Checked, so that prediction terminates and stays within the arrays.

    Raises
    ------
    MissingInput
        If the file does not exist.
    UnreadableInput
        If it is not a model file, damaged, forged, or made by another version.
    """
    try:
        with open_archive(path, Budget(MAX_BYTES, MAX_MEMBERS, "a model of Floefield")) as archive:
            _check_sizes(archive, path)
            description = _read_json(archive, DESCRIPTION)
            _check_version(description, path)
            kind = text(description["classifier"])
            array_types = KINDS[kind].array_types
            _check_members(archive, kind, array_types, path)
            own_description = _read_json(archive, f"{kind}.json")
            arrays = {name: _read_array(archive, _array_member(kind, name), *array_type)
                      for name, array_type in array_types.items()}
        return _restore(description, own_description, arrays)
    except (DamagedArchive, OSError, RuntimeError, UnicodeError, KeyError, TypeError, ValueError, AttributeError,
            OverflowError, SyntaxError, TokenError) as error:
        raise UnreadableInput(f"{path} is not a model of Floefield, or it is damaged. Choose a file that ends in "
                              f"{SUFFIX}, or train the model again.") from error


def _describe(model: Model) -> dict[str, object]:
    """The content of ``model.json``."""
    similarity = model.similarity
    return {
        "format": FORMAT, "version": VERSION, "classifier": model.classifier.kind,
        "classes": [asdict(map_class) for map_class in model.classes],
        "features": list(model.features),
        "bands": list(model.bands),
        "band_differences": [list(pair) for pair in model.band_differences],
        "feature_statistics": {"minimum": list(model.minimums), "maximum": list(model.maximums)},
        "imputation_values": list(model.imputation_values),
        "similarity": similarity and {"centres": similarity.centres.tolist(),
                                      "coefficients": similarity.coefficients.tolist()},
        "settings": asdict(model.settings),
        "training": {"pixels": list(model.training_pixels), "record": model.training_record},
        "permutation_importances": list(model.permutation_importances),
        "software": model.software}


def _add_json(archive: zipfile.ZipFile, name: str, values: dict[str, object]) -> None:
    _add(archive, name, json.dumps(values, indent=1, ensure_ascii=False).encode())


def _add(archive: zipfile.ZipFile, name: str, content: bytes) -> None:
    member = zipfile.ZipInfo(name, TIMESTAMP)
    member.compress_type = zipfile.ZIP_DEFLATED
    archive.writestr(member, content)


def _array_member(kind: str, name: str) -> str:
    return f"{kind}/{name}.npy"


def _check_sizes(archive: zipfile.ZipFile, path: str) -> None:
    """Refuse an archive that might not fit into memory, before anything is decompressed."""
    members = archive.infolist()
    if any(member.compress_type not in COMPRESSIONS for member in members):
        raise ValueError("unsupported compression")
    texts = [member.file_size for member in members if member.filename.endswith(".json")]
    if max(texts, default=0) > MAX_DESCRIPTION_BYTES:
        raise UnreadableInput(f"{path} is too large to be a model of Floefield.")


def _check_version(description: dict[str, object], path: str) -> None:
    if description["format"] == DEVELOPMENT_FORMAT:
        raise UnreadableInput(f"{path} was made by a development version of Floefield and cannot be read by this one. "
                              "Train the model again.")
    if description["format"] != FORMAT or integer(description["version"]) < 1:
        raise ValueError("unknown format")
    if description["version"] > VERSION or description["classifier"] not in KINDS:
        raise UnreadableInput(f"{path} was made by a newer version of Floefield. Update the plugin to use it.")


def _check_members(archive: zipfile.ZipFile, kind: str, array_types: dict[str, tuple[str, int]], path: str) -> None:
    expected = [DESCRIPTION, f"{kind}.json", *(_array_member(kind, name) for name in array_types)]
    if sorted(archive.namelist()) != sorted(expected):
        raise UnreadableInput(f"{path} is not a model of Floefield: members are missing or unknown. Choose a file that "
                              f"ends in {SUFFIX}.")


def _read_json(archive: zipfile.ZipFile, name: str) -> dict[str, object]:
    return json.loads(_content(archive, name))


def _content(archive: zipfile.ZipFile, name: str) -> bytes:
    """The bytes of a member, checked against the size in the directory of the archive."""
    size = archive.getinfo(name).file_size
    with archive.open(name) as member:
        content = member.read(size + 1)
    if len(content) != size:
        raise ValueError(f"{name} has the wrong size")
    return content


def _read_array(archive: zipfile.ZipFile, name: str, dtype: str, dimensions: int) -> NDArray[np.generic]:
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


def _restore(description: dict[str, object], own_description: dict[str, object],
             arrays: dict[str, NDArray[np.generic]]) -> Model:
    """The model of descriptions and arrays; invalid values raise ``ValueError`` and the like."""
    features = tuple(text(name) for name in description["features"])
    if not features or len(set(features)) != len(features):
        raise ValueError("inconsistent features")
    band_differences = _band_differences(description, features)
    classes = _classes(description["classes"])
    training, statistics = description["training"], description["feature_statistics"]
    training_pixels = tuple(integer(count) for count in training["pixels"])
    minimums, maximums = numbers(statistics["minimum"]), numbers(statistics["maximum"])
    imputation_values = numbers(description["imputation_values"])
    importances = numbers(description["permutation_importances"])
    if (len(training_pixels) != len(classes) or len(minimums) != len(maximums)
            or any(len(values) not in (0, len(features)) for values in (minimums, imputation_values, importances))):
        raise ValueError("inconsistent number of classes or features")
    kind = description["classifier"]
    return Model(
        classifier=KINDS[kind].load(kind, features, classes, own_description, arrays),
        settings=_settings(description["settings"]), training_pixels=training_pixels,
        software={text(name): text(version) for name, version in description["software"].items()},
        imputation_values=imputation_values, minimums=minimums, maximums=maximums, permutation_importances=importances,
        band_differences=band_differences, training_record=text(training["record"]),
        similarity=_similarity(description["similarity"], len(features) - len(band_differences)))


def _classes(items: Sequence[dict[str, object]]) -> tuple[MapClass, ...]:
    classes = tuple(MapClass(integer(item["value"]), text(item["code"]), text(item["label"]), _colour(item["colour"]))
                    for item in items)
    values = [map_class.value for map_class in classes]
    if len(set(values)) != len(values) or min(values) < 1 or max(values) > 65535:
        raise ValueError("inconsistent classes")
    return classes


def _colour(channels: Sequence[object]) -> tuple[int, ...]:
    colour = tuple(integer(channel) for channel in channels)
    if len(colour) != 3 or not all(0 <= channel <= 255 for channel in colour):
        raise ValueError("not a colour")
    return colour


def _band_differences(description: dict[str, object], features: tuple[str, ...]) -> tuple[tuple[int, int], ...]:
    """Pairs of indices of bands, whose differences are the last features."""
    bands = tuple(text(name) for name in description["bands"])
    pairs = tuple(_pair(indices, len(bands)) for indices in description["band_differences"])
    if features != (*bands, *(band_difference_name(bands, pair) for pair in pairs)):
        raise ValueError("inconsistent names of bands or band differences")
    return pairs


def _pair(indices: Sequence[object], band_count: int) -> tuple[int, int]:
    first, second = (integer(index) for index in indices)
    if not 0 <= first < second < band_count:
        raise ValueError("not a pair of bands")
    return first, second


def _similarity(values: dict[str, object] | None, band_count: int) -> Similarity | None:
    if values is None:
        return None
    centres = [number(value) for value in values["centres"]]
    coefficients = [numbers(row) for row in values["coefficients"]]
    if not 1 <= len(coefficients) <= MAX_COMPONENTS or any(len(row) != band_count for row in (centres, *coefficients)):
        raise ValueError("the similarity has the wrong number of bands")
    if any(abs(value) > MAX_ABSOLUTE for row in (centres, *coefficients) for value in row):
        raise ValueError("the values of the similarity are too large")
    return Similarity(np.array(centres), np.array(coefficients))


def _settings(values: dict[str, object]) -> ForestSettings:
    default = asdict(ForestSettings())
    if any(type(values[name]) is not type(default[name]) for name in values):
        raise ValueError("wrong type of a setting")
    weights = {text(code): number(weight) for code, weight in values.get("class_weights", {}).items()}
    return ForestSettings(**{**values, "class_weights": weights})
