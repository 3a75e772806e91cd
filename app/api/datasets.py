"""Entity lists, which ODK Central calls datasets, and their entities."""

import uuid
from collections.abc import Iterator, Mapping
from itertools import islice
from typing import Any, Final

from flask import Response, request

from app import auth, problems
from app.api import door
from app.api.door import Door, success
from app.api.schemas.entities import (
    DATASET,
    ENTITY,
    ENTITY_CHANGE,
    ENTITY_CHANGE_QUERY,
    ENTITY_TABLE_QUERY,
    ENTITY_VERSION,
    NEW_DATASET,
    NEW_ENTITIES,
    NEW_PROPERTY,
)
from app.api.schemas.fields import SUCCESS
from app.auth import needs
from app.db import db, writing
from app.models import EntityList
from app.services import entity_desk, entity_lists
from app.services.entity_desk import Shown
from app.services.entity_store import Source, Stored, Version
from app.state import state
from submissions.entities import LABEL

bp = Door(
    "datasets",
    __name__,
    url_prefix="/v1/projects/<int:project_id>",
    description="Entity lists, which ODK Central calls datasets. The list `cases` is none: see Cases.",
)
_PORTION: Final = 1000


# --- lists


@bp.get("/datasets")
@needs("entity_list.read")
@bp.response(200, DATASET(many=True))
def list_datasets(project_id: int) -> list[dict[str, Any]]:
    """List entity lists

    By name.
    """
    door.project(project_id)
    return [_dataset(one) for one in entity_lists.listing(db.session, project_id)]


@bp.post("/datasets")
@needs("entity_list.change")
@bp.arguments(NEW_DATASET)
@bp.response(200, DATASET)
def create_dataset(wanted: dict[str, Any], project_id: int) -> dict[str, Any]:
    """Add an entity list

    A form that wants `NAME.csv` gets it on every phone of the mission.
    """
    door.project(project_id)
    with writing(db.session):
        made = entity_lists.create(
            db.session,
            actor=auth.actor(),
            mission_id=project_id,
            name=wanted["name"],
            approval_required=wanted["approvalRequired"],
        )
    return _dataset(made)


@bp.get("/datasets/<name>")
@needs("entity_list.read")
@bp.response(200, DATASET)
def read_dataset(project_id: int, name: str) -> dict[str, Any]:
    """Read an entity list

    With its properties, and the forms that save to each.
    """
    return _dataset(entity_lists.get(db.session, project_id, name))


@bp.post("/datasets/<name>/properties")
@needs("entity_list.change")
@bp.arguments(NEW_PROPERTY)
@bp.response(200, SUCCESS)
def create_property(wanted: dict[str, Any], project_id: int, name: str) -> Response:
    """Add a property to an entity list"""
    with writing(db.session):
        entity_list = entity_lists.get(db.session, project_id, name)
        entity_lists.add_property(
            db.session, actor=auth.actor(), entity_list=entity_list, name=wanted["name"]
        )
    return success()


# --- entities


@bp.get("/datasets/<name>/entities")
@needs("entity.read")
@bp.response(200, ENTITY(many=True))
def list_entities(project_id: int, name: str) -> Response:
    """List entities

    Streamed in the order in which they were made, without what they say: the table says that.
    """
    entity_list = entity_lists.get(db.session, project_id, name)
    found = entity_desk.table(db.session, state().keyring, actor=auth.actor(), entity_list=entity_list)

    def lines() -> Iterator[str]:
        dump, separator = ENTITY().dump, "["
        for portion in iter(lambda: list(islice(found, _PORTION)), []):
            for one in entity_desk.shown(
                db.session, state().keyring, entity_list=entity_list, entities=portion
            ):
                yield separator + door.line(dump(_entity(one)))
                separator = ","
        yield "]" if separator == "," else "[]"

    return door.spooled(lines())


