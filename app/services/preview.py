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
    if name not in version.wants:
        raise problems.not_found("file")
    uploaded = session.get(FormMedia, (version.id, name))
    if uploaded is not None:
        return File(uploaded.content, uploaded.md5, uploaded.content_type)
    tester = Sender(mission_id, actor.ref, user_id=actor.user_id, test_form_id=version.form_id)
    if name == phones.MISSION:
        return phones.mission_list(session, tester)
    if name == phones.CASES:
        tag, pieces = phones.case_tag(session, tester), phones.case_list(session, tester)
    else:
        found = phones.entity_list(session, tester, keyring, name.removesuffix(_LIST))
        tag, pieces = found.tag, found.pieces
    return File(b"".join(pieces), tag, phones.CSV)
