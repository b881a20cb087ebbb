"""Files from the Jinja2 templates in ``resources/templates``."""

from __future__ import annotations

from pathlib import Path

TEMPLATES = Path(__file__).parents[1] / "resources" / "templates"


def render_template(name: str, **values) -> str:
    """Return the text of a template with its values; all values are escaped for XML.

    Parameters
    ----------
    name : str
        File in ``resources/templates``.
    values : dict
        Variables of the template.

    Returns
    -------
    str
    """
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    environment = Environment(autoescape=True, loader=FileSystemLoader(str(TEMPLATES)), undefined=StrictUndefined,
                              trim_blocks=True, lstrip_blocks=True, keep_trailing_newline=True)
    return environment.get_template(name).render(**values)
