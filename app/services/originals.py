"""What designers uploaded, byte for byte and under its own name; and the same with findings as comments."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import cast

from app import problems
from app.models import FormVersion, Upload
from app.services.checked import safe_name
from xlsforms import apart
from xlsforms.annotate import annotate
from xlsforms.finding import Finding
from xlsforms.workbook import Kind, kind_of


@dataclass(frozen=True, slots=True)
class Original:
    """A file with its kind (`publish.KINDS`; empty where it is none of them) and the name under which it is given
    out."""

    content: bytes
    kind: str
    name: str


def of_version(version: FormVersion, xml_form_id: str) -> Original:
    """The file a version was made from. Raises the Problem `not_found` if it came without one."""
    kind = version.workbook_type or "xml"
    content = version.workbook or (version.xform if kind == "xml" else None)
    if content is None:
        raise problems.not_found("original of this version")
    name = version.workbook_name or f"{xml_form_id}-{version.version or 'draft'}.{kind}"
    return Original(content, kind, name)


def of_upload(upload: Upload) -> Original:
    """The file that was refused. Raises the Problem `not_found` once it is the original of a version."""
    if upload.content is None:
        raise problems.not_found("upload")
    kind = kind_of(upload.content, upload.name)
    return Original(upload.content, "" if isinstance(kind, Finding) else kind, safe_name(upload.name))


def annotated(original: Original, findings: Sequence[Finding]) -> Original:
    """A workbook with the findings as comments on its cells and as its first sheet, made in a process with limits.
    Raises the Problem `conflict` where that cannot be."""
    if not original.kind:
        raise problems.not_found("workbook that can be opened")
    try:
        content = annotate(original.content, cast("Kind", original.kind), findings)
    except apart.Stopped:
        raise problems.conflict(
            "The comments cannot be written into this workbook.", "Read the findings on the page."
        ) from None
    stem = original.name.rpartition(".")[0] or original.name
    return replace(original, content=content, kind="xlsx", name=f"{stem}-findings.xlsx")
