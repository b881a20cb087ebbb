"""Which bands serve as features: by patterns of the user, or by what a model asks for."""

import re
from fnmatch import fnmatchcase

from ..errors import MissingInput, UnsuitableInput

MATCHINGS = ("name", "order")
# A message that lists more names than this helps nobody.
MOST_LISTED = 12


def places_by_pattern(names, patterns):
    """Features whose names fit one of the patterns.

    Parameters
    ----------
    names : sequence of str
    patterns : str
        Names with ``*`` and ``?``, separated by commas; empty for all.

    Returns
    -------
    list of int
        Places in `names`, in their order.

    Raises
    ------
    MissingInput
        If a pattern fits no band.
    """
    wanted = [pattern.strip() for pattern in patterns.replace("\n", ",").split(",") if pattern.strip()]
    for pattern in wanted:
        if not any(fnmatchcase(name, pattern) for name in names):
            raise MissingInput(f"No band of the rasters is called {pattern}. Their bands are: {listed(names)}.")
    return [place for place, name in enumerate(names)
            if not wanted or any(fnmatchcase(name, pattern) for pattern in wanted)]


def places_for_model(names, needed, matching):
    """The bands that a model asks for, in its order.

    Parameters
    ----------
    names : sequence of str
        Of the rasters.
    needed : sequence of str
        Of the model.
    matching : {"name", "order"}
        By name, or the first band for the first feature and so on.

    Returns
    -------
    list of int
        Places in `names`.

    Raises
    ------
    MissingInput
        If bands are missing.
    UnsuitableInput
        If there are more bands than features, and only their order tells which is which.
    """
    if matching == "order":
        if len(names) != len(needed):
            raise UnsuitableInput(f"The model was trained on {len(needed)} bands, but the rasters have {len(names)}. "
                                  "Matched by order, there must be as many. The model needs, in this order: "
                                  f"{listed(needed)}.")
        return list(range(len(names)))
    missing = [name for name in needed if name not in names]
    if missing:
        raise MissingInput(f"The rasters lack {len(missing)} of the {len(needed)} bands the model was trained on: "
                           f"{listed(missing)}. The rasters have: {listed(names)}. Give the rasters that hold them, or "
                           "match the bands by order if only their names differ (other dates, for instance).")
    return [names.index(name) for name in needed]


def order_doubts(names, needed):
    """Bands matched by order whose names say that they are others.

    Parameters
    ----------
    names : sequence of str
        Of the rasters.
    needed : sequence of str
        Of the model; as many.

    Returns
    -------
    list of str
        A sentence, or nothing: names without a date, such as those of another program, say nothing.
    """
    wrong = [f"{name} for {other}" for name, other in zip(names, needed)
             if _measured(name) and _measured(other) and _measured(name) != _measured(other)]
    return [f"Matched by order, {len(wrong)} bands serve as others than their names say: {listed(wrong)}. Check the "
            "order of the rasters."] if wrong else []


def _measured(name):
    """What a band like ``B04_20180627`` measures; empty where the name does not end in a date."""
    found = re.fullmatch(r"(.+)_\d{8}", name)
    return found[1] if found else ""


def listed(names):
    """Names for a message: all, or the first dozen and how many more there are."""
    shown = ", ".join(names[:MOST_LISTED])
    return shown if len(names) <= MOST_LISTED else f"{shown} and {len(names) - MOST_LISTED} more"
