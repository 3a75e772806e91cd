"""User names and passwords of phones that answer a challenge: random and made here, never a person's.

Digest needs HA1, which is as good as the password. It is locked, not sealed: a machine that only receives must check it,
and a copy of the database without its keyring must not hold it.
"""

import hashlib
import secrets
from functools import cache
from typing import Final

from app.keys import Keyring

REALM: Final = "SAIF"
"""A part of every HA1: it can never change."""
_CONTEXT: Final = "device-ha1"
LETTERS: Final = "abcdefghjkmnpqrstuvwxyz23456789"
"""Nobody takes one of these for another, on paper or on a small screen."""


def new_username() -> str:
    """A name of a phone: it says nothing about whose it is."""
    return f"phone-{_letters(8)}"


def new_password() -> str:
    """118 random bits that can be typed."""
    return _letters(24)


def ha1(username: str, password: str) -> str:
    """HA1 of RFC 7616, section 3.4.2, with MD5: the only one that Collect speaks."""
    return hashlib.md5(f"{username}:{REALM}:{password}".encode(), usedforsecurity=False).hexdigest()


def lock(username: str, password: str, keyring: Keyring) -> bytes:
    """HA1 as a device's row keeps it. It holds the name, so that it is of no use in another row."""
    return keyring.lock(ha1(username, password).encode(), _CONTEXT)


def unlock(locked: bytes | None, keyring: Keyring) -> str:
    """HA1 of a device. Where there is none, one that no password has, after the same work."""
    return keyring.unlock(locked or _nobodys(keyring), _CONTEXT).decode()


@cache
def _nobodys(keyring: Keyring) -> bytes:
    return keyring.lock(secrets.token_hex(16).encode(), _CONTEXT)


def _letters(length: int) -> str:
    return "".join(secrets.choice(LETTERS) for _ in range(length))
