"""A running lab: observers and feeds behind a door into its nodes."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import TracebackType

from offnet.errors import UsageError
from offnet.host.base import Completed, Host, Stream, quoted
from offnet.host.feed import LineFeed
from offnet.runtime.door import Door
from offnet.runtime.observer.client import Observer


class HostedLab:
    """A RunningLab. How a command gets into a node is the door's business.

    An observer is started when it is first needed, and again after it was lost. May be used from
    several threads.
    """

    def __init__(self, name: str, runtime: str, host: Host, nodes: tuple[str, ...], door: Door) -> None:
        self.name = name
        self.runtime = runtime
        self.host = host
        self.nodes = nodes
        self._door = door
        self._observers: dict[str, Observer] = {}
        self._feeds: dict[tuple[str, ...], LineFeed] = {}
        self._lock = threading.RLock()

    def run(
        self,
        node: str,
        argv: Sequence[str] | str,
        *,
        input: bytes = b"",  # noqa: A002 - as subprocess calls it
        timeout: float = 10.0,
        check: bool = True,
    ) -> Completed:
        """Run a command in a node, by an observer that stays there."""
        return self._observer(node).run(node, argv, input, timeout, check)

    def stream(self, node: str, argv: Sequence[str], *, stderr: bool = False) -> Stream:
        """Start a command in a node and hand over its pipes."""
        return self._observer(node).stream(node, argv, stderr=stderr)

    def feed(self, node: str, argv: Sequence[str]) -> LineFeed:
        """The lines that a command goes on printing in a node; one reader for all who wait."""
        with self._lock:
            key = (node, *argv)
            if key not in self._feeds:
                self._feeds[key] = LineFeed(self.stream(node, argv))
            return self._feeds[key]

    def command(self, node: str, argv: Sequence[str], *, tty: bool = False) -> tuple[str, ...]:
        """The command line that runs argv in a node with the user's terminal."""
        return self._door.command(self._known(node), argv, tty=tty)

    def read(self, node: str, path: str) -> bytes:
        """The content of a file of a node."""
        with_shell = self.stream(node, ("cat", path), stderr=True)
        try:
            content = with_shell.stdout.read()
            complaint = with_shell.stderr.read() if with_shell.stderr else b""
        finally:
            with_shell.close()
        if complaint:
            Completed(quoted(("cat", path)), 1, "", complaint.decode(errors="replace")).check()
        return content

    def close(self) -> None:
        """Close all observers and feeds and the connection to the host; the lab stays as it is."""
        self.leave()
        self.host.close()

    def leave(self) -> None:
        """Close all observers and feeds, but not the host."""
        with self._lock:
            open_ones: list[LineFeed | Observer] = [*self._feeds.values(), *self._observers.values()]
            self._feeds.clear()
            self._observers.clear()
        for one in open_ones:
            one.close()
        self._door.close()

    def __enter__(self) -> HostedLab:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _known(self, node: str) -> str:
        if node not in self.nodes:
            raise UsageError(f"{self.name} has no node {node}; its nodes are {', '.join(self.nodes)}")
        return node

    def _observer(self, node: str) -> Observer:
        which = self._door.observer(self._known(node))
        with self._lock:
            observer = self._observers.get(which)
            if observer is not None and observer.closed:
                observer.close()
                observer = None
            if observer is None:
                observer = self._observers[which] = Observer(self._door.observe(node))
            return observer


@dataclass(frozen=True, slots=True)
class Started:
    """A lab that has come up, and when (seconds of one clock) its phases ended; the first is the start."""

    lab: HostedLab
    phases: Mapping[str, float] = field(default_factory=dict)
