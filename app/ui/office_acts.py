"""What the office records of a case: contacts, plan, assistance, consent, referrals."""

import uuid
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from typing import Any, Final

from app import problems
from app.db import db
from app.language import N_, _
from app.services import organisations, recording, referrals
from app.services.cases import Row
from app.ui import inputs
from app.ui.act import Act, Asked, always, today
from app.ui.frame import locale
from app.ui.inputs import Input
from app.ui.words.codes import code_label
from xlsforms import dictionary

NEEDED: Final = ("type", "category", "status", "purpose", "granted", "next_contact_on")
_HINTS: Final[Mapping[str, str]] = {
    "plan_item.objective": N_("What is to be reached. Do not name the person."),
    "plan_item.done_on": N_("Empty: today, if it is done."),
    "service.currency": N_("Three letters, like EUR."),
    "service.organisation_name": N_("Who gives it, where it is not this mission."),
}


def _row(asked: Asked, table: str) -> Row:
    for one in asked.case.rows.get(table, ()):
        if one.id == asked.about and not one.earlier:
            return one
    raise problems.not_found("row")


def _stands(asked: Asked, table: str, *, part: bool) -> dict[str, Any]:
    """What is in the row that is spoken of: column → value; nothing in a new one."""
    return {value.column: value.value for value in _row(asked, table).fields} if part else {}


def _questions(table: str, *, part: bool) -> Callable[[Asked], list[Input]]:
    fields = dictionary.load().tables[table].fields

    def ask(asked: Asked) -> list[Input]:
        stands = _stands(asked, table, part=part)
        return [
            inputs.of_field(
                fields[column],
                asked.given.get(column, inputs.written(stands.get(column))),
                required=column in NEEDED,
                hint=_(_HINTS.get(f"{table}.{column}", "")),
            )
            for column in recording.RECORDED[table]
        ]

    return ask


def _record(table: str, *, part: bool) -> Callable[[Asked], None]:
    """Record what was answered; of a row that is there, what differs."""
    fields = dictionary.load().tables[table].fields

    def run(asked: Asked) -> None:
        stands = _stands(asked, table, part=part)
        said = {
            column: inputs.typed(fields[column].type, [asked.given.get(column, "")])
            for column in recording.RECORDED[table]
        }
        values = {column: value for column, value in said.items() if value != stands.get(column)}
        if not values:
            raise problems.invalid(_("Nothing was changed."), _("Change something, or go back to the case."))
        recording.record(
            db.session, table=table, values=values, row_id=asked.about or None, **asked.about_case()
        )

    return run


def _recorded(
    table: str,
    title: str,
    button: str,
    happens: str,
    *,
    done: str,
    part: bool = False,
    why: str = N_("What was agreed, or why?"),
) -> Act:
    return Act(
        title,
        button,
        happens=always(
            happens, N_("It stands in the timeline with your name. A later interview may say otherwise.")
        ),
        inputs=_questions(table, part=part),
        run=_record(table, part=part),
        done=done,
        why=why,
        part=part,
    )


# ---- referrals


def _organisations(asked: Asked, *, needed: bool) -> Input:
    day = date.fromisoformat(today(asked.project_id))
    options = [("", _("Choose one") if needed else _("None is named"))]
    for one in organisations.listing(db.session):
        agreed = organisations.in_force(one, day)
        name = one.name if agreed or not needed else _("%(name)s (no agreement in force)", name=one.name)
        options.append((str(one.id), name))
    return Input(
        "organisation",
        _("Organisation"),
        "select",
        tuple(options),
        asked.given.get("organisation", ""),
        _(
            "Organisations and their agreements are kept on a page of their own, at the foot of the list of cases."
        ),
        needed,
    )


_NAMES: Final = {"reason": "referral_reason"}
"""Columns of a referral whose question is not called after them: every act asks for a `reason` of its own."""


def _of_referral(asked: Asked, *columns: str) -> list[Input]:
    fields = dictionary.load().tables["referral"].fields
    return [
        inputs.of_field(
            fields[column],
            asked.given.get(_NAMES.get(column, column), ""),
            name=_NAMES.get(column, ""),
            label=_("Reason for the referral") if column == "reason" else "",
            hint=_("Hidden until somebody gives a reason.") if fields[column].privacy == "P3" else "",
        )
        for column in columns
    ]


