"""Boards made and slots written by the extension, in one process and in many, some of which are killed."""

import asyncio
import concurrent.futures as futures
import contextlib
import multiprocessing
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
import unittest
import warnings
from collections.abc import Iterator
from pathlib import Path
from unittest import mock

import vxboard
from support import PATIENCE_S, BoardTest

try:
    from vxboard import _extension as extension
except ImportError:
    extension = None


def work(key: str, fate: str) -> None:
    """A child's work: ten steps, and then the given end."""
    with vxboard.slot(key, total=10) as slot:
        for _ in range(10):
            slot.advance()
        if fate == "raise":
            raise SystemExit("no space")
        if fate == "kill":
            os.kill(os.getpid(), signal.SIGKILL)


def wait_to_be_killed() -> None:
    slot = vxboard.slot("w", total=10, strict=True)
    slot.advance()
    time.sleep(PATIENCE_S)


def take_and_leave() -> None:
    vxboard.slot("a child's", total=1, strict=True).advance()
    sys.exit(3)


def state_of_slot(key: str) -> str:
    warnings.simplefilter("ignore")
    return type(vxboard.slot(key)).__name__


def take_and_end(path: str) -> None:
    """The work of a child that was forked while its parent beats."""
    extension.SlotWriter(path, f"child {os.getpid()}").end()


