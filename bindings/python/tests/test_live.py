"""Boards at work: what a reader sees of writers in other processes, and waits for."""

import asyncio
import multiprocessing
import os
import platform
import signal
import sys
import threading
import unittest
from unittest import mock

import vxboard
from support import GOLDEN, PATIENCE_S, BoardTest, close_board, make_board
from vxboard import _waiting as waiting


@unittest.skipUnless(sys.platform == "linux" and platform.machine() == "x86_64", "the writer is for Linux on x86-64")
class LiveBoards(BoardTest):
    def setUp(self) -> None:
        super().setUp()
        make_board(self.path)

    def test_a_writer_is_seen_at_work_and_to_its_end(self) -> None:
        script = "writer.text('half', 'more'); writer.publish(3, 6); input(); writer.end('failed', 'no space', exit_code=28)"
        child = self.writer("shard", script)
        with vxboard.Board.open(self.path) as board:
            self.until(lambda: board["shard"].done == 3, "nothing is published")
            slot = board["shard"]
            self.assertEqual((slot.state, slot.percent, slot.liveness), ("live", 50.0, "alive"))
            self.assertEqual((slot.message, slot.details, slot.pid), ("half", "more", child.pid))
            child.communicate("\n", timeout=PATIENCE_S)
            slot = board.wait("shard", "ended", PATIENCE_S)
            self.assertEqual((slot.state, slot.error, slot.exit_code), ("failed", "no space", 28))
            self.assertEqual(slot.liveness, "unknown")

    def test_a_killed_writer_shows_as_lost_and_ends_a_wait(self) -> None:
        child = self.writer("shard", "writer.publish(1); input()")
        with vxboard.Board.open(self.path) as board:
            self.assertFalse(board["shard"].lost)
            child.kill()
            child.wait(PATIENCE_S)
            with self.assertRaisesRegex(vxboard.WaitTimeoutError, "`shard` on board .* did not become done: it is lost"):
                board.wait("shard", "done", PATIENCE_S)
            self.assertTrue(board["shard"].lost)

    def test_a_stopped_writer_shows_as_silent_and_not_as_lost(self) -> None:
        child = self.writer("shard", "writer.publish(1); input()")
        with vxboard.Board.open(self.path) as board:
            os.kill(child.pid, signal.SIGSTOP)
            self.until(lambda: board["shard"].liveness == "silent", "it is not silent")
            self.assertGreaterEqual(board["shard"].quiet_ms, 1000)

    def test_no_reading_is_half_of_one_publication_and_half_of_another(self) -> None:
        self.writer("shard", "n = 0\nwhile True: n += 1; writer.publish(n, 3 * n)")
        with vxboard.Board.open(self.path) as board:
            self.until(lambda: board["shard"].done > 0, "nothing is published")
            values = set()
            for _ in range(20_000):
                slot = board.snapshot().slots[0]
                self.assertEqual(slot.total, 3 * slot.done)
                self.assertEqual(slot.transitions[-1].done, slot.done)
                values.add(slot.done)
            self.assertGreater(len(values), 1, "nothing moved while it was read")

    def test_a_wait_ends_in_time_or_with_the_board(self) -> None:
        with vxboard.Board.open(self.path) as board:
            with self.assertRaisesRegex(TimeoutError, "is not there after 0.05 s"):
                board.wait("nobody", "ready", 0.05)
            close_board(self.path)
            with self.assertRaisesRegex(vxboard.WaitTimeoutError, "is not there"):
                board.wait("nobody")

    def test_a_killed_writer_is_an_end_and_not_a_state_that_it_had(self) -> None:
        child = self.writer("shard", "writer.publish(1); input()")
        with vxboard.Board.open(self.path) as board:
            self.assertEqual(board.wait("shard", "live", PATIENCE_S).state, "live")
            child.kill()
            child.wait(PATIENCE_S)
            for until in ("live", "ready", "done", "unknown"):
                with self.assertRaisesRegex(vxboard.WaitTimeoutError, f"did not become {until}: it is lost"):
                    board.wait("shard", until, PATIENCE_S)
            self.assertTrue(board.wait("shard", "ended", PATIENCE_S).lost)

    def test_a_wait_is_over_with_the_creator_and_refuses_a_word_that_is_no_state(self) -> None:
        path = self.directory / "left.board"
        creator = multiprocessing.get_context("fork").Process(target=make_board, args=(path,))
        creator.start()
        creator.join(PATIENCE_S)
        self.writer("shard", "writer.publish(1); input()", path)
        with vxboard.Board.open(path) as board:
            self.assertEqual(board.wait("shard", "live", PATIENCE_S).state, "live")
            for key, now in (("shard", "goes on"), ("nobody", "is not there")):
                with self.assertRaisesRegex(vxboard.WaitTimeoutError, f"it {now}, and the board is abandoned"):
                    board.wait(key, "ended", PATIENCE_S)
            with self.assertRaisesRegex(ValueError, "no state `bogus` .* use one of reserved, live, .* ready, .*, ended$"):
                board.wait("shard", "bogus", 0.1)
            self.assertEqual((board.snapshot().board.word, board.snapshot().board.state), ("abandoned", "running"))
            self.assertIn("(abandoned)", board._repr_html_())

    def test_a_watch_ends_with_the_last_state_of_its_board(self) -> None:
        with vxboard.Board.open(self.path) as board:
            seen = []
            for snapshot in board.watch(0.01):
                seen.append(snapshot.board.state)
                if len(seen) == 2:
                    close_board(self.path)
            self.assertEqual((seen[0], seen[-1]), ("running", "done"))
        self.assertRaises(ValueError, board.watch, 0)

    def test_a_watch_works_in_an_event_loop(self) -> None:
        async def states() -> list[str]:
            with vxboard.Board.open(self.path) as board:
                threading.Timer(0.05, close_board, [self.path]).start()
                return [snapshot.board.state async for snapshot in board.watch(0.01)]

        self.assertEqual(asyncio.run(asyncio.wait_for(states(), PATIENCE_S))[-1], "done")

    def test_a_board_is_found_by_variable_name_and_process(self) -> None:
        os.chmod(self.directory, 0o700)
        child = self.writer("shard", "input()")
        with mock.patch.dict(os.environ, {"VX_RUNTIME_DIR": str(self.directory)}):
            os.environ.pop("VX_BOARD", None)
            for where in (None, "test", "test.board", os.getpid(), child.pid, str(self.path), self.path):
                with vxboard.Board.open(where) as board:
                    self.assertEqual((board.path, board.title), (str(self.path), "a test"), repr(where))
            self.assertRaises(vxboard.MissingError, vxboard.Board.open, "another")
            self.assertRaises(vxboard.MissingError, vxboard.Board.open, 1)
            os.environ["VX_BOARD"] = str(self.directory / "elsewhere.board")
            self.assertRaises(vxboard.MissingError, vxboard.Board.open)

    def test_a_board_that_was_cut_short_is_an_error(self) -> None:
        with vxboard.Board.open(self.path) as board:
            os.truncate(self.path, 8192)
            with self.assertRaisesRegex(vxboard.ReadError, "was cut short: 8192 of .* bytes are left"):
                board.snapshot()

    def test_a_board_of_a_file_that_others_may_write_to_is_read_as_a_copy(self) -> None:
        os.chmod(self.path, 0o666)
        child = self.writer("shard", "writer.publish(5, 10); input()")
        with vxboard.Board.open(self.path) as board:
            self.until(lambda: board["shard"].done == 5, "nothing is published")
            os.truncate(self.path, 8192)
            self.assertRaises(vxboard.ReadError, board.snapshot)
        child.kill()

    def test_a_board_that_was_let_go_of_is_an_error_and_its_readings_stay(self) -> None:
        board = vxboard.Board.open(self.path)
        before = board.snapshot()
        board.close()
        board.close()
        with self.assertRaisesRegex(vxboard.ReadError, "was closed by this program"):
            board.snapshot()
        self.assertEqual(before.board.title, "a test")
        self.assertIn("let go of", repr(board))

    def test_a_slot_that_is_not_there_is_a_key_error(self) -> None:
        with vxboard.Board.open(self.path) as board:
            self.assertRaises(KeyError, lambda: board["nobody"])
            self.assertIsNone(board.get("nobody"))
            self.assertEqual((list(board), board.slots()), ([], []))


