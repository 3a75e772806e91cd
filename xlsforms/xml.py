"""XML from outside: parsed without DTD, entities and network, within limits of size and number of nodes."""

import re
from dataclasses import dataclass

from lxml import etree

from xlsforms.finding import Finding, error
from xlsforms.marked import N_, worded

_CHUNK = 1 << 16
_BOMB = re.compile(rb"<\s*!\s*(DOCTYPE|ENTITY)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class XmlLimits:
    """`nodes` counts elements. A form of 2,000 questions in three languages has about 40,000 of them in 4
    MB."""

    bytes: int = 16 << 20
    nodes: int = 1_000_000


LIMITS = XmlLimits()


class XmlError(ValueError):
    """The source is no XML we read; `finding` says why, with the line where that is known."""

    def __init__(self, finding: Finding) -> None:
        super().__init__(finding.message)
        self.finding = finding


def parse(source: bytes, limits: XmlLimits = LIMITS) -> etree._Element:
    """The root element; comments and processing instructions are dropped. Raises XmlError.

    A document type declaration is refused whatever it holds: no XForm needs one, and entity bombs and
    references to files of the server live in it.
    """
    if len(source) > limits.bytes:
        raise XmlError(
            error(
                "xml_too_large",
                worded(
                    "The file has %(value)s MB of XML; at most %(value_2)s MB are read.",
                    value=len(source) >> 20,
                    value_2=limits.bytes >> 20,
                ),
                N_("Move long choice lists to a CSV file attached to the form."),
            )
        )
    if _BOMB.search(source):
        raise XmlError(_dtd())
    parser = etree.XMLPullParser(
        events=("start",),
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        huge_tree=False,
        remove_comments=True,
        remove_pis=True,
    )
    count = 0
    try:
        for start in range(0, len(source), _CHUNK):
            parser.feed(source[start : start + _CHUNK])
            count += sum(1 for _ in parser.read_events())
            if count > limits.nodes:
                raise XmlError(
                    error(
                        "xml_too_large",
                        worded("The file has more than %(nodes)s XML elements.", nodes=limits.nodes),
                        N_("Move long choice lists to a CSV file attached to the form."),
                    )
                )
        root = parser.close()
    except etree.XMLSyntaxError as fault:
        raise XmlError(
            error(
                "xml_malformed",
                worded("The file is not well-formed XML: %(msg)s.", msg=fault.msg),
                N_("Open it in an editor that checks XML and mend the line named; it may also be cut short."),
                row=fault.lineno or None,
            )
        ) from fault
    if root.getroottree().docinfo.internalDTD is not None:  # reached through encodings the pattern cannot see
        raise XmlError(_dtd())
    return root


def local(element: etree._Element) -> str:
    """Name without namespace."""
    return str(element.tag).rpartition("}")[2]


def child(element: etree._Element, name: str) -> etree._Element | None:
    """The first child of that name; not a descendant, because a question may be called “body” or “title”."""
    return next((one for one in element if local(one) == name), None)


def inner(element: etree._Element) -> str:
    """All text inside an element, that of its descendants included."""
    return "".join(str(part) for part in element.itertext())


def attributes(element: etree._Element) -> dict[str, str]:
    """Attributes by local name: `jr:preload`, `case:field` and `odk:length` are told apart well enough by
    it, and forms write their prefixes as they like. An attribute without a namespace wins over one with."""
    named = [(str(name), str(value)) for name, value in element.items()]
    foreign = {name.rpartition("}")[2]: value for name, value in named if name.startswith("{")}
    return {**foreign, **{name: value for name, value in named if not name.startswith("{")}}


def _dtd() -> Finding:
    return error(
        "xml_dtd",
        N_(
            "The file has a document type declaration (DOCTYPE). No form needs one, and it can harm a server."
        ),
        N_("Remove the DOCTYPE and all ENTITY lines."),
    )
