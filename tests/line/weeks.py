"""Weeks without a network: what several phones fill in, sent as it was finished, and sent weeks later in any order.

The same interviews go to two servers with the same phones. One hears of each as soon as it is finished; to the other the
phones come back now and then, and deliver shuffled, in parts, again where they did not hear the answer. In the end both
must hold the same.
"""

import random
import tempfile
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select
from sqlalchemy.orm import Session
from werkzeug.test import encode_multipart

from app.db import writing
from app.models import TABLES, AwaitedFile, CaseAttention, CaseHint, Conflict, Submission, SubmissionFile
from app.policy import COMMAND
from app.services import devices, missions, publish, replay
from tests.clients.javarosa.phone import Phone
from tests.field import part
from tests.line.phones import ASSISTANCES, CHANGES, SCREENINGS
from tests.services import interviews
from tests.services.conftest import House, furnished
from tests.services.interviews import Interview

COPIED = 0.06
"""Share of interviews of which another phone holds a copy, and edits it too."""
EDITED = 0.2
KINDS = {
    "screening": [answers for kind, answers in SCREENINGS if kind != "reference of no case"],
    "assistance": [answers for _, answers in ASSISTANCES],
}


@dataclass(frozen=True)
class Finished:
    """Something that was finished on a phone, on one of the days, and what JavaRosa says of it. `begun_on` is the
    phone whose list of cases it was filled with first."""

    phone: int
    begun_on: int
    day: int
    interview: Interview
    files: Mapping[str, bytes]
    edit: bool = False


# --- what is filled in -------------------------------------------------------------------------------------------


def diary(
    java: Phone, xforms: Path, *, phones: int, weeks: int, each_week: int, seed: int = 1
) -> list[Finished]:
    """What is finished on all phones, in that order: screenings, and assistance about cases that are on the phone
    (`cases.csv` as the phone itself changes it) or whose reference is typed; some edited, once or several times, some
    on two phones."""
    with tempfile.TemporaryDirectory() as folder:
        return list(
            _Diary(java, xforms, Path(folder), phones, random.Random(seed), seed).days(weeks, each_week)
        )


class _Diary:
    def __init__(
        self, java: Phone, xforms: Path, folder: Path, phones: int, chance: random.Random, seed: int
    ) -> None:
        self.java, self.xforms, self.folder, self.chance = java, xforms, folder, chance
        self.seed = seed * 1_000_000
        self.lists = [folder / f"phone-{number}" for number in range(phones)]
        for lists in self.lists:
            lists.mkdir()
            (lists / "cases.csv").write_text(interviews.NO_CASES)
        self.done: list[Finished] = []
        self.references: list[str] = []
        self.kinds = dict.fromkeys(KINDS, 0)

    def days(self, weeks: int, each_week: int) -> Iterator[Finished]:
        begin = datetime.now(UTC).date() - timedelta(weeks=weeks)  # JavaRosa's clock is UTC's too
        due = sorted(
            (7 * week + self.chance.randrange(7), phone)
            for week in range(weeks)
            for phone in range(len(self.lists))
            for _ in range(each_week)
        )
        for day, phone in due:
            one = self._interview(phone, day, (begin + timedelta(days=day)).isoformat())
            self.done.append(one)
            yield one
            while self.chance.random() < EDITED:
                self.done.append(self._edit(self._earlier(phone, day), phone, day))
                yield self.done[-1]
            if self.chance.random() < COPIED:
                other = self.chance.choice(self.done)
                self.done.append(self._edit(other, (other.phone + 1) % len(self.lists), day))
                yield self.done[-1]

    def _interview(self, phone: int, day: int, held_on: str) -> Finished:
        screened = any(one.phone == phone for one in self.done)
        form = "assistance" if screened and self.chance.random() < 0.5 else "screening"
        answers: dict[str, Any] = KINDS[form][self.kinds[form] % len(KINDS[form])] | {
            "interview_date": held_on
        }
        self.kinds[form] += 1
        if answers.get("case_on_phone") == "yes" and not self._cases(phone):
            answers["case_on_phone"] = "no"
        if answers.get("case_on_phone") == "no":
            known = self.chance.random() < 0.8 and self.references
            answers["typed_ref"] = (
                self.chance.choice(self.references) if known else f"MDCHI-26-{self.seed:08x}"
            )
        found = self._fill(form, answers, phone, repeats=self.chance.randrange(3))
        if form == "screening" and (reference := _said(found, "case_ref")):
            self.references.append(reference)
        return Finished(phone, phone, day, found, found.files)

    def _earlier(self, phone: int, day: int) -> Finished:
        """Something this phone holds; mostly what was finished last, which may itself be an edit."""
        mine = [one for one in self.done if one.phone == phone]
        return mine[-1] if self.chance.random() < 0.6 else self.chance.choice(mine)

    def _edit(self, before: Finished, phone: int, day: int) -> Finished:
        """Opened again, an answer changed. Collect sends the files of the original along."""
        saved = self.folder / "edited.xml"
        saved.write_bytes(before.interview.xml)
        form = before.interview.form
        change = CHANGES[f"ct_{form}"] | {"risk_level": self.chance.choice(("low", "medium", "high"))}
        found = self._fill(form, change, before.begun_on, edit=saved)
        files = {name: content for name, content in before.files.items() if name in found.xml.decode()}
        return Finished(phone, before.begun_on, day, found, files | found.files, edit=True)

    def _fill(self, form: str, answers: dict[str, Any], phone: int, **options: Any) -> Interview:
        self.seed += 1
        return interviews.fill(
            self.java, self.xforms, self.lists[phone], form, answers, seed=self.seed, **options
        )

    def _cases(self, phone: int) -> bool:
        return len((self.lists[phone] / "cases.csv").read_text().splitlines()) > 1


