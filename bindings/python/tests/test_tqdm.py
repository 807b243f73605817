"""Bars with tqdm's arguments and calls, as a reader of the board sees them."""

import multiprocessing
import os
import pickle
import unittest
import warnings
from concurrent.futures import ThreadPoolExecutor
from unittest import mock

import vxboard
from support import PATIENCE_S, BoardTest
from vxboard import tqdm, trange

try:
    from vxboard import _extension as extension
except ImportError:
    extension = None


def count(number: int) -> None:
    for _ in tqdm(range(1000), desc="shard"):
        pass


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
        children = [context.Process(target=count, args=(number,)) for number in range(8)]
        for child in children:
            child.start()
        for child in children:
            child.join(PATIENCE_S)
        self.assertEqual([child.exitcode for child in children], [0] * 8)
        self.assertEqual([(slot.state, slot.done) for slot in self.board], [("done", 1000)] * len(self.board.slots()))
        self.assertEqual({slot.pid for slot in self.board}, {child.pid for child in children})

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


if __name__ == "__main__":
    unittest.main()
