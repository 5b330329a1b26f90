"""What is rendered for authorities and for those that they certify; no key is."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest
import yaml

from offnet import resources
from offnet.design import design
from offnet.intent import load
from offnet.network.model import Crypto, Network, Role
from offnet.network.pki import authority_file, certificate_file
from offnet.render import render
from offnet.render.clab import AUTHORITY_VOLUMES, CREDENTIALS_VOLUME, volume
from offnet.render.strongswan import connection_message


@pytest.fixture(scope="module", params=list(Crypto))
def signed(request: pytest.FixtureRequest) -> Network:
    return design(load(resources.labs() / "certificates"), request.param)


@pytest.fixture(scope="module")
def written(signed: Network) -> dict[str, str]:
    return render(signed)


def mounts(text: str) -> dict[str, list[str]]:
    nodes: dict[str, Any] = yaml.safe_load(text)["topology"]["nodes"]
    return {name: node["volumes"] for name, node in nodes.items() if "volumes" in node}


def test_a_volume_is_shared_by_its_holder_and_the_authority_alone(
    signed: Network, written: dict[str, str]
) -> None:
    found = mounts(written[f"{signed.name}.clab.yml"])
    (ca,) = signed.role(Role.CA)
    holders = [node.name for node in signed.nodes if node.credentials]
    assert found == {
        ca.name: [f"{volume(signed, name)}:{AUTHORITY_VOLUMES}/{name}" for name in found if name != ca.name],
        **{name: [f"{volume(signed, name)}:{CREDENTIALS_VOLUME}"] for name in holders},
    }
    users = Counter(entry.split(":")[0] for entries in found.values() for entry in entries)
    assert set(users.values()) == {2}


def test_other_labs_have_no_volumes_and_no_keys_to_make(network: Network, files: dict[str, str]) -> None:
    assert mounts(files[f"{network.name}.clab.yml"]) == {}
    assert not [text for text in files.values() if "KEY=" in text or "rdn_matching" in text]


def test_the_list_names_every_authority_and_certificate(signed: Network, written: dict[str, str]) -> None:
    (ca,) = signed.role(Role.CA)
    assert ca.authorities is not None
    lines = [line for line in written[f"{ca.name}/authorities"].splitlines() if not line.startswith("#")]
    certificates = ca.authorities.certificates
    assert lines == [
        *(f"authority {one.name} {one.subject}" for one in ca.authorities.authorities),
        *(
            f"certificate {one.authority} {one.node} {','.join(one.names) or '-'} {one.subject}"
            for one in certificates
        ),
    ]
    assert any(not one.names for one in certificates)


def test_everybody_concerned_knows_which_keys_to_make(signed: Network, written: dict[str, str]) -> None:
    told = {path.split("/")[0] for path, text in written.items() if "KEY=" in text}
    assert told == {node.name for node in signed.nodes if node.credentials or node.authorities}


def test_no_key_is_rendered(written: dict[str, str]) -> None:
    assert not [path for path, text in written.items() if "PRIVATE" in text or "BEGIN CERT" in text]


def test_a_round_names_its_certificate_and_the_authority_of_the_other(signed: Network) -> None:
    for node in signed.nodes:
        for connection in node.ike.connections if node.ike else ():
            message = connection_message(connection)
            name = str(connection.local.certificate).removesuffix(".pem").rpartition("/")[2]
            first = "-1" * bool(connection.local_xauth), "-1" * bool(connection.remote_xauth)
            assert message[f"local{first[0]}"] == {
                "auth": "pubkey",
                "id": connection.local.id.text,
                "cert": {"file": certificate_file(name)},
            }
            assert message[f"remote{first[1]}"] == {
                "auth": "pubkey",
                "id": str(connection.remote.id),
                "cacert": {"file": authority_file(name)},
            }


def test_charon_takes_part_of_a_name_where_it_knows_certificates(
    signed: Network, written: dict[str, str]
) -> None:
    for node in signed.nodes:
        if node.ike:
            text = written[f"{node.name}/strongswan.conf"]
            assert "rdn_matching = relaxed" in text
            assert " pem revocation constraints " in text
