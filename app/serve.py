"""Everything on one machine, in one command: prepare, then gunicorn and one worker, watched until the end."""

import contextlib
import ctypes
import http.client
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Final

import click

from app import first_run
from app.config import Config

ROOT: Final = Path(__file__).resolve().parent.parent
_PR_SET_PDEATHSIG: Final = 1
PATIENCE: Final = 40
"""Seconds a process has to end by itself: gunicorn lets requests finish for 30."""


def serve(config: Config) -> int:
    """Serve until SIGINT or SIGTERM, or until a process of ours dies. Returns the exit status."""
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    note = first_run.prepare(config)
    if note:
        click.echo(json.dumps(note, indent=1))
    processes = _start(config)
    status = 0
    announced = False
    while status == 0 and not stop.wait(0.2):
        for name, process in processes.items():
            if process.poll() is not None:
                click.echo(f"The {name} process ended by itself; stopping the others.", err=True)
                status = 1
        if not announced and _ready(config):
            announced = True
            click.echo(f"SAIF is ready at {config.url or f'http://127.0.0.1:{config.port}'}", err=True)
    _end(processes)
    return status


def _start(config: Config) -> dict[str, subprocess.Popen[bytes]]:
    environment = {**os.environ, "PORT": str(config.port), "SAIF_HOME": str(config.home)}
    gunicorn = [
        sys.executable,
        "-m",
        "gunicorn",
        "--config",
        str(ROOT / "gunicorn.conf.py"),
        "app:create_app()",
    ]
    worker = [sys.executable, "-m", "app.cli", "worker"]
    return {"web": _run(gunicorn, environment), "worker": _run(worker, environment)}


def _run(command: list[str], environment: Mapping[str, str]) -> "subprocess.Popen[bytes]":
    # A session of its own: Ctrl-C reaches us only, and we end each process in its own way.
    return subprocess.Popen(  # noqa: S603 -- our own commands
        command, env=environment, cwd=ROOT, start_new_session=True, preexec_fn=_end_with_parent
    )


def _end_with_parent() -> None:
    """Ask the kernel for SIGTERM when the parent is gone, however it went: else a killed `saif serve` would leave
    its processes on the port (prctl(2), Linux only; elsewhere they stay)."""
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)


def _end(processes: Mapping[str, "subprocess.Popen[bytes]"]) -> None:
    for process in processes.values():
        if process.poll() is None:
            process.terminate()
    deadline = time.monotonic() + PATIENCE
    for process in processes.values():
        try:
            process.wait(max(0.1, deadline - time.monotonic()))
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def _ready(config: Config) -> bool:
    connection = http.client.HTTPConnection("127.0.0.1", config.port, timeout=1)
    try:
        connection.request("GET", "/healthz")
        return connection.getresponse().status == 200
    except OSError:
        return False
    finally:
        connection.close()
