"""From a file of translations to a new workbook of the form: the designer's own, with the texts in the right cells.

    translated = translate(workbook, "xlsx", file, "texts.po")
    if translated.workbook is not None: compile_form(translated.workbook, "form.xlsx")
    for finding in translated.findings: ...

Both files are somebody's upload, so they are read in a child process within limits (see `apart`). What a file
brings goes into a cell, or there is a finding that says why not: nothing is dropped without a word.
"""

from base64 import b64decode, b64encode
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from xlsforms import apart, cell_writing, convert, placing, translation_po, translation_sheet, translations
from xlsforms.cell_writing import CellText
from xlsforms.compile import LIMITS
from xlsforms.finding import Finding, error, info, warning
from xlsforms.marked import N_, worded
from xlsforms.translation_sheet import NotTexts
from xlsforms.translations import Entry, Place
from xlsforms.workbook import Kind, Limits, inspect, too_large


@dataclass(frozen=True, slots=True)
class Translated:
    """What came of a file. `workbook` is None where it could not be read. `made_from` is what the translator had before
    them, for each text that is to count as made from it; `written` how many cells were."""

    findings: tuple[Finding, ...]
    workbook: bytes | None = None
    made_from: Mapping[Place, str] = field(default_factory=dict)
    written: int = 0

    def to_json(self) -> dict[str, Any]:
        """What the child answers."""
        return {
            "findings": [one.to_json() for one in self.findings],
            "workbook": b64encode(self.workbook).decode() if self.workbook is not None else None,
            "made_from": [[*place, source] for place, source in self.made_from.items()],
            "written": self.written,
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> "Translated":
        return cls(
            findings=tuple(Finding.from_json(one) for one in data["findings"]),
            workbook=b64decode(data["workbook"]) if data["workbook"] is not None else None,
            made_from={(place, language): source for place, language, source in data["made_from"]},
            written=data["written"],
        )


def translate(
    workbook: bytes, kind: Kind, file: bytes, *, language: str = "", limits: Limits = LIMITS
) -> Translated:
    """Puts what a .xlsx or .po says into a form's workbook of any kind but XML. `language` is the language of a .po
    that does not say it, or says it by its code. Never raises for what is in the files."""
    if finding := too_large(file, limits):
        return Translated((finding,))
    request = {"kind": kind, "language": language, "file": len(file)}
    try:
        answer = apart.run(request, workbook + file, limits=limits, progress=lambda *_: None)
    except apart.Stopped:
        return Translated((translation_sheet.not_texts(N_("Reading it takes too much time or memory.")),))
    if "fault" in answer:
        return Translated((translation_sheet.not_texts(N_("It is damaged.")),))
    return Translated.from_json(answer)


def translate_here(workbook: bytes, kind: Kind, file: bytes, *, language: str, limits: Limits) -> Translated:
    """As `translate`, in this process and without its limits."""
    try:
        entries = list(_entries(file, language, limits))
    except NotTexts as fault:
        return Translated((fault.finding,))
    cells = convert.read(workbook, kind)
    texts = translations.of_workbook(cells)
    if entries and not any(one.place in texts.by_place for one in entries):
        return Translated((_another_form(),))
    placed = placing.place(cells, texts, entries)
    content = workbook if kind == "xlsx" else cell_writing.rewrite(cells)
    made, left = cell_writing.write(content, placed.cells)
    findings = [*placed.findings, *(_made_by_formula(cell) for cell in left)]
    if kind != "xlsx":
        findings.append(_rewritten(kind))
    not_made = {placed.cells[cell] for cell in left}
    return Translated(
        tuple(findings),
        made,
        {place: source for place, source in placed.made_from.items() if place not in not_made},
        len(placed.cells) - len(left),
    )


# --- within ------------------------------------------------------------------------------------------------------


def _entries(file: bytes, language: str, limits: Limits) -> Iterable[Entry]:
    """What the file says, whichever of the two kinds it is. Raises NotTexts."""
    if not file.startswith(b"PK"):
        return list(translation_po.read(file, language))
    if finding := inspect(file, "xlsx", limits):
        raise NotTexts(finding)
    try:
        return list(translation_sheet.read(file))
    except NotTexts:
        raise
    except Exception:  # noqa: BLE001 - whatever a library raises on a hostile file is a finding
        raise NotTexts(translation_sheet.not_texts(N_("It is no workbook that can be opened."))) from None


def _another_form() -> Finding:
    return error(
        "translation_of_another_form",
        N_("None of the texts in the file stands in this form."),
        N_("Choose the file that was exported from this form."),
    )


def _made_by_formula(cell: CellText) -> Finding:
    return warning(
        "translation_formula",
        N_("A formula makes what stands in this cell of the form, so the translation was left out."),
        N_("Write the text itself, or change what the formula refers to."),
        sheet=cell.sheet,
        row=cell.row,
        column=cell.header,
    )


def _rewritten(kind: str) -> Finding:
    return info(
        "workbook_rewritten",
        worded(
            "The form was uploaded as .%(kind)s; its texts are in a new .xlsx, with the "
            "sheets that are read and without their looks.",
            kind=kind,
        ),
        N_("Go on with the .xlsx."),
    )
