"""The command that says what this machine can do."""

# ruff: noqa: PLC0415 - imports inside the command keep the start quick

from __future__ import annotations

from typing import TYPE_CHECKING

import typer

from offnet.cli.arguments import Json
from offnet.errors import HostError

if TYPE_CHECKING:
    from offnet.doctor.model import Diagnosis

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

    from offnet.cli.output import say_json
    from offnet.doctor import diagnose

    diagnosis = diagnose()
    if as_json:
        say_json({"usable": diagnosis.usable, **asdict(diagnosis), "remedy": diagnosis.remedy})
    else:
        _show(diagnosis)
    if not diagnosis.usable:
        raise typer.Exit(HostError.exit_code)


def _show(diagnosis: Diagnosis) -> None:
    from rich.markup import escape

    from offnet.cli.output import out
    from offnet.doctor import Topic

    console = out()
    for topic in Topic:
        console.print(f"[bold]{topic.value}[/bold]")
        for finding in diagnosis.findings:
            if finding.topic is topic:
                console.print(f"  {MARKS[finding.status]} {escape(finding.name)}: {escape(finding.seen)}")
    if diagnosis.usable:
        console.print(f"[bold]Labs run here[/bold]: runtime {diagnosis.runtime}, host {diagnosis.host}")
        console.print(f"  because {escape(diagnosis.reason)}")
        if diagnosis.host != "local" and diagnosis.native_remedy:
            console.print(f"  [dim]to run on this kernel directly: {escape(diagnosis.native_remedy)}[/dim]")
        return
    console.print(f"[red]Labs cannot run here[/red]: {escape(diagnosis.reason)}")
    if diagnosis.remedy:
        console.print("Install what is missing:")
        console.print(f"  {diagnosis.remedy}", markup=False)
