"""Interviews filled by JavaRosa with random seeds: most with consent, some refused, some unsafe, in several
scripts."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.clients.javarosa.phone import Filled, Phone, Refused

MISSION_CSV = "name,label,country\nMDCHI,Chisinau,MD\n"
NO_CASES = "name,label,__version,sex,is_minor,status,next_contact_on\n"
SAFE = {
    "again": "no",
    "private_space": "yes",
    "controller_present": "no",
    "immediate_danger": "no",
    "urgent_medical_need": "no",
    "apparent_minor": "no",
}
CONSENT = {
    "information_given": [
        "role",
        "purpose",
        "voluntary",
        "data_use",
        "research_use",
        "access",
        "retention",
        "withdrawal",
    ],
    "consent_interview": "yes",
    "consent_data": "yes",
    "consent_method": "verbal",
}


@dataclass(frozen=True)
class Interview:
    """A submission as the phone sent it, and what JavaRosa says it answers."""

    form: str
    xml: bytes
    report: dict[str, Any]
    files: dict[str, bytes]

    @property
    def instance_id(self) -> str:
        return str(self.report["instanceID"])


def write_media(folder: Path) -> None:
    """What both forms want beside them."""
    (folder / "mission.csv").write_text(MISSION_CSV)
    (folder / "cases.csv").write_text(NO_CASES)


def screenings(phone: Phone, xforms: Path, lists: Path, *, count: int, seed: int = 0) -> Iterator[Interview]:
    """Screenings of new cases; those with consent put them on the phone's list."""
    for number in range(seed, seed + count):
        answers: dict[str, Any] = SAFE | CONSENT
        if number % 10 == 3:
            answers = {"again": "no", "immediate_danger": "yes", "safety_resolved": "no"}
        elif number % 10 == 7:
            answers = SAFE | CONSENT | {"consent_data": "no"}
        yield fill(phone, xforms, lists, "screening", answers, seed=number)


def assistances(phone: Phone, xforms: Path, lists: Path, *, count: int, seed: int = 0) -> Iterator[Interview]:
    """Assistance interviews about cases that are on the phone; every tenth withdraws consent."""
    for number in range(seed, seed + count):
        agrees = "no" if number % 10 == 9 else "yes"
        answers = {"case_on_phone": "yes", "consent_continue": agrees}
        yield fill(phone, xforms, lists, "assistance", answers, seed=number, repeats=number % 3)


def fill(
    phone: Phone, xforms: Path, lists: Path, form: str, answers: dict[str, Any], *, seed: int, **options: Any
) -> Interview:
    """One interview; what random answers make impossible is tried with the next seeds."""
    for attempt in range(40):
        try:
            filled: Filled = phone.fill(
                xforms / f"{form}.xml",
                answers,
                seed=seed + 100_000 * attempt,
                entity_lists=lists,
                ignore_unused=True,
                **options,
            )
        except Refused as refusal:
            last = refusal
            continue
        files = {name: path.read_bytes() for name, path in filled.attachments.items()}
        return Interview(form, filled.xml, filled.report, files)
    raise AssertionError(f"no random answers satisfy the form {form} with seed {seed}: {last}")
