"""Words, times and numbers as templates show them, and the order they show things in."""

import re
from collections.abc import Callable, Collection, Iterable, Mapping
from datetime import UTC, datetime
from itertools import groupby
from operator import attrgetter
from typing import Any, Final
from zoneinfo import ZoneInfo

from markupsafe import Markup, escape

from app.language import _, gettext
from app.services.cases import CaseLine
from app.services.differences import Comparison, Difference
from app.services.forms import MANY
from app.services.submissions import Answered, Section, SubmissionDetail, SubmissionLine
from app.services.trial_detail import TrialLine
from app.ui import decisions, facts
from app.ui.frame import locale, mission
from app.ui.words.changes import EFFECTS, KINDS
from app.ui.words.codes import code_label
from app.ui.words.likeness import LIKENESS
from app.ui.words.media import kind_of_file
from app.ui.words.states import FORM_STATES, PENDING, REVIEWS, RISK, STATES, VALIDATE
from xlsforms.finding import Finding
from xlsforms.language import direction, tag
from xlsforms.marked import Worded
from xlsforms.schema import METADATA


def _local(at: datetime) -> datetime:
    here = mission()
    return at.astimezone(ZoneInfo(here.time_zone) if here else UTC)


def instant_text(at: datetime | None) -> str:
    """An instant in the mission's time zone: 2026-03-10 14:05."""
    return f"{_local(at):%Y-%m-%d %H:%M}" if at else ""


def instant(at: datetime | None) -> Markup:
    """The same as an element that says the zone when asked."""
    if at is None:
        return Markup()
    local = _local(at)
    return Markup('<time datetime="{}" title="{}">{}</time>').format(
        local.isoformat(timespec="seconds"), local.tzname(), instant_text(at)
    )


def date(at: datetime | None) -> str:
    """The day of an instant in the mission's time zone: 2026-03-10."""
    return f"{_local(at):%Y-%m-%d}" if at else ""


def count(number: int | None) -> str:
    """A number with narrow gaps between thousands."""
    return f"{number or 0:,}".replace(",", "\u202f")


def size(number: int) -> str:
    """Bytes for people: 812 B, 14 kB, 2.1 MB."""
    for unit, factor in (("MB", 1_000_000), ("kB", 1_000)):
        if number >= factor:
            return f"{number / factor:.1f}".removesuffix(".0") + f" {unit}"
    return f"{number} B"


def code(value: str | None, code_list: str) -> str:
    """The label of a code in the reader's language."""
    return code_label(code_list, value, locale()) if value else ""


def number_held(count: int) -> str:
    """How many submissions; counting ends at `forms.MANY`."""
    return _("%(number)s or more", number=format(MANY, ",")) if count >= MANY else f"{count:,}"


def question_name(path: str) -> str:
    """The last step of a question's path, with the rows it stands in: `ep_age, row 2`."""
    if "[" not in path:
        return path.strip("/").rpartition("/")[2]
    steps = path.strip("/").split("/")
    rows = [number for step in steps for number in re.findall(r"\[(\d+)\]", step)]
    name = re.sub(r"\[\d+\]", "", steps[-1])
    return _("%(question)s, row %(row)s", question=name, row=".".join(rows))


def interview_kind(kind: str) -> str:
    """What kind of interview it was, in the reader's language."""
    return code_label("interview_form", kind, locale())


def person_words(line: CaseLine) -> str:
    """A person in a list, without a name: sex and age group."""
    sex = code_label("sex", line.sex, locale()) if line.sex else ""
    group = "" if line.is_minor is None else _("child") if line.is_minor else _("adult")
    return _(", ").join(part for part in (sex, group) if part) or _("not known yet")


def likeness_kind(reason: str) -> str:
    """How a reason is coloured: what speaks for it, and what against."""
    return "warn" if reason.endswith("_differs") else "good"


def likeness_sentence(reasons: Iterable[str]) -> str:
    """What speaks for it as a reason somebody may give, without what speaks against."""
    said = _("; ").join(_(LIKENESS[reason]) for reason in reasons if not reason.endswith("_differs"))
    return said[:1].upper() + said[1:]


def language_tag(language: str) -> str:
    """The tag of a form's language, `Français (fr)`: for screen readers and hyphenation."""
    return tag(language) or "en"


def language_direction(language: str) -> str:
    """How a form's language is written: ltr or rtl."""
    return direction(language)


def worst(findings: Collection[Finding]) -> str:
    """How the count of these findings is coloured."""
    severities = {finding.severity for finding in findings}
    return "bad" if "error" in severities else "warn" if "warning" in severities else "info"


def runs(nodes: Iterable[Section | Answered]) -> list[tuple[bool, list[Section | Answered]]]:
    """Neighbouring answers together, and sections between them: each run is one list of the page."""
    return [(kind, list(run)) for kind, run in groupby(nodes, key=lambda node: isinstance(node, Answered))]


def said_by_a_person(nodes: Iterable[Section | Answered]) -> list[Section | Answered]:
    """The answers somebody gave: without what the phone fills in, and groups of nothing else."""
    return [node for node in nodes if not _of_the_phone(node)]


def said_by_the_phone(nodes: Iterable[Section | Answered]) -> list[Section | Answered]:
    """What the phone fills in: times, device, instanceID."""
    return [node for node in nodes if _of_the_phone(node)]


