"""Example 9-6: keys, certificates and remote access at one address of one aggregator, at the same time."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from copy import deepcopy
from pathlib import Path

import pytest
import yaml

from offnet import resources
from offnet.checks import isolation, reach, routes, sas
from offnet.experiments.bench import Bench
from offnet.intent.loader import plain_data
from offnet.network.model import Crypto
from offnet.session import bring_up

pytestmark = pytest.mark.lab

KEYED = "spoke-vpn2-south"
ADDRESS = "203.0.113.10"


@pytest.fixture(scope="module", params=list(Crypto))
def everybody(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    """The lab of certificates and of a telecommuter, with a site that has a pre-shared key as well."""
    option = request.config.getoption
    data = plain_data(resources.labs() / "certificates") | {"name": "one-address"}
    own = data["profiles"]["vpn2-own"]
    data["keyrings"] = {"vpn2": {ADDRESS: "vpn2ikev2"}}
    data["profiles"]["vpn2"] = {
        "match": {"address": [ADDRESS]},
        "keyring": "vpn2",
        "vrf": own["vrf"],
        "esp": deepcopy(own["esp"]),  # lab.yml has no aliases
    }
    data["sites"][KEYED] = {
        "vpn": own["vrf"],
        "lan": "10.0.69.0/24",
        "ipsec": {"gateway": "vpn-gw1-east", "address": f"{ADDRESS}/30"},
    }
    folder: Path = tmp_path_factory.mktemp("labs") / "one-address"
    folder.mkdir()
    (folder / "lab.yml").write_text(yaml.safe_dump(data, sort_keys=False), encoding="utf-8")
    with bring_up(folder, request.param, runtime=option("--runtime"), host=option("--host")) as session:
        bench = Bench(session.network, session.running)
        with closing(bench):
            yield bench


def test_all_end_on_one_address_each_in_its_own_way(everybody: Bench) -> None:
    tunnels = {site.name: tunnel for site, tunnel in everybody.network.tunnels()}
    assert len({tunnel.gateway_address for tunnel in tunnels.values()}) == 1
    connections = {
        name: everybody.network.node(tunnel.gateway).connection(tunnel.gateway_connection)
        for name, tunnel in tunnels.items()
    }
    ways = {(one.signs, one.remote_xauth is not None) for one in connections.values()}
    assert ways == {(False, False), (True, False), (True, True)}


@pytest.mark.parametrize("topic", [sas, routes, reach, isolation], ids=lambda topic: topic.__name__)
def test_what_every_lab_owes_holds(everybody: Bench, topic: object) -> None:
    claims = list(topic.claims(everybody.network))  # type: ignore[attr-defined]  # a module of checks
    assert any(KEYED in claim.name for claim in claims)
    failed = {claim.name: seen.seen for claim in claims if not (seen := claim.prove(everybody)).holds}
    assert failed == {}
