"""Packing: the answers of submissions, read once, are kept in pages of some hundred, so that a download opens one
sealed value for hundreds of them and parses no XML.

A page follows from what phones sent and from the form version each was read by, and can be dropped at any time. A page
is made only when it is full: what waits is read as it came, which is little. What is asked of the database (which
submissions there are, their state, review, edits) is never in a page, so a page cannot be out of date but in one way:
a submission was read anew, by another version or after it was decrypted. Then it waits for a page again, and until then
it is read as it came.
"""

import json
import uuid
from collections import OrderedDict
from collections.abc import Collection, Iterable
from typing import Any, Final, cast

from sqlalchemy import (
    BindParameter,
    Connection,
    Engine,
    Table,
    bindparam,
    delete,
    insert,
    or_,
    select,
    true,
    update,
)
from sqlalchemy.orm import Session

from app.db import connect_to_write, glance, insert_or
from app.keys import Keyring
from app.models import AnswerPage, Form, Mission, Packed, Submission, new_id
from app.services import plans, stored
from submissions import flat, record
from submissions.flat import Flat

PAGE: Final = 200
"""Submissions of a page."""
_PAGES: Final = 8
"""Pages that a reader keeps open."""
_AT_ONCE: Final = 50
"""Pages of an older layout dropped in one transaction."""
_PACKED: Final = cast("Table", Packed.__table__)
_ANSWERS: Final = cast("Table", AnswerPage.__table__)
_TABLE: Final = cast("Table", Submission.__table__)
_MISSION: Final = cast("Table", Mission.__table__)
_FORM: Final = cast("Table", Form.__table__)

_REVISION: Final[BindParameter[int]] = bindparam(None, callable_=lambda: flat.REVISION)
# In two ranges, because SQLite reads no index for what is unequal.
_OLD: Final = or_(_ANSWERS.c.revision < _REVISION, _ANSWERS.c.revision > _REVISION)
_OUTDATED: Final = select(_ANSWERS.c.id).where(_OLD).limit(1)
# Whether as many wait as fill a page is asked of each form in each mission: to count them would read all that wait.
_LAST: Final = (
    select(_PACKED.c.submission_id)
    .where(
        _PACKED.c.mission_id == _MISSION.c.id,
        _PACKED.c.xml_form_id == _FORM.c.xml_form_id,
        _PACKED.c.page_id.is_(None),
    )
    .order_by(_PACKED.c.submission_id)
    .limit(1)
    .offset(bindparam(None, callable_=lambda: PAGE - 1))
    .scalar_subquery()
)
_FULL: Final = (
    select(_MISSION.c.id.label("mission_id"), _FORM.c.xml_form_id)
    .join_from(_MISSION, _FORM, true())
    .where(_LAST.is_not(None))
    .limit(1)
)


def queue(connection: Connection, submissions: Collection[uuid.UUID], *, anew: bool) -> None:
    """Note that submissions were read. `anew`: what is kept of them may be out of date. `connection` is in a transaction
    that writes."""
    if anew:
        connection.execute(delete(_PACKED).where(_PACKED.c.submission_id.in_(submissions)))
    read = select(_TABLE.c.id, _TABLE.c.mission_id, _TABLE.c.xml_form_id).where(
        _TABLE.c.id.in_(submissions), _TABLE.c.version_id.is_not(None)
    )
    names = ["submission_id", "mission_id", "xml_form_id"]
    connection.execute(insert_or(connection, _PACKED).from_select(names, read).on_conflict_do_nothing())


