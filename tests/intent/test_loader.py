"""Files to intents; the messages for bad ones are in the error goldens."""

from __future__ import annotations

import copy
import os
from collections.abc import Callable
from ipaddress import IPv4Address, IPv4Interface, IPv4Network
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from offnet.errors import LabError, Problem, UsageError
from offnet.intent import LabIntent, load
from offnet.intent.finding import Finding
from offnet.intent.loader import plain_data, refuse
from offnet.intent.models import IpsecSite, OnNetSite
from offnet.network.model import Crypto

BASE = Path(__file__).parents[1] / "errors" / "base.yml"


@pytest.fixture(scope="module")
def intent() -> LabIntent:
    return load(BASE)


def test_a_folder_is_its_lab_yml(tmp_path: Path) -> None:
    (tmp_path / "lab.yml").write_bytes(BASE.read_bytes())
    assert load(tmp_path).path == tmp_path / "lab.yml"


def test_values_are_typed(intent: LabIntent) -> None:
    assert intent.provider.asn == 1001
    assert intent.provider.routers["p1"].loopback == IPv4Address("10.255.0.2")
    assert intent.provider.links[0].between == ("vpn-gw1-east", "p1")
    gateway = intent.gateways["vpn-gw1-east"]
    assert gateway.address == IPv4Interface("192.0.2.1/24")
    assert gateway.ike_policies.of(Crypto.AS_PRINTED)[0] == "des-sha1-modp1024"
    assert intent.vpns["vpn1"].rt.export == ("200:1",)
    assert intent.keyrings["vpn1"].keys["198.51.100.2"] == "vpn1aes"
    assert intent.profiles["vpn2"].esp.of(Crypto.MODERN) == ("aes128gcm16-ecp256",)


def test_sites_are_on_net_or_off_net(intent: LabIntent) -> None:
    near, far = intent.sites["ce1"], intent.sites["spoke-vpn1-east"]
    assert isinstance(near, OnNetSite)
    assert isinstance(far, IpsecSite)
    assert near.lan == IPv4Network("10.1.1.0/24")
    assert far.ipsec.gateway == "vpn-gw1-east"


def test_order_of_the_file_is_kept(intent: LabIntent) -> None:
    assert list(intent.sites) == ["ce1", "ce2", "spoke-vpn1-east", "spoke-vpn1-north", "spoke-vpn2-east"]


def test_equal_lans_in_two_vpns_are_right(intent: LabIntent) -> None:
    assert intent.sites["ce1"].lan == intent.sites["ce2"].lan


def test_long_and_short_forms_mean_the_same(intent: LabIntent, tmp_path: Path) -> None:
    text = BASE.read_text().replace("- [p1, pe2]", "- {between: [p1, pe2]}")
    text = text.replace('rt: ["200:1"]', 'rt: {import: ["200:1"], export: ["200:1"]}')
    file = tmp_path / "lab.yml"
    file.write_text(text)
    assert load(file).model_dump() == intent.model_dump()


def test_byte_order_mark_and_crlf_do_not_matter(intent: LabIntent, tmp_path: Path) -> None:
    file = tmp_path / "lab.yml"
    file.write_bytes(b"\xef\xbb\xbf" + BASE.read_bytes().replace(b"\n", b"\r\n"))
    assert load(file).model_dump() == intent.model_dump()


def test_an_intent_cannot_be_changed(intent: LabIntent) -> None:
    with pytest.raises(ValueError, match="frozen"):
        intent.name = "other"


def test_plain_data_is_what_is_written() -> None:
    assert plain_data(BASE)["profiles"]["vpn1"]["rri"] == "dynamic"


def _fifo(folder: Path) -> Path:
    os.mkfifo(folder / "pipe")
    return folder / "pipe"


MISSING: dict[str, Callable[[Path], Path]] = {
    "no such file": lambda folder: folder / "other.yml",
    "folder without lab.yml": lambda folder: folder,
    "not a file": _fifo,
    "name with NUL": lambda folder: folder / "a\0b",
    "name too long": lambda folder: folder / ("a" * 5000),
}


