"""Labs grown by copies of one of their sites."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from offnet import resources
from offnet.compare.growth import NEW, Growth
from offnet.design import design
from offnet.errors import UsageError
from offnet.intent.loader import plain_data
from offnet.intent.models import CircuitSite, IpsecSite, OnNetSite

Written = Callable[[dict[str, Any]], Path]


@pytest.fixture
def written(tmp_path: Path) -> Written:
    def write(data: dict[str, Any]) -> Path:
        folder: Path = tmp_path / data["name"]
        folder.mkdir()
        (folder / "lab.yml").write_text(yaml.safe_dump(data, sort_keys=False), encoding="utf-8")
        return folder

    return write


def single_ip() -> dict[str, Any]:
    data: dict[str, Any] = plain_data(resources.labs() / "single-ip")
    return data


@pytest.mark.parametrize("lab", ["single-ip", "ce-ce", "l2vpn"])
@pytest.mark.parametrize("sites", [2, 64, 256])
def test_a_grown_lab_is_right_and_has_so_many_sites(lab: str, sites: int) -> None:
    growth = Growth(resources.labs() / lab)
    network = design(growth.of(sites))
    assert sum(site.name.startswith(f"{NEW}-") for site in network.sites) == sites
    plain = [name for name, site in growth.intent.sites.items() if isinstance(site, OnNetSite | CircuitSite)]
    others = {site.name for site in network.sites if not site.name.startswith(f"{NEW}-")}
    assert others == {*plain, *growth.intent.clients}


def test_new_sites_stand_beside_the_template_wherever_it_is_named() -> None:
    growth = Growth(resources.labs() / "single-ip")
    intent = growth.of(3)
    for number in range(3):
        site = intent.sites[f"{NEW}-{number}"]
        assert isinstance(site, IpsecSite)
        address = site.ipsec.address.ip
        assert address in intent.profiles["vpn1"].match.address
        assert intent.keyrings["vpn1"].keys[str(address)] == "vpn1aes"
        assert address not in intent.profiles["vpn2"].match.address


def test_a_site_more_changes_nothing_of_those_before() -> None:
    growth = Growth(resources.labs() / "ce-ce")
    small, large = growth.of(5), growth.of(6)
    assert {name: large.sites[name] for name in small.sites} == small.sites


def test_growing_leaves_the_lab_itself_alone() -> None:
    growth = Growth(resources.labs() / "single-ip")
    assert growth.of(2) == growth.of(2)
    growth.of(50)
    assert growth.of(2) == growth.of(2)


def test_identities_are_new_names_of_the_same_domain(written: Written) -> None:
    data = single_ip()
    data["sites"]["spoke-vpn1-east"]["ipsec"]["identity"] = {"host": "spoke1.vpn1.example"}
    data["profiles"]["vpn1"]["match"]["domain"] = ["vpn1.example"]
    intent = Growth(written(data)).of(2)
    hosts = [site.ipsec.identity.host for site in intent.sites.values() if isinstance(site, IpsecSite)]
    assert hosts == [f"{NEW}-0.vpn1.example", f"{NEW}-1.vpn1.example"]


def test_a_lab_of_plain_circuits_cannot_be_grown(written: Written) -> None:
    data = single_ip()
    data["sites"] = {name: site for name, site in data["sites"].items() if "pe" in site}
    with pytest.raises(UsageError, match="single-ip cannot be grown: no site of it has one of ipsec"):
        Growth(written(data))


def test_a_template_that_cannot_be_told_from_its_copies_is_refused(written: Written) -> None:
    data = single_ip()
    data["sites"]["spoke-vpn1-east"]["ipsec"]["identity"] = {"group": "office"}
    data["profiles"]["vpn1"]["match"]["group"] = ["office"]
    data["keyrings"]["vpn1"]["office"] = "key"
    with pytest.raises(UsageError, match="single-ip cannot be grown to 2 sites by copies of spoke-vpn1-east"):
        Growth(written(data)).of(2)
