"""The commands and their order in the help; each module imports what it needs when it runs."""

from __future__ import annotations

from typing import Annotated

import typer

from offnet.cli import check, compare, doctor, image, labs, lifecycle, nodes, show

_LABS, _RUN, _LOOK, _MACHINE = "Labs", "Run and prove", "Look inside", "This machine"

_state = {"debug": False}

application = typer.Typer(
    name="offnet",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110},
)


def debugging() -> bool:
    """Whether --debug was given, so that errors are shown with their traceback."""
    return _state["debug"]


def invoke(arguments: list[str]) -> None:
    """Runs one command; ends with SystemExit."""
    _state["debug"] = False
    application(args=arguments, prog_name="offnet")


def _version(wanted: bool) -> None:
    if wanted:
        from offnet import resources  # noqa: PLC0415 - one option's need
        from offnet.cli.output import say  # noqa: PLC0415 - as above

        say(f"offnet {resources.version()}")
        raise typer.Exit


@application.callback()
def _root(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
    debug: Annotated[bool, typer.Option("--debug", help="Show errors with their traceback.")] = False,
) -> None:
    """Labs for network-based IPsec VPNs, with proof.

    A lab is one file, lab.yml. offnet renders it, starts it with real
    FRR and strongSwan daemons, and proves that it does what it should.

    Start with:  [bold]offnet list[/bold],  then  [bold]offnet check single-ip[/bold]

    Exit codes: 0 passed, 1 a check failed, 2 bad usage or bad lab,
    3 this machine cannot run it, 130 interrupted.
    """
    _state["debug"] = debug
    del version


labs.register(application, _LABS)
compare.register(application, _LABS)
check.register(application, _RUN)
lifecycle.register(application, _RUN)
show.register(application, _LOOK)
nodes.register(application, _LOOK)
doctor.register(application, _MACHINE)
image.register(application, _MACHINE)
