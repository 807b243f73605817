"""`pytest --vx`: a board of the run, with a slot for all tests and, under xdist, one for each worker.

A worker's slot shows the test that it runs, so a test that hangs is seen with its worker, also by `vx top` in another
terminal. The run never fails for its board.
"""

from __future__ import annotations

import os
import warnings
from typing import TYPE_CHECKING, Any, Optional

import pytest

from . import _places as places
from ._errors import VxboardError
from ._taken import slot_or_none
from ._writer import OwnBoard

if TYPE_CHECKING:
    from ._extension import SlotWriter

_SLOTS = 256


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("vx", "progress on a board")
    group.addoption("--vx", action="store_true", help="show the run on a board: `vx top`, `python -m vxboard`")


def pytest_configure(config: pytest.Config) -> None:
    if not config.getoption("--vx"):
        return
    worker: Optional[dict[str, Any]] = getattr(config, "workerinput", None)
    config.pluginmanager.register(_Run(config) if worker is None else _Worker(worker), "vxboard-run")


class _Shown:
    """A slot that shows how far some tests are. Without one nothing is shown, and a warning says why."""

    def __init__(self, key: str) -> None:
        self.done = 0
        self.failed = 0
        self._running: Optional[str] = None
        self._slot: Optional[SlotWriter] = slot_or_none(key)

    def expect(self, total: int) -> None:
        if self._slot is not None:
            self._slot.total = total

    def run(self, test: Optional[str]) -> None:
        self._running = test
        self._say()

    def ended(self, test: str, failed: bool) -> None:
        self.done += 1
        self.failed += failed
        if self._slot is not None:
            self._slot.publish(self.done)
            if failed:
                self._slot.log(f"failed: {test}")
        self._say()

    def _say(self) -> None:
        if self._slot is not None:
            failed = f"{self.failed} failed" if self.failed else ""
            self._slot.message(", ".join(part for part in (failed, self._running) if part))

    def close(self) -> None:
        if self._slot is not None and self._slot.live:
            self._slot.end(error=f"{self.failed} of {self.done} tests failed" if self.failed else None)


class _Results:
    """Counts each test once, by the reports of its parts."""

    def __init__(self, shown: _Shown) -> None:
        self._shown = shown
        self._failed: set[str] = set()

    def take(self, report: pytest.TestReport) -> None:
        if report.failed:
            self._failed.add(report.nodeid)
        # A test is over once its teardown is, which is there for skipped ones, too.
        if report.when == "teardown":
            self._shown.ended(report.nodeid, report.nodeid in self._failed)
            self._failed.discard(report.nodeid)


class _Worker:
    """A worker of xdist."""

    def __init__(self, worker: dict[str, Any]) -> None:
        self._shown = _Shown(str(worker["workerid"]))
        self._results = _Results(self._shown)

    def pytest_runtest_logstart(self, nodeid: str) -> None:
        self._shown.run(nodeid)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        self._results.take(report)

    def pytest_runtest_logfinish(self) -> None:
        self._shown.run(None)

    def pytest_sessionfinish(self) -> None:
        self._shown.close()


class _Run:
    """The run as a whole: it makes the board, unless it is part of other work that has one."""

    def __init__(self, config: pytest.Config) -> None:
        self._board: Optional[OwnBoard] = None
        self._alone = not config.getoption("numprocesses", None) and not config.getoption("tx", None)
        if not os.environ.get("VX_BOARD"):
            try:
                self._board = OwnBoard(places.new_board(), f"pytest {config.rootpath.name}", _SLOTS)
            except (VxboardError, OSError) as error:
                warnings.warn(f"the tests are not shown: {error}", RuntimeWarning, stacklevel=2)
        self._shown = _Shown("tests")
        self._results = _Results(self._shown)

    def pytest_report_header(self) -> Optional[str]:
        return None if self._board is None else f"vx: `vx top {self._board.path}` shows this run"

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        if self._alone:
            self._shown.expect(len(session.items))

    @pytest.hookimpl(optionalhook=True)
    def pytest_xdist_node_collection_finished(self, node: object, ids: list[str]) -> None:
        self._shown.expect(len(ids))

    def pytest_runtest_logstart(self, nodeid: str) -> None:
        # Of several workers each shows its own.
        if self._alone:
            self._shown.run(nodeid)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        self._results.take(report)

    def pytest_sessionfinish(self) -> None:
        self._shown.run(None)
        self._shown.close()

    def pytest_unconfigure(self) -> None:
        if self._board is not None:
            self._board.close()
