"""`pytest --vx`: a board for the run, with one slot for all tests and, under xdist, one for each worker.

A worker's slot shows the test that it runs, so a hanging test can be seen with its worker, even by `vx top` in another
terminal. The board never makes the run fail, even if warnings are errors: the terminal shows why there is no board.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any, Optional

import pytest

from . import _places as places
from ._errors import VxboardError
from ._taken import slot_of, while_live
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
    """A slot that shows how far some tests are. Without a slot nothing is shown, and `missing` says why."""

    def __init__(self, key: str) -> None:
        self.done = 0
        self.failed = 0
        self.unread = 0
        self.missing: Optional[str] = None
        self.interrupted = False
        self.cancelled = False
        self._running: Optional[str] = None
        self._slot: Optional[SlotWriter] = None
        try:
            self._slot = slot_of(key)
        except (VxboardError, OSError) as error:
            self.missing = str(error)

    def expect(self, total: int) -> None:
        while_live(self._slot, lambda slot: setattr(slot, "total", total))

    def run(self, test: Optional[str]) -> None:
        self._running = test
        self._say()

    def ended(self, test: str, failed: bool) -> None:
        self.done += 1
        self.failed += failed
        while_live(self._slot, lambda slot: slot.publish(self.done))
        if failed:
            self._log(f"failed: {test}")
        self._say()

    def not_collected(self, what: str) -> None:
        self.unread += 1
        self._log(f"not collected: {what}")
        self._say()

    def _log(self, line: str) -> None:
        while_live(self._slot, lambda slot: slot.log(line))

    def _say(self) -> None:
        failed = f"{self.failed} failed" if self.failed else ""
        text = ", ".join(part for part in (failed, self._unread(), self._running) if part)
        while_live(self._slot, lambda slot: slot.message(text))

    def _unread(self) -> str:
        return f"{self.unread} error{'s' if self.unread > 1 else ''} in collection" if self.unread else ""

    def close(self, status: int) -> None:
        """End with the session's status. A failure is shown as such even if the run was then interrupted."""
        self._running = None
        self._say()
        failed = f"{self.failed} of {self.done} tests failed" if self.failed else ""
        error = ", ".join(part for part in (failed, self._unread()) if part)
        if not error and (self.interrupted or status == pytest.ExitCode.INTERRUPTED):
            self.cancel()
            return
        if not error and status != pytest.ExitCode.OK:
            error = _STATUSES.get(status, f"pytest ended with exit status {int(status)}")
        while_live(self._slot, lambda slot: slot.end(error=error or None))

    def cancel(self) -> None:
        """End the slot as cancelled, if it has not ended."""
        if self._slot is not None and self._slot.live:
            self.cancelled = True
            self._slot.cancel()


# Exit statuses of failed runs in which no test failed.
_STATUSES: dict[int, str] = {
    pytest.ExitCode.INTERNAL_ERROR: "internal error of pytest",
    pytest.ExitCode.USAGE_ERROR: "usage error of pytest",
    pytest.ExitCode.NO_TESTS_COLLECTED: "no tests were collected",
}


class _Results:
    """Takes pytest's reports, and counts each test once."""

    def __init__(self, shown: _Shown) -> None:
        self._shown = shown
        self._failed: set[str] = set()

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.failed:
            self._failed.add(report.nodeid)
        # A test is over after its teardown, which even skipped tests have. For a test that crashed its worker, xdist's
        # report names no phase.
        if report.when not in ("setup", "call"):
            self._shown.ended(report.nodeid, report.nodeid in self._failed)
            self._failed.discard(report.nodeid)

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        if report.failed:
            self._shown.not_collected(report.nodeid)

    def pytest_keyboard_interrupt(self) -> None:
        self._shown.interrupted = True

    @pytest.hookimpl(trylast=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        # Other plugins may have changed the status by now.
        self._shown.close(session.exitstatus)


class _Worker(_Results):
    """A worker of xdist."""

    def __init__(self, worker: dict[str, Any]) -> None:
        super().__init__(_Shown(str(worker["workerid"])))

    def pytest_runtest_logstart(self, nodeid: str) -> None:
        self._shown.run(nodeid)

    def pytest_runtest_logfinish(self) -> None:
        self._shown.run(None)


class _Run(_Results):
    """The run as a whole. It makes the board, unless it is part of other work that has one."""

    def __init__(self, config: pytest.Config) -> None:
        self._board: Optional[OwnBoard] = None
        self._alone = not config.getoption("numprocesses", None) and not config.getoption("tx", None)
        missing: Optional[str] = None
        if not os.environ.get("VX_BOARD"):
            try:
                self._board = OwnBoard(places.new_board(), f"pytest {config.rootpath.name}", _SLOTS)
            except (VxboardError, OSError) as error:
                missing = str(error)
        super().__init__(_Shown("tests"))
        self._missing = missing or self._shown.missing

    def pytest_report_header(self) -> Optional[str]:
        return None if self._board is None else f"vx: `vx top {self._board.path}` shows this run"

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        if self._missing is not None:
            terminalreporter.write_line(f"vx: the tests are not shown: {self._missing}")

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        if self._alone:
            self._shown.expect(len(session.items))

    @pytest.hookimpl(optionalhook=True)
    def pytest_xdist_node_collection_finished(self, node: object, ids: list[str]) -> None:
        self._shown.expect(len(ids))

    def pytest_runtest_logstart(self, nodeid: str) -> None:
        # With several workers, each shows its own test.
        if self._alone:
            self._shown.run(nodeid)

    def pytest_unconfigure(self) -> None:
        self._shown.cancel()  # In case the session never began.
        if self._board is not None:
            try:
                self._board.finish("cancelled" if self._shown.cancelled else None)
                self._board.close()
            except (VxboardError, OSError):
                pass  # Its file was removed meanwhile.
