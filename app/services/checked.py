"""What was brought to become a draft: an upload, compiled, and the files that go with it. Nothing is stored yet.

`check` takes seconds: it comes first, outside any transaction.
"""

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from typing import Final

from sqlalchemy.orm import Session

from app import problems
from app.services import form_media, forms
from xlsforms.compile import CompiledForm, Progress, compile_form
from xlsforms.finding import Finding
from xlsforms.translations import Place

MAX_UPLOAD: Final = 20_000_000
"""Bytes of a workbook, and of a media file of a form."""
MAX_FILES: Final = 200
"""Most media files of one upload."""
KINDS: Final = {
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "xls": "application/vnd.ms-excel",
    "xml": "application/xml",
    "csv": "text/csv",
    "zip": "application/zip",
    "md": "text/markdown",
}
"""Kinds of upload and their media types."""


@dataclass(frozen=True, slots=True)
class Checked:
    """An upload that was compiled: what it holds and what there is to say about it. Nothing is stored yet. `name` is
    that of the file, empty where it came without one."""

    content: bytes
    compiled: CompiledForm
    name: str = ""
    made_from: Mapping[Place, str] = field(default_factory=dict)
    """The source texts a translator had, for the translations they brought."""

    @property
    def ok(self) -> bool:
        """Whether it can become a draft."""
        return self.compiled.ok

    @property
    def findings(self) -> tuple[Finding, ...]:
        """Errors first."""
        return self.compiled.findings

    @property
    def warnings(self) -> tuple[Finding, ...]:
        """What works and should be looked at."""
        return tuple(one for one in self.findings if one.severity == "warning")


def check(
    content: bytes, name: str, *, form_id: str | None = None, progress: Progress | None = None
) -> Checked:
    """Compile an upload: XLSX, XLS, CSV, zip of CSV, markdown or XForm XML, told by its content and the name's ending.

    `form_id` is used where the workbook names none; `progress` is told the steps. Takes seconds, in a child process
    with limits; whatever is wrong with the content is a finding. Raises the Problem `too_large`.
    """
    if len(content) > MAX_UPLOAD:
        raise problems.too_large(MAX_UPLOAD)
    called = name
    if form_id:
        ending = name.rpartition(".")[2] if "." in name else "xlsx"
        called = f"{form_id}.{ending}"
    return Checked(content, compile_form(content, called, progress=progress), name)


def with_files(
    session: Session, checked: Checked, *, mission_id: int | None, names: Collection[str] = ()
) -> Checked:
    """The upload, with what there is to say of the files that are to go with it, by their names."""
    found = checked.compiled.schema
    if found is None:
        return checked
    known = form_media.known(session, forms.find(session, mission_id, found.form_id), mission_id, found)
    return replace(checked, compiled=checked.compiled.with_files(names, known=known))


def made_with(compiled: CompiledForm) -> frozenset[str]:
    """Names of the lists that every mission has or that come into being with the form: what is known of the files a form
    will have where no database is asked."""
    entities = compiled.schema.entities if compiled.schema else ()
    return forms.VIEWS | {f"{one.list_name}.csv" for one in entities}


def safe_name(name: str) -> str:
    """A file name without folders, and with nothing in it that a program or a shell could take for more than a name."""
    last = re.split(r"[/\\]", name)[-1]
    stem, dot, ending = re.sub(r"[^\w .()-]+", "_", last).strip(" .").rpartition(".")
    return f"{stem[:80]}{dot}{ending[:10]}" or "form"
