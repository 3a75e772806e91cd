"""The files of a version of a form: those its designer attached, and those the converter made of its workbook."""

import hashlib
import mimetypes
from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from app.models import Form, FormMedia, FormVersion
from app.services import forms
from xlsforms import media, schema
from xlsforms.compile import CompiledForm
from xlsforms.workbook import Workbook


@dataclass(frozen=True, slots=True)
class Attached:
    """A file that goes with a form."""

    name: str
    content: bytes
    content_type: str | None = None


def put(
    session: Session, version: FormVersion, name: str, content: bytes, content_type: str | None
) -> FormMedia:
    """Give a version a file, in place of one of the same name."""
    row = session.get(FormMedia, (version.id, name)) or FormMedia(version_id=version.id, name=name)
    row.content = content
    row.md5 = md5(content)
    row.content_type = content_type or mimetypes.guess_type(name)[0] or "application/octet-stream"
    session.add(row)
    session.flush()
    return row


def keep(session: Session, version: FormVersion, compiled: CompiledForm) -> None:
    """A new draft keeps the files it still wants, or takes those of the published version; what the converter
    made of the workbook itself is always new."""
    assert compiled.schema is not None
    wanted = set(compiled.media) | set(compiled.schema.media)
    session.execute(
        delete(FormMedia).where(FormMedia.version_id == version.id, FormMedia.name.not_in(wanted))
    )
    source = forms.latest(session, session.get_one(Form, version.form_id))
    if source is not None:
        copy(session, source, version, names=wanted)
    for name, content in compiled.files.items():
        put(session, version, name, content, "text/csv")


def copy(session: Session, source: FormVersion, target: FormVersion, *, names: Iterable[str] | None) -> None:
    """Give a version the files of another that it has not, or only those of these names."""
    have = set(session.scalars(select(FormMedia.name).where(FormMedia.version_id == target.id)))
    for one in session.scalars(select(FormMedia).where(FormMedia.version_id == source.id)):
        if one.name not in have and (names is None or one.name in set(names)):
            session.add(
                FormMedia(
                    version_id=target.id,
                    name=one.name,
                    md5=one.md5,
                    content_type=one.content_type,
                    content=one.content,
                )
            )
    session.flush()


def has(session: Session, version: FormVersion, files: Iterable[Attached]) -> bool:
    """Whether a version has these very files."""
    have = _digests(session, version)
    return all(have.get(one.name) == md5(one.content) for one in files)


def same(session: Session, one: FormVersion, other: FormVersion) -> bool:
    """Whether two versions have the very same files."""
    return _digests(session, one) == _digests(session, other)


def known(session: Session, form: Form | None, mission_id: int | None, found: schema.Form) -> set[str]:
    """Names of the files a form has or phones get anyhow: those of its draft and of its published version, and the lists
    that the server makes, also those that come into being with it."""
    lists = {f"{one.list_name}.csv" for one in found.entities}
    lists |= forms.served(session, mission_id, found.media)
    versions = (
        [forms.draft(session, form), forms.latest(session, form)] if form is not None and form.id else []
    )
    ids = [one.id for one in versions if one is not None]
    return lists | set(session.scalars(select(FormMedia.name).where(FormMedia.version_id.in_(ids))))


def look_again(session: Session, form: Form, version: FormVersion) -> None:
    """Say of a draft's files what holds now that it got one."""
    found = schema.Form.from_json(version.schema)
    there = known(session, form, form.mission_id, found)
    kept = [one for one in version.findings if one["code"] != "media_missing"]
    missing = media.check(Workbook.unpacked(version.cells), found, (), known=there)
    version.findings = [*kept, *(one.to_json() for one in missing)]
    session.flush()


def md5(content: bytes) -> str:
    """OpenRosa lists MD5; it tells phones what changed and protects nothing."""
    return hashlib.md5(content, usedforsecurity=False).hexdigest()


def _digests(session: Session, version: FormVersion) -> dict[str, str]:
    rows = session.execute(select(FormMedia.name, FormMedia.md5).where(FormMedia.version_id == version.id))
    return {row.name: row.md5 for row in rows}
