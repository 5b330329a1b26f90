"""Reads a containerlab topology file: the part of it that the netns runtime acts on."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path, PurePosixPath
from typing import Any, TypeVar

import yaml

from offnet.errors import LabError, Problem

DEFAULT_MTU = 9500
"""What containerlab gives a veth whose link names no MTU."""

_NAME = re.compile(r"[a-zA-Z0-9][a-zA-Z0-9._-]*")
_INTERFACE = re.compile(r"[a-zA-Z0-9][a-zA-Z0-9._-]{0,14}")
_VOLUME = re.compile(r"([a-zA-Z0-9][a-zA-Z0-9_.-]*):((?:/[a-zA-Z0-9][a-zA-Z0-9._-]*)+)(?::(ro|rw))?")
_LINK_ENDS = 2


@dataclass(frozen=True, slots=True)
class Bind:
    """A folder of the topology that appears in a node."""

    source: str
    target: str
    read_only: bool


@dataclass(frozen=True, slots=True)
class Volume:
    """A folder that starts empty and that nodes share by its name; it goes with the lab."""

    name: str
    target: str
    read_only: bool


MountT = TypeVar("MountT", Bind, Volume)


@dataclass(frozen=True, slots=True)
class NodeMounts:
    """What appears in a node from outside of it."""

    binds: tuple[Bind, ...]
    volumes: tuple[Volume, ...]


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One end of a link."""

    node: str
    interface: str


@dataclass(frozen=True, slots=True)
class VethLink:
    """A virtual cable between two nodes."""

    a: Endpoint
    b: Endpoint
    mtu: int


@dataclass(frozen=True, slots=True)
class ClabTopology:
    """Nodes with what is mounted in them, and the links between them."""

    name: str
    folder: Path
    nodes: Mapping[str, NodeMounts]
    links: tuple[VethLink, ...]

    def volumes(self) -> tuple[str, ...]:
        """The names of all volumes, each once."""
        mounted = (volume.name for mounts in self.nodes.values() for volume in mounts.volumes)
        return tuple(dict.fromkeys(mounted))

    def files(self) -> dict[str, bytes]:
        """The content of all folders that nodes bind, by path relative to the topology folder."""
        sources = sorted({bind.source for mounts in self.nodes.values() for bind in mounts.binds})
        paths = [path for source in sources for path in sorted((self.folder / source).rglob("*"))]
        return {str(path.relative_to(self.folder)): path.read_bytes() for path in paths if path.is_file()}


def find(folder: Path) -> Path:
    """The one ``*.clab.yml`` of a folder; LabError if there is none, or more than one."""
    found = sorted(folder.glob("*.clab.yml"))
    if len(found) != 1:
        seen = ", ".join(path.name for path in found) or "none"
        raise LabError((Problem(folder, "*.clab.yml", seen, "a topology folder holds exactly one"),))
    return found[0]


def load(folder: Path) -> ClabTopology:
    """The topology of a folder. LabError names everything in it that this runtime cannot make."""
    path = find(folder)
    try:
        document = yaml.safe_load(path.read_text(encoding="utf-8"))
    except yaml.YAMLError as error:
        raise LabError((Problem(path, "-", str(error), "YAML"),)) from None
    return _Reader(path).topology(document)


