"""Digest authentication as OpenRosa restricts it (RFC 7616; algorithm MD5, qop "auth" or none).

Any web process can check what another one challenged: a nonce carries its time and is signed.
"""

import base64
import hashlib
import hmac
import os
import threading
import time
from collections.abc import Callable, Mapping
from typing import Final

from app.keys import Keyring
from app.services.credentials import REALM

LIFE: Final = 3600
"""Seconds a nonce may be used. A phone on a bad line needs minutes for one interview, and sends many in a row."""
_MAC: Final = 16
_TIME: Final = 6
_SALT: Final = 6
_WINDOW: Final = 64
_MANY: Final = 10_000


class Uses:
    """Which counts of which nonces were used, so that what was overheard cannot be sent again.

    Each process counts for itself: to count for all, a submission would have to write a row that others write too. What
    this leaves open, the end of the nonce and TLS close.
    """

    def __init__(self) -> None:
        self._mutex = threading.Lock()
        self._used: dict[str, tuple[int, int]] = {}

    def first(self, nonce: str, count: int) -> bool:
        """Whether a count is used for the first time. They may come out of order, on several connections: a window
        of the last 64 is remembered, and older ones count as used."""
        with self._mutex:
            highest, bits = self._used.get(nonce, (0, 0))
            if count > highest:
                bits = (bits << min(count - highest, _WINDOW) | 1) & (1 << _WINDOW) - 1
                highest = count
            elif highest - count >= _WINDOW or bits >> highest - count & 1:
                return False
            else:
                bits |= 1 << highest - count
            if nonce not in self._used and len(self._used) >= _MANY:
                self._forget()
            self._used[nonce] = highest, bits
            return True

    def _forget(self) -> None:
        """Drop what has expired; if all of it is young, the oldest half."""
        gone = [one for one in self._used if not 0 <= time.time() - _made_at(one) < LIFE]
        for nonce in gone or sorted(self._used, key=_made_at)[: _MANY // 2]:
            del self._used[nonce]


def challenge(keyring: Keyring, *, domain: str, stale: bool = False) -> str:
    """A value for WWW-Authenticate, with a fresh nonce. `domain` is the path below which the credentials hold."""
    opaque = keyring.derive("digest opaque", b"").hex()[:16]
    return (
        f'Digest realm="{REALM}", domain="{domain}", nonce="{new_nonce(keyring)}", opaque="{opaque}", '
        f'algorithm=MD5, qop="auth", stale={"true" if stale else "false"}'
    )


def proves(said: Mapping[str, str | None], *, ha1: str, method: str) -> bool:
    """Whether the parameters of an Authorization header were made by somebody who knows the password."""
    value = {name: (text or "") for name, text in said.items()}
    if value.get("realm") != REALM or value.get("algorithm", "MD5").upper() != "MD5":
        return False
    ha2 = _md5(f"{method}:{value.get('uri', '')}")
    between = [value.get("nonce", "")]
    if value.get("qop"):
        if value["qop"] != "auth" or count(said) is None:
            return False
        between += [value["nc"], value.get("cnonce", ""), "auth"]
    expected = _md5(":".join([ha1, *between, ha2]))
    return hmac.compare_digest(expected.encode(), value.get("response", "").encode("utf-8", "replace"))


def count(said: Mapping[str, str | None]) -> int | None:
    """The count of a nonce that a header claims, 1 at least; None for what is none. Without qop nothing is counted, and
    a nonce serves once."""
    if not said.get("qop"):
        return 1
    text = said.get("nc") or ""
    try:
        return (int(text, 16) or None) if len(text) == 8 else None
    except ValueError:
        return None


def new_nonce(keyring: Keyring, clock: Callable[[], float] = time.time) -> str:
    """A nonce: its time, a grain of salt, and a signature of both."""
    body = int(clock()).to_bytes(_TIME, "big") + os.urandom(_SALT)
    return base64.urlsafe_b64encode(body + _sign(keyring, body)).decode()


def alive(keyring: Keyring, nonce: str) -> bool:
    """Whether a nonce is one of ours, and not too old."""
    try:
        raw = base64.b64decode(nonce, altchars=b"-_", validate=True)
    except ValueError:
        return False
    body, signature = raw[: _TIME + _SALT], raw[_TIME + _SALT :]
    return hmac.compare_digest(signature, _sign(keyring, body)) and 0 <= time.time() - _made_at(nonce) < LIFE


def _made_at(nonce: str) -> int:
    return int.from_bytes(base64.urlsafe_b64decode(nonce)[:_TIME], "big")


def _sign(keyring: Keyring, body: bytes) -> bytes:
    return keyring.derive("digest nonce", body)[:_MAC]


def _md5(text: str) -> str:
    return hashlib.md5(text.encode("utf-8", "replace"), usedforsecurity=False).hexdigest()
