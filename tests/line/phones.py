"""Several phones in several hands: interviews of all kinds, filled by JavaRosa, sent in any order, some twice."""

import os
import random
import shutil
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from tests.clients.collect.collect_client import ClientError, CollectClient
from tests.clients.javarosa.phone import Phone
from tests.line.office import Office
from tests.line.said import Said

SCREENING, ASSISTANCE = "ct_screening", "ct_assistance"
SAFE = {
    "private_space": "yes",
    "controller_present": "no",
    "immediate_danger": "no",
    "urgent_medical_need": "no",
}
ADULT = {"apparent_minor": "no"}
AGREED = {"consent_interview": "yes", "consent_data": "yes"}
NEW = {"again": "no", **SAFE, **ADULT, **AGREED}
MINOR = {**NEW, "apparent_minor": "yes", "dob_known": "no", "age_estimate": 15, "age_at_entry": 14}
SCREENINGS: tuple[tuple[str, dict[str, Any]], ...] = (
    ("agreed", NEW),
    ("consent to the interview refused", NEW | {"consent_interview": "no"}),
    ("agreed", NEW),
    ("consent to keeping data refused", NEW | {"consent_data": "no"}),
    ("unsafe", NEW | {"immediate_danger": "yes", "safety_resolved": "no"}),
    ("agreed", NEW),
    ("made safe", NEW | {"private_space": "no", "safety_resolved": "yes"}),
    ("minor with a guardian", MINOR | {"guardian_available": "yes", "consent_guardian": "yes", "guardian_conflict": "no"}),
    ("changed to refuse", NEW),
    ("minor without a guardian", MINOR | {"guardian_available": "no"}),
    ("second screening", NEW | {"again": "yes", "case_on_phone": "yes"}),
    ("agreed", NEW),
    ("second screening by reference", NEW | {"again": "yes", "case_on_phone": "no"}),
    ("reference of no case", NEW | {"again": "yes", "case_on_phone": "no"}),
    ("whatever chance says", {"again": "no"}),
)  # fmt: skip
ASSISTANCES: tuple[tuple[str, dict[str, Any]], ...] = (
    ("first", {"case_on_phone": "yes", "consent_continue": "yes", "interview_type": "initial"}),
    ("by reference", {"case_on_phone": "no", "consent_continue": "yes"}),
    ("consent withdrawn", {"case_on_phone": "yes", "consent_continue": "no"}),
    ("follow-up", {"case_on_phone": "yes", "consent_continue": "yes"}),
    ("reference of no case", {"case_on_phone": "no", "consent_continue": "yes"}),
    ("changed to refuse", {"case_on_phone": "yes", "consent_continue": "yes"}),
    ("first", {"case_on_phone": "yes", "consent_continue": "yes", "interview_type": "initial"}),
    ("whatever chance says", {"case_on_phone": "yes"}),
)  # fmt: skip
CHANGES = {
    SCREENING: {"observations": "Изменено — مُعدَّل"},
    ASSISTANCE: {"narrative": '改めた: "x" <b>&</b>, \';'},
}
CONSENT = {SCREENING: "consent_data", ASSISTANCE: "consent_continue"}


