"""pytest plugin: a lab.yml is a test file, and every claim that its intent implies is a test of its own.

``pytest labs/single-ip`` starts the lab in the sandbox (or where --host says), proves all claims in
both crypto variants, and takes it down. Tests of a lab's own file use the fixtures ``bench`` and
``tell``.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest

from offnet import intent
from offnet.checks.claim import Claim
from offnet.checks.derive import derive
from offnet.design import design
from offnet.errors import OffnetError
from offnet.experiments.bench import Bench
from offnet.lab_pool import LabPool, Wanted
from offnet.network.model import Crypto
from offnet.report.model import PROOFS, Outcome
from offnet.runtime.state import state_home
from offnet.xdist_scopes import Recorder, scheduling

Tell = Callable[[str], None]
"""Takes what a lab's own test saw, for its report."""

POOL = pytest.StashKey[LabPool]()
WANTED = pytest.StashKey[Wanted]()
LAB_FILE = "lab.yml"


class ClaimFailed(Exception):  # noqa: N818 - a failed claim is an outcome, not an error of ours
    """What was seen is not what was expected."""


def pytest_addoption(parser: pytest.Parser) -> None:
    """Where labs run and in which crypto variants."""
    group = parser.getgroup("offnet", "labs of offnet")
    group.addoption(
        "--crypto",
        choices=[*Crypto, "both"],
        default="both",
        help="crypto variant of the labs: as-printed, modern, or both (default)",
    )
    group.addoption(
        "--faults", action="store_true", help="also kill daemons and cut links, and watch the labs return"
    )
    group.addoption("--runtime", help="runtime of the labs (default: netns)")
    group.addoption(
        "--host", help="where labs run: local, sandbox, ssh://user@server (default: what works here)"
    )
    group.addoption(
        "--record-seconds",
        action="store_true",
        help="keep how long tests took, for the next run",
    )


def pytest_configure(config: pytest.Config) -> None:
    """One pool of running labs a session."""
    config.addinivalue_line("markers", "lab: runs real daemons in the sandbox or on a capable host")
    config.stash[POOL] = LabPool(config)
    worker = os.environ.get("PYTEST_XDIST_WORKER")
    if config.getoption("--record-seconds") and not worker:
        config.pluginmanager.register(Recorder(config.rootpath))
    own = f"pytest-{worker}"
    if worker and state_home().name != own:  # labs of one name may run in several of them
        os.environ["XDG_STATE_HOME"] = str(state_home() / own)


def pytest_unconfigure(config: pytest.Config) -> None:
    """Nothing of any lab stays."""
    pool = config.stash.get(POOL, None)
    if pool is not None:
        pool.close()


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> pytest.Collector | None:
    """Every lab.yml is a file of tests, except the deliberately broken ones among the goldens."""
    if file_path.name != LAB_FILE:
        return None
    if file_path in _named(parent.config) or _is_lab(file_path):
        collector: pytest.Collector = LabFile.from_parent(parent, path=file_path)
        return collector
    return None


def _named(config: pytest.Config) -> set[Path]:
    return {Path(argument.partition("::")[0]).resolve() for argument in config.args}


def _is_lab(path: Path) -> bool:
    """A lab's folder explains it; the broken ones among the tests do not."""
    return (path.parent / "README.md").is_file()


class LabFile(pytest.File):
    """A lab.yml: one group of tests for each crypto variant that is asked for."""

    def collect(self) -> Iterable[pytest.Item | pytest.Collector]:
        """Claims of each variant; a mistake in the file is told like everywhere else."""
        pool = self.config.stash[POOL]
        for crypto in pool.variants(self.path.parent):
            yield LabVariant.from_parent(self, name=crypto.value, crypto=crypto)

    def repr_failure(  # type: ignore[override]  # pytest.Collector leaves out the style as well
        self, excinfo: pytest.ExceptionInfo[BaseException]
    ) -> Any:
        """Our own errors are messages, not tracebacks."""
        if isinstance(excinfo.value, OffnetError):
            return str(excinfo.value)
        return super().repr_failure(excinfo)


