"""From an uploaded file to a compiled form: the XForm, its schema, its mapping, and all that is to be said
about it.

    compiled = compile_form(content, "screening.xlsx")
    if compiled.ok: publish(compiled.xform, compiled.schema, compiled.mapping)
    for finding in compiled.findings: ...

Workbooks are converted in a child process (see `convert`) with limits of CPU time, memory and wall time;
whatever goes wrong there is a finding, never an exception. An XForm that was uploaded as XML is passed on
byte for byte.
"""

import json
import re
import signal
import subprocess
import sys
from collections.abc import Callable, Collection, Iterable
from collections.abc import Mapping as MappingABC
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path, PurePosixPath
from tempfile import TemporaryDirectory
from typing import Any

from xlsforms import cells, complaints, media, xform
from xlsforms import dictionary as words
from xlsforms import lint as designer
from xlsforms import mapping as mappings
from xlsforms.finding import Finding, Severity, error
from xlsforms.mapping import Mapping
from xlsforms.schema import Form
from xlsforms.workbook import Kind, Limits, Workbook, inspect, kind_of
from xlsforms.xml import XmlLimits

LIMITS = Limits()
Progress = Callable[[str, float | None], None]
"""Is told which step is at work, `reading`, `converting` or `checking`, and which share of it is done, 0 to 1, or None
where nobody can say."""
_ROOT = Path(__file__).resolve().parent.parent
_ORDER: tuple[Severity, ...] = ("error", "warning", "info")


@dataclass(frozen=True, slots=True)
class CompiledForm:
    """What came of a file. `media` are names of files the form wants beside it; `files` those of them the
    conversion itself made (itemsets.csv), ready to be served."""

    kind: Kind | None
    findings: tuple[Finding, ...]
    xform: bytes | None = None
    schema: Form | None = None
    mapping: Mapping | None = None
    media: tuple[str, ...] = ()
    files: MappingABC[str, bytes] = field(default_factory=dict)

    @property
    def ok(self) -> bool:
        """Whether it may be published: there is an XForm and no finding is an error."""
        return self.xform is not None and not any(finding.is_error for finding in self.findings)


def compile_form(
    content: bytes,
    name: str,
    *,
    dictionary: words.Dictionary | None = None,
    beside: Collection[str] | None = None,
    limits: Limits = LIMITS,
    progress: Progress | None = None,
) -> CompiledForm:
    """Compiles a .xlsx, .xls, .csv, .md or .xml. `name` is the file's name; its stem is the form id where the
    settings sheet names none. `beside` are the names of the files the form will have, where they are known. `progress`
    is called at every step, in this thread. Never raises for what is in the file."""
    progress = progress or (lambda *_: None)
    progress("reading", None)
    kind = kind_of(content, name)
    if isinstance(kind, Finding):
        return CompiledForm(None, (kind,))
    if finding := inspect(content, kind, limits) if len(content) > limits.upload else None:
        return CompiledForm(kind, (finding,))
    dictionary = dictionary or words.load()
    progress("checking" if kind == "xml" else "converting", None)
    if kind == "xml":
        return _assemble(kind, content, Workbook({}), dictionary=dictionary, beside=beside, limits=limits)
    answer = _convert(content, kind, name, limits)
    if isinstance(answer, Finding):
        return CompiledForm(kind, (answer,))
    if "finding" in answer:
        return CompiledForm(kind, (Finding.from_json(answer["finding"]),))
    progress("checking", None)
    workbook = Workbook.from_json(answer["sheets"])
    said = [complaints.finding(message, "warning", workbook) for message in answer["warnings"]]
    if answer["error"]:
        said.append(complaints.finding(answer["error"], "error", workbook))
    made = {"itemsets.csv": answer["itemsets"].encode()} if answer["itemsets"] else {}
    source = answer["xform"].encode() if answer["xform"] else None
    if beside is not None:
        beside = {*beside, *made}
    compiled = _assemble(
        kind, source, workbook, dictionary=dictionary, beside=beside, limits=limits, said=tuple(said)
    )
    return replace(compiled, files=made)


def _assemble(
    kind: Kind,
    source: bytes | None,
    workbook: Workbook,
    *,
    dictionary: words.Dictionary,
    beside: Collection[str] | None,
    limits: Limits,
    said: tuple[Finding, ...] = (),
) -> CompiledForm:
    found: list[Finding] = []
    faults: tuple[Finding, ...] = ()
    form = mapping = None
    if source is not None:
        try:
            form = xform.read(source, XmlLimits(bytes=limits.xform))
            mapping, doubts = mappings.read(form, dictionary)
            found += doubts
        except xform.XFormError as fault:
            faults = fault.findings
    found += designer.lint(workbook, form, mapping, dictionary)
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


def _convert(content: bytes, kind: Kind, name: str, limits: Limits) -> dict[str, Any] | Finding:
    """The child's answer, or why there is none."""
    command = [sys.executable, "-P", "-m", "xlsforms.convert", json.dumps(asdict(limits)), kind, _stem(name)]
    environment = {"PYTHONPATH": str(_ROOT), "PYTHONDONTWRITEBYTECODE": "1", "LC_ALL": "C.UTF-8"}
    try:
        with TemporaryDirectory(prefix="xlsform-") as scratch:  # pyxform writes the XForm to a file, too
            child = subprocess.run(  # noqa: S603 - our own module, arguments are not shell words
                command,
                input=content,
                capture_output=True,
                timeout=limits.wall_seconds,
                env=environment | {"TMPDIR": scratch},
                cwd=scratch,
                check=False,
            )
    except subprocess.TimeoutExpired:
        return _too_costly(f"more than {limits.wall_seconds} seconds")
    if child.returncode in (-signal.SIGXCPU, -signal.SIGKILL):
        return _too_costly(f"more than {limits.cpu_seconds} seconds of computing")
    try:
        answer: dict[str, Any] = json.loads(child.stdout)
    except ValueError:
        return _too_costly(f"more than {limits.memory >> 20} MB of memory")
    return answer


def _stem(name: str) -> str:
    """A form id from a file name: no folders, no suffix, only characters that are safe everywhere."""
    stem = PurePosixPath(name.replace("\\", "/")).stem
    safe = re.sub(r"[^A-Za-z0-9_.-]+", "_", stem).strip("._-")[:64]
    return safe if re.match(r"[A-Za-z_]", safe) else f"form_{safe}".rstrip("_")


def _too_costly(what: str) -> Finding:
    return error(
        "workbook_too_costly",
        f"Converting this workbook takes {what}, and was stopped.",
        "Make the form smaller: fewer rows, fewer references inside repeats; attach long lists as CSV files.",
    )
