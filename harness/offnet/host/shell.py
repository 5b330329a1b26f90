"""A POSIX shell that stays: one process start per command instead of a connection each."""

from __future__ import annotations

import os
import secrets
import selectors
import shlex
import threading
from collections.abc import Sequence

from offnet.errors import LabRunError
from offnet.host.base import Completed, Stream, quoted
from offnet.wait import Deadline

_CHUNK = 1 << 16


class Shell:
    """A persistent ``sh`` on a Stream. Safe to use from several threads, one command at a time.

    Every answer ends with a random token and the exit status, so output may hold anything. A
    command that misses its deadline costs the shell: it is closed, and DeadlineExpired raised.
    """

    def __init__(self, stream: Stream, name: str = "shell") -> None:
        self.name = name
        self.closed = False
        self._stream = stream
        self._lock = threading.Lock()
        self._token = secrets.token_hex(8)

    def run(
        self,
        command: Sequence[str] | str,
        *,
        input: bytes = b"",  # noqa: A002 - as subprocess calls it
        timeout: float = 10.0,
        check: bool = True,
    ) -> Completed:
        """Run one command (a list, or a text of shell language) and return what it did."""
        done = self._exchange([(command, input)], timeout)[0]
        return done.check() if check else done

    def run_many(
        self, commands: Sequence[Sequence[str] | str], *, timeout: float = 10.0
    ) -> tuple[Completed, ...]:
        """Run commands one after the other, sent at once: no round trip in between. Never checks."""
        return self._exchange([(command, b"") for command in commands], timeout)

    def close(self) -> None:
        """End the shell. May be called twice."""
        self.closed = True
        self._stream.close()

    def _exchange(
        self, commands: Sequence[tuple[Sequence[str] | str, bytes]], timeout: float
    ) -> tuple[Completed, ...]:
        names = [quoted(command) for command, _ in commands]
        script = "".join(self._framed(name, data) for name, (_, data) in zip(names, commands, strict=True))
        deadline = Deadline(timeout)
        with self._lock:
            if self.closed:
                raise LabRunError(f"{self.name}: the shell has been closed")
            dialogue = _Dialogue(self._stream, script.encode(), f"\n{self._token} ".encode(), len(names))
            try:
                dialogue.hold(deadline, f"{self.name}: {names[0]}")
            except BaseException:
                self.close()
                raise
        return tuple(
            Completed(name, code, out.decode(errors="replace"), err.decode(errors="replace"))
            for name, (code, out, err) in zip(names, dialogue.answers(), strict=True)
        )

    def _framed(self, text: str, data: bytes) -> str:
        # eval in a subshell: neither a syntax error nor `exit` in the text ends this shell
        command = f"( eval {shlex.quote(text)} )"
        fed = f"printf -- {_printf(data)} | {command}" if data else f"{command} </dev/null"
        return (
            f"{fed}; set -- $?; printf '\\n{self._token} %d\\n' $1; printf '\\n{self._token} %d\\n' $1 >&2\n"
        )


class _Dialogue:
    """One exchange: the script goes out while both kinds of output come in, so neither blocks."""

    def __init__(self, stream: Stream, script: bytes, mark: bytes, answers: int) -> None:
        self._script = memoryview(script)
        self._mark = mark
        self._wanted = answers
        self._stdin = stream.stdin.fileno()
        self._output = {stream.stdout.fileno(): bytearray()}
        if stream.stderr is not None:
            self._output[stream.stderr.fileno()] = bytearray()

    def hold(self, deadline: Deadline, what: str) -> None:
        os.set_blocking(self._stdin, False)
        with selectors.DefaultSelector() as selector:
            selector.register(self._stdin, selectors.EVENT_WRITE)
            for descriptor in self._output:
                selector.register(descriptor, selectors.EVENT_READ)
            while not self._complete():
                events = selector.select(deadline.left())
                if not events and deadline.expired():
                    raise deadline.error(what, self._seen())
                for key, _ in events:
                    self._serve(selector, key.fd, what)

    def answers(self) -> list[tuple[int, bytes, bytes]]:
        out, *rest = [self._split(bytes(output)) for output in self._output.values()]
        err = rest[0] if rest else [(0, b"")] * self._wanted
        return [(code, text, complaint) for (code, text), (_, complaint) in zip(out, err, strict=True)]

    def _serve(self, selector: selectors.BaseSelector, descriptor: int, what: str) -> None:
        if descriptor != self._stdin:
            data = os.read(descriptor, _CHUNK)
            if not data:
                raise LabRunError(f"{what}: the shell ended; last seen: {self._seen()}")
            self._output[descriptor] += data
            return
        try:
            self._script = self._script[os.write(descriptor, self._script) :]
        except BrokenPipeError:
            raise LabRunError(f"{what}: the shell has ended; last seen: {self._seen()}") from None
        if not self._script:
            selector.unregister(descriptor)

    def _complete(self) -> bool:
        return not self._script and all(
            output.count(self._mark) >= self._wanted and output.endswith(b"\n")
            for output in self._output.values()
        )

    def _split(self, output: bytes) -> list[tuple[int, bytes]]:
        parts = output.split(self._mark)
        texts, codes = [parts[0]], []
        for part in parts[1:]:
            code, _, text = part.partition(b"\n")
            codes.append(int(code))
            texts.append(text)
        return list(zip(codes, texts[:-1], strict=True))

    def _seen(self) -> str:
        text = b"".join(bytes(output) for output in self._output.values())
        return text.decode(errors="replace").strip()[-500:] or "no output"


def _printf(data: bytes) -> str:
    """The format for printf that writes exactly these bytes."""
    plain = set(b'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789 .,:;/=_-+{}[]"<>()|#@*\n')
    return "'" + "".join(chr(byte) if byte in plain else f"\\{byte:03o}" for byte in data) + "'"
