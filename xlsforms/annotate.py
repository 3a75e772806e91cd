"""The designer's own workbook, with what the checks said of it: a comment on each cell at fault, and a first sheet that
lists everything.

As in `cell_writing`, nothing else of the workbook is touched, so that what a spreadsheet library does not know stays.
A form in another format becomes a new workbook of its cells. Comments and list are text, whatever they quote. What is
made can be mended and uploaded again: `_findings` is no sheet of a form, and comments are read by nobody.
"""

import base64
import re
import zipfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from io import BytesIO
from posixpath import basename, dirname, join, normpath, relpath
from typing import Any, Final
from xml.sax.saxutils import quoteattr

from lxml import etree
from xlsxwriter.utility import xl_col_to_name

from xlsforms import apart, cell_writing, convert
from xlsforms.compile import LIMITS
from xlsforms.finding import Finding
from xlsforms.workbook import Kind, Limits, Workbook, inspect

SHEET: Final = "_findings"
AUTHOR: Final = "SAIF"
_MAIN: Final = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_RELS: Final = "http://schemas.openxmlformats.org/package/2006/relationships"
_OFFICE: Final = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_TYPES: Final = "http://schemas.openxmlformats.org/package/2006/content-types"
_KINDS: Final = "application/vnd.openxmlformats-officedocument.spreadsheetml."
_UNSEEN: Final = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff\ud800-\udfff]")
_AFTER_COMMENTS: Final = (
    "legacyDrawingHF", "drawingHF", "picture", "oleObjects", "controls", "webPublishItems", "tableParts", "extLst",
)  # fmt: skip
"""What stands after `legacyDrawing` in a sheet (ECMA-376, CT_Worksheet)."""
_HEAD: Final = (
    "Severity",
    "Sheet",
    "Row",
    "Column",
    "Question",
    "What is wrong",
    "How to mend it",
    "Finding",
)
_WIDTHS: Final = (10, 12, 6, 24, 24, 70, 60, 28)
_SELECTED: Final = re.compile(rb"""\stabSelected=["'](?:1|true)["']""")
_SHAPE: Final = re.compile(rb"<v:shape\b.*?</v:shape>", re.DOTALL)
_DRAWING: Final = (
    '<xml xmlns:v="urn:schemas-microsoft-com:vml" xmlns:o="urn:schemas-microsoft-com:office:office" '
    'xmlns:x="urn:schemas-microsoft-com:office:excel"><o:shapelayout v:ext="edit"><o:idmap v:ext="edit" data="{map}"/>'
    '</o:shapelayout><v:shapetype id="_x0000_t202" coordsize="21600,21600" o:spt="202" path="m,l,21600r21600,l21600,xe">'
    '<v:stroke joinstyle="miter"/><v:path gradientshapeok="t" o:connecttype="rect"/></v:shapetype></xml>'
)
_NOTE: Final = (
    '<v:shape id="_x0000_s{id}" type="#_x0000_t202" style="position:absolute;width:240pt;height:110pt;z-index:1;'
    'visibility:hidden" fillcolor="#fae5e3" o:insetmode="auto"><v:fill color2="#fae5e3"/><v:shadow on="t" color="black" '
    'obscured="t"/><v:path o:connecttype="none"/><v:textbox/><x:ClientData ObjectType="Note"><x:MoveWithCells/>'
    "<x:SizeWithCells/><x:Anchor>{left}, 15, {top}, 4, {right}, 15, {bottom}, 4</x:Anchor><x:AutoFill>False</x:AutoFill>"
    "<x:Row>{row}</x:Row><x:Column>{column}</x:Column></x:ClientData></v:shape>"
)
_WORDS: Final = {"error": "Error", "warning": "Warning", "info": "Note"}

Spot = tuple[int, int]
"""Row and column of a cell, both from 1."""


def annotate(content: bytes, kind: Kind, findings: Sequence[Finding], *, limits: Limits = LIMITS) -> bytes:
    """The .xlsx, made in a process of its own. Raises `apart.Stopped` where that takes too much, or breaks down."""
    request = {"kind": kind, "findings": [one.to_json() for one in findings]}
    answer = apart.run(request, content, limits=limits, progress=lambda *_: None)
    if "workbook" not in answer:
        raise apart.Stopped("crash")
    return base64.b64decode(answer["workbook"])


