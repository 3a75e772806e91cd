"""What differs between two versions of a submission, under the labels of the questions.

Each version is read by its own form version; masked and revealed as the answers of a submission are.
"""

import uuid
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy.orm import Session

from app import policy, problems
from app.keys import Keyring
from app.services import submission_detail
from app.services.answers import Answered, Telling
from app.services.plans import Plan
from app.services.reveal import Reveal, grant
from app.services.submission_detail import VersionLine
from submissions import binding, changes
from submissions.changes import Change
from submissions.record import Answer
from xlsforms import dictionary, schema


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """One answer that is not the same. `sections` are the labels of the groups around it, outermost first, with the
    positions of repeats in the later version that has it; `before` or `after` is None where there is no answer."""

    kind: changes.Kind
    sections: tuple[str, ...]
    before: Answered | None
    after: Answered | None

    @property
    def question(self) -> Answered:
        """The question as the later version asks it."""
        found = self.after or self.before
        assert found is not None
        return found


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """Two versions side by side. `differences` is None if one of them cannot be read."""

    before: VersionLine
    after: VersionLine
    differences: tuple[Difference, ...] | None


def compare(
    session: Session,
    *,
    keyring: Keyring,
    actor: policy.Actor,
    mission_id: int,
    xml_form_id: str,
    before: str,
    after: str,
    language: str = "",
    reveal: Reveal | None = None,
    granted: uuid.UUID | None = None,
) -> Comparison:
    """Compare two versions of one submission, named by their instanceIDs. `granted` is the version for which the
    reveal is in the ledger already. Raises Problem: not_found (also if they are of two submissions),
    reason_needed, not_allowed."""
    rows = [
        submission_detail.find(session, actor, mission_id, instance_id, xml_form_id)
        for instance_id in (before, after)
    ]
    lines = {one.id: one for one in submission_detail.versions_of(session, rows[1])}
    if rows[0].id not in lines:
        raise problems.not_found("version of this submission")
    for row in rows if reveal is not None else ():
        if row.id != granted and reveal is not None:
            grant(session, reveal, actor=actor, object_=f"submission:{row.id}", mission_id=mission_id)
    read = [_read(session, keyring, row) for row in rows]
    return Comparison(
        before=lines[rows[0].id],
        after=lines[rows[1].id],
        differences=_differences(read[0], read[1], language, reveal),
    )


def chain(
    session: Session,
    *,
    keyring: Keyring,
    actor: policy.Actor,
    mission_id: int,
    xml_form_id: str,
    instance_id: str,
    reveal: Reveal | None = None,
) -> Iterator[Comparison]:
    """Each version of a submission beside the one that it replaces, the newest first, as far as both are here.
    Raises Problem: not_found, reason_needed, not_allowed."""
    row = submission_detail.find(session, actor, mission_id, instance_id, xml_form_id)
    lines = submission_detail.versions_of(session, row)
    here = {line.instance_id for line in lines}
    for line in lines:
        if line.state != "deleted" and line.deprecated_id in here and line.deprecated_id != line.instance_id:
            yield compare(
                session,
                keyring=keyring,
                actor=actor,
                mission_id=mission_id,
                xml_form_id=row.xml_form_id,
                before=line.deprecated_id,
                after=line.instance_id,
                reveal=reveal,
            )


# --- within ------------------------------------------------------------------------------------------------------

_Read = tuple[Plan, changes.Version]


def _read(session: Session, keyring: Keyring, row: Any) -> _Read | None:
    plan, said = submission_detail.read_record(session, keyring, row)
    if plan is None or said is None:
        return None
    keys = binding.plan(plan.form, plan.mapping, dictionary.load()).row_keys
    return plan, changes.Version(said, plan.form, keys)


def _differences(
    before: _Read | None, after: _Read | None, language: str, reveal: Reveal | None
) -> tuple[Difference, ...] | None:
    if before is None or after is None:
        return None
    theirs, ours = (_Side(plan, language, reveal) for plan, _ in (before, after))
    return tuple(_difference(one, theirs, ours) for one in changes.between(before[1], after[1]))


class _Side:
    """How one of the two versions is told."""

    def __init__(self, plan: Plan, language: str, reveal: Reveal | None) -> None:
        self.telling = Telling(plan, language, reveal)
        self._around: Mapping[str, Sequence[schema.Node]] = _ancestors(plan.form)

    def sections(self, answer: Answer) -> tuple[str, ...]:
        row = iter(answer.row)
        found = []
        for node in self._around.get(answer.path, ()):
            label = self.telling.label(node)
            place = next(row, None) if isinstance(node, schema.Repeat) else None
            found.append(label if place is None else f"{label} {place}")
        return tuple(found)


def _difference(change: Change, theirs: _Side, ours: _Side) -> Difference:
    before, after = change.before, change.after
    return Difference(
        kind=change.kind,
        sections=ours.sections(after) if after is not None else theirs.sections(before) if before else (),
        before=theirs.telling.answer(before) if before is not None else None,
        after=ours.telling.answer(after) if after is not None else None,
    )


def _ancestors(form: schema.Form) -> dict[str, tuple[schema.Node, ...]]:
    found: dict[str, tuple[schema.Node, ...]] = {}
    stack: list[tuple[schema.Node, tuple[schema.Node, ...]]] = [(node, ()) for node in form.children]
    while stack:
        node, around = stack.pop()
        found[node.path] = around
        if not isinstance(node, schema.Question):
            stack.extend((child, (*around, node)) for child in node.children)
    return found
