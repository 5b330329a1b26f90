"""The command that brings labs up, proves them, reports, and takes them down."""

# ruff: noqa: PLC0415 - imports inside the command keep the start quick

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from offnet.cli.arguments import AcceptHostKey, CryptoOption, HostOption, Labs, Runtime, accept_host_key

Select = Annotated[
    str, typer.Option("-k", metavar="EXPR", help="Only checks whose name matches, as pytest's -k.")
]
JsonFile = Annotated[
    Path | None, typer.Option("--json", metavar="FILE", help="Results for programs.", dir_okay=False)
]
JunitFile = Annotated[
    Path | None, typer.Option("--junit", metavar="FILE", help="Results for CI systems.", dir_okay=False)
]
HtmlFile = Annotated[
    Path | None,
    typer.Option(
        "--html", metavar="FILE", help="One page with topology, verdicts, evidence.", dir_okay=False
    ),
]
MarkdownFile = Annotated[
    Path | None,
    typer.Option("--markdown", metavar="FILE", help="Summary for a CI job or a comment.", dir_okay=False),
]
Keep = Annotated[bool, typer.Option("--keep", help="Leave the lab running afterwards.")]
Faults = Annotated[
    bool,
    typer.Option("--faults", help="Also kill daemons and cut links, and watch the lab return (minutes)."),
]

Jobs = Annotated[
    int,
    typer.Option(
        "--jobs", "-j", metavar="N", min=0, help="Check N labs at a time; 0: as many as processors."
    ),
]


def register(application: typer.Typer, panel: str) -> None:
    """Adds the command to the application."""
    application.command("check", rich_help_panel=panel)(check)


def check(
    labs: Labs,
    *,
    select: Select = "",
    json: JsonFile = None,
    junit: JunitFile = None,
    html: HtmlFile = None,
    markdown: MarkdownFile = None,
    keep: Keep = False,
    faults: Faults = False,
    jobs: Jobs = 1,
    crypto: CryptoOption = None,
    runtime: Runtime = None,
    host: HostOption = None,
    accept_key: AcceptHostKey = None,
) -> None:
    """Bring labs up, prove that they do what they should, report, take them down.

    A lab that is running already is only proved, and left running.

    [dim]offnet check single-ip[/dim]
    [dim]offnet check single-ip --crypto modern --html report.html[/dim]
    [dim]offnet check single-ip -k isolation --keep   # then: offnet shell single-ip pe2[/dim]
    [dim]offnet check gre pe-pe ce-ce --jobs 2[/dim]

    Every run leaves its results, report and the evidence of every node
    in a new folder of runs/. With several labs, the files of --json,
    --junit, --html and --markdown get the lab's name before their ending.
    """
    from offnet.cli.network import lab_folder

    folders = [lab_folder(lab) for lab in labs]  # a name mistyped is told before what takes long to import
    from offnet.cli.proving import Files, Wish
    from offnet.cli.several import check_all

    accept_host_key(host, accept_key)
    wish = Wish(select, crypto, runtime and runtime.value, host, keep, faults)
    files = Files(json=json, junit=junit, html=html, markdown=markdown)
    code = check_all(folders, wish, files, jobs)
    if code:
        raise typer.Exit(code)
