"""What can be done with a case as a whole, and with the interviews in it."""

import uuid
from collections.abc import Mapping
from typing import Any, Final

from app import auth, problems
from app.db import db
from app.language import N_, _
from app.services import cases, decide, missions, transfers
from app.ui.act import Act, Asked, always, today
from app.ui.frame import locale
from app.ui.inputs import Input, codes
from app.ui.words.codes import code_label

CLOSED: Final = ("closed", "closed_referred")

# ---- whose case it is, and whether it is open


def _assign(asked: Asked) -> None:
    owner = asked.said("owner")
    decide.assign(db.session, owner_id=int(owner) if owner else None, **asked.about_case())


def _owners(asked: Asked) -> list[Input]:
    known = missions.interviewers(db.session, asked.project_id)
    options = (("", _("Nobody in particular")), *((str(one.id), _named(one)) for one in known))
    own = next((str(one.id) for one in known if one.code == asked.case.line.owner), "")
    hint = "" if known else _("The mission has no interviewers yet. They are named on the page of devices.")
    return [Input("owner", _("Interviewer"), "select", options, asked.given.get("owner", own), hint)]


def _named(one: Any) -> str:
    if one.display_name in ("", one.code):
        return str(one.code)
    return _("%(code)s, %(name)s", code=one.code, name=one.display_name)


def _closing(asked: Asked) -> list[Input]:
    given = asked.given
    return [
        Input("closed_on", _("Closed on"), "date", value=given.get("closed_on") or today(asked.project_id),
              required=True),
        Input("closure_reason", _("Reason for closure"), "select", (("", _("Choose one")), *codes("closure_reason")),
              given.get("closure_reason", ""), required=True),
        Input("status", _("Status from then on"), "select",
              tuple((code, code_label("case_status", code, locale())) for code in CLOSED),
              given.get("status", "")),
        Input("closure_details", _("Details"), "long", value=given.get("closure_details", ""),
              hint=_("Kept as free text: hidden until somebody gives a reason.")),
    ]  # fmt: skip


def _close(asked: Asked) -> None:
    decide.close(
        db.session,
        closed_on=asked.said("closed_on") or "",
        closure_reason=asked.said("closure_reason") or "",
        closure_details=asked.said("closure_details"),
        status=asked.said("status") or "closed",
        **asked.about_case(),
    )


def _is_closed(asked: Asked) -> bool:
    return asked.case.line.status in CLOSED


# ---- which interviews are in it


def _interview(asked: Asked) -> cases.Interview:
    for one in asked.case.interviews:
        if str(one.submission_id) == asked.about:
            return one
    raise problems.not_found("interview")


def _detach(asked: Asked) -> None:
    decide.detach(
        db.session,
        mission_id=asked.project_id,
        instance_id=_interview(asked).instance_id,
        **asked.deciding(),
    )


def _detaching(asked: Asked) -> list[str]:
    one = _interview(asked)
    which = code_label("interview_form", one.kind, locale()).lower()
    if one.held_on:
        which = _("%(interview)s of %(day)s", interview=which, day=one.held_on)
    last = len(asked.case.interviews) == 1
    return [
        _(
            "The %(interview)s leaves this case and waits among the submissions that found no case.",
            interview=which,
        ),
        _("It is the only interview of this case: the case is empty then, and is no longer listed.")
        if last
        else _("The case is folded again from its other interviews; corrections stay."),
        _("Attach it again, here or elsewhere, on the page of the submission."),
    ]


def _candidates(asked: Asked) -> list[Input]:
    reference = asked.said("reference")
    search = Input("reference", _("Reference of the other case"), "search", value=reference or "",
                   hint=_("Type its beginning and look; then choose."))  # fmt: skip
    if reference is None:
        return [search]
    found = cases.list_cases(
        db.session, actor=auth.actor(), mission_id=asked.project_id, reference=reference, limit=10
    )
    options = tuple(
        (str(line.case_id), _of_line(line)) for line in found.items if line.case_id != asked.case.case_id
    )
    hint = (
        ""
        if options
        else _("No other case of this mission has a reference that begins so. Look for another.")
    )
    return [
        search,
        Input(
            "into",
            _("The case that carries on"),
            "radio",
            options,
            asked.given.get("into", ""),
            hint,
            required=True,
        ),
    ]


def _of_line(line: cases.CaseLine) -> str:
    said = [
        line.case_ref or _("no reference"),
        code_label("sex", line.sex, locale()) if line.sex else "",
        "" if line.is_minor is None else _("child") if line.is_minor else _("adult"),
        code_label("case_status", line.status, locale()),
        _("registered %(day)s", day=line.registered_on) if line.registered_on else "",
    ]
    return _(", ").join(part for part in said if part)


def _merge(asked: Asked) -> None:
    decide.merge(db.session, into=_uid(asked.said("into")), **asked.about_case())


