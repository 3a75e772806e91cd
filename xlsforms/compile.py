"""From an uploaded file to a compiled form: the XForm, its schema, its mapping, and all that is to be said
about it.

    compiled = compile_form(content, "screening.xlsx")
    if compiled.ok: publish(compiled.xform, compiled.schema, compiled.mapping)
    for finding in compiled.findings: ...

All of it happens in a child process (see `apart`) with limits of CPU time, memory and wall time; whatever goes wrong
there is a finding, never an exception. An XForm that was uploaded as XML is passed on byte for byte.
"""

import re
from collections.abc import Callable, Collection, Iterable
from collections.abc import Mapping as MappingABC
from dataclasses import dataclass, field, replace
from pathlib import PurePosixPath
from typing import Any

from xlsforms import apart, cells, complaints, media, xform
from xlsforms import dictionary as words
from xlsforms import lint as designer
from xlsforms import mapping as mappings
from xlsforms.convert import convert
from xlsforms.finding import Finding, Severity, error
from xlsforms.mapping import Mapping
from xlsforms.marked import N_, worded
from xlsforms.schema import Form
from xlsforms.workbook import Kind, Limits, Workbook, kind_of, too_large
from xlsforms.xml import XmlLimits

LIMITS = Limits()
Progress = Callable[[str, float | None], None]
"""Is told which step is at work, `reading`, `converting` or `checking`, and which share of it is done, 0 to 1, or None
where nobody can say."""
_ORDER: tuple[Severity, ...] = ("error", "warning", "info")


@dataclass(frozen=True, slots=True)
class CompiledForm:
    """What came of a file. `media` are names of files the form wants beside it; `files` those of them the
    conversion itself made (itemsets.csv), ready to be served. `workbook` are the
    cells of one that was opened."""

    kind: Kind | None
    findings: tuple[Finding, ...]
    xform: bytes | None = None
    schema: Form | None = None
    mapping: Mapping | None = None
    media: tuple[str, ...] = ()
    files: MappingABC[str, bytes] = field(default_factory=dict)
    workbook: Workbook = field(default_factory=lambda: Workbook({}))

    @property
    def ok(self) -> bool:
        """Whether it may be published: there is an XForm and no finding is an error."""
        return self.xform is not None and not any(finding.is_error for finding in self.findings)

    def to_json(self) -> dict[str, Any]:
        """What the child answers. An XForm that was uploaded is known to who asked."""
        return {
            "findings": [one.to_json() for one in self.findings],
            "xform": self.xform.decode() if self.xform is not None and self.kind != "xml" else None,
            "schema": self.schema.to_json() if self.schema is not None else None,
            "mapping": self.mapping.to_json() if self.mapping is not None else None,
            "files": {name: made.decode() for name, made in self.files.items()},
            "workbook": self.workbook.to_json(),
        }

    def with_files(self, beside: Collection[str], *, known: Collection[str] = ()) -> "CompiledForm":
        """The same, and what is to be said of the files beside it: names of those given with it, and of those `known`
        to be there anyhow, of which nobody expects that the form names them."""
        if self.schema is None:
            return self
        kept = [one for one in self.findings if one.code not in media.CODES]
        found = media.check(self.workbook, self.schema, {*beside, *self.files}, known=known)
        return replace(self, findings=_in_order([*kept, *found]))


def compile_form(
    content: bytes,
    name: str,
    *,
    beside: Collection[str] | None = None,
    limits: Limits = LIMITS,
    progress: Progress | None = None,
) -> CompiledForm:
    """Compiles a .xlsx, .xls, .csv, .md or .xml. `name` is the file's name; its stem is the form id where the
    settings sheet names none. `beside` are the names of the files the form will have, where they are known. `progress`
    is called at every step, in this thread. Never raises for what is in the file."""
    kind = kind_of(content, name)
    if isinstance(kind, Finding):
        return CompiledForm(None, (kind,))
    if finding := too_large(content, limits):
        return CompiledForm(kind, (finding,))
    return _compile(kind, content, name, beside=beside, limits=limits, progress=progress or (lambda *_: None))


def compile_apart(
    kind: Kind,
    content: bytes,
    name: str,
    *,
    beside: Collection[str] | None,
    limits: Limits,
    progress: Progress,
) -> CompiledForm:
    """`compile_here` in a child process within limits."""
    request = {"kind": kind, "name": name, "beside": None if beside is None else sorted(beside)}
    try:
        answer = apart.run(request, content, limits=limits, progress=progress)
    except apart.Stopped as stopped:
        return CompiledForm(kind, (_too_costly(stopped.why, limits),))
    if fault := answer.get("fault"):
        return CompiledForm(kind, (complaints.broken(fault),))
    schema, mapping, text = answer["schema"], answer["mapping"], answer["xform"]
    form = Form.from_json(schema) if schema is not None else None
    return CompiledForm(
        kind=kind,
        findings=tuple(Finding.from_json(one) for one in answer["findings"]),
        xform=(content if text is None else text.encode()) if form is not None else None,
        schema=form,
        mapping=Mapping.from_json(mapping) if mapping is not None else None,
        media=form.media if form is not None else (),
        files={file: made.encode() for file, made in answer["files"].items()},
        workbook=Workbook.from_json(answer["workbook"]),
    )


