"""What this machine can do: looked up, judged, and put into words by nobody here."""

from __future__ import annotations

from offnet.artifacts import noderoot
from offnet.doctor import cache, machine, native
from offnet.doctor.model import Diagnosis, Finding, Status, Topic, missing

__all__ = ["Diagnosis", "Finding", "Status", "Topic", "diagnose"]


def diagnose() -> Diagnosis:
    """Looks at everything, changes nothing, and says where labs will run."""
    cached = tuple(cache.findings())
    built = not missing(cached, Topic.CACHE) and all(f.status is Status.OK for f in cached)
    found = (
        *machine.findings(built=built),
        *native.findings(),
        *cached,
    )
    return choose(found)


def choose(findings: tuple[Finding, ...]) -> Diagnosis:
    """Where labs will run given these findings, and why there."""
    direct = missing(findings, Topic.MACHINE, Topic.NATIVE)
    sandbox = missing(findings, Topic.MACHINE, Topic.SANDBOX, Topic.CACHE)
    lacking = ", ".join(finding.name for finding in direct)
    needed = ", ".join(finding.name for finding in sandbox)
    if not direct and sandbox and not _image_is_there(findings):
        return Diagnosis(findings, None, None, f"the node image cannot be built here, which needs: {needed}")
    if not direct:
        return Diagnosis(findings, "local", "netns", "this kernel has all features, and you are root")
    if not sandbox:
        return Diagnosis(findings, "sandbox", "netns", f"directly on this kernel they would lack: {lacking}")
    return Diagnosis(findings, None, None, f"the sandbox lacks: {needed}; this kernel lacks: {lacking}")


def _image_is_there(findings: tuple[Finding, ...]) -> bool:
    """Whether nothing is to be built for labs directly on this kernel."""
    return any(
        f.topic is Topic.CACHE and f.name == noderoot.TITLE and f.status is Status.OK for f in findings
    )
