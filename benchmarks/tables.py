"""What a page costs in a store of 100,000 interviews: lists and tables, home, figures, a case, a feed page by page.

    python -m benchmarks.tables [--database sqlite|postgresql|both] [--stored N] [--home DIRECTORY] [--url URL] [NAME …]

N interviews of 150 questions (100,000; `indexed`), and as many in cases (`multitude`). Each page is asked for through
the application, as somebody signed in, and rendered; printed is the CPU of the process and, with PostgreSQL, of its
server, for one of TIMES requests, and how many statements it sends; in brackets that of the first request, after which
what was counted of cases is remembered. Ends with 1 if a page is over its budget. With
`--home` what is made is kept there, keys included, and used again; with `--url`, an empty or filled database of a server
that runs. With names only the pages whose name holds one of them, `feed` for the feed.
"""

import argparse
import contextlib
import os
import sys
import tempfile
import time
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlencode

from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import URL, Engine, event, func, make_url, select, text
from sqlalchemy.orm import Session

from app import create_app, keys, policy
from app.blobs import BlobStore
from app.config import Config
from app.db import db, make_engine, writing
from app.keys import Keyring
from app.models import CaseState, Mission, Model, Submission, User
from app.services import paging, users
from app.services.attention import ORDER
from app.services.case_list import SORTS
from benchmarks import crowd, indexed, multitude

BUDGET: Final = 0.150
"""Seconds of CPU a page may take."""
OF_A_CASE: Final = 0.100
"""The same for the page of a case."""
TIMES: Final = 5
EMAIL, PASSWORD = "office@saif.example", "correct horse battery staple"

_THREE: Final = ["q001 is c1", "q002 is c1", "q003 is c1"]
TABLE: Final[dict[str, dict[str, Any]]] = {
    "newest first": {},
    "by date held, half of all": {"sort": "held", "f": "q001 is c1"},
    "by device": {"sort": "device"},
    "rejected, by a number": {"sort": "q081", "review": "rejected"},
    "no such state, by a number": {"sort": "q081", "state": "failed"},
    "by a number, downwards": {"sort": "-q082"},
    "by a date": {"sort": "q111"},
    "one answer, by a decimal": {"sort": "q101", "f": "q051 is c1"},
    "three answers": {"f": _THREE},
    "three answers, by a date": {"sort": "-q112", "f": _THREE},
    "two that exclude each other": {"sort": "q111", "f": ["q081 ge 0", "q081 ge 1000"]},
    "all that answered, by a choice": {"sort": "q003", "f": "q081 ge 0"},
    "without an answer": {"f": "q001 empty"},
    "another answer, by a number": {"sort": "q083", "f": "q002 not c1"},
    "one of several": {"sort": "q111", "f": "q071 is c2"},
    "in a repeat, by a decimal": {"sort": "-q101", "f": "journey/country is c2"},
    "search that finds half": {"q": "choice 1", "c": ["q001", "q002", "q051", "q081", "q111"]},
    "search that finds nothing": {"q": "zzz", "sort": "q081"},
    "search in a case, by a date": {"q": "choice 4 of five", "sort": "q113", "c": ["q001", "q002", "q051"]},
}
"""Of the table of a form: what the address says."""
CASES: Final[dict[str, dict[str, Any]]] = {
    "status active": {"status": "active"},
    "status closed": {"status": "closed"},
    "risk high": {"risk_level": "high"},
    "imminent danger": {"attention": "imminent_danger"},
    "determination": {"trafficking_status": "victim"},
    "sex": {"sex": "male"},
    "children": {"age_group": "child"},
    "country": {"country": "UA"},
    "country of none": {"country": "IS"},
    "exploitation": {"exploitation": "labour"},
    "programme": {"programme": "global_assistance_fund"},
    "overdue": {"due": "overdue"},
    "due in a month": {"due": "month"},
    "reference": {"reference": "MD"},
    "reference of none": {"reference": "zzz"},
}
"""Of the list of cases: what the address says."""


