"""Cases by the Human Trafficking Case Data Standard (HTCDS) of IOM, version 2.0: a row a case, read from the case store,
under the field names and codes of the standard.

What a column is made of is a row of `htcds_export` in the dictionary. Values of class P3 are in it only if they are
asked for with a reason, and only of a person whose consent to referral stands: they go to another organisation.
"""

import csv
import io
import uuid
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from functools import cache
from typing import Any, Final

from sqlalchemy import RowMapping, Select, func, select
from sqlalchemy.orm import Session

from app import policy, problems
from app.exports.csv_zip import guarded, taken
from app.keys import Keyring
from app.models import TABLES, CaseState, Interviewer
from app.models.case_store import p3_context
from app.services.case_list import matching
from app.services.handout import Download, Handout, Prepared
from app.services.reveal import need_reason
from xlsforms import dictionary
from xlsforms.dictionary import Field, HtcdsColumn
from xlsforms.target import Target, parse

VERSION: Final = "2.0"
STANDARD: Final = "htcds_2_0"
FILE: Final = "htcds.csv"
CONTENT_TYPE: Final = "text/csv; charset=utf-8"
OWN: Final = ("case_id", "case_ref")
"""Columns before those of the standard, which has no identifier of a case."""
_OWNER: Final = "cas_CaseOwner"
_TOGETHER: Final = 500
"""Cases read at a time."""
_WEIGHT: Final = 4
"""Cells of submissions that take as long as one of a case, which is brought together from many tables."""
_CASE_FILE, _INTERVIEW = TABLES["case_file"].c, TABLES["interview"].c

_Rows = Mapping[str, Sequence[Mapping[str, Any]]]
"""Rows of one case by table, in the order of their days."""


def columns() -> tuple[str, ...]:
    """The header: `OWN`, then the standard's fields in its order."""
    return (*OWN, *(one.name for one in dictionary.load().htcds_export))


def prepare(
    session: Session,
    *,
    keyring: Keyring,
    actor: policy.Actor,
    mission_id: int,
    status: str | None,
    identifiers: bool,
    spreadsheet_safe: bool,
    reason: str | None,
) -> Prepared:
    """The cases of a mission that the actor may read, by their id, as CSV; of a `status`, if one is given. Raises
    Problem: not_allowed; invalid; reason_needed for `identifiers`."""
    policy.require(actor, "submission.export", mission_id)
    policy.require(actor, "case.read", mission_id)
    if identifiers:
        policy.require(actor, "case.reveal", mission_id)
        reason = need_reason(reason)
    if status and status not in dictionary.load().code_lists["case_status"]:
        raise problems.invalid(
            "A case has no such status.", "Take active, follow_up, closed or closed_referred."
        )
    handout = Handout(session, actor, mission_id, reason)
    asked = {"status": status, "identifiers": str(identifiers), "spreadsheet_safe": str(spreadsheet_safe)}
    filters = {name: value for name, value in asked.items() if value}
    counts = handout.written.rows
    wanted = matching(session, actor, mission_id=mission_id, status=status)
    expected = session.scalar(_with_file(select(func.count()).select_from(CaseState)).where(*wanted)) or 0

    def chunks(session: Session) -> Iterator[bytes]:
        text = io.StringIO()
        writer = csv.writer(text, lineterminator="\r\n")
        writer.writerow(columns())
        counts.update({"cases": 0, "with identifiers": 0})
        for batch in _batches(session, actor, mission_id, status):
            yield taken(text)  # the header goes out before the first row is made
            rows = _rows(session, [case.case_id for case in batch], keyring, identifiers)
            for case in batch:
                its = rows.get(case.case_id, {})
                named = identifiers and _may_be_named(its)
                cells = [str(case.case_id), case.case_ref, *_cells(its, case.owner, named)]
                writer.writerow(map(guarded, cells) if spreadsheet_safe else cells)
                counts["cases"] += 1
                counts["with identifiers"] += named
        yield taken(text)

    def begin() -> Download:
        handout.enter(session, "export.htcds", {"versions": [VERSION], "filters": filters})
        return Download(
            FILE, CONTENT_TYPE, handout.run(chunks), handout.id, expected, lambda: counts.get("cases", 0)
        )

    return Prepared(expected * len(columns()) * _WEIGHT, int, begin)


def _batches(
    session: Session, actor: policy.Actor, mission_id: int, status: str | None
) -> Iterator[Sequence[Any]]:
    cases = (
        _with_file(select(CaseState.case_id, _CASE_FILE.case_ref, Interviewer.code.label("owner")))
        .outerjoin(Interviewer, Interviewer.id == CaseState.owner_id)
        .where(*matching(session, actor, mission_id=mission_id, status=status))
        .order_by(CaseState.case_id)
        .limit(_TOGETHER)
    )
    batch = session.execute(cases).all()
    while batch:
        yield batch
        batch = session.execute(cases.where(CaseState.case_id > batch[-1].case_id)).all()


