"""64 processes with bars, some of which are killed: every slot is right at the end, and no lock is left."""

import importlib.util
import multiprocessing
import os
import signal
import time
import unittest
from unittest import mock

import vxboard
from support import PATIENCE_S, BoardTest

PROCESSES = 64
KILLED = 10


def loop(number: int, go: str) -> None:
    """A bar of 100 steps; every sixth process waits in the middle until it is killed."""
    for step in vxboard.tqdm(range(100), desc=f"shard {number}"):
        while step == 50 and number % 6 == 0 and number < 6 * KILLED:
            time.sleep(0.05)
    # The parent reads all of them while they exist.
    while not os.path.exists(go):
        time.sleep(0.02)


@unittest.skipUnless(importlib.util.find_spec("vxboard._extension"), "the extension is not built")
class Many(BoardTest):
    def setUp(self) -> None:
        super().setUp()
        self.enterContext(mock.patch.dict(os.environ))
        os.environ.pop("VX_BOARD", None)

    def until(self, what: str, is_so) -> None:
        end = time.monotonic() + 2 * PATIENCE_S
        while not is_so():
            self.assertLess(time.monotonic(), end, what)
            time.sleep(0.02)

    @staticmethod
    def is_so(board: vxboard.Board, stuck: "set[int]") -> bool:
        slots = board.slots()
        live = {slot.pid for slot in slots if slot.state == "live" and slot.done > 0}
        return live == stuck and sum(slot.state == "done" for slot in slots) == PROCESSES - KILLED

    def play(self, method: str) -> None:
        context = multiprocessing.get_context(method)
        go = f"{self.path}.go"
        with vxboard.Board.create("many", 2 * PROCESSES, self.path) as board:
            children = [context.Process(target=loop, args=(number, go)) for number in range(PROCESSES)]
            for child in children:
                child.start()
            doomed = [child for number, child in enumerate(children) if number % 6 == 0 and number < 6 * KILLED]
            # A bar may be some steps behind while its loop is fast, and catches up at its end.
            self.until("ten are stuck and all others done", lambda: self.is_so(board, {child.pid for child in doomed}))
            for child in doomed:
                os.kill(child.pid, signal.SIGKILL)
            open(go, "w").close()
            for child in children:
                child.join(PATIENCE_S)
                board.record_exit(child.pid, child.exitcode)
            slots = {slot.key: slot for slot in board.slots()}
            self.assertEqual(len(slots), PROCESSES)
            for number, child in enumerate(children):
                slot = slots[f"shard {number}"]
                expected = ("died", 9) if child in doomed else ("done", None)
                self.assertEqual((slot.state, slot.signal), expected, slot)
                if child not in doomed:
                    self.assertEqual((slot.done, slot.total), (100, 100), slot)
            # A lock left on the board would keep it from taking another slot.
            with board.slot("afterwards"):
                pass
            self.assertEqual(board["afterwards"].state, "done")

    def test_forked(self) -> None:
        self.play("fork")

    def test_spawned(self) -> None:
        self.play("spawn")

    def test_from_a_fork_server(self) -> None:
        self.play("forkserver")


if __name__ == "__main__":
    unittest.main()