class Clock:
    """CPU of this process and of what PostgreSQL does for it; and the statements that are sent."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self.statements = 0
        event.listen(engine, "before_cursor_execute", self._note)

    def _note(self, *_: Any) -> None:
        self.statements += 1

    def read(self) -> float:
        spent = time.process_time()
        if self._engine.dialect.name == "postgresql":
            with self._engine.connect() as connection:
                running = connection.scalars(
                    text("SELECT pid FROM pg_stat_activity WHERE datname = current_database()")
                )
                for server in running.all():
                    with contextlib.suppress(OSError):
                        fields = Path(f"/proc/{server}/stat").read_text().rpartition(")")[2].split()
                        spent += (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
            self.statements -= 1
        return spent


def pages(session: Session) -> Iterator[tuple[str, str]]:
    """Name and address of each page that is measured."""
    store = session.scalars(select(Mission.id).where(Mission.code == "STORE")).one()
    office = session.scalars(select(Mission.id).where(Mission.code == "MDCHI")).one()
    here, table = f"/projects/{office}", f"/projects/{store}/submissions?form={indexed.FORM_ID}"
    yield "home", here
    yield "home of submissions only", f"/projects/{store}"
    yield "figures", f"{here}/figures"
    yield "figures of a year", f"{here}/figures?from=2026-01-01&to=2026-12-31"
    yield "figures of closed cases", f"{here}/figures?status=closed"
    yield "figures of all missions", "/figures"
    yield "a figure as CSV", f"{here}/figures/first_assistance.csv"
    for on, kind in ORDER:
        yield f"attention {on} {kind}", f"{here}/attention/{on}/{kind}"
        yield f"attention {on} {kind} of submissions only", f"/projects/{store}/attention/{on}/{kind}"
    for path in ("duplicates", "strays", "ledger", "lists", "download", "download/saved", "forms", "devices",
                 "cases/transfers", "mentions", "organisations"):  # fmt: skip
        yield path, f"{here}/{path}"
    for which in ("proposed", "approved", "declined"):
        yield f"fund {which}", f"{here}/fund?which={which}"
    yield "ledger by people", f"{here}/ledger?who=people"
    yield from _of_submissions(session, office, f"{here}/submissions")
    for name, said in CASES.items():
        yield f"cases {name}", f"{here}/cases?{urlencode(said)}"
        for sort in ("registered", "contact"):
            yield f"cases {name} by {sort}", f"{here}/cases?{urlencode({**said, 'sort': sort})}"
    yield from _of_cases(session, office, f"{here}/cases")
    for name, said in TABLE.items():
        yield f"table {name}", f"{table}&{urlencode(said, doseq=True)}"
    for name, key in _spread(
        session, select(Submission.id).where(Submission.mission_id == store), Submission.id
    ):
        yield f"table {name}", f"{table}&after={key}"


def _of_submissions(session: Session, mission_id: int, path: str) -> Iterator[tuple[str, str]]:
    yield "submissions", path
    for name, said in (("of a state", "state=waiting"), ("normalised", "state=normalised"),
                       ("failed", "attention=failed"), ("findings", "attention=finding"),
                       ("conflicts", "attention=conflict")):  # fmt: skip
        yield f"submissions {name}", f"{path}?{said}"
    rows = select(Submission.id).where(Submission.mission_id == mission_id)
    for name, key in _spread(session, rows, Submission.id):
        at = session.get_one(Submission, key).received_at
        yield f"submissions {name}", f"{path}?after={paging.write_cursor((at, key))}"
    yield "a submission", f"{path}/{session.scalars(rows.order_by(Submission.id.desc()).limit(1)).one()}"


def _of_cases(session: Session, mission_id: int, path: str) -> Iterator[tuple[str, str]]:
    for sort in SORTS:
        address = f"{path}?sort={sort}"
        yield f"cases by {sort}", address
    rows = select(CaseState.case_id).where(CaseState.mission_id == mission_id)
    for name, key in _spread(session, rows, CaseState.updated_at):
        at = session.get_one(CaseState, key).updated_at
        yield f"cases {name}", f"{path}?after={paging.write_cursor((at, key))}"
    # Those that really arrived: what is copied cannot be opened.
    came = (
        select(Submission.case_id).where(Submission.mission_id == mission_id).order_by(Submission.id.desc())
    )
    arrived = came.limit(multitude.ORIGINALS).subquery()
    most = (
        select(arrived.c.case_id).group_by(arrived.c.case_id).order_by(func.count().desc(), arrived.c.case_id)
    )
    for number, case_id in enumerate(session.scalars(most.where(arrived.c.case_id.is_not(None)).limit(2)), 1):
        yield f"case page {number}", f"{path}/{case_id}"


def _spread(session: Session, rows: Any, by: Any) -> Iterator[tuple[str, uuid.UUID]]:
    """A key in the middle of a list that begins with the newest, and one near its end."""
    count = session.scalar(select(func.count()).select_from(rows.subquery())) or 0
    for name, place in (("in the middle", count // 2), ("at the end", max(0, count - 20))):
        yield name, session.scalars(rows.order_by(by.desc()).offset(place).limit(1)).one()


def measure(app: Flask, engine: Engine, names: list[str]) -> Iterator[tuple[str, float, float, float, int]]:
    """Name, seconds of CPU of the first request, of one of the others, its budget, statements."""
    clock, client = Clock(engine), app.test_client()
    sent = client.post("/sign-in", data={"email": EMAIL, "password": PASSWORD})
    assert sent.status_code == 302, sent.text
    with Session(engine) as session:
        wanted = list(pages(session))
    for name, path in wanted:
        if any(one in name for one in names) or not names:
            yield name, *_spent(client, clock, path, name)


def _spent(client: FlaskClient, clock: Clock, path: str, name: str) -> tuple[float, float, float, int]:
    def get() -> None:
        answer = client.get(path, buffered=True)
        assert answer.status_code == 200, (name, answer.status_code, answer.text[-2000:])

    if any(f"{one}=" in path for one in ("q", "reference")):  # what is typed is encrypted in the address
        path = client.get(path).location or path
    began = clock.read()
    get()
    first = clock.read() - began
    clock.statements = 0
    began = clock.read()
    for _ in range(TIMES):
        get()
    spent = (clock.read() - began) / TIMES
    return first, spent, OF_A_CASE if name.startswith("case page") else BUDGET, clock.statements // TIMES


def feed(app: Flask, engine: Engine, mission_id: int, *, size: int = 5000) -> list[float]:
    """Seconds of CPU for each page of the feed of a repeat, from the first to the last."""
    clock, client, spent = Clock(engine), app.test_client(), []
    said = client.post("/v1/sessions", json={"email": EMAIL, "password": PASSWORD}).get_json()
    path = f"/v1/projects/{mission_id}/forms/{indexed.FORM_ID}.svc/Submissions.journey?$top={size}"
    while path:
        began = clock.read()
        answer = client.get(path, headers={"Authorization": f"Bearer {said['token']}"}, buffered=True)
        spent.append(clock.read() - began)
        assert answer.status_code == 200, answer.text[-2000:]
        path = answer.get_json().get("@odata.nextLink", "").removeprefix("http://localhost")
    return spent


def furnish(engine: Engine, home: Path, stored: int) -> None:
    """Whatever is not there yet: interviews, cases, and somebody who reads all."""
    keyring = Keyring.load(home / "keys")
    Model.metadata.create_all(engine)
    with Session(engine) as session:
        codes = set(session.scalars(select(Mission.code)))
        there = session.scalar(select(User.id).where(User.email == EMAIL)) is not None
    if "STORE" not in codes:
        indexed.fill(engine, keyring, count=stored)
    if "MDCHI" not in codes:
        multitude.fill(engine, keyring, BlobStore((home / "blobs").as_uri()), count=stored)
    if not there:
        with Session(engine) as session, writing(session):
            user, _ = users.create(
                session, actor=policy.COMMAND, email=EMAIL, display_name="Office", password=PASSWORD
            )
            users.grant(session, actor=policy.COMMAND, user=user, role="administrator")
            for mission_id in session.scalars(select(Mission.id)):
                users.grant(
                    session, actor=policy.COMMAND, user=user, role="coordinator", mission_id=mission_id
                )


def run(url: URL, home: Path, stored: int, names: list[str]) -> bool:
    """Print what each page costs. Whether all are within their budgets."""
    kind, within = url.get_backend_name(), True
    engine = make_engine(url)
    furnish(engine, home, stored)
    app = create_app(
        Config(home=home, database_url=url, blob_url=(home / "blobs").as_uri(), keys=home / "keys")
    )
    with app.app_context():
        served = db.engine
    for name, first, spent, budget, statements in measure(app, served, names):
        within = within and spent <= budget
        over = "" if spent <= budget else "  OVER"
        print(
            f"{kind:10} {spent * 1000:6.0f} ms {statements:3} statements  {name} ({first * 1000:.0f}){over}",
            flush=True,
        )
    if not names or "feed" in names:
        with Session(engine) as session:
            mission_id = session.scalars(select(Mission.id).where(Mission.code == "STORE")).one()
        spent = feed(app, served, mission_id)
        said = ", ".join(f"{one * 1000:.0f}" for one in spent)
        print(f"{kind:10} feed of a repeat, ms for each of {len(spent)} pages: {said}", flush=True)
    engine.dispose()
    served.dispose()
    return within


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--database", choices=["sqlite", "postgresql", "both"], default="both")
    parser.add_argument("--stored", type=int, default=100_000)
    parser.add_argument("--home", type=Path)
    parser.add_argument("--url", type=make_url)
    parser.add_argument("names", nargs="*")
    said = parser.parse_args()
    within = True
    with contextlib.ExitStack() as open_:
        home = said.home or Path(open_.enter_context(tempfile.TemporaryDirectory()))
        home.mkdir(exist_ok=True)
        if not (home / "keys").exists():
            keys.generate(home / "keys")
        if said.url is not None:
            return int(not run(said.url, home, said.stored, said.names))
        for kind in ["sqlite", "postgresql"] if said.database == "both" else [said.database]:
            url = open_.enter_context(crowd.database(kind, home))
            within = run(url, home, said.stored, said.names) and within
    return int(not within)


if __name__ == "__main__":
    sys.exit(main())
