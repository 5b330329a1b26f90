"""Whether the node image and the sandbox kernel are built, and still what today's files make."""

from __future__ import annotations

from collections.abc import Iterator

from offnet import artifacts
from offnet.artifacts import noderoot, uml
from offnet.doctor.model import Finding, Status, Topic
from offnet.errors import OffnetError


def findings() -> Iterator[Finding]:
    """One finding an artifact: there, stale, or to be built."""
    for recipe in (noderoot.recipe(), uml.recipe()):
        try:
            folder = artifacts.Store(artifacts.cache_root()).find(recipe)
        except OffnetError as error:
            yield Finding(Topic.CACHE, recipe.title, Status.MISSING, str(error))
            continue
        if folder is None:
            minutes = max(1, round(recipe.estimate_seconds / 60))
            seen = f"to be built by the first run, in about {minutes} min"
            yield Finding(Topic.CACHE, recipe.title, Status.NOTE, seen)
        else:
            yield Finding(Topic.CACHE, recipe.title, Status.OK, str(folder))
