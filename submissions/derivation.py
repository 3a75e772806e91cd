"""What the server computes of a case: what follows from the dates, the suggestion, eligibility, the status.

Everything here can be computed again from the facts at any time. A value that somebody said and that agrees
keeps its source; one that differs stays as the earlier value; what a person decided is not touched.
"""

from collections.abc import Iterable, Mapping, Sequence

from submissions import determination, eligibility
from submissions.decision import Decision
from submissions.facts import Fact, row_id
from submissions.intake import Intake
from submissions.merging import Folding, Row
from submissions.values import Value
from xlsforms.finding import Finding, warning
from xlsforms.marked import N_

RULE_VERSION = "fold-2026.1"
"""Version of the rules of this module; the determination and the programmes have their own."""

CLOSED = frozenset({"closed", "closed_referred"})
_CLOSING = ("closed_on", "closure_reason", "closure_details")
_OF_SCREENING = (
    "screening", "screening_act", "indicator", "episode", "episode_control", "episode_exploitation",
    "eligibility",
)  # fmt: skip
_OF_CASE = {"person": ("birthdate", "birth_year_estimate"), "case_file": ("is_minor", "identified_country")}


def derive(folding: Folding, decisions: Sequence[Decision]) -> None:
    """Fill the derived columns of every row, and apply the decisions about the case as a whole."""
    about = [one for one in decisions if one.body.get("case_uid", folding.case_uid) == folding.case_uid]
    rows, answers = _by_interview(folding), _own_answers(folding)
    for intake in folding.interviews:
        _interview(folding, intake)
        if intake.kind == "screening" and intake.consent_ok is not False:
            its, own = rows.get(intake.submission, []), answers[intake.submission]
            _determine(folding, intake, its, own)
            _propose(folding, intake, [row for row in its if row.table == "eligibility"], own["case_file"])
    _dates(folding)
    _consents(folding)
    _referrals(folding)
    _episodes(folding)
    _case(folding)
    _status(folding, about)
    _programmes(folding, about)


def _by_interview(folding: Folding) -> dict[str, list[Row]]:
    rows: dict[str, list[Row]] = {}
    for table in _OF_SCREENING:
        for row in folding.tables.get(table, {}).values():
            if row.intake is not None:
                rows.setdefault(row.intake.submission, []).append(row)
    return rows


def _interview(folding: Folding, intake: Intake) -> None:
    row = folding.row("interview", intake.submission, None, intake)
    row.derive("instance_id", intake.instance_id, rule=RULE_VERSION)
    if intake.kind in ("screening", "assistance"):
        row.derive("form", intake.kind, rule=RULE_VERSION)
    row.derive("held_on", intake.held_on or None, rule=RULE_VERSION)
    row.derive("consent_ok", intake.consent_ok, rule=RULE_VERSION)


def _own_answers(folding: Folding) -> dict[str, dict[str, dict[str, Fact]]]:
    """Submission → table → column → what that interview itself says of a column of the case, as far as the
    rules ask for it. What a person decided holds for every interview."""
    found: dict[str, dict[str, dict[str, Fact]]] = {
        intake.submission: {table: {} for table in _OF_CASE} for intake in folding.interviews
    }
    for table, columns in _OF_CASE.items():
        if (row := folding.tables.get(table, {}).get("")) is None:
            continue
        for column in columns:
            if (fact := row.columns.get(column)) is not None and fact.decision is not None:
                for own in found.values():
                    own[table][column] = fact
            else:
                for said in row.said.get(column, ()):
                    found[said.submission][table][column] = said
    return found


def _determine(
    folding: Folding, intake: Intake, rows: Sequence[Row], own: Mapping[str, Mapping[str, Fact]]
) -> None:
    columns = [*((row.table, row.columns) for row in rows), *own.items()]
    facts = determination.facts(columns, held_on=intake.held_on)
    result = determination.suggest(facts, dictionary=folding.dictionary)
    row = folding.row("screening", intake.submission, None, intake)
    rule = determination.RULE_VERSION
    for column in ("child_rule", "act_present", "means_any", "means_established", "purpose_present"):
        row.derive(column, getattr(result, column), rule=rule)
    for dimension, positive in result.dims.items():
        row.derive(f"dim_{dimension}", positive, rule=rule)
    row.derive("suggested_status", result.suggestion, rule=rule)
    row.derive("rule_version", rule, rule=rule)
    for row in rows:
        if row.table == "indicator":
            weight = determination.weight(
                str(row.value("dimension")),
                str(row.value("code")),
                child=result.child_rule,
                dictionary=folding.dictionary,
            )
            row.derive("weight", weight, rule=rule)
            row.derive("profile", result.profile, rule=rule)


