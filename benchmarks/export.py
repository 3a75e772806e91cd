"""How fast downloads are made, when their first byte comes, and that memory does not grow with them.

    python -m benchmarks.export [--database sqlite|postgresql] [--questions 150] [--stored 100000] [--format csv]

A store of N interviews of a form of so many questions (benchmarks/store.py), downloaded in each format as the page and
the REST interface hand it out, each in a process of its own, on one core.
"""

import argparse
import os
import resource
import sys
import tempfile
import time
from pathlib import Path

from sqlalchemy.orm import Session

from app import keys, policy
from app.blobs import BlobStore
from app.db import make_engine
from app.keys import Keyring
from app.services import export
from benchmarks import crowd, store

FORMATS = ("csv", "xlsx", "jsonl", "parquet", "spss", "stata")


def measure(url: object, home: Path, mission: int, stored: int, format_name: str) -> str:
    """One download."""
    engine = make_engine(url)  # type: ignore[arg-type]  # text is one
    keyring, blobs = Keyring.load(home / "keys"), BlobStore((home / "blobs").as_uri())
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1000
    began, cpu = time.perf_counter(), time.process_time()
    with Session(engine) as session:
        made = export.download(
            session, keyring=keyring, blobs=blobs, actor=policy.COMMAND, mission_id=mission, xml_form_id=store.FORM,
            format_name=format_name,
        )  # fmt: skip
    size, first = 0, 0.0
    for chunk in made.chunks:
        first = first or (time.perf_counter() - began if chunk else 0.0)
        size += len(chunk)
    seconds, cpu = time.perf_counter() - began, time.process_time() - cpu
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1000
    return (
        f"{stored / seconds:6.0f}/s  first byte {first * 1000:4.0f} ms  {size / 1e6:6.1f} MB  "
        f"CPU {cpu / stored * 1e6:5.0f} µs each  peak {peak:.0f} MB (before: {before:.0f})"
    )


def apart(*asked: object) -> None:
    """Measure in a process of its own, and print."""
    if (child := os.fork()) == 0:
        try:
            print(f"export {asked[-1]:8}", measure(*asked), flush=True)  # type: ignore[arg-type]  # in its order
        except Exception as error:  # noqa: BLE001 -- a limit that is met is a result
            print(f"export {asked[-1]:8}", getattr(error, "detail", None) or repr(error), flush=True)
        os._exit(0)
    os.waitpid(child, 0)


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--database", choices=["sqlite", "postgresql"], default="sqlite")
    parser.add_argument("--stored", type=int, default=5000, help="interviews there")
    parser.add_argument("--questions", type=int, default=150)
    parser.add_argument("--format", choices=FORMATS, action="append")
    said = parser.parse_args()
    with tempfile.TemporaryDirectory() as directory, crowd.database(said.database, Path(directory)) as url:
        home = Path(directory)
        keyring = keys.generate(home / "keys")
        engine = make_engine(url)
        mission = store.furnish(engine, said.questions)
        began = time.perf_counter()
        store.fill(engine, keyring, mission, said.stored, said.questions)
        taken = time.perf_counter() - began
        print(f"{said.stored} interviews of {said.questions} questions stored and packed in {taken:.0f} s")
        engine.dispose()
        for format_name in said.format or FORMATS:
            apart(url, home, mission, said.stored, format_name)
    return 0


if __name__ == "__main__":
    sys.exit(main())