@unittest.skipIf(extension is None, "the extension is not built")
class Writing(BoardTest):
    def setUp(self) -> None:
        super().setUp()
        self.enterContext(mock.patch.dict(os.environ))
        os.environ.pop("VX_BOARD", None)

    @contextlib.contextmanager
    def board(self, slots: int = 16) -> Iterator[vxboard.OwnBoard]:
        with vxboard.Board.create("a test", slots, self.path) as board:
            yield board

    def run_alone(self, script: str, *arguments: str) -> str:
        """The output of a program of these lines, which starts without a board. It must not print errors."""
        os.chmod(self.directory, 0o700)
        environment = {**os.environ, "VX_RUNTIME_DIR": str(self.directory)}
        command = [sys.executable, "-B", "-W", "ignore", "-c", script, *arguments]
        done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=PATIENCE_S)
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        return done.stdout

    def test_a_slot_is_seen_at_work_and_to_its_end(self) -> None:
        with self.board() as board:
            with board.slot("shard", total=100, unit="files") as slot:
                slot.advance()
                slot.advance(41)
                slot.message("from the mirror")
                slot.log("one line")
                seen = board["shard"]
                self.assertEqual((seen.done, seen.total, seen.unit, seen.phase), (42, 100, "files", "running"))
                self.assertEqual((seen.message, seen.state, seen.liveness), ("from the mirror", "live", "alive"))
                self.assertEqual(board.log("shard"), ["one line"])
                slot.total = None
                slot.publish(7)
                self.assertEqual((slot.done, slot.total, board["shard"].total), (7, None, None))
            self.assertEqual(board["shard"].state, "done")
        with vxboard.Board.open(self.path) as board:
            self.assertEqual((board.title, board.snapshot().board.state), ("a test", "done"))

    def test_an_exception_ends_the_slot_as_failed_with_its_text(self) -> None:
        with self.board() as board:
            with self.assertRaises(ValueError), board.slot("shard"):
                raise ValueError("no space")
            self.assertEqual((board["shard"].state, board["shard"].error), ("failed", "ValueError: no space"))
            with self.assertRaises(KeyboardInterrupt), board.slot("stopped"):
                raise KeyboardInterrupt
            self.assertEqual(board["stopped"].state, "cancelled")
        with vxboard.Board.open(self.path) as board:
            self.assertEqual(board.snapshot().board.state, "failed")

    def test_an_exception_that_is_no_failure_does_not_end_work_as_failed(self) -> None:
        class Stopped(asyncio.CancelledError):
            pass

        cancelled = (KeyboardInterrupt(), GeneratorExit(), asyncio.CancelledError(), futures.CancelledError(), Stopped())
        cases = [*((error, "cancelled") for error in cancelled), (SystemExit(), "done"), (SystemExit(0), "done")]
        cases += [(SystemExit(1), "failed"), (SystemExit("no space"), "failed"), (OSError(), "failed")]
        for number, (error, state) in enumerate(cases):
            path = self.directory / f"{number}.board"
            with self.subTest(repr(error)), self.assertRaises(type(error)), vxboard.Board.create("ends", 8, path) as board:
                for taken in (board.slot("slot"), vxboard.tqdm(total=3, desc="bar"), vxboard.track("track")):
                    with self.assertRaises(type(error)), taken:
                        raise error

                def items():  # type: ignore[no-untyped-def]
                    yield 1
                    raise error

                with self.assertRaises(RuntimeError if isinstance(error, StopIteration) else type(error)):
                    list(vxboard.tqdm(items(), desc="loop"))
                self.assertEqual([slot.state for slot in board], [state] * 4)
                raise error
            with vxboard.Board.open(path) as board:
                self.assertEqual(board.snapshot().board.state, state, repr(error))

    def test_a_board_is_closed_in_a_state_of_its_own(self) -> None:
        with self.board() as board:
            self.assertRaisesRegex(ValueError, "use one of done, failed, cancelled", board.finish, "died")
            board.finish("cancelled")
        with vxboard.Board.open(self.path) as board:
            self.assertEqual(board.snapshot().board.state, "cancelled")

    def test_the_variable_never_names_a_board_that_this_process_has_closed(self) -> None:
        def create(name: str) -> vxboard.OwnBoard:
            return vxboard.Board.create(name, 4, self.directory / name)

        for before in (None, "/earlier.board"):
            for order in ("abc", "acb", "bac", "bca", "cab", "cba"):
                with self.subTest(before=before, order=order), mock.patch.dict(os.environ):
                    if before is not None:
                        os.environ["VX_BOARD"] = before
                    boards = {name: create(f"{name} {order} {before is None}.board") for name in "abc"}
                    for name in order:
                        boards.pop(name).close()
                        named = boards[max(boards)].path if boards else before
                        self.assertEqual(os.environ.get("VX_BOARD"), named)
        with create("own.board"):
            os.environ["VX_BOARD"] = "/another.board"
        self.assertEqual(os.environ["VX_BOARD"], "/another.board")

    def test_a_board_with_a_relative_path_outlives_a_change_of_directory(self) -> None:
        self.addCleanup(os.chdir, os.getcwd())
        os.chdir(self.directory)
        with vxboard.Board.create("a test", 4, "own.board") as board:
            os.chdir("/")
            with board.slot("shard"), vxboard.slot("other"):
                self.assertEqual((board.path, len(board.slots())), (str(self.directory / "own.board"), 2))
        self.assertNotIn("VX_BOARD", os.environ)

    def test_texts_that_are_not_unicode_are_replaced(self) -> None:
        with vxboard.Board.create("title \udc80", 4, self.path) as board:
            self.assertEqual(board.title.rstrip("\ufffd"), "title ")
            board.set_title("again \ud800")
            slot = board.slot("key \udc80")
            slot.message("message \udc80")
            slot.log("line \udc80")
            seen = board.slots()[0]
            texts = [board.title, slot.key, seen.key, seen.message, *board.log(0)]
            slot.end("error \udc80")
            for text in [*texts, board.slots()[0].error or ""]:
                self.assertRegex(text, "^[a-z]+ \ufffd+$")
            self.assertRaises(TypeError, board.slot, 7)

    def test_a_variable_that_names_no_board_is_named_by_the_hint(self) -> None:
        os.environ["VX_BOARD"] = "/gone.board"
        with self.assertRaisesRegex(vxboard.WriteError, "does not exist\nhint: `VX_BOARD` names it"):
            vxboard.slot("shard", strict=True)

    def test_a_slot_that_cannot_be_had_counts_for_itself_with_a_warning(self) -> None:
        with self.board(slots=1) as board:
            live = board.slot("live")
            closed = vxboard.Board.create("closed", 4, self.directory / "closed.board")
            closed.close()
            named = {"gone": "/gone.board", "closed": closed.path, "full": board.path}
            for why, path in {**named, "in use": board.path}.items():
                key = "live" if why == "in use" else "shard"
                with self.subTest(why), mock.patch.dict(os.environ, VX_BOARD=path):
                    with self.assertWarnsRegex(RuntimeWarning, "progress is not shown: ") as warned:
                        slot = vxboard.slot(key, total=3)
                    self.assertEqual(warned.filename, __file__)
                    with slot:
                        slot.advance()
                        slot.advance(2)
                        slot.message("nobody")
                        slot.log("reads it")
                        self.assertEqual((slot.key, slot.done, slot.total, slot.live), (key, 3, 3, True))
                    slot.advance()
                    slot.end("twice")
                    self.assertFalse(slot.live)
                    self.assertRaises(vxboard.WriteError, vxboard.slot, key, strict=True)
            live.end()
        self.assertRaises(ValueError, vxboard.slot, "shard", unit="miles")

    def test_what_cannot_be_written_is_an_error_with_a_next_step(self) -> None:
        with self.board(slots=1) as board:
            slot = board.slot("shard")
            with self.assertRaises(vxboard.WriteError):
                board.slot("shard")
            with self.assertRaises(vxboard.WriteError) as full:
                board.slot("another")
            self.assertEqual(full.exception.path, str(self.path))
            slot.end("no space")
            slot.end()
            self.assertEqual(board["shard"].error, "no space")
            with self.assertRaisesRegex(vxboard.WriteError, "slot `shard` has ended"):
                slot.advance()
            with self.assertRaisesRegex(ValueError, "no unit `miles`"):
                board.slot("third", unit="miles")  # type: ignore[arg-type]
        with self.assertRaises(vxboard.WriteError):
            vxboard.Board.create("again", 4, self.path)

    def test_children_of_each_start_method_write_and_their_ends_are_recorded(self) -> None:
        fates = {"fine": "return", "bad": "raise", "gone": "kill"}
        for method in ("fork", "spawn"):
            context = multiprocessing.get_context(method)
            path = self.directory / f"{method}.board"
            with self.subTest(method), vxboard.Board.create(method, path=path) as board:
                children = {key: context.Process(target=work, args=(key, fate)) for key, fate in fates.items()}
                for child in children.values():
                    child.start()
                for child in children.values():
                    child.join(PATIENCE_S)
                self.assertTrue(board["gone"].lost)
                for child in children.values():
                    board.record_exit(child.pid, child.exitcode)
                found = {slot.key: (slot.state, slot.error, slot.exit_code, slot.signal, slot.done) for slot in board}
                self.assertEqual(found["fine"], ("done", None, 0, None, 10))
                self.assertEqual(found["bad"], ("failed", "SystemExit: no space", 1, None, 10))
                self.assertEqual(found["gone"], ("died", None, None, signal.SIGKILL, 10))

    def test_a_board_whose_worker_was_just_killed_closes_as_failed(self) -> None:
        for method in ("fork", "spawn", "forkserver"):
            context = multiprocessing.get_context(method)
            for number in range(int(os.environ.get("VXBOARD_KILLS", "20"))):
                path = self.directory / f"{method} {number}.board"
                with vxboard.Board.create("kill and close", 4, path) as board:
                    child = context.Process(target=wait_to_be_killed)
                    child.start()
                    self.until(lambda: any(slot.done for slot in board), "the worker does not begin")
                    child.kill()
                    child.join()
                with vxboard.Board.open(path) as board:
                    found = (board.snapshot().board.state, board["w"].word)
                self.assertEqual(found, ("failed", "lost"), f"{method} {number}")

    def test_a_fresh_snapshot_shows_a_kill_at_once(self) -> None:
        with self.board() as board:
            child = multiprocessing.get_context("fork").Process(target=wait_to_be_killed)
            child.start()
            self.until(lambda: any(slot.done for slot in board), "the worker does not begin")
            child.kill()
            child.join()
            self.assertTrue(board.snapshot(fresh=True).slots[0].lost)

    def test_the_workers_of_each_board_of_a_process_write_to_it(self) -> None:
        for method in ("fork", "spawn", "forkserver"):
            context = multiprocessing.get_context(method)
            for number in range(3):
                path = self.directory / f"{method} {number}.board"
                with self.subTest(method, board=number), vxboard.Board.create(method, 16, path) as board:
                    children = [context.Process(target=work, args=(str(at), "return")) for at in range(4)]
                    for child in children:
                        child.start()
                    for child in children:
                        child.join(PATIENCE_S)
                    self.assertEqual([child.exitcode for child in children], [0] * 4)
                    found = {slot.key: (slot.state, slot.done, slot.pid) for slot in board}
                    self.assertEqual(found, {str(at): ("done", 10, child.pid) for at, child in enumerate(children)})

    def test_a_pool_that_is_older_than_a_board_writes_to_it(self) -> None:
        for method in ("fork", "spawn", "forkserver"):
            context = multiprocessing.get_context(method)
            with futures.ProcessPoolExecutor(2, mp_context=context) as pool:
                list(pool.map(abs, range(8)))  # Its workers start before any board.
                for number in range(3):
                    path = self.directory / f"{method} {number}.board"
                    with self.subTest(method, board=number), vxboard.Board.create(method, 16, path) as board:
                        list(pool.map(work, [f"{number} {at}" for at in range(8)], ["return"] * 8))
                        found = {slot.key: (slot.state, slot.done) for slot in board}
                        self.assertEqual(found, {f"{number} {at}": ("done", 10) for at in range(8)})
                with self.subTest(method, board="none"):
                    over = pool.submit(state_of_slot, "late").result(PATIENCE_S)
                    self.assertEqual(over, "CountingSlot", "no worker is ended for a board that is over")

    def test_an_ordinary_end_without_with_reads_as_an_end(self) -> None:
        endings = {
            "": ("done", "done"),
            "slot.publish(1)": ("done", "cancelled"),
            "raise OSError('no space')": ("failed", "failed"),
            "raise KeyboardInterrupt": ("cancelled", "cancelled"),
            "os.kill(os.getpid(), 9)": ("running", "live"),
            "os._exit(0) if os.fork() == 0 else os.wait()": ("done", "done"),
            "sys.exit() if os.fork() == 0 else os.wait()": ("done", "done"),
        }
        for number, (ending, expected) in enumerate(endings.items()):
            for where in ("module", "function"):
                path = self.directory / f"{where} {number}.board"
                lines = [f"board = vxboard.Board.create('x', 4, {str(path)!r})", "slot = board.slot('a', total=2)"]
                lines += ["slot.advance(2)", ending or "pass"]
                body = "\n".join(lines) if where == "module" else "def main():\n  " + "\n  ".join(lines) + "\nmain()"
                with self.subTest(ending=ending, where=where):
                    command = [sys.executable, "-B", "-c", f"import os, sys, vxboard\n{body}\n"]
                    subprocess.run(command, capture_output=True, timeout=PATIENCE_S)
                    with vxboard.Board.open(path) as board:
                        found = (board.snapshot().board.state, board["a"].state)
                        self.assertEqual(found, expected)
                        self.assertEqual(board["a"].lost, expected[1] == "live")

    def test_a_slot_that_its_board_s_process_left_is_over_and_that_of_a_child_is_lost_until_its_end_is_recorded(self) -> None:
        with self.board() as board:
            board.slot("left", total=1).advance()
            board.slot("short", total=2).advance()
            self.assertEqual([slot.state for slot in board], ["done", "cancelled"])

            def fails() -> None:
                slot = board.slot("without a total")
                slot.advance()
                raise KeyError("half of it")

            self.assertRaises(KeyError, fails)
            self.assertEqual(board["without a total"].state, "cancelled", "nothing says that it came to its end")
            child = multiprocessing.get_context("spawn").Process(target=take_and_leave)
            child.start()
            child.join(PATIENCE_S)
            self.assertTrue(board.snapshot(fresh=True).slots[-1].lost)
            board.record_exit(child.pid, child.exitcode)
            self.assertEqual((board["a child's"].state, board["a child's"].exit_code), ("died", 3))

    def test_a_child_that_has_not_ended_has_no_end_to_record(self) -> None:
        child = multiprocessing.get_context("fork").Process(target=time.sleep, args=(PATIENCE_S,))
        with self.board() as board:
            self.assertRaisesRegex(ValueError, "was not started", board.record_exit, child.pid, child.exitcode)
            child.start()
            self.addCleanup(child.join)
            self.addCleanup(child.kill)
            self.assertRaisesRegex(ValueError, "join it first", board.record_exit, child.pid, child.exitcode)

    def test_a_forked_child_has_no_part_in_its_parents_slots(self) -> None:
        with self.board() as board:
            slot = board.slot("parent")
            child = os.fork()
            if child == 0:
                try:
                    slot.advance()
                except vxboard.WriteError:
                    os._exit(3 if not slot.live else 4)
                os._exit(5)
            self.assertEqual(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), 3)
            slot.advance()
            self.assertEqual((board["parent"].done, board["parent"].liveness), (1, "alive"))
            slot.end()

    def test_a_child_that_outlives_its_parent_does_not_hold_its_slots(self) -> None:
        read, write = os.pipe()
        with self.board() as board:
            parent = os.fork()
            if parent == 0:
                slot = board.slot("parent")
                slot.advance()
                if os.fork() == 0:
                    os.write(write, b"x")
                    signal.pause()
                signal.pause()
            self.addCleanup(os.close, read)
            self.addCleanup(os.close, write)
            self.assertEqual(os.read(read, 1), b"x")
            children = f"/proc/{parent}/task/{parent}/children"
            with open(children) as file:
                grandchild = int(file.read().split()[0])
            self.addCleanup(os.kill, grandchild, signal.SIGKILL)
            os.kill(parent, signal.SIGKILL)
            os.waitpid(parent, 0)
            self.until(lambda: board["parent"].lost, "the slot of a killed process is not lost")

    def test_forks_while_the_parent_beats_do_not_hang(self) -> None:
        cycles = int(os.environ.get("VXBOARD_FORKS", "40"))
        with self.board(slots=4096) as board:
            slots = [board.slot(f"own {number}") for number in range(32)]
            for _ in range(cycles):
                child = multiprocessing.get_context("fork").Process(target=take_and_end, args=(str(self.path),))
                child.start()
                child.join(PATIENCE_S)
                hung = child.exitcode is None
                if hung:
                    child.kill()
                    child.join()
                self.assertEqual((hung, child.exitcode), (False, 0))
            for slot in slots:
                slot.end()

    def test_forks_while_other_threads_are_in_calls_do_not_hang(self) -> None:
        cycles = int(os.environ.get("VXBOARD_FORKS", "40"))
        over = threading.Event()
        with self.board(slots=4096) as board, board.slot("common") as common:
            reader = extension.BoardReader(self.path)

            def run() -> None:
                while not over.is_set():
                    common.advance()
                    for _ in range(100):
                        reader.rows()
                    # Refused because the key is in use; so an error is made in Python while other threads write.
                    self.assertRaises(vxboard.WriteError, board.slot, "common")

            threads = [threading.Thread(target=run) for _ in range(3)]
            for thread in threads:
                thread.start()
            try:
                for _ in range(cycles):
                    child = os.fork()
                    if child == 0:
                        try:
                            take_and_end(str(self.path))
                            os._exit(0 if reader.rows() and not common.live else 1)
                        finally:
                            os._exit(1)
                    ended = 0
                    for _ in range(int(PATIENCE_S * 1000)):
                        ended, status = os.waitpid(child, os.WNOHANG)
                        if ended:
                            break
                        time.sleep(0.001)
                    if not ended:
                        os.kill(child, signal.SIGKILL)
                        os.waitpid(child, 0)
                    self.assertEqual((ended, os.waitstatus_to_exitcode(status)), (child, 0))
            finally:
                over.set()
                for thread in threads:
                    thread.join()

    def test_a_fork_that_is_held_up_by_another_hook_does_not_hang_with_a_thread_that_takes_a_slot(self) -> None:
        script = (
            "import os, sys, threading, time\n"
            "os.register_at_fork(before=lambda: time.sleep(0.02))\n"  # Runs after the extension's, which comes later.
            "import vxboard\n"
            "over = threading.Event()\n"
            "def run():\n"
            "    while not over.is_set():\n"
            "        with vxboard.slot('thread'): time.sleep(0.001)\n"
            "        time.sleep(0.001)\n"
            "with vxboard.Board.create('forks', 4096):\n"
            "    thread = threading.Thread(target=run)\n"
            "    thread.start()\n"
            "    for _ in range(20):\n"
            "        child = os.fork()\n"
            "        if child == 0: os._exit(0)\n"
            "        os.waitpid(child, 0)\n"
            "    over.set()\n"
            "    thread.join()\n"
        )
        self.assertEqual(self.run_alone(script), "")

    def test_threads_that_begin_without_a_board_share_one(self) -> None:
        script = (
            "import threading, vxboard\n"
            "begun = threading.Barrier(8)\n"
            "def run(number):\n"
            "    begun.wait()\n"
            "    vxboard.slot(f'thread {number}').end()\n"
            "threads = [threading.Thread(target=run, args=(number,)) for number in range(8)]\n"
            "for thread in threads: thread.start()\n"
            "for thread in threads: thread.join()\n"
            "print(len(vxboard.Board.open().slots()))\n"
        )
        self.assertEqual(self.run_alone(script), "8\n")

    def test_threads_write_slots_of_their_own_and_one_in_common(self) -> None:
        with self.board() as board, board.slot("common") as common:

            def run(number: int) -> None:
                with vxboard.slot(f"thread {number}") as slot:
                    for _ in range(1000):
                        slot.advance()
                        common.advance()

            threads = [threading.Thread(target=run, args=(number,)) for number in range(8)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
            self.assertEqual(common.done, 8000)
            self.assertEqual({slot.done for slot in board if slot.key != "common"}, {1000})

    def test_without_a_board_a_slot_makes_one_that_children_find(self) -> None:
        script = (
            "import os, subprocess, sys, vxboard\n"
            "with vxboard.slot('outer'):\n"
            "    subprocess.run([sys.executable, '-B', '-c', sys.argv[1], ''], check=True) if sys.argv[1] else None\n"
            "print(os.environ['VX_BOARD'])\n"
        )
        inner, outer = self.run_alone(script, script.replace("outer", "inner")).split()
        self.assertEqual(inner, outer)
        with vxboard.Board.open(outer) as board:
            self.assertEqual({slot.key: slot.state for slot in board}, {"outer": "done", "inner": "done"})
            self.assertEqual(board.snapshot().board.state, "done")


class WithoutTheExtension(BoardTest):
    def test_a_slot_counts_for_itself(self) -> None:
        with mock.patch.dict("sys.modules", {"vxboard._extension": None}):
            with self.assertWarnsRegex(RuntimeWarning, "no compiled extension"), vxboard.slot("shard") as slot:
                slot.advance(3)
            self.assertEqual((slot.done, slot.live), (3, False))

    def test_writing_names_what_is_missing(self) -> None:
        with mock.patch.dict("sys.modules", {"vxboard._extension": None}):
            with self.assertRaisesRegex(vxboard.WriteError, "no compiled extension.*\n.*pip install ./bindings/python"):
                with mock.patch("sys.version_info", (3, 11, 1)):
                    vxboard.Board.create("a test", 4, self.path)
            with self.assertRaisesRegex(vxboard.WriteError, "CPython 3.11 or later: this is CPython 3"):
                with mock.patch("sys.version_info", (3, 9, 1)):
                    vxboard.Board.create("a test", 4, self.path)

    def test_an_extension_that_cannot_be_loaded_is_an_error_with_the_cause(self) -> None:
        package = self.directory / "vxboard"
        shutil.copytree(Path(vxboard.__file__).parent, package, ignore=shutil.ignore_patterns("*.so", "__pycache__"))
        (package / "_extension.abi3.so").write_bytes(b"damaged")
        script = (
            "import vxboard\n"
            "try: vxboard.Board.create('a test')\n"
            "except vxboard.WriteError as error: print(type(error.__cause__).__name__, error)\n"
        )
        environment = {**os.environ, "PYTHONPATH": str(self.directory), "VX_RUNTIME_DIR": str(self.directory)}
        os.chmod(self.directory, 0o700)
        done = subprocess.run([sys.executable, "-B", "-c", script], env=environment, capture_output=True, text=True)
        self.assertRegex(done.stdout, "^ImportError .* cannot be loaded: .*_extension.abi3.so.*\nhint: install")


if __name__ == "__main__":
    unittest.main()
