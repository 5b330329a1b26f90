"""Recording anew: ``pytest tests/observe --record``."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import Any

import pytest

from offnet import artifacts, intent, resources
from offnet.design import design
from offnet.experiments.convergence import converge
from offnet.network.model import Crypto
from offnet.render import render
from offnet.render.tree import write
from offnet.runtime import labs
from offnet.runtime.hosting import Supplies

HERE = Path(__file__).parent


@pytest.mark.lab
@pytest.mark.parametrize("crypto", list(Crypto), ids=str)
def test_record_the_running_daemons(request: pytest.FixtureRequest, tmp_path: Path, crypto: Crypto) -> None:
    if not request.config.getoption("--record", default=False):
        pytest.skip("records only with --record")
    network = design(intent.load(resources.labs() / "single-ip"), crypto)
    write(render(network), tmp_path)
    supplies = Supplies(artifacts.node_image(), artifacts.kernel() / "linux")
    with labs.start(tmp_path, "sandbox", supplies=supplies) as session:
        converge(network, session.lab)
        _recorder().record(session.lab, network, HERE / "recorded" / crypto.value)


def _recorder() -> Any:
    """record.py beside this file: tests are no package."""
    spec = importlib.util.spec_from_file_location("record", HERE / "record.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
