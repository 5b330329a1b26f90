"""The command ``offnet``: the only part of the package that prints and exits."""

from __future__ import annotations

import gc
import signal
import sys
from types import FrameType

from offnet.errors import OffnetError

INTERRUPTED = 130

OBJECTS_BEFORE_CYCLES = 100_000
"""How many objects more there are before the next search for cycles: by default it walks all that
was imported again and again, a tenth of the time until a lab starts."""


def main() -> None:
    """Runs the command line and exits: 0, 1, 2 or 3 as documented in offnet.errors, 130 when interrupted.

    SIGTERM and SIGHUP are treated like Ctrl-C, so that everything started is ended first.
    """
    for number in (signal.SIGTERM, signal.SIGHUP):
        if signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, _interrupt)
    gc.set_threshold(OBJECTS_BEFORE_CYCLES)
    sys.exit(run(sys.argv[1:]))


def _interrupt(_number: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def run(arguments: list[str]) -> int:
    """Runs one command and returns its exit code; errors become one message each."""
    from offnet.cli import app  # noqa: PLC0415 - so that a Ctrl-C this early is handled as well

    try:
        app.invoke(arguments)
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else int(end.code is not None)
        return _interrupted() if code == INTERRUPTED else code
    except KeyboardInterrupt:
        return _interrupted()
    except OffnetError as error:
        if app.debugging():
            raise
        return _complain(error)
    except Exception as error:  # the last line of defence; --debug shows it whole
        if app.debugging():
            raise
        return _apologise(error)
    return 0


def _interrupted() -> int:
    sys.stderr.write("interrupted\n")
    return INTERRUPTED


def _complain(error: OffnetError) -> int:
    from offnet.cli.output import complain  # noqa: PLC0415 - only when something is wrong

    complain(error)
    return error.exit_code


def _apologise(error: Exception) -> int:
    sys.stderr.write(
        f"error: offnet itself failed: {type(error).__name__}: {error}\n"
        "This is a bug. Run the same command as `offnet --debug ...` to see where, and report that.\n"
    )
    return 1
