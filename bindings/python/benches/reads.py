"""`python benches/reads.py [READS]`: the pure reader against a C writer at full speed, and the cost of a snapshot.

The writer is `shm/tests/format/flat_out.c`: each total is a checksum of `done` and of the slot's generation. A reading whose
total is another one is torn, and ends the run with 1.
"""

from __future__ import annotations

import mmap
import statistics
import struct
import subprocess
import sys
import tempfile
import time
from pathlib import Path

PACKAGE = Path(__file__).resolve().parents[1]
SHM = PACKAGE.parents[1] / "shm"
sys.path[:0] = [str(PACKAGE / "python"), str(PACKAGE / "tests"), str(SHM / "tests" / "format" / "independent")]

import vxboard  # noqa: E402
from support import make_board  # noqa: E402
from writer import Writer  # noqa: E402

MIX = 0x9E3779B97F4A7C15


def torn(directory: Path, reads: int) -> None:
    program, path = directory / "flat_out", directory / "torn.board"
    source = SHM / "tests" / "format" / "flat_out.c"
    subprocess.run(["cc", "-O2", "-pthread", "-I", SHM / "include", "-o", program, source], check=True)
    make_board(path, 1)
    writer = subprocess.Popen([program, "write", path, "shard"], stdout=subprocess.PIPE)
    assert writer.stdout is not None and writer.stdout.readline() == b"begins\n"
    began, moved, before = time.monotonic(), 0, -1
    try:
        with vxboard.Board.open(path) as board:
            torn_rows(str(path), reads)
            began = time.monotonic()
            for _ in range(reads):
                slot = board.snapshot().slots[0]
                wanted = (slot.done ^ slot.generation << 40) * MIX % (1 << 64)
                if slot.total != wanted or any(slot.message[:6] * 12 != slot.message for _ in slot.message[:1]):
                    sys.exit(f"torn: {slot}")
                moved += slot.done != before
                before = slot.done
    finally:
        writer.kill()
        writer.wait()
    passed = time.monotonic() - began
    print(f"{reads:,} readings in {passed:.0f} s against a writer at full speed: 0 torn; {moved:,} saw another publication")


def torn_rows(path: str, reads: int) -> None:
    """The same by the extension, if it is there."""
    try:
        from vxboard._extension import BoardReader
    except ImportError:
        print("skipped: the extension is not built")
        return
    reader, row, began = BoardReader(path), struct.Struct("<IIQQ"), time.monotonic()
    for _ in range(reads):
        _, generation, done, total = row.unpack_from(reader.rows())
        if total != (done ^ generation << 40) * MIX % (1 << 64):
            sys.exit(f"torn: {generation} {done} {total}")
    passed = time.monotonic() - began
    print(f"{reads:,} readings by the extension in {passed:.0f} s: 0 torn")


def snapshots(directory: Path) -> None:
    path = directory / "many.board"
    make_board(path, 64)
    writers = [Writer(str(path)) for _ in range(64)]
    for number, writer in enumerate(writers):
        writer.claim(f"shard-{number}")
    with open(path, "r+b") as file, mmap.mmap(file.fileno(), 0) as bytes_, vxboard.Board.open(path) as board:
        words = memoryview(bytes_).cast("Q")
        hot = board._words.facts.hot
        board.snapshot()
        quiet: list[int] = []
        changed: list[int] = []
        for round in range(4_000):
            began = time.perf_counter_ns()
            board.snapshot()
            quiet.append(time.perf_counter_ns() - began)
            for number in range(64):
                at = (hot.offset + hot.stride * number) >> 3
                first = at + 2 + 3 * ((words[at + 1] + 1) & 1)
                meta = words[at + 4 + 3 * (words[at + 1] & 1)]
                words[first], words[first + 1], words[first + 2] = round, 0, meta
                words[at + 1] += 1
            began = time.perf_counter_ns()
            snapshot = board.snapshot()
            changed.append(time.perf_counter_ns() - began)
            assert all(slot.done == round for slot in snapshot.slots)
        words.release()
    for writer in writers:
        writer.close()
    for name, found in (("quiet", quiet), ("all changed", changed)):
        print(f"snapshot of 64 slots, {name}: median {statistics.median(found) / 1000:.0f} µs, least {min(found) / 1000:.0f} µs")


def main() -> None:
    reads = int(sys.argv[1]) if len(sys.argv) > 1 else 5_000_000
    with tempfile.TemporaryDirectory() as directory:
        snapshots(Path(directory))
        torn(Path(directory), reads)


if __name__ == "__main__":
    main()
