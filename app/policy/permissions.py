"""Who may do what: the whole of it, as data.

An action is allowed to the roles named beside it, in the mission their grant names, or in all of them if the
grant names none. What is not written here is refused.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

Scope = Literal["mission", "everywhere", "anybody", "signed_in"]


@dataclass(frozen=True, slots=True)
class Action:
    """What one may do, to whom it is given, and how far it reaches.

    `scope`: `mission`, one mission at a time; `everywhere`, only by a grant without a mission; `signed_in`,
    whoever signed in, about themselves; `anybody`, no questions asked.
    """

    words: str
    roles: frozenset[str] = frozenset()
    scope: Scope = "mission"


ADMINISTRATOR, COORDINATOR, FORM_DESIGNER, DEVICE = "administrator", "coordinator", "form_designer", "device"

ROLES: Mapping[str, str] = {
    ADMINISTRATOR: "Runs the house: people, missions, keys, devices and forms. Sees no case.",
    COORDINATOR: "Answers for the cases of a mission: reads, decides, downloads, hands out phones.",
    FORM_DESIGNER: "Writes and publishes forms. Sees no case.",
}
"""The roles a person can be given. `device` is no grant: a token is that, in its own mission."""

_A, _C, _F, _D = ({role} for role in (ADMINISTRATOR, COORDINATOR, FORM_DESIGNER, DEVICE))


def _in_mission(words: str, roles: set[str]) -> Action:
    return Action(words, frozenset(roles))


def _everywhere(words: str, roles: set[str]) -> Action:
    return Action(words, frozenset(roles), "everywhere")


ACTIONS: Mapping[str, Action] = {
    "public": Action("open a door that asks nobody's name", scope="anybody"),
    "signed_in": Action("see and change one's own account", scope="signed_in"),
    "home.read": _in_mission("see what came in and what needs attention", _A | _C | _F),
    # ------------------------------------------------------------- the house
    "mission.list": _in_mission("list missions", _A | _C | _F),
    "mission.read": _in_mission("read what a mission is called and where it is", _A | _C | _F),
    "mission.create": _everywhere("open a mission", _A),
    "mission.update": _in_mission("change or archive a mission, and name its interviewers", _A),
    "user.list": _everywhere("list people and what they may do", _A),
    "user.create": _everywhere("add a person", _A),
    "user.update": _everywhere("change a person, or their password", _A),
    "user.grant": _everywhere("give and take roles", _A),
    "key.read": _everywhere("list the keys by their ids", _A),
    "key.rotate": _everywhere("make new keys", _A),
    "ledger.read": _everywhere("read the ledger and check its chain", _A),
    "webhook.keep": _in_mission("keep webhooks, and see what was sent to them", _A | _C),
    "demo.fill": _in_mission("fill a demo mission with fiction", _A | _C),
    # ----------------------------------------------------------- phones
    "device.list": _in_mission("list devices", _A | _C),
    "device.create": _in_mission("add a device", _A | _C),
    "device.update": _in_mission(
        "rename devices, give them to somebody else, and put them in groups", _A | _C
    ),
    "device.show": _in_mission("show a device's code again", _A | _C),
    "device.revoke": _in_mission("cut a device off, or give it a new token", _A | _C),
    # ------------------------------------------------------------ forms
    "form.list": _in_mission("list forms", _A | _C | _F),
    "form.read": _in_mission("read forms, their workbooks and findings", _A | _C | _F),
    "form.upload": _in_mission("upload a draft of a form", _A | _F),
    "form.try": _in_mission("try a draft on test devices, and see what they send", _A | _C | _F),
    "form.publish": _in_mission("publish a form", _A | _F),
    "form.encrypt": _in_mission("have phones encrypt what they send of a form, or make a new key", _A | _C),
    "form.assign": _in_mission("put a form on phones, or take it off", _A | _F),
    # --------------------------------------------------- what people said
    "submission.read": _in_mission("read submissions", _C),
    "submission.raw": _in_mission("read a submission exactly as the phone sent it", _C),
    "submission.break_glass": _in_mission("read a submission whose consent was refused, giving a reason", _C),
    "submission.create": _in_mission("send a submission from the office", _C),
    "submission.edit": _in_mission("edit the answers of a submission in the office, giving a reason", _C),
    "submission.review": _in_mission("review submissions", _C),
    "submission.comment": _in_mission("comment on submissions", _C),
    "submission.comments": _in_mission("read comments on submissions", _C),
    "submission.delete": _in_mission("delete submissions", _C),
    "submission.export": _in_mission("download submissions", _C),
    "case.read": _in_mission("read cases", _C),
    "case.reveal": _in_mission("see identifiers and free text, giving a reason", _C),
    "case.comment": _in_mission("comment on cases", _C),
    "case.comments": _in_mission("read comments on cases", _C),
    "case.document": _in_mission("add documents to cases, and remove them", _C),
    "case.documents": _in_mission("read documents of cases, giving a reason", _C),
    "case.decide": _in_mission("decide about cases", _C),
    "eligibility.decide": _in_mission("decide for the fund whom it assists", _C),
    "eligibility.rules": _in_mission("choose the criteria by which the fund proposes", _A | _C),
    "organisation.read": _in_mission(
        "see organisations that refer, receive or help, and their agreements", _A | _C
    ),
    "organisation.change": _in_mission("keep organisations and the dates of their agreements", _A | _C),
    "replay": _in_mission("fold cases again from their submissions", _C),
    # -------------------------------------------------------- entity lists
    "entity_list.read": _in_mission(
        "see which entity lists there are and what they hold of each entity", _C | _F
    ),
    "entity_list.change": _in_mission("add entity lists and properties", _C | _F),
    "entity.read": _in_mission("read entities", _C),
    "entity.change": _in_mission("add, change and delete entities", _C),
    # ------------------------------------------------- what a phone does
    "phone.list": _in_mission("list the forms for this phone", _D),
    "phone.form": _in_mission("download a form and its media", _D),
    "phone.submit": _in_mission("send a submission", _D),
}


@dataclass(frozen=True, slots=True)
class Sight:
    """Privacy classes a role is shown as a matter of course, and those after a reasoned reveal."""

    shown: frozenset[str]
    on_reveal: frozenset[str]


_NOTHING = Sight(frozenset({"P0"}), frozenset())

SIGHT: Mapping[str, Sight] = {
    ADMINISTRATOR: _NOTHING,
    FORM_DESIGNER: _NOTHING,
    DEVICE: _NOTHING,
    COORDINATOR: Sight(frozenset({"P0", "P1", "P2"}), frozenset({"P3"})),
}