def _propose(folding: Folding, intake: Intake, rows: list[Row], own: Mapping[str, Fact]) -> None:
    """The eligibility rows of one screening: which programmes were ticked, and what the fund's criteria
    give."""
    screening = folding.row("screening", intake.submission, None, intake)
    status = screening.value("trafficking_status")
    if status is not None and not any(row.value("programme") == "gaf" for row in rows):
        row = folding.row("eligibility", f"{intake.submission}|programme=gaf", None, intake)
        row.derive("programme", "gaf", rule=eligibility.DEFAULT_RULES)
        rows.append(row)
    country = own.get("identified_country")
    for row in rows:
        programme = row.columns.get("programme")
        row.derive("proposed", bool(programme and programme.answer), rule=RULE_VERSION)
        if row.value("programme") != "gaf":
            continue
        result = eligibility.gaf(
            trafficking_status=_text(status),
            identified_country=_text(country.value) if country else None,
            other_programme=_text(row.value("other_programme")),
            assistance_wanted=_text(screening.value("assistance_wanted")),
            other_category=_text(screening.value("other_category")),
            rules=eligibility.rules_on(intake.held_on, folding.rules, dictionary=folding.dictionary),
            dictionary=folding.dictionary,
        )
        row.derive("identified_victim", result.identified_victim, rule=result.rule_version)
        row.derive("area_excluded", result.area_excluded, rule=result.rule_version)
        row.derive("result", result.result, rule=result.rule_version)
        row.derive("rule_version", result.rule_version, rule=result.rule_version)


def _dates(folding: Folding) -> None:
    """Columns that are the date of their interview, and marks that follow from the row being there."""
    for table, column in (("person_address", "valid_from"), ("data_subject_request", "received_on")):
        for row in folding.tables.get(table, {}).values():
            if row.intake is not None:
                row.derive(column, row.intake.held_on or None, rule=RULE_VERSION)
    for row in folding.tables.get("data_subject_request", {}).values():
        if row.value("kind") != "none":
            row.derive("state", "open", rule=RULE_VERSION)
    for row in folding.tables.get("person_document", {}).values():
        kind = row.columns.get("kind")
        row.derive(
            "held",
            True if kind is not None and kind.answer and kind.value != "none" else None,
            rule=RULE_VERSION,
        )


def _consents(folding: Folding) -> None:
    """Consent is only appended: each line points to the later one of its purpose."""
    last: dict[object, Row] = {}
    rows = folding.tables.get("consent", {}).values()
    for row in rows:
        if row.intake is not None:
            row.derive("given_on", row.intake.held_on or None, rule=RULE_VERSION)
    # Those of interviews stand in the order of these; what the office recorded comes after those of its day.
    for row in sorted(rows, key=lambda row: (str(row.value("given_on") or ""), row.intake is None)):
        purpose = row.value("purpose")
        if (before := last.get(purpose)) is not None:
            before.derive("superseded_by", row_id(folding.case_uid, "consent", row.key), rule=RULE_VERSION)
        last[purpose] = row


def _referrals(folding: Folding) -> None:
    """Nobody is referred without consent: where it was withdrawn since, somebody has to act."""
    consent = next(
        (
            row
            for row in folding.tables.get("consent", {}).values()
            if row.value("purpose") == "referral" and row.value("superseded_by") is None
        ),
        None,
    )
    for row in folding.tables.get("referral", {}).values():
        open_, out = row.value("state") in ("proposed", "accepted"), row.value("direction") == "out"
        if open_ and out and (consent is None or consent.value("granted") is not True):
            folding.findings.append(
                warning(
                    "referral_without_consent",
                    N_("A referral is under way, and the person does not, or no longer, consent to it."),
                    N_("Revoke the referral, or record the consent if it was given."),
                    question=f"decision {row.columns['state'].decision}",
                )
            )


def _episodes(folding: Folding) -> None:
    numbers: dict[str, int] = {}
    for row in folding.tables.get("episode", {}).values():
        if row.intake is None:
            continue
        if row.intake.kind in ("screening", "assistance"):
            row.derive("source", row.intake.kind, rule=RULE_VERSION)
        place = numbers[row.intake.submission] = numbers.get(row.intake.submission, 0) + 1
        if row.value("seq") is None:
            row.derive("seq", place, rule=RULE_VERSION)
        age = row.value("age_at_entry")
        if isinstance(age, int):
            row.derive("minor_at_entry", age < 18, rule=RULE_VERSION)
        if (start := _text(row.value("exploitation_start"))) and row.intake.held_on:
            end = _text(row.value("exploitation_end")) or row.intake.held_on
            row.derive("exploitation_months", determination.months(start, end), rule=RULE_VERSION)
    legs: dict[str | None, int] = {}
    for row in folding.tables.get("route_leg", {}).values():
        legs[row.parent] = legs.get(row.parent, 0) + 1
        row.derive("seq", legs[row.parent], rule=RULE_VERSION)


