"""Somebody who acts: a person, a phone, or the command line, with the roles they hold."""

from dataclasses import dataclass
from typing import Literal

from app.policy.permissions import DEVICE


@dataclass(frozen=True, slots=True)
class Held:
    """A role somebody holds, in one mission, or everywhere if `mission_id` is None."""

    role: str
    mission_id: int | None = None


@dataclass(frozen=True, slots=True)
class Limits:
    """What of it all somebody uses at the moment: these actions, and in these missions if they are named."""

    actions: frozenset[str]
    missions: frozenset[int] | None = None


@dataclass(frozen=True, slots=True)
class Actor:
    """Who is asking. `id` is the row of the user or device; the command line has none, and may do everything:
    whoever can start it can read the keys as well. `limits` are those of the access token they ask with."""

    kind: Literal["user", "device", "command"]
    id: int | None = None
    grants: tuple[Held, ...] = ()
    limits: Limits | None = None

    @property
    def ref(self) -> str:
        """How the ledger names them: `user:7`, `device:12`, `command line`."""
        if self.kind == "command":
            return "command line"
        return f"{self.kind}:{self.id}" if self.id is not None else "nobody"

    @property
    def user_id(self) -> int | None:
        """For the columns that say which person did it."""
        return self.id if self.kind == "user" else None


COMMAND = Actor("command")
NOBODY = Actor("user")
"""Somebody who did not say who they are. Holds nothing."""


def device(device_id: int, mission_id: int) -> Actor:
    """The actor behind a device's token: it may receive and send in its own mission, and nothing else."""
    return Actor("device", device_id, (Held(DEVICE, mission_id),))
