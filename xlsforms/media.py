"""The files beside a form: those it names and does not have, and those it has and does not name."""

from collections.abc import Collection, Iterator
from pathlib import PurePosixPath

from xlsforms.finding import Finding, warning
from xlsforms.marked import N_, worded
from xlsforms.schema import Form
from xlsforms.spelling import nearest
from xlsforms.workbook import Workbook

CODES = frozenset({"media_missing", "media_unused"})
_COLUMNS = ("image", "big-image", "audio", "video")


def check(
    workbook: Workbook, form: Form, beside: Collection[str], *, known: Collection[str] = ()
) -> Iterator[Finding]:
    """`beside` are the names of the files that are given with the form; `known` of those that are there anyhow, because
    an earlier version had them or the server makes them: nothing is said if the form does not name them."""
    names = [PurePosixPath(name).name for name in form.media]
    unnamed = sorted(one for one in beside if one not in names)
    for name in names:
        if name not in beside and name not in known:
            close = nearest(name, unnamed)
            yield warning(
                "media_missing",
                worded("The form names the file “%(name)s”, and it is not there.", name=name),
                worded("Did you mean %(close)s?", close=close)
                if close
                else N_("Add the file, or remove its name."),
                **_where(workbook, name),
            )
    for name in unnamed:
        yield warning(
            "media_unused",
            worded("The file “%(name)s” is there, and the form does not name it.", name=name),
            N_("Name it in the form, or leave it out: phones would not use it."),
        )


def _where(workbook: Workbook, name: str) -> dict[str, object]:
    """The first cell that names a file: by its whole name, as a column of media, or as a list by its stem."""
    stem = PurePosixPath(name).stem
    for sheet in (workbook["survey"], workbook["choices"]):
        media = [header for column in _COLUMNS for header in sheet.all_headers(column)]
        for number, cells in sheet.numbered():
            kind = sheet.get(cells, "type")
            if name in kind.split():
                return sheet.cell(number, "type")
            if kind.endswith("-external") and sheet.get(cells, "name") == stem:
                return sheet.cell(number, "name")
            for header, cell in cells.items():
                if (header in media and cell == name) or f"('{stem}" in cell or f'("{stem}' in cell:
                    return {"sheet": sheet.name, "row": number, "column": header}
    return {}
