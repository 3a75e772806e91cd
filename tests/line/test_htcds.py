"""IOM's own HTCDS 2.0 workbook, unchanged, on a running server: its submissions fill the case store by field names."""

from pathlib import Path

import pytest

from tests.clients.collect.collect_client import CollectClient
from tests.line import compare
from tests.line.said import Said

pytestmark = pytest.mark.java

FILE = Path(__file__).parents[1] / "data" / "htcds" / "htcds_xlsform.xlsx"
FORM = "htcds_xlsform"
PLACES = {
    "con_Consent": ("consent", "granted", {"FALSE": False, "TRUE": True}),
    "prs_First_Name": ("person", "first_name", None),
    "prs_Second_Name": ("person", "family_name", None),
    "prs_Birthdate": ("person", "birthdate", None),
    "prs_Gender": ("person", "gender", {"Feminine": "feminine", "Masculine": "masculine"}),
    "prs_Citizenship": ("person_citizenship", "country", {"MD": "MD", "UA": "UA"}),
    "prs_Email": ("person", "contact_email", None),
    "prs_MobilePhone": ("person", "contact_phone", None),
    "prs_MailingCity": ("person_address", "place", None),
    "prs_MailingState": ("person_address", "region", None),
    "prs_MailingCountry": ("person_address", "country", {"Moldova": "MD", "UKRAINE": "UA"}),
    "vic_MethodOfRecruitment": ("episode_recruitment_method", "method", ...),
    "vic_LocationOfRecruitment": ("episode", "recruitment_place", None),
    "vic_TraffickingStatus": (
        "screening",
        "trafficking_status",
        {"ActualVictimOfTrafficking": "actual", "PossibleVictimOfTrafficking": "possible"},
    ),
    "vic_Methods_of_Control": ("episode_control", "means", ...),
    "vic_TypeOfExploitation": ("episode_exploitation", "code", ...),
    "vic_ForcedLabourIndustry": ("episode_exploitation", "code", ...),
    "vic_LocationOfExploitation": ("episode", "exploitation_place", None),
    "cas_Status": ("case_file", "status", {"Active": "active", "FollowUp": "follow_up"}),
    "cas_ReferringOrganisation": ("referral", "organisation_name", None),
    "cas_IncomingReferralDate": ("referral", "referred_on", None),
    "cas_ReferringPrimaryCaseWorker": ("referral", "case_worker", None),
    "cas_IncomingReferralDetails": ("referral", "details", None),
}
"""Field of the standard → where its answer stands, and as what: the text itself, a code of ours, or (...) a row for each."""
GIVEN = (
    {
        "con_Consent": "TRUE", "prs_First_Name": "Ана", "prs_Second_Name": "Exemplescu", "prs_Birthdate": "1999-02-28",
        "prs_Gender": "Feminine", "prs_Citizenship": "MD", "prs_Email": "ana@example.org", "prs_MobilePhone": "+1202555 0100",
        "prs_MailingCity": "Exempleni", "prs_MailingCountry": "Moldova", "prs_MailingState": "Nord",
        "vic_MethodOfRecruitment": ["ThroughFriendsOrSocialEvents", "ThroughOnlineSocialNetworks"],
        "vic_LocationOfRecruitment": "Exempleni", "vic_TraffickingStatus": "ActualVictimOfTrafficking",
        "vic_TraffickingStatusDecisionMakingOrg": "NGO", "vic_Methods_of_Control": ["PhysicalThreats", "DebtBondage", "TakesEarnings"],
        "vic_TypeOfExploitation": ["ForcedLabour", "ForcedBegging"], "vic_ForcedLabourIndustry": ["F_Construction"],
        "vic_LocationOfExploitation": "Fiction Bay", "cas_Status": "Active", "cas_ReferringOrganisation": "Casa Exemplu",
        "cas_IncomingReferralDate": "2026-03-01", "cas_ReferringPrimaryCaseWorker": "C. W.", "cas_IncomingReferralDetails": "=1+1",
    },
    {
        "con_Consent": "TRUE", "prs_First_Name": "Ivan", "prs_Second_Name": "Приклад", "prs_Birthdate": "1980-12-31",
        "prs_Gender": "Masculine", "prs_Citizenship": "UA", "prs_MailingCountry": "UKRAINE", "vic_Methods_of_Control": ["DebtBondage"],
        "vic_TypeOfExploitation": ["ForcedLabour"], "vic_ForcedLabourIndustry": ["A_AgricultureForestryAndFishing", "C_Manufacturing"],
        "vic_TraffickingStatus": "PossibleVictimOfTrafficking", "cas_Status": "FollowUp",
    },
)  # fmt: skip


