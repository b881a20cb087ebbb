"""The confusion matrix against a hand calculation and scikit-learn."""

import numpy as np
import pytest

from floefield.compute.accuracy.confusion_matrix import ConfusionMatrix
from floefield.compute.errors import OutputError

# Rows are the reference: 40 wheat (35 found), 60 maize (50 found).
BY_HAND = ConfusionMatrix(("wheat", "maize"), np.array([[35, 5], [10, 50]], np.int64))


def test_accuracy_measures_by_hand():
    assert BY_HAND.total == 100
    assert BY_HAND.overall_accuracy == 0.85
    # Chance: 0.40 * 0.45 + 0.60 * 0.55 = 0.51; kappa = (0.85 - 0.51) / 0.49
    assert BY_HAND.kappa == pytest.approx(0.34 / 0.49, abs=1e-15)
    np.testing.assert_allclose(BY_HAND.precision, [35 / 45, 50 / 55])
    np.testing.assert_allclose(BY_HAND.recall, [35 / 40, 50 / 60])
    np.testing.assert_allclose(BY_HAND.f1_score, [70 / 85, 100 / 115])


@pytest.mark.parametrize("seed", range(5))
def test_accuracy_measures_agree_with_scikit_learn(seed):
    from sklearn import metrics

    random = np.random.default_rng(seed)
    labels = ("a", "b", "c", "d", "never in either")
    reference = random.choice(labels[:3], 500)
    mapped = np.where(random.random(500) < 0.6, reference, random.choice(labels[1:4], 500))

    ours = ConfusionMatrix.from_labels(reference, mapped, labels)

    np.testing.assert_array_equal(ours.counts, metrics.confusion_matrix(reference, mapped, labels=labels))
    precision, recall, f1_score, _ = metrics.precision_recall_fscore_support(
        reference, mapped, labels=labels, zero_division=0)
    np.testing.assert_allclose(ours.precision, precision)
    np.testing.assert_allclose(ours.recall, recall)
    np.testing.assert_allclose(ours.f1_score, f1_score)
    assert ours.overall_accuracy == pytest.approx(metrics.accuracy_score(reference, mapped))
    assert ours.kappa == pytest.approx(metrics.cohen_kappa_score(reference, mapped))


def test_map_values_start_at_1_and_nodata_is_ignored():
    reference = np.array([[1, 1, 2], [2, 0, 3]], np.uint8)
    mapped = np.array([[1, 2, 2], [0, 1, 9]], np.uint8)

    matrix = ConfusionMatrix.from_labels(reference, mapped, ("rye", "oats", "peas"))

    np.testing.assert_array_equal(matrix.counts, [[1, 1, 0], [0, 1, 0], [0, 0, 0]])
    assert matrix.counts.dtype == np.int64


def test_undefined_accuracy_measures_are_0_without_warnings():
    with np.errstate(all="raise"):
        matrix = ConfusionMatrix(("a", "b", "c"), np.array([[4, 0, 0], [2, 0, 0], [0, 0, 0]], np.int64))
        np.testing.assert_allclose(matrix.precision, [4 / 6, 0, 0])
        np.testing.assert_allclose(matrix.recall, [1, 0, 0])
        np.testing.assert_allclose(matrix.f1_score, [0.8, 0, 0])


def test_kappa_is_1_if_chance_agreement_is_1():
    assert ConfusionMatrix(("only",), np.array([[7]], np.int64)).kappa == 1.0


def test_the_accuracy_of_an_empty_matrix_is_nan():
    empty = ConfusionMatrix.from_labels([], [], ("a", "b"))

    assert np.isnan(empty.overall_accuracy) and np.isnan(empty.kappa) and empty.total == 0


def test_kappa_of_very_many_pixels_does_not_overflow():
    billions = ConfusionMatrix(BY_HAND.labels, BY_HAND.counts * 10**12)

    assert billions.kappa == pytest.approx(BY_HAND.kappa)


def test_csv_in_the_format_of_orfeo_toolbox(tmp_path):
    path = tmp_path / "matrix.csv"

    ConfusionMatrix(("111", "12"), BY_HAND.counts).write_csv(str(path))

    assert path.read_bytes() == (b"#Reference labels (rows):111,12\n#Produced labels (columns):111,12\n35,5\n10,50\n")


def test_commas_in_labels_are_quoted(tmp_path):
    path = tmp_path / "matrix.csv"

    ConfusionMatrix(("peas, dry", "rye"), BY_HAND.counts).write_csv(str(path))

    assert path.read_text().splitlines()[0] == '#Reference labels (rows):"peas, dry",rye'


def test_an_unwritable_csv_is_reported(tmp_path):
    with pytest.raises(OutputError, match="folder"):
        BY_HAND.write_csv(str(tmp_path))