def _with_file(cases: Select[Any]) -> Select[Any]:
    return cases.outerjoin(TABLES["case_file"], _CASE_FILE.case_id == CaseState.case_id)


# ---- what the store says of some cases ---------------------------------------------------------------------------


@cache
def _sources() -> dict[str, tuple[Target, ...]]:
    """Where each column is from."""
    return {one.name: tuple(map(parse, one.sources)) for one in dictionary.load().htcds_export}


@cache
def _wanted() -> dict[str, tuple[Field, ...]]:
    """The fields to be read, by table: those of the columns, and those that tell rows apart."""
    words, found = dictionary.load(), {"consent": {"purpose", "granted", "superseded_by"}}
    for targets in _sources().values():
        for one in targets:
            found.setdefault(one.table, set()).update((one.column, *one.keys))
    return {
        table: tuple(words.tables[table].fields[name] for name in sorted(names))
        for table, names in found.items()
    }


def _rows(
    session: Session, case_ids: Sequence[uuid.UUID], keyring: Keyring, identifiers: bool
) -> dict[uuid.UUID, dict[str, list[Mapping[str, Any]]]]:
    interviews = select(_INTERVIEW.interview_id, _INTERVIEW.held_on).where(_INTERVIEW.case_id.in_(case_ids))
    held: dict[uuid.UUID | None, date | None] = {row[0]: row[1] for row in session.execute(interviews)}
    found: dict[uuid.UUID, dict[str, list[Mapping[str, Any]]]] = {}
    for name, fields in _wanted().items():
        table = TABLES[name].c
        key = dictionary.load().tables[name].id_column
        read = [field for field in fields if identifiers or field.privacy != "P3"]
        place = [table.interview_id] if "interview_id" in table and key != "interview_id" else []
        chosen = {column.name: column for column in (table.case_id, table[key], *place)}
        chosen |= {field.column: table[field.column] for field in read}
        rows = session.execute(select(*chosen.values()).where(table.case_id.in_(case_ids))).mappings().all()
        for row in sorted(rows, key=lambda row: (*_day(row, held), row[key])):
            said = {field.column: _opened(keyring, field, row[key], row[field.column]) for field in read}
            found.setdefault(row["case_id"], {}).setdefault(name, []).append(said)
    return found


def _day(row: RowMapping, held: Mapping[uuid.UUID | None, date | None]) -> tuple[bool, date]:
    """What rows are put in order by: a consent that another one followed before that one; the day of a referral, else
    that of the interview that said it."""
    standing = "superseded_by" in row and row["superseded_by"] is None
    return standing, row.get("referred_on") or held.get(row.get("interview_id")) or date.min


def _opened(keyring: Keyring, field: Field, row_id: uuid.UUID, value: Any) -> Any:
    if value is None or field.privacy != "P3":
        return value
    return keyring.decrypt(value, p3_context(field.table, field.column, row_id)).decode()


def _may_be_named(rows: _Rows) -> bool:
    """Whether the person agreed to be referred, and has taken back nothing."""
    standing = {row["purpose"]: row["granted"] for row in rows.get("consent", ())}
    return standing.get("referral") is True and standing.get("case_management") is not False


# ---- what becomes of it ------------------------------------------------------------------------------------------


def _cells(rows: _Rows, owner: str | None, named: bool) -> Iterator[str]:
    for column in dictionary.load().htcds_export:
        yield (owner or "") if column.name == _OWNER else ";".join(_values(column, rows, named))


def _values(column: HtcdsColumn, rows: _Rows, named: bool) -> list[str]:
    """The values of a column, each once."""
    words = dictionary.load()
    sources = [
        (field, target.keys)
        for target in _sources()[column.name]
        if (field := words.field(target.name)) and (named or field.privacy != "P3")
    ]
    if not sources:
        return []
    table, keys = sources[0][0].table, sources[0][1]
    mine = [row for row in rows.get(table, ()) if all(row[key] == code for key, code in keys.items())]
    if column.take == "least":
        numbers = [row[sources[0][0].column] for row in mine]
        return [str(min(known))] if (known := [one for one in numbers if one is not None]) else []
    chosen = mine[:1] if column.take == "first" else mine[-1:] if column.take == "last" else mine
    said = (_written(column.name, field, row, keys) for row in chosen for field, _ in sources)
    return list(dict.fromkeys(filter(None, said)))


def _written(name: str, field: Field, row: Mapping[str, Any], keys: Mapping[str, str]) -> str | None:
    """A value as the standard has it; a code without a name there is none."""
    value, words = row[field.column], dictionary.load()
    if isinstance(value, bool):
        return words.code_as(STANDARD, field=name, code_list="yn", code="yes" if value else "no")
    listed = field.list_for(keys)
    if value is None or listed is None or field.type != "code":
        return None if value is None else str(value)
    outside = words.code_map[STANDARD].get(listed, {})
    if any(one.field == name for names in outside.values() for one in names):
        return words.code_as(STANDARD, field=name, code_list=listed, code=value)
    # The standard has text here.
    code = words.code_lists[listed].codes.get(value)
    return code.label["en"] if code else value
