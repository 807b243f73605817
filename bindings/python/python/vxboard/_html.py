"""A reading as an HTML table, in which all texts of slots are escaped."""

from __future__ import annotations

from html import escape

from ._views import Slot, Snapshot

_COLOURS = {"done": "#2a2", "failed": "#c22", "died": "#c22", "cancelled": "#b80"}


def html_of(snapshot: Snapshot) -> str:
    """The board with a row for each slot."""
    board = snapshot.board
    rows = "".join(_row(slot) for slot in snapshot.slots)
    return f"<table><caption>{escape(board.title)} ({escape(board.word)})</caption>{rows}</table>"


def _row(slot: Slot) -> str:
    colour = "#c22" if slot.lost else _COLOURS.get(slot.state, "inherit")
    numbers = f"{slot.done} of {slot.total}" if slot.total else str(slot.done)
    bar = f"<progress max=100 value={slot.percent:.1f}></progress>" if slot.percent is not None else ""
    cells = (
        escape(slot.key),
        f'<span style="color:{colour}">{escape(slot.word)}</span>',
        bar,
        numbers,
        escape(slot.error or slot.message),
    )
    return "<tr>" + "".join(f"<td>{cell}</td>" for cell in cells) + "</tr>"
