"""One case, with the source of every value.

It is always read as the fold of its intakes and decisions, the same that wrote its tables, so what is shown
can say where it comes from.
"""

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import Select, and_, func, or_, select
from sqlalchemy.orm import Session

from app import policy, problems
from app.keys import Keyring
from app.models import CaseAlias, CaseState, Decision, Interviewer, Submission, User
from app.services import rules, stored
from app.services.case_list import CaseLine, lines
from app.services.reveal import Reveal, grant
from submissions.case import CaseRow, Fact, fold
from submissions.case import CaseState as State
from xlsforms import dictionary
from xlsforms.finding import Finding, warning
from xlsforms.marked import N_


@dataclass(frozen=True, slots=True, kw_only=True)
class Value:
    """A value and where it came from. `value` is JSON-native, None where `masked`; `answer` the text as the
    phone wrote it. `submission` is the first instanceID of the submission, `instance_id` that of the version
    that counts, `question` its XPath with positions; `decision` the id of a decision if a person said it in
    the office, `rule` the version of the rule if the server computed it. `earlier` is what was said before or
    besides, the newest first."""

    column: str
    type: str
    code_list: str | None
    privacy: str
    value: Any
    masked: bool = False
    answer: str | None = None
    submission: str | None = None
    instance_id: str | None = None
    question: str | None = None
    form: str | None = None
    held_on: str | None = None
    decision: str | None = None
    rule: str | None = None
    earlier: tuple["Value", ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A row of a case table, its children nested by table. `key` tells it apart in its table whatever the
    case is called: decisions name rows by it. `earlier`: a later interview or a decision took it out of the
    present."""

    table: str
    id: str
    key: str
    interview_id: str | None
    fields: tuple[Value, ...]
    children: Mapping[str, tuple["Row", ...]] = field(default_factory=dict)
    earlier: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Interview:
    """One interview of the case's timeline. `mission_id` is the mission whose phone sent it: not always the one that
    has the case now."""

    interview_id: str
    submission: str
    instance_id: str
    submission_id: uuid.UUID
    mission_id: int
    xml_form_id: str
    form_version: str
    kind: str
    held_on: str | None
    ended_at: str | None
    consent_ok: bool | None
    interviewer_code: str | None
    state: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DecisionLine:
    """A decision about the case. `body` holds no P3 value unless revealed."""

    id: uuid.UUID
    kind: str
    made_at: datetime
    made_by: str | None
    reason: str
    instance_id: str | None
    case_id: uuid.UUID
    other_case_id: uuid.UUID | None
    body: Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseDetail:
    """One case. `asked_id` is the uid it was asked by, `merged` other uids that now mean it."""

    line: CaseLine
    asked_id: uuid.UUID
    interviews: tuple[Interview, ...]
    rows: Mapping[str, tuple[Row, ...]]
    decisions: tuple[DecisionLine, ...]
    merged: tuple[uuid.UUID, ...]
    findings: tuple[Finding, ...]
    revealed: bool

    @property
    def case_id(self) -> uuid.UUID:
        return self.line.case_id

    def to_json(self, *, provenance: bool = False) -> dict[str, Any]:
        """The case as the REST interface answers it (`case_json`)."""
        from app.services.case_json import case_json  # it is written for the shapes defined here

        return case_json(self, provenance=provenance)


def read_case(
    session: Session,
    *,
    keyring: Keyring,
    actor: policy.Actor,
    case_id: uuid.UUID | str,
    mission_id: int | None = None,
    reveal: Reveal | None = None,
) -> CaseDetail:
    """One case, folded from its intakes and decisions. A uid that was merged gives the case that carries on.
    Where `mission_id` is given, a case of another mission is not found.

    P3 values are masked unless `reveal` asks for them: that is written to the ledger before anything is
    shown. Raises Problem: not_found (also where the actor may not look), reason_needed, not_allowed.
    """
    asked = _identifier(case_id)
    target = session.scalar(select(CaseAlias.target_id).where(CaseAlias.case_id == asked)) or asked
    line = lines(session, [target], actor=actor).get(target)
    if line is None or mission_id not in (None, line.mission_id):
        raise problems.not_found("case")
    if reveal is not None:
        grant(session, reveal, actor=actor, object_=f"case:{target}", mission_id=line.mission_id)
    merged = tuple(session.scalars(select(CaseAlias.case_id).where(CaseAlias.target_id == target)))
    said = session.execute(_said(target)).all()
    decided = session.execute(_decided([target, *merged], [row.root_instance_id for row in said])).all()
    versions = {row.root_instance_id: row for row in said}
    intakes = [stored.intake(row, keyring) for row in said]
    state = fold(
        str(target),
        intakes,
        [stored.decision(row, keyring) for row in decided if row.case_id in (target, *merged)],
        rules=rules.of_case(session, target),
    )
    seeing = _Seeing(reveal, {head.submission: head.form_id for head in state.interviews})
    return CaseDetail(
        line=line,
        asked_id=asked,
        interviews=tuple(
            Interview(
                interview_id=head.id,
                submission=head.submission,
                instance_id=head.instance_id,
                submission_id=versions[head.submission].id,
                mission_id=versions[head.submission].mission_id,
                xml_form_id=head.form_id,
                form_version=head.form_version,
                kind=head.kind,
                held_on=head.held_on or None,
                ended_at=head.ended_at or None,
                consent_ok=head.consent_ok,
                interviewer_code=versions[head.submission].interviewer,
                state=versions[head.submission].state,
            )
            for head in state.interviews
        ),
        rows=seeing.nested(state),
        decisions=tuple(seeing.decision(row, keyring) for row in decided),
        merged=merged,
        findings=(*state.findings, *_clash(session, line)),
        revealed=reveal is not None,
    )


def rows(state: State, reveal: Reveal | None = None) -> Mapping[str, tuple[Row, ...]]:
    """A fold arranged for reading: tables in the dictionary's order, rows that hang from others inside those."""
    return _Seeing(reveal, {head.submission: head.form_id for head in state.interviews}).nested(state)


class _Seeing:
    """How a fold is shown: which values are masked, which form each came from."""

    def __init__(self, reveal: Reveal | None, forms: Mapping[str, str]) -> None:
        self.reveal = reveal
        self.forms = forms
        self.tables = dictionary.load().tables

    def nested(self, state: State) -> dict[str, tuple[Row, ...]]:
        """Tables of the case in the dictionary's order, rows that hang from others inside those."""
        below: dict[tuple[str, str], list[Row]] = {}
        top: dict[str, list[Row]] = {}
        # From the last table to the first: a table stands before those that hang from it.
        for name in reversed(list(self.tables)):
            parent = self.tables[name].parent
            for rows, earlier in ((state.rows, False), (state.earlier_rows, True)):
                for row in rows.get(name, ()):
                    shown = self.row(row, below, earlier)
                    if parent is None:
                        top.setdefault(name, []).append(shown)
                    else:
                        below.setdefault((f"{parent}:{row.parent_id}", name), []).append(shown)
        return {name: tuple(top[name]) for name in self.tables if name in top}

    def row(self, row: CaseRow, below: dict[tuple[str, str], list[Row]], earlier: bool) -> Row:
        own = f"{row.table}:{row.id}"
        children = {name: tuple(below[own, name]) for name in self.tables if (own, name) in below}
        fields = self.tables[row.table].fields
        return Row(
            table=row.table,
            id=row.id,
            key=row.key,
            interview_id=row.interview_id,
            fields=tuple(
                self.value(field, row, row.columns[name])
                for name, field in fields.items()
                if name in row.columns
            ),
            children=children,
            earlier=earlier,
        )

    def value(self, field: dictionary.Field, row: CaseRow, fact: Fact) -> Value:
        masked = field.privacy == "P3" and not self.shown(field.name)
        keys = {name: str(one.value) for name, one in row.columns.items()}
        return Value(
            column=field.column,
            type=field.type,
            code_list=field.list_for(keys),
            privacy=field.privacy,
            value=None if masked else fact.value,
            masked=masked and fact.value is not None,
            answer=None if masked else fact.answer,
            submission=fact.submission or None,
            instance_id=fact.instance_id or None,
            question=fact.question or None,
            form=self.forms.get(fact.submission),
            held_on=fact.held_on or None,
            decision=fact.decision,
            rule=fact.rule or None,
            earlier=tuple(self.value(field, row, one) for one in fact.earlier),
        )

    def shown(self, name: str) -> bool:
        return self.reveal is not None and self.reveal.covers(name)

    def decision(self, row: Any, keyring: Keyring) -> DecisionLine:
        body = dict(stored.decision(row, keyring).body)
        field = dictionary.load().field(f"{body.get('table')}.{body.get('column')}")
        secret = (
            {"value"} if field is not None and field.privacy == "P3" and not self.shown(field.name) else set()
        )
        if not self.shown("case_file.closure_details"):
            secret.add("closure_details")
        return DecisionLine(
            id=row.id,
            kind=row.kind,
            made_at=row.made_at,
            made_by=row.made_by_name,
            reason=row.reason,
            instance_id=row.instance_id,
            case_id=row.case_id,
            other_case_id=row.other_case_id,
            body={
                name: self.recorded(body, value) if name == "values" else None if name in secret else value
                for name, value in body.items()
            },
        )

    def recorded(self, body: Mapping[str, Any], values: Mapping[str, Any]) -> dict[str, Any]:
        """What the office recorded of a row, without what is masked in it."""
        fields = self.tables[body["table"]].fields
        return {
            column: None
            if column in fields and fields[column].privacy == "P3" and not self.shown(fields[column].name)
            else value
            for column, value in values.items()
        }


def _said(target: uuid.UUID) -> Select[Any]:
    return (
        select(*stored.COLUMNS, Interviewer.code.label("interviewer"))
        .outerjoin(Interviewer, Interviewer.id == Submission.interviewer_id)
        .where(Submission.case_id == target)
    )


def _decided(cases: Sequence[uuid.UUID], roots: Sequence[str]) -> Select[Any]:
    about = or_(
        Decision.case_id.in_(cases),
        Decision.other_case_id.in_(cases),
        and_(Decision.instance_id.in_(roots), Decision.kind.in_(("attach", "detach"))),
    )
    return (
        select(*Decision.__table__.c, User.display_name.label("made_by_name"))
        .outerjoin(User, User.id == Decision.made_by)
        .where(about)
        .order_by(Decision.made_at.desc(), Decision.id.desc())
    )


def _clash(session: Session, line: CaseLine) -> list[Finding]:
    """A case reference is no identifier: another case of the mission may have the same."""
    reference = select(CaseState.reference).where(CaseState.case_id == line.case_id).scalar_subquery()
    count = session.scalar(
        select(func.count()).where(CaseState.mission_id == line.mission_id, CaseState.reference == reference)
    )
    if not count or count < 2:
        return []
    return [
        warning(
            "case_ref_clash",
            N_("Another case of this mission has the same case reference."),
            N_("Look whether the two are one; merge them, or correct the reference of one."),
        )
    ]


def _identifier(case_id: uuid.UUID | str) -> uuid.UUID:
    try:
        return case_id if isinstance(case_id, uuid.UUID) else uuid.UUID(case_id)
    except ValueError:
        raise problems.not_found("case") from None
