"""What a phone said: the values of finished forms as JavaRosa reports them, and what became of them on the way."""

import re
from dataclasses import dataclass, field
from typing import Any

POSITION = re.compile(r"\[\d+\]")


@dataclass
class Said:
    """One submission, in the state its last version left it. `key` is the instanceID of the first version.

    `values` is path with positions → text, of everything the phone sent. `shut` tells that somebody changed the file so that
    it refuses consent and answers all the same. `waits` tells that no case has the reference that was typed.
    """

    form_id: str
    key: str
    report: dict[str, Any]
    values: dict[str, str] = field(default_factory=dict)
    shut: bool = False
    waits: bool = False
    edited: bool = False
    replaced: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.values = values(self.report)

    @property
    def instance_id(self) -> str:
        """instanceID of the last version."""
        return str(self.values.get("/data/meta/instanceID") or self.report["instanceID"])

    def edit(self, report: dict[str, Any]) -> None:
        """The person opened it again, and sent it once more."""
        self.replaced.append(self.instance_id)
        self.report, self.values, self.edited = report, values(report), True

    def value(self, name: str) -> str | None:
        """The value of the first question of this name."""
        return next((text for path, text in self.values.items() if path.endswith(f"/{name}")), None)


def values(report: dict[str, Any]) -> dict[str, str]:
    """Path → text of a report. The answers given on the way must agree with it, the last one to each question."""
    found = {one["path"]: one["value"] for one in report["values"]}
    assert len(found) == len(report["values"])
    return found


def unlike(report: dict[str, Any]) -> list[str]:
    """Paths whose last answer is not what the submission holds; those that lost their relevance are none."""
    last = {one["path"]: one["value"] for one in report["answers"]}
    held = values(report)
    return [path for path, text in last.items() if path in held and held[path] != (text or "")]


def plain(path: str) -> str:
    """A path without positions."""
    return POSITION.sub("", path)
