"""What a node's evidence.sh prints, and what its daemons answer, cut into files."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

SEPARATOR = "\036"
PLACES = {
    "/etc/offnet/": "rendered/",
    "/var/log/offnet/": "log/",
    "/proc/net/": "kernel/",
    "/proc/": "kernel/",
}
"""Where files of a node go in its evidence, by where they are."""


def parts(text: str, token: str) -> dict[str, str]:
    """The files in the output, by relative path; empty ones are left out."""
    files: dict[str, str] = {}
    for part in text.split(f"{SEPARATOR}{token} ")[1:]:
        name, _, body = part.partition("\n")
        if name == "ip":
            files.update(_questions(body))
        else:
            files[_place(name)] = body
    return {name: body for name, body in files.items() if body.strip()}


def _place(name: str) -> str:
    for start, folder in PLACES.items():
        if name.startswith(start):
            return folder + name.removeprefix(start)
    return name


def _questions(body: str) -> Iterator[tuple[str, str]]:
    """One file a question to ip; each begins with a complaint about a device of that name."""
    _, *rest = re.split(
        r'^Device "@([\w-]+)" does not exist\.\nCommand failed .*\n', body, flags=re.MULTILINE
    )
    for name, answer in zip(rest[::2], rest[1::2], strict=True):
        yield f"ip/{name}.txt", answer


def answers(daemon: str, commands: Sequence[str], text: str) -> dict[str, str]:
    """One file a vty command: what the socket sent, in order, each answer ending with NULs and a status."""
    files: dict[str, str] = {}
    for command, answer in zip(commands, re.split("\0\0\0.", text, flags=re.DOTALL), strict=False):
        words = command.removeprefix("show ").split()
        ending = "json" if words[-1] == "json" else "txt"
        path = f"{daemon}-{'-'.join(words).removesuffix('-json')}.{ending}"
        if answer.strip():
            files[path] = answer.replace("\r", "")
    return files
