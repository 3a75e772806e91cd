"""How fast the worker works off its queue, and what one submission costs it.

    python -m benchmarks.normalise [--database sqlite|postgresql] [--stored N] [--count N]

One worker in this process, durable; real interviews in the forms of this project (about 7 kB, a hundred
answers), of which a third are about a case that is there. CPU is the worker's; the database server's counts
for the rate only.
"""

import argparse
import resource
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

from sqlalchemy import Engine, event, func, select
from sqlalchemy.orm import Session

from app import keys
from app.blobs import BlobStore
from app.db import make_engine
from app.keys import Keyring
from app.models import Submission
from app.services import normalise
from benchmarks import crowd


def count_statements(engine: Engine) -> Counter[str]:
    """Counts statements from now on."""
    found: Counter[str] = Counter()

    def note(_connection, _cursor, _statement, _parameters, _context, _many):
        found["statements"] += 1

    event.listen(engine, "before_cursor_execute", note)
    return found


def measure(engine: Engine, keyring: Keyring, blobs: BlobStore, count: int) -> str:
    """Work off the queue, which holds `count`."""
    statements = count_statements(engine)
    began, cpu = time.perf_counter(), time.process_time()
    done = normalise.run_until_empty(engine, keyring=keyring, blobs=blobs)
    seconds, cpu = time.perf_counter() - began, time.process_time() - cpu
    assert done.claimed == count, done
    assert not done.failed, done
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1000
    return (
        f"{count / seconds:5.0f}/s  ({seconds:.1f} s for {count})  CPU {cpu / count * 1000:.2f} ms  "
        f"{statements['statements'] / count:.1f} statements each  peak {peak:.0f} MB"
    )


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--database", choices=["sqlite", "postgresql", "both"], default="both")
    parser.add_argument(
        "--stored", type=int, action="append", help="submissions there before (default: 1000)"
    )
    parser.add_argument("--count", type=int, default=5000)
    said = parser.parse_args()
    for kind in ["sqlite", "postgresql"] if said.database == "both" else [said.database]:
        with tempfile.TemporaryDirectory() as directory, crowd.database(kind, Path(directory)) as url:
            keyring = keys.generate(Path(directory) / "keys")
            blobs = BlobStore((Path(directory) / "blobs").as_uri())
            engine = make_engine(url)
            mission = crowd.furnish(engine)
            source = crowd.interviews()
            for stored in said.stored or [1000]:
                with Session(engine) as session:
                    there = session.scalar(select(func.count()).select_from(Submission)) or 0
                crowd.receive(engine, keyring, mission, source, max(stored - there, 0))
                normalise.run_until_empty(engine, keyring=keyring, blobs=blobs)
                crowd.receive(engine, keyring, mission, source, said.count)
                print(
                    f"normalise {kind:10} {stored:>7} stored: {measure(engine, keyring, blobs, said.count)}",
                    flush=True,
                )
            engine.dispose()
    return 0


if __name__ == "__main__":
    sys.exit(main())
