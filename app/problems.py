"""The catalogue of everything SAIF says no to. Raised anywhere, rendered at the edge in the caller's format."""

from collections.abc import Mapping
from typing import Any, Final

from app.language import N_, _, ngettext


class Problem(Exception):  # noqa: N818 -- the name of the thing (RFC 9457), and of the page that lists them
    """A domain error a caller can act on.

    `code` is stable and for programs; `title` names the kind; `detail` says what happened this time; `mend` says what
    to do. None of them ever holds an answer from a form, a name or a token.
    """

    def __init__(
        self,
        code: str,
        status: int,
        title: str,
        *,
        detail: str = "",
        mend: str = "",
        headers: Mapping[str, str | list[str]] | None = None,
        details: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(code)
        self.code = code
        self.status = status
        self.title = title
        self.detail = detail
        self.mend = mend
        self.headers = dict(headers or {})
        self.details = dict(details or {})
        """For programs, JSON-native: which parameter, which findings."""

    @property
    def message(self) -> str:
        """All of it as one text for a person."""
        return " ".join(part for part in (self.detail or f"{self.title}.", self.mend) if part)


# --- who asks ----------------------------------------------------------------------------------------------------------


def sign_in_needed() -> Problem:
    """No session, or one that has ended."""
    return Problem("sign_in_needed", 401, _("Not signed in"), mend=_("Sign in and try again."))


def wrong_credentials() -> Problem:
    """Says nothing about which of the two was wrong."""
    return Problem(
        "wrong_credentials", 401, _("Sign-in failed"), detail=_("The email address or the password is wrong.")
    )


def too_many_attempts(seconds: int) -> Problem:
    """Guessing at a password goes slowly; other people's browsers are not slowed down."""
    return Problem(
        "too_many_attempts",
        429,
        _("Too many attempts"),
        detail=_("Somebody tried to sign in here too often with a wrong password."),
        mend=ngettext(
            "Wait %(num)s minute, or ask an administrator for a new password.",
            "Wait %(num)s minutes, or ask an administrator for a new password.",
            max(1, round(seconds / 60)),
        ),
        headers={"Retry-After": str(seconds)},
    )


def not_allowed(reason: str) -> Problem:
    """Signed in, but no role held allows it; `reason` is a sentence (`policy.explain`)."""
    return Problem("not_allowed", 403, _("Not allowed"), detail=reason, mend=_("Ask an administrator."))


def bad_csrf() -> Problem:
    """A form sent from a page that is not ours, or kept open over a sign-out."""
    return Problem(
        "bad_csrf", 403, _("The page is out of date"), mend=_("Load the page again and repeat what you did.")
    )


def unknown_device() -> Problem:
    """The token in a phone's server URL is unknown or revoked, or belongs to another project."""
    return Problem(
        "unknown_device",
        403,
        _("This phone is not registered"),
        detail=_("The server does not accept this phone: its access was never given, or was withdrawn."),
        mend=_("Keep your interviews and ask your coordinator for a new QR code."),
    )


def link_expired() -> Problem:
    """The link that makes a browser a device was shown more than three days ago."""
    return Problem(
        "link_expired",
        403,
        _("The link is too old"),
        detail=_("A link works for three days after it was shown."),
        mend=_("Ask your coordinator for a new one. What was not sent is not lost."),
    )


def credentials_needed(challenges: list[str]) -> Problem:
    """A phone that has a user name sent none, or not with its password; `challenges` are those of RFC 9110."""
    return Problem(
        "credentials_needed",
        401,
        _("User name or password wrong"),
        detail=_("The server does not accept the user name and the password in this phone's settings."),
        mend=_("Keep your interviews and ask your coordinator for a new QR code."),
        headers={"WWW-Authenticate": challenges},
    )


# --- what is asked for -------------------------------------------------------------------------------------------------


def bad_request(detail: str, mend: str = "") -> Problem:
    """The request itself cannot be read."""
    return Problem("bad_request", 400, _("Bad request"), detail=detail, mend=mend)


def invalid(detail: str, mend: str = "") -> Problem:
    """A value is not what it must be."""
    return Problem("invalid", 422, _("Invalid value"), detail=detail, mend=mend)


THINGS: Final = frozenset({
    N_("block of questions"), N_("case"), N_("code list"), N_("delivery"), N_("device"), N_("document"),
    N_("download"),
    N_("draft of this form"), N_("draft that was translated; it was thrown away"), N_("draft; it was thrown away"),
    N_("entity"), N_("entity list"), N_("figure"), N_("file"), N_("file among those this form asks for"), N_("form"),
    N_("group of devices"), N_("interview"), N_("interviewer"), N_("list of what needs attention"),
    N_("log of this interview"), N_("mission"), N_("organisation"), N_("original of this version"), N_("page"),
    N_("page: this server was set up without its documentation"), N_("pair"), N_("person"), N_("proposal"),
    N_("published form"), N_("published version"), N_("published version of this form"), N_("row"),
    N_("saved download"), N_("submission"), N_("table"), N_("test device"), N_("token"), N_("trial"), N_("upload"),
    N_("value"), N_("version of this form"), N_("version of this submission"), N_("view"), N_("webhook"),
    N_("workbook that can be opened"),
})  # fmt: skip
"""What there may be none of: said in the language of whoever asks."""


def not_found(what: str = "page") -> Problem:
    """Also said of what exists where the caller may not look.

    `what` is one of `THINGS`, which have translations."""
    return Problem(
        "not_found", 404, _("Not found"), detail=_("There is no such %(what)s here.", what=_(what))
    )


def conflict(detail: str, mend: str = "") -> Problem:
    """The state of things does not allow it."""
    return Problem("conflict", 409, _("Conflict"), detail=detail, mend=mend)


def consent_needed(purpose: str) -> Problem:
    """What would be done with a person's data takes consent for that purpose, and there is none now."""
    return Problem(
        "consent_needed",
        409,
        _("The person’s consent is missing"),
        detail=_("The person has not consented to this: %(purpose)s.", purpose=purpose),
        mend=_("Ask, and record the consent on the page of the case; or leave it."),
    )


def agreement_needed(detail: str) -> Problem:
    """No case is referred to an organisation without an agreement in force with it."""
    return Problem(
        "agreement_needed",
        409,
        _("An agreement is missing"),
        detail=detail,
        mend=_(
            "Write the dates of the agreement on the page of organisations, or choose another organisation."
        ),
    )


def entity_changed(version: int) -> Problem:
    """An update made on a version that is not the current one any more."""
    return Problem(
        "entity_changed",
        409,
        _("Changed meanwhile"),
        detail=_("Somebody else has changed this entity since the version that the update was made on."),
        mend=_("Read it again and make the update on its present version, or force it."),
        details={"current": version},
    )


def too_large(limit: int) -> Problem:
    """A body above its limit, in bytes."""
    megabytes = f"{limit / 1_000_000:g}"
    return Problem(
        "too_large",
        413,
        _("Too large"),
        detail=_("What was sent is larger than this server takes (%(limit)s MB).", limit=megabytes),
        mend=_("Send less at once, or ask your administrator: the server can be set to take more."),
    )


# --- forms -----------------------------------------------------------------------------------------------------


def form_refused(findings: list[dict[str, Any]]) -> Problem:
    """The upload has errors; the findings (`xlsforms.finding.Finding` as JSON) point at each."""
    return Problem(
        "form_refused",
        422,
        _("Form refused"),
        detail=_("The form has errors."),
        mend=_("Mend what the findings point at, and upload it again."),
        details={"findings": findings},
    )


def no_texts() -> Problem:
    """Texts are given out and taken back cell by cell, and a form that was uploaded as an XForm has no cells."""
    return Problem(
        "no_texts",
        409,
        _("No texts"),
        detail=_("This form was uploaded as an XForm, so it has no workbook that texts could go into."),
        mend=_("Translate it in the program that made it, or upload it as a workbook."),
    )


def form_warnings(findings: list[dict[str, Any]]) -> Problem:
    """The upload works, but there is something to look at, and the caller did not say that they had."""
    return Problem(
        "form_warnings",
        422,
        _("Form with warnings"),
        detail=_("The form is valid, with warnings."),
        mend=_("Look at the warnings; if they are acceptable, send it again with ignoreWarnings=true."),
        details={"findings": findings},
    )


def version_taken() -> Problem:
    """Another content was published under the same version string."""
    return Problem(
        "version_taken",
        409,
        _("Version taken"),
        detail=_("A form with this version was published before with other content."),
        mend=_(
            "Give it another version in the settings sheet, for instance today's date, and upload it again."
        ),
    )


def note_missing() -> Problem:
    """A version is published without a word on why it was made."""
    return Problem(
        "note_missing",
        422,
        _("Note missing"),
        detail=_("Nothing says why this version was made."),
        mend=_("Write a note of a few words: it stands in the list of versions."),
    )


def lossy_changes(changes: list[dict[str, Any]]) -> Problem:
    """Answers collected with the published version lose their place or meaning, and the caller did not say that this
    is meant."""
    return Problem(
        "lossy_changes",
        409,
        _("Changes that lose answers"),
        detail=ngettext(
            "By %(num)s of its changes, answers already collected lose their place or their meaning.",
            "By %(num)s of its changes, answers already collected lose their place or their meaning.",
            len(changes),
        ),
        mend=_(
            "Look at the changes; if they are meant, say so: lossy=true over /v1, --lossy on the command line, "
            "the box on the form's page."
        ),
        details={"changes": changes, "parameter": "lossy"},
    )


# --- submissions -------------------------------------------------------------------------------------------------------


def not_a_submission(detail: str) -> Problem:
    """A POST that is no OpenRosa submission, or one cut off on the way."""
    return Problem(
        "not_a_submission",
        400,
        _("Not a submission"),
        detail=detail,
        mend=_(
            "Keep the interview and send it again; if this message comes back, show it to your coordinator."
        ),
    )


def unreadable_submission(code: str, detail: str) -> Problem:
    """The submission's XML is refused; `code` is the envelope's."""
    return Problem(
        code,
        400,
        _("Submission refused"),
        detail=detail,
        mend=_("Keep the interview on the phone and show this message to your coordinator."),
    )


def unknown_form() -> Problem:
    """The form is none of this mission's. Its id is not repeated: it came from outside."""
    return Problem(
        "unknown_form",
        404,
        _("Unknown form"),
        detail=_("This form does not belong to this project."),
        mend=_("Keep the interview and ask your coordinator: the phone may be set up for another project."),
    )


def closed_form() -> Problem:
    """The form takes in nothing new; repeats and edits of what it has are welcome."""
    return Problem(
        "closed_form",
        403,
        _("Form closed"),
        detail=_("This form is closed and takes no new interviews."),
        mend=_("Keep the interview and ask your coordinator to open the form again."),
    )


def no_draft() -> Problem:
    """A test device sends, and its form has no draft any more."""
    return Problem(
        "no_draft",
        403,
        _("Nothing to test"),
        detail=_("This phone is for tests, and its form has no draft now: it was published or thrown away."),
        mend=_("Delete this test interview. If it holds a real one, keep it and tell your coordinator."),
    )


def closed_mission() -> Problem:
    """The mission is archived."""
    return Problem(
        "closed_mission",
        403,
        _("Project closed"),
        detail=_("This project is closed and takes nothing in."),
        mend=_("Keep the interview and ask your coordinator."),
    )


def other_content() -> Problem:
    """The same instanceID with other bytes: kept aside, nothing overwritten."""
    return Problem(
        "other_content",
        409,
        _("Already received with other content"),
        detail=(
            _(
                "An interview with this number was received before with other content. The first one stands; "
                "this one was kept aside for your coordinator."
            )
        ),
        mend=_("Keep the interview and tell your coordinator."),
    )


def outdated_edit() -> Problem:
    """The version that was edited is not the present one any more: somebody else's edit is not overwritten."""
    return Problem(
        "outdated_edit",
        409,
        _("Edit of an old version"),
        detail=_("This edit replaces a version that is not the present one: somebody edited it meanwhile."),
        mend=_("Get the present version and make your changes in that."),
    )


def unavailable() -> Problem:
    """The database or the blob store does not answer."""
    return Problem(
        "unavailable",
        503,
        _("Not available"),
        detail=_("The server could not store this just now."),
        mend=_("Keep the interview and send it again in a few minutes."),
        headers={"Retry-After": "60"},
    )


# --- everything else ---------------------------------------------------------------------------------------------------


TITLES: Final = {
    400: N_("Bad request"),
    403: N_("Forbidden"),
    404: N_("Not found"),
    405: N_("Method not allowed"),
    406: N_("Not acceptable"),
    408: N_("Request timed out"),
    412: N_("Precondition failed"),
    413: N_("Too large"),
    414: N_("Address too long"),
    415: N_("Unsupported media type"),
    416: N_("Range not satisfiable"),
    422: N_("Invalid value"),
    429: N_("Too many requests"),
    431: N_("Header too large"),
}


def of_status(status: int, *, headers: Mapping[str, str] | None = None) -> Problem:
    """A problem for an HTTP status that the framework raised: its own text may repeat the request."""
    if status >= 500 or status not in TITLES:
        return internal()
    title = TITLES[status]
    return Problem(title.lower().replace(" ", "_"), status, _(title), headers=headers)


def internal() -> Problem:
    """A fault of ours."""
    return Problem(
        "internal",
        500,
        _("Something went wrong"),
        detail=_("The server met a fault of its own. Nothing was half done."),
        mend=_("Try again; if it comes back, tell the administrator the time it happened."),
    )


def download_limit(why: str) -> Problem:
    """More than a format holds. Nothing is ever cut off to fit."""
    return Problem(
        "download_limit",
        422,
        _("The download is more than its format holds"),
        detail=why,
        mend=_(
            "Narrow it to a range of dates, leave out what is not needed, or take CSV, JSON lines or Parquet."
        ),
    )
