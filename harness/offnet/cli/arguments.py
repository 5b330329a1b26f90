"""Arguments and options that several commands share, with their completion."""

from __future__ import annotations

from collections.abc import Iterator
from enum import StrEnum
from typing import Annotated

import typer

from offnet.errors import UsageError
from offnet.network.crypto import Crypto


class RuntimeName(StrEnum):
    """The runtimes that the command line knows."""

    NETNS = "netns"
    CONTAINERLAB = "containerlab"


def accept_host_key(host: str | None, fingerprint: str | None) -> None:
    """Let ssh know the key of a lab server, if the user has said which one it is."""
    if fingerprint is None:
        return
    if host is None or not host.startswith("ssh://"):
        raise UsageError("--accept-host-key is for a lab server: --host ssh://user@server")
    from offnet.host import ssh  # noqa: PLC0415 - one option's need

    ssh.accept_host_key(host, fingerprint)


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
AcceptHostKey = Annotated[
    str | None,
    typer.Option(
        "--accept-host-key",
        metavar="SHA256:..",
        help="Take the lab server's key for known if it has this fingerprint.",
    ),
]
Json = Annotated[bool, typer.Option("--json", help="Print JSON for programs.")]
