"""The command that counts what a site more costs."""

from __future__ import annotations

import json
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from offnet import cli

SVG = "{http://www.w3.org/2000/svg}"


def test_table_has_a_line_a_size_and_the_order_of_growth(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.run(["compare", "single-ip", "ce-ce", "--sites", "2..8"]) == 0
    head, *lines = [line.split() for line in capsys.readouterr().out.splitlines()]
    assert head[:2] == ["LAB", "SITES"]
    assert [line[:2] for line in lines] == [
        [lab, size] for lab in ("single-ip", "ce-ce") for size in ("2", "4", "8", "N")
    ]
    assert lines[3][2:] == ["O(1)", "O(1)", "O(1)", "O(1)", "O(N)", "O(N)", "O(N)"]
    assert lines[7][4] == "O(N)"


def test_for_programs(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.run(["compare", "ce-ce", "--sites", "4", "--json"]) == 0
    (entry,) = json.loads(capsys.readouterr().out)
    assert (entry["lab"], entry["sites"]) == ("ce-ce", 4)
    assert entry["one_more"]["routers_changed"] == 5
    assert entry["tunnels"] == {"per_site": 3, "busiest": 3, "all": 6}
    assert entry["ipsec_sas"] == {"per_site": 6, "all": 12}


def test_picture_stands_alone_and_names_every_lab(tmp_path: Path) -> None:
    picture = tmp_path / "cost.svg"
    assert cli.run(["compare", "single-ip", "ce-ce", "--sites", "2..16", "--svg", str(picture)]) == 0
    root = ET.fromstring(picture.read_text(encoding="utf-8"))  # noqa: S314 - our own
    texts = [element.text or "" for element in root.iter(f"{SVG}text")]
    assert {"single-ip O(1)", "single-ip O(N)", "ce-ce O(N)", "ce-ce O(N²)"} <= set(texts)
    assert not [element for element in root.iter() if any("href" in name for name in element.attrib)]
    assert len(list(root.iter(f"{SVG}polyline"))) == 4


@pytest.mark.parametrize("sites", ["1..4", "4..2", "2..1000", "two", "2-4", ""])
def test_a_bad_range_is_refused(sites: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.run(["compare", "single-ip", "--sites", sites]) == 2
    assert "expected FIRST..LAST, from 2 to 256" in capsys.readouterr().err


def test_a_picture_that_cannot_be_written_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    nowhere = tmp_path / "missing" / "cost.svg"
    assert cli.run(["compare", "single-ip", "--sites", "2", "--svg", str(nowhere)]) == 2
    assert "cannot be written" in capsys.readouterr().err


def test_a_lab_is_grown_by_the_site_that_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.run(["compare", "gre:spoke-vpn2-east", "single-ip", "--sites", "4", "--json"]) == 0
    gre, ipsec = json.loads(capsys.readouterr().out)
    assert (gre["lab"], ipsec["lab"]) == ("gre:spoke-vpn2-east", "single-ip")
    assert gre["tunnels"] == ipsec["tunnels"]
    assert gre["one_more"] != ipsec["one_more"]


def test_a_site_that_cannot_be_copied_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.run(["compare", "single-ip:ce1"]) == 2
    assert "cannot be grown by ce1: name one of spoke-vpn1-east" in capsys.readouterr().err