class Waits(unittest.TestCase):
    def test_each_word_is_reached_missed_or_still_open(self) -> None:
        fields = {**dict.fromkeys(vxboard.Slot._fields), "liveness": "alive"}
        for until, state, health, liveness, expected in (
            ("ready", "live", "ready", "alive", True),
            ("ready", "live", "starting", "alive", None),
            ("ready", "live", "ready", "lost", False),
            ("ready", "reserved", "unknown", "unknown", None),
            ("ready", "done", "unknown", "unknown", True),
            ("ready", "skipped", "unknown", "unknown", True),
            ("ready", "failed", "ready", "unknown", False),
            ("done", "live", "ready", "alive", None),
            ("done", "skipped", "unknown", "unknown", True),
            ("done", "cancelled", "unknown", "unknown", False),
            ("live", "reserved", "unknown", "unknown", None),
            ("live", "live", "unknown", "silent", True),
            ("live", "live", "unknown", "lost", False),
            ("live", "done", "unknown", "unknown", False),
            ("failed", "failed", "unknown", "unknown", True),
            ("skipped", "done", "unknown", "unknown", False),
            ("unhealthy", "live", "unhealthy", "alive", True),
            ("ended", "live", "unknown", "alive", None),
            ("ended", "live", "unknown", "lost", True),
            ("ended", "died", "unknown", "unknown", True),
        ):
            slot = vxboard.Slot(**{**fields, "state": state, "health": health, "liveness": liveness})
            self.assertEqual(waiting.reached(slot, until), expected, (until, state, health, liveness))