def _of_the_phone(node: Section | Answered) -> bool:
    if isinstance(node, Section):
        return all(_of_the_phone(child) for child in node.nodes)
    return node.known and node.type in METADATA


def groupby_runs(items: Iterable[Any], attribute: str) -> list[tuple[Any, list[Any]]]:
    """Neighbours with the same attribute together, in their order: Jinja's own `groupby` sorts."""
    return [(value, list(run)) for value, run in groupby(items, key=attrgetter(attribute))]


def anything_masked(submission: SubmissionDetail) -> bool:
    """Whether an answer is hidden somewhere in the submission."""
    stack: list[Section | Answered] = [*submission.nodes]
    while stack:
        node = stack.pop()
        if isinstance(node, Answered):
            if node.masked:
                return True
        else:
            stack.extend(node.nodes)
    return False


def differs_masked(compared: Comparison | None) -> bool:
    """Whether an answer is hidden in what differs between two versions."""
    found = compared.differences or () if compared is not None else ()
    return any(side is not None and side.masked for one in found for side in (one.before, one.after))


def differences_apart(differences: Iterable[Difference]) -> tuple[list[Difference], list[Difference]]:
    """What somebody answered otherwise, and what followed from it or the phone filled in."""
    own: list[Difference] = []
    others: list[Difference] = []
    for one in differences:
        (others if one.question.type in (*METADATA, "calculate") else own).append(one)
    return own, others


def review_of(line: SubmissionLine) -> str:
    """What was thought of a submission: a key of `REVIEWS`."""
    return line.review_state or ("edited" if line.updated_at else "received")


def duration(milliseconds: int) -> str:
    """`1 h 5 min`, `3 min 20 s`, `12 s`."""
    seconds = round(milliseconds / 1000)
    hours, minutes = seconds // 3600, seconds // 60 % 60
    if hours:
        return _("%(hours)s h %(minutes)s min", hours=hours, minutes=minutes)
    if minutes:
        return _("%(minutes)s min %(seconds)s s", minutes=minutes, seconds=seconds % 60)
    return _("%(seconds)s s", seconds=seconds)


def clock(milliseconds: int) -> Markup:
    """A moment of a phone's clock."""
    return instant(datetime.fromtimestamp(milliseconds / 1000, UTC))


def with_code(text: str) -> Markup:
    """A sentence with what stands between backticks as code."""
    pieces = text.split("`")
    return Markup("").join(
        Markup("<code>{}</code>").format(piece) if number % 2 else escape(piece)
        for number, piece in enumerate(pieces)
    )


def reworded(text: str) -> str:
    """What a finding says, in the reader's language. What was stored before it could be said anew stays English."""
    if not isinstance(text, Worded):
        return gettext(text)
    values = {name: reworded(one) if isinstance(one, Worded) else one for name, one in text.values.items()}
    return gettext(text.message) % values if values else gettext(text.message)


def trial_source(line: TrialLine) -> str:
    """Where a test interview came from."""
    return _("%(name)s, browser", name=line.device_name) if line.in_browser else line.device_name


def as_codes(names: Iterable[str]) -> Markup:
    """Names one after the other, each as code."""
    return Markup(", ").join(Markup("<code>{}</code>").format(name) for name in names)


FILTERS: Final[Mapping[str, Callable[..., Any]]] = {
    "instant": instant,
    "instant_text": instant_text,
    "date": date,
    "count": count,
    "bytes": size,
    "media_words": kind_of_file,
    "code": code,
    "risk_kind": lambda level: RISK.get(level, ""),
    "decision_words": decisions.kind_words,
    "decision_title": decisions.title,
    "decision_told": lambda line: decisions.told(line, locale()),
    "state_words": lambda state: _(STATES[state][0]) if state in STATES else state,
    "state_kind": lambda state: STATES.get(state, ("", ""))[1],
    "review_of": review_of,
    "review_words": lambda state: _(REVIEWS[state][0]),
    "review_kind": lambda state: REVIEWS[state][1],
    "pending_words": lambda reason: _(PENDING[reason]),
    "validate_words": lambda state: _(VALIDATE[state]),
    "form_state_word": lambda state: _(FORM_STATES[state].word),
    "form_state_kind": lambda state: FORM_STATES[state].kind,
    "number_held": number_held,
    "effect_word": lambda effect: _(EFFECTS[effect]),
    "change_word": lambda kind: _(KINDS[kind]),
    "question_name": question_name,
    "interview_kind": interview_kind,
    "interview_words": lambda interview: facts.interview_words(interview, locale()),
    "person_words": person_words,
    "likeness_words": lambda reason: _(LIKENESS[reason]),
    "likeness_kind": likeness_kind,
    "likeness_sentence": likeness_sentence,
    "language_tag": language_tag,
    "language_direction": language_direction,
    "worst": worst,
    "runs": runs,
    "groupby_runs": groupby_runs,
    "anything_masked": anything_masked,
    "differs_masked": differs_masked,
    "differences_apart": differences_apart,
    "duration": duration,
    "clock": clock,
    "with_code": with_code,
    "as_codes": as_codes,
    "said_by_a_person": said_by_a_person,
    "said_by_the_phone": said_by_the_phone,
    "reworded": reworded,
    "trial_source": trial_source,
}
"""By the name templates call them."""
