"""Arguments and options that several commands share, with their completion."""

from __future__ import annotations

from collections.abc import Iterator
from enum import StrEnum
from typing import Annotated

import typer

from offnet.errors import UsageError
from offnet.network.model import Crypto


class RuntimeName(StrEnum):
    """The runtimes that the command line knows."""

    NETNS = "netns"
    CONTAINERLAB = "containerlab"


def usable_runtime(runtime: RuntimeName | None) -> str | None:
    """The runtime's name; UsageError for one that this release does not drive."""
    if runtime is RuntimeName.CONTAINERLAB:
        raise UsageError(
            "--runtime containerlab is not in this release; the rendered topologies/LAB/LAB.clab.yml "
            "is what it will read, and `containerlab deploy -t` takes it today"
        )
    return runtime.value if runtime else None


def complete_lab(incomplete: str) -> Iterator[str]:
    """Names of labs that start so."""
    from offnet import resources  # noqa: PLC0415 - only while completing

    folders = sorted(path.parent.name for path in resources.labs().glob("*/lab.yml"))
    return (name for name in folders if name.startswith(incomplete))


def complete_node(ctx: typer.Context, incomplete: str) -> Iterator[str]:
    """Names of nodes of the lab already typed that start so; none when that lab is broken."""
    from offnet.cli.network import network_of  # noqa: PLC0415 - only while completing
    from offnet.errors import OffnetError  # noqa: PLC0415 - as above

    try:
        nodes = network_of(str(ctx.params.get("lab") or "")).nodes
    except OffnetError:
        return iter(())
    return (node.name for node in nodes if node.name.startswith(incomplete))


Lab = Annotated[
    str,
    typer.Argument(
        metavar="LAB",
        help="A name in labs/, or a path to a folder with a lab.yml.",
        autocompletion=complete_lab,
        show_default=False,
    ),
]
Labs = Annotated[
    list[str],
    typer.Argument(
        metavar="LAB",
        help="Names in labs/, or paths to folders with a lab.yml.",
        autocompletion=complete_lab,
        show_default=False,
    ),
]
Node = Annotated[
    str,
    typer.Argument(
        metavar="NODE", help="A node of the lab.", autocompletion=complete_node, show_default=False
    ),
]
CryptoOption = Annotated[
    Crypto | None, typer.Option("--crypto", help="Crypto variant.  [dim]default: the lab's own[/dim]")
]
Runtime = Annotated[
    RuntimeName | None, typer.Option("--runtime", help="How nodes come up.  [dim]default: netns[/dim]")
]
HostOption = Annotated[
    str | None,
    typer.Option(
        "--host",
        metavar="local|sandbox|ssh://..",
        help="Where nodes run.  [dim]default: what `offnet doctor` says[/dim]",
    ),
]
Json = Annotated[bool, typer.Option("--json", help="Print JSON for programs.")]
