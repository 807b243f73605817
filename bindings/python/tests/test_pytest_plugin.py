"""`pytest --vx`, alone and with workers, one of which hangs."""

import importlib.util
import os
import signal
import subprocess
import sys
import textwrap
import time
import unittest
from collections.abc import Callable
from pathlib import Path

import vxboard
from support import PATIENCE_S, BoardTest

TESTS = """
    import os, time, pytest

    @pytest.mark.parametrize("number", range(6))
    def test_good(number): pass

    def test_bad(): assert False

    @pytest.mark.skip
    def test_skipped(): pass

    def test_hangs():
        while os.path.exists("hang"): time.sleep(0.02)
"""


def has(module: str) -> bool:
    return importlib.util.find_spec(module) is not None


@unittest.skipUnless(has("pytest") and has("vxboard._extension"), "pytest or the extension is not there")
class Plugin(BoardTest):
    def setUp(self) -> None:
        super().setUp()
        self.place = Path(self.path).parent
        (self.place / "test_it.py").write_text(textwrap.dedent(TESTS))

    def start(self, *words: str, boards: str = "") -> "subprocess.Popen[str]":
        variables = {**os.environ, "VX_RUNTIME_DIR": boards or str(self.place), "PYTHONPATH": os.pathsep.join(sys.path)}
        for name in ("VX_BOARD", "VX_SLOT"):
            variables.pop(name, None)
        plugins = () if has_entry_point() else ("-p", "vxboard.pytest_plugin")
        command = [sys.executable, "-m", "pytest", "--vx", "-p", "no:cacheprovider", *plugins, *words, "test_it.py"]
        pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT}
        # A background run ignores SIGINT, and so would its children.
        heed = lambda: signal.signal(signal.SIGINT, signal.default_int_handler)
        run = subprocess.Popen(
            command, cwd=self.place, env=variables, text=True, start_new_session=True, preexec_fn=heed, **pipes
        )
        self.addCleanup(self.end, run)
        return run

    def end(self, run: "subprocess.Popen[str]") -> None:
        if run.poll() is None:
            os.killpg(run.pid, signal.SIGKILL)
        run.communicate()

    def ended(self, tests: str, *words: str) -> "tuple[vxboard.Slot, str]":
        """The slot of a whole run of these tests, and the state of its board."""
        (self.place / "test_it.py").write_text(textwrap.dedent(tests))
        for path in self.place.glob("*.board"):
            path.unlink()
        said, _ = self.start(*words).communicate(timeout=PATIENCE_S)
        with self.opened() as board:
            self.assertTrue(board.closed, said)
            return board["tests"], board.snapshot().board.state

    def interrupted(self, send: "Callable[[int, int], None]", *words: str) -> "tuple[str, str, str]":
        """The states of all tests, of those that hung or their worker, and of the board after Ctrl-C during a test."""
        (self.place / "hang").touch()
        run = self.start("-k", "good or hangs", *words)
        with self.opened() as board:
            found = self.until("it hangs", lambda: [slot for slot in board.slots() if "test_hangs" in slot.message])
            send(run.pid, signal.SIGINT)
            said, _ = run.communicate(timeout=PATIENCE_S)
            self.assertEqual(run.returncode, 2, said)
            hung = board[found[0].place]
            self.assertFalse(hung.lost, said)
            return board["tests"].state, hung.state, board.snapshot().board.state

    def opened(self) -> vxboard.Board:
        return self.until("there is a board", lambda: next(iter(self.boards()), None))

    def boards(self) -> "list[vxboard.Board]":
        found = []
        for path in self.place.glob("*.board"):
            try:
                found.append(vxboard.Board.open(str(path)))
            except vxboard.AttachError:
                continue
        return found

    def until(self, what: str, look):
        end = time.monotonic() + PATIENCE_S
        while time.monotonic() < end:
            found = look()
            if found:
                return found
            time.sleep(0.02)
        self.fail(f"in vain: {what}")

    def test_a_run_alone_counts_its_tests_and_ends_as_failed(self) -> None:
        run = self.start()
        said, _ = run.communicate(timeout=PATIENCE_S)
        self.assertIn("vx: `vx top ", said)
        with self.opened() as board:
            slot = board["tests"]
            self.assertEqual((slot.state, slot.done, slot.total), ("failed", 9, 9), said)
            self.assertEqual(slot.error, "1 of 9 tests failed")
            self.assertEqual(board.log("tests"), ["failed: test_it.py::test_bad"])
            self.assertEqual(board.snapshot().board.state, "failed")

    def test_without_the_option_there_is_no_board(self) -> None:
        command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-k", "good", "test_it.py"]
        variables = {**os.environ, "VX_RUNTIME_DIR": str(self.place), "PYTHONPATH": os.pathsep.join(sys.path)}
        subprocess.run(command, cwd=self.place, env=variables, check=True, stdout=subprocess.DEVNULL)
        self.assertEqual(self.boards(), [])

    @unittest.skipUnless(has("xdist"), "pytest-xdist is not there")
    def test_a_test_that_hangs_is_seen_with_its_worker_which_is_lost_once_it_is_killed(self) -> None:
        (self.place / "hang").touch()
        run = self.start("-n", "2")
        board = self.opened()
        hanging = lambda: [slot for slot in board.slots() if "test_hangs" in slot.message]
        worker = self.until("it hangs", hanging)[0]
        self.assertIn(worker.key, ("gw0", "gw1"))
        self.until("the others are over", lambda: board["tests"].done == 8)
        self.assertEqual(board["tests"].total, 9)
        os.kill(worker.pid, signal.SIGKILL)
        self.until("it is lost", lambda: board[worker.place].lost or board[worker.place].ended)
        (self.place / "hang").unlink()
        said, _ = run.communicate(timeout=PATIENCE_S)
        self.assertIn("crashed", said)
        self.until("the run is over", lambda: board["tests"].ended)


    def test_what_no_test_reports_ends_the_run_as_failed_as_well(self) -> None:
        slot, state = self.ended("import nowhere")
        self.assertEqual((slot.state, slot.error, state), ("failed", "1 error in collection", "failed"))
        slot, state = self.ended("")
        self.assertEqual((slot.state, slot.error, state), ("failed", "no tests were collected", "failed"))
        (self.place / "conftest.py").write_text("def pytest_runtestloop(): raise OSError('broken')")
        slot, state = self.ended("def test_good(): pass")
        self.assertEqual((slot.state, slot.error, state), ("failed", "internal error of pytest", "failed"))

    def test_a_run_that_is_stopped_is_cancelled_unless_a_test_had_failed(self) -> None:
        self.assertEqual(self.interrupted(os.killpg), ("cancelled",) * 3)
        stop = "import pytest\ndef test_stops(): pytest.exit('enough', 0)"
        slot, state = self.ended(stop)
        self.assertEqual((slot.state, state), ("cancelled", "cancelled"))
        slot, state = self.ended(f"def test_bad(): assert False\n{stop}")
        self.assertEqual((slot.error, state), ("1 of 1 tests failed", "failed"))

    @unittest.skipUnless(has("xdist"), "pytest-xdist is not there")
    def test_workers_hide_no_failure_either(self) -> None:
        slot, state = self.ended("import os\ndef test_good(): pass\ndef test_dies(): os._exit(3)", "-n", "1")
        self.assertEqual((slot.state, slot.done, slot.error, state), ("failed", 2, "1 of 2 tests failed", "failed"))
        slot, state = self.ended("import nowhere", "-n", "2")
        self.assertEqual((slot.state, slot.error, state), ("failed", "1 error in collection", "failed"))

    @unittest.skipUnless(has("xdist"), "pytest-xdist is not there")
    def test_workers_that_are_stopped_are_cancelled(self) -> None:
        for send in (os.killpg, os.kill):
            with self.subTest(send.__name__):
                self.assertEqual(self.interrupted(send, "-n", "2"), ("cancelled",) * 3)
                next(self.place.glob("*.board")).unlink()

    def test_a_run_without_a_board_passes_also_where_warnings_are_errors(self) -> None:
        (self.place / "test_it.py").write_text("def test_good(): pass")
        for words in (("-W", "error"), ("-q", "-W", "error")):
            run = self.start(*words, boards="/proc/nowhere")
            said, _ = run.communicate(timeout=PATIENCE_S)
            self.assertEqual(run.returncode, 0, said)
            self.assertIn("vx: the tests are not shown: there is no directory for boards", said)


def has_entry_point() -> bool:
    from importlib.metadata import entry_points

    return any(point.value == "vxboard.pytest_plugin" for point in entry_points(group="pytest11"))


if __name__ == "__main__":
    unittest.main()
