"""topologies/ is what the labs render to, byte for byte, whoever renders it."""

from __future__ import annotations

import os
import subprocess
import sys
from hashlib import sha256
from pathlib import Path

import pytest

from offnet import resources
from offnet.design import design
from offnet.intent import load
from offnet.network.model import Crypto
from offnet.render import render
from offnet.render.clab import crypto_of
from offnet.render.tree import difference

LABS = sorted(path.parent.name for path in resources.labs().glob("*/lab.yml"))
DIGEST = """
import sys
from hashlib import sha256
from pathlib import Path
from offnet.design import design
from offnet.intent import load
from offnet.network.model import Crypto
from offnet.render import render
for crypto in Crypto:
    files = render(design(load(Path(sys.argv[1])), crypto))
    print(sha256(repr(list(files.items())).encode()).hexdigest())
"""


def committed(lab: str) -> Path:
    topologies = resources.topologies()
    assert topologies is not None
    return topologies / lab


@pytest.mark.parametrize("lab", LABS)
def test_the_committed_topology_is_what_the_lab_renders_to(lab: str) -> None:
    stale = difference(render(design(load(resources.labs() / lab))), committed(lab))
    assert stale == "", f"run `offnet render {lab}`:\n{stale}"


@pytest.mark.parametrize("seed", ["0", "1", "4711"])
def test_another_process_renders_the_same_bytes_in_the_same_order(seed: str) -> None:
    lab = resources.labs() / "single-ip"
    here = [repr(list(render(design(load(lab), crypto)).items())) for crypto in Crypto]
    there = subprocess.run(
        [sys.executable, "-c", DIGEST, str(lab)],
        env={**os.environ, "PYTHONHASHSEED": seed},
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    assert there.stdout.split() == [sha256(text.encode()).hexdigest() for text in here]


def test_the_variants_differ_in_swanctl_conf_and_in_the_label_that_names_them() -> None:
    intent = load(resources.labs() / "single-ip")
    printed, modern = (render(design(intent, crypto)) for crypto in (Crypto.AS_PRINTED, Crypto.MODERN))
    assert printed.keys() == modern.keys()
    topology = f"{intent.name}.clab.yml"
    changed = {Path(path).name for path in printed if printed[path] != modern[path]}
    assert changed == {"swanctl.conf", topology}
    assert (crypto_of(printed[topology]), crypto_of(modern[topology])) == (Crypto.AS_PRINTED, Crypto.MODERN)
    assert printed[topology].replace(Crypto.AS_PRINTED, Crypto.MODERN) == modern[topology]


def test_every_file_ends_with_one_newline_and_no_line_with_a_space(files: dict[str, str]) -> None:
    for path, text in files.items():
        assert text.endswith("\n"), path
        assert not text.endswith("\n\n"), path
        assert all(line == line.rstrip() for line in text.splitlines()), path
