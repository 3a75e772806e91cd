"""How a form version is read: its schema, its mapping and the privacy class of each question.

Published versions never change, so a process keeps the plans it has made; a replay forgets them first,
because what they follow from (the dictionary, a mapping's reading) may have been mended.
"""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any
from weakref import WeakKeyDictionary

from sqlalchemy import Connection, Engine, select
from sqlalchemy.orm import Session

from app.models import Form, FormKey, FormVersion, Rendition
from xlsforms import dictionary, mapping, schema
from xlsforms.finding import Finding

_kept: dict[uuid.UUID, "Plan"] = {}
_found: WeakKeyDictionary[Engine, dict[tuple[int, str, str], uuid.UUID]] = WeakKeyDictionary()
MOST = 500
"""Plans kept by one process."""


@dataclass(frozen=True)
class Plan:
    """One form version, ready to read submissions with. `findings` are the mapping's errors."""

    version_id: uuid.UUID
    form: schema.Form
    mapping: mapping.Mapping
    findings: tuple[Finding, ...]

    @cached_property
    def privacy(self) -> Mapping[str, str]:
        """Privacy class of every question, by path without positions."""
        return mapping.privacy(self.form, self.mapping, dictionary.load())

    @cached_property
    def questions(self) -> Mapping[str, schema.Question]:
        """Every question by its path."""
        return {question.path: question for question in self.form.questions()}


def find(connection: Connection | Session, *, mission_id: int, form_id: str, version: str) -> Plan | None:
    """The plan of the published version a submission of this mission names, or None where there is none.

    A form of the mission's own comes before one of headquarters with the same id.
    """
    bind = connection.get_bind() if isinstance(connection, Session) else connection
    known = _found.setdefault(bind.engine, {})
    key = (mission_id, form_id, version)
    if key not in known:
        statement = (
            select(FormVersion.id)
            .join(Form, Form.id == FormVersion.form_id)
            .where(
                Form.xml_form_id == form_id,
                Form.mission_id.is_(None) | (Form.mission_id == mission_id),
                FormVersion.version == version,
                FormVersion.published.is_(True),
            )
            .order_by(Form.mission_id.is_(None))
            .limit(1)
        )
        found = connection.execute(statement).scalar_one_or_none() or _rendered(connection, *key)
        if found is None:
            return None
        known[key] = found
    return get(connection, known[key])


def _rendered(
    connection: Connection | Session, mission_id: int, form_id: str, version: str
) -> uuid.UUID | None:
    """The version behind a rendition: what the mission's phones had, or have, while they encrypt a form."""
    statement = (
        select(Rendition.version_id)
        .join(FormKey, FormKey.id == Rendition.key_id)
        .join(Form, Form.id == FormKey.form_id)
        .where(Form.xml_form_id == form_id, FormKey.mission_id == mission_id, Rendition.version == version)
        .order_by(Form.mission_id.is_(None))
        .limit(1)
    )
    return connection.execute(statement).scalar_one_or_none()


def get(connection: Connection | Session, version_id: uuid.UUID) -> Plan:
    """The plan of a version."""
    if version_id not in _kept:
        found = connection.execute(
            select(FormVersion.schema).where(FormVersion.id == version_id)
        ).scalar_one()
        if len(_kept) >= MOST:
            forget()
        _kept[version_id] = _make(version_id, found)
    return _kept[version_id]


def of_draft(draft: FormVersion) -> Plan:
    """The plan of a draft. Made anew each time, and not kept: a draft changes."""
    return _make(draft.id, draft.schema)


def _make(version_id: uuid.UUID, said: Mapping[str, Any]) -> Plan:
    form = schema.Form.from_json(said)
    read, findings = mapping.read(form, dictionary.load())
    return Plan(version_id, form, read, tuple(finding for finding in findings if finding.is_error))


def forget() -> None:
    """Make every plan anew when it is next needed."""
    _kept.clear()
    _found.clear()
