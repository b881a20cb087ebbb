"""Prediction of a loaded forest against scikit-learn's own, on the same trees and pixels."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np

from .measure import THREADS, alternated, row, seconds_of

FEATURES, CLASSES, TREES, SAMPLES_PER_CLASS, PIXELS = 84, 12, 500, 500, 60000


def pixels_like_crops(generator, count):
    """Features of pixels of classes that overlap as crops do: (features, classes)."""
    centres = np.random.default_rng(7).normal(0, 1, (CLASSES, FEATURES))
    classes = generator.integers(0, CLASSES, count)
    common = generator.normal(0, 1.2, (count, 6)) @ np.random.default_rng(8).normal(0, 1, (6, FEATURES))
    return (centres[classes] + common + generator.normal(0, 1, (count, FEATURES))).astype(np.float32), classes


def _forests(folder):
    """scikit-learn's forest, and ours as it comes back from its model file."""
    from sklearn.ensemble import RandomForestClassifier

    from floefield.compute.classes import class_table
    from floefield.compute.forest.modelfile import Forest, load_forest, save_forest
    from floefield.compute.forest.settings import ForestSettings
    from floefield.compute.forest.trees import trees_from_sklearn
    from floefield.compute.forest.walk import Walker

    features, classes = pixels_like_crops(np.random.default_rng(1), CLASSES * SAMPLES_PER_CLASS)
    peer = RandomForestClassifier(TREES, random_state=0, n_jobs=THREADS).fit(features, classes)
    forest = Forest(trees=trees_from_sklearn(peer.estimators_, CLASSES, FEATURES),
                    feature_names=tuple(f"F{number}" for number in range(FEATURES)),
                    classes=class_table([f"class {number:02}" for number in range(CLASSES)]),
                    settings=ForestSettings(trees=TREES), importances=(1 / FEATURES,) * FEATURES,
                    training_pixels=(SAMPLES_PER_CLASS,) * CLASSES)
    path = folder / "forest.ffrf"
    save_forest(str(path), forest)
    return Walker(load_forest(str(path)).trees), peer


def _compare(folder, runs, walk, check):
    walker, peer = _forests(folder)
    features, _ = pixels_like_crops(np.random.default_rng(2), PIXELS)
    expected = peer.predict_proba(features[:2000])
    check(walk(walker)(features[:2000]), expected)
    blocks = np.array_split(features, 2 * THREADS)
    with ThreadPoolExecutor(THREADS) as executor:
        ours, theirs = alternated(lambda: seconds_of(lambda: list(executor.map(walk(walker), blocks))),
                                  lambda: seconds_of(lambda: peer.predict_proba(features)), runs)
    return row(PIXELS / ours / 1000, PIXELS / theirs / 1000, "k px/s") | {
        "ratio": round(theirs / ours, 3), "note": f"{TREES} trees, {FEATURES} features, {THREADS} threads"}


def probabilities(folder, runs):
    """Probabilities of all classes, against ``predict_proba``."""
    def check(votes, expected):
        np.testing.assert_allclose(votes / TREES, expected, atol=1e-6)

    return _compare(folder, runs, lambda walker: walker.votes, check)


def classes_only(folder, runs):
    """The class alone, against ``predict_proba`` (which scikit-learn's ``predict`` runs as well)."""
    def check(classes, expected):
        np.testing.assert_array_equal(classes, expected.argmax(axis=1))

    return _compare(folder, runs, lambda walker: walker.classes, check)


ROWS = {"forest-proba-vs-sklearn": probabilities, "forest-class-vs-sklearn": classes_only}
