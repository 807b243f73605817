"""The files of boards: the directories in which vx keeps them, and which file a name or a process means."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from typing import Optional, Union

from ._errors import MissingError, WriteError

Where = Union[str, "os.PathLike[str]", int, None]


def directories() -> list[str]:
    """The directories with boards of this user, the most likely first: each is this user's alone, and not a link."""
    return [path for path in dict.fromkeys(_candidates()) if _is_own(path)]


def _candidates() -> list[str]:
    asked = os.environ.get("VX_RUNTIME_DIR")
    if asked:
        return [os.path.abspath(asked)]
    uid = os.geteuid()
    sessions = [os.environ.get("XDG_RUNTIME_DIR"), f"/run/user/{uid}"]
    home = os.environ.get("XDG_STATE_HOME") or os.path.expanduser("~/.local/state")
    # Only the system makes a session's directory.
    found = [os.path.join(session, "vx") for session in sessions if session and os.path.isdir(session)]
    return [*found, f"/dev/shm/vx-{uid}", os.path.join(home, "vx", "run")]


def new_board() -> str:
    """The path of a new board, in the first directory that exists or can be made."""
    for path in _candidates():
        try:
            os.makedirs(path, mode=0o700, exist_ok=True)
        except OSError:
            continue
        if _is_own(path) and os.access(path, os.W_OK):
            return os.path.join(path, f"python-{os.getpid()}-{os.urandom(4).hex()}.board")
    raise WriteError("", "there is no directory for boards", "name one with `VX_RUNTIME_DIR`")


def _is_own(path: str) -> bool:
    try:
        found = os.lstat(path)
    except OSError:
        return False
    return stat.S_ISDIR(found.st_mode) and found.st_uid == os.geteuid() and not found.st_mode & 0o022


def boards() -> list[str]:
    """Every board file of these directories, the newest first."""
    found: list[tuple[float, str]] = []
    for directory in directories():
        with os.scandir(directory) as entries:
            for entry in entries:
                if entry.name.endswith(".board") and entry.is_file(follow_symlinks=False):
                    found.append((entry.stat(follow_symlinks=False).st_mtime, entry.path))
    return [path for _, path in sorted(found, reverse=True)]


def path_of(where: Where) -> Optional[str]:
    """The file, if it is named by its path; `None` if boards have to be searched."""
    if where is None:
        return os.environ.get("VX_BOARD") or None
    if isinstance(where, int):
        return None
    path = os.fspath(where)
    if os.sep in path or os.path.lexists(path):
        return path
    return None


def hint_of_variable(hint: Optional[str]) -> str:
    """The hint if the unusable board is the one that the environment names."""
    named = "`VX_BOARD` names it: unset that, or name a board at work"
    return named if hint is None else f"{named}; {hint}"


def named(name: str) -> Iterator[str]:
    """The files with this name, with or without the ending."""
    for path in boards():
        file = os.path.basename(path)
        if file in (name, f"{name}.board"):
            yield path


def missing(where: Where) -> MissingError:
    """The error for a board that does not exist."""
    hint = "see which boards there are with `vx board ls`"
    if where is None:
        return MissingError("", "there is no board", "start one with `vx board run`, or name one by its file")
    what = f"process {where} has no board" if isinstance(where, int) else f"board `{os.fspath(where)}` does not exist"
    return MissingError(str(where), what, hint)
