"""The server as users run it, and what its processes cost."""

import contextlib
import logging
import multiprocessing
import os
import signal
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing.process import BaseProcess
from pathlib import Path

from flask import Flask
from gunicorn.app import wsgiapp
from werkzeug.serving import make_server

ROOT = Path(__file__).parent.parent
_TICKS = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True)
class Server:
    """A running gunicorn: its master and its workers."""

    process: BaseProcess
    port: int
    workers: int = 2

    @property
    def pid(self) -> int:
        assert self.process.pid is not None
        return self.process.pid

    @property
    def pids(self) -> list[int]:
        """The master and its workers."""
        children = Path(f"/proc/{self.pid}/task/{self.pid}/children").read_text()
        return [self.pid, *map(int, children.split())]

    def cpu(self) -> float:
        """Seconds of processor time of all of them so far."""
        total = 0.0
        for pid in self.pids:
            fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
            total += (int(fields[11]) + int(fields[12])) / _TICKS
        return total

    def memory(self, field: str = "VmHWM") -> dict[int, int]:
        """Bytes of each worker: VmHWM is the peak, VmRSS what it has now."""
        found = {}
        for pid in self.pids[1:]:
            lines = Path(f"/proc/{pid}/status").read_text().splitlines()
            found[pid] = next(int(line.split()[1]) for line in lines if line.startswith(f"{field}:")) * 1024
        return found

    def kill(self) -> None:
        """SIGKILL to all of them: no farewell, no flush."""
        for pid in self.pids:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        self.process.join()


@contextmanager
def threaded(app: Flask) -> Iterator[str]:
    """The application in threads of this process, on a port of its own; gives its address."""
    logging.getLogger("werkzeug").setLevel(logging.WARNING)
    server = make_server("127.0.0.1", 0, app, threaded=True)
    # To be told to stop it looks up from its work as often as it is said here, else twice a second.
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


# To import all of SAIF takes a second and a half, in the master and in each worker: servers are forked from a process
# that has.
_PROCESSES = multiprocessing.get_context("forkserver")
_PROCESSES.set_forkserver_preload(["app.openrosa", "app.api", "app.ui", "gunicorn.app.wsgiapp"])


def _gunicorn(environ: dict[str, str], output: Path | None) -> None:
    """What a server's process does: become gunicorn, as the Procfile starts it."""
    os.chdir(ROOT)
    os.environ.clear()
    os.environ.update(environ)
    if output is not None:
        written = os.open(output, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        for stream in (sys.stdout, sys.stderr):
            os.dup2(written, stream.fileno())
    sys.argv = ["gunicorn", "--config", "gunicorn.conf.py", "app:create_app()"]
    wsgiapp.run()


@contextmanager
def serve(environ: dict[str, str], *, port: int, output: Path | None = None) -> Iterator[Server]:
    """Start gunicorn with the project's own configuration and wait until it is ready. What it says goes to the end
    of the file `output`."""
    said = {**os.environ, **environ, "PORT": str(port)}
    process = _PROCESSES.Process(target=_gunicorn, args=(said, output))
    process.start()
    server = Server(process, port, int(said.get("WEB_CONCURRENCY", "2")))
    try:
        while not (_ready(f"http://127.0.0.1:{port}") and len(server.pids) > server.workers):
            if not process.is_alive():
                raise RuntimeError("the server did not start")
            time.sleep(0.02)
        yield server
    finally:
        if process.is_alive():
            server.kill()  # to end well it would wait for phones that keep their connections


@contextmanager
def served(home: Path, port: int, **settings: str) -> Iterator[tuple[subprocess.Popen[bytes], str, float]]:
    """`saif serve`, web and worker: its process, its base URL, the seconds it took to be ready.

    What it prints goes to `out.txt` beside `home`. At the end it is stopped as by Ctrl-C, and must end well.
    """
    base, said = f"http://127.0.0.1:{port}", home.parent / "out.txt"
    ours = ("SAIF_", "DATABASE_", "BLOB_")
    environment = {name: value for name, value in os.environ.items() if not name.startswith(ours)}
    environment |= {"SAIF_HOME": str(home), "PORT": str(port), **settings}
    started = time.monotonic()
    with said.open("a") as out:
        process = subprocess.Popen(
            [sys.executable, "-m", "app.cli", "serve"], cwd=ROOT, env=environment, stdout=out, stderr=out
        )
        try:
            while not _ready(base):
                assert process.poll() is None, said.read_text()
                assert time.monotonic() - started < 180, said.read_text()
                time.sleep(0.05)
            yield process, base, time.monotonic() - started
            if process.poll() is None:
                process.send_signal(signal.SIGINT)
                assert process.wait(45) == 0, said.read_text()
        finally:
            if process.poll() is None:
                process.kill()
                process.wait()


def _ready(base: str) -> bool:
    try:
        with urllib.request.urlopen(f"{base}/healthz", timeout=2) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False
