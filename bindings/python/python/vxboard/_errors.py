"""The errors of the package: each names the fault and, in `hint`, the next step."""

from __future__ import annotations

from typing import Optional


class VxboardError(Exception):
    """Any error of this package. `path` is the board's, `hint` the next step, if there is one."""

    def __init__(self, path: str, what: str, hint: Optional[str] = None) -> None:
        super().__init__(what)
        self.path = path
        self.what = what
        self.hint = hint

    def __str__(self) -> str:
        return self.what if self.hint is None else f"{self.what}\nhint: {self.hint}"

    def __reduce__(self) -> tuple[type[VxboardError], tuple[str, str, Optional[str]]]:
        return (type(self), (self.path, self.what, self.hint))


class AttachError(VxboardError):
    """A board, or a dump of one, that could not be opened."""


class MissingError(AttachError):
    """There is no file of this name."""


class NotAFileError(AttachError):
    """A directory, a link, a pipe or a device."""


class LayoutError(AttachError):
    """Its bytes are not a board that this version reads."""


class NotABoardError(LayoutError):
    """It does not begin like a board."""


class LengthError(LayoutError):
    """The file is shorter than its header says, or longer than any board."""


class OtherLayoutError(LayoutError):
    """Another major version of the layout."""


class FeatureError(LayoutError):
    """The board needs a feature that this version does not know."""


class DamagedError(LayoutError):
    """The header contradicts itself, or a checksum does not match."""


class NotReadyError(LayoutError):
    """Its creator has not finished making it."""


class ReadError(VxboardError):
    """A board that was opened can no longer be read: it was truncated or overwritten."""


class RecordingError(VxboardError):
    """A recording that cannot be read."""


class WaitTimeoutError(VxboardError, TimeoutError):
    """A wait that ended before its condition came true."""


class DaemonError(VxboardError):
    """The daemon refused a request. `kind` is one of `docs/failures.md`, or the code of a protocol error."""

    def __init__(self, path: str, what: str, hint: Optional[str] = None, kind: str = "internal") -> None:
        super().__init__(path, what, hint)
        self.kind = kind

    def __reduce__(self) -> tuple[type[DaemonError], tuple[str, str, Optional[str], str]]:  # type: ignore[override]
        return (type(self), (self.path, self.what, self.hint, self.kind))


class DaemonAbsentError(DaemonError):
    """No daemon runs, or it is gone."""

    def __init__(self, path: str, what: str, hint: Optional[str] = None, kind: str = "not-found") -> None:
        super().__init__(path, what, hint, kind)


class WriteError(VxboardError):
    """A board that could not be made, or a slot that could not be taken or written."""
