"""Prediction of a loaded forest against scikit-learn's own, on the same trees and pixels."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np

from .fields import CLASSES, FEATURES, pixels_of_fields
from .measure import THREADS, alternated, row, seconds_of

TREES, SAMPLES_PER_CLASS, PIXELS = 500, 500, 240_000
# Blocks of a tool's work, so many that no thread waits long for the other at the end.
BLOCKS = 8 * THREADS


def training_pixels():
    """So many of each class, from a hundred fields of it each: (features, classes)."""
    features, classes = pixels_of_fields(seed=1, fields=100 * CLASSES)
    order = np.random.default_rng(0).permutation(len(classes))
    chosen = np.concatenate([order[classes[order] == number][:SAMPLES_PER_CLASS] for number in range(CLASSES)])
    return features[chosen], classes[chosen]


def _forests(folder):
    """scikit-learn's forest, and ours as it comes back from its model file."""
    from sklearn.ensemble import RandomForestClassifier

    from floefield.compute.classifiers.classifier import Model
    from floefield.compute.classifiers.forest_model import ForestSettings, trees_from_sklearn
    from floefield.compute.classifiers.model_file import load_model, save_model
    from floefield.compute.classifiers.random_forest import Forest
    from floefield.compute.classmap.classes import class_table

    peer = RandomForestClassifier(TREES, random_state=0, n_jobs=THREADS).fit(*training_pixels())
    forest = Forest(kind="random_forest", features=tuple(f"F{number}" for number in range(FEATURES)),
                    classes=class_table([f"class {number:02}" for number in range(CLASSES)]),
                    trees=trees_from_sklearn(peer.estimators_, CLASSES, FEATURES),
                    importances=(1 / FEATURES,) * FEATURES)
    path = folder / "forest.ffm"
    save_model(str(path), Model(classifier=forest, settings=ForestSettings(trees=TREES),
                                training_pixels=(SAMPLES_PER_CLASS,) * CLASSES))
    return load_model(str(path)).classifier.trees, peer


def _walker(trees, with_numba):
    """Our walker, with numba or as it is where numba is not installed; None where it is not installed here."""
    from floefield.compute.classifiers import tree_kernels, tree_traversal

    if with_numba:
        return tree_traversal.TreeTraversal(trees) if tree_kernels.compiled_kernels() else None
    return tree_traversal.TreeTraversal(trees, pixels=0)


def _compare(folder, runs, method, check, with_numba):
    trees, peer = _forests(folder)
    walker = _walker(trees, with_numba)
    if walker is None:
        return {"ours": None, "peer": None, "ratio": None, "unit": "k px/s", "reason": "numba is not installed"}
    tree_traversal = getattr(walker, method)
    features, _ = pixels_of_fields(seed=2, fields=PIXELS // 20)
    check(tree_traversal(features), peer.predict_proba(features))
    blocks = np.array_split(features, BLOCKS)
    with ThreadPoolExecutor(THREADS) as executor:
        ours, theirs = alternated(lambda: seconds_of(lambda: list(executor.map(tree_traversal, blocks))),
                                  lambda: seconds_of(lambda: peer.predict_proba(features)), runs)
    return row(PIXELS / ours / 1000, PIXELS / theirs / 1000, "k px/s") | {
        "ratio": round(theirs / ours, 3),
        "note": f"{TREES} trees, {FEATURES} features of fields, {THREADS} threads, "
                f"{'numba' if with_numba else 'no numba'}"}


def _check_probabilities(votes, expected):
    np.testing.assert_allclose(votes / TREES, expected, atol=1e-6)


def _check_classes(classes, expected):
    np.testing.assert_array_equal(classes, expected.argmax(axis=1))


def probabilities(folder, runs, with_numba=True):
    """Probabilities of all classes, against ``predict_proba``; without numba where it is not installed."""
    measured = _compare(folder, runs, "votes", _check_probabilities, with_numba)
    return measured if measured["ratio"] or not with_numba else probabilities(folder, runs, with_numba=False)


def classes_only(folder, runs, with_numba=True):
    """The class alone, against ``predict_proba`` (which scikit-learn's ``predict`` runs as well)."""
    measured = _compare(folder, runs, "classes", _check_classes, with_numba)
    return measured if measured["ratio"] or not with_numba else classes_only(folder, runs, with_numba=False)


def compile_time(folder, runs):
    """Seconds until numba has been loaded and has compiled the walk; once in a session, for large maps only."""
    from floefield.compute.classifiers import tree_kernels

    tree_kernels.compiled_kernels.cache_clear()
    seconds = seconds_of(tree_kernels.compiled_kernels)
    reason = "there is no peer" if tree_kernels.compiled_kernels() else "numba is not installed"
    return {"ours": round(seconds, 2), "peer": None, "ratio": None, "unit": "s",
            "reason": f"{reason}; loading numba and compiling took {seconds:.1f} s"}


ROWS = {"forest-proba-vs-sklearn": probabilities, "forest-class-vs-sklearn": classes_only,
        "forest-proba-without-numba": lambda folder, runs: probabilities(folder, runs, with_numba=False),
        "forest-class-without-numba": lambda folder, runs: classes_only(folder, runs, with_numba=False),
        "forest-numba-compile-time": compile_time}