def annotate_here(
    content: bytes, kind: Kind, findings: Sequence[Finding], *, limits: Limits
) -> dict[str, Any]:
    """The same in this process, as the child answers it: nothing of a workbook that must not be opened."""
    if inspect(content, kind, limits):
        return {}
    if kind != "xlsx":
        content = cell_writing.rewrite(convert.read(content, kind) if kind != "xml" else Workbook({}))
    return {"workbook": base64.b64encode(_annotated(content, findings)).decode()}


@dataclass(slots=True)
class _Parts:
    """The archive while it is changed: parts by path, in their order."""

    parts: dict[str, bytes] = field(default_factory=dict)

    def relations(self, part: str) -> etree._Element:
        found = self.parts.get(_relations_of(part))
        return _parse(found) if found else _root(_RELS, "Relationships")

    def relate(self, part: str, kind: str, target: str) -> str:
        """Say that a part refers to another; the id by which it does."""
        relations = self.relations(part)
        taken = {one.get("Id") for one in relations}
        name = next(f"rIdSaif{n}" for n in range(1, len(taken) + 2) if f"rIdSaif{n}" not in taken)
        where = relpath(target, dirname(part))
        etree.SubElement(
            relations, f"{{{_RELS}}}Relationship", Id=name, Type=f"{_OFFICE}/{kind}", Target=where
        )
        self.parts[_relations_of(part)] = _written(relations)
        return name

    def related(self, part: str, kind: str) -> str | None:
        """The part of a kind that a part refers to."""
        for one in self.relations(part):
            if one.get("Type", "").endswith(f"/{kind}"):
                target = one.get("Target", "")
                path = target.lstrip("/") if target.startswith("/") else normpath(join(dirname(part), target))
                return path if path in self.parts else None
        return None

    def free(self, pattern: str) -> str:
        return next(name for n in range(1, 10_000) if (name := pattern.format(n)) not in self.parts)


def _annotated(content: bytes, findings: Sequence[Finding]) -> bytes:
    with zipfile.ZipFile(BytesIO(content)) as old:
        sheets = cell_writing.parts(old)
        strings = cell_writing.shared_strings(old)
        archive = _Parts({item.filename: old.read(item) for item in old.infolist() if not item.is_dir()})
    by_sheet: dict[str, list[Finding]] = {}
    for one in findings:
        if one.sheet and one.sheet in sheets:
            by_sheet.setdefault(sheets[one.sheet], []).append(one)
    spots: dict[int, tuple[str, Spot]] = {}
    for number, (part, told) in enumerate(by_sheet.items(), start=1):
        root = _parse(archive.parts[part])
        headers = cell_writing.headers(root, strings)
        notes: dict[Spot, list[str]] = {}
        for one in told:
            spot = (one.row or 1, headers.get(one.column or "", 1))
            spots[id(one)] = (one.sheet or "", spot)
            notes.setdefault(spot, []).append(_words(one))
        _comment(archive, part, root, {spot: "\n\n".join(texts) for spot, texts in notes.items()}, number)
    _list(archive, sheets.get(SHEET), findings, spots)
    out = BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        for name, part_bytes in archive.parts.items():
            new.writestr(name, part_bytes)
    return out.getvalue()


def _words(one: Finding) -> str:
    return _clean(f"{_WORDS[one.severity]}: {one.message} {one.mend}".strip())[:2000]


# --- comments ------------------------------------------------------------------------------------------------------


