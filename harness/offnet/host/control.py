"""A host behind an OpenSSH control socket: the sandbox and a lab server alike."""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from pathlib import Path

from offnet.errors import LabRunError
from offnet.host import archive, process
from offnet.host.base import Completed, Stream, quoted

SOCKET = "ctl"
"""The control socket's name in its directory. It is always used from there: socket paths are short."""

_CONNECTION_LOST = 255
_PUT_TIMEOUT = 120.0
_DISCONNECT_TIMEOUT = 5.0
_FORWARD_TIMEOUT = 15.0


class ControlledHost:
    """Runs commands through the master connection whose socket lies in a directory.

    ``elevate`` stands before every command; it is how an ordinary user becomes root there.
    """

    def __init__(self, name: str, directory: Path, elevate: tuple[str, ...] = ()) -> None:
        self._name = name
        self._directory = directory
        self._elevate = elevate

    @property
    def name(self) -> str:
        """``sandbox`` or ``ssh://user@server``."""
        return self._name

    @property
    def directory(self) -> Path:
        """Where the control socket is."""
        return self._directory

    def run(
        self,
        argv: Sequence[str],
        *,
        input: bytes = b"",  # noqa: A002 - as subprocess calls it
        timeout: float,
        check: bool = True,
    ) -> Completed:
        """Run a command to its end."""
        done = process.completed(quoted(argv), *self._run(argv, input, timeout))
        return done.check() if check else done

    def stream(self, argv: Sequence[str], *, tty: bool = False, stderr: bool = False) -> Stream:
        """Start a command and hand over its pipes."""
        return process.ProcessStream.start(self._client(argv, tty), cwd=self._directory, stderr=stderr)

    def put(self, files: Mapping[str, bytes], directory: str) -> None:
        """Write files below a directory, all in one archive."""
        where = shlex.quote(directory)
        text = f"mkdir -p {where} && tar -xf - -C {where}"
        self.run(("sh", "-c", text), input=archive.pack(files), timeout=_PUT_TIMEOUT)

    def get(self, directory: str) -> dict[str, bytes]:
        """Every regular file below a directory."""
        argv = ("tar", "-cf", "-", "-C", directory, ".")
        code, data, complaint = self._run(argv, b"", _PUT_TIMEOUT)
        process.completed(quoted(argv), code, b"", complaint).check()
        return archive.unpack(data)

    def command(self, argv: Sequence[str], *, tty: bool = False) -> tuple[str, ...]:
        """The command line that runs argv there with the user's terminal."""
        return ("env", f"--chdir={self._directory}", *self._client(argv, tty))

    def socket(self, path: str) -> Path:
        """A socket beside the control socket; the master forwards it, from the first call on."""
        local = Path(path).name
        if not (self._directory / local).exists():
            # named with a slash: ssh takes a plain word for a host
            argv = ("ssh", "-F", "none", "-S", SOCKET, "-O", "forward", "-L", f"./{local}:{path}", "host")
            shown = f"ssh -O forward of {path}"
            done = process.run(argv, shown=shown, timeout=_FORWARD_TIMEOUT, cwd=self._directory)
            if done[0]:
                complaint = done[2].decode(errors="replace").strip()
                raise LabRunError(f"{self._name}: {shown}: {complaint or 'no message'}")
        return self._directory / local

    def close(self) -> None:
        """Nothing to let go of: every command is a client of its own."""

    def disconnect(self) -> None:
        """Ask the master to end the connection, whoever started it; nothing happens without one."""
        argv = ("ssh", "-F", "none", "-S", SOCKET, "-O", "exit", "host")
        if (self._directory / SOCKET).exists():
            process.run(argv, shown="ssh -O exit", timeout=_DISCONNECT_TIMEOUT, cwd=self._directory)

    def _run(self, argv: Sequence[str], data: bytes, timeout: float) -> tuple[int, bytes, bytes]:
        shown = quoted(argv)
        done = process.run(
            self._client(argv, tty=False), shown=shown, input=data, timeout=timeout, cwd=self._directory
        )
        if done[0] == _CONNECTION_LOST:
            complaint = done[2].decode(errors="replace").strip()
            raise LabRunError(f"{self._name}: connection lost during {shown}: {complaint or 'no message'}")
        return done

    def _client(self, argv: Sequence[str], tty: bool) -> tuple[str, ...]:
        # ProxyCommand=false: without a master there must be no attempt to connect anywhere
        options = ("-o", "BatchMode=yes", "-o", "ProxyCommand=false", "-o", "LogLevel=ERROR")
        terminal = "-tt" if tty else "-T"
        return (
            "ssh",
            "-F",
            "none",
            "-S",
            SOCKET,
            terminal,
            *options,
            "host",
            quoted((*self._elevate, *argv)),
        )
