"""Futures, joblib's tasks and rich's view."""

import concurrent.futures as futures
import importlib
import io
import os
import unittest
from unittest import mock

import vxboard
from support import BoardTest


def halve(number: int) -> float:
    """What a pool does."""
    if number == 7:
        raise ValueError("seven")
    return number / 2


def has(*modules: str) -> bool:
    try:
        return all(importlib.import_module(module) for module in modules)
    except ImportError:
        return False


@unittest.skipUnless(has("vxboard._extension"), "the extension is not built")
class Tracked(BoardTest):
    def setUp(self) -> None:
        super().setUp()
        self.enterContext(mock.patch.dict(os.environ))
        os.environ.pop("VX_BOARD", None)
        self.board = self.enterContext(vxboard.Board.create("a test", 8, self.path))

    def test_futures_are_counted_and_failures_end_the_slot_as_failed(self) -> None:
        with futures.ThreadPoolExecutor(4) as pool, vxboard.track("good") as track:
            found = track.all(pool.submit(halve, number) for number in range(6))
            self.assertEqual([future.result() for future in found], [0, 0.5, 1, 1.5, 2, 2.5])
            futures.wait(found)
        good = self.board["good"]
        self.assertEqual((good.state, good.total), ("done", 6))
        with futures.ThreadPoolExecutor(4) as pool, vxboard.track("bad", total=9) as track:
            futures.wait(track.all(pool.submit(halve, number) for number in range(9)))
            pool.shutdown()
        bad = self.board["bad"]
        self.assertEqual((bad.state, bad.done, bad.error), ("failed", 9, "1 of 9 failed, the first with ValueError: seven"))

    def test_processes_and_an_exception_around_them(self) -> None:
        with futures.ProcessPoolExecutor(2) as pool, vxboard.track("many") as track:
            futures.wait(track.all(pool.submit(halve, number) for number in range(5)))
            pool.shutdown()
        self.assertEqual((self.board["many"].state, self.board["many"].done), ("done", 5))
        with self.assertRaises(KeyError), vxboard.track("broken"):
            raise KeyError("x")
        self.assertEqual(self.board["broken"].state, "failed")

    @unittest.skipUnless(has("joblib"), "joblib is not there")
    def test_joblib_has_a_slot(self) -> None:
        import joblib
        from vxboard.joblib import Parallel

        for backend in ("threading", "loky"):
            key = f"joblib {backend}"
            found = Parallel(n_jobs=2, backend=backend, vx_key=key)(
                [joblib.delayed(halve)(number) for number in range(6)]
            )
            self.assertEqual(found[:2], [0, 0.5])
            slot = self.board[key]
            self.assertEqual((slot.state, slot.done, slot.total), ("done", 6, 6))
        with self.assertRaises(ValueError):
            Parallel(n_jobs=2, backend="threading", vx_key="bad")([joblib.delayed(halve)(7)])
        self.assertEqual(self.board["bad"].error, "ValueError: seven")

    @unittest.skipUnless(has("rich"), "rich is not there")
    def test_rich_draws_a_board(self) -> None:
        from rich.console import Console
        from vxboard.rich import Progress

        with self.board.slot("shard [red]1", total=4) as slot:
            slot.publish(1)
            slot.message("a [bold]message")
            shown = Console(file=io.StringIO(), width=120)
            shown.print(Progress(self.board))
            text = shown.file.getvalue()
        self.assertIn("shard [red]1", text)
        self.assertIn("1 of 4", text)
        self.assertIn("a [bold]message", text)


if __name__ == "__main__":
    unittest.main()
