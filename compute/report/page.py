"""Self-contained HTML pages from the templates in ``resources/report``, and the filters of the templates."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from ..output_files import OutputSet

if TYPE_CHECKING:
    from collections.abc import Sequence

    from markupsafe import Markup

TEMPLATES = Path(__file__).parents[2] / "resources" / "report"


def write_page(path: str, template: str, **content) -> None:
    """Render a template to a file.

    Parameters
    ----------
    path : str
    template : str
        Name of a file in ``resources/report``.
    content : dict
        Variables of the template; all text is escaped.

    Raises
    ------
    OutputError
        If the file cannot be written.
    """
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    environment = Environment(autoescape=True, loader=FileSystemLoader(str(TEMPLATES)), undefined=StrictUndefined,
                              trim_blocks=True, lstrip_blocks=True)
    environment.filters.update(percent=percent, grouped=grouped, css_width=css_width, css=css_colour,
                               breakable=breakable, points=points)
    text = environment.get_template(template).render(**content)
    # Paths with invalid UTF-8 contain lone surrogates in Python; replace them.
    with OutputSet() as outputs, open(
            outputs.file(path), "w", encoding="utf-8", errors="replace", newline="\n") as page:
        page.write(text)


def percent(fraction: float | None, digits: int = 1) -> str:
    """0.8449 as ``84.5 %``; a dash if unknown. Only 1 is shown as 100 % and only 0 as 0 %."""
    if fraction is None or fraction != fraction:
        return "\u2013"
    step = 10.0 ** -digits
    if 100 - step / 2 <= 100 * fraction < 100:
        return f">\u00a0{100 - step:.{digits}f}\u00a0%"
    if 0 < 100 * fraction < step / 2:
        return f"<\u00a0{step:.{digits}f}\u00a0%"
    return f"{100 * fraction:.{digits}f}\u00a0%"


def grouped(number: float, digits: int = 0) -> str:
    """1234567 as ``1 234 567`` (narrow no-break spaces)."""
    return f"{number:,.{digits}f}".replace(",", "\u202f")


def points(difference: float, digits: int = 1) -> str:
    """A difference of fractions in signed percentage points: 0.043 as ``+4.3``; 0 if it rounds to 0."""
    text = f"{100 * difference:+.{digits}f}"
    return text.replace("-", "\u2212") if float(text) else "0"


def breakable(text: str) -> Markup:
    """A name with optional line breaks after underscores."""
    from markupsafe import Markup

    # Joining escapes the parts.
    return Markup("_<wbr>").join(str(text).split("_"))


def css_width(fraction: float | None) -> str:
    """A fraction as a CSS width."""
    return f"{100 * min(max(fraction or 0.0, 0.0), 1.0):.1f}%"


def css_colour(colour: Sequence[int]) -> str:
    """(255, 133, 10) as ``#ff850a``."""
    return "#{:02x}{:02x}{:02x}".format(*colour)
