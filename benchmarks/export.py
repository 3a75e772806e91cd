"""How fast a download is made, and that its memory does not grow with it.

    python -m benchmarks.export [--database sqlite|postgresql] [--stored N]

The whole `submissions.csv.zip` of the screening form, as the download page hands it out, from a store of N
interviews of both forms (6,000 and 600, to compare). Opening and reading each submission is most of it.
"""

import argparse
import resource
import sys
import tempfile
import time
from pathlib import Path

from sqlalchemy import Engine, func, select
from sqlalchemy.orm import Session

from app import keys, policy
from app.blobs import BlobStore
from app.db import make_engine
from app.keys import Keyring
from app.models import Submission
from app.services import export, normalise
from benchmarks import crowd
from benchmarks.normalise import count_statements


def measure(engine: Engine, keyring: Keyring, blobs: BlobStore, mission: int) -> str:
    """One download."""
    statements = count_statements(engine)
    with Session(engine) as session:
        count = session.scalar(select(func.count()).where(Submission.xml_form_id == "ct_screening")) or 1
        began, cpu = time.perf_counter(), time.process_time()
        made = export.download(
            session,
            keyring=keyring,
            blobs=blobs,
            actor=policy.COMMAND,
            mission_id=mission,
            xml_form_id="ct_screening",
        )
    size = sum(len(chunk) for chunk in made.chunks)
    seconds, cpu = time.perf_counter() - began, time.process_time() - cpu
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1000
    return (
        f"{count / seconds:5.0f}/s  ({count} rows, {size / 1e6:.1f} MB)  CPU {cpu / count * 1000:.2f} ms  "
        f"{statements['statements'] / count:.2f} statements each  peak {peak:.0f} MB"
    )


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--database", choices=["sqlite", "postgresql", "both"], default="both")
    parser.add_argument(
        "--stored", type=int, action="append", help="interviews there (default: 600 and 6000)"
    )
    said = parser.parse_args()
    for kind in ["sqlite", "postgresql"] if said.database == "both" else [said.database]:
        with tempfile.TemporaryDirectory() as directory, crowd.database(kind, Path(directory)) as url:
            keyring = keys.generate(Path(directory) / "keys")
            blobs = BlobStore((Path(directory) / "blobs").as_uri())
            engine = make_engine(url)
            mission = crowd.furnish(engine)
            source = crowd.interviews()
            for stored in said.stored or [600, 6000]:
                with Session(engine) as session:
                    there = session.scalar(select(func.count()).select_from(Submission)) or 0
                crowd.receive(engine, keyring, mission, source, max(stored - there, 0))
                normalise.run_until_empty(engine, keyring=keyring, blobs=blobs)
                print(
                    f"export {kind:10} {stored:>7} stored: {measure(engine, keyring, blobs, mission)}",
                    flush=True,
                )
            engine.dispose()
    return 0


if __name__ == "__main__":
    sys.exit(main())