class Crowd:
    """Phones of one project and what was said on them. `said` holds every interview once, as its last version has it."""

    def __init__(self, office: Office, java: Phone, folder: Path, *, phones: int, seed: int) -> None:
        self.java = java
        self.chance = random.Random(seed)
        self.seed = seed * 1_000_000
        self.said: list[Said] = []
        self.kinds: Counter[str] = Counter()
        self.sent = 0
        self.again: dict[str, tuple[CollectClient, Said]] = {}
        self.clients = [
            CollectClient(office.device(f"Phone {number}"), state=folder / f"phone-{number}", phone=java)
            for number in range(phones)
        ]

    def close(self) -> None:
        for client in self.clients:
            client.session.close()

    def sync(self) -> None:
        for client in self.clients:
            client.sync()

    # --- filling -------------------------------------------------------------------------------------------

    def screen(self, count: int, start: int = 0) -> None:
        """So many screenings, over all phones, going through the kinds from `start` on."""
        for number in range(start, start + count):
            kind, answers = SCREENINGS[number % len(SCREENINGS)]
            self._fill(number, SCREENING, kind, answers)

    def assist(self, count: int, start: int = 0) -> None:
        """So many assistance interviews, about cases that are on the phone or by their reference."""
        for number in range(start, start + count):
            kind, answers = ASSISTANCES[number % len(ASSISTANCES)]
            self._fill(number, ASSISTANCE, kind, answers)

    def _fill(self, number: int, form_id: str, kind: str, answers: dict[str, Any]) -> None:
        client = self.clients[number % len(self.clients)]
        waits = kind == "reference of no case"
        if waits:
            answers = answers | {"typed_ref": f"DEMO1-26-{number:08x}"}
        elif answers.get("case_on_phone") == "no":
            begun = [one.value("case_ref") for one in self.said if one.value("again") == "no"]
            answers = answers | {"typed_ref": self.chance.choice(begun)}
        options = ("--repeats", str(number % 4), "--optional", str(self.chance.choice((0.3, 0.7, 1))))
        instance = self._try(client, form_id, answers, options)
        one = Said(form_id, self.java.report["instanceID"], self.java.report, waits=waits)
        if kind == "changed to refuse":
            self._refuse(instance, one)
        elif not waits and self.chance.random() < 0.1 and self._agreed(one):
            self.again[instance.name] = client, one
        self.said.append(one)
        self.kinds[f"{form_id.removeprefix('ct_')}: {kind}"] += 1

    def _try(
        self, client: CollectClient, form_id: str, answers: dict[str, Any], options: tuple[str, ...]
    ) -> Path:
        """Fill with one seed after the other: chance alone does not always find what a form accepts."""
        for _ in range(60):
            self.seed += 1
            try:
                return client.fill(form_id, answers, seed=self.seed, options=("--ignore-unused", *options))
            except ClientError as refusal:
                if refusal.status not in (5, 6):
                    raise
                last = refusal
        raise AssertionError(f"{form_id}: no random answers satisfy it: {last}")

    @staticmethod
    def _agreed(one: Said) -> bool:
        return one.value("consent_ok" if one.form_id == SCREENING else "consent_active") == "1"

    def _refuse(self, instance: Path, one: Said) -> None:
        """Somebody changes the file: consent is refused, and the answers are still in it."""
        name = CONSENT[one.form_id]
        file = instance / f"{instance.name}.xml"
        agreed, refused = f"<{name}>yes</{name}>", f"<{name}>no</{name}>"
        text = file.read_text(encoding="utf-8")
        assert text.count(agreed) == 1
        file.write_text(text.replace(agreed, refused), encoding="utf-8")
        path = next(path for path in one.values if path.endswith(f"/{name}"))
        one.values[path], one.shut = "no", True

    # --- sending -------------------------------------------------------------------------------------------

    def hold_back(self, share: float) -> None:
        """Screenings that stay on their phones for now, so that what follows them arrives first."""
        for client in self.clients:
            for instance in sorted((client.state / "instances").glob(f"{SCREENING}_*")):
                if self.chance.random() < share:
                    shutil.move(instance, client.state / "held" / instance.name)

    def release(self) -> None:
        for client in self.clients:
            for instance in (client.state / "held").iterdir():
                shutil.move(instance, client.state / "instances" / instance.name)

    def send(self) -> None:
        """All phones at once, each in an order that has nothing to do with that of the interviews."""
        for client in self.clients:
            for instance in (client.state / "instances").iterdir():
                moment = self.chance.randrange(10**9)
                os.utime(instance, (moment, moment))
        with ThreadPoolExecutor(len(self.clients)) as threads:
            for messages in list(threads.map(CollectClient.send, self.clients)):
                self.sent += len(messages)

    def repeat(self, share: float) -> None:
        """Put on the way again what was sent: the phone did not hear the answer."""
        for client in self.clients:
            for instance in sorted((client.state / "sent").iterdir()):
                if self.chance.random() < share:
                    shutil.copytree(instance, client.state / "instances" / instance.name)
                    shutil.rmtree(instance)

    def edit(self) -> None:
        """Open some of the sent interviews again, and change an answer."""
        for name, (client, one) in self.again.items():
            if not (client.state / "sent" / name).exists():
                continue  # held back: not sent yet
            client.fill(one.form_id, CHANGES[one.form_id], edit=name, options=("--ignore-unused",))
            one.edit(self.java.report)
            self.kinds[f"{one.form_id.removeprefix('ct_')}: edited"] += 1


def day(
    office: Office, java: Phone, folder: Path, *, interviews: int, phones: int = 4, seed: int = 1
) -> Crowd:
    """A whole working day: so many interviews of each form, and everything has been sent in the end."""
    crowd = Crowd(office, java, folder, phones=phones, seed=seed)
    for client in crowd.clients:
        (client.state / "held").mkdir()
    early = interviews * 2 // 3
    crowd.sync()
    crowd.screen(early)
    crowd.assist(early)  # about cases no server has heard of
    crowd.hold_back(0.3)
    crowd.send()
    crowd.repeat(0.1)
    crowd.edit()
    crowd.send()
    office.wait((SCREENING, ASSISTANCE))
    crowd.sync()
    crowd.screen(interviews - early, early)
    crowd.assist(interviews - early, early)
    crowd.release()
    crowd.send()
    office.wait((SCREENING, ASSISTANCE))
    return crowd
