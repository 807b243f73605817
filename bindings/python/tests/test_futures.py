"""Futures, joblib's tasks and rich's view."""

import concurrent.futures as futures
import importlib
import io
import os
import unittest
import warnings
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

    @unittest.skipUnless(has("joblib"), "joblib is not there")
    def test_joblibs_generators_stay_lazy_and_their_slot_ends_with_them(self) -> None:
        import joblib
        from vxboard.joblib import Parallel

        def begin(key: str, last: int):  # type: ignore[no-untyped-def]
            parallel = Parallel(n_jobs=2, backend="threading", return_as="generator", vx_key=key)
            return parallel([joblib.delayed(halve)(number) for number in range(last)])

        whole = begin("whole", 6)
        self.assertEqual((next(whole), self.board["whole"].state), (0, "live"))
        self.assertEqual(len(list(whole)), 5)
        self.assertEqual((self.board["whole"].state, self.board["whole"].done), ("done", 6))
        left = begin("left", 6)
        next(left)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # joblib says that it cancels what is left.
            left.close()
        self.assertEqual(self.board["left"].state, "cancelled")
        with self.assertRaises(ValueError):
            list(begin("bad", 9))
        self.assertEqual(self.board["bad"].error, "ValueError: seven")

    def test_without_a_free_slot_the_work_is_done_and_a_warning_says_why(self) -> None:
        slots = [self.board.slot(f"taken {number}") for number in range(8)]
        with warnings.catch_warnings(record=True) as said:
            warnings.simplefilter("always")
            with futures.ThreadPoolExecutor(1) as pool, vxboard.track("more") as track:
                found = [future.result() for future in track.all(pool.submit(halve, number) for number in range(3))]
            if has("joblib"):
                from joblib import delayed
                from vxboard.joblib import Parallel

                self.assertEqual(Parallel(n_jobs=1)([delayed(halve)(2)]), [1])
        self.assertEqual(found, [0, 0.5, 1])
        texts = {str(warning.message).splitlines()[0] for warning in said if warning.category is RuntimeWarning}
        self.assertEqual(texts, {"progress is not shown: the board is full: all 8 slots are in use"})
        del slots

    @unittest.skipUnless(has("sklearn.callback"), "there is no scikit-learn with callbacks")
    def test_a_fit_of_scikit_learn_has_a_slot(self) -> None:
        from sklearn.linear_model import LogisticRegression
        from vxboard.sklearn import Progress

        estimator = LogisticRegression(max_iter=20).set_callbacks(Progress())
        estimator.fit([[0.0], [1.0], [2.0], [3.0]], [0, 0, 1, 1])
        slot = self.board["LogisticRegression"]
        self.assertEqual((slot.state, slot.done), ("done", slot.total or slot.done))

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
