"""What a submission does to entities (https://getodk.github.io/xforms-spec/entities, 2022.1 to 2025.1).

An entity node is a wish: create or update, in which list, on which version it was made. What it says are the
answers saved to properties in the same repeat instance, and its label. Whatever is wrong with a wish is a
finding, and the wish is not kept.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from lxml import etree

from xlsforms.finding import Finding, warning
from xlsforms.marked import N_
from xlsforms.schema import Entity, Form
from xlsforms.xml import attributes

CASES = "cases"
"""The list that is the case store's: what is in it follows from the interviews, not from entity nodes."""
LABEL = "label"
"""The name under which the label stands among the properties. None of them may have it."""
_NODE = "/meta/entity"
_UUID_4 = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}", re.IGNORECASE)
_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
_VERSION = re.compile(r"[1-9][0-9]{0,8}")
_YES = ("1", "true")


@dataclass(frozen=True, slots=True)
class EntityAction:
    """One wish. `id` is a UUID of version 4 in lower case; `base_version` 0 where none was said.
    `trunk_version` is the last version the phone had from the server (None: never) and `branch_id` its run of
    changes since then. `said` holds the properties, and the label unless it is empty."""

    list_name: str
    id: str
    create: bool
    update: bool
    base_version: int
    trunk_version: int | None
    branch_id: str | None
    said: Mapping[str, str]

    def to_json(self) -> list[Any]:
        """A compact JSON value."""
        return [getattr(self, name) for name in self.__slots__]

    @classmethod
    def from_json(cls, data: list[Any]) -> "EntityAction":
        return cls(*data)


def read(root: etree._Element, form: Form) -> tuple[list[EntityAction], list[Finding]]:
    """The wishes of an instance, in the order of the form's declarations, and what is wrong with others."""
    actions: list[EntityAction] = []
    findings: list[Finding] = []
    taken: set[tuple[str, str]] = set()
    for declared in form.entities:
        for scope in _nodes(root, declared.path.removesuffix(_NODE)):
            node = next(_below(scope, ("meta", "entity")), None)
            if node is None:
                continue
            found = _action(node, scope, declared)
            if isinstance(found, EntityAction):
                if (found.list_name, found.id) in taken:
                    found = _twice(declared)
                else:
                    taken.add((found.list_name, found.id))
                    actions.append(found)
            if isinstance(found, Finding):
                findings.append(found)
    return actions, findings


def _action(node: etree._Element, scope: etree._Element, declared: Entity) -> EntityAction | Finding | None:
    said = {name: value.strip() for name, value in attributes(node).items()}
    create, update = said.get("create") in _YES, said.get("update") in _YES
    if not (create or update):
        return None
    if said.get("dataset", declared.list_name) != declared.list_name:
        return warning(
            "entity_other_list",
            N_("The submission names another entity list than its form does. Nothing was done to either."),
            N_("Compare the form on the phone with the one published."),
            question=declared.path,
        )
    if not _UUID_4.fullmatch(said.get("id", "")):
        return warning(
            "entity_bad_id",
            N_("An entity has no id, or one that is no UUID of version 4. It was neither made nor changed."),
            N_("Let the form make the id with uuid(), or take it from the list."),
            question=declared.path,
        )
    values = {}
    if label := next((text for one in _below(node, (LABEL,)) if (text := _text(one).strip())), ""):
        values[LABEL] = label
    path = declared.path.removesuffix(_NODE)
    for name, source in declared.properties.items():
        steps = tuple(source.removeprefix(path).strip("/").split("/"))
        if (answered := next(_below(scope, steps), None)) is not None:
            values[name] = _text(answered)
    branch = said.get("branchId", "")
    return EntityAction(
        list_name=declared.list_name,
        id=said["id"].lower(),
        create=create,
        update=update,
        base_version=_version(said.get("baseVersion")) or 0,
        trunk_version=_version(said.get("trunkVersion")),
        branch_id=branch.lower() if _UUID.fullmatch(branch) else None,
        said=values,
    )


def _twice(declared: Entity) -> Finding:
    return warning(
        "entity_twice",
        N_("The submission creates or changes the same entity twice. The first time counts."),
        N_("Let each instance of the repeat be about an entity of its own."),
        question=declared.path,
    )


def shut(declared: Entity) -> Finding:
    """What to say of a wish that came with a shut consent gate."""
    return warning(
        "entity_without_consent",
        N_("Consent was not given, yet the submission creates or changes an entity. Nothing was done."),
        N_("Let the form create and update entities only where the consent gate is open."),
        question=declared.path,
    )


def _nodes(root: etree._Element, path: str) -> Iterator[etree._Element]:
    """The elements at a path from the root on, positions apart."""
    return _below(root, tuple(path.strip("/").split("/")[1:]))


def _below(element: etree._Element, steps: tuple[str, ...]) -> Iterator[etree._Element]:
    """Elements by local names, one step a level."""
    if not steps:
        yield element
        return
    for child in element:
        if child.tag.rpartition("}")[2] == steps[0]:
            yield from _below(child, steps[1:])


def _text(element: etree._Element) -> str:
    return element.text or ""


def _version(text: str | None) -> int | None:
    """A positive whole number; anything else counts as none."""
    return int(text) if text and _VERSION.fullmatch(text) else None