def _unmerge(asked: Asked) -> None:
    decide.unmerge(db.session, case_id=_uid(asked.about), **asked.deciding())


# ---- which mission has it


def _missions(asked: Asked) -> list[Input]:
    others = [one for one in transfers.missions(db.session) if one.id != asked.project_id]
    options = (("", _("Choose one")), *((str(one.id), one.name) for one in others))
    return [Input("mission", _("Mission"), "select", options, asked.given.get("mission", ""), required=True)]


def _propose(asked: Asked) -> None:
    said = asked.said("mission") or ""
    if not said.isdecimal():
        raise problems.invalid(_("No mission was chosen."), _("Choose the mission that is to take the case."))
    transfers.propose(db.session, to_mission_id=int(said), **asked.about_case())


def _proposed(asked: Asked) -> bool:
    return asked.case.line.proposed_to is not None


def _not_merged(asked: Asked) -> str:
    merged = {str(uid) for uid in asked.case.merged}
    return "" if asked.about in merged else _("That case is not part of this one any more.")


def _uid(text: str | None) -> uuid.UUID:
    try:
        return uuid.UUID(text or "")
    except ValueError:
        raise problems.invalid(
            _("No case was chosen."), _("Look for it by its reference, and choose it.")
        ) from None


ACTS: Final[Mapping[str, Act]] = {
    "assign": Act(
        N_("Assign"),
        N_("Assign"),
        happens=always(
            N_(
                "The interviewer’s phone lists the case from its next refresh on, and may add interviews to it."
            ),
            N_("Phones that had it put it away; what they still hold and send is taken."),
        ),
        inputs=_owners,
        run=_assign,
        done=N_("The case is assigned."),
    ),
    "close": Act(
        N_("Close"),
        N_("Close the case"),
        happens=always(
            N_("The case leaves the lists of phones, and asks for nobody’s attention any more."),
            N_("Nothing is lost: it can be opened again at any time."),
        ),
        inputs=_closing,
        refused=lambda asked: _("The case is closed already.") if _is_closed(asked) else "",
        run=_close,
        done=N_("The case is closed."),
    ),
    "reopen": Act(
        N_("Open again"),
        N_("Open the case again"),
        happens=always(N_("The case is active from today on, and phones that have it list it again.")),
        refused=lambda asked: "" if _is_closed(asked) else _("The case is open already."),
        run=lambda asked: decide.reopen(db.session, **asked.about_case()),
        done=N_("The case is open again."),
    ),
    "merge": Act(
        N_("Merge"),
        N_("Merge into the chosen case"),
        happens=always(
            N_("This case becomes part of the other: all its interviews and decisions count there."),
            N_("What phones go on sending for this case arrives in the other."),
            N_("The merge can be undone from the timeline of the other case; both are then as they were."),
        ),
        inputs=_candidates,
        why=N_("Why are the two one?"),
        run=_merge,
        done=N_("The two cases are one now. The timeline has the merge, and can undo it."),
    ),
    "transfer": Act(
        N_("Transfer"),
        N_("Propose the transfer"),
        happens=always(
            N_(
                "The other mission sees the reference, age group, sex and status of the case, and your reason; it takes "
                "the case or not. Nothing changes before."
            ),
            N_(
                "If it takes it, the case is theirs: you no longer see it, and your phones put it away. What they still "
                "hold and send is taken."
            ),
            N_(
                "It needs the person’s consent to case management. You can take the proposal back until it is answered."
            ),
        ),
        inputs=_missions,
        refused=lambda asked: (
            _("The case is proposed to another mission already.") if _proposed(asked) else ""
        ),
        why=N_("Why is the other mission to have it?"),
        run=_propose,
        done=N_("The case is proposed to the other mission."),
    ),
    "transfer-back": Act(
        N_("Take the proposal back"),
        N_("Take it back"),
        happens=always(N_("The other mission no longer sees the proposal. The case stays here.")),
        refused=lambda asked: "" if _proposed(asked) else _("The case is not proposed to another mission."),
        run=lambda asked: transfers.take_back(db.session, **asked.about_case()),
        done=N_("The proposal is taken back."),
    ),
    "unmerge": Act(
        N_("Undo a merge"),
        N_("Undo the merge"),
        happens=always(
            N_("The other case stands by itself again, with its own interviews and decisions."),
            N_("What was decided about this case meanwhile stays with this case."),
        ),
        refused=_not_merged,
        why=N_("Why are they two?"),
        run=_unmerge,
        done=N_("The merge is undone: both cases stand by themselves."),
        part=True,
    ),
    "detach": Act(
        N_("Take an interview out"),
        N_("Take it out"),
        happens=_detaching,
        why=N_("Why does it not belong here?"),
        run=_detach,
        done=N_("The interview is out of the case, and waits among the submissions."),
        part=True,
    ),
}
"""By the last part of its address."""
