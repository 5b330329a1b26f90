"""How the command line speaks: results on standard output, everything else on standard error."""

from __future__ import annotations

import json
import os
import sys
from typing import TYPE_CHECKING, Any

from offnet.errors import LabError, OffnetError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.console import Console


def out() -> Console:
    """Standard output. Plain when it is no terminal, or with NO_COLOR."""
    return _console(stderr=False)


def err() -> Console:
    """Standard error, for progress and messages."""
    return _console(stderr=True)


def _console(*, stderr: bool) -> Console:
    from rich.console import Console  # noqa: PLC0415 - a third of the start-up time

    stream = sys.stderr if stderr else sys.stdout
    plain = not stream.isatty() or bool(os.environ.get("CI"))
    return Console(
        stderr=stderr,
        highlight=False,
        emoji=False,
        force_terminal=False if plain else None,
        color_system=None if plain else "auto",
        soft_wrap=plain,
    )


def say(text: str) -> None:
    """One plain line (or several) of result, exactly as given."""
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def say_json(value: Any) -> None:
    """A result for programs."""
    say(json.dumps(value, indent=2, ensure_ascii=False))


def show_table(columns: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    """A table for people; aligned plain lines where the output is no terminal."""
    console = out()
    texts = [[str(value) for value in row] for row in rows]
    if not console.is_terminal:
        widths = [max(map(len, column)) for column in zip(columns, *texts, strict=True)]
        for line in ([name.upper() for name in columns], *texts):
            say("  ".join(text.ljust(width) for text, width in zip(line, widths, strict=True)).rstrip())
        return
    from rich.table import Table  # noqa: PLC0415 - only on a terminal
    from rich.text import Text  # noqa: PLC0415 - as above

    table = Table(*columns, box=None, pad_edge=False, header_style="bold")
    for line in texts:
        table.add_row(*(Text(text) for text in line))
    console.print(table)


def heading(title: str, command: str) -> None:
    """The title of a table, and below it the command that shows the same in the node."""
    from rich.markup import escape  # noqa: PLC0415 - keeps the start quick

    out().print(f"[bold]{escape(title)}[/bold]\n[dim]$ {escape(command)}[/dim]")


def complain(error: OffnetError) -> None:
    """An error the user can do something about: one message, no traceback."""
    console = err()
    problems = error.problems if isinstance(error, LabError) else ()
    for problem in problems:
        console.print("[red]error:[/red] ", end="")
        console.print(str(problem), markup=False)
    if not problems:
        console.print("[red]error:[/red] ", end="")
        console.print(str(error) or type(error).__name__, markup=False)
    elif len(problems) > 1:
        console.print(f"{len(problems)} problems")
