"""What test devices and browsers sent: fiction, to see whether a draft works, and thrown away with the draft."""

import uuid
from datetime import datetime

from sqlalchemy import ForeignKey, LargeBinary, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import Instant, Model, new_id, now


class Trial(Model):
    """An interview held to try the draft of a form. Its table is no part of `submission`: whatever lists, counts,
    folds or exports submissions cannot meet it.

    There is one row for each instanceID: what comes later under the same one replaces what was there.
    """

    __tablename__ = "trial"
    __table_args__ = (UniqueConstraint("mission_id", "form_id", "instance_id"),)

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id, comment="UUIDv7")
    mission_id: Mapped[int] = mapped_column(ForeignKey("mission.id"), comment="Where it was tried")
    form_id: Mapped[int] = mapped_column(ForeignKey("form.id"), comment="The form whose draft it tries")
    device_id: Mapped[int | None] = mapped_column(
        ForeignKey("device.id"), comment="The test device; none if it was tried in the browser"
    )
    user_id: Mapped[int | None] = mapped_column(ForeignKey("user.id"), comment="Who tried it in the browser")
    form_version: Mapped[str] = mapped_column(comment="As the XML says it; empty where it says none")
    instance_id: Mapped[str] = mapped_column(String(250))
    received_at: Mapped[datetime] = mapped_column(Instant, default=now)
    xml_digest: Mapped[bytes] = mapped_column(
        LargeBinary(32), comment="Keyed hash of the plain XML: same bytes again?"
    )
    xml: Mapped[bytes] = mapped_column(
        LargeBinary, comment="Sealed (app.keys), context 'trial:' + form + ':' + instanceID"
    )


class TrialFile(Model):
    """A file of a trial; its sealed content is a blob that nothing else refers to."""

    __tablename__ = "trial_file"

    trial_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("trial.id", ondelete="CASCADE"), primary_key=True)
    name_digest: Mapped[bytes] = mapped_column(
        LargeBinary(32), primary_key=True, comment="Keyed hash of the name"
    )
    name: Mapped[bytes] = mapped_column(LargeBinary, comment="Sealed, context 'file-name:' + trial id")
    digest: Mapped[bytes] = mapped_column(LargeBinary(32), comment="Keyed SHA-256 of the plain content")
    size: Mapped[int] = mapped_column(comment="Bytes of the plain content")
    content_type: Mapped[str]
    blob: Mapped[str] = mapped_column(String(64), comment="Name in the blob store")


class UnwantedBlob(Model):
    """A blob nothing refers to any more. The row is written with what made it so; the blob goes after the commit,
    also if the process ends in between."""

    __tablename__ = "unwanted_blob"

    blob: Mapped[str] = mapped_column(String(64), primary_key=True, comment="Name in the blob store")
