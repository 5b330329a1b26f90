"""Whether what labs run on is built, and still what today's files make."""

from __future__ import annotations

from collections.abc import Iterator

from offnet import artifacts
from offnet.artifacts import dockerdisk, noderoot, serverroot, uml
from offnet.doctor.model import Finding, Status, Topic
from offnet.errors import OffnetError


def is_built() -> bool:
    """Whether the embedded runtime in a sandbox needs no build; false where that cannot be seen."""
    try:
        return None not in {artifacts.found(kind) for kind in (artifacts.NODE_IMAGE, artifacts.KERNEL)}
    except OffnetError:
        return False


def findings() -> Iterator[Finding]:
    """One finding an artifact: there, stale, or to be built."""
    every, containers = "the first run", "the first run of containerlab in the sandbox"
    recipes = [
        (noderoot.recipe(), every),
        (uml.recipe(), every),
        (serverroot.recipe(), containers),
        (dockerdisk.recipe(), containers),
    ]
    for recipe, first in recipes:
        try:
            folder = artifacts.Store(artifacts.cache_root()).find(recipe)
        except OffnetError as error:
            yield Finding(Topic.CACHE, recipe.title, Status.MISSING, str(error))
            continue
        if folder is None:
            minutes = max(1, round(recipe.estimate_seconds / 60))
            seen = f"to be built by {first}, in about {minutes} min"
            yield Finding(Topic.CACHE, recipe.title, Status.NOTE, seen)
        else:
            yield Finding(Topic.CACHE, recipe.title, Status.OK, str(folder))
