"""What is handed out of the store: an entry of the ledger before its first byte leaves, with who, what and why, and
another one at its end, with counts and the hash of what was handed out."""

import hashlib
import uuid
from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Engine
from sqlalchemy.orm import Session

from app import ledger, policy, problems
from app.db import writing
from app.exports.content import Written
from app.models import new_id

QUICK_CELLS: Final = 100_000
"""Cells of which a download is made within a second in any format, also where the machine is slow or busy."""
QUICK_BYTES: Final = 5_000_000
"""Bytes of files, likewise."""

Chunks = Generator[bytes, None, None]


@dataclass(frozen=True, slots=True)
class Download:
    """Something to hand out. `chunks` is to be iterated once, to its end or until the client goes away."""

    file_name: str
    content_type: str
    chunks: Chunks
    id: uuid.UUID | None = None
    """By which the ledger calls it, and its manifest is asked for."""
    expected: int = 0
    """Submissions or cases that are gone through."""
    done: Callable[[], int] = int
    """How many of them are done while it is made."""


@dataclass(frozen=True, slots=True)
class Prepared:
    """A download that can be made; whatever is known to be wrong with it was said. `begin` makes it: an entry of the
    ledger now, its chunks when they are taken. `cells`, and the bytes of its files, are what it costs."""

    cells: int
    files: Callable[[], int]
    begin: Callable[[], Download]

    @property
    def quick(self) -> bool:
        """Whether it is made within a second."""
        return self.cells <= QUICK_CELLS and self.files() <= QUICK_BYTES


class Handout:
    """One download under way. It has a connection of its own: it goes on after the request that asked for it. `about`
    is what both entries say of it; `written` is counted while it is made."""

    def __init__(self, session: Session, actor: policy.Actor, mission_id: int, reason: str | None) -> None:
        engine = session.get_bind()
        assert isinstance(engine, Engine)
        self.engine = engine
        self.actor = actor
        self.mission_id = mission_id
        self.reason = (reason or "").strip() or None
        self.id = new_id()
        self.about: dict[str, Any] = {}
        self.written = Written()

    def enter(self, session: Session, action: str, detail: dict[str, Any]) -> None:
        """An entry of the ledger about this download."""
        with writing(session):
            ledger.write(
                session,
                actor=self.actor.ref,
                action=action,
                mission_id=self.mission_id,
                object=f"export:{self.id}",
                reason=self.reason,
                detail=self.about | detail,
            )

    def close(self) -> None:
        """Let go what the download needed."""

    def run(self, make: Callable[[Session], Iterator[bytes]]) -> Chunks:
        """The download; at its end, also one cut short, the second entry."""
        digest, size, complete, why = hashlib.sha256(), 0, False, None
        try:
            with Session(self.engine) as session:
                for chunk in make(session):
                    digest.update(chunk)
                    size += len(chunk)
                    yield chunk
            complete = True
        except problems.Problem as problem:
            why = problem.detail
            raise
        finally:
            self.close()
            said = {
                "complete": complete,
                "rows": self.written.rows,
                "files": self.written.files,
                "bytes": size,
                "sha256": digest.hexdigest(),
                "entries": self.written.entries,
                **({"why": why} if why else {}),
            }
            with Session(self.engine) as session:
                self.enter(session, "export.done", said)
