"""One case, with the source of every value.

It is always read as the fold of its intakes and decisions, the same that wrote its tables, so what is shown
can say where it comes from.
"""

import uuid
from collections.abc import Collection, Container, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Select, and_, exists, or_, select
from sqlalchemy.orm import Session, aliased

from app import policy, problems
from app.keys import Keyring
from app.models import CaseAlias, CaseState, Decision, Interviewer, Submission, User
from app.services import rules, stored
from app.services.case_list import CaseLine, lines
from app.services.reveal import Reveal, grant
from submissions.case import CaseRow, Fact, fold
from submissions.case import CaseState as State
from submissions.eligibility import DEFAULT_RULES
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
    (found,) = _details(session, keyring, [line], reveal)
    return replace(found, asked_id=asked)


def read_cases(session: Session, *, keyring: Keyring, lines: Sequence[CaseLine]) -> tuple[CaseDetail, ...]:
    """The cases of some lines of a list, which the reader may therefore read, P3 values masked. It takes as many
    statements as one case does."""
    return tuple(_details(session, keyring, lines))


def _details(
    session: Session, keyring: Keyring, lines: Sequence[CaseLine], reveal: Reveal | None = None
) -> Iterator[CaseDetail]:
    targets = [line.case_id for line in lines]
    merged: dict[uuid.UUID, tuple[uuid.UUID, ...]] = {}
    for alias in session.execute(
        select(CaseAlias.case_id, CaseAlias.target_id).where(CaseAlias.target_id.in_(targets))
    ):
        merged[alias.target_id] = (*merged.get(alias.target_id, ()), alias.case_id)
    said: dict[uuid.UUID, list[Any]] = {target: [] for target in targets}
    for row in session.execute(_said(targets)):
        said[row.case_id].append(row)
    roots = [row.root_instance_id for rows in said.values() for row in rows]
    uids = [*targets, *(uid for uids in merged.values() for uid in uids)]
    decided = session.execute(_decided(uids, roots)).all()
    chosen, clashing = rules.chosen(session.connection()), _clashing(session, targets)
    for line in lines:
        own = (line.case_id, *merged.get(line.case_id, ()))
        versions = {row.root_instance_id: row for row in said[line.case_id]}
        about = [row for row in decided if _is_about(row, own, versions)]
        state = fold(
            str(line.case_id),
            [stored.intake(row, keyring) for row in said[line.case_id]],
            [stored.decision(row, keyring) for row in about if row.case_id in own],
            rules=chosen.get(line.mission_id, DEFAULT_RULES),
        )
        seeing = _Seeing(reveal, {head.submission: head.form_id for head in state.interviews})
        yield CaseDetail(
            line=line,
            asked_id=line.case_id,
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
            decisions=tuple(seeing.decision(row, keyring) for row in about),
            merged=own[1:],
            findings=(*state.findings, *([_CLASH] if line.case_id in clashing else [])),
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
        said = {name: str(one.value) for name, one in row.columns.items()}
        return Row(
            table=row.table,
            id=row.id,
            key=row.key,
            interview_id=row.interview_id,
            fields=tuple(
                self.value(field, row.columns[name], said)
                for name, field in fields.items()
                if name in row.columns
            ),
            children=children,
            earlier=earlier,
        )

    def value(self, field: dictionary.Field, fact: Fact, said: Mapping[str, str]) -> Value:
        """A value of a row; `said` is what the row says now, which may tell the list its code is of."""
        masked = field.privacy == "P3" and not self.shown(field.name)
        return Value(
            column=field.column,
            type=field.type,
            code_list=field.list_for(said),
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
            earlier=tuple(self.value(field, one, said) for one in fact.earlier),
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


def _said(targets: Sequence[uuid.UUID]) -> Select[Any]:
    return (
        select(*stored.COLUMNS, Interviewer.code.label("interviewer"))
        .outerjoin(Interviewer, Interviewer.id == Submission.interviewer_id)
        .where(Submission.case_id.in_(targets))
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


def _is_about(row: Any, uids: Collection[uuid.UUID], roots: Container[str]) -> bool:
    """Whether a decision concerns the case that has these uids and these submissions."""
    placed = row.kind in ("attach", "detach") and row.instance_id in roots
    return placed or row.case_id in uids or row.other_case_id in uids


_CLASH: Final = warning(
    "case_ref_clash",
    N_("Another case of this mission has the same case reference."),
    N_("Look whether the two are one; merge them, or correct the reference of one."),
)


def _clashing(session: Session, targets: Sequence[uuid.UUID]) -> set[uuid.UUID]:
    """A case reference is no identifier: those of these cases whose reference another case of the mission has, too."""
    other = aliased(CaseState)
    same = exists().where(
        other.mission_id == CaseState.mission_id,
        other.reference == CaseState.reference,
        other.case_id != CaseState.case_id,
    )
    return set(session.scalars(select(CaseState.case_id).where(CaseState.case_id.in_(targets), same)))


def _identifier(case_id: uuid.UUID | str) -> uuid.UUID:
    try:
        return case_id if isinstance(case_id, uuid.UUID) else uuid.UUID(case_id)
    except ValueError:
        raise problems.not_found("case") from None
