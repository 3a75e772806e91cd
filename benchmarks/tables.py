"""What a page of a form's table costs, whatever it is filtered and sorted by.

    python -m benchmarks.tables [--database sqlite|postgresql|both] [--stored N] [--home DIRECTORY]

A store of N interviews of 150 questions (100,000). Of each kind of page the first and one further on are read, ten
times; printed is the CPU of the process in which pages are made and, with PostgreSQL, that of its server added. Ends
with 1 if a page takes more than 150 ms. With `--home` the store (of SQLite) is kept there, and used again.
"""

import argparse
import contextlib
import os
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from sqlalchemy import Engine, text
from sqlalchemy.orm import Session

from app import keys, policy
from app.db import make_engine
from app.services import form_table
from app.services.form_table import Asked
from app.services.table_filter import AnswerFilter
from benchmarks import crowd, indexed

BUDGET: Final = 0.150
"""Seconds of CPU a page may take."""
TIMES: Final = 10
_LEAST, _MOST = AnswerFilter("q081", "ge", "1000"), AnswerFilter("q081", "ge", "0")

PAGES: Final[dict[str, Asked]] = {
    "newest first": Asked(),
    "by date held, half of all": Asked(sort="held", answers=(AnswerFilter("q001", "is", "c1"),)),
    "by device": Asked(sort="device"),
    "rejected, by a number": Asked(sort="q081", review="rejected"),
    "no such state, by a number": Asked(sort="q081", state="failed"),
    "by a number, downwards": Asked(sort="-q082"),
    "by a date": Asked(sort="q111"),
    "one answer, by a decimal": Asked(sort="q101", answers=(AnswerFilter("q051", "is", "c1"),)),
    "three answers": Asked(answers=tuple(AnswerFilter(f"q00{one}", "is", "c1") for one in (1, 2, 3))),
    "three answers, by a date": Asked(
        sort="-q112", answers=tuple(AnswerFilter(f"q00{one}", "is", "c1") for one in (1, 2, 3))
    ),
    "two that exclude each other": Asked(sort="q111", answers=(_MOST, _LEAST)),
    "all that answered, by a choice": Asked(sort="q003", answers=(_MOST,)),
    "without an answer": Asked(answers=(AnswerFilter("q001", "empty"),)),
    "another answer, by a number": Asked(sort="q083", answers=(AnswerFilter("q002", "not", "c1"),)),
    "one of several": Asked(sort="q111", answers=(AnswerFilter("q071", "is", "c2"),)),
    "in a repeat, by a decimal": Asked(sort="-q101", answers=(AnswerFilter("journey/country", "is", "c2"),)),
    "search that finds half": Asked(search="choice 1", columns=("q001", "q002", "q051", "q081", "q111")),
    "search that finds nothing": Asked(search="zzz", sort="q081"),
    "search in a case, by a date": Asked(
        search="choice 4 of five", sort="q113", columns=("q001", "q002", "q051")
    ),
}


class Clock:
    """CPU of this process and of the server's process at the other end of the connection."""

    def __init__(self, session: Session) -> None:
        self._server = None
        if session.get_bind().dialect.name == "postgresql":
            self._server = session.scalar(text("SELECT pg_backend_pid()"))

    def read(self) -> float:
        spent = time.process_time()
        if self._server is not None:
            fields = Path(f"/proc/{self._server}/stat").read_text().rpartition(")")[2].split()
            spent += (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
        return spent


def measure(engine: Engine, mission_id: int) -> Iterator[tuple[str, float, int]]:
    """Name, seconds of CPU a page, rows of the first page."""
    with Session(engine) as session:
        clock = Clock(session)
        for name, asked in PAGES.items():
            spent, rows = _spent(session, clock, mission_id, asked)
            yield name, spent, rows


def _spent(session: Session, clock: Clock, mission_id: int, asked: Asked) -> tuple[float, int]:
    def page(**where: object) -> form_table.TablePage:
        return form_table.read_page(
            session,
            actor=policy.COMMAND,
            mission_id=mission_id,
            xml_form_id=indexed.FORM_ID,
            asked=asked,
            **where,  # type: ignore[arg-type]  # by name
        )

    first = page()
    began = clock.read()
    for _ in range(TIMES):
        first = page()
    whole = (clock.read() - began) / TIMES
    if first.after is not None:
        began = clock.read()
        for _ in range(TIMES):
            page(after=first.after)
        whole = max(whole, (clock.read() - began) / TIMES)
    return whole, len(first.rows)


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--database", choices=["sqlite", "postgresql", "both"], default="both")
    parser.add_argument("--stored", type=int, default=100_000)
    parser.add_argument("--home", type=Path)
    said = parser.parse_args()
    worst = 0.0
    for kind in ["sqlite", "postgresql"] if said.database == "both" else [said.database]:
        with contextlib.ExitStack() as open_:
            home = said.home or Path(open_.enter_context(tempfile.TemporaryDirectory()))
            there = kind == "sqlite" and (home / "saif.db").exists()
            engine = make_engine(open_.enter_context(crowd.database(kind, home)))
            mission_id = 1
            if not there:
                began = time.perf_counter()
                keyring = keys.generate(Path(open_.enter_context(tempfile.TemporaryDirectory())) / "keys")
                mission_id = indexed.fill(engine, keyring, count=said.stored).mission_id
                print(f"{kind}: {said.stored:,} stored in {time.perf_counter() - began:.0f} s", flush=True)
            for name, spent, rows in measure(engine, mission_id):
                worst = max(worst, spent)
                print(f"{kind:10} {spent * 1000:6.0f} ms  {rows:3} rows  {name}", flush=True)
            engine.dispose()
    return int(worst > BUDGET)


if __name__ == "__main__":
    sys.exit(main())
