"""Files that were dropped together: which of them is the form, and which go with it.

A spreadsheet is a form, and so is an XForm; a CSV or XML file may be either a form or data that a form asks for, which
is told by what it begins with.
"""

import re
from collections.abc import Mapping, Sequence

HEAD = 4096
"""Bytes that tell what a file is."""
_SHEETS = re.compile(
    rb'\A\s*"?(?:survey|choices|settings|external_choices|entities|osm)"?\s*(?:,|$)', re.I | re.M
)
_XFORM = re.compile(rb"<(?:[\w.-]+:)?html[\s>]")


def forms(files: Mapping[str, bytes]) -> Sequence[str]:
    """Names of those that may be the form, by name and the first `HEAD` bytes: the kind most surely a form first, and of
    that kind all. One name means that it is the form; none, or several, that nobody can know."""
    for told in (_is_spreadsheet, _is_table, _is_package):
        if found := [
            name for name, head in files.items() if told(name.lower(), head.lstrip(b"\xef\xbb\xbf"))
        ]:
            return found
    return list(files) if len(files) == 1 else []


def _is_spreadsheet(name: str, _head: bytes) -> bool:
    return name.endswith((".xlsx", ".xls", ".xlsm", ".ods"))


def _is_table(name: str, head: bytes) -> bool:
    if name.endswith(".xml"):
        return bool(_XFORM.search(head))
    return name.endswith(".md") or (name.endswith(".csv") and bool(_SHEETS.match(head)))


def _is_package(name: str, _head: bytes) -> bool:
    return name.endswith(".zip")