@bp.post("/datasets/<name>/entities")
@needs("entity.change")
@bp.arguments(NEW_ENTITIES)
@bp.response(200, ENTITY)
def create_entities(wanted: dict[str, Any], project_id: int, name: str) -> Any:
    """Add one entity, or many

    One as `{uuid, label, data}`, answered with the entity; many as `{entities: […], source}`, all of them or
    none, answered with success.
    """
    entity_list = entity_lists.get(db.session, project_id, name)
    many = wanted["entities"]
    made = {one["uuid"] or uuid.uuid4(): _said(one) for one in ([wanted] if many is None else many)}
    if many is not None and len(made) < len(many):
        raise problems.invalid("Two of the entities have the same uuid.", "Give each its own, or none.")
    entity_desk.create(
        db.session,
        state().keyring,
        actor=auth.actor(),
        entity_list=entity_list,
        wanted=made,
        user_agent=request.user_agent.string,
    )
    return success() if many is not None else _read(project_id, name, next(iter(made)))


@bp.get("/datasets/<name>/entities/<uuid:entity_id>")
@needs("entity.read")
@bp.response(200, ENTITY)
def read_entity(project_id: int, name: str, entity_id: uuid.UUID) -> dict[str, Any]:
    """Read an entity"""
    return _read(project_id, name, entity_id)


@bp.get("/datasets/<name>/entities/<uuid:entity_id>/versions")
@needs("entity.read")
@bp.response(200, ENTITY_VERSION(many=True))
def list_entity_versions(project_id: int, name: str, entity_id: uuid.UUID) -> list[dict[str, Any]]:
    """List the versions of an entity

    The first one first, with what others had changed where one was made without knowing of it.
    """
    entity_list = entity_lists.get(db.session, project_id, name)
    one, versions = entity_desk.read(
        db.session, state().keyring, actor=auth.actor(), entity_list=entity_list, entity_id=entity_id
    )
    return [
        _version(version, current=version.version == one.entity.version)
        | {"conflictingProperties": entity_desk.conflicting(version, versions)}
        for version in versions
    ]


@bp.patch("/datasets/<name>/entities/<uuid:entity_id>")
@needs("entity.change")
@bp.arguments(ENTITY_CHANGE_QUERY, location="query")
@bp.arguments(ENTITY_CHANGE)
@bp.response(200, ENTITY)
def update_entity(
    query: dict[str, Any], wanted: dict[str, Any], project_id: int, name: str, entity_id: uuid.UUID
) -> dict[str, Any]:
    """Change an entity

    What is not named stays. `baseVersion` is the version the caller saw: if it is not the current one any more,
    nothing is changed. `force` changes it all the same; `resolve` says that a conflict is settled.
    """
    entity_list = entity_lists.get(db.session, project_id, name)
    if query["baseVersion"] is None and not query["force"]:
        raise problems.invalid("Say on which version the change is made.", "Add baseVersion, or force=true.")
    said = _said(wanted)
    common: dict[str, Any] = {"actor": auth.actor(), "entity_list": entity_list, "entity_id": entity_id}
    with writing(db.session):
        if said:
            entity_desk.update(
                db.session,
                state().keyring,
                **common,
                said=said,
                base_version=None if query["force"] else query["baseVersion"],
                user_agent=request.user_agent.string,
            )
        if query["resolve"]:
            entity_desk.resolve(db.session, state().keyring, **common)
    return _read(project_id, name, entity_id)


@bp.delete("/datasets/<name>/entities/<uuid:entity_id>")
@needs("entity.change")
@bp.response(200, SUCCESS)
def delete_entity(project_id: int, name: str, entity_id: uuid.UUID) -> Response:
    """Delete an entity

    Phones drop it when they next fetch the list. Its versions stay.
    """
    entity_list = entity_lists.get(db.session, project_id, name)
    entity_desk.delete(
        db.session, state().keyring, actor=auth.actor(), entity_list=entity_list, entity_id=entity_id
    )
    return success()


