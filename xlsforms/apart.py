"""Compiling apart from the process that asked: in a child that has limits of its own.

    answer = run({"kind": "xlsx", ...}, content, limits=Limits(), progress=told)

The first call starts a process that has pyxform imported (see `child`) and forks a child of itself for every upload,
so that an upload costs no import. It holds nothing of this process: no environment, no open file, no key. It ends
with this process, or after a quarter of an hour without work.
"""

import atexit
import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Lock
from typing import Any, Literal

from xlsforms.workbook import Limits

Why = Literal["time", "computing", "memory", "crash"]
_ROOT = Path(__file__).resolve().parent.parent
_SIGNALS: Mapping[int, Why] = {
    signal.SIGALRM: "time",
    signal.SIGXCPU: "computing",
    signal.SIGKILL: "memory",  # the system's choice when there is no memory left
}
_PATIENCE = 10.0
"""Seconds beyond the limit of wall time after which the process that forks is given up, too."""


class Stopped(Exception):  # noqa: N818 - it is what happened
    """The child ended without an answer: it took too much time, computing or memory, or it broke down."""

    def __init__(self, why: Why) -> None:
        super().__init__(why)
        self.why: Why = why


class _Silent(Exception):  # noqa: N818 - as above
    """The process that forks was gone before it forked."""


class _Forking:
    """The process that forks, as its parent knows it."""

    def __init__(self) -> None:
        self.owner = os.getpid()
        self.control, theirs = socket.socketpair()
        with theirs:
            self._process = subprocess.Popen(
                [sys.executable, "-P", "-m", "xlsforms.child"],
                stdin=theirs.fileno(),
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                env={"PYTHONPATH": str(_ROOT), "PYTHONDONTWRITEBYTECODE": "1", "LC_ALL": "C.UTF-8"},
                cwd="/",
            )

    @property
    def pid(self) -> int:
        return self._process.pid

    def end(self) -> None:
        """It sees the end of its control socket, and ends. In a process forked from the owner, that is not ours to
        wait for."""
        self.control.close()
        if self.owner == os.getpid():
            self._process.wait()


_lock = Lock()
_forking: _Forking | None = None


def run(
    request: Mapping[str, Any],
    content: bytes,
    *,
    limits: Limits,
    progress: Callable[[str, float | None], None],
) -> dict[str, Any]:
    """What `child` answers to a request. Raises Stopped."""
    with TemporaryDirectory(prefix="xlsform-") as scratch:  # pyxform writes the XForm to a file, too
        head = dict(request) | {"limits": asdict(limits), "scratch": scratch, "bytes": len(content)}
        line = json.dumps(head).encode() + b"\n"
        try:
            return _ask(line, content, limits, progress)
        except _Silent:  # it ended for want of work, or somebody ended it
            end()
        try:
            return _ask(line, content, limits, progress)
        except _Silent:
            raise Stopped("crash") from None


def process() -> int:
    """The process that forks, which is started if there is none: for who measures it."""
    return _ready().pid


def end() -> None:
    """Ends the process that forks; the next call starts another."""
    global _forking
    with _lock:
        if _forking is not None:
            _forking.end()
        _forking = None


atexit.register(end)


def _ask(
    head: bytes, content: bytes, limits: Limits, progress: Callable[[str, float | None], None]
) -> dict[str, Any]:
    ours, theirs = socket.socketpair()
    with ours:
        ours.settimeout(limits.wall_seconds + _PATIENCE)
        with theirs:
            try:
                socket.send_fds(_ready().control, [b"+"], [theirs.fileno()])
            except OSError as fault:
                raise _Silent from fault
        with suppress(OSError):  # if the child is gone, what is there to be read says why
            ours.sendall(head)
            ours.sendall(content)
        return _answer(ours, progress)


def _answer(ours: socket.socket, progress: Callable[[str, float | None], None]) -> dict[str, Any]:
    """Reads lines until one is the answer, or says how the child ended."""
    with ours.makefile("rb") as lines:
        try:
            for line in lines:
                said = json.loads(line)
                if "step" in said:
                    progress(said["step"], said["share"])
                elif "ended" in said:
                    raise Stopped(_SIGNALS.get(said["ended"], "crash" if said["ended"] else "memory"))
                else:
                    answer: dict[str, Any] = said
                    return answer
        except TimeoutError:
            end()
            raise Stopped("time") from None
        except ConnectionError:
            pass
    raise _Silent


def _ready() -> _Forking:
    global _forking
    with _lock:
        if _forking is None or _forking.owner != os.getpid():
            _forking = _Forking()
        return _forking
