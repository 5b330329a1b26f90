"""The commands about what nodes are made of: the root file system, and the container image."""

# ruff: noqa: PLC0415 - imports inside the commands keep the start quick

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Any

import typer

from offnet.cli.arguments import Json
from offnet.errors import OffnetError


class Source(StrEnum):
    """What the container image is made from."""

    AUTO = "auto"
    DOCKERFILE = "dockerfile"
    ROOT = "root"


def register(application: typer.Typer, panel: str) -> None:
    """Adds the commands to the application."""
    images = typer.Typer(invoke_without_command=True, rich_markup_mode="rich")
    images.callback()(image)
    images.command("build")(build)
    application.add_typer(images, name="image", rich_help_panel=panel)


def image(context: typer.Context, as_json: Json = False) -> None:
    """Say which images of the nodes are there, and whether they are current; `build` makes Docker's.

    [dim]offnet image[/dim]
    [dim]offnet image build[/dim]
    """
    if context.invoked_subcommand is not None:
        return
    from offnet.cli.output import say_json, show_table

    rows = {"root file system": _root(), "container image": _container()}
    if as_json:
        say_json(rows)
    else:
        show_table(
            ["what", "state", "seen"], [[name, row["state"], row["seen"]] for name, row in rows.items()]
        )


def build(
    source: Annotated[
        Source,
        typer.Option("--from", help="The Dockerfile, or the root file system that offnet builds itself."),
    ] = Source.AUTO,
) -> None:
    """Make the container image offnet-node in your Docker, for the runtime containerlab.

    Built from the Dockerfile where Docker has or can fetch its base image, otherwise imported from
    the same root file system that the sandbox uses.

    [dim]offnet image build[/dim]
    [dim]offnet image build --from root[/dim]
    """
    from offnet import artifacts
    from offnet.cli.output import say
    from offnet.cli.terminal import Terminal
    from offnet.runtime import container_image

    terminal = Terminal()
    try:
        with container_image.connected() as client:
            wanted = source is not Source.ROOT
            if wanted and (source is Source.DOCKERFILE or container_image.has_base(client, terminal)):
                container_image.build(client, container_image.context(), terminal)
            else:
                folder = artifacts.node_tar(terminal).parent
                container_image.import_root(client, folder, terminal)
            made = container_image.look(client)
    finally:
        terminal.done()
    if made is not None:
        say(f"offnet-node is {made.state}: {made.id}, {made.size / 1e6:.0f} MB")


def _root() -> dict[str, Any]:
    from offnet import artifacts

    try:
        folder = artifacts.found(artifacts.NODE_IMAGE)
    except OffnetError as error:
        return {"state": "unknown", "seen": str(error)}
    if folder is None:
        return {"state": "missing", "seen": "the first run in the sandbox builds it"}
    record = artifacts.image_record(folder)
    versions = ", ".join(f"{name} {record.versions[name]}" for name in ("FRR", "STRONGSWAN"))
    # The embedded runtime lays today's files of the node over it, so that only the packages count.
    return {"state": "current", "seen": f"{folder} ({versions})"}


def _container() -> dict[str, Any]:
    from offnet.runtime import container_image

    try:
        with container_image.connected() as client:
            found = container_image.look(client)
    except OffnetError as error:
        return {"state": "unknown", "seen": str(error)}
    if found is None:
        return {"state": "missing", "seen": "`offnet image build` makes it"}
    remedy = "" if found.state is container_image.State.CURRENT else "; `offnet image build` makes it anew"
    seen = f"{found.id}, {found.size / 1e6:.0f} MB, {found.created[:10]}, offnet {found.version}{remedy}"
    return {"state": found.state.value, "seen": seen}
