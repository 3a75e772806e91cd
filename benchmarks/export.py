"""How fast downloads are made, when their first byte comes, and that memory does not grow with them.

    python -m benchmarks.export [--database sqlite|postgresql] [--questions 150] [--stored 100000] [--format csv]
                                [--keep DIRECTORY]

A store of N interviews of a form of so many questions (benchmarks/store.py), downloaded in each format as the page and
the REST interface hand it out, each in a process of its own, on one core. With `--keep` the store (SQLite) stays in that
directory, and is taken from there the next time.
"""

import argparse
import multiprocessing
import resource
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import URL, select
from sqlalchemy.orm import Session

from app import keys, policy
from app.blobs import BlobStore
from app.db import make_engine
from app.keys import Keyring
from app.models import Mission, Submission
from app.problems import Problem
from app.services import condition
from app.services.export import Download, Filters
from app.services.wanted import Wanted
from benchmarks import crowd, store

FORMATS = ("csv", "xlsx", "jsonl", "parquet", "spss", "stata")
LIMITED = 20_000
"""Interviews taken where a format does not hold all of them."""


class _NoPandas:
    """Only tests need pandas, and an installation has none; pyarrow would load it if it were there."""

    def find_spec(self, name: str, path: object = None, target: object = None) -> None:  # noqa: ARG002 -- importlib's
        if name == "pandas":
            raise ModuleNotFoundError(name)


def measure(url: object, home: Path, mission: int, format_name: str) -> str:
    """One download, of as many of the interviews as its format holds."""
    sys.meta_path.insert(0, _NoPandas())  # type: ignore[arg-type]  # it finds nothing
    engine = make_engine(url)  # type: ignore[arg-type]  # text is one
    keyring, blobs = Keyring.load(home / "keys"), BlobStore((home / "blobs").as_uri())

    def asked(filters: Filters) -> Download:
        with Session(engine) as session:
            return (
                Wanted(format_name, store.FORM, filters)
                .prepare(session, keyring=keyring, blobs=blobs, actor=policy.COMMAND, mission_id=mission)
                .begin()
            )

    filters = Filters()
    began, cpu = time.perf_counter(), time.process_time()
    try:
        made = asked(filters)
    except Problem as problem:
        print(f"export {format_name:8} {problem.detail}", flush=True)
        with Session(engine) as session:
            newest = select(Submission.received_at).order_by(Submission.id.desc())
            since = session.scalars(newest.offset(LIMITED).limit(1)).one()
        filters = Filters(condition.read(f"__system/submissionDate gt {since.isoformat()}"))
        began, cpu = time.perf_counter(), time.process_time()
        made = asked(filters)
    size, first, first_cpu = 0, 0.0, 0.0
    for chunk in made.chunks:
        if chunk and not first:
            first, first_cpu = time.perf_counter() - began, time.process_time() - cpu
        size += len(chunk)
    seconds, cpu, done = time.perf_counter() - began, time.process_time() - cpu, made.done()
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1000
    return (
        f"{done:6} in {seconds:5.1f} s: {done / seconds:6.0f}/s by the clock, {done / cpu:6.0f}/s by CPU  "
        f"first byte {first * 1000:4.0f} ms (CPU {first_cpu * 1000:3.0f})  {size / 1e6:6.1f} MB  peak {peak:.0f} MB"
    )


def apart(*asked: object) -> None:
    """Measure in a process of its own, whose peak is its own, and print."""
    child = multiprocessing.get_context("spawn").Process(target=_printed, args=asked)
    child.start()
    child.join()


def _printed(*asked: object) -> None:
    try:
        print(f"export {asked[-1]:8}", measure(*asked), flush=True)  # type: ignore[arg-type]  # in its order
    except Exception as error:  # noqa: BLE001 -- a limit that is met is a result
        print(f"export {asked[-1]:8}", getattr(error, "detail", None) or repr(error), flush=True)


@contextmanager
def stored(kind: str, keep: Path | None, count: int, questions: int) -> Iterator[tuple[URL, Path, int]]:
    """The store's database and directory, and its mission: made, or as it was kept."""
    if keep is not None and (keep / "saif.db").exists():
        url = URL.create("sqlite", database=str(keep / "saif.db"))
        with Session(make_engine(url)) as session:
            yield url, keep, session.scalars(select(Mission.id)).one()
        return
    with tempfile.TemporaryDirectory() as directory:
        home = keep or Path(directory)
        home.mkdir(parents=True, exist_ok=True)
        with crowd.database(kind, home) as url:
            engine = make_engine(url)
            keyring, began = keys.generate(home / "keys"), time.perf_counter()
            mission = store.furnish(engine, questions)
            store.fill(engine, keyring, mission, count, questions)
            taken = time.perf_counter() - began
            print(
                f"{count} interviews of {questions} questions stored and packed in {taken:.0f} s", flush=True
            )
            engine.dispose()
            yield url, home, mission


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--database", choices=["sqlite", "postgresql"], default="sqlite")
    parser.add_argument("--stored", type=int, default=5000, help="interviews there")
    parser.add_argument("--questions", type=int, default=150)
    parser.add_argument("--format", choices=FORMATS, action="append")
    parser.add_argument("--keep", type=Path, help="where the store stays")
    said = parser.parse_args()
    with stored(said.database, said.keep, said.stored, said.questions) as (url, home, mission):
        for format_name in said.format or FORMATS:
            apart(url, home, mission, format_name)
    return 0


if __name__ == "__main__":
    sys.exit(main())