@pytest.fixture(scope="module")
def uploaded(sqlite_office):
    answer = sqlite_office.upload(FILE.read_bytes(), "xlsx", form_id=FORM)
    assert answer.status_code == 200, answer.text
    sqlite_office.publish(FORM)
    return answer.json()


@pytest.fixture(scope="module")
def said(sqlite_office, uploaded, java, tmp_path_factory):
    office = sqlite_office
    client = CollectClient(office.device("HTCDS"), state=tmp_path_factory.mktemp("htcds"), phone=java)
    client.sync()
    found = []
    for number, answers in enumerate(GIVEN):
        client.fill(FORM, answers, seed=number, options=("--only-answers",))
        found.append(Said(FORM, java.report["instanceID"], java.report))
    client.send()
    client.session.close()
    office.wait([FORM])
    return found


@pytest.fixture(scope="module")
def facts(sqlite_office, said):
    return compare.facts(sqlite_office.cases(), [FORM])


def test_it_is_published_with_findings_that_point_at_its_defects(uploaded, sqlite_office):
    assert uploaded["xmlFormId"] == FORM
    listed = sqlite_office.form(FORM)["findings"]
    assert {one["severity"] for one in listed} <= {"warning", "info"}
    found = {(one["code"], one["sheet"], one["row"], one["column"]) for one in listed}
    assert ("label_twice", "survey", 11, "label") in found
    assert ("htcds_name", "survey", 24, "name") in found
    assert all(one["message"] and one["mend"] for one in listed)


def test_each_submission_is_a_case_of_its_own_without_findings(said, facts, sqlite_office):
    listed = {one["instanceId"]: one for one in sqlite_office.submissions(FORM)}
    assert {key: one["state"] for key, one in listed.items()} == {one.key: "normalised" for one in said}
    assert [one["findings"] for one in listed.values()] == [[], []]
    assert len({fact.case for fact in facts}) == len(said)


def test_every_answer_with_a_name_of_the_standard_stands_in_its_case(said, facts):
    for one in said:
        for name, (table, column, codes) in PLACES.items():
            text = one.values.get(f"/data/{name}")
            mine = [
                fact
                for fact in facts
                if (fact.instance_id, fact.question, fact.table, fact.column)
                == (one.instance_id, f"/data/{name}", table, column)
            ]
            if text is None:
                assert mine == [], name
                continue
            assert {fact.answer for fact in mine} == {text}, name
            if codes is ...:
                assert len({fact.value for fact in mine}) == len(mine) == len(text.split()), name
            else:
                assert [fact.value for fact in mine] == [text if codes is None else codes[text]], name


def test_the_code_with_a_blank_behind_it_is_understood(said, facts):
    assert all("DebtBondage" in one.values["/data/vic_Methods_of_Control"] for one in said)
    bondage = [fact for fact in facts if fact.table == "episode_control" and fact.value == "debt_bondage"]
    assert {fact.instance_id for fact in bondage} == {one.instance_id for one in said}


def test_all_its_answers_come_back_in_the_download(said, sqlite_office):
    wrong, counted = compare.in_download(said, sqlite_office.download(FORM), FORM)
    assert wrong == []
    assert counted["answers"] > 40
