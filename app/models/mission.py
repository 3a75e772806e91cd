"""Missions, and what belongs to one: interviewers, groups of devices, devices."""

from datetime import datetime

from sqlalchemy import ForeignKey, Index, LargeBinary, String, UniqueConstraint, false, true
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import Instant, Model, now


class Mission(Model):
    """An IOM country office: the unit of access. ODK clients call it a project."""

    __tablename__ = "mission"

    id: Mapped[int] = mapped_column(primary_key=True)
    code: Mapped[str] = mapped_column(String(16), unique=True, comment="UN/LOCODE without the blank: MDCHI")
    name: Mapped[str] = mapped_column(comment="What people call it")
    country: Mapped[str] = mapped_column(String(2), comment="ISO 3166-1 alpha-2")
    time_zone: Mapped[str] = mapped_column(
        default="UTC", comment="IANA name; decides what 'today' means here"
    )
    demo: Mapped[bool] = mapped_column(default=False, comment="Holds fiction only")
    log_places: Mapped[bool] = mapped_column(
        default=False,
        server_default=false(),
        comment="Whether the logs phones keep of interviews may tell where they were, if a form asks",
    )
    programme_rules: Mapped[str | None] = mapped_column(
        String(20), comment="Rule set that proposes for the fund, of the dictionary; empty: its default"
    )
    archived_at: Mapped[datetime | None] = mapped_column(Instant, comment="No longer takes anything in")
    created_at: Mapped[datetime] = mapped_column(Instant, default=now)


class Interviewer(Model):
    """Somebody who interviews. A staff row: no login is needed to hold a phone."""

    __tablename__ = "interviewer"
    __table_args__ = (UniqueConstraint("mission_id", "code"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    mission_id: Mapped[int] = mapped_column(ForeignKey("mission.id"))
    code: Mapped[str] = mapped_column(String(12), comment="What the forms carry as interviewer_code")
    display_name: Mapped[str] = mapped_column(comment="Shown in the office only")
    user_id: Mapped[int | None] = mapped_column(ForeignKey("user.id"), comment="If the person also signs in")


class DeviceGroup(Model):
    """A named set of devices, to put a form on some phones of a mission only."""

    __tablename__ = "device_group"
    __table_args__ = (UniqueConstraint("mission_id", "name"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    mission_id: Mapped[int] = mapped_column(ForeignKey("mission.id"))
    name: Mapped[str]


class Device(Model):
    """A phone's revocable access to one mission: a token in its server URL, or a user name with a password. ODK
    Central calls it an app user."""

    __tablename__ = "device"
    __table_args__ = (Index(None, "mission_id"), Index(None, "username", unique=True))

    id: Mapped[int] = mapped_column(primary_key=True)
    mission_id: Mapped[int] = mapped_column(ForeignKey("mission.id"))
    interviewer_id: Mapped[int | None] = mapped_column(
        ForeignKey("interviewer.id"), comment="Whose phone it is"
    )
    group_id: Mapped[int | None] = mapped_column(ForeignKey("device_group.id"))
    test_form_id: Mapped[int | None] = mapped_column(
        ForeignKey("form.id"), comment="A test device: it gets the draft of this form, and sends trials"
    )
    display_name: Mapped[str] = mapped_column(comment="'Phone 7, Chisinau'; never a beneficiary's name")
    token_digest: Mapped[bytes] = mapped_column(
        LargeBinary(32), unique=True, comment="Keyed hash of the token: what a request is looked up by"
    )
    token_sealed: Mapped[bytes] = mapped_column(
        LargeBinary, comment="The token itself, to print its QR code again"
    )
    username: Mapped[str | None] = mapped_column(
        String(32), comment="Random; if there is one, the token is its password and no part of the URL"
    )
    ha1: Mapped[bytes | None] = mapped_column(
        LargeBinary, comment="HA1 of Digest, locked (app.keys), context 'device-ha1'"
    )
    managed: Mapped[bool] = mapped_column(
        default=True,
        server_default=true(),
        comment="Its forms match the server's; else they are chosen on it",
    )
    language: Mapped[str] = mapped_column(
        String(8), default="en", server_default="en", comment="Of its interviewer: en, fr, es or ar"
    )
    created_at: Mapped[datetime] = mapped_column(Instant, default=now)
    created_by: Mapped[int | None] = mapped_column(ForeignKey("user.id"))
    called_at: Mapped[datetime | None] = mapped_column(
        Instant, comment="When it last asked for its forms, to the hour"
    )
    revoked_at: Mapped[datetime | None] = mapped_column(Instant, comment="Cut off at its next request")