def _comment(
    archive: _Parts, part: str, sheet: etree._Element, notes: Mapping[Spot, str], number: int
) -> None:
    """Put notes on cells of a sheet, in place of ours of an earlier time and after those of others."""
    path = archive.related(part, "comments")
    comments = _parse(archive.parts[path]) if path else _new_comments()
    drawn = archive.related(part, "vmlDrawing")
    drawing = archive.parts[drawn] if drawn else _DRAWING.format(map=number).encode()
    listed, authors = comments.find(f"{{{_MAIN}}}commentList"), comments.find(f"{{{_MAIN}}}authors")
    if listed is None or authors is None:
        return
    names = [one.text or "" for one in authors]
    for old in [one for one in listed if names[int(one.get("authorId", 0))] == AUTHOR]:
        drawing = _undrawn(drawing, old.get("ref", ""))
        listed.remove(old)
    if AUTHOR not in names:
        etree.SubElement(authors, f"{{{_MAIN}}}author").text = AUTHOR
        names.append(AUTHOR)
    there = {one.get("ref"): one for one in listed}
    shapes = ""
    for at, ((row, column), text) in enumerate(sorted(notes.items())):
        ref = f"{xl_col_to_name(column - 1)}{row}"
        if (theirs := there.get(ref)) is not None:
            _run(theirs.find(f"{{{_MAIN}}}text"), f"\n\n{text}")
            continue
        note = etree.SubElement(listed, f"{{{_MAIN}}}comment", ref=ref, authorId=str(names.index(AUTHOR)))
        _run(etree.SubElement(note, f"{{{_MAIN}}}text"), text)
        shapes += _NOTE.format(
            id=number * 1024 + 1 + at, row=row - 1, column=column - 1,
            left=column, right=column + 4, top=max(row - 2, 0), bottom=row + 6,
        )  # fmt: skip
    drawing = drawing.replace(b"</xml>", shapes.encode() + b"</xml>")
    if path is None:
        path = archive.free("xl/comments{}.xml")
        archive.relate(part, "comments", path)
        _declare(archive, path, f"{_KINDS}comments+xml")
    archive.parts[path] = _written(comments)
    if drawn is None:
        drawn = archive.free("xl/drawings/vmlDrawing{}.vml")
        _hang(sheet, archive.relate(part, "vmlDrawing", drawn))
        _declare_ending(archive, "vml", "application/vnd.openxmlformats-officedocument.vmlDrawing")
        archive.parts[part] = _written(sheet)
    archive.parts[drawn] = drawing


def _new_comments() -> etree._Element:
    root = _root(_MAIN, "comments")
    etree.SubElement(root, f"{{{_MAIN}}}authors")
    etree.SubElement(root, f"{{{_MAIN}}}commentList")
    return root


def _run(text: etree._Element | None, words: str) -> None:
    if text is not None:
        run = etree.SubElement(etree.SubElement(text, f"{{{_MAIN}}}r"), f"{{{_MAIN}}}t")
        run.text = words
        run.set("{http://www.w3.org/XML/1998/namespace}space", "preserve")


def _undrawn(drawing: bytes, ref: str) -> bytes:
    """The drawing without the note on a cell. It is text and no XML: spreadsheet programs leave elements open in it."""
    row, column = cell_writing.spot(ref)
    marks = f"<x:Row>{row - 1}</x:Row>".encode(), f"<x:Column>{column - 1}</x:Column>".encode()
    return _SHAPE.sub(lambda found: b"" if all(mark in found[0] for mark in marks) else found[0], drawing)


def _hang(sheet: etree._Element, relation: str) -> None:
    """Say in a sheet where its notes are drawn, at the place where that belongs."""
    drawing = etree.Element(f"{{{_MAIN}}}legacyDrawing")
    drawing.set(f"{{{_OFFICE}}}id", relation)
    later = {f"{{{_MAIN}}}{name}" for name in _AFTER_COMMENTS}
    following = next((one for one in sheet if one.tag in later), None)
    if following is None:
        sheet.append(drawing)
    else:
        following.addprevious(drawing)


# --- the list --------------------------------------------------------------------------------------------------------


def _list(
    archive: _Parts, there: str | None, findings: Sequence[Finding], spots: Mapping[int, tuple[str, Spot]]
) -> None:
    """Write the sheet that lists the findings, the first of the workbook unless it has been there before."""
    style = _wrapping(archive)
    rows = [_row(1, _HEAD, style)]
    links = ""
    for number, one in enumerate(findings, start=2):
        row_number = str(one.row) if one.row else None
        place = (one.sheet, row_number, one.column, one.question)
        cells = (_WORDS[one.severity], *place, one.message, one.mend, one.code)
        rows.append(_row(number, cells, style))
        if id(one) in spots:
            sheet, (row, column) = spots[id(one)]
            where = f"'{sheet}'!{xl_col_to_name(column - 1)}{row}"
            links += f'<hyperlink ref="C{number}" location={quoteattr(where)}/>'
    widths = "".join(
        f'<col min="{at}" max="{at}" width="{width}" customWidth="1"/>'
        for at, width in enumerate(_WIDTHS, start=1)
    )
    page = (
        f'<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n<worksheet xmlns="{_MAIN}"><sheetViews>'
        '<sheetView tabSelected="1" workbookViewId="0"><pane ySplit="1" topLeftCell="A2" activePane="bottomLeft" '
        f'state="frozen"/></sheetView></sheetViews><cols>{widths}</cols><sheetData>{"".join(rows)}</sheetData>'
        f"{f'<hyperlinks>{links}</hyperlinks>' if links else ''}</worksheet>"
    )
    if there is None:
        there = archive.free("xl/worksheets/saif{}.xml")
        _add_sheet(archive, there)
    archive.parts[there] = page.encode()


