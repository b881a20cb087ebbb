"""The model file stores a model without loss; damaged and forged files are refused with a message."""

import io
import json
import re
import zipfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from sklearn.ensemble import RandomForestClassifier

from floefield.compute.classifiers.classifier import KINDS, Model
from floefield.compute.classifiers.forest_model import ARRAYS, LEAF, ForestSettings, Trees, trees_from_sklearn
from floefield.compute.classifiers.model_file import load_model, save_model
from floefield.compute.classifiers.random_forest import Forest
from floefield.compute.classifiers.similarity import Similarity
from floefield.compute.classifiers.tree_traversal import TreeTraversal
from floefield.compute.classmap.classes import MapClass
from floefield.compute.errors import MissingInput, UnreadableInput

CLASSES = (MapClass(1, "112", "Spring wheat", (255, 255, 127)), MapClass(3, "blé_d'hiver", "Blé d'hiver", (1, 2, 3)))


@pytest.fixture(scope="module")
def trained():
    features = np.random.default_rng(0).normal(0, 1, (300, 3)).astype(np.float32)
    grown = RandomForestClassifier(8, min_samples_leaf=4, random_state=0).fit(features, features[:, 0] > features[:, 1])
    forest = Forest(kind="random_forest", features=("B04_20180627", "B08", "NDVI"), classes=CLASSES,
                    trees=trees_from_sklearn(grown.estimators_, 2, 3), importances=(0.5, 0.25, 0.25))
    return Model(classifier=forest, settings=ForestSettings(trees=8, min_samples_leaf=4), training_pixels=(150, 150),
                 software={"scikit-learn": "1.2.1"})


@pytest.fixture
def model(trained, tmp_path):
    path = tmp_path / "model.ffm"
    save_model(str(path), trained)
    return path


def with_trees(model, trees):
    """The model with other trees."""
    return replace(model, classifier=replace(model.classifier, trees=trees))


def members(path):
    with zipfile.ZipFile(path) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def forged(path, compression=zipfile.ZIP_DEFLATED, **changes):
    """The model with some members replaced, or removed (None): `left_npy` is random_forest/left.npy."""
    with zipfile.ZipFile(path, "r") as archive:
        content = {name: archive.read(name) for name in archive.namelist()}
    content.update({re.sub("^(.*)_npy$", r"random_forest/\1.npy", name).replace("_json", ".json"): value
                    for name, value in changes.items()})
    with zipfile.ZipFile(path, "w", compression) as archive:
        for name, value in content.items():
            if value is not None:
                archive.writestr(name, value)
    return str(path)


def npy(array):
    content = io.BytesIO()
    np.save(content, array, allow_pickle=True)
    return content.getvalue()


def test_a_model_is_loaded_as_it_was_saved(trained, model):
    loaded = load_model(str(model))
    features = np.random.default_rng(1).normal(0, 1, (500, 3)).astype(np.float32)

    assert (loaded.features, loaded.classes, loaded.settings) == (trained.features, CLASSES, trained.settings)
    assert (loaded.classifier.importances, loaded.training_pixels, loaded.software) == (
        (0.5, 0.25, 0.25), (150, 150), {"scikit-learn": "1.2.1"})
    assert (loaded.classifier.kind, loaded.classifier.oob_score) == ("random_forest", None)
    for method in ("predict_probabilities", "predict_classes"):
        ours, theirs = (getattr(one.classifier, method)(features) for one in (loaded, trained))
        assert ours.tobytes() == theirs.tobytes()


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_of_classifier_has_its_own_members(trained, tmp_path, kind):
    path = tmp_path / "kind.ffm"
    save_model(str(path), replace(trained, classifier=replace(trained.classifier, kind=kind)))

    assert set(members(path)) == {"model.json", f"{kind}.json",
                                  *(f"{kind}/{name}.npy" for name in KINDS[kind].array_types)}
    assert load_model(str(path)).classifier.kind == kind