_compile = compile_apart


def compile_here(
    kind: Kind,
    content: bytes,
    name: str,
    *,
    beside: Collection[str] | None,
    limits: Limits,
    progress: Progress,
) -> CompiledForm:
    """Compiles in this process, without limits of time and memory."""
    if kind == "xml":
        return _assemble(kind, content, Workbook({}), beside=beside, limits=limits, progress=progress)
    made = convert(content, kind, stem=_stem(name), limits=limits, progress=progress)
    if made.finding is not None:
        return CompiledForm(kind, (made.finding,))
    said = [*made.remarks, *(complaints.finding(one, "warning", made.workbook) for one in made.warnings)]
    if made.error:
        said.append(complaints.finding(made.error, "error", made.workbook))
    files = {"itemsets.csv": made.itemsets.encode()} if made.itemsets else {}
    compiled = _assemble(
        kind,
        made.xform.encode() if made.xform else None,
        made.workbook,
        beside=None if beside is None else {*beside, *files},
        limits=limits,
        progress=progress,
        said=tuple(said),
    )
    return replace(compiled, files=files, workbook=made.workbook)


def _assemble(
    kind: Kind,
    source: bytes | None,
    workbook: Workbook,
    *,
    beside: Collection[str] | None,
    limits: Limits,
    progress: Progress,
    said: tuple[Finding, ...] = (),
) -> CompiledForm:
    progress("checking", 0.0)
    dictionary = words.load()
    found: list[Finding] = []
    faults: tuple[Finding, ...] = ()
    form = mapping = None
    if source is not None:
        try:
            form = xform.read(source, XmlLimits(bytes=limits.xform))
            progress("checking", 0.3)
            mapping, doubts = mappings.read(form, dictionary)
            found += doubts
        except xform.XFormError as fault:
            faults = fault.findings
    progress("checking", 0.4)
    found += designer.lint(workbook, form, mapping, dictionary)
    progress("checking", 0.9)
    if form is not None and beside is not None:
        found += media.check(workbook, form, beside)
    if kind == "xml" or not any(one.is_error for one in found):
        found += faults  # of what was made from cells the cells tell more
    if any(one.code in cells.NESTING for one in found):
        said = tuple(one for one in said if one.code not in cells.NESTING)
    found += said  # last: of two findings about one cell, ours names the nearest word
    return CompiledForm(
        kind=kind,
        findings=_in_order(designer.placed(found, workbook)),
        xform=source if form is not None else None,
        schema=form,
        mapping=mapping,
        media=form.media if form is not None else (),
    )


def _in_order(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """Errors first, then by place; of findings about one cell with one code, the first."""
    unique: dict[tuple[Any, ...], Finding] = {}
    for one in findings:
        place = (one.sheet, one.row, one.column) if one.row else (one.message, one.question)
        unique.setdefault((one.code, *place), one)
    return tuple(
        sorted(
            unique.values(),
            key=lambda one: (_ORDER.index(one.severity), one.sheet or "", one.row or 0, one.code),
        )
    )


def _stem(name: str) -> str:
    """A form id from a file name: no folders, no suffix, only characters that are safe everywhere."""
    stem = PurePosixPath(name.replace("\\", "/")).stem
    safe = re.sub(r"[^A-Za-z0-9_.-]+", "_", stem).strip("._-")[:64]
    return safe if re.match(r"[A-Za-z_]", safe) else f"form_{safe}".rstrip("_")


def _too_costly(why: apart.Why, limits: Limits) -> Finding:
    if why == "crash":
        return complaints.broken("the process broke down")
    what = {
        "time": worded("more than %(number)s seconds", number=limits.wall_seconds),
        "computing": worded("more than %(number)s seconds of computing", number=limits.cpu_seconds),
        "memory": worded("more than %(number)s MB of memory", number=limits.memory >> 20),
    }[why]
    return error(
        "workbook_too_costly",
        worded("Converting this workbook takes %(what)s, and was stopped.", what=what),
        N_(
            "Make the form smaller: fewer rows, fewer references inside repeats; attach long lists as CSV files."
        ),
    )
