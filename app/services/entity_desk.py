"""What people do with entities: read them, add, change and delete them, resolve conflicts.

Every function checks that the actor may, and writes the ledger in the act's own transaction.
"""

import uuid
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy.orm import Session

from app import ledger, policy, problems
from app.db import writing
from app.keys import Keyring
from app.language import _, ngettext
from app.models import EntityList
from app.policy import Actor
from app.services import entity_lists, entity_store, paging
from app.services.entity_store import Source, Stored, Version
from app.services.paging import Page
from submissions.entities import LABEL

_PAGE = 50
MOST = 10_000
"""Entities made in one go."""


@dataclass(frozen=True, slots=True)
class Shown:
    """An entity with its current version and who made it."""

    entity: Stored
    current: Version
    made_by: Source


def shown(
    session: Session, keyring: Keyring, *, entity_list: EntityList, entities: Sequence[Stored]
) -> list[Shown]:
    """Entities as callers see them, in the given order."""
    found = entity_store.current_versions(session, keyring, entity_list.id, entities)
    return [Shown(one, *found[one.id]) for one in entities]


def read(
    session: Session, keyring: Keyring, *, actor: Actor, entity_list: EntityList, entity_id: uuid.UUID
) -> tuple[Shown, list[Version]]:
    """One entity, and its versions, the first one first. Raises the Problem `not_found`."""
    policy.require(actor, "entity.read", entity_list.mission_id)
    entity = _find(session, keyring, entity_list, entity_id)
    (one,) = shown(session, keyring, entity_list=entity_list, entities=[entity])
    return one, entity_store.versions(session, keyring, entity_list.id, entity_id)


def table(
    session: Session, keyring: Keyring, *, actor: Actor, entity_list: EntityList, limit: int | None = None
) -> Iterator[Stored]:
    """The entities of a list, streamed: an entry of the ledger before the first is read."""
    policy.require(actor, "entity.read", entity_list.mission_id)
    with writing(session):
        _note(session, actor, "entity.export", entity_list)
    return entity_store.rows(session, keyring, entity_list.id, limit=limit)


def page(
    session: Session,
    keyring: Keyring,
    *,
    actor: Actor,
    entity_list: EntityList,
    cursor: str | None = None,
    conflicts: bool = False,
) -> Page[Stored]:
    """A page of the entities of a list, or of those in conflict. Raises Problem: not_allowed, invalid."""
    policy.require(actor, "entity.read", entity_list.mission_id)
    after = paging.read_cursor(cursor) if cursor else None
    found = entity_store.rows(
        session, keyring, entity_list.id, after=after, limit=_PAGE + 1, conflicts=conflicts
    )
    return paging.cut(list(found), _PAGE, lambda one: (one.created_at, one.id))


def create(
    session: Session,
    keyring: Keyring,
    *,
    actor: Actor,
    entity_list: EntityList,
    wanted: Mapping[uuid.UUID, Mapping[str, str]],
    user_agent: str = "",
) -> None:
    """Add entities, all of them or none. Raises Problem: invalid (an id phones would ignore, no label, a property
    the list does not have), conflict (an id that is taken)."""
    with writing(session):
        policy.require(actor, "entity.change", entity_list.mission_id)
        if len(wanted) > MOST:
            raise problems.invalid(
                ngettext(
                    "At most %(num)s entity is added at once.",
                    "At most %(num)s entities are added at once.",
                    MOST,
                ),
                _("Send them in portions."),
            )
        for key, said in wanted.items():
            if key.version != 4:
                raise problems.invalid(_("The id of an entity is a UUID of version 4: phones ignore others."))
            if not said.get(LABEL, "").strip():
                raise problems.invalid(_("Every entity needs a label."), _("Say what people call it."))
        _check_names(session, entity_list, wanted.values())
        source = Source(actor.user_id, user_agent)
        made = entity_store.add_many(session.connection(), keyring, entity_list.id, wanted, source=source)
        if len(made) < len(wanted):
            raise problems.conflict(
                _("There is an entity with this id already."), _("Change it, or choose another id.")
            )
        _note(session, actor, "entity.create", entity_list, count=len(made))


