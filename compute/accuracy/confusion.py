"""The confusion matrix and what is read from it.

Rows are the reference (what the parcels say), columns the map. Formulas as in Orfeo Toolbox's
``otbConfusionMatrixMeasurements.hxx``; kappa after Cohen (1960), doi 10.1177/001316446002000104.
"""

import csv
import io
from dataclasses import dataclass

import numpy as np

from ..raster.writer import complete_file


@dataclass(frozen=True, eq=False)
class ConfusionMatrix:
    """How often each class of the reference was mapped as each class.

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
            Either texts, each one of `labels`, or the values of a map: 1 is the first label, n the last. Pairs with
            anything else (0, nodata, in either) are left out.
        labels : sequence of str
            All n classes, whether they occur or not.

        Returns
        -------
        ConfusionMatrix
        """
        labels = tuple(labels)
        count = len(labels)
        rows, columns = _positions(reference, labels), _positions(mapped, labels)
        known = (rows >= 0) & (rows < count) & (columns >= 0) & (columns < count)
        flat = np.bincount(rows[known] * count + columns[known], minlength=count * count)
        return cls(labels, flat.reshape(count, count).astype(np.int64))

    @property
    def total(self):
        """int: how many pairs were counted."""
        return int(self.counts.sum())

    @property
    def reference_totals(self):
        """ndarray of int64, shape (n,): how often each class occurs in the reference."""
        return self.counts.sum(axis=1)

    @property
    def mapped_totals(self):
        """ndarray of int64, shape (n,): how often each class occurs in the map."""
        return self.counts.sum(axis=0)

    @property
    def overall_accuracy(self):
        """float: share of pairs that agree; NaN without pairs."""
        return float(np.trace(self.counts) / self.total) if self.total else float("nan")

    @property
    def kappa(self):
        """float: agreement beyond chance; 1 where chance alone agrees always, NaN without pairs."""
        if not self.total:
            return float("nan")
        # Shares before products: the product of two counts of 10^10 pixels does not fit into 64 bits.
        by_chance = float(np.dot(self.reference_totals / self.total, self.mapped_totals / self.total))
        if by_chance >= 1.0:
            return 1.0
        return (self.overall_accuracy - by_chance) / (1.0 - by_chance)

    @property
    def precision(self):
        """ndarray of float64, shape (n,): user's accuracy, right share of what was mapped; 0 if never mapped."""
        return _share(np.diag(self.counts), self.mapped_totals)

    @property
    def recall(self):
        """ndarray of float64, shape (n,): producer's accuracy, found share of the reference; 0 if not in it."""
        return _share(np.diag(self.counts), self.reference_totals)

    @property
    def f_score(self):
        """ndarray of float64, shape (n,): harmonic mean of precision and recall; 0 where undefined."""
        return _share(2.0 * np.diag(self.counts), self.mapped_totals + self.reference_totals)

    def csv_text(self):
        """The matrix as Orfeo Toolbox writes it: two header lines with the labels, then the counts by row."""
        return "".join([f"#Reference labels (rows):{_csv_line(self.labels)}",
                        f"#Produced labels (columns):{_csv_line(self.labels)}", *map(_csv_line, self.counts)])

    def table_text(self):
        """The matrix as people read it: totals, recall at the end of each row, precision below each column (CSV)."""
        rows = zip(self.labels, self.counts.tolist(), self.reference_totals.tolist(), self.recall)
        lines = [["reference (rows) \\ map (columns)", *self.labels, "total", "recall"],
                 *([label, *row, total, f"{recall:.6f}" if total else ""] for label, row, total, recall in rows),
                 ["total", *self.mapped_totals, self.total, ""],
                 ["precision", *(f"{share:.6f}" if total else "" for share, total
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
        """Write :meth:`table_text`, marked as UTF-8 so that spreadsheets read it rightly.

        Raises
        ------
        OutputError
            If the file cannot be written.
        """
        _write(path, self.table_text(), "utf-8-sig")


def _write(path, content, encoding):
    with complete_file(path) as partial, open(partial, "w", encoding=encoding, newline="") as text:
        text.write(content)


def _positions(values, labels):
    """Places of values in `labels`, counted from 0; anything unknown lies outside 0..n-1."""
    values = np.asarray(values).ravel()
    if values.dtype.kind in "iub":
        return values.astype(np.int64) - 1
    place = {label: index for index, label in enumerate(labels)}
    return np.array([place.get(value, -1) for value in values.tolist()], np.int64)


def _share(part, whole):
    return np.divide(part, whole, out=np.zeros(len(whole)), where=whole > 0)


def _csv_line(cells):
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerow(cells)
    return text.getvalue()