@pytest.mark.parametrize("case", MISSING)
def test_what_cannot_be_read_is_a_usage_error(case: str, tmp_path: Path) -> None:
    with pytest.raises(UsageError):
        load(MISSING[case](tmp_path))


def test_a_huge_file_is_refused_before_it_is_read(tmp_path: Path) -> None:
    file = tmp_path / "lab.yml"
    with file.open("wb") as stream:
        stream.truncate(1 << 40)  # a hole: reading all of it would take the memory of the machine
    with pytest.raises(LabError, match="at most 16 MiB"):
        load(file)


def test_problems_carry_line_key_and_value(tmp_path: Path) -> None:
    file = tmp_path / "lab.yml"
    file.write_text(BASE.read_text().replace("as: 1001", "as: many"))
    with pytest.raises(LabError) as error:
        load(file)
    (problem,) = error.value.problems
    assert (problem.file, problem.line, problem.key, problem.value) == (file, 7, "provider.as", "many")


def test_later_steps_tell_mistakes_alike(intent: LabIntent) -> None:
    with pytest.raises(LabError) as error:
        refuse(intent, [Finding(("sites", "ce1", "marker"), "another", see=("sites", "ce2"))])
    assert str(error.value) == f"{BASE}:48: sites.ce1.marker is missing; expected: another (line 49)"


def told(file: Path, text: str) -> tuple[Problem, ...]:
    """The problems of a text, none if it loads; anything but LabError is a bug and fails the test."""
    file.write_text(text, encoding="utf-8", newline="")
    try:
        load(file)
    except LabError as error:
        return error.problems
    return ()


shared = settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)


@shared
@given(text=st.text(st.characters(codec="utf-8")) | st.text("{}[]:,-&*!|>'\"\n #?a%@`~", max_size=40))
def test_random_text_is_refused(text: str, tmp_path: Path) -> None:
    assert told(tmp_path / "lab.yml", text)


words = ["vpn1", "p1", "pe2", "10.1.1.0/24", "192.0.2.1", "0.0.0.0/0", "200:1", "inet", "pe", "ipsec", "lan"]
values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.sampled_from(words),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(words), inner, max_size=3),
    max_leaves=5,
)


def paths(data: Any, here: tuple[str | int, ...] = ()) -> list[tuple[str | int, ...]]:
    """Every key path of plain data."""
    children = data.items() if isinstance(data, dict) else enumerate(data) if isinstance(data, list) else ()
    return [path for key, child in children for path in ((*here, key), *paths(child, (*here, key)))]


GOOD = plain_data(BASE)
changes_of_good = st.lists(st.tuples(st.sampled_from(paths(GOOD)), values), min_size=1, max_size=4)


@shared
@given(changes=changes_of_good)
def test_any_change_of_a_good_lab_loads_or_is_told_with_its_line(
    changes: list[tuple[tuple[str | int, ...], Any]], tmp_path: Path
) -> None:
    data = copy.deepcopy(GOOD)
    for path, value in changes:
        _change(data, path, value)
    problems = told(tmp_path / "lab.yml", yaml.dump(data, Dumper=yaml.CSafeDumper, sort_keys=False))
    assert all(problem.line for problem in problems)
    assert [problem.line for problem in problems] == sorted(problem.line or 0 for problem in problems)


def _change(data: Any, path: tuple[str | int, ...], value: Any) -> None:
    """Set what is at a path, delete it where the value is None; nothing where the path is gone."""
    for step in path[:-1]:
        try:
            data = data[step]
        except (KeyError, IndexError, TypeError):
            return
    if not (path[-1] in data if isinstance(data, dict) else isinstance(data, list)):
        return
    if isinstance(data, list):
        data[:] = [value if index == path[-1] else item for index, item in enumerate(data)]
    elif value is None:
        del data[path[-1]]
    else:
        data[path[-1]] = value
