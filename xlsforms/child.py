"""The process that compiles: it has pyxform ready, and forks a child of itself for every upload.

    python -m xlsforms.child    with a socket for its standard input; see `apart`

It runs apart because a workbook may cost any amount of time and memory, because pyxform and the spreadsheet
libraries under it read hostile files, and because pyxform configures logging when it is imported. Every message on
the control socket brings a connection, on which a line of JSON and the bytes of the upload come, and lines of JSON
go back: the steps, then the answer, or the signal by which the child ended.
"""

import gc
import json
import os
import resource
import select
import signal
import socket
import tempfile
from contextlib import suppress
from typing import Any

from xlsforms import dictionary
from xlsforms.annotate import annotate_here
from xlsforms.compile import compile_here
from xlsforms.convert import prepare
from xlsforms.finding import Finding
from xlsforms.translate import translate_here
from xlsforms.workbook import Limits

IDLE = 900.0
"""Seconds without work after which the process ends."""


def main() -> None:
    """Forks until the control socket is closed. Nothing is shared by the children but what was imported."""
    prepare()
    dictionary.load()
    gc.collect()
    gc.freeze()  # or the children copy what the collector touches
    serve(socket.socket(fileno=0), IDLE)


def serve(control: socket.socket, idle: float) -> None:
    """Forks a child for each connection that comes, and tells each connection how its child ended."""
    bell, rung = socket.socketpair()
    bell.setblocking(False)
    signal.set_wakeup_fd(bell.fileno())
    signal.signal(signal.SIGCHLD, lambda *_: None)  # ends the waiting below
    connections: dict[int, socket.socket] = {}
    while True:
        ready, _, _ = select.select([control, rung], [], [], None if connections else idle)
        if rung in ready:
            rung.recv(4096)
            _reap(connections)
        if control in ready:
            _, arrived, _, _ = socket.recv_fds(control, 1, 1)
            if not arrived:
                return
            connection = socket.socket(fileno=arrived[0])
            pid = os.fork()
            if pid == 0:
                signal.set_wakeup_fd(-1)
                for open_ in (control, bell, rung, *connections.values()):
                    open_.close()
                _child(connection)
            connections[pid] = connection
        elif not ready:
            return


def _reap(connections: dict[int, socket.socket]) -> None:
    while connections:
        pid, status = os.waitpid(-1, os.WNOHANG)
        if pid == 0:
            return
        with connections.pop(pid) as connection:
            ended = os.WTERMSIG(status) if os.WIFSIGNALED(status) else 0
            with suppress(OSError):  # nobody waits for it any more
                connection.sendall(_line({"ended": ended}))


def _child(connection: socket.socket) -> None:
    """Answers one request, and never returns."""
    try:
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        gc.disable()  # it lives for one upload
        with connection.makefile("rb") as stream:
            request = json.loads(stream.readline())
            restrict(Limits(**request["limits"]))
            tempfile.tempdir = request["scratch"]
            connection.sendall(_line(answer(request, stream.read(request["bytes"]), connection)))
    finally:
        os._exit(0)


def restrict(limits: Limits) -> None:
    """What this process may cost from now on: the kernel ends it, whatever it is doing."""
    signal.setitimer(signal.ITIMER_REAL, max(limits.wall_seconds, 1e-3))
    resource.setrlimit(resource.RLIMIT_CPU, (limits.cpu_seconds, limits.cpu_seconds + 5))
    resource.setrlimit(resource.RLIMIT_AS, (limits.memory, limits.memory))
    resource.setrlimit(resource.RLIMIT_FSIZE, (limits.xform, limits.xform))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def answer(request: dict[str, Any], content: bytes, connection: socket.socket) -> dict[str, Any]:
    """What was made, as JSON; `ended` 0 where memory was short."""

    def tell(step: str, share: float | None) -> None:
        connection.sendall(_line({"step": step, "share": share}))

    limits = Limits(**request["limits"])
    try:
        if "findings" in request:
            findings = [Finding.from_json(one) for one in request["findings"]]
            return annotate_here(content, request["kind"], findings, limits=limits)
        if "file" in request:  # the last bytes are a file of translations
            length = len(content) - request["file"]
            return translate_here(
                content[:length],
                request["kind"],
                content[length:],
                language=request["language"],
                limits=limits,
            ).to_json()
        return compile_here(
            request["kind"], content, request["name"], beside=request["beside"], limits=limits, progress=tell
        ).to_json()
    except MemoryError:
        return {"ended": 0}
    except RecursionError:
        return {"fault": "RecursionError"}
    except Exception as fault:  # noqa: BLE001 - whatever a hostile file provokes is a finding
        return {"fault": type(fault).__name__}


def _line(message: dict[str, Any]) -> bytes:
    return json.dumps(message).encode() + b"\n"


if __name__ == "__main__":
    main()
