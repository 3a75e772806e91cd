"""Cases by the HTCDS: the names and codes are those of IOM's own files, the values those of the case."""

import csv
import io
import uuid
from importlib.resources import files
from pathlib import Path

import pytest
from sqlalchemy import select

from app import policy
from app.models import LedgerEntry
from app.policy import Actor, Held
from app.problems import Problem
from app.services import cases, export, htcds
from app.services.export import Filters
from app.services.reveal import Reveal
from app.services.wanted import HTCDS, Wanted
from tests.services.made import screening
from xlsforms import dictionary
from xlsforms.compile import compile_form

STANDARD = Path(__file__).parents[1] / "data" / "htcds"
WHY = "Handover to the shelter of another organisation"


def of(name):
    with (STANDARD / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


FIELDS = {row["field"]: row for row in of("htcds_fields.csv")}
CODES: dict[str, set[str]] = {}
for line in of("htcds_codes.csv"):
    CODES.setdefault(line["field"], set()).add(line["code"])


OUTSIDE = {
    (row["field"], row["code"]): row["value"]
    for row in csv.DictReader(io.StringIO((files("xlsforms") / "dictionary/code_map.csv").read_text("utf-8")))
    if row["standard"] == "htcds_2_0" and row["way"] != "in"
}
ALL = {
    "prs_Gender": ("person", "gender", {}),
    "prs_MaritalStatus": ("person", "marital_status", {}),
    "prs_NumberOfChildren": ("person", "number_of_children", {}),
    "prs_PrimaryLanguage": ("person", "primary_language", {}),
    "prs_HighestLevelOfEducation": ("person", "education_level", {}),
    "prs_Citizenship": ("person_citizenship", "country", {}),
    "vic_TraffickingStatus": ("case_file", "trafficking_status", {}),
    "vic_RelationshipToTrafficker": ("episode_recruiter_relation", "relation", {}),
    "vic_RecruitmentWebsitesAndApps": ("episode_platform", "platform", {"phase": "recruitment"}),
    "vic_ExploitationWebsitesAndApps": ("episode_platform", "platform", {"phase": "exploitation"}),
    "vic_MethodOfRecruitment": ("episode_recruitment_method", "method", {}),
    "vic_MethodsOfControl": ("episode_control", "means", {}),
    "vic_TypeOfExploitation": ("episode_exploitation", "code", {"facet": "type"}),
    "vic_ForcedLabourIndustry": ("episode_exploitation", "code", {"facet": "sector"}),
    "vic_TypeOfSexExploitation": ("episode_exploitation", "code", {"facet": "sex_type"}),
    "cas_Status": ("case_file", "status", {}),
}
ONE = {
    "vic_TraffickingStatusDecisionMakingOrg": ("screening", "decision_org", {}),
    "prs_MailingCountry": ("person_address", "country", {}),
    "cas_ReferringOrganisation": ("referral", "organisation_name", {"direction": "in"}),
    "cas_IncomingReferralDate": ("referral", "referred_on", {"direction": "in"}),
    "cas_ReasonForIncomingReferral": ("referral", "reason", {"direction": "in"}),
    "cas_ReferredOrganisation": ("referral", "organisation_name", {"direction": "out"}),
    "cas_OutgoingReferralDate": ("referral", "referred_on", {"direction": "out"}),
    "vic_AgeWhenTrafficked": ("episode", "age_at_entry", {}),
}
SECRET = {
    "prs_FirstName": ("person", "first_name", {}),
    "prs_SecondName": ("person", "family_name", {}),
    "prs_Birthdate": ("person", "birthdate", {}),
    "prs_MobilePhone": ("person", "contact_phone", {}),
    "prs_Email": ("person", "contact_email", {}),
    "prs_IdentityNumber": ("person", "identity_number", {}),
}


def said(tables, table, column, keys):
    """Values of a field in `case_json`, wherever its table hangs; those that are there."""
    found = []
    for name, rows in tables.items():
        for row in rows:
            if name == table and row.get(column) is not None and keys.items() <= row.items():
                found.append(row[column])
            found += said({inner: value for inner, value in row.items() if isinstance(value, list) and value
                           and isinstance(value[0], dict)}, table, column, keys)  # fmt: skip
    return found


def outside(name, values):
    """The values as the standard's file is to have them."""
    coded = name in CODES
    return {OUTSIDE.get((name, one)) if coded else str(one) for one in values} - {None}


def coordinator(house):
    return Actor("user", None, (Held("coordinator", house.mission_id),))


def fetch(house, actor=None, status="", reason=None, **filters):
    wanted = Wanted(HTCDS, filters=Filters(**filters), status=status)
    made = house.download(wanted, actor=actor or coordinator(house), reason=reason)
    content = b"".join(made.chunks)
    return made, list(csv.DictReader(io.StringIO(content.decode(), newline="")))


def entries(house, download):
    with house.session() as session:
        return session.scalars(
            select(LedgerEntry).where(LedgerEntry.object == f"export:{download.id}").order_by(LedgerEntry.id)
        ).all()


def test_columns_are_fields_of_the_standard_in_its_order_and_all_of_its_core():
    names = htcds.columns()[len(htcds.OWN) :]
    assert list(names) == [name for name in FIELDS if name in names]
    core = {name for name, row in FIELDS.items() if row["core"] == "yes" and row["status"] != "DEPRECATED"}
    assert core <= set(names)
    # What IOM's survey asks is there, too, but for its own misspellings.
    survey = compile_form((STANDARD / "htcds_xlsform.xlsx").read_bytes(), "htcds_xlsform.xlsx").schema
    asked = {
        dictionary.load().htcds[q.name.lower()].name
        for q in survey.questions()
        if q.name.lower() in dictionary.load().htcds
    }
    assert asked <= set(names)


def test_every_code_is_written_as_one_of_the_standards_list():
    words = dictionary.load()
    written = {}
    for column in words.htcds_export:
        for source in column.sources:
            target = htcds.parse(source)
            field = words.field(target.name)
            listed = field.list_for(target.keys)
            if column.name in CODES:
                codes = {
                    words.code_as(htcds.STANDARD, field=column.name, code_list=listed, code=code)
                    for code in words.code_lists[listed]
                }
                assert codes - {None} <= CODES[column.name], column.name
                assert codes - {None}, column.name
                written[column.name] = codes
    assert set(written) == set(CODES) & set(htcds.columns())
    assert "Unaquainted" in written["vic_RelationshipToTrafficker"]  # the standard's spelling


def test_a_row_says_of_each_case_what_the_case_says(house, filled, monkeypatch):
    monkeypatch.setattr(htcds, "_TOGETHER", 3)  # cases read at a time: more than one time
    for one in (*filled["screening"], *filled["assistance"]):
        house.receive(one.xml, files=one.files)
    house.work()
    plain, rows = fetch(house)
    named, with_names = fetch(house, identifiers=True, reason=WHY)
    assert [row["case_id"] for row in rows] == sorted(str(one) for one in house.cases())
    count = 0
    for row, full in zip(rows, with_names, strict=True):
        with house.session() as session:
            case = cases.read_case(
                session,
                keyring=house.keyring,
                actor=coordinator(house),
                case_id=row["case_id"],
                reveal=Reveal(WHY),
            ).to_json()
        tables = case["tables"]
        assert (row["case_ref"], row["cas_CaseOwner"]) == (case["caseRef"] or "", case["owner"] or "")
        for name, source in ALL.items():
            assert set(filter(None, row[name].split(";"))) == outside(name, said(tables, *source)), name
        for name, source in ONE.items():
            values = outside(name, said(tables, *source))
            assert row[name] in values if row[name] else len(said(tables, *source)) != 1 or not values, name
        standing = {
            one["purpose"]: one["granted"]
            for one in tables.get("consent", ())
            if not one.get("superseded_by")
        }
        agrees = standing.get("referral") is True and full["con_Consent"] == "TRUE"
        count += agrees
        assert row["con_Consent"] == {True: "TRUE", False: "FALSE", None: ""}[standing.get("case_management")]
        for name, source in SECRET.items():
            assert row[name] == "", name
            assert full[name] == (";".join(said(tables, *source)) if agrees else ""), name
        assert {name for name in row if row[name] and row[name] != full[name]} <= {
            "vic_LocationOfRecruitment", "vic_LocationOfExploitation", "cas_ReasonForCaseClosure",
        }  # fmt: skip
    assert 0 < count < len(rows)
    empty = {name for name in (*ALL, *ONE, *SECRET) if not any(row[name] for row in with_names)}
    assert len(empty) <= 3, empty  # answers are random, but nearly everything is said of somebody

    begun, done = entries(house, named)
    assert (begun.action, begun.reason, begun.detail["filters"]["identifiers"]) == (
        "export.htcds",
        WHY,
        "True",
    )
    assert done.detail["rows"] == {"cases": len(rows), "with identifiers": count}
    with house.session() as session:
        manifest = export.manifest(
            session, actor=coordinator(house), mission_id=house.mission_id, download_id=plain.id
        )
    assert (manifest["format"], manifest["form"], manifest["complete"]) == ("htcds", None, True)
    assert manifest["rows"]["cases"] == len(rows)


def test_nobody_is_handed_what_they_may_not_read(house):
    house.receive(screening(case_uid=str(uuid.uuid4()), sex="female", family_name="Exampla"))
    house.work()
    stranger = Actor("user", None, (Held("coordinator", house.other_mission_id),))
    for actor in (stranger, Actor("user", None, (Held("administrator"),)), policy.NOBODY):
        with pytest.raises(Problem) as refused:
            fetch(house, actor)
        assert refused.value.code == "not_allowed"
    with pytest.raises(Problem) as unnamed:
        fetch(house, identifiers=True)
    assert unnamed.value.code == "reason_needed"
    with pytest.raises(Problem, match="invalid"):
        fetch(house, status="lost")
    assert [len(fetch(house, status=one)[1]) for one in ("active", "closed")] == [1, 0]
