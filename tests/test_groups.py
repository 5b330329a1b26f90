"""Which tests one worker of xdist gets together."""

from __future__ import annotations

from offnet.xdist_folders import folder_of


def test_all_tests_of_a_folder_are_one_scope() -> None:
    claims = "labs/ce-ce/lab.yml::modern::ce1-east: probes to 10.0.67.10 [a/b] arrive"
    own = "labs/ce-ce/test_ce_ce.py::test_the_pes_hold_no_sa_at_all[modern]"
    assert folder_of(claims) == folder_of(own) == "labs/ce-ce"
    assert folder_of("tests/sabotage/test_wire.py::test_x[a::b/c]") == "tests/sabotage"
