"""Names people give to things: trimmed, printable, not endless."""

from app import problems


def clean(name: str, *, what: str, longest: int = 100) -> str:
    """The name as it is kept. Raises the Problem `invalid` if it is empty, too long or not printable."""
    name = name.strip()
    if not name or len(name) > longest or not name.isprintable():
        raise problems.invalid(f"{what} needs a name of at most {longest} characters, all of them visible.")
    return name
