"""Texts in templates that nobody could translate: written out instead of given to `_`.

`python -m tests.ui.bare [part of a path]` lists them.
"""

import re
import sys
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Final

from jinja2 import Environment, nodes

TEMPLATES: Final = Path(__file__).parents[2] / "app/templates"
READ: Final = frozenset({"title", "aria-label", "aria-description", "placeholder", "alt", "content", "data-more", "data-label", "data-busy",
                         "data-less", "data-confirm", "label", "value"})  # fmt: skip
"""Attributes that somebody reads. `data-` ones are shown by scripts; one that begins with `data-say` too."""
NAMES: Final = frozenset({"SAIF", "ODK Collect", "ODK Validate", "Excel", "Power BI", "Enter", "HTCDS", "XLSForm", "XForm",
                          "PDF", "CSV", "XLSX", "xlsx", "po", "P3", "SPSS", "Stata", "Parquet", "GeoJSON", "OData", "QR",
                          "https://", "age1…"})  # fmt: skip
"""Names that are the same in every language."""
SILENT: Final = frozenset({"code", "kbd", "samp", "script", "style", "svg", "time"})
_ELSEWHERE: Final = frozenset(
    {"url_for", "asset", "icon", "can", "may", "get", "selectattr", "rejectattr", "map"}
)
_WORD: Final = re.compile(r"[^\W\d_]{2,}")
_ATTRIBUTE: Final = re.compile(r'(?:" ?)?\s*data-[\w-]+="')
"""What a block holds that stands within a tag of the page it extends."""
_GAP: Final = "\ue000"
"""Stands where an expression or a statement of the template does."""


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.found: list[tuple[int, str]] = []
        self.open: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.open.append(tag)
        said = dict(attrs)
        for name, value in attrs:
            shown = name in READ or name.startswith("data-say")
            if tag == "input" and name == "value":
                shown = said.get("type") in ("submit", "button")
            elif name == "value" or (tag == "meta" and name == "content"):
                shown = False
            if shown and value:
                self._note(value)

    def handle_endtag(self, tag: str) -> None:
        while self.open and self.open.pop() != tag:
            pass

    def handle_data(self, data: str) -> None:
        if not SILENT.intersection(self.open):
            self._note(data)

    def _note(self, text: str) -> None:
        for piece in text.split(_GAP):
            if (
                _WORD.search(piece)
                and piece.strip(" .,:;()·\n") not in NAMES
                and not _ATTRIBUTE.fullmatch(piece)
            ):
                self.found.append((self.getpos()[0], " ".join(piece.split())))


def texts_of(source: str) -> list[tuple[int, str]]:
    """Line and text of what a template says without `_`, in its HTML and in its expressions."""
    environment = Environment(extensions=["jinja2.ext.i18n"], autoescape=True)
    written: list[str] = []
    raw = within = ""
    for _line, kind, value in environment.lex(source):
        if kind == "data":
            if within != "trans":
                written.append(value)
            continue
        if kind.endswith("_begin"):
            raw = ""
        raw += value
        if kind == "block_end":
            name = re.sub(r"[^a-z ]", "", raw).split()
            within = "trans" if name[:1] == ["trans"] else "" if name[:1] == ["endtrans"] else within
        if kind.endswith("_end"):
            written.append(_GAP)
        written.append("\n" * value.count("\n"))
    reader = _Reader()
    reader.feed("".join(written))
    found = reader.found + list(_constants(environment.parse(source)))
    return sorted(set(found))


def _constants(node: nodes.Node) -> Iterator[tuple[int, str]]:
    """Sentences and capitalised words among the strings of expressions: codes, names of classes and ids are neither."""
    if isinstance(node, nodes.Call):
        name = getattr(node.node, "name", getattr(node.node, "attr", ""))
        if name in ("_", "gettext", "ngettext", "pgettext", "npgettext") or name in _ELSEWHERE:
            return
    if isinstance(node, nodes.Filter) and node.name in _ELSEWHERE:
        return
    if isinstance(node, nodes.Const) and isinstance(node.value, str):
        text = node.value
        if _WORD.search(text) and (" " in text.strip() or text[:1].isupper()) and text.strip() not in NAMES:
            yield node.lineno, text
    for child in node.iter_child_nodes():
        if not isinstance(node, nodes.Compare):
            yield from _constants(child)


def main(part: str = "") -> None:
    """Say where they are."""
    for path in sorted(TEMPLATES.rglob("*.html")):
        if part in str(path):
            for line, text in texts_of(path.read_text()):
                sys.stdout.write(f"{path.relative_to(TEMPLATES)}:{line}: {text}\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
