"""The labels of questions, to say in words where a value came from."""

import re
import uuid
from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Final

from sqlalchemy import select

from app.db import db
from app.models import FormVersion
from app.services import forms
from app.services.cases import Interview
from xlsforms import schema

Labels = Mapping[str, str]
"""Path of a question without positions → its label."""

_POSITION: Final = re.compile(r"\[\d+\]")
_OUTPUT: Final = re.compile(r"\$\{[^}]*\}")


def labels(interviews: Iterable[Interview], *, locale: str) -> dict[str, Labels]:
    """By the instanceID of each interview's submission: the labels of the form version it was held with. Each version
    is looked up once."""
    known: dict[tuple[int, str, str], Labels] = {}
    found = {}
    for one in interviews:
        version = one.mission_id, one.xml_form_id, one.form_version
        if version not in known:
            known[version] = _of_version(*version, locale)
        found[one.instance_id] = known[version]
    return found


def plain(path: str) -> str:
    """The path of a question without the positions of the rows it stood in."""
    return _POSITION.sub("", path)


def _of_version(mission_id: int, xml_form_id: str, form_version: str, locale: str) -> Labels:
    form = forms.find(db.session, mission_id, xml_form_id)
    version = forms.published(db.session, form, form_version) if form else None
    return _of(version.id, locale) if version else {}


@lru_cache(maxsize=64)
def _of(version_id: uuid.UUID, locale: str) -> Labels:
    # A published version never changes, so what was read once stays true.
    form = schema.Form.from_json(
        db.session.scalars(select(FormVersion.schema).where(FormVersion.id == version_id)).one()
    )
    return of_form(form, locale)


def of_form(form: schema.Form, locale: str) -> Labels:
    """The labels of a form's questions, in the reader's language if it has that."""
    language = next((one for one in form.languages if one.endswith(f"({locale})")), form.default_language)
    return {
        question.path: _OUTPUT.sub("…", schema.text(question.label, language, form.default_language))
        for question in form.questions()
    }
