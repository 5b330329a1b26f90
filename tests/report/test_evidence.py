"""Evidence: the command that is sent, what is made of its output, and what it never contains."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from offnet.errors import LabRunError
from offnet.host.base import Completed
from offnet.network.model import Network
from offnet.report import evidence
from offnet.report.evidence_script import script, sections

OUTPUT = (
    "noise before\n"
    "\036tok version.txt\nLinux pe2 7.3.1-offnet x86_64\n"
    "\036tok empty.txt\n"
    "\036tok ike/version.txt\nstrongSwan swanctl 6.0.1\n"
    "\036tok frr/zebra\nFRRouting 10.3 (pe2)\r\nmore\0\0\0\0hostname pe2\n\0\0\0\0\0\0\0\0table\0\0\0\0"
)


class _Lab:
    """A running lab whose nodes all answer the same, but for one that is gone."""

    def __init__(self, gone: str = "") -> None:
        self.gone = gone

    def run(self, node: str, argv: Sequence[str], **_: Any) -> Completed:
        if node == self.gone:
            raise LabRunError(f"{node}: shell lost")
        return Completed("sh", 0, OUTPUT.replace("tok", _token(argv[2])), "")


def _token(text: str) -> str:
    return text.partition("%s %s\\n' ")[2].split()[0]


def test_output_becomes_files() -> None:
    assert sections(OUTPUT, "tok") == {
        "version.txt": "Linux pe2 7.3.1-offnet x86_64\n",
        "ike/version.txt": "strongSwan swanctl 6.0.1\n",
        "frr/zebra-version.txt": "FRRouting 10.3 (pe2)\nmore",
        "frr/zebra-running-config.txt": "hostname pe2\n",
        "frr/zebra-mpls-table.txt": "table",
    }


def test_a_separator_with_another_token_is_text() -> None:
    assert sections("\036tok a.txt\none\n\036other b.txt\ntwo\n", "tok") == {
        "a.txt": "one\n\036other b.txt\ntwo\n"
    }


def test_the_script_is_sound_shell_and_prints_no_keys(make_network: Callable[..., Network]) -> None:
    for node in make_network().nodes:
        text = script(node, "tok")
        subprocess.run([shutil.which("sh") or "sh", "-n"], input=text.encode(), check=True)
        assert "xfrm state list nokeys" in text
        assert text.count("xfrm state") == 1


def test_every_vrf_is_asked_for(make_network: Callable[..., Network]) -> None:
    network = make_network()
    text = script(network.node("pe2"), "tok")
    assert all(f"ip route show vrf {vpn.name}" in text for vpn in network.vpns)


def test_collected_evidence_is_written_and_read_back(
    make_network: Callable[..., Network], tmp_path: Path
) -> None:
    network = make_network()
    collected = evidence.collect(_Lab(), network, tmp_path)  # type: ignore[arg-type]  # needs run() only
    assert set(collected) == {node.name for node in network.nodes}
    assert evidence.load(tmp_path) == collected


def test_a_node_that_is_gone_does_not_spoil_the_others(
    make_network: Callable[..., Network], tmp_path: Path
) -> None:
    collected = evidence.collect(_Lab(gone="p1"), make_network(), tmp_path)  # type: ignore[arg-type]  # as above
    assert collected["p1"] == {"unreachable.txt": "p1: shell lost\n"}
    assert "version.txt" in collected["pe2"]


def test_versions_come_from_the_evidence() -> None:
    assert evidence.versions({"inet": {}, "pe2": sections(OUTPUT, "tok")}) == {
        "kernel": "7.3.1-offnet",
        "frr": "10.3",
        "strongswan": "6.0.1",
    }


@pytest.mark.parametrize("missing", ["nothing", "at/all"])
def test_no_directory_is_no_evidence(tmp_path: Path, missing: str) -> None:
    assert evidence.load(tmp_path / missing) == {}
