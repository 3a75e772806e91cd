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


def labels(interviews: Iterable[Interview], *, mission_id: int, locale: str) -> dict[str, Labels]:
    """By the instanceID of each interview's submission: the labels of the form version it was held with."""
    return {one.instance_id: _of_version(one, mission_id, locale) for one in interviews}


def plain(path: str) -> str:
    """The path of a question without the positions of the rows it stood in."""
    return _POSITION.sub("", path)


def _of_version(interview: Interview, mission_id: int, locale: str) -> Labels:
    form = forms.find(db.session, mission_id, interview.xml_form_id)
    version = forms.published(db.session, form, interview.form_version) if form else None
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
