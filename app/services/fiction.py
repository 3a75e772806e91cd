"""Cases of nobody: what a test device has for `cases.csv`, so that no draft is ever tried on a real case."""

from typing import Any, Final
from uuid import UUID

# (sex, minor, status, next contact): one of each kind that a form is likely to treat differently.
_SAID: Final = (
    ("female", "0", "active", ""),
    ("male", "0", "active", "2030-01-15"),
    ("female", "1", "active", "2030-01-15"),
    ("", "", "active", ""),
)
CASES: Final[list[tuple[Any, ...]]] = [
    # Uids of version 4, or phones ignore them; the same each time, or phones would pile them up.
    (UUID(f"7e57ca5e-0000-4000-8000-{number:012x}"), f"TEST-{number:04d} (fiction)", 1, *said)
    for number, said in enumerate(_SAID, start=1)
]
"""Rows as `entities.rows` gives them, made up and stored nowhere. Their labels say so."""
REVISION: Final = f"fiction {CASES}"
"""Changes with them."""