def pack_next(engine: Engine, *, keyring: Keyring) -> bool:
    """Make one page, if enough submissions of a form in a mission wait; drop some of an older layout. Whether there was
    anything to do. Two at once do no harm."""
    if glance(engine, _OUTDATED) is not None:
        _drop_old(engine)
        return True
    if glance(engine, _FULL) is None:
        return False
    with engine.connect() as connection:
        waiting = connection.execute(_FULL).first()
        if waiting is None:
            return True  # another worker was quicker
        rows = connection.execute(
            select(_TABLE.c.id, _TABLE.c.version_id, _TABLE.c.xml, _TABLE.c.plain)
            .join(_PACKED, _PACKED.c.submission_id == _TABLE.c.id)
            .where(
                _PACKED.c.page_id.is_(None),
                *(_PACKED.c[name] == getattr(waiting, name) for name in waiting._fields),
            )
            .order_by(_PACKED.c.submission_id)
            .limit(PAGE)
        ).all()
        said = [_read(connection, row, keyring) for row in rows]
    page = new_id()
    content = keyring.encrypt(json.dumps(said, separators=(",", ":")).encode(), _context(page))
    ids = [row.id for row in rows]
    still = select(_PACKED.c.submission_id).where(
        _PACKED.c.submission_id.in_(ids), _PACKED.c.page_id.is_(None)
    )
    with connect_to_write(engine) as connection:
        # Another worker may have been quicker, or one of them is being read anew.
        if len(connection.scalars(still.with_for_update()).all()) == len(rows):
            connection.execute(insert(_ANSWERS).values(id=page, revision=flat.REVISION, content=content))
            places = [{"of": one, "at": place} for place, one in enumerate(ids)]
            placed = update(_PACKED).where(_PACKED.c.submission_id == bindparam("of"))
            connection.execute(placed.values(page_id=page, place=bindparam("at")), places)
    return True


def forget(connection: Connection, pages: Collection[uuid.UUID]) -> None:
    """Drop pages; the submissions that were in them wait for another one, as far as they are there. `connection` is in a
    transaction that writes."""
    connection.execute(update(_PACKED).where(_PACKED.c.page_id.in_(pages)).values(page_id=None, place=None))
    connection.execute(delete(_ANSWERS).where(_ANSWERS.c.id.in_(pages)))


class Pages:
    """Pages being read: a few are kept open, as submissions mostly stand in them in the order they came."""

    def __init__(self, keyring: Keyring) -> None:
        self._keyring = keyring
        self._open: OrderedDict[uuid.UUID, list[tuple[str, Any]]] = OrderedDict()

    def answers(self, session: Session, rows: Iterable[Any]) -> dict[uuid.UUID, Flat]:
        """The answers that are kept of submissions, by id. A row has `id`, `version_id`, and of `Packed` `page_id` and
        `place`. What is not kept, or was read by another version, is absent."""
        found: dict[uuid.UUID, Flat] = {}
        for row in rows:
            if row.page_id is None or (page := self._page(session, row.page_id)) is None:
                continue
            version, said = page[row.place]
            if said is not None and row.version_id is not None and version == row.version_id.hex:
                found[row.id] = Flat(*said)
        return found

    def _page(self, session: Session, page_id: uuid.UUID) -> list[tuple[str, Any]] | None:
        if (known := self._open.get(page_id)) is not None:
            return known
        content = session.scalar(
            select(_ANSWERS.c.content).where(_ANSWERS.c.id == page_id, _ANSWERS.c.revision == flat.REVISION)
        )
        if content is None:
            return None
        page: list[tuple[str, Any]] = json.loads(self._keyring.decrypt(content, _context(page_id)))
        self._open[page_id] = page
        if len(self._open) > _PAGES:
            self._open.popitem(last=False)
        return page


def _read(connection: Connection, row: Any, keyring: Keyring) -> tuple[str, Flat | None]:
    """What a page says of a submission: the version it was read by, and its answers; None if it cannot be read."""
    if row.version_id is None:
        return "", None
    form = plans.get(connection, row.version_id).form
    try:
        said = flat.flatten(record.read(stored.xml(row, keyring), form), form)
    except record.RecordError:
        said = None
    return row.version_id.hex, said


def _drop_old(engine: Engine) -> None:
    with connect_to_write(engine) as connection:
        pages = connection.scalars(select(_ANSWERS.c.id).where(_OLD).limit(_AT_ONCE)).all()
        forget(connection, pages)


def _context(page_id: uuid.UUID) -> str:
    return f"answer-page:{page_id}"
