#!/usr/bin/env python3
"""Makes the interviews of the demonstration anew: python -m tests.clients.make_demo

Run it after a form has changed; the result is committed. JavaRosa fills the two authored forms with the answers of
`demo_people.py`, as a phone in Chisinau would, and refuses what the forms refuse. Only what depends on the moment is then
replaced, so that a second run gives the same files: identifiers by fixed ones, the phone's clock by that of the day of the
interview.
"""

import csv
import random
import re
import shutil
import sys
import tempfile
import uuid
from datetime import date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from pyxform.xls2xform import convert

from tests.clients.demo_people import ASSISTANCE, INFORMATION, PEOPLE, STOPPED, STORIES
from tests.clients.javarosa.phone import Filled, Phone

ROOT = Path(__file__).resolve().parents[2]
OUT = ROOT / "app" / "demo" / "instances"
ZONE = ZoneInfo("Europe/Chisinau")
MISSION = "name,label,country\nDEMO1,Demo mission,MD\n"
CASES = "name,label,__version,sex,is_minor,status,next_contact_on\n"
IDENTIFIER = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")
MOMENT = re.compile(r"\b1\d{12}\b")  # milliseconds in the audit log
ORGANISATIONS = ("Casa Exemplu", "Centre Fictif", "Refugio Ejemplo", "Кризисный центр «Пример»", "Example Legal Aid")


def month(day: date, back: int) -> str:
    """The first day of the month that many months earlier."""
    months = day.year * 12 + day.month - 1 - back
    return f"{months // 12}-{months % 12 + 1:02d}-01"


def later(day: date, days: int) -> str:
    return (day + timedelta(days=days)).isoformat()


def born(day: date, age: int, number: int) -> str:
    """A birth date that makes somebody this old on that day."""
    birthday = number % 12 + 1, number % 28 + 1
    year = day.year - age - (birthday > (day.month, day.day))
    return f"{year}-{birthday[0]:02d}-{birthday[1]:02d}"


