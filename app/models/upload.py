"""What designers bring to the page, forms and translations: kept from the request until a worker has checked it."""

import uuid
from datetime import datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey, Index, LargeBinary
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import Instant, Model, new_id, now


class Upload(Model):
    """A form with its files, or a file of translations, waiting to be checked; then what came of it, for a few days. The
    table is the queue."""

    __tablename__ = "upload"
    __table_args__ = (Index(None, "state", "created_at"),)

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    mission_id: Mapped[int] = mapped_column(ForeignKey("mission.id"))
    created_by: Mapped[int] = mapped_column(ForeignKey("user.id"))
    created_at: Mapped[datetime] = mapped_column(Instant, default=now)
    name: Mapped[str] = mapped_column(comment="The file's name, as on the designer's machine")
    content: Mapped[bytes | None] = mapped_column(
        LargeBinary, comment="The form; empty once it is the original of a version"
    )
    note: Mapped[str] = mapped_column(default="", comment="What is new")
    translates: Mapped[uuid.UUID | None] = mapped_column(
        comment="The version whose texts the file brings; empty: the file is a form"
    )
    written: Mapped[int | None] = mapped_column(comment="Texts of translations that went into cells")
    state: Mapped[str] = mapped_column(
        default="waiting", comment="waiting, checking, refused, draft, or published: it was that already"
    )
    step: Mapped[str] = mapped_column(
        default="", comment="Where a check is at: reading, converting, checking"
    )
    share: Mapped[float | None] = mapped_column(comment="Of the step, 0 to 1, where that is known")
    tries: Mapped[int] = mapped_column(default=0, comment="How often a check was begun")
    touched_at: Mapped[datetime | None] = mapped_column(
        Instant, comment="When the process that checks it last said that it lives"
    )
    problem: Mapped[str] = mapped_column(default="", comment="Why it was refused, if not for its findings")
    findings: Mapped[list[dict[str, Any]]] = mapped_column(JSON, default=list)
    cells: Mapped[bytes | None] = mapped_column(
        LargeBinary, comment="Of a refused workbook, as xlsforms.workbook.Workbook packs them"
    )
    version_id: Mapped[uuid.UUID | None] = mapped_column(
        comment="The version it became, or was already; a draft may be gone since"
    )


class UploadFile(Model):
    """A file that was uploaded with a form, to be its media."""

    __tablename__ = "upload_file"

    upload_id: Mapped[uuid.UUID] = mapped_column(
        ForeignKey("upload.id", ondelete="CASCADE"), primary_key=True
    )
    name: Mapped[str] = mapped_column(primary_key=True)
    content_type: Mapped[str]
    content: Mapped[bytes] = mapped_column(LargeBinary)