class OtherFiles(BoardTest):
    def test_what_is_no_board_is_refused_by_its_kind_and_without_waiting(self) -> None:
        os.mkfifo(self.directory / "pipe")
        os.symlink(self.directory / "empty", self.directory / "link")
        (self.directory / "empty").touch()
        (self.directory / "zeros").write_bytes(bytes(8192))
        (self.directory / "text").write_bytes(b"no board " * 1000)
        kinds = {
            "missing": vxboard.MissingError,
            "pipe": vxboard.NotAFileError,
            "link": vxboard.NotAFileError,
            ".": vxboard.NotAFileError,
            "empty": vxboard.NotABoardError,
            "zeros": vxboard.NotReadyError,
            "text": vxboard.NotABoardError,
        }
        for name, kind in kinds.items():
            with self.assertRaises(kind) as caught:
                vxboard.Board.open(str(self.directory / name))
            self.assertIn(str(self.directory / name), caught.exception.what)
            self.assertIsNotNone(caught.exception.hint)
            self.assertIsInstance(caught.exception, vxboard.AttachError)

    def test_a_variable_that_names_no_board_is_named_by_the_hint(self) -> None:
        with mock.patch.dict(os.environ, {"VX_BOARD": "/gone.board"}):
            with self.assertRaisesRegex(vxboard.MissingError, "hint: `VX_BOARD` names it"):
                vxboard.Board.open()
            with self.assertRaises(vxboard.MissingError) as caught:
                vxboard.Board.open("/gone.board")
            self.assertNotIn("VX_BOARD", str(caught.exception))

    def test_a_recording_is_named_by_the_hint_and_its_own_errors_have_a_next_step(self) -> None:
        with self.assertRaisesRegex(vxboard.NotABoardError, "vxboard.Recording.open` reads it, and `vx top .*vxr` plays it"):
            vxboard.Board.open(str(GOLDEN / "recording-2.vxr"))
        (self.directory / "damaged").write_bytes((GOLDEN / "recording-2.vxr").read_bytes()[:100])
        (self.directory / "text").write_bytes(b"no recording")
        names = (self.directory / "missing", self.directory / "damaged", self.directory / "text", self.directory)
        for path in (*names, GOLDEN / "recording-1.vxr"):
            with self.assertRaises(vxboard.RecordingError) as caught:
                vxboard.Recording.open(path)
            self.assertIsNotNone(caught.exception.hint, str(caught.exception))
        self.assertEqual(caught.exception.hint, "read it with the vx that wrote it")

    def test_an_error_crosses_processes(self) -> None:
        import pickle

        error = vxboard.WaitTimeoutError("p", "what", "next")
        copy = pickle.loads(pickle.dumps(error))
        self.assertEqual((type(copy), str(copy), copy.hint), (vxboard.WaitTimeoutError, "what\nhint: next", "next"))


if __name__ == "__main__":
    unittest.main()
