"""Futures, joblib's tasks and rich's view."""

import concurrent.futures as futures
import importlib
import io
import os
import sys
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

    def test_futures_that_are_cancelled_end_the_slot_as_cancelled_unless_one_failed(self) -> None:
        for key, states in (("stopped", ["cancelled", "good"]), ("bad", ["cancelled", "bad"])):
            with vxboard.track(key) as track:
                for state in states:
                    future: futures.Future[int] = futures.Future()
                    future.add_done_callback(track)
                    if state == "cancelled":
                        future.cancel()
                    elif state == "bad":
                        future.set_exception(ValueError("seven \udc80"))
                    else:
                        future.set_result(1)
        self.assertEqual((self.board["stopped"].state, self.board["stopped"].message), ("cancelled", "1 cancelled"))
        self.assertRegex(self.board["bad"].error or "", "^1 of 2 failed, the first with ValueError: seven \ufffd+$")

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

        class Tasks(list):  # type: ignore[type-arg]
            def __len__(self) -> int:
                raise TypeError("not known yet")

        tasks = Tasks([joblib.delayed(halve)(1)])
        Parallel(n_jobs=2, backend="threading", vx_key="\udc80", vx_total=2**70)(iter(tasks))
        with self.assertRaises(SystemExit):
            Parallel(n_jobs=1, vx_key="exit")([joblib.delayed(sys.exit)(0)])
        self.assertEqual([slot.state for slot in self.board][-2:], ["done", "done"])

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

    @unittest.skipUnless(has("sklearn.callback"), "there is no scikit-learn with callbacks")
    def test_a_fit_that_fails_or_ends_early_does_not_show_as_all_done(self) -> None:
        from sklearn.linear_model import LogisticRegression
        from vxboard.sklearn import Progress

        rows, labels = [[0.0], [1.0], [2.0], [3.0]], [0, 0, 1, 1]
        try:
            raise KeyError("being handled")  # It is not the fit's.
        except KeyError:
            LogisticRegression(max_iter=100).set_callbacks(Progress("early")).fit(rows, labels)
        early = self.board["early"]
        self.assertEqual((early.state, early.done), ("done", early.total))
        self.assertLess(early.done, 100)
        with self.assertRaises(ValueError):
            LogisticRegression(max_iter=100).set_callbacks(Progress("bad")).fit(rows, [0, 0, 0, 0])
        bad = self.board["bad"]
        self.assertEqual((bad.state, (bad.error or "").partition(":")[0]), ("failed", "ValueError"))

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
        self.assertIn("a test  running", text)
        with mock.patch.object(vxboard.BoardFacts, "abandoned", True):
            shown.print(Progress(self.board))
        self.assertIn("a test  abandoned", shown.file.getvalue())


if __name__ == "__main__":
    unittest.main()
