"""What somebody typed to search for: encrypted in the address of what was found.

A name may be typed there, and addresses are kept by browsers, proxies and logs, and told to others as where one came
from. So a search is posted, and leads to an address that this server alone can read; links, pages and saved views go on
from it. An address that holds plain words, because somebody wrote it by hand, leads on to one that does not.
"""

import base64
from collections.abc import Collection, Mapping, Sequence
from typing import Any, Final

from flask import request
from werkzeug.datastructures import MultiDict

from app import problems
from app.keys import KeyringError
from app.language import _
from app.state import state

_MARK: Final = "~"
_CONTEXT: Final = "typed"
_LONGEST: Final = 4000
"""Characters of an encrypted text."""


def sealed(text: str) -> str:
    """A text as it stands in an address."""
    encrypted = state().keyring.encrypt(text.encode("utf-8", "replace"), _CONTEXT)
    return _MARK + base64.urlsafe_b64encode(encrypted).decode().rstrip("=")


def opened(said: str) -> str:
    """The text again; one that is not encrypted stands for itself. Raises the Problem `invalid`."""
    if not said.startswith(_MARK):
        return said
    token = said.removeprefix(_MARK)
    try:
        if len(token) > _LONGEST:
            raise ValueError("too long")
        encrypted = base64.urlsafe_b64decode(token + "=" * (-len(token) % 4))
        return state().keyring.decrypt(encrypted, _CONTEXT).decode()
    except (ValueError, KeyringError):
        raise problems.invalid(
            _("What was searched for cannot be read out of this address."), _("Search again.")
        ) from None


def read(name: str) -> str:
    """An argument of the address, without blanks around; empty where there is none."""
    return opened(request.args.get(name, "")).strip()


def in_plain(names: Collection[str]) -> bool:
    """Whether the address holds one of these arguments for everybody to read."""
    return any(said and not said.startswith(_MARK) for name in names for said in request.args.getlist(name))


def arguments(said: MultiDict[str, str], names: Collection[str]) -> Mapping[str, Sequence[str]]:
    """The filled fields of a search, or arguments of an address, as they stand in an address: these encrypted."""
    found: dict[str, Any] = {}
    for name, values in said.lists():
        kept = [one.strip() for one in values if one.strip()]
        if name in names:
            kept = [one if _is_sealed(one) else sealed(one) for one in kept]
        if kept and name != "csrf_token":
            found[name] = kept
    return found


def _is_sealed(said: str) -> bool:
    try:
        return said.startswith(_MARK) and bool(opened(said))
    except problems.Problem:
        return False  # somebody typed the mark
