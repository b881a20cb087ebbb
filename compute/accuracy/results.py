"""Other outputs of an assessment: the confusion matrix for Orfeo Toolbox and the table of parcels with errors."""

from dataclasses import dataclass

from .confusion import ConfusionMatrix


@dataclass(frozen=True)
class FeatureTable:
    """Rows about parcels or points, for a vector layer.

    Parameters
    ----------
    fields : tuple of (str, type)
        Name and Python type of each attribute.
    rows : tuple of (Parcel or Point, tuple)
        Parcel or point of each row, and its attributes.
    """

    fields: tuple
    rows: tuple


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


def error_table(assessment):
    """The parcels or points with wrong pixels, most errors first.

    Parameters
    ----------
    assessment : Assessment

    Returns
    -------
    FeatureTable
    """
    fields = [("rank", int), ("feature", str), ("reference", str), ("mapped", str), ("pixels", int), ("wrong", int),
              ("wrong_pct", float)]
    for number in range(2, len(assessment.maps) + 1):
        fields += [(f"mapped_{number}", str), (f"wrong_{number}", int), (f"wrong{number}_pct", float)]
    rows = []
    for rank, errors in enumerate(assessment.errors, start=1):
        values = [rank, feature_number(errors.unit), errors.reference, errors.mapped[0], errors.pixels, errors.wrong[0],
                  100.0 * errors.wrong[0] / errors.pixels]
        for mapped, wrong in zip(errors.mapped[1:], errors.wrong[1:]):
            values += [mapped, wrong, 100.0 * wrong / errors.pixels]
        rows.append((errors.unit, tuple(values)))
    return FeatureTable(tuple(fields), tuple(rows))


def feature_number(unit):
    """Feature number of a parcel or point in its layer; with the layer name if there are several layers."""
    identifier = unit.identifier
    if not isinstance(identifier, tuple):
        return str(identifier)
    layer, number = identifier
    return str(layer) if isinstance(layer, int) else f"{layer} {number}".strip()
