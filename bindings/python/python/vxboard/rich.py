"""A board as a renderable of rich: `rich.print(vxboard.rich.Progress(board))`, or live with `vxboard.rich.show()`."""

from __future__ import annotations

from rich.console import Group, RenderableType
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from . import _places as places
from ._board import Board
from ._views import Slot

_STYLES = {"done": "green", "failed": "red", "died": "red", "cancelled": "yellow"}


class Progress:
    """All slots of a board, as they are whenever it is drawn."""

    def __init__(self, board: Board) -> None:
        self._board = board

    def __rich__(self) -> RenderableType:
        snapshot = self._board.snapshot()
        table = Table.grid(padding=(0, 1))
        for slot in snapshot.slots:
            table.add_row(Text(slot.key), _state(slot), _bar(slot), Text(_numbers(slot)), Text(slot.error or slot.message))
        return Group(Text(f"{snapshot.board.title}  {snapshot.board.word}", style="bold"), table)


def show(where: places.Where = None, interval: float = 0.1) -> None:
    """Draw a board until it is closed, or its creator is gone."""
    with Board.open(where) as board, Live(Progress(board), refresh_per_second=1 / interval) as live:
        for _ in board.watch(interval):
            live.refresh()


def _state(slot: Slot) -> Text:
    return Text(slot.word, style="red" if slot.lost else _STYLES.get(slot.state, "cyan"))


def _bar(slot: Slot) -> RenderableType:
    if slot.total:
        return ProgressBar(total=slot.total, completed=min(slot.done, slot.total), width=30)
    return ProgressBar(total=1, completed=1 if slot.state == "done" else 0, width=30)


def _numbers(slot: Slot) -> str:
    return f"{slot.done} of {slot.total}" if slot.total else str(slot.done)
