"""Bars with tqdm's arguments and calls, as a reader of the board sees them."""

import importlib.util
import inspect
import multiprocessing
import os
import pickle
import unittest
import warnings
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from unittest import mock

import vxboard
from support import PATIENCE_S, BoardTest
from vxboard import tqdm, trange

try:
    from vxboard import _extension as extension
except ImportError:
    extension = None


def count(begun: "multiprocessing.synchronize.Barrier") -> None:
    with tqdm(total=1000, desc="shard") as bar:
        begun.wait(PATIENCE_S)  # All have a bar before any ends: later bars would take over the slot of an earlier one.
        for _ in range(1000):
            bar.update()


@unittest.skipIf(extension is None, "the extension is not built")
class Bars(BoardTest):
    def setUp(self) -> None:
        super().setUp()
        self.enterContext(mock.patch.dict(os.environ))
        os.environ.pop("VX_BOARD", None)
        self.board = vxboard.Board.create("bars", 32, self.path)
        self.addCleanup(self.board.close)

    def test_a_loop_is_counted_to_its_end(self) -> None:
        seen = []
        for item in tqdm(range(100_000), desc="load"):
            if item in (0, 1, 99_999):
                seen.append(self.board["load"].done)
        self.assertEqual(seen[0], 0)
        self.assertGreater(seen[2], 99_999 - 64)
        slot = self.board["load"]
        self.assertEqual((slot.state, slot.done, slot.total, slot.unit), ("done", 100_000, 100_000, "count"))
        self.assertEqual(sum(trange(5, desc="five")), 10)
        self.assertEqual(self.board["five"].done, 5)

    def test_a_loop_that_is_left_or_fails_does_not_show_as_done(self) -> None:
        for item in tqdm(range(100), desc="left"):
            if item == 7:
                break
        self.assertEqual((self.board["left"].state, self.board["left"].done), ("cancelled", 7))

        def broken():  # type: ignore[no-untyped-def]
            yield 1
            raise ValueError("no space")

        with self.assertRaises(ValueError):
            list(tqdm(broken(), desc="broken"))
        self.assertEqual((self.board["broken"].state, self.board["broken"].error), ("failed", "ValueError: no space"))
        with self.assertRaises(ValueError), tqdm(total=3, desc="body"):
            raise ValueError("in the body")
        self.assertEqual(self.board["body"].state, "failed")

    def test_updates_by_hand_and_their_texts(self) -> None:
        with tqdm(total=100, desc="fetch", unit="B", initial=10, position=3, ncols=80, postfix={"from": "mirror"}) as bar:
            self.assertEqual(self.board["fetch"].message, "from=mirror")
            bar.update(30)
            bar.update(-5)
            bar.set_postfix(loss=0.12345, epoch=2)
            slot = self.board["fetch"]
            self.assertEqual((slot.done, slot.total, slot.unit), (35, 100, "bytes"))
            self.assertEqual(slot.message, "epoch=2, loss=0.123")
            bar.set_description("second")
            self.assertEqual(self.board["fetch"].message, "second, epoch=2, loss=0.123")
            bar.reset(total=50)
            self.assertEqual((bar.n, self.board["fetch"].done, self.board["fetch"].total), (0, 0, 50))
            bar.n, bar.total = 20, 40
            bar.refresh()
            self.assertEqual((self.board["fetch"].done, self.board["fetch"].total), (20, 40))
        self.assertEqual(self.board["fetch"].state, "done")

    def test_what_is_assigned_shows_with_the_next_step(self) -> None:
        with tqdm(total=2, desc="fetch", postfix=["mirror", 2]) as bar:
            self.assertEqual(self.board["fetch"].message, "['mirror', 2]")
            bar.total, bar.desc, bar.postfix = 4, "again", None
            bar.update(3)
            self.assertEqual((self.board["fetch"].done, self.board["fetch"].total), (3, 4))
            bar.set_postfix([("b", 1), ("a", 2)], c=3)
            self.assertEqual(self.board["fetch"].message, "again, b=1, a=2, c=3")
            told = bar.format_dict
            self.assertEqual((told["n"], told["total"], told["prefix"]), (3, 4, "again"))
            self.assertGreater(told["rate"], 0)

    def test_after_its_end_a_bar_counts_no_more_and_still_iterates(self) -> None:
        bar = tqdm(range(5), desc="twice")
        self.assertEqual((list(bar), list(bar), bar.n), ([0, 1, 2, 3, 4], [0, 1, 2, 3, 4], 5))
        self.assertIsNone(bar.update(3))
        bar.close()
        self.assertEqual((bar.n, self.board["twice"].done, self.board["twice"].state), (5, 5, "done"))
        self.assertEqual((len(tqdm(iter([1, 2]))), len(tqdm(iter("ab"), total=7))), (2, 2))

    def test_a_bar_that_nobody_holds_is_over(self) -> None:
        for key, done in (("short", 1), ("whole", 3)):
            bar = tqdm(total=3, desc=key)
            bar.update(done)
            del bar
        self.assertEqual([(slot.key, slot.state) for slot in self.board], [("short", "cancelled"), ("whole", "done")])

    def test_the_lock_is_one_for_threads_and_free_in_a_child(self) -> None:
        lock = tqdm.get_lock()
        self.assertIs(tqdm.get_lock(), lock)
        with lock, lock, ThreadPoolExecutor(1) as pool:
            self.assertFalse(pool.submit(lock.acquire, False).result())
            held = pool.submit(lambda: lock.acquire(timeout=0)).result()
            self.assertFalse(held)
            child = multiprocessing.get_context("fork").Process(target=lock.__enter__)
            child.start()
            child.join(PATIENCE_S)
            self.assertEqual(child.exitcode, 0)
            self.assertTrue(pickle.loads(pickle.dumps(lock)).acquire(False))
        with ThreadPoolExecutor(1) as pool:
            self.assertTrue(pool.submit(lock.acquire, False).result())

    def test_processes_with_one_description_have_a_slot_each(self) -> None:
        context = multiprocessing.get_context("fork")
        begun = context.Barrier(8)
        children = [context.Process(target=count, args=(begun,)) for _ in range(8)]
        for child in children:
            child.start()
        for child in children:
            child.join(PATIENCE_S)
        self.assertEqual([child.exitcode for child in children], [0] * 8)
        self.assertEqual([(slot.state, slot.done) for slot in self.board], [("done", 1000)] * len(self.board.slots()))
        self.assertEqual({slot.pid for slot in self.board}, {child.pid for child in children})

    def test_totals_and_numbers_that_no_board_has_are_unknown_or_as_far_as_it_goes(self) -> None:
        class Wrapper:
            def __init__(self, error: type[Exception]) -> None:
                self.error = error

            def __len__(self) -> int:
                raise self.error("the inside has none")

            def __iter__(self):  # type: ignore[no-untyped-def]
                return iter("ab")

        for key, error in (("type", TypeError), ("attribute", AttributeError)):
            self.assertEqual(list(tqdm(Wrapper(error), desc=key)), ["a", "b"])
            self.assertEqual((self.board[key].total, self.board[key].done), (None, 2))
        for key, total in (("nan", float("nan")), ("inf", float("inf")), ("-inf", float("-inf"))):
            with tqdm(total=total, desc=key) as bar:
                self.assertEqual((bar.total, self.board[key].total), (None, None))
                bar.total = 3
                bar.total = total
                self.assertIsNone(self.board[key].total)
        most = (1 << 64) - 1
        with tqdm(total=2**70, desc="large") as bar:
            bar.update(2**70)
            self.assertEqual((bar.n, bar.total), (2**70, 2**70))
            self.assertEqual((self.board["large"].done, self.board["large"].total), (most, most))
            bar.n = float("nan")
            bar.refresh()
            self.assertEqual(self.board["large"].done, most)

    def test_texts_that_are_not_unicode_are_shown_with_replacements(self) -> None:
        with tqdm(total=1, desc="name \udc80", postfix="from \ud800") as bar:
            bar.set_postfix(file="\udcff")
            bar.set_description("other \udc80")
            slot = self.board.slots()[0]
            self.assertTrue(slot.key.startswith("name \ufffd"), slot.key)
            self.assertIn("\ufffd", slot.message)

    def test_an_update_while_another_thread_closes_the_bar_is_no_error(self) -> None:
        class Closing:
            """A slot that another thread ends between a check of it and a publication."""

            def __init__(self, slot: object) -> None:
                self.slot: Any = slot

            def __setattr__(self, name: str, value: object) -> None:
                if name == "slot":
                    super().__setattr__(name, value)
                else:
                    self.slot.end()
                    setattr(self.slot, name, value)

            def __getattr__(self, name: str) -> object:
                if name != "live":
                    self.slot.end()
                return getattr(self.slot, name)

        acts: list[Callable[[Any], object]] = [tqdm.update, tqdm.refresh, tqdm.set_postfix_str, tqdm.reset]
        for number, act in enumerate([*acts, lambda bar: setattr(bar, "total", 7)]):
            bar: Any = tqdm(total=3, desc=f"bar {number}")
            bar._slot = Closing(bar._slot)
            act(bar)
            self.assertEqual(self.board[f"bar {number}"].state, "done")

    def test_misspelt_arguments_are_refused_and_those_of_tqdm_are_not(self) -> None:
        for wrong, near in (("totla", "total"), ("descr", "desc"), ("positon", "position")):
            with self.assertRaisesRegex(TypeError, f"no argument `{wrong}`: is it `{near}`"):
                tqdm([1], **{wrong: 3})
        with self.assertRaisesRegex(TypeError, "no argument `zzz`$"):
            tqdm([1], zzz=3)
        self.assertEqual(self.board.slots(), [])
        given = dict(
            leave=False, file=None, ncols=80, mininterval=1, maxinterval=2, miniters=5, ascii=True, unit="B",
            unit_scale=True, dynamic_ncols=True, smoothing=0, bar_format="", initial=0, position=2, postfix=None, unit_divisor=1024,
            write_bytes=False, lock_args=None, nrows=3, colour="red", delay=1, gui=False, display=True, name="a.group",
        )  # fmt: skip
        bar = tqdm([1], "one", 3, **given)
        self.assertEqual((bar.miniters, bar.unit_scale, bar.pos, bar.display()), (5, True, -2, None))
        positional = tqdm([1], "positional", 3, True, None, None, 0.1, 10.0, None, None, True)
        self.assertTrue(positional.disable)

    def test_numbers_are_formatted_as_tqdm_does(self) -> None:
        sizes = [(0, "0.00"), (9.994, "9.99"), (9.996, "10.0"), (99.96, "100"), (1234, "1.23k"), (999_600, "1.00M")]
        self.assertEqual([tqdm.format_sizeof(number) for number, _ in sizes], [shown for _, shown in sizes])
        self.assertEqual(tqdm.format_sizeof(1536, "B", 1024), "1.50kB")
        self.assertEqual(tqdm.format_sizeof(1e28), "10000.0Y")
        intervals = [(0, "00:00"), (61.9, "01:01"), (3661, "1:01:01"), (-61, "-01:01")]
        self.assertEqual([tqdm.format_interval(number) for number, _ in intervals], [shown for _, shown in intervals])
        numbers = [(7, "7"), (12345678, "1.23e+7"), (0.5, "0.5"), (1e-9, "1e-9"), (123, "123")]
        self.assertEqual([tqdm.format_num(number) for number, _ in numbers], [shown for _, shown in numbers])
        with tqdm.external_write_mode():
            pass

    @unittest.skipIf(importlib.util.find_spec("tqdm") is None, "tqdm is not there")
    def test_the_formats_and_the_arguments_are_those_of_tqdm_itself(self) -> None:
        from tqdm import tqdm as own

        for power in range(-12, 30):
            for head in (1, 9.994, 9.996, 1.5, -3, 123456789):
                number = head * 10.0**power
                self.assertEqual(tqdm.format_sizeof(number, "B", 1024), own.format_sizeof(number, "B", 1024), number)
                self.assertEqual(tqdm.format_num(number), own.format_num(number), number)
                self.assertEqual(tqdm.format_interval(number % 1e6), own.format_interval(number % 1e6), number)
        of = [list(inspect.signature(bar.__init__).parameters)[:-1] for bar in (tqdm, own)]
        self.assertEqual(of[0], of[1])

    def test_a_disabled_bar_takes_no_slot_and_iterates(self) -> None:
        self.assertEqual(list(tqdm([1, 2], disable=True)), [1, 2])
        self.assertEqual(self.board.slots(), [])


class WithoutABoard(BoardTest):
    def test_a_loop_goes_on_without_the_extension(self) -> None:
        with mock.patch.dict("sys.modules", {"vxboard._extension": None}):
            with mock.patch.dict(os.environ, {"VX_BOARD": str(self.path)}), warnings.catch_warnings(record=True) as said:
                warnings.simplefilter("always")
                bar = tqdm([1, 2, 3])
                self.assertEqual((list(bar), bar.n), ([1, 2, 3], 3))
        self.assertEqual(len(said), 1)
        self.assertIn("no compiled extension", str(said[0].message))

    def test_a_warning_points_to_the_line_that_asked_for_progress(self) -> None:
        calls = (lambda: tqdm([1]), lambda: trange(3), lambda: vxboard.track("some"), lambda: vxboard.Track("some"))
        with mock.patch.dict(os.environ, {"VX_BOARD": str(self.path)}):
            for call in calls:
                with self.assertWarnsRegex(RuntimeWarning, "hint: `VX_BOARD` names it|no compiled extension") as said:
                    call()
                self.assertEqual(said.filename, __file__)


if __name__ == "__main__":
    unittest.main()