def screening(number: int) -> dict:
    """The answers of a person's screening."""
    given, family, sex, age, citizenship, language, held, identified, story, own = PEOPLE[number - 1]
    day = date.fromisoformat(held)
    answers = {
        "again": "no", "interview_date": held, "interview_country": "MD", "interviewer_code": f"DEMO{number % 4 + 1:02d}",
        "interview_setting": ("iom_office", "shelter", "partner_office", "border_point")[number % 4],
        "interviewer_org_type": "iom", "preference_met": "yes", "interview_language": language, "interpreter_used": "no",
        "interpreter_pledge": "yes", "persons_present": "nobody", "private_space": "yes", "basic_needs_offered": "yes",
        "controller_present": "no", "immediate_danger": "no", "urgent_medical_need": "no", "apparent_minor": "no",
    }  # fmt: skip
    if story in STOPPED:
        return answers | STOPPED[story] | own
    facts = dict(STORIES[story])
    started, exploited, ended = facts.pop("months", (3, 3, 0))
    country = facts.pop("country")
    minor = age < 18
    answers |= {
        "apparent_minor": "yes" if minor else "no", "guardian_available": "no", "information_given": INFORMATION,
        "consent_interview": "yes", "consent_data": "yes", "consent_referral": "yes", "consent_law_enforcement": "yes" if number % 3 else "no",
        "consent_research": "yes", "consent_method": "verbal_witnessed",
        "referral_source": ("ngo", "law_enforcement", "hotline", "self", "embassy", "outreach")[number % 6],
        "referral_org_name": ORGANISATIONS[number % len(ORGANISATIONS)], "referral_date": later(day, -(number % 5)),
        "referral_reason": "additional_services", "identified_country": identified, "prior_identification": "no",
        "family_name": family, "first_name": given, "sex": sex, "gender": "feminine" if sex == "female" else "masculine",
        "dob_known": "yes" if number % 3 else "no", "date_of_birth": born(day, age, number), "age_estimate": age,
        "country_of_birth": citizenship, "citizenship": citizenship, "stateless": "no", "primary_language": language,
        "marital_status": "single" if age < 25 else ("married", "divorced", "single", "widowed")[number % 4],
        "number_of_children": 0 if age < 22 else number % 4, "education_level": ("lower_secondary", "primary", "upper_secondary")[number % 3],
        "id_documents": "birth_certificate" if minor else ("passport", "none", "national_id", "passport residence_permit")[number % 4],
        "last_residence_country": citizenship, "contact_method": "in_person" if minor else "call",
        "contact_phone": f"+1202555{100 + number:04d}", "debrief_done": "yes", "observations": "",
        "next_contact_date": later(day, 7 + number % 10), "decision_grounds": facts.pop("grounds"), "narrative": facts.pop("narrative"),
    }  # fmt: skip
    if facts["acts"] != "none":
        answers |= {
            "recruitment_country": citizenship, "recruitment_place": "Exempleni" if citizenship == "MD" else "Example Town",
            "recruitment_date": month(day, started), "age_at_entry": max(0, age - (started + 6) // 12),
        }  # fmt: skip
    abroad = facts["movement_type"] == "cross_border"
    if abroad:
        answers |= {"destination_country": country, "arrival_date": month(day, exploited)}
    if facts["exploitation_status"] == "occurred":
        answers |= {
            "exploitation_country": country, "exploitation_place": "Fiction Bay", "exploitation_start": month(day, exploited),
            "exploitation_end": month(day, ended),
        }  # fmt: skip
    return answers | facts | own


def assistance(number: int, held: str, kind: str, own: dict, case_uid: str) -> dict:
    """The answers of an assistance interview."""
    _, _, sex, age, citizenship, language, screened, _, story, _ = PEOPLE[number - 1]
    day, before = date.fromisoformat(held), date.fromisoformat(screened)
    facts = STORIES[story]
    started, exploited, ended = facts["months"]
    typed = own.get("typed")
    answers = {
        "case_on_phone": "no" if typed else "yes", "case_uid": case_uid, "typed_ref": typed, "interview_date": held,
        "interview_type": kind, "interview_country": "MD", "interview_setting": "shelter" if number % 2 else "iom_office",
        "interviewer_code": f"DEMO{number % 4 + 1:02d}", "interview_language": language,
        "interpreter_used": "yes" if language not in ("ron", "rus", "fra", "spa") else "no", "interpreter_pledge": "yes",
        "consent_continue": "yes", "consent_changes": "no", "consent_referral": "yes", "consent_law_enforcement": "no",
        "data_requests": "access" if number % 5 == 0 else "none", "current_country": "MD", "current_place": "Exempleni",
        "living_situation": "shelter" if kind == "initial" else "family", "contact_phone": f"+1202555{100 + number:04d}",
        "contact_email": f"person{number}@example.org", "place_of_birth": "Example Town", "household_size": number % 5 + 1,
        "dependants": number % 3, "occupation_status": "student" if age < 18 else ("unemployed", "employed")[number % 2],
        "occupation_kind": "retail", "economic_situation": ("poor", "very_poor", "average")[number % 3],
        "leave_reasons": "work support_family" if age >= 18 else "family_problems", "prior_migration": "no", "prior_trafficking": "no",
        "prior_violence": "yes" if story in ("loverboy", "begging") else "no",
        "health_status": "fair", "health_needs": "mental injury" if number % 2 else "dental", "distress": "mild", "health_exam_consent": "yes",
        "legal_status": "citizen" if citizenship == "MD" else "victim_permit", "protection_status": "none", "fears_return": "unknown",
        "cooperation": "willing", "proceedings": "complaint", "compensation": "advised", "documents_needed": "passport",
        "risk_individual": "past_trauma debt" if number % 2 else "low_education", "risk_household": "income", "risk_community": "livelihoods",
        "protective_factors": "resilience services", "risk_level": "medium" if kind == "initial" else "low",
        "safety_plan": "A number to call day and night; a word agreed with the sister.",
        "durable_option": "stay" if citizenship == "MD" else "return", "return_voluntary": "yes", "return_country": citizenship,
        "return_risk_assessed": "no", "family_traced": "yes", "reintegration_support": "psychosocial vocational",
        "grant_amount": 800, "grant_currency": "EUR", "fu_safe_home": "yes", "fu_income": "no", "fu_health_access": "yes",
        "fu_contact_trafficker": "no", "fu_retrafficked": "no", "fu_wellbeing": 5, "case_status": "active" if kind == "initial" else "follow_up",
        "next_contact_date": later(day, 28), "narrative": "The plan was read aloud and agreed point by point.",
        "closure_details": "Closed in agreement.",
        "family_member": 1 if kind == "initial" else 0, "fm_relation": "mother", "fm_sex": "female", "fm_age": age + 24,
        "fm_country": citizenship, "fm_accompanying": "no", "fm_knows": "no", "fm_needs_assistance": "no",
        "plan_item": 2 if kind == "initial" else 1, "/data/plan/plan_item[1]/pl_type": "health", "/data/plan/plan_item[2]/pl_type": "livelihood",
        "/data/plan/plan_item[1]/pl_objective": "Recover from injuries and sleep again", "/data/plan/plan_item[2]/pl_objective": "A trade certificate",
        "pl_action": "Weekly sessions; a course from autumn on", "pl_due": later(day, 90), "pl_status": "ongoing",
        "service": 2, "/data/services/service[1]/sv_category": "accommodation", "/data/services/service[1]/sv_type": "safe_house",
        "/data/services/service[2]/sv_category": "psychosocial", "/data/services/service[2]/sv_type": "counselling",
        "sv_provider": ORGANISATIONS[number % len(ORGANISATIONS)], "sv_country": "MD", "sv_start": later(day, -5), "sv_status": "ongoing",
        "sv_funding": "mission_project", "sv_cost": 120 + number, "sv_currency": "EUR",
        "referral": 1 if kind == "initial" else 0, "rf_category": "legal", "rf_org": "Example Legal Aid", "rf_org_type": "ngo",
        "rf_reason": "additional_services", "rf_date": held, "rf_consent": "yes", "rf_urgency": "week", "rf_status": "sent",
        "rf_details": "Advice on compensation and on the residence permit.",
        "episode": 1, "ep_entry_mode": facts["entry_mode"], "ep_recruitment_country": citizenship, "ep_recruitment_place": "Example Town",
        "ep_recruitment_date": month(before, started), "ep_age": max(0, age - (started + 6) // 12),
        "ep_recruitment_methods": facts.get("recruitment_methods"), "ep_recruitment_platforms": facts.get("recruitment_platforms"),
        "ep_recruiter_relation": facts.get("recruiter_relation"), "ep_promised_activity": facts.get("promised_activity"),
        "ep_promised_benefits": "money housing", "ep_fee_amount": 400, "ep_debt_amount": 1500, "ep_currency": "USD",
        "ep_travelled_with": "recruiter", "ep_control_means_travel": "false_promises", "route_leg": 1, "leg_from": citizenship,
        "leg_to": facts["country"], "leg_date": month(before, exploited), "leg_mode": "road" if number % 2 else "air",
        "leg_border": facts.get("border_crossing", "regular"), "ep_exploitation_types": facts["exploitation_types"],
        "ep_labour_sectors": facts.get("labour_sectors"), "ep_sex_types": facts.get("sex_types"), "ep_exploitation_country": facts["country"],
        "ep_exploitation_place": "Fiction Bay", "ep_start": month(before, exploited), "ep_end": month(before, ended),
        "ep_hours_per_week": facts.get("hours_per_week"), "ep_pay_received": facts.get("pay_received"), "ep_control_means": facts["control_means"],
        "ep_exit_mode": facts.get("exit_mode"), "perpetrator": 1 + number % 2, "pp_roles": "recruiter exploiter",
        "pp_relation": facts["recruiter_relation"].split()[0], "pp_sex": "male", "pp_age_group": "30_44", "pp_citizenship": citizenship, "pp_paid": "yes",
        "pregnancy": "no" if sex == "female" else None,
    } | own  # fmt: skip
    if answers.pop("travelled", False):
        answers |= {"return_risk_assessed": "yes", "return_date": later(day, -3), "escort_type": "social", "arrival_received": "yes"}
    if answers["episode"] == 2:  # an earlier one, before
        answers |= {
            "/data/episodes/episode[1]/ep_recruitment_date": month(before, started + 40), "/data/episodes/episode[1]/ep_start": month(before, started + 40),
            "/data/episodes/episode[1]/ep_end": month(before, started + 36), "/data/episodes/episode[1]/ep_exit_mode": "released",
            "/data/episodes/episode[1]/ep_age": answers["ep_age"] - 3,
            "/data/episodes/episode[1]/route_leg[1]/leg_date": month(before, started + 40),
        }  # fmt: skip
    answers.pop("typed", None)
    return {name: value for name, value in answers.items() if value is not None and value != ""}


class Clockwork:
    """Puts fixed identifiers and the interview's own day where JavaRosa put what depends on the moment."""

    def __init__(self) -> None:
        self.chance = random.Random(2026)
        self.identifiers: dict[str, str] = {}

    def settle(self, text: str, held: str) -> str:
        for old in dict.fromkeys(IDENTIFIER.findall(text)):
            if old not in self.identifiers.values():
                new = self.identifiers.setdefault(old, str(uuid.UUID(int=self.chance.getrandbits(128), version=4)))
                text = text.replace(old, new).replace(f"-{old[:8]}<", f"-{new[:8]}<").replace(f"-{old[:8]} ", f"-{new[:8]} ")
        start = self.start(held)
        text = re.sub(r"<start>[^<]*", f"<start>{start.isoformat(timespec='milliseconds')}", text)
        end = start + timedelta(minutes=40 + len(text) % 50)
        text = re.sub(r"<end>[^<]*", f"<end>{end.isoformat(timespec='milliseconds')}", text)
        return re.sub(r"<today>[^<]*", f"<today>{held}", text)

    def start(self, held: str) -> datetime:
        day = date.fromisoformat(held)
        return datetime(day.year, day.month, day.day, 9 + day.day % 6, 5 * (day.day % 11), tzinfo=ZONE)

    def audit(self, text: str, held: str) -> str:
        moments = [int(one) for one in MOMENT.findall(text)]
        shift = int(self.start(held).timestamp() * 1000) - min(moments)
        return MOMENT.sub(lambda found: str(int(found[0]) + shift), text)


def save(name: str, filled: Filled, clockwork: Clockwork, held: str) -> str:
    """Writes NAME.xml and, in the folder NAME, its files. Returns the XML as written."""
    xml = clockwork.settle(filled.xml.decode(), held)
    (OUT / f"{name}.xml").write_text(xml + "\n", encoding="utf-8")
    for file, path in filled.attachments.items():
        (OUT / name).mkdir(exist_ok=True)
        if file == "audit.csv":
            (OUT / name / file).write_text(clockwork.audit(path.read_text(), held))
        else:
            shutil.copy(path, OUT / name / file)
    return xml


def value(xml: str, name: str) -> str:
    found = re.search(rf"<{name}>([^<]*)", xml)
    return found[1] if found else ""


def main() -> int:
    shutil.rmtree(OUT, ignore_errors=True)
    OUT.mkdir(parents=True)
    clockwork = Clockwork()
    cases: dict[int, dict] = {}
    with tempfile.TemporaryDirectory() as scratch, Phone(time_zone=ZONE.key) as phone:
        folder = Path(scratch)
        (folder / "mission.csv").write_text(MISSION)
        for form in ("screening", "assistance"):
            result = convert(xlsform=ROOT / "xlsforms" / "forms" / f"{form}.xlsx", validate=False, pretty_print=False)
            (folder / f"{form}.xml").write_text(result.xform, encoding="utf-8")
        options = {"only_answers": True, "ignore_unused": True, "properties": {"deviceid": "collect:demo", "username": "demo"}}
        work = [(PEOPLE[n - 1][6], n, None, {}) for n in range(1, len(PEOPLE) + 1)]
        work += [(held, n, kind, own) for n, held, kind, own in ASSISTANCE]
        for order, (held, number, kind, own) in enumerate(sorted(work, key=lambda one: one[:2]), 1):
            with (folder / "cases.csv").open("w", newline="") as out:
                out.write(CASES)
                csv.DictWriter(out, CASES.strip().split(","), restval="").writerows(cases.values())
            form = "assistance" if kind else "screening"
            answers = assistance(number, held, kind, own, cases[number]["name"]) if kind else screening(number)
            filled = phone.fill(folder / f"{form}.xml", answers, seed=number, **options)
            xml = save(f"{order:02d}-{form}", filled, clockwork, held)
            if not kind and value(xml, "consent_ok") == "1":
                cases[number] = {
                    "name": value(xml, "case_uid"), "label": value(xml, "case_ref"), "__version": 1,
                    "sex": value(xml, "sex"), "is_minor": value(xml, "is_minor"), "status": "active",
                }  # fmt: skip
            print(f"{order:02d}", held, form, kind or PEOPLE[number - 1][8], value(xml, "suggested_status"), value(xml, "trafficking_status"),
                  value(xml, "gaf_result"))  # fmt: skip
    return 0


if __name__ == "__main__":
    sys.exit(main())