def _case(folding: Folding) -> None:
    case = folding.row("case_file", "", None, None)
    case.derive("case_id", folding.case_uid, rule=RULE_VERSION)
    first = next((one for one in folding.interviews if one.kind == "screening"), None) or next(
        (one for one in folding.interviews if one.kind == "other"), None
    )
    if first is not None and first.held_on:
        case.derive("registered_on", first.held_on, rule=RULE_VERSION, source=first)
    person = folding.tables.get("person", {}).get("")
    if person is not None:
        case.derive("person_id", row_id(folding.case_uid, "person", ""), rule=RULE_VERSION)
        birthdate = person.columns.get("birthdate")
        if birthdate is not None and birthdate.decision is not None and first is not None:
            # A corrected date of birth makes the ages that the phone reckoned from the wrong one wrong too.
            _ages(folding, case, _text(birthdate.value))


def _ages(folding: Folding, case: Row, birthdate: str | None) -> None:
    screenings = [one for one in folding.interviews if one.kind != "assistance" and one.held_on]
    if birthdate is None or not screenings:
        return
    at_first = determination.age_on(birthdate, screenings[0].held_on)
    at_last = determination.age_on(birthdate, screenings[-1].held_on)
    case.derive("age_at_registration", at_first, rule=RULE_VERSION, source=screenings[0])
    case.derive(
        "is_minor", None if at_last is None else at_last < 18, rule=RULE_VERSION, source=screenings[-1]
    )


def _status(folding: Folding, decisions: Iterable[Decision]) -> None:
    """Open or closed: the last word of interviews and decisions by date, a decision after an interview of
    its day."""
    case = folding.row("case_file", "", None, None)
    words: list[tuple[str, int, Fact, Decision | None]] = [
        (fact.held_on, 0, fact, None) for fact in case.said.get("status", ())
    ]
    for decision in decisions:
        if decision.kind in ("close", "reopen"):
            day = str(decision.body.get("closed_on") or decision.body.get("reopened_on") or decision.day)
            status = str(decision.body.get("status") or "closed") if decision.kind == "close" else "active"
            words.append((day, 1, Fact(status, held_on=day, decision=decision.id), decision))
    words.sort(key=lambda word: word[:2])
    corrected = case.columns.get("status")
    if words and (corrected is None or corrected.decision is None):
        case.columns["status"] = words[-1][2]._replace(earlier=tuple(word[2] for word in words[-2::-1]))
    elif not words:
        case.derive("status", "active", rule=RULE_VERSION)
    closing: list[tuple[str, int, Fact, Decision | None]] = []
    for word in words:
        if word[2].value in CLOSED:
            closing.append(word)
        else:
            closing.clear()
    if case.value("status") not in CLOSED:
        for column in _CLOSING:
            case.take_away(column, rule=RULE_VERSION)
    elif closing:
        day, _, fact, _ = closing[0]
        if day:
            case.put("closed_on", fact._replace(value=day, answer="", question="", rule=RULE_VERSION))
        for said_on, _, _, closed_by in closing:
            for column in _CLOSING[1:]:
                if closed_by is not None and closed_by.body.get(column):
                    case.put(
                        column, Fact(str(closed_by.body[column]), held_on=said_on, decision=closed_by.id)
                    )
    person = folding.tables.get("person", {}).get("")
    if person is not None:
        person.derive("deceased", True if case.value("closure_reason") == "died" else None, rule=RULE_VERSION)


def _programmes(folding: Folding, decisions: Iterable[Decision]) -> None:
    """The programme's own decision stands in its newest row. Where the last one was made on other facts than those of
    today, a finding says so."""
    last: dict[str, tuple[Decision, Row]] = {}
    for decision in decisions:
        if decision.kind != "eligibility":
            continue
        programme = decision.body["programme"]
        rows = [
            row
            for row in folding.tables.get("eligibility", {}).values()
            if row.value("programme") == programme
        ]
        if not rows:
            newest = folding.interviews[-1]
            rows = [folding.row("eligibility", f"{newest.submission}|programme={programme}", None, newest)]
            rows[0].put("programme", Fact(programme, held_on=decision.day, decision=decision.id))
        last[programme] = decision, rows[-1]
        for column, value in (("result", decision.body["result"]), ("decided_on", _decided_on(decision))):
            rows[-1].put(column, Fact(value, held_on=decision.day, decision=decision.id))
    for decision, row in last.values():
        if decision.body.get("seen") not in (None, eligibility.snapshot(row.columns)):
            folding.findings.append(_decided_before())


def _decided_before() -> Finding:
    return warning(
        "eligibility_changed",
        N_(
            "What the programme's decision was made on has changed since: a criterion comes out otherwise now."
        ),
        N_("Look at the criteria again, and decide anew."),
    )


def _decided_on(decision: Decision) -> Value:
    return str(decision.body.get("decided_on") or decision.day)


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None
