"""How long a lab of 10 to 10,000 off-net sites takes from lab.yml to rendered text.

    python benchmarks/render.py [--runs N] [--write] [SITES ...]

Every run is a process of its own, so that its memory is its own; the table has medians.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from ipaddress import IPv4Address
from pathlib import Path
from statistics import median

from rich.console import Console
from rich.table import Table

SITES = (10, 100, 1_000, 10_000)
RUNS = 5
LONGEST_RUN = 300  # seconds
PHASES = ("load", "design", "render", "write")

HEAD = """\
name: scale
title: Off-net sites of two VPNs, many of them
provider:
  as: 1001
  routers:
    vpn-gw1-east: {role: pe, loopback: 10.255.0.1}
    p1: {role: p, loopback: 10.255.0.2}
    pe2: {role: pe, loopback: 10.255.0.3}
  links: [[vpn-gw1-east, p1], [p1, pe2]]
gateways:
  vpn-gw1-east:
    address: 192.0.2.1/24
    next_hop: 192.0.2.254
    ike_policies: {as-printed: [3des-sha1-modp1024], modern: [aes256gcm16-prfsha384-ecp384]}
vpns:
  vpn1: {id: 1, rd: "200:1", rt: ["200:1"]}
  vpn2: {id: 2, rd: "201:1", rt: ["201:1"]}
"""
PROFILE = """\
    keyring: {vpn}
    vrf: {vpn}
    esp: {{as-printed: [3des-sha1], modern: [aes256gcm16-ecp384]}}
"""
VPNS = ("vpn1", "vpn2")


def lab(sites: int) -> str:
    """The lab.yml of so many off-net sites, every second one of the other VPN."""
    outer = [IPv4Address("198.18.0.2") + 4 * number for number in range(sites)]
    by_vpn = {vpn: outer[index :: len(VPNS)] for index, vpn in enumerate(VPNS)}
    text = [HEAD, "keyrings:\n"]
    for vpn, addresses in by_vpn.items():
        text += [f"  {vpn}:\n", *(f"    {address}: key-of-{address}\n" for address in addresses)]
    text.append("profiles:\n")
    for vpn, addresses in by_vpn.items():
        text += [
            f"  {vpn}:\n    match:\n      address:\n",
            *(f"        - {address}\n" for address in addresses),
        ]
        text.append(PROFILE.format(vpn=vpn))
    text.append("sites:\n  ce1: {vpn: vpn1, lan: 10.1.1.0/24, pe: pe2}\n")
    for number, address in enumerate(outer):
        lan = IPv4Address("10.64.0.0") + 256 * number
        ipsec = f"{{gateway: vpn-gw1-east, address: {address}/30}}"
        vpn = VPNS[number % len(VPNS)]
        text.append(f"  spoke-{number}: {{vpn: {vpn}, lan: {lan}/24, ipsec: {ipsec}}}\n")
    return "".join(text)


def measure(sites: int, *, write: bool) -> dict[str, float]:
    """Seconds of each phase in this process, and its peak memory in MB."""
    from offnet.collector import paused_collector  # noqa: PLC0415 - the parent needs none of these
    from offnet.design import design  # noqa: PLC0415
    from offnet.intent import load  # noqa: PLC0415
    from offnet.render import render, tree  # noqa: PLC0415

    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "lab.yml"
        file.write_text(lab(sites))
        times = [time.perf_counter()]
        with paused_collector():
            intent = load(file)
            times.append(time.perf_counter())
            network = design(intent)
            times.append(time.perf_counter())
            files = render(network)
            times.append(time.perf_counter())
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        if write:
            tree.write(files, Path(folder) / "topology")
        times.append(time.perf_counter())
    seconds = {phase: times[i + 1] - times[i] for i, phase in enumerate(PHASES)}
    return seconds | {"total": times[3] - times[0], "peak": peak, "files": len(files)}


def runs(sites: int, number: int, *, write: bool) -> dict[str, float]:
    """The medians of so many processes."""
    command = [sys.executable, __file__, "--measure", str(sites), *(["--write"] if write else [])]
    seen = []
    for _ in range(number):
        done = subprocess.run(command, capture_output=True, text=True, timeout=LONGEST_RUN, check=True)
        seen.append(json.loads(done.stdout))
    return {name: median(one[name] for one in seen) for name in seen[0]}


def main() -> None:
    """Prints the table, or (in a process of it) one measurement."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("sites", nargs="*", type=int, default=SITES, metavar="SITES")
    parser.add_argument("--runs", type=int, default=RUNS)
    parser.add_argument("--write", action="store_true", help="write the files to a temporary folder too")
    parser.add_argument("--measure", action="store_true", help=argparse.SUPPRESS)
    wanted = parser.parse_args()
    if wanted.measure:
        sys.stdout.write(json.dumps(measure(wanted.sites[0], write=wanted.write)))
        return
    phases = PHASES if wanted.write else PHASES[:-1]
    table = Table(title=f"lab.yml to text, medians of {wanted.runs} runs, in seconds")
    for column in ("sites", *phases, "total without write" if wanted.write else "total", "peak MB", "files"):
        table.add_column(column, justify="right")
    for sites in wanted.sites:
        seen = runs(sites, wanted.runs, write=wanted.write)
        times = (f"{seen[name]:.3f}" for name in (*phases, "total"))
        table.add_row(f"{sites:,}", *times, f"{seen['peak']:.0f}", f"{seen['files']:,.0f}")
    Console().print(table)


if __name__ == "__main__":
    main()