def _refer(direction: str, *columns: str) -> Callable[[Asked], None]:
    def run(asked: Asked) -> None:
        named = asked.said("organisation")
        try:
            organisation = uuid.UUID(named) if named else None
        except ValueError:
            raise problems.invalid(
                _("This is not one of the organisations."), _("Choose one of the list.")
            ) from None
        details = {column: asked.said(_NAMES.get(column, column)) for column in columns}
        referrals.refer(
            db.session,
            direction=direction,
            organisation_id=organisation,
            details=details,
            **asked.about_case(),
        )

    return run


def _steps(asked: Asked) -> list[Input]:
    stands = _stands(asked, "referral", part=True).get("state")
    options = [
        (code, code_label("referral_state", code, locale())) for code in referrals.STEPS.get(stands, ())
    ]
    return [Input("to", _("It is now"), "radio", tuple(options), asked.given.get("to", ""), required=True)]


def _ended(asked: Asked) -> str:
    stands = _stands(asked, "referral", part=True).get("state")
    if stands in referrals.STEPS:
        return ""
    label = code_label("referral_state", str(stands), locale()).lower()
    return _("This referral is %(state)s: it has ended.", state=label)


def _step(asked: Asked) -> None:
    referrals.step(db.session, row_id=asked.about, to=asked.said("to") or "", **asked.about_case())


_OUT: Final[Sequence[str]] = ("category", "reason", "urgency", "details")
_IN: Final[Sequence[str]] = ("source_type", "reason", "details")

ACTS: Final[Mapping[str, Act]] = {
    "contact": _recorded(
        "case_file",
        N_("Next contact"),
        N_("Set the day"),
        N_("The case asks for attention on that day, here and on the phone of its interviewer."),
        done=N_("The next contact is set."),
    ),
    "plan": _recorded(
        "plan_item", N_("Add to the plan"), N_("Add"), N_("The support plan has one more item."),
        done=N_("The plan has a new item."),
    ),
    "plan-item": _recorded(
        "plan_item", N_("Change the plan"), N_("Change"), N_("The item of the plan is changed."),
        done=N_("The plan is changed."),
        part=True,
    ),
    "service": _recorded(
        "service", N_("Record assistance"), N_("Record"), N_("The assistance stands in the case."),
        done=N_("The assistance is recorded."),
    ),
    "service-change": _recorded(
        "service", N_("Change assistance"), N_("Change"), N_("The assistance is changed."),
        done=N_("The assistance is changed."),
        part=True,
    ),
    "consent": _recorded(
        "consent",
        N_("Record consent"),
        N_("Record"),
        N_("The person’s word holds from today on for this purpose. What was said before stays visible."),
        done=N_("The consent is recorded."),
        why=N_("How and to whom did the person say it?"),
    ),
    "refer": Act(
        N_("Refer"),
        N_("Propose the referral"),
        happens=always(
            N_("The referral is proposed. It takes the person’s consent to referrals, and an agreement in force with "
            "the organisation: without one of them it is refused."),
            N_("Say where it stands in the section of referrals: accepted, declined, done, revoked."),
        ),
        inputs=lambda asked: [_organisations(asked, needed=True), *_of_referral(asked, *_OUT)],
        run=_refer("out", *_OUT),
        done=N_("The referral is proposed."),
    ),
    "take-in": Act(
        N_("Referred to us"),
        N_("Take it down"),
        happens=always(N_("The case says who referred the person to this mission, and where that stands.")),
        inputs=lambda asked: [_organisations(asked, needed=False), *_of_referral(asked, *_IN)],
        run=_refer("in", *_IN),
        done=N_("The referral is taken down."),
    ),
    "referral-step": Act(
        N_("Referral"),
        N_("Say so"),
        happens=always(
            N_("The referral stands where you say. Consent and agreement are looked at again if it goes on.")
        ),
        inputs=_steps,
        refused=_ended,
        run=_step,
        done=N_("The referral is where you said."),
        part=True,
    ),
}  # fmt: skip
