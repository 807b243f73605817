"""The board that an ancestor of this process has open now.

A process that was started before a board was made, such as the server of `forkserver` or a pool's worker, has an older
value of `VX_BOARD`, or none. It looks at its ancestors: the system shows which files they have open, and a board names
the process that made it.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Optional

from . import _layout as layout
from . import _places as places
from ._errors import VxboardError
from ._witness import fields_of, is_here
from ._words import Words

# The server of `forkserver`, the process that started it, and a few wrappers.
_MOST_LEVELS = 8
_PARENT = 1


def open_board() -> Optional[str]:
    """The newest board that the nearest ancestor with one has made and not closed."""
    pid = os.getppid()
    for _ in range(_MOST_LEVELS):
        if pid <= 1:
            return None
        made = [(created, path) for path in _files_of(pid) for created in _made_and_open(path, pid)]
        if made:
            return max(made)[1]
        pid = int(fields_of(pid)[_PARENT])
    return None


def is_over(path: str) -> bool:
    """Whether nothing more can be claimed on this board: it is closed, gone, or damaged."""
    try:
        words = Words(path)
    except (VxboardError, OSError):
        return True
    try:
        return words.half[layout.HEADER_CLOSED >> 2] != 0
    finally:
        words.close()


def _files_of(pid: int) -> Iterator[str]:
    """Boards that the process has open or, if the system doesn't show that, all known boards."""
    try:
        with os.scandir(f"/proc/{pid}/fd") as entries:
            links = [entry.path for entry in entries]
    except OSError:
        yield from places.boards()
        return
    found: set[str] = set()
    for link in links:
        try:
            found.add(os.readlink(link))
        except OSError:
            continue  # It was closed meanwhile.
    yield from (path for path in found if path.endswith(".board"))


def _made_and_open(path: str, pid: int) -> Iterator[int]:
    """When the board was made, if this process made it and has not closed it."""
    try:
        words = Words(path)
    except (VxboardError, OSError):
        return
    try:
        facts = words.facts
        if facts.creator_pid == pid and is_here(facts) and not words.half[layout.HEADER_CLOSED >> 2]:
            yield facts.created_at_ns
    finally:
        words.close()
