"""Browsers that are devices: an interviewer without a phone fills forms in one.

A device link, or a user name with its password, is shown once. From then on a cookie says which device it is; it holds a
ticket (`app.services.senders`), which opens nothing elsewhere and ends with the device's access.
"""

import base64
import hmac
from typing import Final

from flask import Response, request

from app import problems
from app.auth import identity
from app.auth.guard import BROWSERS
from app.db import connect_to_glance
from app.models import Device
from app.services import credentials, senders
from app.services.senders import Sender
from app.state import state

COOKIE: Final = "saif_fill"
_HALF_A_YEAR: Final = 180 * 24 * 3600


def sender(mission_id: int | None = None) -> Sender:
    """The device this browser is. Raises Problem: sign_in_needed if it is none; unknown_device, closed_mission."""
    with connect_to_glance(state().engine) as connection:
        return senders.resume(connection, ticket=_ticket(), mission_id=mission_id, keyring=state().keyring)


def by_link(text: str) -> tuple[Sender, str]:
    """The device whose link this is, and its ticket. Raises Problem: unknown_device, closed_mission, link_expired."""
    with connect_to_glance(state().engine) as connection:
        sender, ticket = senders.accept(connection, invitation=_bytes(text), keyring=state().keyring)
    return sender, _text(ticket)


def by_ticket(text: str) -> tuple[Sender, str]:
    """The device whose ticket a page kept, sealed, for when it is unlocked. Raises Problem as `sender`."""
    with connect_to_glance(state().engine) as connection:
        return senders.resume(connection, ticket=_bytes(text), keyring=state().keyring), text


def by_name(username: str, password: str) -> tuple[Sender, str]:
    """The device of this name. Raises Problem: wrong_credentials; once it proved to be it, as `by_ticket`."""
    keyring = state().keyring
    with connect_to_glance(state().engine) as connection:
        claim = senders.claim(connection, username=username, keyring=keyring)
    if not hmac.compare_digest(credentials.ha1(username, password).encode(), claim.ha1.encode()):
        raise problems.wrong_credentials()
    return claim.sender(), _text(senders.ticket(keyring.token_digest(password), keyring))


def link(device: Device) -> str:
    """What stands behind the # of a device's link."""
    return _text(senders.invitation(device, state().keyring))


def carried() -> bool:
    """Whether this browser says that it is a device."""
    return bool(request.cookies.get(COOKIE))


def remember(response: Response, ticket: str) -> Response:
    """Have the browser keep its ticket: sent to our pages for interviews only, and shown to no script."""
    _set(response, ticket)
    return response


def renew(response: Response) -> Response:
    """As long as a browser comes back it stays the device."""
    _set(response, request.cookies[COOKIE])
    return response


def forget(response: Response) -> Response:
    """Have the browser forget its ticket."""
    response.delete_cookie(COOKIE, path=_path(), httponly=True, samesite="Strict", secure=identity.over_tls())
    return response


def _ticket() -> bytes:
    text = request.cookies.get(COOKIE)
    if not text:
        raise problems.sign_in_needed()
    return _bytes(text)


def _text(locked: bytes) -> str:
    return base64.urlsafe_b64encode(locked).decode()


def _bytes(text: str) -> bytes:
    try:
        return base64.urlsafe_b64decode(text.encode("ascii"))
    except ValueError:
        raise problems.unknown_device() from None


def _set(response: Response, value: str) -> None:
    response.set_cookie(
        COOKIE,
        value,
        max_age=_HALF_A_YEAR,
        path=_path(),
        secure=identity.over_tls(),
        httponly=True,
        samesite="Strict",
    )


def _path() -> str:
    return f"{request.script_root}{BROWSERS}"
