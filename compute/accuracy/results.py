"""Results of an assessment beside its report: the matrix for other programs, and rows about parcels with errors."""

from dataclasses import dataclass

from .confusion import ConfusionMatrix


@dataclass(frozen=True)
class Findings:
    """Rows about parcels or points.

    Parameters
    ----------
    fields : tuple of (str, type)
        Name and Python type of each attribute.
    rows : tuple of (Parcel or Point, tuple)
        What each row is about, and its attributes.
    """

    fields: tuple
    rows: tuple


def otb_matrix(found):
    """The matrix of the first map, per pixel, named as Orfeo Toolbox names it: by the values of the map.

    Classes that the map does not have keep their label.

    Parameters
    ----------
    found : Assessment

    Returns
    -------
    ConfusionMatrix
    """
    labels = tuple(c.label if c.value is None else str(c.value) for c in found.classes)
    return ConfusionMatrix(labels, found.maps[0].pixels.counts)


def error_findings(found):
    """The parcels or points with wrong pixels, the worst first.

    Parameters
    ----------
    found : Assessment

    Returns
    -------
    Findings
    """
    fields = [("rank", int), ("feature", str), ("reference", str), ("mapped", str), ("pixels", int), ("wrong", int),
              ("wrong_pct", float)]
    for number in range(2, len(found.maps) + 1):
        fields += [(f"mapped_{number}", str), (f"wrong_{number}", int), (f"wrong{number}_pct", float)]
    rows = []
    for rank, errors in enumerate(found.errors, start=1):
        values = [rank, feature_number(errors.unit), errors.reference, errors.mapped[0], errors.pixels, errors.wrong[0],
                  100.0 * errors.wrong[0] / errors.pixels]
        for mapped, wrong in zip(errors.mapped[1:], errors.wrong[1:]):
            values += [mapped, wrong, 100.0 * wrong / errors.pixels]
        rows.append((errors.unit, tuple(values)))
    return Findings(tuple(fields), tuple(rows))


def feature_number(unit):
    """The number of a parcel or point, as its layer counts features; with the layer's name where there are several."""
    identifier = unit.identifier
    if not isinstance(identifier, tuple):
        return str(identifier)
    layer, number = identifier
    return str(layer) if isinstance(layer, int) else f"{layer} {number}".strip()
