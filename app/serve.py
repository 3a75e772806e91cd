"""Everything on one machine, in one command: prepare, then gunicorn and one worker, watched until the end."""

import contextlib
import ctypes
import gc
import http.client
import json
import multiprocessing
import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Sequence
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Final

import click
from gunicorn.app import wsgiapp

from app import api, fill, first_run, openrosa, tasks, ui  # noqa: F401 -- the doors, for gunicorn
from app.config import Config
from xlsforms import apart

ROOT: Final = Path(__file__).resolve().parent.parent
_PR_SET_PDEATHSIG: Final = 1
_PR_SET_NAME: Final = 15
_STOPPING: Final = (signal.SIGINT, signal.SIGTERM)
# Both processes are forked from this one, with all of SAIF imported: to import it again takes each of them longer than
# all the rest of a start, and memory of its own.
_FORKED: Final = multiprocessing.get_context("fork")
PATIENCE: Final = 40
"""Seconds a process has to end by itself: gunicorn lets requests finish for 30."""


def serve(config: Config) -> int:
    """Serve until SIGINT or SIGTERM, or until a process of ours dies. Returns the exit status."""
    stop = threading.Event()
    for number in _STOPPING:
        signal.signal(number, lambda *_: stop.set())
    note = first_run.prepare(config)
    if note:
        click.echo(json.dumps(note, indent=1))
    apart.end()
    gc.freeze()  # or each process copies what its collector touches
    processes = [_run("web", _web, config), _run("worker", tasks.run, config)]
    status = 0
    announced = False
    while status == 0 and not stop.wait(0.2):
        for process in processes:
            if process.exitcode is not None:
                click.echo(f"The {process.name} process ended by itself; stopping the others.", err=True)
                status = 1
        if not announced and _ready(config):
            announced = True
            click.echo(f"SAIF is ready at {config.url or f'http://127.0.0.1:{config.port}'}", err=True)
    _end(processes)
    return status


def _run(name: str, what: Callable[[Config], None], config: Config) -> BaseProcess:
    process = _FORKED.Process(name=name, target=_forked, args=(name, what, config))
    # It may be told to stop at once, and would take that for a word to the parent until it knows what it is.
    signal.pthread_sigmask(signal.SIG_BLOCK, _STOPPING)
    process.start()
    signal.pthread_sigmask(signal.SIG_UNBLOCK, _STOPPING)
    return process


def _forked(name: str, what: Callable[[Config], None], config: Config) -> None:
    # A session of its own: Ctrl-C reaches the parent only, which ends each process in its own way.
    os.setsid()
    _introduce(f"saif {name}")
    for number in _STOPPING:
        signal.signal(number, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, _STOPPING)
    what(config)


def _introduce(name: str) -> None:
    """Tell the kernel what `ps -o comm` shall call the process, and to send it SIGTERM when the parent is gone, however
    it went: else a killed `saif serve` would leave its processes on the port (prctl(2), Linux only; elsewhere they
    stay)."""
    with contextlib.suppress(OSError, AttributeError):
        prctl = ctypes.CDLL(None).prctl
        prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
        prctl(_PR_SET_NAME, name.encode())


def _web(_config: Config) -> None:
    sys.argv = ["gunicorn", "--config", str(ROOT / "gunicorn.conf.py"), "app:create_app()"]
    wsgiapp.run()


def _end(processes: Sequence[BaseProcess]) -> None:
    for process in processes:
        process.terminate()
    deadline = time.monotonic() + PATIENCE
    for process in processes:
        process.join(max(0.1, deadline - time.monotonic()))
        if process.exitcode is None:
            assert process.pid is not None
            os.killpg(process.pid, signal.SIGKILL)
            process.join()


def _ready(config: Config) -> bool:
    connection = http.client.HTTPConnection("127.0.0.1", config.port, timeout=1)
    try:
        connection.request("GET", "/healthz")
        return connection.getresponse().status == 200
    except OSError:
        return False
    finally:
        connection.close()
