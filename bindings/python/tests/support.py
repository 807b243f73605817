"""Boards for the tests: made here from the layout's numbers, and written to by the independent writer of `shm/tests`."""

from __future__ import annotations

import os
import struct
import subprocess
import sys
import time
import unittest
import zlib
from pathlib import Path
from typing import Callable, Optional

from vxboard import _layout as layout
from vxboard._witness import boot_id, start_time

SHM_TESTS = Path(__file__).resolve().parents[3] / "shm" / "tests"
GOLDEN = SHM_TESTS / "golden"
# Far longer than any test takes, even on a loaded machine.
PATIENCE_S = 60.0


def _namespace(name: str) -> int:
    return os.stat(f"/proc/self/ns/{name}").st_ino


def make_board(path: Path, slot_count: int = 4, title: str = "a test") -> None:
    """A live board whose creator is this process, which holds no lock for it."""
    page = layout.PAGE_BYTES
    beats = 2 * page + page * -(-slot_count * layout.HOT_STRIDE // page)
    cold = beats + page * -(-slot_count * layout.BEATS_STRIDE // page)
    log = page * -(-(cold + slot_count * layout.COLD_STRIDE) // page)
    length = log + slot_count * layout.LOG_STRIDE
    board = bytearray(length)

    def put(form: str, offset: int, *values: object) -> None:
        struct.pack_into("<" + form, board, offset, *values)

    put("QII", layout.HEADER_MAGIC, layout.MAGIC, layout.MAJOR, layout.MINOR)
    no_lock, with_causes = layout.COMPATIBLE_BIT_CREATOR_HOLDS_NO_LOCK, layout.COMPATIBLE_BIT_CAUSES_AND_PROJECT
    put("QQ", layout.HEADER_INCOMPATIBLE, 0, 1 << no_lock | 1 << with_causes)
    put("QII", layout.HEADER_LENGTH, length, slot_count, 0)
    strides = (0, layout.HOT_STRIDE, layout.BEATS_STRIDE, layout.COLD_STRIDE, layout.LOG_STRIDE)
    for at, (offset, stride) in enumerate(zip((page, 2 * page, beats, cold, log), strides)):
        put("II", layout.HEADER_BELL + 8 * at, offset, stride)
    put("16s16s", layout.HEADER_BOARD_ID, os.urandom(16), boot_id())
    put("IIQ", layout.HEADER_CREATOR_PID, os.getpid(), os.geteuid(), start_time(os.getpid()))
    put("QqQ", layout.HEADER_CREATOR_NAMESPACE, _namespace("pid"), time.time_ns(), time.monotonic_ns())
    put("Q", layout.HEADER_CREATOR_TIME_NAMESPACE, _namespace("time"))
    put("I", layout.HEADER_CRC, zlib.crc32(board[: layout.HEADER_CRC]))
    put("Q", layout.HEADER_READY, layout.READY)
    text = title.encode()
    put(f"H{len(text)}s", layout.HEADER_TITLE_COPY0, len(text), text)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(board)


def close_board(path: Path) -> None:
    """Close a board as done, in the order of the format page."""
    with open(path, "r+b") as file:
        for offset, value in ((layout.HEADER_STATE, layout.BOARD_DONE), (layout.HEADER_CLOSED, 1)):
            file.seek(offset)
            file.write(struct.pack("<I", value))
            file.flush()


_CHILD = """
import sys
sys.path.insert(0, {independent!r})
from writer import Writer
writer = Writer({path!r})
writer.claim({key!r})
print("claimed", flush=True)
{script}
"""


class BoardTest(unittest.TestCase):
    """A test with a directory for boards, and children that are gone at its end."""

    def setUp(self) -> None:
        import tempfile

        directory = tempfile.TemporaryDirectory()
        self.addCleanup(directory.cleanup)
        self.directory = Path(directory.name)
        self.path = self.directory / "test.board"

    def writer(self, key: str, script: str, path: Optional[Path] = None) -> subprocess.Popen[str]:
        """A process that claims a slot and then runs this script with its `writer`."""
        source = _CHILD.format(
            independent=str(SHM_TESTS / "format" / "independent"), path=str(path or self.path), key=key, script=script
        )
        child = subprocess.Popen(
            [sys.executable, "-B", "-c", source], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        self.addCleanup(self._end, child)
        assert child.stdout is not None
        self.assertEqual(child.stdout.readline(), "claimed\n")
        return child

    @staticmethod
    def _end(child: subprocess.Popen[str]) -> None:
        child.kill()
        child.communicate()

    def until(self, condition: Callable[[], bool], what: str) -> None:
        end = time.monotonic() + PATIENCE_S
        while not condition():
            self.assertLess(time.monotonic(), end, what)
            time.sleep(0.01)
