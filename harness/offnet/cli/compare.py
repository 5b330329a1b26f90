"""The command that counts what a site more costs."""

# ruff: noqa: PLC0415 - imports inside the command keep the start quick

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from offnet.cli.arguments import CryptoOption, Json, Labs
from offnet.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable

    from offnet.compare.cost import Cost

MOST = 256
_RANGE = re.compile(r"(\d{1,6})(?:\.\.(\d{1,6}))?")


def register(application: typer.Typer, panel: str) -> None:
    """Adds the command to the application."""
    application.command("compare", rich_help_panel=panel)(compare)


def compare(
    labs: Labs,
    sites: Annotated[
        str, typer.Option("--sites", metavar="FIRST..LAST", help="How many sites each lab is given.")
    ] = "2..64",
    svg: Annotated[
        Path | None, typer.Option("--svg", metavar="FILE", help="Also draw it.", dir_okay=False)
    ] = None,
    crypto: CryptoOption = None,
    as_json: Json = False,
) -> None:
    """Count what one site more costs, in rendered files and in tunnels, as labs grow.

    Each lab is grown in memory by copies of its first site that is not on a plain circuit, or of
    another one that is named as LAB:SITE.

    [dim]offnet compare single-ip ce-ce --sites 2..64 --svg compare.svg[/dim]
    """
    from offnet.cli.network import lab_folder
    from offnet.cli.output import say_json
    from offnet.collector import paused_collector
    from offnet.compare.cost import costs, sample
    from offnet.compare.growth import Growth

    sizes = sample(*_range(sites))
    with paused_collector():
        found = {
            growth.name: costs(growth, sizes, crypto)
            for lab, _, site in (named.partition(":") for named in dict.fromkeys(labs))
            for growth in (Growth(lab_folder(lab), site or None),)
        }
    if svg is not None:
        _draw(found, svg)
    if as_json:
        say_json([_data(lab, cost) for lab, series in found.items() for cost in series])
    else:
        _show(found)


def _range(text: str) -> tuple[int, int]:
    match = _RANGE.fullmatch(text)
    first, last = (int(match[1]), int(match[2] or match[1])) if match else (0, 0)
    if not 2 <= first <= last <= MOST:  # noqa: PLR2004 - fewer than two sites need no VPN
        raise UsageError(f"--sites {text}: expected FIRST..LAST, from 2 to {MOST}, such as 2..64")
    return first, last


def _data(lab: str, cost: Cost) -> dict[str, object]:
    return {
        "lab": lab,
        "sites": cost.sites,
        "one_more": {
            "routers_changed": cost.routers,
            "files_changed": cost.files,
            "lines_changed": cost.lines,
            "lines_of_its_own": cost.own_lines,
        },
        "tunnels": {
            "per_site": cost.tunnels_per_site,
            "busiest": cost.tunnels_at_busiest,
            "all": cost.tunnels,
        },
        "ipsec_sas": {"per_site": cost.sas_per_site, "all": cost.sas},
    }


COLUMNS: dict[str, Callable[[Cost], int]] = {
    "routers changed": lambda cost: cost.routers,
    "files": lambda cost: cost.files,
    "lines": lambda cost: cost.lines,
    "tunnels a site": lambda cost: cost.tunnels_per_site,
    "at the busiest": lambda cost: cost.tunnels_at_busiest,
    "in all": lambda cost: cost.tunnels,
    "IPsec SAs": lambda cost: cost.sas,
}


def _show(found: dict[str, tuple[Cost, ...]]) -> None:
    from offnet.cli.output import show_table
    from offnet.compare.cost import order

    rows: list[list[object]] = []
    for lab, series in found.items():
        rows += [[lab, cost.sites, *(of(cost) for of in COLUMNS.values())] for cost in series]
        if len(series) > 1:
            rows.append([lab, "N", *(order([(c.sites, of(c)) for c in series]) for of in COLUMNS.values())])
    show_table(("lab", "sites", *COLUMNS), rows)


def _draw(found: dict[str, tuple[Cost, ...]], path: Path) -> None:
    from offnet.report.cost_svg import draw

    try:
        path.write_text(draw(found), encoding="utf-8")
    except OSError as error:
        raise UsageError(f"{path} cannot be written: {error.strerror}") from None
