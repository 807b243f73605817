#!/usr/bin/env python3
"""Writes a slot of a live board of vx (layout 2); x86-64 Linux only.

    writer.py PATH none KEY [--rate 100 --seconds 2 --end done ...]     claim a slot for KEY
    writer.py PATH 3:1 KEY ...                                          claim the reserved slot 3, generation 1

--rate 0 is full speed; a text and a line of the log follow each --records numbers; --end drop drops the slot.
"""
from __future__ import annotations

import argparse
import ctypes
import fcntl
import mmap
import os
import struct
import sys
import threading
import time
from typing import Optional

from reader import (CLAIMING, COLD, FLOCK, FREE, JOINED, KINDS, LIVE, LOCK_SLOT, LOCK_TABLE, NAMED,
                    NOTES_SIZE, ON_BEHALF, ORIGIN_RESERVED, RESERVED, RING, STATES, TEXT_SIZE, UNITS, Board, Numbers,
                    NotABoard, fnv1a, namespace, process_facts)

SYS_FUTEX, FUTEX_WAKE_OP, FUTEX_OP_ADD, ALL = 202, 5, 1, 0x7FFFFFFF
LAST_COUNT = 65528                      # of transitions; 9 comes next
LINE = 1000                             # bytes of a line in the log


class Refused(Exception):
    """The board or the slot cannot be taken."""


def cell(text: str, size: int) -> bytes:
    """A text cell: cut after the last whole character that fits."""
    data = text.encode("utf-8", "replace")
    word = len(data)
    if word > size - 2:
        data = data[:size - 2].decode("utf-8", "ignore").encode()
        word = len(data) | 0x8000
    return struct.pack("<H", word) + data.ljust(size - 2, b"\0")


def identity() -> tuple[int, int, int, int, int]:
    facts = process_facts()
    return os.getpid(), facts[0] if facts else 0, namespace("pid"), namespace("time"), os.geteuid()


