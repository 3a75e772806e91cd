"""Whether anything is lost between the phone and the case: hundreds of interviews against a running server.

    python -m benchmarks.soak [--database sqlite|postgresql|both] [--interviews N] [--seed N]

Starts the server as users run it, with a new database, fills N screening and N assistance interviews with
JavaRosa on several phones, sends them in any order, some twice, some edited, and compares every answer with
JavaRosa's report: in the cases, found by its provenance, and in the downloads. Ends with 1 if there is a
difference.
"""

import argparse
import contextlib
import json
import socket
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from tests.clients.javarosa.phone import JavaMissing, Phone
from tests.line.office import Office
from tests.line.phones import day
from tests.line.whole import differences
from tests.postgresql import MissingTool, PostgreSQL
from tests.server import served

SHOWN = 60


@contextlib.contextmanager
def settings(database: str) -> Iterator[dict[str, str]]:
    """The environment of a server with a database of its own, durable as in use."""
    if database == "sqlite":
        yield {}
        return
    server = PostgreSQL(fsync="on")
    try:
        server.execute("CREATE DATABASE saif")
        yield {"DATABASE_URL": server.url("saif").render_as_string(hide_password=False)}
    finally:
        server.stop()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def soak(database: str, interviews: int, seed: int) -> int:
    """One run on one kind of database. Returns how many differences there were."""
    with contextlib.ExitStack() as open_:
        folder = Path(open_.enter_context(tempfile.TemporaryDirectory(prefix="soak-")))
        home = folder / "var"
        environment = open_.enter_context(settings(database))
        open_.enter_context(served(home, free_port(), **environment))
        office = Office(json.loads((home / "first-run.json").read_text()))
        open_.callback(office.close)
        java = Phone(time_zone="UTC")
        open_.callback(java.close)
        began = time.monotonic()
        crowd = day(office, java, folder, interviews=interviews, seed=seed)
        open_.callback(crowd.close)
        filled = time.monotonic()
        wrong, counts = differences(office, crowd.said)
        print(f"{database}: {len(crowd.said)} interviews, {crowd.sent} sendings in {filled - began:.0f} s")
        print(f"  compared in {time.monotonic() - filled:.0f} s")
        for kind, count in sorted(crowd.kinds.items()):
            print(f"  {count:5d}  {kind}")
        for what, counted in counts.items():
            print(f"  {what}: " + ", ".join(f"{count} {name}" for name, count in counted.items()))
    for line in wrong[:SHOWN]:
        print(f"  DIFFERENCE {line}")
    print(f"  {len(wrong)} differences", flush=True)
    return len(wrong)


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--database", choices=["sqlite", "postgresql", "both"], default="both")
    parser.add_argument("--interviews", type=int, default=300, help="of each form (default 300)")
    parser.add_argument("--seed", type=int, default=1, help="another seed gives other answers (default 1)")
    asked = parser.parse_args()
    databases = ["sqlite", "postgresql"] if asked.database == "both" else [asked.database]
    try:
        return 1 if sum([soak(one, asked.interviews, asked.seed) for one in databases]) else 0
    except (JavaMissing, MissingTool) as missing:
        print(f"soak needs {missing}", file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())
