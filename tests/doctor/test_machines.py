"""What is said of a machine, judged on what was seen of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from offnet.doctor import containers, pitfalls
from offnet.doctor.facts import Containerlab, Docker, Facts, Settings, User
from offnet.doctor.model import Finding, Status
from offnet.host.docker_refusal import Refusal

Machine = Callable[[str], Facts]
SOCKET = "unix:///var/run/docker.sock"


def by_name(*findings: Finding) -> dict[str, Finding]:
    assert len({finding.name for finding in findings}) == len(findings)
    return {finding.name: finding for finding in findings}


def judged(facts: Facts, distribution: str = "debian") -> dict[str, Finding]:
    return by_name(
        *containers.findings(facts, distribution),
        *pitfalls.findings(facts.settings),
        pitfalls.user_namespaces(facts),
    )


def test_a_container_without_docker(machine: Machine) -> None:
    found = judged(machine("debian-12-container"))
    assert found["docker"].status is Status.MISSING
    assert found["docker"].remedy == "sudo apt-get install -y docker.io && sudo systemctl start docker"
    assert found["containerlab"].status is Status.MISSING
    assert "rights for containerlab" not in found
    assert found["user namespaces"].status is Status.OK
    assert found["br_netfilter"].status is Status.NOTE


def test_a_runner_has_docker_and_may_not_make_user_namespaces(machine: Machine) -> None:
    found = judged(machine("ubuntu-24.04-runner"), "ubuntu")
    assert (found["docker"].status, found["containerlab"].status) == (Status.OK, Status.MISSING)
    assert found["docker"].seen == f"28.0.4, API 1.48, at {SOCKET}"
    assert found["user namespaces"].status is Status.MISSING
    assert found["user namespaces"].remedy == "sudo sysctl kernel.apparmor_restrict_unprivileged_userns=0"


def test_a_lab_server_and_its_pitfalls(machine: Machine) -> None:
    found = judged(machine("ubuntu-24.04-server"), "ubuntu")
    assert not [finding for finding in found.values() if finding.status is Status.MISSING]
    assert found["AppArmor"].seen.endswith(": tcpdump, /usr/lib/ipsec/charon")
    assert found["AppArmor"].remedy == "sudo aa-complain tcpdump /usr/lib/ipsec/charon"
    assert "DROP" in found["forwarding"].seen
    assert "legacy" in found["iptables"].seen


def test_a_laptop_where_everything_is_refused(machine: Machine) -> None:
    found = judged(machine("debian-12-laptop"))
    assert found["docker"].remedy == "sudo usermod -aG docker learner"
    assert "0.48.6" in found["containerlab"].seen
    assert "0.76 or newer" in found["containerlab"].seen
    assert found["rights for containerlab"].remedy == "sudo chmod u+s /usr/bin/containerlab"
    assert found["user namespaces"].remedy == (
        "sudo sysctl kernel.unprivileged_userns_clone=1 user.max_user_namespaces=10000"
    )


def test_nothing_is_said_of_settings_that_are_as_they_should_be() -> None:
    settings = Settings(
        {"net.bridge.bridge-nf-call-iptables": "0", "kernel.modules_disabled": "0"},
        apparmor={"docker-default": "enforce"},
        forward="ACCEPT",
        iptables="iptables v1.8.10 (nf_tables)",
    )
    assert list(pitfalls.findings(settings)) == []


def test_a_kernel_that_loads_no_modules_any_more() -> None:
    (finding,) = pitfalls.findings(Settings({"kernel.modules_disabled": "1"}))
    assert finding.status is Status.NOTE


@pytest.mark.parametrize(
    ("docker", "groups", "seen", "remedy"),
    [
        (Docker(SOCKET, refusal=Refusal.STOPPED), (), "does not run", "sudo systemctl start docker"),
        (Docker(SOCKET, refusal=Refusal.FORBIDDEN), ("docker",), "although in the group docker", ""),
        (Docker("tcp://192.0.2.1:2375", refusal=Refusal.OTHER, words="timed out"), (), "timed out", ""),
        (Docker(SOCKET, "24.0.9", "1.43"), (), "needs API 1.44", ""),
    ],
)
def test_docker_that_cannot_be_used(
    docker: Docker, groups: tuple[str, ...], seen: str, remedy: str, machine: Machine
) -> None:
    facts = replace(machine("ubuntu-24.04-runner"), docker=docker, user=User(1000, "learner", groups))
    finding = judged(facts)["docker"]
    assert finding.status is Status.MISSING
    assert seen in finding.seen
    assert finding.remedy == remedy


@pytest.mark.parametrize(
    ("version", "status"),
    [
        ("0.79.0", Status.OK),
        ("0.76.0", Status.OK),
        ("0.75.1", Status.MISSING),
        ("0.0.0", Status.NOTE),
        ("", Status.NOTE),
    ],
)
def test_versions_of_containerlab(version: str, status: Status, machine: Machine) -> None:
    facts = replace(machine("ubuntu-24.04-server"), containerlab=Containerlab("/bin/containerlab", version))
    assert judged(facts)["containerlab"].status is status


@pytest.mark.parametrize("distribution", ["debian", "ubuntu", "fedora", "arch"])
def test_docker_can_be_installed_on_every_distribution(distribution: str, machine: Machine) -> None:
    assert judged(machine("debian-12-container"), distribution)["docker"].remedy.startswith("sudo ")


CLAB = "/bin/containerlab"


@pytest.mark.parametrize(
    ("uid", "containerlab", "remedy"),
    [
        (0, Containerlab(CLAB, "0.79.0"), ""),
        (1000, Containerlab(CLAB, "0.79.0", setuid=True, admins=("learner",)), ""),
        (1000, Containerlab(CLAB, "0.79.0", setuid=True, admins=None), ""),
        (1000, Containerlab(CLAB, "0.79.0", setuid=True, admins=()), "sudo usermod -aG clab_admins learner"),
        (1000, Containerlab(CLAB, "0.79.0", admins=("learner",)), f"sudo chmod u+s {CLAB}"),
    ],
    ids=["root", "member", "no such group", "no member", "no set-user-ID bit"],
)
def test_rights_for_containerlab(uid: int, containerlab: Containerlab, remedy: str, machine: Machine) -> None:
    user = User(uid, "root" if uid == 0 else "learner")
    facts = replace(machine("ubuntu-24.04-runner"), user=user, containerlab=containerlab)
    finding = judged(facts)["rights for containerlab"]
    assert (finding.status, finding.remedy) == (Status.MISSING if remedy else Status.OK, remedy)
