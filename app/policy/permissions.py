"""Who may do what: the whole of it, as data.

An action is allowed to the roles named beside it, in the mission their grant names, or in all of them if the
grant names none. What is not written here is refused.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from app.language import N_

Scope = Literal["mission", "everywhere", "anybody", "signed_in"]


@dataclass(frozen=True, slots=True)
class Action:
    """What one may do, to whom it is given, and how far it reaches.

    `words` follow "to": an infinitive, as `app.policy.explain` puts it into its sentences.
    `scope`: `mission`, one mission at a time; `everywhere`, only by a grant without a mission; `signed_in`,
    whoever signed in, about themselves; `anybody`, no questions asked.
    """

    words: str
    roles: frozenset[str] = frozenset()
    scope: Scope = "mission"


ADMINISTRATOR, COORDINATOR, FORM_DESIGNER, DEVICE = "administrator", "coordinator", "form_designer", "device"

ROLE_NAMES: Mapping[str, str] = {
    ADMINISTRATOR: N_("administrator"),
    COORDINATOR: N_("coordinator"),
    FORM_DESIGNER: N_("form designer"),
    DEVICE: N_("device"),
}

ROLES: Mapping[str, str] = {
    ADMINISTRATOR: N_("Runs the house: people, missions, keys, devices and forms. Sees no case."),
    COORDINATOR: N_("Answers for the cases of a mission: reads, decides, downloads, hands out phones."),
    FORM_DESIGNER: N_("Writes and publishes forms. Sees no case."),
}
"""The roles a person can be given. `device` is no grant: a token is that, in its own mission."""

_A, _C, _F, _D = ({role} for role in (ADMINISTRATOR, COORDINATOR, FORM_DESIGNER, DEVICE))


def _in_mission(words: str, roles: set[str]) -> Action:
    return Action(words, frozenset(roles))


def _everywhere(words: str, roles: set[str]) -> Action:
    return Action(words, frozenset(roles), "everywhere")


ACTIONS: Mapping[str, Action] = {
    "public": Action(N_("open a door that asks nobody's name"), scope="anybody"),
    "signed_in": Action(N_("see and change one's own account"), scope="signed_in"),
    "home.read": _in_mission(N_("see what came in and what needs attention"), _A | _C | _F),
    # ------------------------------------------------------------- the house
    "mission.list": _in_mission(N_("list missions"), _A | _C | _F),
    "mission.read": _in_mission(N_("read what a mission is called and where it is"), _A | _C | _F),
    "mission.create": _everywhere(N_("open a mission"), _A),
    "mission.update": _in_mission(N_("change or archive a mission, and name its interviewers"), _A),
    "user.list": _everywhere(N_("list people and what they may do"), _A),
    "user.create": _everywhere(N_("add a person"), _A),
    "user.update": _everywhere(N_("change a person, or their password"), _A),
    "user.grant": _everywhere(N_("give and take roles"), _A),
    "key.read": _everywhere(N_("list the keys by their ids"), _A),
    "key.rotate": _everywhere(N_("make new keys"), _A),
    "ledger.read": _everywhere(N_("read the ledger and check its chain"), _A),
    "webhook.keep": _in_mission(N_("keep webhooks, and see what was sent to them"), _A | _C),
    "demo.fill": _in_mission(N_("fill a demo mission with fiction"), _A | _C),
    # ----------------------------------------------------------- phones
    "device.list": _in_mission(N_("list devices"), _A | _C),
    "device.create": _in_mission(N_("add a device"), _A | _C),
    "device.update": _in_mission(
        N_("rename devices, give them to somebody else, and put them in groups"), _A | _C
    ),
    "device.show": _in_mission(N_("show a device's code again"), _A | _C),
    "device.revoke": _in_mission(N_("cut a device off, or give it a new token"), _A | _C),
    # ------------------------------------------------------------ forms
    "form.list": _in_mission(N_("list forms"), _A | _C | _F),
    "form.read": _in_mission(N_("read forms, their workbooks and findings"), _A | _C | _F),
    "form.upload": _in_mission(N_("upload a draft of a form"), _A | _F),
    "form.try": _in_mission(N_("try a draft on test devices, and see what they send"), _A | _C | _F),
    "form.publish": _in_mission(N_("publish a form"), _A | _F),
    "form.encrypt": _in_mission(
        N_("have phones encrypt what they send of a form, or make a new key"), _A | _C
    ),
    "form.assign": _in_mission(N_("put a form on phones, or take it off"), _A | _F),
    # --------------------------------------------------- what people said
    "submission.read": _in_mission(N_("read submissions"), _C),
    "submission.raw": _in_mission(N_("read a submission exactly as the phone sent it"), _C),
    "submission.break_glass": _in_mission(
        N_("read a submission whose consent was refused, giving a reason"), _C
    ),
    "submission.create": _in_mission(N_("send a submission from the office"), _C),
    "submission.edit": _in_mission(N_("edit the answers of a submission in the office, giving a reason"), _C),
    "submission.review": _in_mission(N_("review submissions"), _C),
    "submission.comment": _in_mission(N_("comment on submissions"), _C),
    "submission.comments": _in_mission(N_("read comments on submissions"), _C),
    "submission.delete": _in_mission(N_("delete submissions"), _C),
    "submission.export": _in_mission(N_("download submissions"), _C),
    "case.read": _in_mission(N_("read cases"), _C),
    "case.reveal": _in_mission(N_("see identifiers and free text, giving a reason"), _C),
    "case.comment": _in_mission(N_("comment on cases"), _C),
    "case.comments": _in_mission(N_("read comments on cases"), _C),
    "case.document": _in_mission(N_("add documents to cases, and remove them"), _C),
    "case.documents": _in_mission(N_("read documents of cases, giving a reason"), _C),
    "case.decide": _in_mission(N_("decide about cases"), _C),
    "eligibility.decide": _in_mission(N_("decide for the fund whom it assists"), _C),
    "eligibility.rules": _in_mission(N_("choose the criteria by which the fund proposes"), _A | _C),
    "organisation.read": _in_mission(
        N_("see organisations that refer, receive or help, and their agreements"), _A | _C
    ),
    "organisation.change": _in_mission(N_("keep organisations and the dates of their agreements"), _A | _C),
    "replay": _in_mission(N_("fold cases again from their submissions"), _C),
    # -------------------------------------------------------- entity lists
    "entity_list.read": _in_mission(
        N_("see which entity lists there are and what they hold of each entity"), _C | _F
    ),
    "entity_list.change": _in_mission(N_("add entity lists and properties"), _C | _F),
    "entity.read": _in_mission(N_("read entities"), _C),
    "entity.change": _in_mission(N_("add, change and delete entities"), _C),
    # ------------------------------------------------- what a phone does
    "phone.list": _in_mission(N_("list the forms for this phone"), _D),
    "phone.form": _in_mission(N_("download a form and its media"), _D),
    "phone.submit": _in_mission(N_("send a submission"), _D),
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
