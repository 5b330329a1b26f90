"""Which tests one worker of xdist gets together, and in which order."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from offnet import resources
from offnet.xdist_scopes import SECONDS, Recorder, recorded, scheduling, scope_of

ROOT = resources.checkout() or Path()
SABOTAGE = "tests/sabotage"


@pytest.mark.parametrize("variant", ["as-printed", "modern"])
def test_tests_of_a_running_lab_are_one_scope(variant: str) -> None:
    claims = f"labs/ce-ce/lab.yml::{variant}::ce1-east: probes to 10.0.67.10 [a/b] arrive"
    own = [f"labs/ce-ce/test_ce_ce.py::test_x[{ids}]" for ids in (variant, f"{variant}-pe", f"1-{variant}")]
    assert {scope_of(nodeid, ROOT) for nodeid in (claims, *own)} == {f"labs/ce-ce {variant}"}


def test_files_of_a_package_are_one_scope_and_others_one_each() -> None:
    package = f"{SABOTAGE}/single_ip"
    assert {scope_of(f"{package}/test_{name}.py::test_x[a::b/c]", ROOT) for name in ("wire", "sas")} == {
        package
    }
    assert scope_of(f"{SABOTAGE}/test_gre.py::test_x[modern]", ROOT) == f"{SABOTAGE}/test_gre.py"


def test_a_case_that_has_a_lab_of_its_own_is_a_scope_of_its_own() -> None:
    file = "tests/faults/test_faults.py"
    case = f"{file}::test_x[remote-access-as-printed: charon of vpn-gw1-east killed: the lab returns]"
    assert scope_of(case, ROOT) == f"{file} remote-access-as-printed"


class Worker:
    """A worker of xdist that only keeps what it is given."""

    def __init__(self) -> None:
        self.given: list[int] = []

    def send_runtest_some(self, indices: list[int]) -> None:
        self.given += indices


def test_what_took_longest_begins_first_and_the_unknown_comes_last(tmp_path: Path) -> None:
    (tmp_path / SECONDS).parent.mkdir()
    (tmp_path / SECONDS).write_text(json.dumps({"short.py": 9.0, "long.py": 70.0}))
    option = SimpleNamespace(loadscopereorder=False)
    config: Any = SimpleNamespace(rootpath=tmp_path, option=option, getvalue=lambda _: ["popen"])
    schedule: Any = scheduling(config, None)
    worker = Worker()
    schedule.add_node(worker)
    schedule.workqueue.update({f"{name}.py": {f"{name}.py::a": False} for name in ("new", "short", "long")})
    schedule.registered_collections[worker] = list(order := ["new.py::a", "short.py::a", "long.py::a"])
    while schedule.workqueue:
        schedule._assign_work_unit(worker)
    assert [order[index] for index in worker.given] == ["long.py::a", "short.py::a", "new.py::a"]


def report(nodeid: str, seconds: float) -> Any:
    return SimpleNamespace(nodeid=nodeid, duration=seconds)


def test_what_ran_is_recorded_and_what_did_not_is_kept(tmp_path: Path) -> None:
    (tmp_path / SECONDS).parent.mkdir()
    before = {"tests/other.py": 70.0, "tests/one.py": 5.0, "tests/two.py": 9.0}
    (tmp_path / SECONDS).write_text(json.dumps(before))
    recorder = Recorder(tmp_path)
    for nodeid, seconds in (("tests/one.py::a", 1.5), ("tests/one.py::b", 2.0), ("tests/two.py::c", 0.1)):
        recorder.pytest_runtest_logreport(report(nodeid, seconds))
    recorder.pytest_sessionfinish()
    assert recorded(tmp_path) == {"tests/other.py": 70.0, "tests/one.py": 3.5}
