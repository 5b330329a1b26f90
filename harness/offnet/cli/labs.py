"""Commands about labs as files: list, new, render, schema."""

# ruff: noqa: PLC0415 - imports inside the commands keep the start quick

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from offnet.cli.arguments import CryptoOption, Json, Lab, complete_lab
from offnet.errors import LabError, Problem, UsageError

if TYPE_CHECKING:
    from offnet.network.model import Crypto, Network

Check = Annotated[bool, typer.Option("--check", help="Write nothing; print a diff and exit 1 if stale.")]
Into = Annotated[
    Path | None,
    typer.Option("--into", metavar="DIR", help="Write below DIR instead.", file_okay=False),
]
OptionalLabs = Annotated[
    list[str] | None,
    typer.Argument(metavar="LAB", help="Default: every lab.", autocompletion=complete_lab),
]


def register(application: typer.Typer, panel: str) -> None:
    """Adds the commands to the application."""
    application.command("list", rich_help_panel=panel)(list_labs)
    application.command("new", rich_help_panel=panel)(new)
    application.command("render", rich_help_panel=panel)(render)
    application.command("schema", rich_help_panel=panel)(schema)
    application.command("picture", rich_help_panel=panel)(picture)


def list_labs(as_json: Json = False) -> None:
    """List the labs and the examples of the chapter that each one runs.

    [dim]offnet list[/dim]
    """
    from offnet import resources
    from offnet.cli.output import say_json, show_table
    from offnet.intent import catalog

    rows = [
        {
            "lab": entry.name,
            "title": entry.title or f"broken: see `offnet render {entry.name}`",
            "examples": entry.examples,
            "folder": str(entry.folder),
        }
        for entry in catalog.labs(resources.labs())
    ]
    if as_json:
        say_json(rows)
    else:
        show_table(("lab", "title", "examples"), [list(row.values())[:3] for row in rows])


def new(
    lab: Annotated[str, typer.Argument(metavar="LAB", help="Name of the new lab.", show_default=False)],
    source: Annotated[
        str,
        typer.Option("--from", metavar="LAB", help="The lab to start from.", autocompletion=complete_lab),
    ],
    into: Annotated[
        Path | None,
        typer.Option(
            "--into", metavar="DIR", help="Make it below DIR.  [dim]default: labs/, else here[/dim]"
        ),
    ] = None,
) -> None:
    """Make a new lab from another one; then edit its lab.yml.

    [dim]offnet new my-lab --from single-ip[/dim]
    """
    from offnet import resources
    from offnet.cli.network import lab_folder
    from offnet.cli.output import say
    from offnet.intent import catalog

    base = into or (resources.labs() if resources.checkout() else Path())
    folder = catalog.new_lab(lab, lab_folder(source), base / lab, schema=resources.schema())
    name = lab if base == resources.labs() else folder
    say(f"{folder / 'lab.yml'}\nEdit it, then: offnet check {name}")


def render(
    labs: OptionalLabs = None, check: Check = False, crypto: CryptoOption = None, into: Into = None
) -> None:
    """Render labs to topologies/: the containerlab file and one folder of configuration per node.

    [dim]offnet render                 # every lab, its default variant[/dim]
    [dim]offnet render --check         # what CI asks: is anything stale?[/dim]
    [dim]offnet render single-ip --crypto modern --into /tmp/topologies[/dim]
    """
    from offnet import resources
    from offnet.intent import catalog

    stale = False
    problems: list[Problem] = []
    for lab in labs or [entry.name for entry in catalog.labs(resources.labs())]:
        try:
            stale |= _render_one(lab, check=check, crypto=crypto, into=into)
        except LabError as error:
            problems += error.problems
    if problems:
        raise LabError(tuple(problems))
    if stale:
        raise typer.Exit(1)


def _render_one(lab: str, *, check: bool, crypto: Crypto | None, into: Path | None) -> bool:
    """Writes or compares one lab; true when it was compared and is stale."""
    from offnet import intent
    from offnet import render as rendering
    from offnet.cli.network import lab_folder
    from offnet.cli.output import say
    from offnet.collector import paused_collector
    from offnet.design import design
    from offnet.render import tree

    source = lab_folder(lab)
    with paused_collector():
        written = intent.load(source)
        network = design(written, crypto)
        files = rendering.render(network)
    folder = _folder(source, network, written.crypto, into)
    for warning in network.warnings:
        say(f"{lab}: warning: {warning}")
    if check:
        difference = tree.difference(files, folder)
        say(f"{difference}{lab}: stale, run `offnet render {lab}`" if difference else f"{lab}: up to date")
        return bool(difference)
    say(f"{lab}: {'written to ' if tree.write(files, folder) else 'already in '}{folder}")
    return False


def _folder(source: Path, network: Network, default: Crypto, into: Path | None) -> Path:
    """Where a lab is rendered to; refused where other files would be overwritten or lost."""
    from offnet import resources

    committed = resources.topologies()
    folder = (into or committed or Path()) / network.name
    if into is None:
        if committed is None or not source.resolve().is_relative_to(resources.labs().resolve()):
            raise UsageError(f"{source} is no lab of this checkout; say where to with --into DIR")
        if network.crypto != default:
            raise UsageError("topologies/ holds each lab's default variant; say where to with --into DIR")
    if folder.is_dir() and any(folder.iterdir()) and not (folder / f"{network.name}.clab.yml").is_file():
        raise UsageError(f"{folder} holds something else than a rendered {network.name}; it is left alone")
    return folder


def schema(
    check: Check = False,
    into: Annotated[Path | None, typer.Option("--into", metavar="FILE", dir_okay=False)] = None,
) -> None:
    """Write the JSON Schema of lab.yml, which editors use for completion and errors.

    [dim]offnet schema --check[/dim]
    """
    from offnet import resources
    from offnet.intent import schema as source

    _keep_current(into or resources.schema(), source.text(), check=check)


def picture(
    lab: Lab,
    into: Annotated[
        Path | None, typer.Option("--into", metavar="FILE", help="Default: docs/LAB.svg.", dir_okay=False)
    ] = None,
    check: Check = False,
) -> None:
    """Draw the topology of a lab as an SVG picture.

    [dim]offnet picture single-ip --into topology.svg[/dim]
    """
    from offnet import resources
    from offnet.cli.network import network_of
    from offnet.picture.svg import draw

    network = network_of(lab)
    root = resources.checkout()
    if into is None and root is None:
        raise UsageError("say where to with --into FILE")
    _keep_current(into or (root or Path()) / "docs" / f"{network.name}.svg", draw(network), check=check)


def _keep_current(path: Path, text: str, *, check: bool) -> None:
    """Writes a generated file, or with ``check`` prints a diff and exits with 1 where it is stale."""
    import difflib

    from offnet.cli.output import say

    there = path.read_text(encoding="utf-8") if path.is_file() else ""
    if there == text:
        say(f"{path}: up to date")
    elif check:
        lines = difflib.unified_diff(
            there.splitlines(), text.splitlines(), str(path), "generated", lineterm=""
        )
        say("\n".join((*lines, f"{path}: stale")))
        raise typer.Exit(1)
    else:
        path.write_text(text, encoding="utf-8")
        say(f"{path}: written")
