"""A client of vx's daemon: requests and events over its socket. Only the standard library is needed."""

from __future__ import annotations

import json
import os
import socket
import stat
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from types import TracebackType
from typing import Any, Optional, Union

from ._errors import DaemonAbsentError, DaemonError

_PROTOCOL = 1
_VARIABLES = ("PATH", "VX_TRUST", "CI")
# Methods that depend on `_VARIABLES` of the client, and methods that depend on all its variables.
_OF_SOME = tuple(f"vx/{name}" for name in "resolve environment project".split())
_OF_ALL = tuple(f"vx/{name}" for name in "listVersions sync install uninstall use up".split())
# The longest header of a message.
_HEADER_BYTES = 1024
_START = "start it with `vx daemon start`"
EVENTS = (
    "RuntimeInstalled",
    "RuntimeRemoved",
    "ConfigChanged",
    "BoardOpened",
    "BoardClosed",
    "WorkChanged",
    "Progress",
)


class Daemon:
    """A connection to the daemon of this user's home.

    with vxboard.Daemon() as daemon:
        print(daemon.call("vx/resolve", runtime="node", directory=os.getcwd())["executable"])
        for event in daemon.events(["RuntimeInstalled"]):
            print(event["data"])
    """

    def __init__(self, home: Optional[Union[str, os.PathLike[str]]] = None, timeout: float = 60.0) -> None:
        """Connect. `home` defaults to `VX_HOME`; `timeout` is the longest wait for an answer, in seconds.

        Raises `DaemonAbsentError` if none runs.
        """
        self._path = _socket_of(os.path.realpath(home or os.environ.get("VX_HOME") or os.path.expanduser("~/.vx")))
        self._timeout = timeout
        self._stream = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            self._stream.connect(self._path)
        except OSError as error:
            self._stream.close()
            raise DaemonAbsentError(self._path, f"no daemon listens at `{self._path}`: {error}", _START) from None
        self._bytes = b""
        self._last_id = 0
        self._notes: list[dict[str, Any]] = []
        versions = {"min": _PROTOCOL, "max": _PROTOCOL}
        self.introduced: dict[str, Any] = self.call("initialize", client="vxboard", protocol=versions)

    def call(self, method: str, **params: Any) -> Any:
        """Call a method, and return its result.

        Raises `DaemonError` with the daemon's `kind` and `hint` if it refuses, and `DaemonAbsentError` if it is gone.
        """
        if method in _OF_SOME:
            params.setdefault("variables", _own_variables(lambda name: name in _VARIABLES))
        elif method in _OF_ALL:
            params.setdefault("variables", _own_variables(lambda name: True))
        self._last_id += 1
        request = {"jsonrpc": "2.0", "id": self._last_id, "method": method, "params": params}
        body = json.dumps(request).encode()
        try:
            self._stream.settimeout(self._timeout)
            self._stream.sendall(b"Content-Length: %d\r\n\r\n" % len(body) + body)
        except OSError as error:
            raise self._gone(str(error)) from None
        until = time.monotonic() + self._timeout
        while True:
            message = self._next(until)
            if message is None:
                raise self._refused(f"`{method}` was not answered within {self._timeout} s", "timeout", None)
            if "method" in message:
                self._notes.append(message)
            elif message.get("id") in (self._last_id, None):
                if "error" in message:
                    fault: dict[str, Any] = message["error"]
                    data: dict[str, Any] = fault.get("data") or {}
                    raise self._refused(fault["message"], data.get("kind", str(fault["code"])), data.get("hint"))
                return message["result"]

    def events(
        self,
        types: Iterable[str] = EVENTS,
        directories: Iterable[Union[str, os.PathLike[str]]] = (),
        since: Optional[Mapping[str, Any]] = None,
        timeout: Optional[float] = None,
    ) -> Iterator[dict[str, Any]]:
        """Events as they come, each with `seq`, `event` and `data`; the first is a `Resync` with the whole present
        state.

        Ends after `timeout` seconds without an event. Raises `DaemonAbsentError` once the daemon is gone; to go on,
        connect again and pass `since`: the `generation` and `seq` of the last event.
        """
        named = [os.path.realpath(directory) for directory in directories]
        asked: dict[str, Any] = {"event_types": list(types), "directories": named}
        if since is not None:
            asked["since"] = {"generation": since["generation"], "seq": since["seq"]}
        begun = self.call("vx/subscribe", **asked)
        generation, number = begun["generation"], begun["subscription_id"]
        try:
            if begun["snapshot"] is not None:
                first = {"seq": begun["seq"], "event": "Resync", "data": begun["snapshot"]}
                yield {**first, "generation": generation}
            while True:
                note = self._next_note(None if timeout is None else time.monotonic() + timeout)
                if note is None:
                    return
                told = note["params"]
                if note["method"] == "vx/event" and told["subscription_id"] == number:
                    yield {"seq": told["seq"], "event": told["event"], "data": told["data"], "generation": generation}
        finally:
            if self._stream.fileno() >= 0:
                try:
                    self.call("vx/unsubscribe", subscription_id=number)
                except DaemonError:
                    pass  # The daemon is gone, and the subscription with it.

    def close(self) -> None:
        """Close the connection."""
        self._stream.close()

    def __enter__(self) -> Daemon:
        return self

    def __exit__(
        self,
        kind: Optional[type[BaseException]],
        error: Optional[BaseException],
        trace: Optional[TracebackType],
    ) -> None:
        self.close()

    def _next_note(self, until: Optional[float]) -> Optional[dict[str, Any]]:
        while not self._notes:
            message = self._next(until)
            if message is None:
                return None
            if "method" in message:
                return message
        return self._notes.pop(0)

    def _next(self, until: Optional[float]) -> Optional[dict[str, Any]]:
        """The next message; `None` if none arrives in time."""
        while True:
            head, end, rest = self._bytes.partition(b"\r\n\r\n")
            if end:
                length = _length(head)
                if length is None:
                    raise self._gone("it sent bytes that are not a message")
                if len(rest) >= length:
                    self._bytes = rest[length:]
                    message: dict[str, Any] = json.loads(rest[:length])
                    return message
            elif len(head) > _HEADER_BYTES:
                raise self._gone("it sent bytes that are not a message")
            left = None if until is None else until - time.monotonic()
            if left is not None and left <= 0:
                return None
            try:
                self._stream.settimeout(left)
                piece = self._stream.recv(65536)
            except socket.timeout:  # An alias of `TimeoutError` from Python 3.10 on.
                return None
            except OSError as error:
                raise self._gone(str(error)) from None
            if not piece:
                raise self._gone("it closed the connection")
            self._bytes += piece

    def _gone(self, why: str) -> DaemonAbsentError:
        return DaemonAbsentError(self._path, f"the connection to the daemon is over: {why}", _START)

    def _refused(self, text: str, kind: str, hint: Optional[str]) -> DaemonError:
        return DaemonError(self._path, text, hint, kind)