@bp.get("/datasets/<name>.svc/Entities")
@needs("entity.read")
@bp.arguments(ENTITY_TABLE_QUERY, location="query")
@bp.doc(responses={200: {"description": "An OData document; `value` holds the rows."}})
def entity_table(query: dict[str, Any], project_id: int, name: str) -> Response:
    """Read entities as a table

    An OData document, streamed: `__id`, `label`, the properties, and `__system`.
    """
    entity_list = entity_lists.get(db.session, project_id, name)
    if query["filter"]:
        raise problems.invalid(
            "Entities cannot be filtered here.", "Leave $filter out, and choose from the rows."
        )
    names = entity_lists.properties(db.session, entity_list.id)
    total = entity_lists.counts(db.session, project_id)[entity_list.id][0] if query["count"] else None
    most = None if query["top"] is None else query["skip"] + query["top"]
    found = entity_desk.table(
        db.session, state().keyring, actor=auth.actor(), entity_list=entity_list, limit=most
    )
    wanted = islice(found, query["skip"], None)
    columns = [one.strip() for one in query["select"].split(",")] if query["select"] else None

    def lines() -> Iterator[str]:
        yield f'{{"@odata.context":{door.line(request.base_url.rpartition("/")[0] + "/$metadata#Entities")}'
        yield f',"@odata.count":{total},"value":[' if total is not None else ',"value":['
        separator = ""
        for portion in iter(lambda: list(islice(wanted, _PORTION)), []):
            for one in entity_desk.shown(
                db.session, state().keyring, entity_list=entity_list, entities=portion
            ):
                row = _row(one, names)
                yield separator + door.line(
                    {key: row[key] for key in columns if key in row} if columns else row
                )
                separator = ","
        yield "]}"

    return door.spooled(lines())


# --- within


def _dataset(one: EntityList) -> dict[str, Any]:
    saving = entity_lists.saving(db.session, one)
    return {
        "name": one.name,
        "projectId": one.mission_id,
        "createdAt": one.created_at,
        "approvalRequired": one.approval_required,
        "properties": [
            {
                "name": row.name,
                "odataName": row.name.replace("-", "_").replace(".", "_"),
                "publishedAt": row.created_at,
                "forms": saving.get(row.name, []),
            }
            for row in entity_lists.property_rows(db.session, one.id)
        ],
    }


def _said(wanted: Mapping[str, Any]) -> dict[str, str]:
    """What a caller says of an entity: texts, as phones write them; numbers are written as such."""
    said = {
        name: "" if value is None else value if isinstance(value, str) else door.line(value)
        for name, value in (wanted["data"] or {}).items()
    }
    if LABEL in said:
        raise problems.invalid("The label stands beside the data, not in it.", "Send it as `label`.")
    return said if wanted["label"] is None else {**said, LABEL: wanted["label"].strip()}


def _read(project_id: int, name: str, entity_id: uuid.UUID) -> dict[str, Any]:
    entity_list = entity_lists.get(db.session, project_id, name)
    one, _ = entity_desk.read(
        db.session, state().keyring, actor=auth.actor(), entity_list=entity_list, entity_id=entity_id
    )
    return _entity(one, data=True)


def _entity(one: Shown, *, data: bool = False) -> dict[str, Any]:
    entity = one.entity
    return {
        "uuid": entity.id,
        "creatorId": _creator(one.made_by),
        "createdAt": entity.created_at,
        "updatedAt": entity.updated_at,
        "deletedAt": entity.deleted_at,
        "conflict": entity.conflict,
        "currentVersion": _version(one.current, current=True, data=data),
    }


def _version(version: Version, *, current: bool, data: bool = True) -> dict[str, Any]:
    after = dict(version.after)
    return {
        "label": after.pop(LABEL),
        "current": current,
        "createdAt": version.created_at,
        "creatorId": _creator(version.source),
        "userAgent": version.source.user_agent,
        "version": version.version,
        "baseVersion": version.base_version,
        "conflict": version.conflict,
        "data": after if data else None,
    }


def _row(one: Shown, names: list[str]) -> dict[str, Any]:
    entity: Stored = one.entity
    return {
        "__id": str(entity.id),
        LABEL: entity.says[LABEL],
        **{name: entity.says.get(name, "") for name in names},
        "__system": {
            "createdAt": entity.created_at.isoformat(timespec="milliseconds"),
            "creatorId": str(_creator(one.made_by)),
            "updates": entity.version - 1,
            "updatedAt": entity.updated_at and entity.updated_at.isoformat(timespec="milliseconds"),
            "version": entity.version,
            "conflict": entity.conflict,
        },
    }


def _creator(source: Source) -> int:
    """The device or person; 0 for the command line."""
    return source.device_id or source.user_id or 0
