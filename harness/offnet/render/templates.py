"""The Jinja environment of the project: undefined names are errors, never empty text."""

from __future__ import annotations

from functools import cache

from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template

from offnet import resources


@cache
def environment() -> Environment:
    """Templates are plain text of FRR and strongSwan, so nothing is escaped."""
    return Environment(
        loader=FileSystemLoader(resources.templates()),
        undefined=StrictUndefined,
        autoescape=False,  # noqa: S701 - configuration text; the HTML report has its own environment
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )


@cache
def template(name: str) -> Template:
    """A template by its path below templates/, compiled once."""
    return environment().get_template(name)