def _said(one: Interview, name: str) -> str:
    return next(
        (str(value["value"]) for value in one.report["values"] if value["path"].endswith(f"/{name}")), ""
    )


# --- two servers -------------------------------------------------------------------------------------------------


@dataclass
class Server:
    """A server with the forms and so many phones of as many interviewers, spoken to as phones speak to it."""

    house: House
    client: FlaskClient
    paths: list[str]
    sent: Counter[str] = field(default_factory=Counter)

    def post(self, one: Finished, names: Sequence[str], *, more: bool) -> None:
        """One request of a delivery: the XML, some of the files."""
        parts: dict[str, Any] = {"xml_submission_file": part(one.interview.xml, "interview.xml", "text/xml")}
        parts |= {name: part(one.files[name], name, "application/octet-stream") for name in names}
        if more:
            parts["*isIncomplete*"] = "yes"
        boundary, body = encode_multipart(parts)
        answer = self.client.post(
            f"{self.paths[one.phone]}/submission?deviceID=collect%3Ax",
            data=body,
            content_type=f"multipart/form-data; boundary={boundary}",
        )
        assert answer.status_code == 201, answer.text
        self.sent["requests"] += 1

    def work(self) -> None:
        self.house.work()

    def held(self) -> dict[str, Any]:
        """All that must not depend on when what came: the case store row by row, what became of each submission, its
        files, and what waits."""
        found = self.house.store()
        with self.house.session() as session:
            for name, columns in (
                ("files", (SubmissionFile.name_digest, SubmissionFile.digest, SubmissionFile.size)),
                ("hints", (CaseHint.mission_id, CaseHint.case_uid, CaseHint.reference)),
                ("awaited", (AwaitedFile.name_digest,)),
                ("conflicts", (Conflict.digest,)),
            ):
                table = columns[0].class_
                rows = select(Submission.instance_id, *columns).join(
                    table, table.submission_id == Submission.id
                )
                found[name] = sorted(map(str, session.execute(rows)))
            attention = select(CaseAttention.case_id, CaseAttention.kind, CaseAttention.due_on)
            found["attention"] = sorted(map(str, session.execute(attention)))
        return found

    def faults(self) -> list[str]:
        """Submissions that failed, and what a replay of everything changes."""
        with self.house.session() as session:
            failed = session.scalar(select(func.count()).where(Submission.state == "failed"))
        changed = replay.replay(
            self.house.engine, keyring=self.house.keyring, blobs=self.house.blobs, actor=COMMAND
        ).rows_changed
        return ([f"{failed} submissions failed"] if failed else []) + (
            [f"a replay changes {changed} rows"] if changed else []
        )


