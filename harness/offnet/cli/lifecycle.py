"""Commands about running labs: up, ps, down."""

# ruff: noqa: PLC0415 - imports inside the commands keep the start quick

from __future__ import annotations

from typing import Annotated

import typer

from offnet.cli.arguments import (
    AcceptHostKey,
    CryptoOption,
    HostOption,
    Json,
    Lab,
    Runtime,
    accept_host_key,
    complete_lab,
)
from offnet.errors import OffnetError, UsageError


def register(application: typer.Typer, panel: str) -> None:
    """Adds the commands to the application."""
    application.command("up", rich_help_panel=panel)(up)
    application.command("ps", rich_help_panel=panel)(ps)
    application.command("down", rich_help_panel=panel)(down)


def up(
    lab: Lab,
    *,
    crypto: CryptoOption = None,
    runtime: Runtime = None,
    host: HostOption = None,
    accept_key: AcceptHostKey = None,
) -> None:
    """Bring a lab up and leave it running, to look around in it; end it with `offnet down`.

    [dim]offnet up single-ip[/dim]
    [dim]offnet up single-ip --crypto modern --host sandbox[/dim]
    """
    from offnet import session
    from offnet.cli.network import lab_folder
    from offnet.cli.terminal import Terminal

    accept_host_key(host, accept_key)
    terminal = Terminal()
    try:
        running = session.bring_up(
            lab_folder(lab),
            crypto,
            runtime=runtime and runtime.value,
            host=host,
            lifetime="up",
            progress=terminal,
        )
    finally:
        terminal.done()
    with running:
        terminal.headline(running.network)
        terminal.note(f"{running.running.runtime} on {running.running.host.name}: {running.host_reason}")
        terminal.times(running.phases)
        name = running.network.name
        terminal.note(
            f"Look around:  offnet show {name} sa   offnet shell {name} {running.network.nodes[0].name}"
            f"   End it:  offnet down {name}"
        )


def ps(as_json: Json = False) -> None:
    """List the labs that were started and not taken down.

    [dim]offnet ps --json[/dim]
    """
    from offnet.cli.output import say, say_json, show_table
    from offnet.runtime import labs

    rows = [
        {
            "lab": item.record.lab,
            "state": _state(running=item.running, kept=item.record.kept),
            "host": item.record.host,
            "runtime": item.record.runtime,
            "nodes": len(item.record.nodes),
            "topology": item.record.topology,
        }
        for item in labs.ps()
    ]
    if as_json:
        say_json(rows)
    elif rows:
        show_table(list(rows[0])[:5], [list(row.values())[:5] for row in rows])
    else:
        say("no lab is running; start one with: offnet up LAB")


def _state(*, running: bool, kept: bool) -> str:
    if not running:
        return "gone, clear it away with `offnet down`"
    return "running" if kept else "at work in another command"


def down(
    lab: Annotated[
        list[str] | None, typer.Argument(metavar="LAB", autocompletion=complete_lab, show_default=False)
    ] = None,
    every: Annotated[bool, typer.Option("--all", help="Every lab.")] = False,
) -> None:
    """Take labs down, also what a killed command left of them.

    [dim]offnet down single-ip[/dim]
    [dim]offnet down --all[/dim]
    """
    from offnet.cli.output import complain, say
    from offnet.runtime import labs

    if bool(lab) == every:
        raise UsageError("name the labs to take down, or give --all")
    names = [item.record.lab for item in labs.ps()] if every else [_name(item) for item in lab or ()]
    failed: OffnetError | None = None
    for name in names:
        try:
            labs.down(name)
            say(f"{name}: down")
        except OffnetError as error:
            complain(error)
            failed = failed or error
    if failed:
        raise typer.Exit(failed.exit_code)


def _name(lab: str) -> str:
    """The name of a running lab; a lab whose file is broken or gone can still be taken down."""
    from offnet.cli.network import network_of

    try:
        return network_of(lab).name
    except OffnetError:
        return lab.rstrip("/").rpartition("/")[2]
