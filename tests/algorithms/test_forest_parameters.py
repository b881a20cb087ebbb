"""Every parameter of the classification tools has an effect: changing it alone changes the outputs.

The effects are tested elsewhere; here the tables are complete, and a new parameter without a row fails.
"""

import numpy as np
import pytest

from ..fieldscene import fields, read, reflectance, square, write
from ..parcelfiles import one_layer_for_each_class, write_geojson

BANDS = ("B04_20180627", "B08_20180627")
TRAINING = {"RASTERS": ["scene"], "TRAINING": "parcels", "CLASS_FIELD": "crop", "TREES": 10, "SAMPLES_PER_CLASS": 0,
            "MIN_SAMPLES_LEAF": 2}
# Parameter: other parameters that it requires, and its other value. Files are keys of `files`.
TRAINING_PARAMETERS = {
    "RASTERS": ({}, ["other scene"]),
    "TRAINING": ({}, "half of the parcels"),
    "CLASS_FIELD": ({}, "id"),
    "TRAINING_LAYERS": ({"TRAINING": None, "TRAINING_LAYERS": "layers"}, "fewer layers"),
    "TRAINING_RASTER": ({"TRAINING": None, "TRAINING_RASTER": "classes"}, "other classes"),
    "VALIDATION": ({"VALIDATION": "half of the parcels"}, "validation parcels"),
    "TRAINING_FRACTION": ({}, 0.5),
    "BANDS": ({}, "B08*"),
    "RESAMPLING": ({"RASTERS": ["scene", "coarse"], "RESAMPLING": "nearest"}, "bilinear"),
    "MASK": ({}, "mask"),
    "TREES": ({}, 11),
    "BAND_DIFFERENCES": ({}, False),
    "SAMPLES_PER_CLASS": ({}, 50),
    "SAMPLING_STRATEGY": ({}, "smallest"),
    "TOTAL_SAMPLES": ({}, 60),
    "SAMPLES_PER_PARCEL": ({}, 3),
    "CLASSIFIER": ({}, "random_forest"),
    "MIN_SAMPLES_LEAF": ({}, 20),
    "MAX_DEPTH": ({}, 2),
    "FEATURES_PER_SPLIT": ({}, 3),
    "BALANCED_WEIGHTS": ({}, True),
    "CLASS_WEIGHTS": ({}, "wheat=9"),
    "MISSING_VALUES": ({}, "median"),
    "TUNE": ({"MIN_SAMPLES_LEAF": 40}, True),
    "OOB_ACCURACY": ({"TREES": 50}, True),
    "PERMUTATION_IMPORTANCE": ({}, True),
    "EARLY_SEASON": ({"RASTERS": ["scene", "later scene"], "REPORT": "report.html"}, True),
    "SEED": ({}, 1),
    "SUSPECT_LABELS": ({}, "suspicious.gpkg"),
    "REPORT": ({}, "report.html"),
    "MODEL": ({}, "other.ffm"),
}
MAP_PARAMETERS = {
    "SMOOTHING": ({}, False),
    "MIN_CONFIDENCE": ({}, 0.9),
    "CONFIDENCE": ({}, "confidence.tif"),
    "PROBABILITIES": ({"PROBABILITIES": None}, "probabilities.tif"),
}
APPLICATION_PARAMETERS = {
    "RASTERS": ({}, ["other scene"]),
    "MODEL": ({}, "other model"),
    "BAND_MATCHING": ({"RASTERS": ["turned scene"]}, "order"),
    "RESAMPLING": ({"MODEL": "model of three bands", "RASTERS": ["scene", "coarse"], "RESAMPLING": "nearest"},
                   "average"),
    "MASK": ({}, "mask"),
    **MAP_PARAMETERS,
}
TABLES = {"trainclassifier": TRAINING_PARAMETERS, "classifycrops": {**TRAINING_PARAMETERS, **MAP_PARAMETERS},
          "applyclassifier": APPLICATION_PARAMETERS}
# Tested below, or the path of the output.
OTHERS = {"THREADS", "OUTPUT"}


