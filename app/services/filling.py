"""What a browser that is a device needs beside what phones are given: its forms in one list, with what it cannot do of
them, and a secret to keep unsent interviews under."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from app import problems
from app.keys import Keyring
from app.language import _
from app.models import Device, FormVersion, Mission
from app.services import phones
from app.services.phones import MediaFile, Offer
from app.services.senders import Sender
from xlsforms import browser, schema

_PURPOSE: Final = "browser drafts"


@dataclass(frozen=True, slots=True)
class Lack:
    """What the browser does otherwise than a phone, as the end of a sentence about the questions of these labels."""

    words: str
    questions: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Blank:
    """A form to be filled in the browser, and its files. `encrypted`: phones encrypt its interviews, which the browser
    cannot, so it does not offer it."""

    offer: Offer
    files: tuple[MediaFile, ...]
    lacks: tuple[Lack, ...]
    encrypted: bool


def blanks(session: Session, sender: Sender) -> Iterator[Blank]:
    """The forms open to the device, as phones list them."""
    for offer in phones.offers(session, sender):
        stored = session.execute(select(FormVersion.schema).where(FormVersion.id == offer.id)).scalar_one()
        form = schema.Form.from_json(stored)
        files = phones.manifest(session, sender, offer.id) if offer.media else []
        lacks = (
            Lack(_(lack.words), tuple(_called(question, form) for question in lack.questions))
            for lack in browser.lacking(form)
        )
        # What is downloaded is a rendition with a key of the mission, or the form brings a key of its own.
        encrypted = offer.file != offer.id or form.encrypted
        yield Blank(offer, tuple(files), tuple(lacks), encrypted)


def place(session: Session, sender: Sender) -> tuple[Device, Mission]:
    """The device and its mission. Raises Problem: unknown_device."""
    device = session.get(Device, sender.device_id)
    mission = session.get(Mission, sender.mission_id)
    if device is None or mission is None:
        raise problems.unknown_device()
    return device, mission


def secret(sender: Sender, keyring: Keyring) -> bytes:
    """32 bytes under which the browser keeps the key of its unsent interviews. They are the device's for good, also with
    a new token: given back its access, it opens what it kept; cut off, it does not."""
    return keyring.derive(_PURPOSE, str(sender.device_id).encode())


def _called(question: schema.Question, form: schema.Form) -> str:
    """What a question is called on the page; its name if it is shown to nobody."""
    words = question.label.get(form.default_language) or next(iter(question.label.values()), "")
    return words.strip() or question.name
