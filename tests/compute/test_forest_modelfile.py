"""The model file keeps a forest to the byte and refuses everything else with a sentence."""

import io
import json
import zipfile
from dataclasses import replace

import numpy as np
import pytest
from sklearn.ensemble import RandomForestClassifier

from floefield.compute.classes import MapClass
from floefield.compute.errors import MissingInput, UnreadableInput
from floefield.compute.forest.modelfile import Forest, load_forest, save_forest
from floefield.compute.forest.settings import ForestSettings
from floefield.compute.forest.trees import ARRAYS, LEAF, trees_from_sklearn
from floefield.compute.forest.walk import Walker

CLASSES = (MapClass(1, "112", "Spring wheat", (255, 255, 127)), MapClass(3, "blé_d'hiver", "Blé d'hiver", (1, 2, 3)))


@pytest.fixture(scope="module")
def forest():
    features = np.random.default_rng(0).normal(0, 1, (300, 3)).astype(np.float32)
    grown = RandomForestClassifier(8, min_samples_leaf=4, random_state=0).fit(features, features[:, 0] > features[:, 1])
    return Forest(trees=trees_from_sklearn(grown.estimators_, 2, 3), feature_names=("B04_20180627", "B08", "NDVI"),
                  classes=CLASSES, settings=ForestSettings(trees=8, min_leaf=4), importances=(0.5, 0.25, 0.25),
                  training_pixels=(150, 150), software={"scikit-learn": "1.2.1"})


@pytest.fixture
def model(forest, tmp_path):
    path = tmp_path / "model.ffrf"
    save_forest(str(path), forest)
    return path


def members(path):
    with zipfile.ZipFile(path) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def forged(path, compression=zipfile.ZIP_DEFLATED, **changes):
    """The model with some members replaced (None leaves one out)."""
    with zipfile.ZipFile(path, "r") as archive:
        content = {name: archive.read(name) for name in archive.namelist()}
    content.update({name.replace("_npy", ".npy").replace("_json", ".json"): value for name, value in changes.items()})
    with zipfile.ZipFile(path, "w", compression) as archive:
        for name, value in content.items():
            if value is not None:
                archive.writestr(name, value)
    return str(path)


def npy(array):
    content = io.BytesIO()
    np.save(content, array, allow_pickle=True)
    return content.getvalue()


def test_a_forest_comes_back_as_it_was(forest, model):
    loaded = load_forest(str(model))
    features = np.random.default_rng(1).normal(0, 1, (500, 3)).astype(np.float32)

    assert (loaded.feature_names, loaded.classes, loaded.settings) == (forest.feature_names, CLASSES, forest.settings)
    assert (loaded.importances, loaded.training_pixels, loaded.software) == ((0.5, 0.25, 0.25), (150, 150),
                                                                            {"scikit-learn": "1.2.1"})
    assert Walker(loaded.trees).votes(features).tobytes() == Walker(forest.trees).votes(features).tobytes()


def test_equal_forests_are_equal_bytes(forest, model, tmp_path):
    save_forest(str(tmp_path / "again.ffrf"), forest)

    assert (tmp_path / "again.ffrf").read_bytes() == model.read_bytes()


def test_everybody_can_read_it_with_numpy_and_json(forest, model):
    content = members(model)

    assert json.loads(content["model.json"])["features"] == ["B04_20180627", "B08", "NDVI"]
    np.testing.assert_array_equal(np.load(io.BytesIO(content["threshold.npy"]), allow_pickle=False),
                                  forest.trees.threshold)


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(MissingInput, match="nowhere"):
        load_forest(str(tmp_path / "nowhere.ffrf"))


def test_another_file_is_refused(tmp_path):
    path = tmp_path / "parcels.ffrf"
    for content in (b"", b"\x80\x04K\x01.", b"PK\x03\x04 not really"):
        path.write_bytes(content)
        with pytest.raises(UnreadableInput, match="not a model"):
            load_forest(str(path))


def test_a_newer_file_asks_for_an_update(model):
    description = json.loads(members(model)["model.json"]) | {"version": 2}
    with pytest.raises(UnreadableInput, match="newer version"):
        load_forest(forged(model, model_json=json.dumps(description)))