def _row(number: int, cells: Iterable[str | None], style: int) -> str:
    """Cells of text: whatever a text begins with, no program takes it for a formula."""
    said = ""
    for column, text in enumerate(cells, start=1):
        if text:
            ref = f"{xl_col_to_name(column - 1)}{number}"
            plain = _escaped(_clean(text)[: cell_writing.MOST_CHARACTERS])
            said += f'<c r="{ref}" s="{style}" t="inlineStr"><is><t xml:space="preserve">{plain}</t></is></c>'
    return f'<row r="{number}">{said}</row>'


def _add_sheet(archive: _Parts, part: str) -> None:
    book = _parse(archive.parts["xl/workbook.xml"])
    sheets = book.find(f"{{{_MAIN}}}sheets")
    assert sheets is not None, "a workbook that was opened has sheets"
    relation = archive.relate("xl/workbook.xml", "worksheet", part)
    numbers = [int(one.get("sheetId", 0)) for one in sheets]
    sheet = etree.Element(f"{{{_MAIN}}}sheet", name=SHEET, sheetId=str(max(numbers, default=0) + 1))
    sheet.set(f"{{{_OFFICE}}}id", relation)
    sheets.insert(0, sheet)
    for named in book.iter(f"{{{_MAIN}}}definedName"):
        if local := named.get("localSheetId"):
            named.set("localSheetId", str(int(local) + 1))  # it counts sheets from the left
    for view in book.iter(f"{{{_MAIN}}}workbookView"):
        view.set("activeTab", "0")
        view.attrib.pop("firstSheet", "")
    archive.parts["xl/workbook.xml"] = _written(book)
    # Two selected sheets are a group: what is typed into one would go into the other, too.
    for path, page in archive.parts.items():
        if path.startswith("xl/worksheets/") and path.endswith(".xml"):
            archive.parts[path] = _SELECTED.sub(b"", page)
    _declare(archive, part, f"{_KINDS}worksheet+xml")


def _wrapping(archive: _Parts) -> int:
    """The number of a style that wraps text, made if the workbook can hold one; else that of none."""
    if "xl/styles.xml" not in archive.parts:
        return 0
    styles = _parse(archive.parts["xl/styles.xml"])
    formats = styles.find(f"{{{_MAIN}}}cellXfs")
    if formats is None:
        return 0
    zero = dict.fromkeys(("numFmtId", "fontId", "fillId", "borderId", "xfId"), "0")
    made = etree.SubElement(formats, f"{{{_MAIN}}}xf", zero | {"applyAlignment": "1"})
    etree.SubElement(made, f"{{{_MAIN}}}alignment", wrapText="1", vertical="top")
    formats.set("count", str(len(formats)))
    archive.parts["xl/styles.xml"] = _written(styles)
    return len(formats) - 1


# --- within ------------------------------------------------------------------------------------------------------


def _declare(archive: _Parts, part: str, kind: str) -> None:
    types = _parse(archive.parts["[Content_Types].xml"])
    etree.SubElement(types, f"{{{_TYPES}}}Override", PartName=f"/{part}", ContentType=kind)
    archive.parts["[Content_Types].xml"] = _written(types)


def _declare_ending(archive: _Parts, ending: str, kind: str) -> None:
    types = _parse(archive.parts["[Content_Types].xml"])
    if not any(one.get("Extension", "").lower() == ending for one in types):
        types.insert(0, etree.Element(f"{{{_TYPES}}}Default", Extension=ending, ContentType=kind))
        archive.parts["[Content_Types].xml"] = _written(types)


def _relations_of(part: str) -> str:
    return join(dirname(part), "_rels", f"{basename(part)}.rels")


def _parse(part: bytes) -> etree._Element:
    return cell_writing.parse(part)


def _root(namespace: str, name: str) -> etree._Element:
    """An element as the root of a part, whose namespace needs no prefix."""
    return etree.fromstring(f'<{name} xmlns="{namespace}"/>')


def _written(root: etree._Element) -> bytes:
    return etree.tostring(root, xml_declaration=True, encoding="UTF-8", standalone=True)


def _clean(text: str) -> str:
    return _UNSEEN.sub("\ufffd", text)


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
