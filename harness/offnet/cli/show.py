"""The command that shows what the chapter's show commands show."""

# ruff: noqa: PLC0415 - imports inside the command keep the start quick

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer

from offnet.cli.arguments import Json, Lab, complete_node


class Topic(StrEnum):
    """What can be shown."""

    SA = "sa"
    ROUTES = "routes"
    VPNV4 = "vpnv4"
    LABELS = "labels"
    NEIGHBORS = "neighbors"


def register(application: typer.Typer, panel: str) -> None:
    """Adds the command to the application."""
    application.command("show", rich_help_panel=panel)(show)


def show(
    lab: Lab,
    topic: Annotated[
        Topic,
        typer.Argument(
            help="sa: IKE and IPsec SAs; routes: of every VRF; vpnv4: MP-BGP; labels; neighbors.",
            show_default=False,
        ),
    ],
    node: Annotated[
        str | None,
        typer.Option("--node", metavar="NODE", help="Only this node.", autocompletion=complete_node),
    ] = None,
    as_json: Json = False,
) -> None:
    """Show the state of a running lab, and the command you would type in the node to see it there.

    [dim]offnet show single-ip sa --node vpn-gw1-east     # show crypto ipsec sa[/dim]
    [dim]offnet show single-ip vpnv4 --node pe2           # show ip bgp vpnv4 all[/dim]
    [dim]offnet show single-ip labels --json[/dim]
    """
    from offnet.cli import output, views
    from offnet.cli.running import attached

    with attached(lab, node) as (running, network):
        tables = views.tables(running, network, topic.value, node)
    if as_json:
        output.say_json([table.data() for table in tables])
        return
    for table in tables:
        output.heading(f"{table.node}: {table.title}", table.typed)
        output.show_table(table.columns, table.rows)
        output.say("")
