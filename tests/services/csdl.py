"""The metadata document of a feed, read by the rules of OData's CSDL that programs rely on (OData 4.01, CSDL XML)."""

import re
from collections import Counter
from dataclasses import dataclass

from lxml import etree

EDM = "{http://docs.oasis-open.org/odata/ns/edm}"
NAME = re.compile(r"[A-Za-z_]\w*", re.ASCII)


@dataclass(frozen=True)
class Entity:
    """An entity set. `fields` are its properties by the names `$select` takes, with their types; `repeats` the entity
    sets of its rows."""

    fields: dict[str, str]
    repeats: dict[str, str]


def read(document: bytes) -> dict[str, Entity]:
    """The entity sets by name. Fails where the document breaks a rule."""
    schemas = {one.get("Namespace"): one for one in etree.fromstring(document).iter(f"{EDM}Schema")}
    types: dict[str, etree._Element] = {}
    for space, schema in schemas.items():
        for name, times in Counter(one.get("Name") for one in schema).items():
            assert times == 1, f"{name} stands twice in {space}"  # section 5: names in a schema are unique
        types |= {f"{space}.{one.get('Name')}": one for one in schema if one.tag != f"{EDM}EntityContainer"}
    for one in types.values():
        if one.tag != f"{EDM}EnumType":
            names = Counter(part.get("Name") for part in one if part.get("Name"))
            assert set(names.values()) <= {1}, names  # section 7: properties of a type are unique
            assert all(NAME.fullmatch(name) or name.endswith("-id") for name in names), names
    (container,) = (one for schema in schemas.values() for one in schema.iter(f"{EDM}EntityContainer"))
    assert NAME.fullmatch(container.get("Name"))
    return {one.get("Name"): _entity(types[one.get("EntityType")], types) for one in container}


def _entity(kind: etree._Element, types: dict[str, etree._Element], before: str = "") -> Entity:
    fields: dict[str, str] = {}
    repeats: dict[str, str] = {}
    for one in kind:
        name, type_ = before + one.get("Name", ""), one.get("Type", "")
        if one.tag == f"{EDM}NavigationProperty":
            target = type_.removeprefix("Collection(").removesuffix(")")
            assert target in types
            repeats[name] = types[target].get("Name", "")
        elif one.tag == f"{EDM}Property":
            if type_.startswith("Edm.") or types[type_].tag == f"{EDM}EnumType":
                fields[name] = type_
            else:
                inner = _entity(types[type_], types, f"{name}/")
                fields |= inner.fields
                repeats |= inner.repeats
    return Entity(fields, repeats)
