"""Between a submission and the form engine that edits it in a browser: what the engine may see, and what it must not
lose.

The engine writes the nodes of the form and no others, so what a form does not know is put back where it was.
"""

from copy import deepcopy

from lxml import etree

from submissions.reading import KnownNode, plan
from submissions.record import parser
from xlsforms.schema import Form

_OWN = frozenset({"instanceID", "deprecatedID"})
"""Of each version its own."""


def without_consent(xml: bytes, form: Form) -> bytes:
    """The XML of a submission whose gate is shut, without what stands behind it and without what the form does not
    know, as its record is. `record.read` can read it."""
    root = etree.fromstring(xml, parser())
    _cut(root, plan(form).root)
    return etree.tostring(root, encoding="utf-8")


def carried(before: bytes, after: bytes, form: Form) -> bytes:
    """An edit, with the nodes of the version before it that the form does not know. Nodes inside a repeat go to the
    instance at the same place, if there is one still. `after` itself if there is nothing to carry, or if it is no XML.

    `record.read` can read `before`.
    """
    try:
        root = etree.fromstring(after, parser())
    except (etree.XMLSyntaxError, ValueError):
        return after
    if root.getroottree().docinfo.internalDTD is not None:
        return after
    count = _carry(etree.fromstring(before, parser()), root, plan(form).root)
    return etree.tostring(root, encoding="utf-8") if count else after


def _cut(element: etree._Element, known: KnownNode) -> None:
    for child in list(element):
        inner = known.children.get(_local(child))
        if inner is None and known.path.endswith("/meta"):
            continue
        if inner is None or inner.behind:
            element.remove(child)
        elif inner.question is None:
            _cut(child, inner)


def _carry(before: etree._Element, after: etree._Element, known: KnownNode) -> int:
    """Put the unknown children of one into the other. Returns how many."""
    count = 0
    here: dict[str, list[etree._Element]] = {}
    for child in after:
        here.setdefault(_local(child), []).append(child)
    seen: dict[str, int] = {}
    for child in before:
        name = _local(child)
        inner = known.children.get(name)
        place = seen[name] = seen.get(name, -1) + 1
        if inner is None:
            if name not in here and name not in _OWN:
                after.append(deepcopy(child))
                count += 1
        elif inner.question is None and place < len(here.get(name, ())):
            count += _carry(child, here[name][place], inner)
    return count


def _local(element: etree._Element) -> str:
    return element.tag.rpartition("}")[2]
