"""What the preview of a form is made of. Nothing in it is about anybody, and nothing of it is stored."""

from typing import Final

from sqlalchemy.orm import Session

from app import problems
from app.keys import Keyring
from app.models import FormMedia, FormVersion
from app.policy import Actor
from app.services import phones
from app.services.phones import File
from app.services.senders import Sender

_LIST: Final = ".csv"


def file(
    session: Session, *, actor: Actor, keyring: Keyring, mission_id: int, version: FormVersion, name: str
) -> File:
    """A file a version wants, as a test device has it: uploaded, or a list of the mission with nobody real in it.
    Raises the Problem `not_found`."""
    tester = Sender(mission_id, actor.ref, user_id=actor.user_id, test_form_id=version.form_id)
    return of_sender(session, tester, keyring=keyring, version=version, name=name)


def of_sender(session: Session, sender: Sender, *, keyring: Keyring, version: FormVersion, name: str) -> File:
    """A file a version wants, as the sender has it. Raises the Problem `not_found`."""
    if name not in version.wants:
        raise problems.not_found("file")
    if (media := uploaded(session, version, name)) is not None:
        return File(media.content, media.md5, media.content_type)
    if name == phones.MISSION:
        return phones.mission_list(session, sender)
    if name == phones.CASES:
        tag, pieces = phones.case_tag(session, sender), phones.case_list(session, sender)
    else:
        found = phones.entity_list(session, sender, keyring, name.removesuffix(_LIST))
        tag, pieces = found.tag, found.pieces
    return File(b"".join(pieces), tag, phones.CSV)


def uploaded(session: Session, version: FormVersion, name: str) -> FormMedia | None:
    """The file that was uploaded with the version under this name."""
    return session.get(FormMedia, (version.id, name))
