"""Forms, their immutable versions with media, and which phones get them."""

import uuid
from datetime import datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey, Index, LargeBinary, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import Instant, Model, new_id, now


class Form(Model):
    """What designers call one form through all its versions."""

    __tablename__ = "form"
    __table_args__ = (UniqueConstraint("xml_form_id", "mission_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    xml_form_id: Mapped[str] = mapped_column(comment="The form id of the XLSForm's settings: ct_screening")
    mission_id: Mapped[int | None] = mapped_column(
        ForeignKey("mission.id"), comment="Owner; empty: headquarters"
    )
    created_at: Mapped[datetime] = mapped_column(Instant, default=now)
    created_by: Mapped[int | None] = mapped_column(ForeignKey("user.id"))


class FormVersion(Model):
    """One compiled, immutable state of a form, addressed by the hash of its XForm.

    Published versions are never changed or deleted: a phone that was offline for a year still submits
    against the one it holds. At most one version of a form is a draft.
    """

    __tablename__ = "form_version"
    __table_args__ = (
        Index(None, "form_id", "published_at"),
        UniqueConstraint("form_id", "version", "published"),
    )

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    form_id: Mapped[int] = mapped_column(ForeignKey("form.id"))
    version: Mapped[str] = mapped_column(comment="As the XForm says it; empty where it says none")
    title: Mapped[str]
    published: Mapped[bool | None] = mapped_column(
        comment="True, or NULL for the draft, so that a draft may share its version string with drafts only"
    )
    sha256: Mapped[str] = mapped_column(String(64), comment="Of the XForm's bytes")
    md5: Mapped[str] = mapped_column(String(32), comment="Of the same bytes: what OpenRosa lists")
    xform: Mapped[bytes] = mapped_column(LargeBinary, comment="The exact bytes a phone downloads")
    workbook: Mapped[bytes | None] = mapped_column(LargeBinary, comment="The original upload, byte for byte")
    workbook_type: Mapped[str | None] = mapped_column(comment="xlsx, xls or xml")
    workbook_name: Mapped[str | None] = mapped_column(comment="What the original was called, made safe")
    cells: Mapped[bytes | None] = mapped_column(
        LargeBinary, comment="Of the workbook, as xlsforms.workbook.Workbook packs them"
    )
    validated: Mapped[str | None] = mapped_column(
        comment="ODK Validate: waiting, absent (no Java there) or done; empty: never asked"
    )
    wants: Mapped[list[str]] = mapped_column(
        JSON, default=list, comment="Names of the media files the XForm refers to"
    )
    schema: Mapped[dict[str, Any]] = mapped_column(JSON, comment="xlsforms.schema.Form as JSON")
    texts: Mapped[dict[str, Any] | None] = mapped_column(
        JSON(none_as_null=True),
        comment="xlsforms.translations.Translations as JSON: what its cells say in each language; empty for XML",
    )
    findings: Mapped[list[dict[str, Any]]] = mapped_column(JSON, comment="What compile and lint had to say")
    note: Mapped[str] = mapped_column(default="", comment="Why this version was made")
    created_at: Mapped[datetime] = mapped_column(Instant, default=now)
    created_by: Mapped[int | None] = mapped_column(ForeignKey("user.id"))
    published_at: Mapped[datetime | None] = mapped_column(Instant)
    published_by: Mapped[int | None] = mapped_column(ForeignKey("user.id"))


class FormMedia(Model):
    """A media file of a form version. Lists made per mission or device are not here: they are views."""

    __tablename__ = "form_media"

    version_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("form_version.id"), primary_key=True)
    name: Mapped[str] = mapped_column(primary_key=True, comment="As the XForm names it")
    md5: Mapped[str] = mapped_column(String(32))
    content_type: Mapped[str]
    content: Mapped[bytes] = mapped_column(LargeBinary)


class Assignment(Model):
    """Puts a form on the phones of a mission, or of one group of its devices."""

    __tablename__ = "assignment"
    __table_args__ = (UniqueConstraint("form_id", "mission_id", "group_id"), Index(None, "mission_id"))

    id: Mapped[int] = mapped_column(primary_key=True)
    form_id: Mapped[int] = mapped_column(ForeignKey("form.id"))
    mission_id: Mapped[int] = mapped_column(ForeignKey("mission.id"))
    group_id: Mapped[int | None] = mapped_column(ForeignKey("device_group.id"), comment="Empty: every device")
    state: Mapped[str] = mapped_column(default="open", comment="open, closing (no new downloads), closed")
