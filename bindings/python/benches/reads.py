"""`python benches/reads.py [READS]`: both readers against writers at full speed, in C and in Rust, and the cost of a snapshot.

Each total is a checksum of `done` and of the slot's generation. A reading with another total is torn, and ends the run
with 1.
"""

from __future__ import annotations

import json
import mmap
import os
import statistics
import struct
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Callable, Optional

PACKAGE = Path(__file__).resolve().parents[1]
SHM = PACKAGE.parents[1] / "shm"
sys.path[:0] = [str(PACKAGE / "python"), str(PACKAGE / "tests"), str(SHM / "tests" / "format" / "independent")]

import vxboard  # noqa: E402
from support import make_board  # noqa: E402
from vxboard._rows import UNKNOWN  # noqa: E402
from writer import Writer  # noqa: E402

MIX = 0x9E3779B97F4A7C15
Writers = Callable[[Path, Path], "list[subprocess.Popen[bytes]]"]


def total_for(done: int, generation: int) -> int:
    return (done ^ generation << 40) * MIX % (1 << 64)


def of_one_publication(done: int, total: Optional[int], generation: int) -> bool:
    """The C writer publishes `done` with its total; the Rust writers publish the next total first, then `done`."""
    if total is None:
        return done == 0
    return total in (total_for(done, generation), total_for(done + 2, generation))


def c_writer(directory: Path, path: Path) -> list[subprocess.Popen[bytes]]:
    program, source = directory / "flat_out", SHM / "tests" / "format" / "flat_out.c"
    subprocess.run(["cc", "-O2", "-pthread", "-I", SHM / "include", "-o", program, source], check=True)
    return [subprocess.Popen([program, "write", path, "shard"], stdout=subprocess.PIPE)]


def rust_writers(directory: Path, path: Path) -> list[subprocess.Popen[bytes]]:
    """Start two of the writers of `shm/tests/torture`, whose roles are set by a variable."""
    build = ["cargo", "test", "--locked", "-p", "vx-shm", "--test", "torture", "--no-run", "--message-format=json"]
    said = subprocess.run(build, cwd=SHM, check=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True).stdout
    program = next(filter(None, (json.loads(line).get("executable") for line in said.splitlines())))
    started: list[subprocess.Popen[bytes]] = []
    for seed in (1, 2):
        role = f"{os.getpid()}\twrites-numbers\t{path}\t{seed}"
        variables = {**os.environ, "VX_SHM_TEST_ROLE": role}
        started.append(subprocess.Popen([program], env=variables, stdin=subprocess.PIPE, stdout=subprocess.PIPE))
    return started


def torn(directory: Path, reads: int, start: Writers, what: str) -> None:
    path = directory / f"{start.__name__}.board"
    make_board(path, 4)
    writers = start(directory, path)
    try:
        for writer in writers:
            assert writer.stdout is not None and b"begins" in writer.stdout.readline()
        with vxboard.Board.open(path) as board:
            report(torn_rows(str(path), reads), reads, what, "by the extension")
            report(torn_slots(board, reads), reads, what, "by the pure reader")
    finally:
        for writer in writers:
            writer.kill()
            writer.communicate()


def report(found: Optional[tuple[int, float]], reads: int, what: str, how: str) -> None:
    if found is not None:
        moved, seconds = found
        print(f"{reads:,} readings {how} in {seconds:.0f} s, against {what}: 0 torn; {moved:,} saw another publication", flush=True)


def torn_slots(board: vxboard.Board, reads: int) -> tuple[int, float]:
    began, moved, before = time.monotonic(), 0, -1
    for _ in range(reads):
        done = -1
        for slot in board.snapshot().slots:
            whole = of_one_publication(slot.done, slot.total, slot.generation)
            if not whole or slot.message[:6] * 12 != slot.message and slot.message:
                sys.exit(f"torn: {slot}")
            done = slot.done
        moved += done != before
        before = done
    return moved, time.monotonic() - began


def torn_rows(path: str, reads: int) -> Optional[tuple[int, float]]:
    """The same with the extension, if it is installed."""
    try:
        from vxboard._extension import BoardReader
    except ImportError:
        print("skipped: the extension is not built")
        return None
    reader, row, began = BoardReader(path), struct.Struct("<IIQQ24x"), time.monotonic()
    moved, before = 0, -1
    for _ in range(reads):
        done = -1
        for _, generation, done, total in row.iter_unpack(reader.rows()):
            if not of_one_publication(done, None if total == UNKNOWN else total, generation):
                sys.exit(f"torn: {generation} {done} {total}")
        moved += done != before
        before = done
    return moved, time.monotonic() - began


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
        torn(Path(directory), reads, c_writer, "a writer in C")
        torn(Path(directory), reads, rust_writers, "two writers in Rust")


if __name__ == "__main__":
    main()
