"""Which bands serve as features: by patterns of the user, or by what a model asks for."""

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


def listed(names):
    """Names for a message: all, or the first dozen and how many more there are."""
    shown = ", ".join(names[:MOST_LISTED])
    return shown if len(names) <= MOST_LISTED else f"{shown} and {len(names) - MOST_LISTED} more"
