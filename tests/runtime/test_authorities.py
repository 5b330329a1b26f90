"""Authorities and those that they certify, on a real host: keys, certificates, what each may read."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from offnet.host.base import Host
from offnet.host.sandbox import Sandbox
from offnet.network.model import (
    Authority,
    Certificate,
    CertificateAuthorities,
    Credentials,
    Crypto,
    DistinguishedName,
    Interface,
    InterfaceKind,
    KeyType,
    Network,
    Node,
    Role,
    RoutingContext,
    Trust,
)
from offnet.network.pki import authority_file, certificate_file
from offnet.render import render
from offnet.render.tree import write
from offnet.runtime import clab, hosting, netns, plan
from offnet.runtime.lab import HostedLab

pytestmark = pytest.mark.lab

CREDENTIALS = "/usr/lib/offnet/credentials.sh"
OWN = "/run/offnet/swanctl"
LAB_CA = Authority("lab-ca", DistinguishedName.of({"C": "XX", "O": "Lab", "CN": "Lab Root CA"}))
OTHER_CA = Authority("other-ca", DistinguishedName.of({"C": "XX", "O": "Other Lab", "CN": "Other CA"}))
CERTIFICATES = (
    Certificate(
        "lab-ca", "a", DistinguishedName.of({"C": "XX", "O": "VPN1", "CN": "node a"}), ("a.example",)
    ),
    Certificate("other-ca", "a", DistinguishedName.of({"O": "VPN1", "CN": "a"}), ("a.example", "b.example")),
    Certificate("lab-ca", "b", DistinguishedName.of({"C": "XX", "O": "VPN2", "OU": "EAST"})),
)


def node(name: str, role: Role, **what: CertificateAuthorities | Credentials) -> Node:
    context = RoutingContext("default", (Interface("lo", InterfaceKind.LOOPBACK),))
    return Node(name, role, (context,), **what)  # type: ignore[arg-type]  # either, by its keyword


def network(key: KeyType) -> Network:
    ca = CertificateAuthorities(key, (LAB_CA, OTHER_CA), CERTIFICATES, (Trust("other-ca", "c"),))
    held = {name: tuple(c for c in CERTIFICATES if c.node == name) for name in ("a", "b")}
    nodes = (
        node("ca", Role.CA, authorities=ca),
        *(node(name, Role.CE, credentials=Credentials(key, own)) for name, own in held.items()),
        node("c", Role.CE, credentials=Credentials(None)),
    )
    return Network("pki", "Keys", Crypto.MODERN, 1001, nodes, (), (), (), "ca")


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory, image: Path, kernel: Path) -> Iterator[Host]:
    sandbox = Sandbox.start(tmp_path_factory.mktemp("server"), image=image, kernel=kernel)
    yield sandbox.host
    sandbox.stop()


@pytest.fixture(scope="module", params=["rsa:1024", "ecdsa:256"])
def certified(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, server: Host
) -> Iterator[HostedLab]:
    algorithm, _, size = request.param.partition(":")
    folder = tmp_path_factory.mktemp("pki")
    write(render(network(KeyType(algorithm, int(size)))), folder)
    with netns.up(plan.make(clab.load(folder)), server, image="/dev/ubda", deadline=30).lab as running:
        for name in ("a", "b"):
            running.run(name, [CREDENTIALS, name, request.param], timeout=20)
        running.run("c", [CREDENTIALS, "c", "none"], timeout=20)
        yield running
    hosting.run_down("pki", server)


def printed(lab: HostedLab, node: str, path: str) -> str:
    return lab.run(node, ["pki", "--print", "--in", path]).stdout


def serial(lab: HostedLab, path: str) -> str:
    shown = lab.run("ca", ["pki", "--print", "--in", path]).stdout
    return next(line.split()[1] for line in shown.splitlines() if "serial" in line)


def test_every_node_gets_what_the_list_says(certified: HostedLab) -> None:
    for certificate in CERTIFICATES:
        shown = printed(certified, certificate.node, certificate_file(certificate.authority))
        authority = next(a for a in (LAB_CA, OTHER_CA) if a.name == certificate.authority)
        assert f'subject:  "{certificate.subject}"' in shown
        assert f'issuer:   "{authority.subject}"' in shown
        assert all(name in shown for name in certificate.names)
        verify = [
            "pki",
            "--verify",
            "--in",
            certificate_file(authority.name),
            "--cacert",
            authority_file(authority.name),
        ]
        assert "certificate trusted" in certified.run(certificate.node, verify).stdout


def test_private_keys_stay_where_they_are_made_and_are_their_owners_alone(certified: HostedLab) -> None:
    modes = {
        "a": certified.run("a", f"stat -c '%a' {OWN}/private {OWN}/private/*").stdout.split(),
        "ca": certified.run("ca", "stat -c '%a' /var/lib/offnet/ca/*.key").stdout.split(),
    }
    assert modes == {"a": ["700", "600"], "ca": ["600", "600"]}
    for name, shared in (("a", "/var/lib/offnet/pki"), ("ca", "/srv/offnet")):
        found = certified.run(name, f"grep -rl PRIVATE {shared}", check=False)
        assert (found.code, found.stdout) == (1, "")


def test_a_node_shares_its_volume_with_its_authority_alone(certified: HostedLab) -> None:
    keys = {name: certified.run(name, ["cat", "/var/lib/offnet/pki/key.pem"]).stdout for name in ("a", "b")}
    assert keys["a"] != keys["b"]
    assert certified.run("ca", ["cat", "/srv/offnet/a/key.pem"]).stdout == keys["a"]
    assert certified.run("b", ["test", "-e", "/srv/offnet/a"], check=False).code == 1
    trusted = {name: certified.run(name, ["ls", f"{OWN}/x509ca/"]).stdout.split() for name in ("a", "b")}
    assert trusted == {"a": ["lab-ca.pem", "other-ca.pem"], "b": ["lab-ca.pem"]}


def test_a_node_that_only_checks_others_has_no_key(certified: HostedLab) -> None:
    held = certified.run("c", f"cd {OWN} && ls x509ca x509crl x509 private").stdout.split()
    assert held == ["private:", "x509:", "x509ca:", "other-ca.pem", "x509crl:", "other-ca.crl"]
    assert certified.run("c", ["test", "-e", "/var/lib/offnet/pki/key.pem"], check=False).code == 1
    assert certified.run("c", ". /etc/offnet/node.env; echo $KEY").stdout.strip() == "none"


def test_a_node_that_asks_again_is_certified_again(certified: HostedLab) -> None:
    before = certified.run("b", ["cat", f"{OWN}/x509/lab-ca.pem"]).stdout
    key = certified.run("b", ". /etc/offnet/node.env; echo $KEY").stdout.strip()
    certified.run("b", [CREDENTIALS, "b", key], timeout=20)
    assert certified.run("b", ["cat", f"{OWN}/x509/lab-ca.pem"]).stdout != before


def test_what_is_revoked_is_on_the_list_that_every_holder_gets(certified: HostedLab) -> None:
    crls = [f"/srv/offnet/{name}/x509crl/lab-ca.crl" for name in ("a", "b")]
    script = "/usr/lib/offnet/ca.sh sign lab-ca x.example,y.example 'O=VPN1, CN=later' </srv/offnet/a/key.pem"
    certified.run("ca", f"{script} >/var/lib/offnet/later.pem")
    certified.run("ca", "/usr/lib/offnet/ca.sh revoke lab-ca /var/lib/offnet/later.pem")
    for path in crls:
        shown = certified.run("ca", ["pki", "--print", "--type", "crl", "--in", path]).stdout
        assert serial(certified, "/var/lib/offnet/later.pem") in shown
        assert "key compromise" in shown


def test_an_impostor_has_the_name_of_the_authority_and_not_its_key(certified: HostedLab) -> None:
    script = "cd /var/lib/offnet/ca && /usr/lib/offnet/ca.sh rogue lab-ca &&"
    script += " /usr/lib/offnet/ca.sh sign rogue-lab-ca - 'O=VPN1, OU=EAST' </srv/offnet/a/key.pem"
    script += " >/var/lib/offnet/fake.pem"
    certified.run("ca", script)
    shown = printed(certified, "ca", "/var/lib/offnet/fake.pem")
    assert f'issuer:   "{LAB_CA.subject}"' in shown
    verify = [
        "pki",
        "--verify",
        "--in",
        "/var/lib/offnet/fake.pem",
        "--cacert",
        "/var/lib/offnet/ca/x509ca/lab-ca.pem",
    ]
    assert certified.run("ca", verify, check=False).code != 0


def test_an_unknown_verb_is_answered_with_the_usage(certified: HostedLab) -> None:
    done = certified.run("ca", ["/usr/lib/offnet/ca.sh", "certfy"], check=False)
    assert done.code == 2
    assert "ca.sh serve" in done.stderr