def test_all_values_are_stored(trained, tmp_path):
    path = str(tmp_path / "all.ffm")
    whole = replace(
        trained, classifier=replace(trained.classifier, features=("B04", "B08", "ND_B04_B08"), oob_score=0.75),
        imputation_values=(1.0, 2.0, 3.0), minimums=(0.0, 0.1, 0.2), maximums=(1.0, 1.1, 1.2),
        permutation_importances=(0.1, 0.2, 0.3), band_differences=((0, 1),), training_record="4,5,0,0;abc",
        similarity=Similarity(np.array([0.5, 0.25]), np.array([[1.0, 2.0]])))
    save_model(path, whole)
    loaded = load_model(path)

    names = ("settings", "training_pixels", "software", "imputation_values", "minimums", "maximums",
             "permutation_importances", "band_differences", "training_record", "bands", "features", "classes")
    assert [getattr(loaded, name) for name in names] == [getattr(whole, name) for name in names]
    assert loaded.bands == ("B04", "B08") and loaded.classifier.oob_score == 0.75
    np.testing.assert_array_equal(loaded.similarity.coefficients, whole.similarity.coefficients)


def test_equal_models_give_equal_bytes(trained, model, tmp_path):
    save_model(str(tmp_path / "again.ffm"), trained)

    assert (tmp_path / "again.ffm").read_bytes() == model.read_bytes()


def test_the_file_can_be_read_with_numpy_and_json(trained, model):
    content = members(model)

    assert json.loads(content["model.json"])["features"] == ["B04_20180627", "B08", "NDVI"]
    np.testing.assert_array_equal(np.load(io.BytesIO(content["random_forest/threshold.npy"]), allow_pickle=False),
                                  trained.classifier.trees.threshold)


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(MissingInput, match="nowhere"):
        load_model(str(tmp_path / "nowhere.ffm"))


def test_another_file_is_refused(tmp_path):
    path = tmp_path / "parcels.ffm"
    for content in (b"", b"\x80\x04K\x01.", b"PK\x03\x04 not really"):
        path.write_bytes(content)
        with pytest.raises(UnreadableInput, match="not a model"):
            load_model(str(path))


def test_the_settings_have_the_documented_keys(model):
    settings = json.loads(members(model)["model.json"])["settings"]

    assert list(settings) == [
        "trees", "samples_per_class", "min_samples_leaf", "max_depth", "balanced_weights", "seed", "threads",
        "band_differences", "classifier", "sampling_strategy", "total_samples", "samples_per_parcel",
        "features_per_split", "class_weights", "missing_values", "tune", "oob_accuracy", "permutation_importance"]


@pytest.mark.parametrize("newer", [{"version": 2}, {"classifier": "deep_forest"}])
def test_a_newer_file_requires_an_update(model, newer):
    description = json.loads(members(model)["model.json"]) | newer
    with pytest.raises(UnreadableInput, match="newer version"):
        load_model(forged(model, model_json=json.dumps(description)))


@pytest.mark.parametrize("version", [1, 2, 3])
def test_a_file_of_a_development_version_is_refused_with_advice(tmp_path, version):
    path = tmp_path / "old.ffm"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("model.json", json.dumps({"format": "floefield-forest", "version": version}))
        archive.writestr("starts.npy", npy(np.array([0, 1])))
    with pytest.raises(UnreadableInput, match=r"old\.ffm was made by a development version .* Train the model again"):
        load_model(str(path))


@pytest.mark.parametrize("keep", [0.2, 0.5, 0.9, 0.999])
def test_a_truncated_file_is_refused(model, keep):
    model.write_bytes(model.read_bytes()[:int(len(model.read_bytes()) * keep)])
    with pytest.raises(UnreadableInput):
        load_model(str(model))


