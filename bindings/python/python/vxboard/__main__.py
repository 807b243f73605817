"""`python -m vxboard`: one reading of a board, or many, as text or JSON."""

from __future__ import annotations

import argparse
import json
import os
import sys
from typing import Any, Optional

from . import _waiting as waiting
from ._board import Board
from ._errors import VxboardError, WaitTimeoutError
from ._views import Slot, Snapshot

_EPILOG = """\
examples:
  python -m vxboard                       the newest board at work
  python -m vxboard --json run.vxb        a dump, for a program
  python -m vxboard --watch 0.5           a reading each half second, until the board is closed
  python -m vxboard --wait api=ready --timeout 30
"""


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m vxboard",
        description="Show a progress board of vx.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("board", nargs="?", help="a board's or a dump's file, a board's name, or a process id")
    parser.add_argument("--json", action="store_true", help="one JSON document per reading, each on its own line")
    what = parser.add_mutually_exclusive_group()
    what.add_argument("--watch", type=float, metavar="SECONDS", help="show a reading at this interval until the end")
    what.add_argument("--wait", metavar="KEY=STATE", help="wait until a slot is ready, live, done, …, or `ended`")
    parser.add_argument("--timeout", type=float, metavar="SECONDS", help="wait no longer than this (with --wait)")
    return parser


def main(arguments: Optional[list[str]] = None) -> int:
    """Returns the exit code: 0, or 1 for an error or an unmet wait. Wrong arguments exit with 2, an interrupt with
    130."""
    _write_any_text()
    parser = _parser()
    asked = parser.parse_args(arguments)
    if asked.timeout is not None and asked.wait is None:
        parser.error("--timeout is for --wait")
    if asked.watch is not None and asked.watch <= 0:
        parser.error("--watch needs an interval above 0")
    if asked.wait is not None and not all(asked.wait.partition("=")):
        parser.error("--wait needs KEY=STATE, as in --wait api=ready")
    if asked.wait is not None:
        try:
            waiting.check(asked.wait.rpartition("=")[2])
        except ValueError as error:
            parser.error(str(error))
    try:
        with Board.open(int(asked.board) if (asked.board or "").isdecimal() else asked.board) as board:
            return _carry_out(board, asked)
    except WaitTimeoutError as error:
        print(f"vxboard: {error}", file=sys.stderr)
        return 1
    except VxboardError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    except BrokenPipeError:
        # The reader closed the pipe.
        _drop_output()
        return 0
    except OSError as error:
        _drop_output()
        print(f"error: {error.strerror or error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130


def _drop_output() -> None:
    """Drop buffered output, which the interpreter would try to write at its exit."""
    if sys.stdout is not None:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _write_any_text() -> None:
    """Escape characters that the encoding of standard output lacks."""
    stream: Any = sys.stdout
    if getattr(stream, "errors", None) == "strict" and hasattr(stream, "reconfigure"):
        stream.reconfigure(errors="backslashreplace")


def _carry_out(board: Board, asked: argparse.Namespace) -> int:
    show = _print_json if asked.json else _print_text
    if asked.wait is not None:
        key, _, state = asked.wait.rpartition("=")
        board.wait(key, state, asked.timeout)
    elif asked.watch is not None:
        for snapshot in board.watch(asked.watch):
            show(snapshot)
        return 0
    show(board.snapshot())
    return 0


def document(snapshot: Snapshot) -> dict[str, Any]:
    """A reading as plain lists, dictionaries, numbers and texts."""
    slots = [dict(_document_of(slot)) for slot in snapshot.slots]
    return {"board": snapshot.board._asdict(), "slots": slots, "taken_at_ns": snapshot.taken_at_ns}


def _document_of(slot: Slot) -> dict[str, Any]:
    fields = slot._asdict()
    fields["transitions"] = [entry._asdict() for entry in slot.transitions]
    fields["waits_for"] = slot.waits_for and slot.waits_for._asdict()
    return {**fields, "percent": slot.percent, "phase": slot.phase}


def _print_json(snapshot: Snapshot) -> None:
    # JSON has its own escapes for characters that the encoding lacks.
    is_utf8 = (getattr(sys.stdout, "encoding", None) or "utf-8").lower().replace("-", "") == "utf8"
    print(json.dumps(document(snapshot), ensure_ascii=not is_utf8), flush=True)


def _clean(text: str) -> str:
    """A text for a terminal: nothing in it moves the cursor."""
    return "".join(letter if letter.isprintable() else "\ufffd" for letter in text)


def _print_text(snapshot: Snapshot) -> None:
    board = snapshot.board
    print(f"{_clean(board.title)}: {board.word}")
    width = max((len(slot.key) for slot in snapshot.slots), default=0)
    for slot in snapshot.slots:
        percent = "" if slot.percent is None else f"{slot.percent:.1f} %"
        text = (slot.error or slot.message).partition("\n")[0]
        print(f"  {_clean(slot.key):{width}}  {_clean(slot.word):12} {percent:>7}  {_clean(text)}".rstrip())
    print(end="", flush=True)


if __name__ == "__main__":
    sys.exit(main())
