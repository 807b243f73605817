"""Hostile boards through the extension's reader and the pure one: the same rows, or the same error.

`shm/tests/hostile/python.rs` compares the pure reader with the crate over more of them, and all that a slot has.
"""

import os
import random
import struct
import time
import unittest
import zlib
from pathlib import Path
from typing import Union

import vxboard
from support import GOLDEN, SHM_TESTS, BoardTest, make_board
from vxboard import _layout as layout
from vxboard import _rows as rows

try:
    from vxboard import _extension as extension
except ImportError:
    extension = None

CORPUS = SHM_TESTS.parent / "fuzz" / "corpus" / "dump"
ROUNDS = 1500
Answer = Union[bytes, tuple[type, str, str]]


def refusal(error: vxboard.VxboardError) -> Answer:
    return type(error), error.what, str(error.hint)


def by_the_extension(path: Path) -> Answer:
    try:
        made: bytes = extension.BoardReader(path).rows()
    except vxboard.VxboardError as error:
        return refusal(error)
    return made


def without_it(path: Path) -> Answer:
    try:
        with vxboard.Board.open(path) as board:
            return rows.rows_of(board.snapshot().slots)
    except vxboard.VxboardError as error:
        return refusal(error)


def sealed(board: bytearray) -> None:
    """Make the header's checksum right again."""
    struct.pack_into("<I", board, layout.HEADER_CRC, zlib.crc32(board[: layout.HEADER_CRC]))


@unittest.skipIf(extension is None, "the extension is not built")
class Hostile(BoardTest):
    def setUp(self) -> None:
        super().setUp()
        make_board(self.path)
        self.dice = random.Random(0x0BAD_B0A2D)
        child = self.writer("shard", "writer.text('half', 'more'); writer.publish(3, 6); input()")
        child.communicate("\n")
        self.live = self.path.read_bytes()

    def number(self) -> int:
        return self.dice.choice([0, 1, 8, 4096, 8192, (1 << 64) - 1, self.dice.getrandbits(64)])

    def damaged(self, board: bytearray) -> None:
        for _ in range(self.dice.randint(1, 6)):
            if self.dice.random() < 0.1:
                del board[self.dice.randrange(len(board)) :]
            if len(board) < 16:
                return
            at = self.dice.randrange(len(board) - 16) & ~7
            if self.dice.random() < 0.5:
                board[at + self.dice.randrange(8)] ^= 1 << self.dice.randrange(8)
            else:
                struct.pack_into("<Q", board, at, self.number())

    def lying(self, board: bytearray) -> None:
        at = self.dice.randrange(8, layout.HEADER_CRC - 8) & ~3
        struct.pack_into("<I", board, at, self.number() & 0xFFFFFFFF)
        sealed(board)

    def in_any_state(self, board: bytearray) -> None:
        (hot,) = struct.unpack_from("<I", board, layout.HEADER_HOT)
        for _ in range(4):
            at = hot + (self.dice.randrange(4 * layout.HOT_STRIDE) & ~7)
            low = self.dice.choice([self.dice.randrange(9) | 1 << 32 | 256, self.dice.getrandbits(64)])
            struct.pack_into("<Q", board, at, low)

    def test_the_same_rows_or_the_same_error_for_any_bytes(self) -> None:
        kept = [path.read_bytes() for path in sorted(CORPUS.iterdir())] + [(GOLDEN / "layout-2.vxb").read_bytes(), self.live]
        victims = [bytearray(board) for board in kept]
        for at in range(ROUNDS):
            board = bytearray(kept[-1 - (at % 8 == 0)])
            self.dice.choice([self.damaged, self.lying, self.in_any_state])(board)
            victims.append(board)
        path, whole = self.directory / "victim", 0
        kinds = set()
        for at, board in enumerate(victims):
            path.write_bytes(board)
            path.chmod(0o600)
            began = time.monotonic()
            made, wanted = by_the_extension(path), without_it(path)
            self.assertLess(time.monotonic() - began, 2, f"victim {at} holds a reader up")
            self.assertEqual(made, wanted, f"victim {at}")
            whole += isinstance(made, bytes)
            kinds.add(type(made) if isinstance(made, bytes) else made[0])
            path.unlink()
        self.assertGreater(whole, len(victims) // 4, "too few can be read")
        self.assertLessEqual({vxboard.DamagedError, vxboard.LengthError, vxboard.FeatureError, vxboard.OtherLayoutError}, kinds)

    def test_files_of_other_kinds_are_refused_alike(self) -> None:
        os.mkfifo(self.directory / "pipe")
        os.symlink(self.path, self.directory / "link")
        (self.directory / "empty").touch()
        (self.directory / "zeros").write_bytes(bytes(8192))
        (self.directory / "text").write_bytes(b"no board " * 1000)
        for name in ("missing", "pipe", "link", ".", "empty", "zeros", "text"):
            path = self.directory / name
            self.assertEqual(by_the_extension(path), without_it(path), name)

    def test_a_board_that_is_cut_short_while_it_is_read_is_the_same_error(self) -> None:
        reader = extension.BoardReader(self.path)
        with vxboard.Board.open(self.path) as board:
            os.truncate(self.path, 8192)
            with self.assertRaises(vxboard.ReadError) as pure:
                board.snapshot()
        with self.assertRaises(vxboard.ReadError) as made:
            reader.rows()
        self.assertEqual(refusal(made.exception), refusal(pure.exception))


if __name__ == "__main__":
    unittest.main()