def test_a_flipped_bit_is_detected_or_has_no_effect(trained, model):
    """Some bits of a zip archive are irrelevant (times, permissions); all others must be detected."""
    intact = model.read_bytes()
    generator = np.random.default_rng(0)
    refused = 0
    for position in generator.integers(0, len(intact), 300):
        damaged = bytearray(intact)
        damaged[position] ^= 1 << int(generator.integers(8))
        model.write_bytes(bytes(damaged))
        try:
            loaded = load_model(str(model))
        except UnreadableInput as error:
            assert str(model) in str(error) or "damaged" in str(error)
            refused += 1
            continue
        assert (loaded.features, loaded.classes, loaded.settings, loaded.training_pixels) == (
            trained.features, trained.classes, trained.settings, trained.training_pixels)
        ours, theirs = loaded.classifier, trained.classifier
        assert (ours.kind, ours.importances) == (theirs.kind, theirs.importances)
        assert all(getattr(ours.trees, name).tobytes() == getattr(theirs.trees, name).tobytes() for name in ARRAYS)
    assert refused > 250


@pytest.mark.parametrize("changes", [
    {"left_npy": None},
    {"extra_npy": b"more"},
    {"left_npy": npy(np.array([object()], dtype=object))},
    {"left_npy": npy(np.zeros(5, "<i8"))},
    {"left_npy": npy(np.zeros((5, 1), "<i4"))},
    {"left_npy": npy(np.zeros(0, "<i4"))},
    {"left_npy": npy(np.zeros(5, "<i4"))[:-3]},
    {"left_npy": b"\x93NUMPY\x01\x00v\x00{'descr': '<i4', 'fortran_order': False, 'shape': (999999999999,), }"
                 .ljust(127) + b"\n"},
    {"left_npy": b"\x93NUMPY\x01\x00v\x00" + b"((((".ljust(118)},
    {"left_npy": b"\x93NUMPY\x01\x00\x28\x23" + b"-" * 9000},  # more signs than the parser of Python can process
    {"model_json": b"[]"},
    {"model_json": b"{"},
    {"model_json": b"[" * 100000},
    {"model_json": b"\xff\xfe"},
    {"model_json": b"{}"},
    {"model_json": None},
    {"random_forest_json": None},
    {"random_forest_json": b"[]"},
    {"random_forest_json": b"{}"},
], ids=lambda changes: str(changes)[:60])
def test_forged_members_are_refused(model, changes):
    with pytest.raises(UnreadableInput):
        load_model(forged(model, **changes))


@pytest.mark.parametrize("changes", [
    {"features": ["B04"]}, {"features": ["B04", "B04", "B08"]}, {"features": [1, 2, 3]}, {"classes": []},
    {"classes": [{"value": 1, "code": "a", "label": "a", "colour": [0, 0, 0]}] * 2}, {"settings": {"trees": "many"}},
    {"settings": {"command": 1}}, {"software": []}, {"format": "other"}, {"version": "1"},
    {"training": {"pixels": [1], "record": ""}}, {"training": {"pixels": [150, 150]}}, {"training": []},
    {"training": {"pixels": [150, 150], "record": "lone surrogate: \ud800"}}, {"imputation_values": [1.0]},
    {"feature_statistics": {"minimum": [float("nan")] * 3, "maximum": [1.0] * 3}},
    {"feature_statistics": {"minimum": [0.0] * 3, "maximum": ["1", "2", "3"]}},
    {"feature_statistics": {"minimum": [0.0] * 3, "maximum": []}},
    {"feature_statistics": {"minimum": [], "maximum": [1.0] * 3}}, {"feature_statistics": {"minimum": []}},
    {"permutation_importances": [0.1]}, {"version": True}, {"version": 1.5}, {"version": 0},
    {"settings": {"class_weights": {"112": "heavy"}}}, {"settings": {"min_leaf": 4}}, {"classifier": ["random_forest"]},
    {"classifier": "extra_trees"}, {"bands": ["B04_20180627", "B08"]}, {"bands": []}, {"classes": [
        {"value": value, "code": str(value), "label": "a", "colour": [0, 0, 0]} for value in (1.9, 2)]},
], ids=str)
def test_inconsistent_descriptions_are_refused(model, changes):
    description = json.loads(members(model)["model.json"]) | changes
    with pytest.raises(UnreadableInput):
        load_model(forged(model, model_json=json.dumps(description)))


