"""Values of a JSON text from a file that may be damaged or forged: each is returned with its exact type, or refused."""

from __future__ import annotations

import math
from collections.abc import Iterable


def integer(value: object) -> int:
    """Return an integer; a boolean or a decimal number raises ``TypeError``."""
    if type(value) is not int:
        raise TypeError("not an integer")
    return value


def number(value: object) -> float:
    """Return a finite number as a float; anything else raises ``TypeError``."""
    if type(value) not in (int, float) or not math.isfinite(value):
        raise TypeError("not a number")
    return float(value)


def numbers(values: Iterable[object]) -> tuple[float, ...]:
    """Return finite numbers as floats; see :func:`number`."""
    return tuple(number(value) for value in values)


def text(value: object) -> str:
    """Return a text that can be written to a file; anything else raises ``TypeError`` or ``ValueError``."""
    if not isinstance(value, str):
        raise TypeError("not a text")
    value.encode()  # JSON can contain lone surrogates, which cannot be written to a file
    return value
