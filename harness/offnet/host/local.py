"""The machine at hand as a host: for root on a kernel that has what the labs need."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from offnet.host import process
from offnet.host.base import Completed, Stream, quoted


class LocalHost:
    """Runs commands as child processes."""

    @property
    def name(self) -> str:
        """``local``."""
        return "local"

    def run(
        self,
        argv: Sequence[str],
        *,
        input: bytes = b"",  # noqa: A002 - as subprocess calls it
        timeout: float,
        check: bool = True,
    ) -> Completed:
        """Run a command to its end."""
        shown = quoted(argv)
        done = process.completed(shown, *process.run(argv, shown=shown, input=input, timeout=timeout))
        return done.check() if check else done

    def stream(self, argv: Sequence[str], *, tty: bool = False, stderr: bool = False) -> Stream:  # noqa: ARG002 - pipes have no terminal to offer; command() does
        """Start a command and hand over its pipes."""
        return process.ProcessStream.start(argv, stderr=stderr)

    def put(self, files: Mapping[str, bytes], directory: str) -> None:
        """Write files below a directory; scripts become executable."""
        for name, content in files.items():
            path = Path(directory, name)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
            path.chmod(0o755 if path.suffix == ".sh" else 0o644)

    def get(self, directory: str) -> dict[str, bytes]:
        """Every regular file below a directory."""
        root = Path(directory)
        return {
            str(path.relative_to(root)): path.read_bytes()
            for path in sorted(root.rglob("*"))
            if path.is_file() and not path.is_symlink()
        }

    def command(self, argv: Sequence[str], *, tty: bool = False) -> tuple[str, ...]:  # noqa: ARG002 - the user's terminal is inherited
        """The command itself."""
        return tuple(argv)

    def socket(self, path: str) -> Path:
        """The socket itself."""
        return Path(path)

    def close(self) -> None:
        """Nothing to let go of."""
