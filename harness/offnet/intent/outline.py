"""The shape of lab.yml by location: which model, field and keys are at a key path."""

from __future__ import annotations

import types
from collections.abc import Iterator
from typing import Annotated, Any, Union, get_args, get_origin

from pydantic import BaseModel, RootModel
from pydantic.fields import FieldInfo

from offnet.intent.models import LabIntent
from offnet.intent.sites import MODELS

# As pydantic tells them: a key path with tags of unions and the long forms of short ones.
Location = tuple[str | int, ...]


def keys_at(location: Location) -> list[str]:
    """The keys that are allowed in the mapping at a location."""
    return keys_of(model_at(location))


def keys_of(model: type[BaseModel] | None) -> list[str]:
    """The keys of a model as lab.yml writes them."""
    if model is None:
        return []
    return [field.alias or name for name, field in model.model_fields.items()]


def field_at(location: Location) -> FieldInfo | None:
    """The field that describes the key at a location, None where there is none."""
    model = model_at(location[:-1])
    fields = model.model_fields.items() if model else ()
    return next((field for name, field in fields if (field.alias or name) == location[-1]), None)


def model_at(location: Location) -> type[BaseModel] | None:
    """The model that describes the mapping at a location, None where there is none."""
    kind: Any = LabIntent
    for step in location:
        kind = _step_into(kind, step)
    return next(_models(kind), None)


def _step_into(kind: Any, step: str | int) -> Any:
    if step in MODELS:
        return MODELS[str(step)]
    model = next(_models(kind), None)
    if model is not None and not issubclass(model, RootModel):
        fields = model.model_fields.items()
        return next((field.annotation for name, field in fields if (field.alias or name) == step), None)
    inner = get_args(_bare(kind))
    return inner[-1] if get_origin(_bare(kind)) is dict else (inner[0] if inner else None)


def _bare(kind: Any) -> Any:
    while get_origin(kind) is Annotated:
        kind = get_args(kind)[0]
    return kind


def _models(kind: Any) -> Iterator[type[BaseModel]]:
    """The models that a type annotation may stand for, sites' union and optional values included."""
    kind = _bare(kind)
    if isinstance(kind, type) and issubclass(kind, BaseModel):
        yield kind
    elif get_origin(kind) in (Union, types.UnionType):
        for member in get_args(kind):
            yield from _models(member)
