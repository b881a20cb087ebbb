"""Matching of reference labels with the classes of a map."""

import re
from dataclasses import dataclass

from ..errors import UnsuitableInput
from ..messages import listed

# Matching schemes, in the order in which `auto` prefers them.
CODE, NAME, VALUE = "code", "name", "value"
SCHEMES = (CODE, NAME, VALUE)
AUTO = "auto"


@dataclass(frozen=True)
class Matching:
    """Reference labels and their map values.

    Parameters
    ----------
    by : str
        The scheme used, one of ``SCHEMES``.
    values : dict of str to int
        Map value of each matched reference label.
    unmatched : tuple of str
        Reference labels without a class of the map.
    """

    by: str
    values: dict
    unmatched: tuple


def match_labels(labels, classes, by=AUTO, name="the map"):
    """Find the class of each reference label: all by code, all by name, or all by value.

    Parameters
    ----------
    labels : iterable of str
        Labels of the reference data.
    classes : sequence of MapClass
    by : str
        ``auto`` uses the scheme that matches most labels; codes before names before values.
    name : str
        Name of the map in messages.

    Returns
    -------
    Matching

    Raises
    ------
    UnsuitableInput
        If no label matches; the message lists both sides.
    """
    labels = sorted(set(labels))
    tables = {CODE: {normalised_label(c.code): c.value for c in reversed(classes)},
              NAME: {normalised_label(c.label): c.value for c in reversed(classes)},
              VALUE: {str(c.value): c.value for c in classes}}
    schemes = SCHEMES if by == AUTO else (by,)
    found = {scheme: {label: tables[scheme][key] for label in labels
                      if (key := label if scheme == VALUE else normalised_label(label)) in tables[scheme]}
             for scheme in schemes}
    best = max(schemes, key=lambda scheme: (len(found[scheme]), -schemes.index(scheme)))
    if not found[best]:
        raise UnsuitableInput(
            f"No reference label matches a class of the map. Reference labels: {listed(labels)}. Classes of {name}: "
            f"{listed([_display_name(c) for c in classes])}. Choose another class field, or specify a LEGEND that "
            "assigns the reference labels to the map values.")
    return Matching(best, found[best], tuple(label for label in labels if label not in found[best]))


def normalised_label(text):
    """A label in lower case, with single blanks in place of underscores, hyphens and repeated blanks."""
    return re.sub(r"[\s_\-]+", " ", text).strip().casefold()


def _display_name(map_class):
    return map_class.label if map_class.label == map_class.code else f"{map_class.label} ({map_class.code})"
