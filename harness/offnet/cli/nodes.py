"""Commands that go into a node: exec, shell, logs, capture."""

# ruff: noqa: PLC0415 - imports inside the commands keep the start quick

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from offnet.cli.arguments import Lab, Node
from offnet.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

LOGS = "/var/log/offnet"


def register(application: typer.Typer, panel: str) -> None:
    """Adds the commands to the application."""
    passing = {"ignore_unknown_options": True, "allow_interspersed_args": False}
    application.command("exec", rich_help_panel=panel, context_settings=passing)(execute)
    application.command("shell", rich_help_panel=panel)(shell)
    application.command("logs", rich_help_panel=panel)(logs)
    application.command("capture", rich_help_panel=panel)(capture)


def execute(
    lab: Lab,
    node: Node,
    command: Annotated[
        list[str],
        typer.Argument(metavar="-- CMD", help="The command and its arguments.", show_default=False),
    ],
) -> None:
    """Run a command in a node; its exit code becomes this one's.

    [dim]offnet exec single-ip ce1 -- ping -c 3 10.0.67.1[/dim]
    [dim]offnet exec single-ip vpn-gw1-east -- vtysh -c 'show bgp ipv4 vpn'[/dim]
    """
    argv = command[1:] if command[0] == "--" else command
    if not argv:
        raise UsageError("say which command to run, after --")
    raise typer.Exit(_enter(lab, node, argv))


def shell(lab: Lab, node: Node) -> None:
    """Open a shell in a node. `vtysh` is FRR's command line, `swanctl` strongSwan's.

    [dim]offnet shell single-ip pe2[/dim]
    """
    raise typer.Exit(_enter(lab, node, ("bash", "-l")))


def logs(
    lab: Lab,
    node: Node,
    follow: Annotated[
        bool, typer.Option("-f", "--follow", help="Go on as lines come; end with Ctrl-C.")
    ] = False,
) -> None:
    """Print the logs of a node's daemons.

    [dim]offnet logs single-ip vpn-gw1-east -f[/dim]
    """
    tail = f"cd {LOGS} && exec tail -n {'20 -F' if follow else '+1'} -- *.log"
    raise typer.Exit(_enter(lab, node, ("sh", "-c", tail)))


def capture(
    lab: Lab,
    node: Node,
    interface: Annotated[str, typer.Argument(metavar="INTERFACE", help="As `ip link` in the node names it.")],
    write: Annotated[
        Path | None,
        typer.Option("-w", "--write", metavar="FILE", help="Write a pcap file here.", dir_okay=False),
    ] = None,
) -> None:
    """See the packets on an interface of a node; end with Ctrl-C.

    [dim]offnet capture single-ip inet vpn-gw1-east[/dim]
    [dim]offnet capture single-ip p1 pe2 -w core.pcap   # open it in Wireshark[/dim]
    """
    where = ("tcpdump", "-n", "-i", interface)
    if write is None:
        raise typer.Exit(_enter(lab, node, (*where, "-l", "-e")))
    _write_capture(lab, node, (*where, "-U", "-w", "-"), write)


def _enter(lab: str, node: str, argv: Sequence[str]) -> int:
    """Runs a command in a node with this terminal and returns its exit code."""
    import subprocess
    import sys

    from offnet.cli.running import attached

    tty = sys.stdin.isatty() and sys.stdout.isatty()
    with attached(lab, node) as (running, _):
        command = running.command(node, argv, tty=tty)
        return subprocess.run(command, check=False).returncode


def _write_capture(lab: str, node: str, argv: Sequence[str], file: Path) -> None:
    import shutil

    from offnet.cli.output import err
    from offnet.cli.running import attached

    try:
        target = file.open("wb")
    except OSError as error:
        raise UsageError(f"{file} cannot be written: {error.strerror}") from error
    with target, attached(lab, node) as (running, _):
        stream = running.stream(node, argv)
        err().print(f"capturing into {file}; end with Ctrl-C", markup=False)
        try:
            shutil.copyfileobj(stream.stdout, target, 4096)
        except KeyboardInterrupt:
            err().print(f"{file}: {target.tell()} bytes", markup=False)
        finally:
            stream.close()
