"""How an interview went, by the log the phone kept of it: told under the labels of the form's sections."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy.orm import Session

from app import policy
from app.blobs import BlobStore
from app.keys import Keyring
from app.services import files, logs, submission_detail
from app.services.answers import Telling
from app.services.plans import Plan
from app.services.reveal import Reveal
from submissions import audit
from submissions.audit import Edit, Part, Timeline, without_positions
from submissions.record import Record
from xlsforms import schema


@dataclass(frozen=True, slots=True, kw_only=True)
class SectionTime:
    """Time on one section. `path` is empty for all that the form does not know."""

    path: str
    label: str
    active: int
    questions: int
    visits: int


@dataclass(frozen=True, slots=True, kw_only=True)
class QuestionTimes:
    """A question that somebody came back to, or whose answer was replaced, and how often. `edits` hold the values, and
    are empty unless they were revealed."""

    path: str
    label: str
    times: int
    edits: tuple[Edit, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Timing:
    """How an interview went. Milliseconds. `timeline` is None if there is no log: `expected` tells whether the form
    keeps one."""

    timeline: Timeline | None
    expected: bool
    sections: tuple[SectionTime, ...] = ()
    returns: tuple[QuestionTimes, ...] = ()
    edited: tuple[QuestionTimes, ...] = ()


def read_timing(
    session: Session,
    *,
    keyring: Keyring,
    blobs: BlobStore,
    actor: policy.Actor,
    mission_id: int,
    instance_id: str,
    xml_form_id: str | None = None,
    language: str = "",
    reveal: Reveal | None = None,
) -> Timing:
    """The timing of one version of a submission. What answers were replaced by is told only with a reveal, which
    whoever calls has granted for the submission, and never where consent was refused. Raises Problem: not_found."""
    row = submission_detail.find(session, actor, mission_id, instance_id, xml_form_id)
    plan, said = submission_detail.read_record(session, keyring, row)
    names = logs.log_names(plan, said)
    expected = plan is not None and any(one.type == "audit" for one in plan.questions.values())
    content = _content(session, keyring, blobs, row, names)
    if content is None or plan is None or said is None:
        return Timing(timeline=None, expected=expected)
    told = _Told(plan, said, language, reveal, audit.read(content))
    return told.timing()


def _content(session: Session, keyring: Keyring, blobs: BlobStore, row: Any, names: set[str]) -> Any:
    if not names:
        return None
    have = files.at_hand(session, [row.id])[row.id]
    for name in sorted(names):
        if (file := have.get(files.digest(name, keyring))) is not None:
            return files.content(file, keyring, blobs)
    return None


class _Told:
    """A timeline in the words of a form."""

    def __init__(
        self, plan: Plan, said: Record, language: str, reveal: Reveal | None, timeline: Timeline
    ) -> None:
        self.telling = Telling(plan, language, reveal)
        self.timeline = timeline
        self.revealed = reveal is not None and reveal.fields is None and said.consent_ok is not False
        self.nodes: Mapping[str, schema.Node] = {node.path: node for node in plan.form.nodes()}
        self.root = f"/{plan.form.root}"

    def timing(self) -> Timing:
        edits: dict[str, list[Edit]] = {}
        for edit in self.timeline.edits if self.revealed else ():
            edits.setdefault(edit.node, []).append(edit)
        return Timing(
            timeline=self.timeline,
            expected=True,
            sections=self._sections(),
            returns=self._questions(self.timeline.returns, {}),
            edited=self._questions(self.timeline.edited, edits),
        )

    def _sections(self) -> tuple[SectionTime, ...]:
        """In the order of the interview; what the form does not know is one section, the last."""
        known: list[Part] = []
        strange: list[Part] = []
        for part in self.timeline.parts:
            (known if part.path in self.nodes or part.path == self.root else strange).append(part)
        told = [
            SectionTime(
                path=part.path,
                label=self._label(part.path) or self.telling.plan.form.title,
                active=part.active,
                questions=part.questions,
                visits=part.visits,
            )
            for part in known
        ]
        if strange:
            active, questions, visits = (
                sum(getattr(part, name) for part in strange) for name in ("active", "questions", "visits")
            )
            told.append(SectionTime(path="", label="", active=active, questions=questions, visits=visits))
        return tuple(told)

    def _questions(
        self, times: Mapping[str, int], edits: Mapping[str, list[Edit]]
    ) -> tuple[QuestionTimes, ...]:
        """Those the form knows, the most often first."""
        known = [(path, count) for path, count in times.items() if self._label(path)]
        return tuple(
            QuestionTimes(path=path, label=self._label(path), times=count, edits=tuple(edits.get(path, ())))
            for path, count in sorted(known, key=lambda one: -one[1])
        )

    def _label(self, path: str) -> str:
        node = self.nodes.get(without_positions(path))
        return self.telling.label(node) if node is not None else ""
