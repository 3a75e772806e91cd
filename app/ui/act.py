"""Something that can be done with a case on its page: what it asks, what will happen, when it cannot be done, and the
service that does it."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from app import auth
from app.db import db
from app.language import N_, _
from app.models import Mission
from app.services import cases
from app.state import state
from app.ui.inputs import Input


@dataclass(frozen=True, slots=True)
class Asked:
    """A case about which something is to be done, and what was given for it: by the URL, or by the form sent."""

    project_id: int
    case: cases.CaseDetail
    given: Mapping[str, str]
    about: str = ""
    """What of the case it is about: an interview, a merged case, a row. Empty: all of it."""

    def deciding(self) -> dict[str, Any]:
        """What every service of `decide` takes."""
        return {
            "keyring": state().keyring,
            "actor": auth.actor(),
            "reason": self.given.get("reason", ""),
        }

    def about_case(self) -> dict[str, Any]:
        """The same, with the case."""
        return {**self.deciding(), "case_id": self.case.case_id}

    def said(self, name: str) -> str | None:
        """An answer without blanks around; None if there is none."""
        return self.given.get(name, "").strip() or None


@dataclass(frozen=True, slots=True)
class Act:
    """One thing that can be done. `happens` says what will follow, `refused` why it cannot be done as things are
    (empty: it can), `inputs` what is asked beside the reason, `run` does it. `part`: it is about a part of the case,
    so it stands beside that and not among the acts of the whole. `title`, `button`, `done` and `why` are translated
    where they are shown."""

    title: str
    button: str
    happens: Callable[[Asked], Sequence[str]]
    run: Callable[[Asked], Any]
    done: str
    why: str = N_("Why?")
    inputs: Callable[[Asked], Sequence[Input]] = field(default=lambda _asked: ())
    refused: Callable[[Asked], str] = field(default=lambda _asked: "")
    part: bool = False


def today(project_id: int) -> str:
    """What the calendars of the mission say."""
    zone = ZoneInfo(db.session.get_one(Mission, project_id).time_zone)
    return datetime.now(UTC).astimezone(zone).date().isoformat()


def always(*sentences: str) -> Callable[[Asked], Sequence[str]]:
    """What happens whatever the case is like."""
    return lambda _asked: [_(sentence) for sentence in sentences]
