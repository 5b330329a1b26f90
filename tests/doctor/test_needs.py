"""What labs need of a kernel follows from their networks."""

from __future__ import annotations

from pathlib import Path

import pytest

from offnet import intent, resources
from offnet.design import design
from offnet.doctor import needs
from offnet.doctor.kernel import FEATURES
from offnet.doctor.model import Finding, Status, Topic
from offnet.network.model import Crypto, InterfaceKind

SINGLE_IP = resources.labs() / "single-ip"


@pytest.fixture(
    scope="module", params=sorted(file.parent.name for file in resources.labs().glob("*/lab.yml"))
)
def folder(request: pytest.FixtureRequest) -> Path:
    return resources.labs() / str(request.param)


def test_every_module_that_a_lab_needs_is_looked_for(folder: Path) -> None:
    (found,) = needs.of_labs([folder], ())
    assert found.problem == ""
    assert set(found.modules) <= {feature.module for feature in FEATURES}


def test_every_kind_of_interface_has_its_module() -> None:
    assert {*needs.KINDS, InterfaceKind.LOOPBACK} == {*InterfaceKind}


def test_old_ciphers_are_needed_by_the_variant_that_uses_them() -> None:
    lab = intent.load(SINGLE_IP)
    assert "des_generic" in needs.modules([design(lab, Crypto.AS_PRINTED)])
    assert "des_generic" not in needs.modules([design(lab, Crypto.MODERN)])


def test_what_this_kernel_lacks_of_it() -> None:
    absent = Finding(Topic.KERNEL, "VRF", Status.MISSING, "does not work", module="vrf")
    unrelated = Finding(Topic.KERNEL, "sctp", Status.MISSING, "does not work", module="sctp")
    (found,) = needs.of_labs([SINGLE_IP], (absent, unrelated))
    assert found.lacking == ("vrf",)
    assert needs.status(found) is Status.NOTE


def test_a_lab_that_cannot_be_read_does_not_spoil_the_others(tmp_path: Path) -> None:
    broken = tmp_path / "broken"
    broken.mkdir()
    (broken / "lab.yml").write_text("name: [")
    first, second = needs.of_labs([broken, SINGLE_IP], ())
    assert (first.lab, first.modules) == ("broken", ())
    assert first.problem
    assert second.modules
