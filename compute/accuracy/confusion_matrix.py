"""Confusion matrix, the accuracy measures derived from it, and its CSV files (table, Orfeo Toolbox form).

Rows are the reference, columns the map. Formulas as in Orfeo Toolbox's
``otbConfusionMatrixMeasurements.hxx``; kappa after Cohen (1960), doi 10.1177/001316446002000104.
"""

import csv
import io
from dataclasses import dataclass

import numpy as np

from ..output_files import OutputSet


@dataclass(frozen=True, eq=False)
class ConfusionMatrix:
    """Counts of reference class by mapped class.

    Parameters
    ----------
    labels : tuple of str
        Names of the n classes.
    counts : ndarray of int64, shape (n, n)
        Rows = reference, columns = map.
    """

    labels: tuple
    counts: np.ndarray

    @classmethod
    def from_labels(cls, reference, mapped, labels):
        """Count pairs of classes.

        Parameters
        ----------
        reference, mapped : array_like, same shape
            Either strings out of `labels`, or map values: 1 is the first label, n the last. Pairs with any other
            value (0, nodata) are ignored.
        labels : sequence of str
            All n classes, including those that do not occur.

        Returns
        -------
        ConfusionMatrix
        """
        labels = tuple(labels)
        count = len(labels)
        rows, columns = _indices(reference, labels), _indices(mapped, labels)
        known = (rows >= 0) & (rows < count) & (columns >= 0) & (columns < count)
        flat = np.bincount(rows[known] * count + columns[known], minlength=count * count)
        return cls(labels, flat.reshape(count, count).astype(np.int64))

    @property
    def total(self):
        """int: number of pairs."""
        return int(self.counts.sum())

    @property
    def reference_totals(self):
        """ndarray of int64, shape (n,): number of pairs by reference class."""
        return self.counts.sum(axis=1)

    @property
    def mapped_totals(self):
        """ndarray of int64, shape (n,): number of pairs by mapped class."""
        return self.counts.sum(axis=0)

    @property
    def overall_accuracy(self):
        """float: proportion of pairs that agree; NaN without pairs."""
        return float(np.trace(self.counts) / self.total) if self.total else float("nan")

    @property
    def kappa(self):
        """float: Cohen's kappa; 1 where the expected agreement is 1, NaN without pairs."""
        if not self.total:
            return float("nan")
        # Proportions before products: the product of two counts of 10^10 pixels does not fit into 64 bits.
        by_chance = float(np.dot(self.reference_totals / self.total, self.mapped_totals / self.total))
        if by_chance >= 1.0:
            return 1.0
        return (self.overall_accuracy - by_chance) / (1.0 - by_chance)

    @property
    def precision(self):
        """ndarray of float64, shape (n,): user's accuracy; 0 for classes that are not mapped."""
        return _ratio(np.diag(self.counts), self.mapped_totals)

    @property
    def recall(self):
        """ndarray of float64, shape (n,): producer's accuracy; 0 for classes without reference."""
        return _ratio(np.diag(self.counts), self.reference_totals)

    @property
    def f1_score(self):
        """ndarray of float64, shape (n,): F1 score, harmonic mean of precision and recall; 0 where undefined."""
        return _ratio(2.0 * np.diag(self.counts), self.mapped_totals + self.reference_totals)

    def csv_text(self):
        """CSV in the format of Orfeo Toolbox: two header lines with the labels, then the counts by row."""
        return "".join([f"#Reference labels (rows):{_csv_line(self.labels)}",
                        f"#Produced labels (columns):{_csv_line(self.labels)}", *map(_csv_line, self.counts)])

    def table_text(self):
        """CSV for spreadsheets: counts with totals, recall in the last column, precision in the last row."""
        rows = zip(self.labels, self.counts.tolist(), self.reference_totals.tolist(), self.recall)
        lines = [["reference (rows) \\ map (columns)", *self.labels, "total", "recall"],
                 *([label, *row, total, f"{recall:.6f}" if total else ""] for label, row, total, recall in rows),
                 ["total", *self.mapped_totals, self.total, ""],
                 ["precision", *(f"{precision:.6f}" if total else "" for precision, total
                                 in zip(self.precision, self.mapped_totals)), "", ""],
                 ["overall accuracy", f"{self.overall_accuracy:.6f}"], ["kappa", f"{self.kappa:.6f}"]]
        return "".join(map(_csv_line, lines))

    def write_csv(self, path):
        """Write :meth:`csv_text`.

        Raises
        ------
        OutputError
            If the file cannot be written.
        """
        _write(path, self.csv_text(), "utf-8")

    def write_table(self, path):
        """Write :meth:`table_text` with a UTF-8 byte order mark, which spreadsheets need.

        Raises
        ------
        OutputError
            If the file cannot be written.
        """
        _write(path, self.table_text(), "utf-8-sig")


def _write(path, content, encoding):
    with OutputSet() as outputs, open(outputs.file(path), "w", encoding=encoding, newline="") as text:
        text.write(content)


def _indices(values, labels):
    """Indices of values in `labels`; outside 0..n-1 for unknown values."""
    values = np.asarray(values).ravel()
    if values.dtype.kind in "iub":
        return values.astype(np.int64) - 1
    index_of = {label: index for index, label in enumerate(labels)}
    return np.array([index_of.get(value, -1) for value in values.tolist()], np.int64)


def _ratio(part, whole):
    return np.divide(part, whole, out=np.zeros(len(whole)), where=whole > 0)


def _csv_line(cells):
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerow(cells)
    return text.getvalue()


def otb_matrix(assessment):
    """Pixel confusion matrix of the first map, labelled by map values as in Orfeo Toolbox.

    Classes that are not in the map keep their label.

    Parameters
    ----------
    assessment : Assessment

    Returns
    -------
    ConfusionMatrix
    """
    labels = tuple(c.label if c.value is None else str(c.value) for c in assessment.classes)
    return ConfusionMatrix(labels, assessment.maps[0].pixels.counts)
