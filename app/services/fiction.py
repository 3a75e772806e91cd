"""Cases of nobody: what a test device has for `cases.csv`, so that no draft is ever tried on a real case."""

from collections.abc import Iterator
from uuid import UUID

from app.models import CaseEntity

# (sex, minor, status, next contact): one of each kind that a form is likely to treat differently.
_CASES = (
    ("female", "0", "active", ""),
    ("male", "0", "active", "2030-01-15"),
    ("female", "1", "active", "2030-01-15"),
    ("", "", "active", ""),
)


def cases() -> Iterator[CaseEntity]:
    """Entities as those of the case store are, made up and stored nowhere. Their labels say so."""
    for number, (sex, is_minor, status, next_contact_on) in enumerate(_CASES, start=1):
        yield CaseEntity(
            # Of version 4, or phones ignore them; the same each time, or phones would pile them up.
            case_id=UUID(f"7e57ca5e-0000-4000-8000-{number:012x}"),
            label=f"TEST-{number:04d} (fiction)",
            version=1,
            sex=sex,
            is_minor=is_minor,
            status=status,
            next_contact_on=next_contact_on,
        )
