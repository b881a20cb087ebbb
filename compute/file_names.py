"""File names made from text that is not trusted: names inside products, charts, layers and attributes."""

from __future__ import annotations

import re

MAX_LENGTH = 120


def clean_name(text: str) -> str:
    """A file name without folders, from text inside a product, chart or attribute.

    Parameters
    ----------
    text : str

    Returns
    -------
    str
        Letters, digits, ``-``, ``_`` and ``.``; other characters become ``_``. It never begins with a dot, is at most
        120 characters long, and is ``unnamed`` where nothing is left.

    Examples
    --------
    >>> clean_name("S1A_EW_GRDM")
    'S1A_EW_GRDM'
    >>> clean_name("../../etc/passwd")
    'etc_passwd'
    """
    name = re.sub(r"[^\w.-]+", "_", text.replace("..", "_"), flags=re.ASCII).strip("._-")
    return name[:MAX_LENGTH] or "unnamed"