@pytest.mark.parametrize("changes", [
    {"importances": []}, {"importances": [True, False, False]}, {"importances": [0.5, 0.5]}, {"oob_score": "good"},
], ids=str)
def test_inconsistent_descriptions_of_the_classifier_are_refused(model, changes):
    description = json.loads(members(model)["random_forest.json"]) | changes
    with pytest.raises(UnreadableInput):
        load_model(forged(model, random_forest_json=json.dumps(description)))


@pytest.mark.parametrize("compression", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_other_compressions_are_refused(model, compression):
    """Their decompressors may allocate gigabytes, whatever sizes the archive states."""
    with pytest.raises(UnreadableInput, match="not a model"):
        load_model(forged(model, compression))


def test_a_zip_bomb_is_not_unpacked(model):
    bomb = npy(np.zeros(30 * 1024 ** 2, "<i4"))
    assert len(bomb) > 100 * 1024 ** 2
    with pytest.raises(UnreadableInput, match="not plausible"):
        load_model(forged(model, left_npy=bomb))


def changed(array, index, value):
    array = array.copy()
    array[index] = value
    return array


def first_inner(trees):
    return int(np.flatnonzero(trees.left != LEAF)[0])


def first_leaf(trees):
    return int(np.flatnonzero(trees.left == LEAF)[0])


def test_codes_of_any_length_and_script_are_preserved(trained, tmp_path):
    codes = ("12345678", "123456789012345678901234567890", "blé d'hiver; \"x\" / 小麦")
    classes = tuple(MapClass(number, code, code, (0, 0, number)) for number, code in enumerate(codes[:2], start=1))
    path = str(tmp_path / "codes.ffm")
    for pair in (classes, (replace(classes[0], code=codes[2], label=codes[2]), classes[1])):
        save_model(path, replace(trained, classifier=replace(trained.classifier, classes=pair)))
        assert load_model(path).classes == pair


# Two trees with two features and three classes; node indices are relative to the root of each tree.
HAND_MADE = Trees(
    starts=np.array([0, 5, 8]), left=np.array([1, 2, LEAF, LEAF, LEAF, 1, LEAF, LEAF], np.int32),
    right=np.array([4, 3, 0, 3, 1, 2, 2, 4], np.int32), feature=np.array([0, 1, -1, -1, -1, 1, -1, -1], np.int32),
    threshold=np.array([0.5, 0.1, 0, 0, 0, 0.1, 0, 0]), feature_count=2,
    votes=np.array([[1, 0, 0], [0, 1, 0], [0, 0, 1], [0.25, 0.5, 0.25], [0.125, 0.125, 0.75]], np.float32))
# 0.1 as float32 is above 0.1, so it goes right; 0.5 is exact and goes left.
PIXELS = np.array([[0.5, 0.0], [0.5, 0.1], [0.6, 0.09], [0.6, 5.0]], np.float32)
EXPECTED = [[1, 0, 1], [0.375, 0.625, 1], [0, 1, 1], [0.125, 1.125, 0.75]]


@pytest.fixture
def hand_made(trained, tmp_path):
    path = str(tmp_path / "hand.ffm")
    classes = tuple(MapClass(number, code, code, (number, 0, 0)) for number, code in enumerate("abc", start=1))
    forest = replace(trained.classifier, trees=HAND_MADE, features=("x", "y"), classes=classes, importances=(0.5, 0.5))
    save_model(path, replace(trained, classifier=forest, training_pixels=(1, 1, 1)))
    return path


@pytest.mark.parametrize("pixels", [0, None], ids=["scikit-learn", "numba"])
def test_every_version_of_scikit_learn_gives_the_same_votes(hand_made, pixels):
    """The expected votes are constants, independent of the installed version."""
    traversal = TreeTraversal(load_model(hand_made).classifier.trees, pixels)

    np.testing.assert_array_equal(traversal.votes(PIXELS), EXPECTED)
    np.testing.assert_array_equal(traversal.classes(PIXELS), [0, 2, 1, 1])


def test_the_documented_reader_reads_it(hand_made):
    page = (Path(__file__).parents[2] / "docs" / "model-file.md").read_text(encoding="utf-8")
    namespace = {}
    exec(re.search(r"```python\n(.*?)```", page, re.DOTALL)[1], namespace)

    for pixel, votes in zip(PIXELS, EXPECTED):
        assert list(namespace["probabilities"](hand_made, pixel).values()) == [vote / 2 for vote in votes]


def test_every_member_and_key_is_documented(model):
    page = (Path(__file__).parents[2] / "docs" / "model-file.md").read_text(encoding="utf-8")
    content = members(model)

    names = [name.replace("random_forest", "<kind>") for name in content]
    keys = [key for name in ("model.json", "random_forest.json") for key in json.loads(content[name])]
    assert [name for name in (*names, *keys) if f"`{name}`" not in page] == []


def test_extremely_deep_trees_are_refused(trained, tmp_path):
    """A chain of splits, whose traversal would take forever."""
    length = 20001
    inner = np.arange(length) < length // 2
    chain = replace(
        trained.classifier.trees, starts=np.array([0, length]), feature=np.where(inner, 0, LEAF).astype(np.int32),
        left=np.where(inner, np.arange(length) + 1, LEAF).astype(np.int32),
        right=np.where(inner, length - 1 - np.arange(length), 0).astype(np.int32), threshold=np.zeros(length))
    path = str(tmp_path / "chain.ffm")
    save_model(path, with_trees(trained, chain))
    with pytest.raises(UnreadableInput, match="more than 10000 levels"):
        load_model(path)


@pytest.mark.parametrize("forge", [
    lambda t: replace(t, left=changed(t.left, first_inner(t), 0)),  # a cycle: the child is the root itself
    lambda t: replace(t, right=changed(t.right, first_inner(t), 10 ** 6)),  # beyond the tree
    lambda t: replace(t, right=changed(t.right, first_inner(t), -5)),
    lambda t: replace(t, right=changed(t.right, first_inner(t), t.left[first_inner(t)])),  # both children are equal
    lambda t: replace(t, feature=changed(t.feature, first_inner(t), 3)),
    lambda t: replace(t, feature=changed(t.feature, first_inner(t), -2)),
    lambda t: replace(t, threshold=changed(t.threshold, first_inner(t), np.nan)),
    lambda t: replace(t, right=changed(t.right, first_leaf(t), 10 ** 6)),  # beyond the votes
    lambda t: replace(t, right=changed(t.right, first_leaf(t), -1)),
    lambda t: replace(t, votes=changed(t.votes, -1, [5.0, -4.0])),
    lambda t: replace(t, votes=changed(t.votes, -1, [np.nan, 1.0])),
    lambda t: replace(t, votes=t.votes[1:]),
    lambda t: replace(t, starts=changed(t.starts, 0, 1)),
    lambda t: replace(t, starts=changed(t.starts, 1, 2 ** 62)),
    lambda t: replace(t, starts=changed(t.starts, 1, t.starts[2])),
    lambda t: replace(t, starts=t.starts[:-1]),
    lambda t: replace(t, threshold=t.threshold[:-1]),
])
def test_invalid_trees_are_refused(trained, tmp_path, forge):
    path = str(tmp_path / "forged.ffm")
    save_model(path, with_trees(trained, forge(trained.classifier.trees)))

    with pytest.raises(UnreadableInput, match=r"damaged|not a model"):
        load_model(path)
