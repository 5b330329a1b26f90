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
from offnet.report.evidence_parts import answers, parts
from offnet.resources import package

OUTPUT = (
    "noise before\n"
    "\036tok /proc/version\nLinux version 7.3.1-offnet (gcc)\n"
    "\036tok empty.txt\n"
    '\036tok ip\nDevice "@rule" does not exist.\nCommand failed -:2\n220: from all\n'
    'Device "@route" does not exist.\nCommand failed -:4\n'
    "\036tok /var/log/offnet/charon.log\n12:00 Starting charon-systemd IKE daemon (strongSwan 6.0.1, Linux)\n"
)
COMMANDS = ("show version", "show running-config", "show ip route vrf all", "show mpls table json")
ANSWERS = "FRRouting 10.3 (pe2)\r\nmore\0\0\0\0hostname pe2\n\0\0\0\0\0\0\0\0{}\0\0\0\0"


SCRIPT = package() / "node" / "evidence.sh"


class _Lab:
    """A running lab whose nodes all answer the same, but for one that is gone."""

    def __init__(self, gone: str = "") -> None:
        self.gone = gone

    def run(self, node: str, argv: Sequence[str], **_: Any) -> Completed:
        if node == self.gone:
            raise LabRunError(f"{node}: shell lost")
        if argv[0] == "vty":
            return Completed("vty", 0, ANSWERS, "")
        return Completed("sh", 0, OUTPUT.replace("tok", argv[2]), "")


def test_output_becomes_files() -> None:
    assert parts(OUTPUT, "tok") == {
        "kernel/version": "Linux version 7.3.1-offnet (gcc)\n",
        "ip/rule.txt": "220: from all\n",
        "log/charon.log": "12:00 Starting charon-systemd IKE daemon (strongSwan 6.0.1, Linux)\n",
    }


def test_answers_of_daemons_become_files() -> None:
    assert answers("frr/zebra", COMMANDS, ANSWERS) == {
        "frr/zebra-version.txt": "FRRouting 10.3 (pe2)\nmore",
        "frr/zebra-running-config.txt": "hostname pe2\n",
        "frr/zebra-mpls-table.json": "{}",
    }


def test_a_separator_with_another_token_is_text() -> None:
    assert parts("\036tok a.txt\none\n\036other b.txt\ntwo\n", "tok") == {
        "a.txt": "one\n\036other b.txt\ntwo\n"
    }


def test_the_script_is_sound_shell_and_prints_no_keys() -> None:
    text = SCRIPT.read_text()
    subprocess.run([shutil.which("sh") or "sh", "-n"], input=text.encode(), check=True)
    assert "xfrm state list nokeys" in text
    assert text.count("xfrm state list") == 1


def test_the_script_tells_files_and_leaves_keys_alone(tmp_path: Path) -> None:
    for name in ("a.conf", "host.key", "host.pem"):
        (tmp_path / name).write_text(f"content of {name}\n")
    functions = SCRIPT.read_text().partition("# -s for counters")[0]
    command = f"{functions}\nfiles {tmp_path}/* /nowhere\nshow x.txt echo hello\n"
    done = subprocess.run(["sh", "-c", command, "sh", "tok"], capture_output=True, text=True, check=True)
    assert parts(done.stdout, "tok") == {f"{tmp_path}/a.conf": "content of a.conf\n", "x.txt": "hello\n"}


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
    assert "kernel/version" in collected["pe2"]


def test_versions_come_from_the_evidence() -> None:
    assert evidence.versions(
        {"inet": {}, "pe2": parts(OUTPUT, "tok") | answers("frr/zebra", COMMANDS, ANSWERS)}
    ) == {
        "kernel": "7.3.1-offnet",
        "frr": "10.3",
        "strongswan": "6.0.1",
    }


@pytest.mark.parametrize("missing", ["nothing", "at/all"])
def test_no_directory_is_no_evidence(tmp_path: Path, missing: str) -> None:
    assert evidence.load(tmp_path / missing) == {}
