"""`pytest --vx`, alone and with workers, one of which hangs."""

import importlib.util
import os
import signal
import subprocess
import sys
import textwrap
import time
import unittest
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

    def start(self, *words: str) -> "subprocess.Popen[str]":
        variables = {**os.environ, "VX_RUNTIME_DIR": str(self.place), "PYTHONPATH": os.pathsep.join(sys.path)}
        for name in ("VX_BOARD", "VX_SLOT"):
            variables.pop(name, None)
        plugins = () if has_entry_point() else ("-p", "vxboard.pytest_plugin")
        command = [sys.executable, "-m", "pytest", "--vx", "-p", "no:cacheprovider", *plugins, *words, "test_it.py"]
        pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT}
        run = subprocess.Popen(command, cwd=self.place, env=variables, text=True, start_new_session=True, **pipes)
        self.addCleanup(self.end, run)
        return run

    def end(self, run: "subprocess.Popen[str]") -> None:
        if run.poll() is None:
            os.killpg(run.pid, signal.SIGKILL)
        run.communicate()

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


def has_entry_point() -> bool:
    from importlib.metadata import entry_points

    return any(point.value == "vxboard.pytest_plugin" for point in entry_points(group="pytest11"))


if __name__ == "__main__":
    unittest.main()