class Writer(Board):
    """One slot of a live board. Its beat runs on a thread; call the methods from one thread."""

    def __init__(self, path: str) -> None:
        self.shown = {}
        self.path, self.fd, self.index, self._alive = path, -1, -1, False
        self._mutex = threading.RLock()
        self._stop = threading.Event()
        # A second descriptor tests locks: a descriptor is never shown its own.
        self.asking = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        try:
            self.fd = os.open(path, os.O_RDWR | os.O_NONBLOCK | os.O_CLOEXEC)
            self._map(mmap.PROT_READ | mmap.PROT_WRITE)
        except BaseException:
            os.close(self.asking)
            raise
        self._base = ctypes.addressof(ctypes.c_char.from_buffer(self.map))
        self._syscall = ctypes.CDLL(None, use_errno=True).syscall
        self._syscall.restype = ctypes.c_long

    def close(self) -> None:
        """Drops the slot: a life that was not ended reads as lost."""
        self._stop.set()
        with self._mutex:
            self._alive = False
        if self.fd >= 0 and hasattr(self, "_base"):
            os.close(self.asking)
        super().close()

    # Stores: each is one plain move, in program order, which is a release store on x86-64.
    def store(self, offset: int, data: bytes) -> None:
        first = offset >> 3
        for i, word in enumerate(struct.unpack(f"<{len(data) >> 3}Q", data)):
            self.words[first + i] = word

    def _add(self, offset: int, wake: bool = False) -> None:
        """Adds 1 to a word of 4 bytes. The kernel does it atomically, and as a full fence."""
        where = ctypes.c_void_p(self._base + offset)
        if self._syscall(SYS_FUTEX, where, FUTEX_WAKE_OP, ALL if wake else 0, ctypes.c_void_p(0), where,
                         FUTEX_OP_ADD << 28 | 1 << 12) < 0:
            raise OSError(ctypes.get_errno(), "futex")

    def _ring(self) -> None:
        bell = self.regions["bell"][0]
        self._add(256)
        if self.u32(bell + 128):
            self._add(bell, wake=True)

    def _write_latch(self, at: int, data: bytes) -> None:
        stamp = self.u64(at)
        self.store(at + 8 + len(data) * (stamp + 1 & 1), data)
        self.words[at >> 3] = stamp + 1

    # Locks
    def _lock(self, byte: int, kind: int = fcntl.F_WRLCK) -> bool:
        try:
            fcntl.fcntl(self.fd, fcntl.F_OFD_SETLK, FLOCK.pack(kind, os.SEEK_SET, byte, 1, 0))
        except (BlockingIOError, PermissionError):
            return False
        return True

    def _lock_table(self) -> None:
        until = time.monotonic() + 2
        while not self._lock(LOCK_TABLE):
            if time.monotonic() > until:
                raise Refused("another process has held the table's lock for two seconds")
            time.sleep(0.001)

    # Claim
    def claim(self, key: str, version: str = "", kind: int = 1, slot: Optional[int] = None,
              generation: Optional[int] = None, beat_ms: int = 250) -> int:
        """Takes a slot for the key, or the reserved one of this number and generation. Returns its number."""
        if self.index >= 0 or not key:
            raise Refused("the key is empty" if self.index < 0 else "this writer has a slot already")
        if self.form or self.u32(384):
            raise Refused("it is a dump" if self.form else "the board is closed")
        self._lock_table()
        try:
            index = self._claim_free(key, version, kind, beat_ms) if slot is None else \
                self._claim_reserved(slot, generation, beat_ms)
            self.generation = self.u32(self.place("cold", index))
            self.words[self._hot >> 3] = self.generation << 32 | NAMED | LIVE       # step 12
        finally:
            self._lock(LOCK_TABLE, fcntl.F_UNLCK)
        self._ring()
        self.index, self._alive, self._beat_ms = index, True, beat_ms or 250
        threading.Thread(target=self._beat, name="beat", daemon=True).start()
        return index

    def _gone(self, index: int, control: int, origin: int) -> bool:
        if self.held(LOCK_SLOT + index):
            return False
        if not control & NAMED or origin == JOINED:
            return True
        if origin == ORIGIN_RESERVED:
            return not self.creator_alive()
        facts = struct.unpack_from("<IQQQ", self.copy(self.place("cold", index), 32), 4)
        return origin == ON_BEHALF and not self.runs(*facts)

    def _candidates(self, key_hash: int, key_cell: bytes) -> list[tuple[int, int, int, int]]:
        """Slots that may be taken, the best first: rank, time of the end, number, control."""
        found: list[tuple[int, int, int, int]] = []
        for index in range(self.slot_count):
            control, cold = self.u64(self.place("hot", index)), self.place("cold", index)
            state = control & 0xFF
            same = self._has_key(index, control, key_hash, key_cell)
            if state == FREE:
                found.append((2, 0, index, control))
            elif state in (RESERVED, CLAIMING, LIVE):
                if self._gone(index, control, self.copy(cold + 32, 8)[5]):
                    found.append((0 if same else 4, 0, index, control))
                elif same:
                    raise Refused(f"the key is in use by slot {index}")
            elif state < len(STATES):
                ended = self.u64(cold + COLD["ended_at"])
                found.append((1 if same else 3, -ended if same else ended, index, control))
        return sorted(found)

    def _has_key(self, index: int, control: int, key_hash: int, key_cell: bytes) -> bool:
        cold, size = self.place("cold", index), 2 + (struct.unpack_from("<H", key_cell)[0] & 0x7FFF)
        same = self.u64(cold + 48) == key_hash and self.copy(cold + 72, 96)[:size] == key_cell[:size]
        return same and bool(control & NAMED)

    def _claim_free(self, key: str, version: str, kind: int, beat_ms: int) -> int:
        key_cell, key_hash = cell(key, 96), fnv1a(key.encode("utf-8", "replace"))
        for _, _, index, control in self._candidates(key_hash, key_cell):
            if not self._lock(LOCK_SLOT + index):
                continue
            hot = self.place("hot", index)
            self.halves[324 >> 2] = max(self.u32(324), index + 1)
            if self.u64(hot) != control:    # the locks of table and slot replace a compare-exchange
                self._lock(LOCK_SLOT + index, fcntl.F_UNLCK)
                continue
            generation, now = (control >> 32) + 1 & 0xFFFFFFFF, time.monotonic_ns()
            self.words[hot >> 3] = generation << 32 | CLAIMING
            again = control & 0xFF >= LIVE and self._has_key(index, control, key_hash, key_cell)
            self.store(self.place("cold", index), struct.pack(
                "<IIQQQIBBHQQIIII", generation, *identity(), kind, JOINED, 0xFFFF, now, key_hash, 0, 0, 0,
                beat_ms) + key_cell + cell(version, 48))
            self._new_life(index, now, again)
            return index
        raise Refused("no slot can be taken")

    def _new_life(self, index: int, now: int, again: bool) -> None:
        cold = self.place("cold", index)
        self.words[self.place("beats", index) >> 3] = self._tick() * 0x100000001
        self.store(cold + COLD["exit_flags"], bytes(16))                            # step 9
        self._write_latch(cold + COLD["text"], bytes(TEXT_SIZE))
        self._write_latch(cold + COLD["notes"], bytes(NOTES_SIZE))
        self.store(cold + COLD["transitions"], bytes(16 * RING + 872 + 656))
        self.store(cold + COLD["transitions"], struct.pack("<QQ", now & ~0xFF, 0))
        if self.regions["log"][1]:          # step 10
            log = self.place("log", index) >> 3
            most = max(self.words[log], self.words[log + 1])
            self.words[log + 2] = self.words[log] = most
            self.words[log + 1] = most
        self._take_over(index)
        attempt = min(self.attempt + 1, 255) if again else 1
        self.done, self.total, self.step_number, self.attempt = 0, None, 0, attempt
        self.unit, self.health, self.transitions = 0, 0, 1
        self._changed()                     # step 11

    def _claim_reserved(self, index: int, generation: Optional[int], beat_ms: int) -> int:
        if not 0 <= index < self.slot_count or not self._lock(LOCK_SLOT + index):
            raise Refused(f"there is no slot {index}, or another process holds it")
        hot, cold = self.place("hot", index), self.place("cold", index)
        control = self.u64(hot)
        if control & 0xFF not in (RESERVED, CLAIMING) or not control & NAMED or \
                generation is not None and control >> 32 != generation:
            self._lock(LOCK_SLOT + index, fcntl.F_UNLCK)
            raise Refused(f"slot {index} is not reserved in this generation")
        self.words[hot >> 3] = control & ~0xFF | CLAIMING
        self.store(cold, struct.pack("<IIQQQI", self.u32(cold), *identity()) + self.copy(cold + 32, 8)[4:] +
                   struct.pack("<Q", time.monotonic_ns()))
        self.words[cold + 64 >> 3] = self.u32(cold + 64) | beat_ms << 32
        self.words[self.place("beats", index) >> 3] = self._tick() * 0x100000001
        self._take_over(index)
        return index

    def _take_over(self, index: int) -> None:
        """Continues with the numbers on the board."""
        self._hot, self._cold = self.place("hot", index), self.place("cold", index)
        self._stamp = self.u64(self._hot + 8)
        at = (self._hot + 16 + 24 * (self._stamp & 1)) >> 3
        there = Numbers(0, self._stamp, *self.words[at:at + 3].tolist())
        self.done, self.total, self._meta = there.done, there.total if there.total_known else None, there.meta
        self.step_number, self.attempt, self.unit, self.health = there.step, there.attempt, there.unit, there.health
        self.transitions, self.revision = there.transitions, there.revision
        self._notes = bytearray(self.latch(self._cold + COLD["notes"], NOTES_SIZE))

    def _tick(self) -> int:
        return min((time.monotonic_ns() - self.created_at) // 10_000_000, 0xFFFFFFFF)

    def _beat(self) -> None:
        at = self.place("beats", self.index) >> 3
        moved, seen = self.words[at] >> 32, self._stamp
        while not self._stop.wait(self._beat_ms / 1000):
            now, stamp = self._tick(), self._stamp
            if stamp != seen:
                moved, seen = now, stamp
            with self._mutex:
                if self._alive:
                    self.words[at] = now | moved << 32

    def publish(self, done: int, total: Optional[int] = None) -> None:
        """Publishes the numbers; a total that was given once stays for its step."""
        with self._living:
            if total is not None and total != self.total:
                self.total = total
                self._pack_meta()
            self.done = done
            self._put()

    def set(self, **values: int) -> None:
        """Sets unit, attempt or health."""
        with self._living:
            vars(self).update(values)
            self._pack_meta()
            self._put()

    def text(self, message: str, details: str = "") -> None:
        with self._living:
            self._write_latch(self._cold + COLD["text"], cell(message, 80) + cell(details, 112))
            self._changed()

    def reached(self, port: int = 0, address: str = "") -> None:
        """Sets where the slot's process is reached."""
        with self._living:
            self._put_notes(24, struct.pack("<I", port))
            self._put_notes(64, cell(address, 64))
            self._changed()

    def _put_notes(self, offset: int, data: bytes) -> None:
        self._notes[offset:offset + len(data)] = data
        self._write_latch(self._cold + COLD["notes"], bytes(self._notes))

    def step(self, number: int, name: str = "", total: Optional[int] = None) -> None:
        """Enters a step, with the writer's own name for it if there is one."""
        with self._living:
            count, ring = self.transitions, self._cold + COLD["transitions"]
            self.transitions = count + 1 if count < LAST_COUNT else RING
            if name:
                self._put_notes(28, struct.pack("<I", self.transitions) + cell(name, 32))
            self.words[(ring + 16 * ((count - 1) % RING) + 8) >> 3] = self.done
            self.store(ring + 16 * (count % RING), struct.pack("<QQ", time.monotonic_ns() & ~0xFF | number & 0xFF, 0))
            self.step_number, self.done, self.total = number, 0, total
            self._changed()

    def log_line(self, line: str) -> None:
        """Appends a line to the log, if the board has logs."""
        data = line.replace("\n", " ").encode("utf-8", "replace")[:LINE - 1].decode("utf-8", "ignore").encode() + b"\n"
        with self._living:
            if not self.regions["log"][1]:
                return
            log, size = self.place("log", self.index), self.regions["log"][1] - 64
            begin = self.u64(log + 8)
            end = begin + len(data)
            self.words[log >> 3] = max(end, self.u64(log))
            for at in range(begin & ~7, end, 8):
                place = (log + 64 + at % size) >> 3
                word = bytearray(struct.pack("<Q", self.words[place]))
                low, high = max(at, begin), min(at + 8, end)
                word[low - at:high - at] = data[low - begin:high - begin]
                self.words[place] = struct.unpack("<Q", word)[0]
            self.words[log + 8 >> 3] = end

    def end(self, state: str = "done", error: str = "", result: str = "", exit_code: Optional[int] = None,
            signal: Optional[int] = None) -> None:
        """Ends the slot and unlocks it; the object cannot claim again."""
        self._stop.set()
        with self._living:
            self.store(self._cold + COLD["error"], cell(error, 872) + cell(result, 656))
            flags = (exit_code is not None) | (signal is not None) << 1
            self.store(self._cold + COLD["exit_flags"], struct.pack("<BBxxi", flags, signal or 0, exit_code or 0))
            self.words[(self._cold + COLD["ended_at"]) >> 3] = time.monotonic_ns()
            self.words[self._hot >> 3] = self.generation << 32 | NAMED | STATES.index(state)
            self._alive = False
            self._ring()
            self._lock(LOCK_SLOT + self.index, fcntl.F_UNLCK)

    @property
    def _living(self) -> threading.RLock:
        """The mutex, if the slot has not ended."""
        if not self._alive:
            raise Refused("the slot has ended, or was never claimed")
        return self._mutex

    def _changed(self) -> None:
        """Publishes the numbers with the next revision, which makes readers look at the record."""
        self.revision = self.revision + 1 & 0xFFFF
        self._pack_meta()
        self._put()

    def _pack_meta(self) -> None:
        self._meta = (self.step_number & 255 | (self.attempt & 255) << 8 | (self.total is not None) << 16 |
                      (self.unit & 7) << 17 | (self.health & 15) << 20 | self.transitions << 32 | self.revision << 48)

    def _put(self) -> None:
        stamp = self._stamp + 1
        at, words = (self._hot + 16 + 24 * (stamp & 1)) >> 3, self.words
        words[at], words[at + 1], words[at + 2] = self.done, self.total or 0, self._meta
        words[self._hot + 8 >> 3] = self._stamp = stamp


def run(arguments: argparse.Namespace) -> None:
    writer = Writer(arguments.path)
    slot, _, generation = arguments.slot.partition(":")
    writer.claim(arguments.key, arguments.version, KINDS.index(arguments.kind),
                 None if slot == "none" else int(slot), int(generation) if generation else None)
    print(f"slot {writer.index} generation {writer.generation}", flush=True)
    writer.set(unit=UNITS.index(arguments.unit))
    if arguments.step is not None:
        writer.step(arguments.step, arguments.step_name, arguments.total)
    begin, count = time.monotonic(), 0
    try:
        while (passed := time.monotonic() - begin) < arguments.seconds:
            count += 1
            writer.publish(count, arguments.total)
            if arguments.records and count % arguments.records == 0:
                writer.text(f"{arguments.message} {count}", f"details {count}")
                writer.log_line(f"line {count}")
            if arguments.rate and (ahead := count / arguments.rate - passed) > 0:
                time.sleep(ahead)
    except KeyboardInterrupt:
        arguments.end, arguments.error = "cancelled", "interrupted"
    print(f"{count} publications", flush=True)
    if arguments.end != "drop":
        writer.end(arguments.end, arguments.error, arguments.result, arguments.exit_code)
    writer.close()


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options = {"version": "", "kind": "task", "message": "at", "unit": "count", "step-name": "", "end": "done",
               "error": "", "result": "", "rate": 100.0, "seconds": 2.0, "records": 10}
    for name in ("path", "slot", "key"):
        parser.add_argument(name)
    for name, value in options.items():
        parser.add_argument(f"--{name}", type=type(value), default=value)
    for name in ("total", "step", "exit-code"):
        parser.add_argument(f"--{name}", type=int)
    try:
        run(parser.parse_args())
        return 0
    except (NotABoard, Refused, OSError, ValueError) as problem:
        print(f"writer: {problem}", file=sys.stderr)
        return 2


if __name__ == "__main__":
    sys.exit(main())
