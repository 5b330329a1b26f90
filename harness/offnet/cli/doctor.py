"""The command that says what this machine can do."""

# ruff: noqa: PLC0415 - imports inside the command keep the start quick

from __future__ import annotations

from typing import TYPE_CHECKING

import typer

from offnet.cli.arguments import Json
from offnet.errors import HostError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from offnet.doctor.model import Diagnosis, Finding, Needs, Place

MARKS = {"ok": "[green]✓[/green]", "note": "[yellow]·[/yellow]", "missing": "[red]✗[/red]"}


def register(application: typer.Typer, panel: str) -> None:
    """Adds the command to the application."""
    application.command("doctor", rich_help_panel=panel)(doctor)


def doctor(as_json: Json = False) -> None:
    """Say what this machine has, lacks, and where labs will run on it. Changes nothing.

    [dim]offnet doctor[/dim]

    Exits 0 when labs can run here some way, otherwise 3.
    """
    from dataclasses import asdict

    from offnet.cli.output import out, say_json
    from offnet.doctor import diagnose

    diagnosis = diagnose()
    if as_json:
        say_json({"usable": diagnosis.usable, **asdict(diagnosis), "remedy": diagnosis.remedy})
    else:
        console = out()
        for line in _lines(diagnosis):
            console.print(line)
    if not diagnosis.usable:
        raise typer.Exit(HostError.exit_code)


def _lines(diagnosis: Diagnosis) -> Iterator[str]:
    from offnet.doctor import Topic

    for topic in Topic:
        found = [finding for finding in diagnosis.findings if finding.topic is topic]
        if found:
            yield f"[bold]{topic.value}[/bold]"
            yield from (line for finding in found for line in _finding(finding))
    if diagnosis.labs:
        yield "[bold]what labs need of a kernel[/bold]"
        yield from map(_needs, diagnosis.labs)
    yield "[bold]where labs can run[/bold]"
    yield from map(_place, diagnosis.places)
    yield from _verdict(diagnosis)


def _finding(finding: Finding) -> Iterator[str]:
    from rich.markup import escape

    yield f"  {MARKS[finding.status]} {escape(finding.name)}: {escape(finding.seen)}"
    if finding.remedy and finding.status.value != "ok":
        yield f"      [dim]{escape(finding.remedy)}[/dim]"


def _needs(needs: Needs) -> str:
    from rich.markup import escape

    from offnet.doctor.needs import status

    text = needs.problem or ", ".join(needs.modules)
    here = f"; this kernel lacks {', '.join(needs.lacking)}" if needs.lacking else ""
    return f"  {MARKS[status(needs)]} {escape(needs.lab)}: {escape(text)}{here}"


def _place(place: Place) -> str:
    from rich.markup import escape

    mark = MARKS["ok" if place.usable else "missing"]
    return f"  {mark} {place.runtime} on host {place.host}: {escape(place.reason)}"


def _verdict(diagnosis: Diagnosis) -> Iterator[str]:
    from rich.markup import escape

    if diagnosis.usable:
        yield f"[bold]Labs run here[/bold]: runtime {diagnosis.runtime}, host {diagnosis.host}"
        yield f"  because {escape(diagnosis.reason)}"
        if diagnosis.host != "local" and diagnosis.native_remedy:
            yield f"  [dim]to run on this kernel directly: {escape(diagnosis.native_remedy)}[/dim]"
        return
    yield f"[red]Labs cannot run here[/red]: {escape(diagnosis.reason)}"
    if diagnosis.remedy:
        yield "Install what is missing:"
        yield f"  {escape(diagnosis.remedy)}"
