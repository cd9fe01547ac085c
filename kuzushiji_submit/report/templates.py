"""Jinja2 templates into HTML that holds nothing unescaped and nothing that HTML forbids."""

from functools import cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from kuzushiji_submit.report.markup import clean, coordinate, count, plural, script_json

_SHARED = Path(__file__).with_name("templates")


def render_template(name: str, content: dict[str, object], folder: Path | None = None) -> str:
    """A template's HTML.

    Args:
        name: the template's file.
        content: what it shows, by name; every text in it is plain and is escaped.
        folder: where it lies, if it is not a template of this room; it may use this room's templates.

    Raises:
        jinja2.TemplateError: if the template is missing or asks for what is not in the content.
    """
    return _environment(folder or _SHARED).get_template(name).render(content)


@cache
def _environment(folder: Path) -> Environment:
    environment = Environment(
        loader=FileSystemLoader([folder, _SHARED]),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        undefined=StrictUndefined,
        finalize=_finalize,
    )
    environment.filters.update(coordinate=coordinate, count=count, plural=plural, script_json=_script_json)
    return environment


def _finalize(value: object) -> object:
    """What is printed, without what no HTML file can hold; markup is made of printed parts and is clean already."""
    return clean(value) if isinstance(value, str) and not isinstance(value, Markup) else value


def _script_json(data: object) -> Markup:
    return Markup(script_json(data))  # noqa: S704 - it has no < > &