class LabVariant(pytest.Collector):
    """All claims of a lab in one crypto variant."""

    def __init__(self, *, crypto: Crypto, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.wanted = Wanted(self.path.parent, crypto)

    def collect(self) -> Iterator[pytest.Item]:
        """One item a claim."""
        network = design(intent.load(self.path.parent), self.wanted.crypto)
        for claim in derive(network, with_faults=self.config.getoption("--faults")):
            yield ClaimItem.from_parent(self, name=claim.name, claim=claim, wanted=self.wanted)


class ClaimItem(pytest.Item):
    """One claim of one proof."""

    def __init__(self, *, claim: Claim[Any], wanted: Wanted, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.claim = claim
        self.stash[WANTED] = wanted
        self.extra_keyword_matches |= {f"proof{claim.proof}", PROOFS[claim.proof].lower()}
        self.add_marker(pytest.mark.lab)

    def runtest(self) -> None:
        """Looks and judges; what was seen is kept either way."""
        self.user_properties += [
            ("proof", self.claim.proof),
            ("title", self.claim.name),
            ("expected", self.claim.expected),
        ]
        try:
            verdict = self.claim.prove(self.config.stash[POOL].bench(self.stash[WANTED]))
        except OffnetError as error:
            self.user_properties += [("outcome", Outcome.ERROR.value), ("detail", str(error))]
            raise
        self.user_properties.append(("seen", verdict.seen))
        if not verdict.holds:
            raise ClaimFailed(verdict.seen)

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> Any:
        """Expected and seen; a traceback only for what is a mistake of the program."""
        if isinstance(excinfo.value, ClaimFailed):
            return f"{self.claim.name}\n  expected: {self.claim.expected}\n  seen:     {excinfo.value}"
        if isinstance(excinfo.value, OffnetError):
            return f"{self.claim.name}\n  could not look: {excinfo.value}"
        return super().repr_failure(excinfo, style)

    def reportinfo(self) -> tuple[Path, int | None, str]:
        """Where it comes from: the lab.yml."""
        return self.path, None, self.claim.name


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """A lab's own tests run in each variant that is asked for."""
    if "bench" in metafunc.fixturenames:
        folder = metafunc.definition.path.parent
        variants = metafunc.config.stash[POOL].variants(folder)
        metafunc.parametrize("bench", variants, ids=[crypto.value for crypto in variants], indirect=True)


@pytest.fixture
def bench(request: pytest.FixtureRequest) -> Bench:
    """The lab of the test's folder, running, in one crypto variant."""
    return request.config.stash[POOL].bench(Wanted(request.path.parent, request.param))


@pytest.fixture
def tell(request: pytest.FixtureRequest, record_property: Callable[[str, Any], None]) -> Tell:
    """Puts the first line of a test's docstring, its parameters, and what it saw into the report."""
    lines = (request.function.__doc__ or request.node.name).splitlines()
    parameters = [v for k, v in request.node.callspec.params.items() if k != "bench" and isinstance(v, str)]
    record_property("title", ": ".join((lines[0].rstrip("."), *parameters)))
    return lambda seen: record_property("seen", seen)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> object | None:
    """With ``--dist loadfile``, all tests that share a running lab are for one worker, the longest first.

    Not by groups: xdist 3.8 marks them in a place where pytest 9.2 does not look any more.
    """
    if config.getoption("dist") != "loadfile":
        return None
    return scheduling(config, log)


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Tests of one running lab stand together, so that each lab is started once.

    Whatever is in the folder of a lab is a test of a lab that runs.
    """
    for item in items:
        wanted = _wanted(item)
        if wanted is not None:
            item.stash[WANTED] = wanted
        if wanted is not None or (item.path.parent / LAB_FILE).is_file():
            item.add_marker(pytest.mark.lab)
    order = {
        wanted: place for place, wanted in enumerate(dict.fromkeys(i.stash.get(WANTED, None) for i in items))
    }
    items.sort(key=lambda item: order[item.stash.get(WANTED, None)])


def _wanted(item: pytest.Item) -> Wanted | None:
    if isinstance(item, ClaimItem):
        return item.stash[WANTED]
    callspec = getattr(item, "callspec", None)
    if callspec is not None and isinstance(callspec.params.get("bench"), Crypto):
        return Wanted(item.path.parent, callspec.params["bench"])
    return None


@pytest.hookimpl(trylast=True)
def pytest_runtest_teardown(item: pytest.Item, nextitem: pytest.Item | None) -> None:
    """A lab ends with the last test that needs it."""
    wanted = item.stash.get(WANTED, None)
    following = nextitem.stash.get(WANTED, None) if nextitem is not None else None
    if wanted is not None and wanted != following:
        item.config.stash[POOL].release(wanted)