def _own_variables(counts: Callable[[str], bool]) -> dict[str, str]:
    """This process's variables that `counts` accepts, except those that are not Unicode: JSON can't carry them."""
    return {name: value for name, value in os.environ.items() if counts(name) and _is_text(name + value)}


def _is_text(value: str) -> bool:
    try:
        value.encode()
        return True
    except UnicodeEncodeError:
        return False


def _length(head: bytes) -> Optional[int]:
    for line in head.split(b"\r\n"):
        name, _, value = line.partition(b":")
        if name.strip().lower() == b"content-length" and value.strip().isdigit():
            return int(value)
    return None


def _socket_of(home: str) -> str:
    """The path in the daemon's record. A record in a directory that others can reach is not trusted."""
    run = os.path.join(home, "run")
    try:
        found = os.lstat(run)
        if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.geteuid() or found.st_mode & 0o077:
            raise DaemonAbsentError(run, f"others can reach `{run}`", f"make it yours alone: `chmod 700 '{run}'`")
        with open(os.path.join(run, "daemon.json"), encoding="utf-8") as file:
            path: str = json.load(file)["socket"]
        owner = os.lstat(path)
        if not stat.S_ISSOCK(owner.st_mode) or owner.st_uid != os.geteuid():
            raise DaemonAbsentError(path, f"`{path}` is not a socket that you own", _START)
        return path
    except (OSError, ValueError, KeyError, TypeError):
        raise DaemonAbsentError(home, f"no daemon runs for the home `{home}`", _START) from None
