"""The server as users run it, and what its processes cost."""

import contextlib
import os
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

ROOT = Path(__file__).parent.parent
_TICKS = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True)
class Server:
    """A running gunicorn: its master and its workers."""

    process: subprocess.Popen[bytes]
    port: int

    @property
    def pids(self) -> list[int]:
        """The master and its workers."""
        children = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text()
        return [self.process.pid, *map(int, children.split())]

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
        self.process.wait()


@contextmanager
def serve(environ: dict[str, str], *, port: int, output: int | IO[bytes] | None = None) -> Iterator[Server]:
    """Start gunicorn with the project's own configuration and wait until it is ready."""
    command = [sys.executable, "-m", "gunicorn", "--config", "gunicorn.conf.py", "app:create_app()"]
    process = subprocess.Popen(
        command, env={**os.environ, **environ, "PORT": str(port)}, cwd=ROOT, stdout=output, stderr=output
    )
    try:
        for _ in range(300):
            try:
                urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz", timeout=5).close()
                break
            except OSError:
                if process.poll() is not None:
                    raise RuntimeError("the server did not start") from None
                time.sleep(0.1)
        time.sleep(0.5)  # the second worker
        yield Server(process, port)
    finally:
        process.terminate()
        process.wait(timeout=60)


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
