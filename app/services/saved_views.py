"""Saved views: a form's table, or the list of cases, as somebody likes it, under a name, for themselves or for all of
the mission. Where no form is named (an empty id, which no form has) it is the list of cases."""

from collections.abc import Sequence
from typing import Final
from urllib.parse import parse_qsl, urlencode

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from app import policy, problems
from app.db import writing
from app.language import _, ngettext
from app.models import SavedView
from app.services import naming

MOST: Final = 50
"""Views of one form, or of cases, that somebody may keep."""
LONGEST: Final = 8000
"""Characters of a view."""
_OF_FORMS: Final = frozenset(
    {
        "c", "f", "sort", "state", "attention", "review", "version", "device", "interviewer", "from", "to", "case",
        "language",
    }
)  # fmt: skip
_OF_CASES: Final = frozenset(
    {
        "status", "risk_level", "attention", "due", "sort", "age_group", "trafficking_status", "sex", "country",
        "exploitation", "programme", "owner",
    }
)  # fmt: skip
"""What is kept of an address: never what was typed to search."""


def listing(
    session: Session, *, actor: policy.Actor, mission_id: int, xml_form_id: str
) -> Sequence[SavedView]:
    """One's own and those shared, by name."""
    return session.scalars(
        select(SavedView)
        .where(
            policy.within(actor, _reading(xml_form_id), SavedView.mission_id),
            SavedView.mission_id == mission_id,
            SavedView.xml_form_id == xml_form_id,
            or_(SavedView.user_id == actor.user_id, SavedView.shared),
        )
        .order_by(SavedView.name, SavedView.id)
    ).all()


def save(
    session: Session,
    *,
    actor: policy.Actor,
    mission_id: int,
    xml_form_id: str,
    name: str,
    query: str,
    shared: bool = False,
) -> SavedView:
    """Keep a view; one of one's own with the same name becomes this. Raises Problem: not_allowed, invalid."""
    policy.require(actor, _reading(xml_form_id), mission_id)
    name = naming.clean(name, what="A view", longest=80)
    keys = _OF_FORMS if xml_form_id else _OF_CASES
    kept = urlencode([(key, value) for key, value in parse_qsl(query.removeprefix("?")) if key in keys])
    if actor.user_id is None or len(kept) > LONGEST:
        raise problems.invalid(_("This view is too long to be kept, or nobody's."))
    with writing(session):
        mine = (
            SavedView.user_id == actor.user_id,
            SavedView.mission_id == mission_id,
            SavedView.xml_form_id == xml_form_id,
        )
        found = session.scalar(select(SavedView).where(*mine, SavedView.name == name))
        if found is None:
            if (session.scalar(select(func.count()).select_from(SavedView).where(*mine)) or 0) >= MOST:
                raise problems.invalid(
                    ngettext(
                        "Nobody keeps more than %(num)s view of one list.",
                        "Nobody keeps more than %(num)s views of one list.",
                        MOST,
                    ),
                    _("Delete one first."),
                )
            found = SavedView(
                mission_id=mission_id, xml_form_id=xml_form_id, user_id=actor.user_id, name=name
            )
            session.add(found)
        found.query, found.shared = kept, shared
        session.flush()
        return found


def rename(session: Session, *, actor: policy.Actor, mission_id: int, view_id: int, name: str) -> SavedView:
    """Call one's own view something else. Raises Problem: not_found, invalid, conflict."""
    with writing(session):
        found, name = (
            _mine(session, actor, mission_id, view_id),
            naming.clean(name, what="A view", longest=80),
        )
        taken = select(SavedView.id).where(
            SavedView.user_id == found.user_id,
            SavedView.mission_id == mission_id,
            SavedView.xml_form_id == found.xml_form_id,
            SavedView.name == name,
            SavedView.id != found.id,
        )
        if session.scalar(taken) is not None:
            raise problems.conflict(_("You have a view of this name already."), _("Choose another name."))
        found.name = name
        return found


def delete(session: Session, *, actor: policy.Actor, mission_id: int, view_id: int) -> str:
    """Delete one's own view. Returns its form, empty for cases. Raises the Problem `not_found`."""
    with writing(session):
        found = _mine(session, actor, mission_id, view_id)
        form = found.xml_form_id
        session.delete(found)
        return form


def _reading(xml_form_id: str) -> str:
    return "submission.read" if xml_form_id else "case.read"


def _mine(session: Session, actor: policy.Actor, mission_id: int, view_id: int) -> SavedView:
    found = session.get(SavedView, view_id)
    if (
        found is None
        or found.mission_id != mission_id
        or found.user_id != actor.user_id
        or not policy.may(actor, _reading(found.xml_form_id), mission_id)
    ):
        raise problems.not_found("view")
    return found