@pytest.mark.parametrize("keep", [0.2, 0.5, 0.9, 0.999])
def test_a_file_cut_short_is_refused(model, keep):
    model.write_bytes(model.read_bytes()[:int(len(model.read_bytes()) * keep)])
    with pytest.raises(UnreadableInput):
        load_forest(str(model))


def test_a_flipped_bit_is_noticed_or_changes_nothing(forest, model):
    """Some bits of a zip archive say nothing (times, rights); all others must be noticed."""
    sound = model.read_bytes()
    generator = np.random.default_rng(0)
    refused = 0
    for place in generator.integers(0, len(sound), 300):
        damaged = bytearray(sound)
        damaged[place] ^= 1 << int(generator.integers(8))
        model.write_bytes(bytes(damaged))
        try:
            loaded = load_forest(str(model))
        except UnreadableInput as error:
            assert str(model) in str(error) or "damaged" in str(error)
            refused += 1
            continue
        assert (loaded.feature_names, loaded.classes, loaded.settings, loaded.importances, loaded.training_pixels) == (
            forest.feature_names, forest.classes, forest.settings, forest.importances, forest.training_pixels)
        assert all(getattr(loaded.trees, name).tobytes() == getattr(forest.trees, name).tobytes() for name in ARRAYS)
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
    {"model_json": b"[]"},
    {"model_json": b"{"},
    {"model_json": b"[" * 100000},
    {"model_json": b"\xff\xfe"},
    {"model_json": b"{}"},
], ids=lambda changes: str(changes)[:60])
def test_forged_members_are_refused(model, changes):
    with pytest.raises(UnreadableInput):
        load_forest(forged(model, **changes))


@pytest.mark.parametrize("changes", [
    {"features": ["B04"]}, {"features": ["B04", "B04", "B08"]}, {"features": [1, 2, 3]}, {"classes": []},
    {"classes": [{"value": 1, "code": "a", "label": "a", "colour": [0, 0, 0]}] * 2}, {"settings": {"trees": "many"}},
    {"settings": {"command": 1}}, {"importances": []}, {"software": []}, {"format": "other"}, {"version": "1"},
    {"training_pixels": [1]},
], ids=str)
def test_contradicting_descriptions_are_refused(model, changes):
    description = json.loads(members(model)["model.json"]) | changes
    with pytest.raises(UnreadableInput):
        load_forest(forged(model, model_json=json.dumps(description)))


def test_a_small_file_that_unpacks_to_gigabytes_is_not_unpacked(model):
    bomb = npy(np.zeros(30 * 1024 ** 2, "<i4"))
    assert len(bomb) > 100 * 1024 ** 2
    with pytest.raises(UnreadableInput, match="too large"):
        load_forest(forged(model, left_npy=bomb))


def changed(array, place, value):
    array = array.copy()
    array[place] = value
    return array


def first_inner(trees):
    return int(np.flatnonzero(trees.left != LEAF)[0])


def first_leaf(trees):
    return int(np.flatnonzero(trees.left == LEAF)[0])


@pytest.mark.parametrize("forge", [
    lambda t: replace(t, left=changed(t.left, first_inner(t), 0)),  # a circle: the child is the root itself
    lambda t: replace(t, right=changed(t.right, first_inner(t), 10 ** 6)),  # beyond the tree
    lambda t: replace(t, right=changed(t.right, first_inner(t), -5)),
    lambda t: replace(t, right=changed(t.right, first_inner(t), t.left[first_inner(t)])),  # branches that meet
    lambda t: replace(t, feature=changed(t.feature, first_inner(t), 3)),
    lambda t: replace(t, feature=changed(t.feature, first_inner(t), -2)),
    lambda t: replace(t, threshold=changed(t.threshold, first_inner(t), np.nan)),
    lambda t: replace(t, right=changed(t.right, first_leaf(t), 10 ** 6)),  # votes that are not there
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
def test_trees_that_cannot_have_grown_are_refused(forest, tmp_path, forge):
    path = str(tmp_path / "forged.ffrf")
    save_forest(path, replace(forest, trees=forge(forest.trees)))

    with pytest.raises(UnreadableInput, match=r"damaged|not a model"):
        load_forest(path)
