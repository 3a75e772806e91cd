"""Which case a submission belongs to, and what to say where that is not clear.

Nothing here depends on the order in which submissions arrived. A submission that finds no case is not
refused: it waits for a coordinator, with a finding, and is placed again when what it lacks appears.
"""

import uuid
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

from app.services import reach
from submissions import conversion
from submissions.normalise import Intake
from xlsforms.finding import Finding, info, warning
from xlsforms.marked import N_


def unknown_version() -> Finding:
    return warning(
        "unknown_version",
        N_(
            "The submission was filled on a version of the form that this server does not have. It is kept unread."
        ),
        N_("Publish that version of the form; the submission is then read by itself."),
    )


def unreadable() -> Finding:
    return warning(
        "failed",
        N_("Reading this submission met a fault of the server. It is kept as it came."),
        N_("Tell the administrator; once the fault is mended, replay the submission."),
    )


def unfolded() -> Finding:
    return warning(
        "fold_failed",
        N_("Folding this submission into its case met a fault of the server. It is kept as it came."),
        N_("Tell the administrator; once the fault is mended, replay the submission."),
    )


def no_case() -> Finding:
    return warning(
        "case_not_named",
        N_("The interview does not say which case it is about."),
        N_("Choose the case it belongs to, or begin a new one."),
    )


def unknown_case() -> Finding:
    return warning(
        "case_unknown",
        N_("No case of this mission has the case reference that was typed."),
        N_("Choose the case it belongs to, or begin a new one. It is placed by itself if that case arrives."),
    )


def ambiguous_case() -> Finding:
    return warning(
        "case_ambiguous",
        N_("Several cases of this mission have the case reference that was typed."),
        N_("Choose the case it belongs to."),
    )


def other_mission() -> Finding:
    return warning(
        "case_of_other_mission",
        N_("The interview names a case of another mission. It was not added to that case."),
        N_("Choose a case of this mission, or ask the other mission."),
    )


def out_of_reach() -> Finding:
    return warning(
        "case_out_of_reach",
        N_("The interview names a case that was never with the interviewer whose phone sent it."),
        N_("Ask the interviewer; then choose the case it belongs to, or assign the case to them."),
    )


def detached() -> Finding:
    return info(
        "case_detached",
        N_("Somebody decided that this interview does not belong to the case it names."),
        N_("Choose the case it belongs to, or begin a new one."),
    )


def branched() -> Finding:
    return warning(
        "edited_twice",
        N_("The same submission was edited twice, independently. The edit that was finished last stands."),
        N_("Compare the versions, and correct the case where the other one is right."),
    )


def edit_of_deleted() -> Finding:
    return warning(
        "edit_of_deleted",
        N_("This is an edit of a submission that was deleted. It waits, and is in no case."),
        N_("Restore the deleted submission if the edit is to count, or delete the edit too."),
    )


CHAINING = frozenset(finding().code for finding in (branched, edit_of_deleted))
"""Codes of the findings that are made anew when a submission's chain of edits is looked at."""

PLACING = frozenset(
    finding().code
    for finding in (no_case, unknown_case, ambiguous_case, other_mission, out_of_reach, detached)
)
"""Codes of the findings that are made anew whenever a submission is placed. All others are its reading's."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What a submission says about its case: a uid, or a reference typed by hand, or neither."""

    uid: uuid.UUID | None
    reference: str | None


def asked(intake: Intake) -> Asked:
    """The case an intake names. The uid rules: a reference beside it is only its label."""
    if intake.case_uid:
        return Asked(uuid.UUID(intake.case_uid), None)
    return Asked(None, normal_reference(intake.case_ref) if intake.case_ref else None)


def rooted(intake: Intake, root: str) -> Intake:
    """The intake with another first instanceID of its chain of edits. A submission that is a case by itself
    takes its case uid from there."""
    if intake.submission == root:
        return intake
    own = intake.case_uid == conversion.case_uid_of(intake.submission)
    uid = conversion.case_uid_of(root) if own else intake.case_uid
    return Intake(
        root,
        intake.instance_id,
        intake.deprecated_id,
        intake.form_id,
        intake.form_version,
        intake.kind,
        intake.held_on,
        intake.ended_at,
        uid,
        intake.case_ref,
        intake.consent_ok,
        intake.rows,
        intake.findings,
        intake.change,
    )


def normal_reference(reference: str) -> str:
    """A case reference as references are compared: people type in either case, and with blanks."""
    return "".join(reference.split()).casefold()


@dataclass(frozen=True, slots=True)
class Candidate:
    """A submission that names a case by its uid. `interviewer` and `group` are the phone's when it sent it;
    without both (also if it was sent in the office) it reaches every case of its mission."""

    id: uuid.UUID
    mission: int
    interviewer: int | None
    group: int | None
    intake: Intake


@dataclass(frozen=True, slots=True)
class Holder:
    """Whose case it is: an interviewer's, and that of the phones a group shares. Nobody's without both."""

    interviewer: int | None = None
    group: int | None = None


def holder(candidates: Iterable[Candidate], assigned: Sequence[int | None]) -> Holder:
    """Whom a case was last assigned to, who then has it alone; else the interviewer and the group of the phone
    of its first screening."""
    if assigned:
        return Holder(assigned[-1])
    screenings = sorted((one for one in candidates if one.intake.kind == "screening"), key=_order)
    return Holder(screenings[0].interviewer, screenings[0].group) if screenings else Holder()


def in_reach(candidates: Collection[Candidate], assigned: Sequence[int | None]) -> frozenset[uuid.UUID]:
    """Those whose phone has the case, or once had it: who held it may have been offline when it went to
    somebody else. As long as the case is nobody's, all of them."""
    first = holder(candidates, ())
    circle = reach.of_case(first.interviewer, first.group).union(
        reach.of_phone(one, None) for one in assigned
    )
    circle -= {reach.NOBODY}
    return frozenset(
        one.id
        for one in candidates
        if not circle or reach.of_phone(one.interviewer, one.group) in {reach.NOBODY, *circle}
    )


def _order(candidate: Candidate) -> tuple[str, ...]:
    return candidate.intake.order
