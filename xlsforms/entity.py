"""Entity declarations of an XForm (https://getodk.github.io/xforms-spec/entities): what becomes a row of a
list."""

from collections.abc import Iterator, Mapping
from dataclasses import replace

from lxml import etree

from xlsforms.schema import Entity

_NODE = "/meta/entity"


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
