"""The agent's routes in a real kernel: a network namespace of its own, made without privileges."""

from __future__ import annotations

import shutil
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

import offnet

SCRIPT = """
import socket
from ipaddress import IPv4Network as Net
from offnet.node.agent.decision import Route
from offnet.node.agent.kernel import Kernel
from offnet.node.agent.ledger import Changes

kernel, another = Kernel(200), Kernel(201)
kernel.if_ids(), another.if_ids()
routes = [Route(1001, Net((0x0A000000 + n * 256, 24)), "lo") for n in range(500)]
print(kernel.apply(Changes(add=tuple(routes))), kernel.routes() == frozenset(routes))
print(another.routes() == frozenset())
print(another.apply(Changes(add=(routes[0],))))
print(kernel.apply(Changes(replace=(routes[0],))), len(kernel.routes()))
print(kernel.apply(Changes(remove=tuple(routes[1:]))), kernel.routes() == frozenset(routes[:1]))
print(kernel.apply(Changes(remove=(routes[9],))))
print(kernel.apply(Changes(add=(Route(1001, Net("10.0.67.0/24"), "none"),))))
kernel.close(), another.close()
"""


@pytest.mark.lab
def test_routes_are_set_listed_and_removed() -> None:
    unshare = shutil.which("unshare")
    if (
        unshare is None
        or subprocess.run([unshare, "-rn", "true"], check=False, capture_output=True).returncode
    ):
        pytest.skip("this machine gives no network namespace to ordinary users")
    script = "import sys; sys.path.insert(0, sys.argv[1])\n" + SCRIPT
    package = str(Path(offnet.__file__).parents[1])
    up = 'ip link set lo up && exec "$@"'
    done = subprocess.run(
        [unshare, "-rn", "sh", "-c", up, "sh", sys.executable, "-c", script, package],
        check=False,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.stderr == ""
    assert done.stdout == textwrap.dedent(
        """\
        [] True
        True
        ['10.0.0.0/24 by lo: File exists']
        [] 500
        [] True
        []
        ['10.0.67.0/24: there is no interface none']
        """
    )