def update(
    session: Session,
    keyring: Keyring,
    *,
    actor: Actor,
    entity_list: EntityList,
    entity_id: uuid.UUID,
    said: Mapping[str, str],
    base_version: int | None,
    user_agent: str = "",
) -> None:
    """Change an entity. `base_version` is the version the caller saw, None to change it whatever it is now.

    Raises Problem: not_found, invalid, entity_changed (somebody else was faster).
    """
    with writing(session):
        policy.require(actor, "entity.change", entity_list.mission_id)
        connection = session.connection()
        before = _find(session, keyring, entity_list, entity_id, lock=True)
        if base_version is not None and base_version != before.version:
            raise problems.entity_changed(before.version)
        if LABEL in said and not said[LABEL].strip():
            raise problems.invalid(_("Every entity needs a label."), _("Say what people call it."))
        _check_names(session, entity_list, [said])
        entity_store.change(
            connection,
            keyring,
            entity_list.id,
            before,
            said,
            source=Source(actor.user_id, user_agent),
            base=before.version,
        )
        _note(session, actor, "entity.update", entity_list, entity_id)


def delete(
    session: Session, keyring: Keyring, *, actor: Actor, entity_list: EntityList, entity_id: uuid.UUID
) -> None:
    """Take an entity off the phones. Its versions stay. Raises the Problem `not_found`."""
    with writing(session):
        policy.require(actor, "entity.change", entity_list.mission_id)
        _find(session, keyring, entity_list, entity_id, lock=True)
        entity_store.remove(session.connection(), entity_list.id, entity_id)
        _note(session, actor, "entity.delete", entity_list, entity_id)


def resolve(
    session: Session, keyring: Keyring, *, actor: Actor, entity_list: EntityList, entity_id: uuid.UUID
) -> None:
    """Say that an entity is right as it is, after its versions were compared. Raises the Problem `not_found`."""
    with writing(session):
        policy.require(actor, "entity.change", entity_list.mission_id)
        _find(session, keyring, entity_list, entity_id, lock=True)
        entity_store.resolve(session.connection(), entity_list.id, entity_id)
        _note(session, actor, "entity.resolve", entity_list, entity_id)


def conflicting(version: Version, versions: Sequence[Version]) -> list[str]:
    """What of a version others had changed since its base, by name."""
    if version.conflict is None or version.base_version is None:
        return []
    others = [one for one in versions if version.base_version < one.version < version.version]
    return sorted(
        name
        for name, value in version.said.items()
        if any(one.said.get(name, value) != value for one in others)
    )


def _find(
    session: Session, keyring: Keyring, entity_list: EntityList, entity_id: uuid.UUID, *, lock: bool = False
) -> Stored:
    found = entity_store.get(session, keyring, entity_list.id, entity_id, lock=lock)
    if found is None or found.deleted_at is not None:
        raise problems.not_found("entity")
    return found


def _check_names(session: Session, entity_list: EntityList, wanted: Iterable[Mapping[str, str]]) -> None:
    known = {LABEL, *entity_lists.properties(session, entity_list.id)}
    if any(said.keys() - known for said in wanted):
        raise problems.invalid(
            _("An entity says something the list has no property for."),
            _("Add the property to the list first."),
        )


def _note(
    session: Session,
    actor: Actor,
    action: str,
    entity_list: EntityList,
    entity_id: uuid.UUID | None = None,
    **detail: int,
) -> None:
    ledger.write(
        session,
        actor=actor.ref,
        action=action,
        mission_id=entity_list.mission_id,
        object=f"entity:{entity_id}" if entity_id else f"entity_list:{entity_list.id}",
        detail=detail,
    )
