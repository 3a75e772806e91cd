"""Entity lists of a mission: what they are called, and what their entities say.

A list comes into being when somebody adds it, or with the first form of the mission that declares it. The list
`cases` is none of them: it is a view of the case store.
"""

import uuid
from collections.abc import Collection, Sequence
from typing import Final, cast

from sqlalchemy import Connection, Table, func, select, update
from sqlalchemy.orm import Session

from app import ledger, problems
from app.db import insert_or
from app.language import _
from app.models import (
    Assignment,
    Entity,
    EntityList,
    EntityPending,
    EntityProperty,
    Form,
    FormVersion,
    new_id,
)
from app.policy import Actor
from submissions.entities import CASES
from xlsforms import entity, schema

LIST: Final = cast("Table", EntityList.__table__)
_PROPERTY: Final = cast("Table", EntityProperty.__table__)
_OWN: Final = (CASES, "mission")
"""Lists that SAIF makes itself."""


def get(session: Session, mission_id: int, name: str) -> EntityList:
    """A list of the mission. Raises the Problem `not_found`."""
    found = session.scalars(
        select(EntityList).where(EntityList.mission_id == mission_id, EntityList.name == name)
    ).first()
    if found is None:
        raise problems.not_found("entity list")
    return found


def listing(session: Session, mission_id: int) -> Sequence[EntityList]:
    """The lists of a mission, by name."""
    return session.scalars(
        select(EntityList).where(EntityList.mission_id == mission_id).order_by(EntityList.name)
    ).all()


def counts(session: Session, mission_id: int) -> dict[int, tuple[int, int, int]]:
    """For each list of a mission: entities, those in conflict, and actions that were not done."""
    ours = select(EntityList.id).where(EntityList.mission_id == mission_id)
    found = {list_id: [0, 0, 0] for list_id in session.scalars(ours)}
    there = select(Entity.list_id, func.count(), func.count(Entity.conflict)).where(
        Entity.list_id.in_(ours), Entity.deleted_at.is_(None)
    )
    for list_id, entities, conflicts in session.execute(there.group_by(Entity.list_id)):
        found[list_id][:2] = entities, conflicts
    left = select(EntityPending.list_id, func.count()).where(EntityPending.list_id.in_(ours))
    for list_id, pending in session.execute(left.group_by(EntityPending.list_id)):
        found[list_id][2] = pending
    return {list_id: (one[0], one[1], one[2]) for list_id, one in found.items()}


def properties(session: Session | Connection, list_id: int) -> list[str]:
    """Names of what the entities of a list say beside their label, in the order in which they were added."""
    statement = select(_PROPERTY.c.name).where(_PROPERTY.c.list_id == list_id).order_by(_PROPERTY.c.id)
    return list(session.execute(statement).scalars())


def property_rows(session: Session, list_id: int) -> Sequence[EntityProperty]:
    """The same with when they were added."""
    statement = select(EntityProperty).where(EntityProperty.list_id == list_id)
    return session.scalars(statement.order_by(EntityProperty.id)).all()


def create(
    session: Session, *, actor: Actor, mission_id: int, name: str, approval_required: bool = False
) -> EntityList:
    """Add a list. Raises Problem: invalid (no XML name), conflict (the name is taken)."""
    if not entity.is_list_name(name):
        raise problems.invalid(
            _("The name of an entity list begins with a letter and holds letters, digits, - and _ only."),
            _("Choose a name such as shelters: phones look for shelters.csv."),
        )
    taken = select(EntityList.id).where(EntityList.mission_id == mission_id, EntityList.name == name)
    if name in _OWN or session.scalar(taken) is not None:
        raise problems.conflict(_("There is an entity list of this name already."), _("Choose another name."))
    made = EntityList(
        mission_id=mission_id, name=name, approval_required=approval_required, created_by=actor.user_id
    )
    session.add(made)
    session.flush()
    _note(session, actor, "entity_list.create", made)
    return made


def add_property(session: Session, *, actor: Actor, entity_list: EntityList, name: str) -> None:
    """Let the entities of a list say one thing more. Raises Problem: invalid, conflict."""
    if not entity.is_property_name(name):
        raise problems.invalid(
            _(
                "The name of a property begins with a letter, holds letters, digits, - . and _ only, and is "
                "neither name nor label."
            ),
            _("Choose a name such as capacity."),
        )
    if name in properties(session, entity_list.id):
        raise problems.conflict(_("The entity list has a property of this name already."), _("Use it."))
    session.add(EntityProperty(list_id=entity_list.id, name=name))
    session.flush()
    mark(session.connection(), entity_list.id)
    _note(session, actor, "entity_list.add_property", entity_list)


