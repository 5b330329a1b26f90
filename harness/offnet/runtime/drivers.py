"""The runtimes by name: how each plans, starts, finds again and clears away a lab."""

# ruff: noqa: PLC0415 - docker's SDK takes a quarter of a second to import: only where it is used

from __future__ import annotations

from typing import Protocol

from offnet.host.base import Host
from offnet.runtime import netns, probe
from offnet.runtime import plan as plans
from offnet.runtime.base import Report
from offnet.runtime.clab import ClabTopology
from offnet.runtime.hosting import Hosting, rootfs
from offnet.runtime.lab import HostedLab, Started
from offnet.runtime.plan import Plan

NETNS = netns.NAME
CONTAINERLAB = "containerlab"
NAMES = (NETNS, CONTAINERLAB)


class Driver(Protocol):
    """One runtime."""

    def plan(self, topology: ClabTopology, host: str) -> Plan:
        """What it puts on a host of that name."""

    def require(self, lab: Plan, host: Host) -> None:
        """HostError or UsageError, before anything is put there, if a machine cannot run a lab."""

    def up(self, lab: Plan, hosting: Hosting, report: Report, deadline: float | None) -> Started:
        """Start all nodes on a host made ready, and return when they are."""

    def attach(self, name: str, nodes: tuple[str, ...], host: Host) -> HostedLab:
        """A running lab."""

    def sweep(self, name: str, host: Host) -> None:
        """Remove what of a lab is left on a host without its directory, as after a reboot."""


class Netns:
    """The embedded runtime."""

    def plan(self, topology: ClabTopology, host: str) -> Plan:
        """Scripts that make namespaces, mounts and links."""
        return plans.make(topology, rootfs=rootfs(host))

    def require(self, lab: Plan, host: Host) -> None:  # noqa: ARG002 - every lab needs the same
        """The kernel, and the tools of the scripts."""
        probe.require(host)

    def up(self, lab: Plan, hosting: Hosting, report: Report, deadline: float | None) -> Started:
        """Run them."""
        return netns.up(
            lab,
            hosting.host,
            delivered=True,
            image=hosting.image,
            deadline=deadline or netns.DEADLINE,
            report=report,
        )

    def attach(self, name: str, nodes: tuple[str, ...], host: Host) -> HostedLab:
        """A running lab."""
        return netns.attach(name, nodes, host)

    def sweep(self, name: str, host: Host) -> None:
        """Namespaces do not outlive the memory that their directory is in."""


class Containerlab:
    """The reference runtime."""

    def plan(self, topology: ClabTopology, host: str) -> Plan:  # noqa: ARG002 - the same on every host
        """The topology, for containerlab."""
        from offnet.runtime import clab_plan

        return clab_plan.make(topology)

    def require(self, lab: Plan, host: Host) -> None:
        """The kernel, containerlab, Docker, and that the name is free."""
        from offnet.runtime import containerlab

        probe.require(host)
        containerlab.require(lab, host)

    def up(self, lab: Plan, hosting: Hosting, report: Report, deadline: float | None) -> Started:
        """Have containerlab deploy it."""
        from offnet.runtime import containerlab

        return containerlab.up(lab, hosting.host, deadline=deadline or containerlab.DEADLINE, report=report)

    def attach(self, name: str, nodes: tuple[str, ...], host: Host) -> HostedLab:
        """A running lab."""
        from offnet.runtime import containerlab

        return containerlab.attach(name, nodes, host)

    def sweep(self, name: str, host: Host) -> None:
        """Containers stay on disk when the machine ends."""
        from offnet.runtime import containerlab

        containerlab.remove_left(name, host)


def driver(runtime: str) -> Driver:
    """The runtime of that name."""
    return Containerlab() if runtime == CONTAINERLAB else Netns()