def open_server(app: Flask, checked: dict[str, publish.Checked], *, phones: int) -> Server:
    """A server on an empty database. The same calls in the same order: all have the same ids."""
    state = app.extensions["saif"]
    house = furnished(House(state.engine, state.keyring, state.blobs), checked)
    paths = []
    with Session(state.engine) as session, writing(session):
        for number in range(phones):
            interviewer = missions.add_interviewer(
                session, actor=COMMAND, mission_id=house.mission_id, code=f"MD-{number}", display_name="Ana"
            )
            _, token = devices.create(
                session, actor=COMMAND, mission_id=house.mission_id, display_name=f"Phone {number}",
                keyring=state.keyring, interviewer_id=interviewer.id,
            )  # fmt: skip
            paths.append(f"/v1/key/{token}/projects/{house.mission_id}")
    return Server(house, app.test_client(), paths)


# --- two ways to deliver -----------------------------------------------------------------------------------------


def at_once(server: Server, finished: Sequence[Finished]) -> None:
    """Everything as it is finished, whole, and worked off."""
    for one in finished:
        server.post(one, list(one.files), more=False)
        server.work()


def weeks_later(server: Server, finished: Sequence[Finished], *, seed: int = 1) -> None:
    """Each phone comes back on a few days and at the end; all that come on a day deliver at once, mixed. What it has goes
    in any order, an edit before its original too, its files over several requests; of some the answer is lost, and they
    are sent again later, although they were edited meanwhile. The worker runs now and then."""
    chance = random.Random(seed)
    last = finished[-1].day
    backs = {phone: sorted(chance.sample(range(last + 1), 2)) for phone in range(len(server.paths))}
    waiting = list(finished)
    for day in range(last + 1):
        coming = [phone for phone, days in backs.items() if day in days or day == last]
        ready = [one for one in waiting if one.phone in coming and one.day <= day]
        requests = [request for one in ready for request in _requests(one, chance)]
        chance.shuffle(requests)
        for one, names, more in requests:
            server.post(one, names, more=more)
            server.sent["parts"] += more
            if chance.random() < 0.05:
                server.work()
        unheard = [one for one in ready if chance.random() < 0.15]
        server.sent["unheard answers"] += len(unheard)
        waiting = [one for one in waiting if one not in ready or one in unheard]
    for one in chance.sample(waiting, len(waiting)):  # what nobody heard of by the last day
        server.post(one, list(one.files), more=False)
    server.work()


def _requests(one: Finished, chance: random.Random) -> Iterator[tuple[Finished, list[str], bool]]:
    """The requests of one delivery. A phone sends them in turn, but they may overtake each other on the way."""
    names = chance.sample(sorted(one.files), len(one.files))
    cut = chance.randrange(len(names) + 1)
    if cut and chance.random() < 0.5:
        yield one, names[:cut], True
        yield one, names[cut:], False
    else:
        yield one, names, False


def compared(ours: dict[str, Any], theirs: dict[str, Any]) -> tuple[list[str], Counter[str]]:
    """Where what two servers hold differs, and what was compared."""
    wrong = [f"only one has {name}" for name in ours.keys() ^ theirs.keys()]
    for name in ours.keys() & theirs.keys():
        wrong += _differences(name, ours[name], theirs[name])
    counted = Counter[str]()
    for name, rows in ours.items():
        if name.startswith("case "):
            counted["cases"] += 1
        elif isinstance(rows, list):
            counted["rows of the case store" if name in TABLES else name] += len(rows)
    counted["submissions edited twice"] = sum("edited_twice" in one for one in ours["submissions"])
    counted["submissions that wait"] = sum("'waiting'" in one for one in ours["submissions"])
    return wrong, counted


def _differences(name: str, ours: Any, theirs: Any) -> list[str]:
    if ours == theirs:
        return []
    if not isinstance(ours, list):
        return [f"{name}: {ours} and {theirs}"]
    here, there = Counter(ours), Counter(theirs)
    return [f"{name}, online only: {one}" for one in here - there] + [
        f"{name}, offline only: {one}" for one in there - here
    ]