class _Reader:
    """One pass over the document that collects all problems before it gives up."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._problems: list[Problem] = []

    def topology(self, document: object) -> ClabTopology:
        root = self._mapping(document, "-")
        name = self._matching(root.get("name"), "name", _NAME)
        body = self._mapping(root.get("topology"), "topology")
        inherited = _Inherited(body, self)
        nodes = {
            self._matching(node, "topology.nodes", _NAME): inherited.mounts(node, values)
            for node, values in self._mapping(body.get("nodes"), "topology.nodes").items()
        }
        links = tuple(self._links(body.get("links") or [], nodes))
        if self._problems:
            raise LabError(tuple(self._problems))
        return ClabTopology(name, self._path.parent, nodes, links)

    def bind(self, key: str, text: object) -> Bind | None:
        source, _, rest = str(text).partition(":")
        target, _, mode = rest.partition(":")
        inside = PurePosixPath(source)
        if inside.is_absolute() or ".." in inside.parts or not (self._path.parent / source).is_dir():
            self.problem(key, text, "the source is a folder of the topology")
        elif not re.fullmatch(r"(/[a-zA-Z0-9][a-zA-Z0-9._-]*)+", target) or mode not in {"", "ro", "rw"}:
            self.problem(key, text, "FOLDER:/absolute/path, with :ro or :rw or neither")
        else:
            return Bind(str(inside), target, mode == "ro")
        return None

    def volume(self, key: str, text: object) -> Volume | None:
        match = _VOLUME.fullmatch(str(text))
        if match is None:
            self.problem(key, text, "NAME:/absolute/path, with :ro or :rw or neither")
            return None
        return Volume(match[1], match[2], match[3] == "ro")

    def problem(self, key: str, value: object, allowed: str) -> None:
        self._problems.append(Problem(self._path, key, str(value), allowed))

    def _mapping(self, value: object, key: str) -> Mapping[str, Any]:
        if isinstance(value, dict):
            return value
        self.problem(key, value, "a mapping")
        return {}

    def _matching(self, value: object, key: str, pattern: re.Pattern[str]) -> str:
        if not pattern.fullmatch(str(value)):
            self.problem(key, value, f"a name like {pattern.pattern}")
        return str(value)

    def _links(self, values: object, nodes: Mapping[str, object]) -> Iterator[VethLink]:
        taken: set[Endpoint] = set()
        for index, value in enumerate(values if isinstance(values, list) else []):
            key = f"topology.links.{index}"
            link = self._mapping(value, key)
            if link.get("type", "veth") != "veth":
                self.problem(f"{key}.type", link["type"], "veth")
            ends = [self._endpoint(f"{key}.endpoints", end, nodes) for end in link.get("endpoints") or []]
            if len(ends) != _LINK_ENDS or len({*ends} - taken) != _LINK_ENDS:
                self.problem(f"{key}.endpoints", link.get("endpoints"), "two ends, each used once")
                continue
            taken.update(ends)
            yield VethLink(ends[0], ends[1], int(link.get("mtu", DEFAULT_MTU)))

    def _endpoint(self, key: str, value: object, nodes: Mapping[str, object]) -> Endpoint:
        if isinstance(value, str):
            node, _, interface = value.partition(":")
        else:
            end = self._mapping(value, key)
            node, interface = str(end.get("node")), str(end.get("interface"))
        if node not in nodes:
            self.problem(key, node, "a node of this file")
        return Endpoint(node, self._matching(interface, key, _INTERFACE))


class _Inherited:
    """Binds and volumes as containerlab merges them: defaults, kind, group, node."""

    def __init__(self, body: Mapping[str, Any], reader: _Reader) -> None:
        self._body = body
        self._reader = reader

    def mounts(self, node: str, values: Mapping[str, Any] | None) -> NodeMounts:
        own = values or {}
        defaults = self._body.get("defaults") or {}
        group = own.get("group", defaults.get("group"))
        kind = own.get("kind", defaults.get("kind"))
        layers = (
            defaults,
            (self._body.get("kinds") or {}).get(kind) or {},
            (self._body.get("groups") or {}).get(group) or {},
            own,
        )
        key = f"topology.nodes.{node}"
        return NodeMounts(
            _merged(layers, "binds", partial(self._reader.bind, f"{key}.binds")),
            _merged(layers, "volumes", partial(self._reader.volume, f"{key}.volumes")),
        )


def _merged(
    layers: Iterable[Mapping[str, Any]], name: str, read: Callable[[object], MountT | None]
) -> tuple[MountT, ...]:
    """What the layers mount; of two on one path the later layer's counts."""
    found = (read(text) for layer in layers for text in layer.get(name) or ())
    return tuple({mount.target: mount for mount in found if mount is not None}.values())
