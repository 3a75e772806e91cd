"""The columns of a form's table: its questions, whichever version asks them, as far as somebody may see them."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from sqlalchemy.orm import Session

from app import policy, problems
from app.services import forms, indexing, plans
from xlsforms import schema

SEVERAL: Final = ("select_multiple", "rank")
"""Types whose answer is several codes."""
_DEFAULT: Final = 6
"""Columns of a table for which nobody chose any."""
_NOT_ASKED: Final = schema.METADATA | {"calculate", "note", "hidden"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """A question as a column. `key` is its path below the root of the form: `person/age`. `choices`: code → label in
    the language asked for; `said` → everything a code is called, in any language, in small letters. `number` is the
    index's, empty as long as nobody has answered it. `kind`: number, date, choice, choices or text."""

    key: str
    path: str
    name: str
    label: str
    type: str
    kind: str
    section: str
    choices: Mapping[str, str]
    said: Mapping[str, str]
    repeated: bool
    number: int | None
    mapped: bool

    def shown(self, text: str) -> str:
        """An answer with the labels of its choices."""
        if not self.choices:
            return text
        codes = text.split() if self.kind == "choices" else [text]
        return ", ".join(self.choices.get(code) or code for code in codes)


@dataclass(frozen=True, slots=True)
class Columns:
    """The columns of a form by their keys, in its order: those of the newest version, then what only older ones ask.
    `versions` are the published ones, the newest first."""

    by_key: Mapping[str, Column]
    languages: tuple[str, ...]
    language: str
    versions: tuple[tuple[str, str], ...]

    @property
    def default(self) -> tuple[str, ...]:
        """A few to begin with: first what goes into the case store, in the order of the form."""
        asked = [
            one
            for one in self.by_key.values()
            if one.type not in _NOT_ASKED and not one.repeated and one.number is not None
        ]
        best = sorted(asked, key=lambda one: not one.mapped)[:_DEFAULT]
        return tuple(one.key for one in asked if one in best)


def columns(
    session: Session, *, actor: policy.Actor, mission_id: int, xml_form_id: str, language: str = ""
) -> Columns:
    """The columns somebody may see: nothing of class P3, in whichever version. Raises Problem: not_found."""
    if not policy.may(actor, "submission.read", mission_id):
        raise problems.not_found("form")
    form = forms.find(session, mission_id, xml_form_id)
    if form is None:
        raise problems.not_found("form")
    published = forms.versions(session, form)
    read_by = [plans.get(session, one.id) for one in published]
    languages = read_by[0].form.languages if read_by else ()
    if language not in languages:
        language = read_by[0].form.default_language if read_by else ""
    seen = policy.sees(actor, mission_id) & indexing.CLASSES
    hidden = {path for plan in read_by for path, one in plan.privacy.items() if one not in seen}
    numbers = indexing.numbers_of(session, mission_id, xml_form_id)
    found: dict[str, Column] = {}
    for plan in read_by:
        for one in _of_version(plan, language, numbers, hidden):
            known = found.get(one.key)
            found[one.key] = one if known is None else _joined(known, one)
    versions = tuple((str(one.id), one.version) for one in published)
    return Columns(found, languages, language, versions)


def _of_version(
    plan: plans.Plan, language: str, numbers: Mapping[str, int], hidden: set[str]
) -> list[Column]:
    form, around, found = plan.form, plan.form.all_enclosing(), []
    labels = {one.path: schema.text(one.label, language, form.default_language) for one in form.nodes()}
    root = f"/{form.root}/"
    for question in form.questions():
        if question.path in hidden or question.type in ("note", "instanceID", "deprecatedID"):
            continue
        listed = form.choice_list(question)
        found.append(
            Column(
                key=question.path.removeprefix(root),
                path=question.path,
                name=question.name,
                label=labels[question.path] or question.name,
                type=question.type,
                kind=_kind(question, bool(listed)),
                section=labels.get(question.path.rpartition("/")[0], ""),
                choices={one.name: schema.text(one.label, language, form.default_language) for one in listed},
                said={one.name: " ".join((one.name, *one.label.values())).lower() for one in listed},
                repeated=bool(around[question.path]),
                number=numbers.get(question.path),
                mapped=question.path in plan.mapping.bindings,
            )
        )
    return found


def _joined(newer: Column, older: Column) -> Column:
    """Choices that only an older version offers have their labels too."""
    if not older.choices.keys() - newer.choices.keys():
        return newer
    return Column(
        **{name: getattr(newer, name) for name in Column.__slots__}
        | {"choices": {**older.choices, **newer.choices}, "said": {**older.said, **newer.said}}
    )


def _kind(question: schema.Question, listed: bool) -> str:
    if question.type in SEVERAL:
        return "choices"
    if listed:
        return "choice"
    if question.type in indexing.NUMBERS or question.data_type in ("int", "decimal"):
        return "number"
    return "date" if question.data_type in ("date", "dateTime") else "text"
