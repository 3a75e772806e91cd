"""Feeds as OData 4.0 frames them: the service document, the metadata (CSDL in XML), and tables as JSON.

The shapes are ODK Central's, so that what reads its feeds reads these. A table is written row by row; what is
only known at its end (the count, whether there is more) stands behind the rows.
"""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, Final, cast

from lxml import etree

from submissions.odata import ROOT, identifier, names, tables, unique
from xlsforms.schema import Form, Group, Node, Question

_EDMX: Final = "http://docs.oasis-open.org/odata/ns/edmx"
_EDM: Final = "http://docs.oasis-open.org/odata/ns/edm"
# The typing of lxml does not know that None names the default namespace.
_NAMESPACES: Final = cast("dict[str, str]", {"edmx": _EDMX, None: _EDM})
_SUBMISSION: Final = "org.opendatakit.submission"
_TYPES: Final[Mapping[str, str]] = {
    "int": "Edm.Int64",
    "decimal": "Edm.Decimal",
    "boolean": "Edm.Boolean",
    "geopoint": "Edm.GeographyPoint",
    "geotrace": "Edm.GeographyLineString",
    "geoshape": "Edm.GeographyPolygon",
    "date": "Edm.Date",
    "dateTime": "Edm.DateTimeOffset",
}
_SYSTEM: Final[Mapping[str, str]] = {
    "submissionDate": "Edm.DateTimeOffset",
    "updatedAt": "Edm.DateTimeOffset",
    "submitterId": "Edm.String",
    "submitterName": "Edm.String",
    "attachmentsPresent": "Edm.Int64",
    "attachmentsExpected": "Edm.Int64",
    "status": f"{_SUBMISSION}.Status",
    "reviewState": f"{_SUBMISSION}.ReviewState",
    "deviceId": "Edm.String",
    "edits": "Edm.Int64",
    "formVersion": "Edm.String",
    "deletedAt": "Edm.DateTimeOffset",
}
_ENUMS: Final[Mapping[str, Sequence[str]]] = {
    "Status": ("notDecrypted", "missingEncryptedFormData", "unreadable"),
    "ReviewState": ("hasIssues", "edited", "rejected", "approved"),
}


def service(form: Form, url: str) -> dict[str, Any]:
    """The service document: which tables there are. `url` is that of the service, without a slash."""
    return {
        "@odata.context": f"{url}/$metadata",
        "value": [{"name": one.name, "kind": "EntitySet", "url": one.name} for one in tables(form)],
    }


def metadata(form: Form, *, leaves_out: Callable[[str], bool] = lambda _path: False) -> bytes:
    """The metadata document: what the tables hold. `leaves_out` tells of a question's path whether it is not
    shown."""
    made_of = _Made(form, leaves_out)
    edmx = etree.Element(f"{{{_EDMX}}}Edmx", nsmap=_NAMESPACES, Version="4.0")
    services = etree.SubElement(edmx, f"{{{_EDMX}}}DataServices")
    _system(_element(services, "Schema", Namespace=_SUBMISSION))
    own = _element(services, "Schema", Namespace=made_of.space)
    container = etree.Element(f"{{{_EDM}}}EntityContainer", Name=made_of.taking(identifier(form.form_id)))
    for one in tables(form):
        entity = _element(own, "EntityType", Name=one.name)
        _element(_element(entity, "Key"), "PropertyRef", Name="__id")
        _property(entity, "__id", "Edm.String")
        if one.parent:
            _property(entity, one.parent, "Edm.String")
        else:
            _property(entity, "__system", f"{_SUBMISSION}.metadata")
        made_of.properties(own, entity, one.nodes, one.name)
        _element(container, "EntitySet", Name=one.name, EntityType=f"{made_of.space}.{one.name}")
    own.append(container)
    made: bytes = etree.tostring(edmx, xml_declaration=True, encoding="utf-8")
    return made


def table(
    rows: Iterable[Mapping[str, Any]],
    *,
    context: str,
    count: Callable[[], int | None],
    next_link: Callable[[], str | None],
) -> Iterator[bytes]:
    """A table as JSON. `count` and `next_link` are asked for when the rows are through."""
    separator = '{"value":['
    for row in rows:
        yield (separator + json.dumps(row, ensure_ascii=False)).encode("utf-8", "replace")
        separator = ","
    behind: dict[str, Any] = {"@odata.context": context}
    if (link := next_link()) is not None:
        behind["@odata.nextLink"] = link
    if (counted := count()) is not None:
        behind["@odata.count"] = counted
    opening = "" if separator == "," else separator
    yield f"{opening}],{json.dumps(behind, ensure_ascii=False)[1:]}".encode()


class _Made:
    """The schema of a form on its way: its namespace, and the names of types that are taken in it."""

    def __init__(self, form: Form, leaves_out: Callable[[str], bool]) -> None:
        self.space = f"org.opendatakit.user.{identifier(form.form_id)}"
        self._names = names(form)
        self._leaves_out = leaves_out
        self._taken = {one.name for one in tables(form)}

    def taking(self, name: str) -> str:
        """A name for something of the schema, numbered where it is taken."""
        made = unique(name, self._taken)
        self._taken.add(made)
        return made

    def properties(
        self, schema: etree._Element, owner: etree._Element, nodes: Sequence[Node], prefix: str
    ) -> None:
        """The properties of a table or a group; each group is a complex type of its own."""
        for node in nodes:
            name = self._names[node.path]
            if isinstance(node, Question):
                if not self._leaves_out(node.path):
                    _property(owner, name, _TYPES.get(node.data_type, "Edm.String"))
            elif isinstance(node, Group):
                kind = self.taking(f"{prefix}.{name}".removeprefix(f"{ROOT}."))
                _property(owner, name, f"{self.space}.{kind}")
                inner = _element(schema, "ComplexType", Name=kind)
                self.properties(schema, inner, node.children, f"{prefix}.{name}")
            else:
                target = f"Collection({self.space}.{prefix}.{name})"
                _element(owner, "NavigationProperty", Name=name, Type=target)


def _system(schema: etree._Element) -> None:
    kind = _element(schema, "ComplexType", Name="metadata")
    for name, type_ in _SYSTEM.items():
        _property(kind, name, type_)
    for name, members in _ENUMS.items():
        enum = _element(schema, "EnumType", Name=name)
        for member in members:
            _element(enum, "Member", Name=member)


def _property(owner: etree._Element, name: str, type_: str) -> None:
    _element(owner, "Property", Name=name, Type=type_)


def _element(parent: etree._Element, name: str, **attributes: str) -> etree._Element:
    return etree.SubElement(parent, f"{{{_EDM}}}{name}", attrib=attributes)
