"""Which class of a map a label of the reference means."""

import re
from dataclasses import dataclass

from ..errors import UnsuitableInput

# How labels may be matched, in the order in which `auto` prefers them.
CODE, NAME, VALUE = "code", "name", "value"
SCHEMES = (CODE, NAME, VALUE)
AUTO = "auto"
MOST_LISTED = 12


@dataclass(frozen=True)
class Matching:
    """Reference labels and what they mean on the map.

    Parameters
    ----------
    by : str
        The scheme that was used, one of ``SCHEMES``.
    values : dict of str to int
        Map value of each reference label that was matched.
    unmatched : tuple of str
        Reference labels that mean no class of the map.
    """

    by: str
    values: dict
    unmatched: tuple


def match_labels(labels, classes, by=AUTO, name="The map"):
    """Find the class of each reference label: all by code, all by name, or all by value.

    Parameters
    ----------
    labels : iterable of str
        As the reference says them.
    classes : sequence of MapClass
    by : str
        ``auto`` takes the scheme that matches most labels, codes before names before values.
    name : str
        What to call the map in messages.

    Returns
    -------
    Matching

    Raises
    ------
    UnsuitableInput
        If no label matches; it names both sides.
    """
    labels = sorted(set(labels))
    tables = {CODE: {plain(c.code): c.value for c in reversed(classes)},
              NAME: {plain(c.label): c.value for c in reversed(classes)},
              VALUE: {str(c.value): c.value for c in classes}}
    tried = SCHEMES if by == AUTO else (by,)
    found = {scheme: {label: tables[scheme][key] for label in labels
                      if (key := label if scheme == VALUE else plain(label)) in tables[scheme]} for scheme in tried}
    best = max(tried, key=lambda scheme: (len(found[scheme]), -tried.index(scheme)))
    if not found[best]:
        raise UnsuitableInput(
            f"No label of the reference is a class of the map. The reference says: {listed(labels)}. {name} has: "
            f"{listed([_shown(c) for c in classes])}. Choose another class field, or give a LEGEND that names the "
            "values of the map as the reference does.")
    return Matching(best, found[best], tuple(label for label in labels if label not in found[best]))


def plain(text):
    """A label without what does not tell classes apart: case, underscores, hyphens and repeated blanks."""
    return re.sub(r"[\s_\-]+", " ", text).strip().casefold()


def listed(names):
    """Names for a message, the first twelve of them."""
    names = list(names)
    more = f" and {len(names) - MOST_LISTED} more" if len(names) > MOST_LISTED else ""
    return ", ".join(names[:MOST_LISTED]) + more


def _shown(map_class):
    return map_class.label if map_class.label == map_class.code else f"{map_class.label} ({map_class.code})"
