"""Where labs will run, given what was found."""

from __future__ import annotations

from offnet.doctor import Diagnosis, Finding, Status, Topic, choose, diagnose
from offnet.doctor.model import one_line
from offnet.runtime import select

ROOT = Finding(Topic.NATIVE, "rights", Status.OK, "root")
NO_VRF = Finding(Topic.KERNEL, "vrf", Status.MISSING, "absent", "sudo modprobe -a vrf", "vrf")
NO_ROOT = Finding(Topic.NATIVE, "rights", Status.MISSING, "an ordinary user")
NO_DOCKER = Finding(Topic.CONTAINERLAB, "docker", Status.MISSING, "stopped", "sudo systemctl start docker")
NO_SSH = Finding(Topic.SANDBOX, "ssh", Status.MISSING, "not installed", "sudo apt-get install -y ssh")
NO_TOOL = Finding(
    Topic.SANDBOX, "mmdebstrap", Status.MISSING, "not installed", "sudo apt-get install -y mmdebstrap"
)
IMAGE = Finding(Topic.CACHE, "node image", Status.OK, "/cache")
SMALL_SHM = Finding(Topic.SANDBOX, "shared memory", Status.NOTE, "64 MB")
ARM = Finding(Topic.MACHINE, "architecture", Status.MISSING, "aarch64")


def _where(*findings: Finding) -> str | None:
    return choose(findings).host


def test_directly_where_the_kernel_has_all() -> None:
    assert _where(ROOT) == "local"


def test_directly_also_needs_the_image_or_what_builds_it() -> None:
    assert _where(ROOT, NO_TOOL, IMAGE) == "local"
    diagnosis = choose((ROOT, NO_TOOL))
    assert not diagnosis.usable
    assert diagnosis.remedy == "sudo apt-get install -y mmdebstrap"


def test_in_the_sandbox_otherwise() -> None:
    diagnosis = choose((ROOT, NO_VRF))
    assert (diagnosis.host, diagnosis.usable) == ("sandbox", True)
    assert "vrf" in diagnosis.reason


def test_a_note_is_no_obstacle() -> None:
    assert _where(NO_VRF, SMALL_SHM) == "sandbox"


def test_nowhere_with_one_line_to_copy() -> None:
    diagnosis = choose((NO_VRF, NO_SSH))
    assert not diagnosis.usable
    assert diagnosis.remedy == "sudo apt-get install -y ssh"
    assert diagnosis.native_remedy == "sudo modprobe -a vrf"


def test_another_architecture_is_no_place_for_labs() -> None:
    assert not choose((ROOT, ARM)).usable


def _usable(*findings: Finding) -> set[tuple[str, str]]:
    return {(place.runtime, place.host) for place in choose(findings).places if place.usable}


SANDBOXED = {("netns", "sandbox"), ("containerlab", "sandbox")}


def test_every_place_is_judged_by_what_it_needs() -> None:
    everywhere = SANDBOXED | {("netns", "local"), ("containerlab", "local")}
    assert _usable(ROOT, IMAGE) == everywhere
    assert _usable(ROOT, NO_DOCKER) == everywhere - {("containerlab", "local")}
    assert _usable(NO_ROOT) == everywhere - {("netns", "local")}
    assert _usable(ROOT, NO_VRF) == SANDBOXED
    assert _usable(NO_VRF, NO_SSH) == set()


def test_containerlab_is_offered_and_never_chosen_unasked() -> None:
    diagnosis = choose((NO_ROOT,))
    assert (diagnosis.runtime, diagnosis.host) == ("netns", "sandbox")
    assert "--runtime containerlab" in next(p.reason for p in diagnosis.places if p.runtime == "containerlab")


def test_a_place_that_is_none_says_what_it_lacks() -> None:
    (place,) = (p for p in choose((ROOT, NO_DOCKER)).places if not p.usable)
    assert (place.runtime, place.host, place.reason) == ("containerlab", "local", "lacking: docker")


def test_a_restart_is_the_last_thing_to_do() -> None:
    remedies = ["sudo pacman -S linux && sudo reboot", "sudo modprobe -a vrf"]
    assert one_line(remedies) == "sudo pacman -S linux && sudo modprobe -a vrf && sudo reboot"


def test_remedies_merge_into_one_line() -> None:
    remedies = ["sudo apt-get install -y a && sudo modprobe -a vrf", "", "sudo apt-get install -y b",
                "sudo apt-get install -y a && sudo modprobe -a esp4", "sudo sysctl x=0"]  # fmt: skip
    assert one_line(remedies) == "sudo apt-get install -y a b && sudo modprobe -a vrf esp4 && sudo sysctl x=0"


def test_the_doctor_and_the_commands_choose_alike_here() -> None:
    diagnosis: Diagnosis = diagnose()
    assert diagnosis.host in {None, select.choose().host}
