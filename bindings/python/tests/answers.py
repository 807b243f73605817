"""`answers.py DIRECTORY COUNT`: reads each `N.victim` and compares the result with `N.answer`, the crate's result.

Started by `shm/tests/hostile/python.rs`, which has the same lines. No reading may take longer than two seconds.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import Optional

import vxboard
from vxboard import _layout as layout


def hexadecimal(text: str) -> str:
    return "x" + text.encode().hex()


def optional(value: object) -> str:
    return "-" if value is None else hexadecimal(value) if isinstance(value, str) else str(value)


def number(names: tuple[str, ...], word: str, unknown: int) -> str:
    """The crate shows a number that it does not know as a default; the package shows the number."""
    return str(names.index(word) if word in names else unknown)


def line_of(slot: vxboard.Slot) -> str:
    words = [str(slot.place), str(slot.generation), str(slot.key_hash)]
    words += [number(layout.KIND_NAMES, slot.kind, layout.KIND_TASK), number(layout.STATE_NAMES, slot.state, 3)]
    words += [str(slot.step), str(slot.attempt), number(layout.UNIT_NAMES, slot.unit, 0)]
    words += [number(layout.HEALTH_NAMES, slot.health, 0), str(slot.done)]
    known = (slot.total, slot.pid, slot.parent, slot.runner, slot.log_writer, slot.process_group)
    words += [optional(value) for value in known + (slot.exit_code, slot.signal, slot.ended_at_ns, slot.port)]
    words.append(optional(None if slot.percent is None else round(slot.percent * 10)))
    words.append("-" if slot.waits_for is None else "/".join(map(str, slot.waits_for)))
    words.append(",".join("/".join(map(str, entry)) for entry in slot.transitions))
    words.append(slot.liveness)
    words += [hexadecimal(text) for text in (slot.key, slot.version, slot.message, slot.details)]
    words += [optional(text) for text in (slot.error, slot.result, slot.step_name, slot.address, slot.cause)]
    return " ".join(words)


def answer(path: str) -> str:
    try:
        board = vxboard.Board.open(path)
    except vxboard.AttachError as error:
        return f"error {hexadecimal(error.what)}\n"
    with board:
        facts, slots, _ = board.snapshot()
        alive = {None: "None", True: "Some(true)", False: "Some(false)"}[facts.creator_alive]
        lines = [
            f"board {facts.id} {facts.state.capitalize()} {hexadecimal(facts.title)} {facts.created_unix_ns} "
            f"{facts.epoch} {facts.capacity} {alive} {optional(facts.project)}"
        ]
        for slot in slots:
            lines.append("slot " + line_of(slot))
            lines.append("log " + " ".join(hexadecimal(line) for line in board.log(slot.place, 5)))
    return "\n".join(lines) + "\n"


def differing(directory: Path, place: int) -> Optional[str]:
    """How the answers differ, if they do."""
    path = directory / f"{place}.victim"
    began = time.monotonic()
    mine = answer(str(path))
    if time.monotonic() - began > 2:
        return f"{path}: the reading took too long"
    theirs = path.with_suffix(".answer").read_text()
    if mine == theirs:
        return None
    lines = zip(mine.splitlines() + [""], theirs.splitlines() + [""])
    first = next(pair for pair in lines if pair[0] != pair[1])
    return f"{path}:\n  python: {first[0]}\n  crate:  {first[1]}"


def main() -> int:
    directory, count = Path(sys.argv[1]), int(sys.argv[2])
    troubles = [trouble for place in range(count) if (trouble := differing(directory, place))]
    for trouble in troubles[:5]:
        print(trouble, file=sys.stderr)
    print(f"{count} boards, {len(troubles)} answers differ", file=sys.stderr if troubles else sys.stdout)
    return 1 if troubles else 0


if __name__ == "__main__":
    sys.exit(main())