@pytest.fixture(scope="module")
def files(tmp_path_factory, provider):
    """The files of the tables by key."""
    import processing

    folder = tmp_path_factory.mktemp("parameters")
    values = reflectance(0.2)
    values[0, ::5, ::5] = np.nan
    # Wheat has fewer parcels than the others.
    rows = [(number, "barley" if number in (2, 5, 8) else crop, shape) for number, crop, shape in fields()]
    classes = np.indices((1, 40, 48))[2] // 8 % 3 + 1
    found = {
        "scene": write(folder / "scene.tif", values, BANDS),
        "other scene": write(folder / "other.tif", reflectance(0.2, seed=7), BANDS),
        "later scene": write(folder / "later.tif", reflectance(0.2, seed=8), ("B04_20180807", "B08_20180807")),
        "turned scene": write(folder / "turned.tif", values[::-1], BANDS[::-1]),
        "coarse": write(folder / "fine.tif", reflectance(0.3, seed=3)[:1], ("coherence",), west=499996.0),
        "mask": write(folder / "mask.tif", (np.indices((1, 40, 48))[2] < 30).astype("uint8"), ("mask",)),
        "classes": write(folder / "classes.tif", classes.astype("uint8"), ("class",)),
        "other classes": write(folder / "more.tif", np.roll(classes, 3, axis=2).astype("uint8"), ("class",)),
        "parcels": str(write_geojson(folder / "parcels.geojson", rows)),
        "half of the parcels": str(write_geojson(folder / "half.geojson", rows[::2])),
        "validation parcels": str(write_geojson(folder / "validation.geojson", [
            (1, "wheat", square(0, 0, 2)), (2, "maize", square(24, 0, 2))]))}
    layers = [str(path) for path in one_layer_for_each_class(found["parcels"], "crop", folder)]
    found |= {"layers": layers, "fewer layers": layers[:2]}
    for name, changes in (("model", {}), ("other model", {"SEED": 5}),
                          ("model of three bands", {"RASTERS": [found["scene"], found["coarse"]],
                                                    "RESAMPLING": "nearest"})):
        found[name] = str(folder / f"{name}.ffm")
        processing.run("floefield:trainclassifier", {
            **TRAINING, "RASTERS": [found["scene"]], "TRAINING": found["parcels"], **changes, "MODEL": found[name]})
    return found


@pytest.fixture(scope="module")
def results():
    """Outcomes of the reference runs, shared by several rows."""
    return {}


def outcome(run, files, folder, tool, parameters):
    """Return accuracy, contents of rasters and models, and file names of a run."""
    from floefield.compute.classifiers.model_file import load_model

    defaults = {"OUTPUT": "map.tif", "PROBABILITIES": "p.tif"} if tool != "trainclassifier" else {}
    defaults |= {"MODEL": "model"} if tool == "applyclassifier" else {**TRAINING, "MODEL": "model.ffm"}
    defaults["RASTERS"] = ["scene"]
    given = {name: value for name, value in {**defaults, **parameters}.items() if value is not None}
    folder.mkdir()
    given = {name: _resolved(value, files, folder) for name, value in given.items()}
    accuracy = run(tool, given).get("OVERALL_ACCURACY")
    written = {path.name: read(path)[0].tobytes() for path in folder.glob("*.tif")}
    for path in folder.glob("*.ffm"):
        model = load_model(str(path))
        trees = model.classifier.trees
        written[path.name] = (trees.threshold.tobytes(), trees.votes.tobytes(), model.features,
                              model.classifier.oob_score, model.permutation_importances)
    reports = [path.read_text(encoding="utf-8").count("Early-season accuracy") for path in folder.glob("*.html")]
    return accuracy, written, reports, sorted(path.name for path in folder.iterdir())


def _resolved(value, files, folder):
    if isinstance(value, list):
        return [_resolved(item, files, folder) for item in value]
    if isinstance(value, str) and value in files:
        return files[value]
    is_new = isinstance(value, str) and value.endswith((".tif", ".ffm", ".html", ".gpkg"))
    return str(folder / value) if is_new else value


@pytest.mark.parametrize("tool", TABLES)
def test_the_tables_contain_every_parameter(provider, tool):
    declared = {parameter.name() for parameter in provider.algorithm(tool).parameterDefinitions()}
    assert declared == set(TABLES[tool]) | (OTHERS if tool != "trainclassifier" else {"THREADS"})


@pytest.mark.parametrize(("tool", "name"), [
    (tool, name) for tool in ("classifycrops", "applyclassifier") for name in TABLES[tool]])
def test_a_parameter_changes_the_outputs(run, files, results, tmp_path, tool, name):
    required, other = TABLES[tool][name]
    key = (tool, *required)
    if key not in results:
        results[key] = outcome(run, files, tmp_path / "one", tool, required)

    assert outcome(run, files, tmp_path / "two", tool, {**required, name: other}) != results[key]


@pytest.mark.parametrize("tool", TABLES)
def test_the_requested_number_of_threads_is_used(run, files, tmp_path, threads_asked, tool):
    outcome(run, files, tmp_path / "run", tool, {"THREADS": 3})
    assert set(threads_asked) == {3}