def saving(session: Session, entity_list: EntityList) -> dict[str, list[str]]:
    """The forms of the mission, by form id, that save to each property of a list."""
    statement = (
        select(Form.xml_form_id, FormVersion.schema["entities"])
        .join(FormVersion, FormVersion.form_id == Form.id)
        .join(Assignment, Assignment.form_id == Form.id)
        .where(Assignment.mission_id == entity_list.mission_id, FormVersion.published.is_(True))
        .order_by(Form.xml_form_id)
    )
    found: dict[str, list[str]] = {}
    for form_id, declared in session.execute(statement):
        for one in declared or ():
            if one["list_name"] == entity_list.name:
                for name in one.get("properties", ()):
                    if form_id not in found.setdefault(name, []):
                        found[name].append(form_id)
    return found


def mark(connection: Connection, list_id: int) -> None:
    """Phones shall see another list than before: in the transaction that changes it (see `phones.tag`)."""
    connection.execute(update(LIST).where(LIST.c.id == list_id).values(revision=new_id()))


def declare(connection: Connection, mission_id: int, form: schema.Form) -> dict[str, int]:
    """The lists a form acts on, made where the mission has none, with the properties it saves to. Returns their
    ids by name."""
    found: dict[str, int] = {}
    for declared in form.entities:
        name = declared.list_name
        if name in _OWN or not entity.is_list_name(name):
            continue
        insert = insert_or(connection, LIST).on_conflict_do_nothing()
        connection.execute(insert, [{"mission_id": mission_id, "name": name}])
        list_id = connection.execute(
            select(LIST.c.id).where(LIST.c.mission_id == mission_id, LIST.c.name == name)
        ).scalar_one()
        found[name] = list_id
        new = set(filter(entity.is_property_name, declared.properties)) - set(properties(connection, list_id))
        if new:
            rows = [{"list_id": list_id, "name": one} for one in declared.properties if one in new]
            connection.execute(insert_or(connection, _PROPERTY).on_conflict_do_nothing(), rows)
            mark(connection, list_id)
    return found


def declare_of(session: Session, version: FormVersion, missions: Collection[int] | None = None) -> None:
    """The same for a version that phones are to get: in its own mission and where it is assigned, or in some."""
    if not version.schema.get("entities"):
        return
    form = schema.Form.from_json(version.schema)
    if missions is None:
        owner = session.get_one(Form, version.form_id).mission_id
        assigned = select(Assignment.mission_id).where(Assignment.form_id == version.form_id)
        missions = {owner, *session.scalars(assigned)} - {None}
    for mission_id in sorted(missions):
        declare(session.connection(), mission_id, form)


def of_files(session: Session, mission_id: int, names: Collection[str]) -> dict[str, tuple[uuid.UUID, bool]]:
    """Those of the file names a form wants that are lists of the mission: revision, and whether submissions
    need approval."""
    stems = [name.removesuffix(".csv") for name in names if name.endswith(".csv")]
    if not stems:
        return {}
    found = select(LIST.c.name, LIST.c.revision, LIST.c.approval_required).where(
        LIST.c.mission_id == mission_id, LIST.c.name.in_(stems)
    )
    return {f"{row.name}.csv": (row.revision, row.approval_required) for row in session.execute(found)}


def served(session: Session, mission_id: int | None, names: Collection[str]) -> frozenset[str]:
    """Those of some file names that are lists of the mission; without a mission, of any."""
    stems = [name.removesuffix(".csv") for name in names if name.endswith(".csv")]
    found = select(EntityList.name).where(EntityList.name.in_(stems))
    if mission_id is not None:
        found = found.where(EntityList.mission_id == mission_id)
    return frozenset(f"{name}.csv" for name in session.scalars(found)) if stems else frozenset()


def _note(session: Session, actor: Actor, action: str, entity_list: EntityList) -> None:
    ledger.write(
        session,
        actor=actor.ref,
        action=action,
        mission_id=entity_list.mission_id,
        object=f"entity_list:{entity_list.id}",
    )
