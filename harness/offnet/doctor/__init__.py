"""What this machine can do: looked up, judged, and put into words by nobody here."""

from __future__ import annotations

from offnet import resources
from offnet.artifacts import noderoot
from offnet.doctor import cache, containers, kernel, look, machine, native, needs, pitfalls
from offnet.doctor.model import Diagnosis, Finding, Needs, Place, Status, Topic, missing

__all__ = ["Diagnosis", "Finding", "Needs", "Place", "Status", "Topic", "choose", "diagnose"]

SANDBOX = (Topic.MACHINE, Topic.SANDBOX, Topic.CACHE)
NETNS = (Topic.MACHINE, Topic.NATIVE, Topic.KERNEL)
CONTAINERLAB = (Topic.MACHINE, Topic.KERNEL, Topic.CONTAINERLAB)
"""What each way of running labs needs. The image apart, which is built where it is missing."""


def diagnose() -> Diagnosis:
    """Looks at everything, changes nothing, and says where labs will run."""
    seen = look.facts()
    built = cache.is_built()
    found = (
        *machine.findings(built=built),
        *(() if built else (pitfalls.user_namespaces(seen),)),
        *native.findings(),
        *containers.findings(seen, kernel.distribution()),
        *pitfalls.findings(seen.settings),
        *cache.findings(),
    )
    folders = sorted(file.parent for file in resources.labs().glob("*/lab.yml"))
    return choose(found, tuple(needs.of_labs(folders, found)))


def choose(findings: tuple[Finding, ...], labs: tuple[Needs, ...] = ()) -> Diagnosis:
    """Where labs will run given these findings, where else they could, and why there or not."""
    sandbox = _lacking(findings, *SANDBOX)
    image = "" if _image_is_there(findings) else sandbox
    here = _lacking(findings, *NETNS)
    local = here or (f"what builds the node image: {image}" if image else "")
    within = f"directly on this kernel they would lack: {here}"
    docker = _lacking(findings, *CONTAINERLAB)
    ask = "you can ask for it:"
    places = (
        _place("netns", "local", local, "this kernel has all features, and you are root"),
        _place("netns", "sandbox", sandbox, within if here else f"{ask} --host sandbox"),
        _place("containerlab", "local", docker, f"{ask} --runtime containerlab"),
        _place("containerlab", "sandbox", sandbox, f"{ask} --runtime containerlab --host sandbox"),
    )
    default = next((place for place in places[:2] if place.usable), None)
    if default is not None:
        return Diagnosis(findings, default.host, default.runtime, default.reason, places, labs)
    if not here:
        reason = f"the node image cannot be built here, which needs: {image}"
    else:
        reason = f"the sandbox lacks: {sandbox}; this kernel lacks: {here}"
    return Diagnosis(findings, None, None, reason, places, labs)


def _place(runtime: str, host: str, lacking: str, reason: str) -> Place:
    if lacking:
        return Place(runtime, host, False, f"lacking: {lacking}")
    return Place(runtime, host, True, reason)


def _lacking(findings: tuple[Finding, ...], *topics: Topic) -> str:
    return ", ".join(finding.name for finding in missing(findings, *topics))


def _image_is_there(findings: tuple[Finding, ...]) -> bool:
    """Whether nothing is to be built for labs directly on this kernel."""
    return any(
        f.topic is Topic.CACHE and f.name == noderoot.TITLE and f.status is Status.OK for f in findings
    )
