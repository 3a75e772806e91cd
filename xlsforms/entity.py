"""Entity declarations of an XForm (https://getodk.github.io/xforms-spec/entities): what becomes a row of a
list."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Final

from lxml import etree

from xlsforms.schema import Entity

VERSIONS: Final = ("2022.1", "2023.1", "2024.1", "2025.1")
"""Beginnings of the versions of the specification that phones know. They open no form with another one."""
_VERSION: Final = "{http://www.opendatakit.org/xforms/entities}entities-version"
_NODE = "/meta/entity"
_LIST = re.compile(r"(?!__)[^\W\d][\w-]{0,99}")
_PROPERTY = re.compile(r"(?!__)[^\W\d][\w.-]{0,99}")
_RESERVED = ("name", "label")


def version(model: etree._Element) -> str:
    """The version of the specification that a form says it keeps to; empty if it says none."""
    return model.get(_VERSION, "").strip()


def is_list_name(name: str) -> bool:
    """Whether an entity list may have this name. It has no period: phones look for NAME.csv."""
    return _LIST.fullmatch(name) is not None


def is_property_name(name: str) -> bool:
    """Whether what entities say may have this name, which is a column beside those that phones know."""
    return _PROPERTY.fullmatch(name) is not None and name.lower() not in _RESERVED


def declares(path: str) -> bool:
    """Whether the node at this path declares an entity."""
    return path.endswith(_NODE)


def declaration(
    element: etree._Element, path: str, calculated: Mapping[str, str], actions: Mapping[str, etree._Element]
) -> Entity:
    """An entity without its properties. `calculated`: path → expression of its bind; `actions`: path →
    setvalue."""

    def expression(attribute: str) -> str | None:
        place = f"{path}/@{attribute}"
        set_once = actions[place].get("value") if place in actions else None
        fixed = "true()" if element.get(attribute) in ("1", "true") else None
        return calculated.get(place) or set_once or fixed

    return Entity(
        list_name=element.get("dataset", ""),
        path=path,
        id=expression("id"),
        label=calculated.get(f"{path}/label"),
        create_if=expression("create"),
        update_if=expression("update"),
    )


def with_properties(entities: list[Entity], saved: Mapping[str, str]) -> Iterator[Entity]:
    """The entities with the answers saved to them. `saved`: path of a question → name of its property; an
    answer belongs to the innermost declaration around it."""
    scopes: dict[str, dict[str, str]] = {entity.path.removesuffix(_NODE): {} for entity in entities}
    for path, name in saved.items():
        scope = path
        while scope and scope not in scopes:
            scope = scope.rpartition("/")[0]
        if scope:
            scopes[scope][name] = path
    for entity in entities:
        yield replace(entity, properties=scopes[entity.path.removesuffix(_NODE)])
