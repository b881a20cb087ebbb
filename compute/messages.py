"""Lists for messages, cut at a maximum."""

from __future__ import annotations

from collections.abc import Iterable


def listed(items: Iterable[object], maximum: int = 12) -> str:
    """Names, numbers or classes for a message: all, or the first ones and how many more there are.

    Examples
    --------
    >>> listed(["B02", "B03"])
    'B02, B03'
    >>> listed(range(5), maximum=3)
    '0, 1, 2 and 2 more'
    """
    names = [str(item) for item in items]
    more = f" and {len(names) - maximum} more" if len(names) > maximum else ""
    return ", ".join(names[:maximum]) + more
