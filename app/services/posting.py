"""Posting to an address that somebody typed: to the machine that was checked and no other, without redirects, and not
for long. What is inside the house is not to be reached through us, unless its operator says so."""

import http.client
import ipaddress
import socket
import ssl
from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import SplitResult, urlsplit

from app import problems
from app.language import _

TIMEOUT: Final = 10.0
"""Seconds for each step of an attempt."""
LONGEST: Final = 500


class RefusedError(OSError):
    """The address is not one that may be reached."""


def check(url: str, *, private: bool) -> str:
    """The address, if it can be posted to. Raises the Problem `invalid`. What its name leads to is looked at again at
    each attempt."""
    url = url.strip()
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise _invalid(_("It is no address.")) from None
    if not parts.hostname or len(url) > LONGEST or not url.isprintable() or " " in url:
        raise _invalid(_("It is no address."))
    if parts.username or parts.password or parts.fragment:
        raise _invalid(_("It holds a user name, a password or a fragment."))
    local = private and _is_loopback(parts.hostname)
    if parts.scheme != "https" and not (parts.scheme == "http" and local):
        raise _invalid(_("It does not begin with https://."))
    if port == 0 or (not private and _is_inside(parts.hostname)):
        raise _invalid(_("It is an address inside a network."))
    return url


def post(url: str, body: bytes, headers: Mapping[str, str], *, private: bool) -> int:
    """The HTTP status that came back. Raises OSError, http.client.HTTPException."""
    parts = urlsplit(url)
    assert parts.hostname is not None
    port = parts.port or (443 if parts.scheme == "https" else 80)
    address = _address(parts.hostname, port, private=private)
    connection = _Connection(parts, address, port)
    try:
        path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        connection.request("POST", path, body, dict(headers))
        return connection.getresponse().status
    finally:
        connection.close()


class _Connection(http.client.HTTPConnection):
    """Connects to the address that was checked: a name that is asked again may lead elsewhere."""

    def __init__(self, parts: SplitResult, address: str, port: int) -> None:
        super().__init__(str(parts.hostname), port, timeout=TIMEOUT)
        if parts.scheme == "https":
            self.default_port = 443
        self._parts = parts
        self._address = address

    def connect(self) -> None:
        connected = socket.create_connection((self._address, self.port), TIMEOUT)
        if self._parts.scheme == "https":
            context = ssl.create_default_context()
            self.sock = context.wrap_socket(connected, server_hostname=self._parts.hostname)
        else:
            self.sock = connected


def _address(host: str, port: int, *, private: bool) -> str:
    found: list[Any] = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    addresses = [str(one[4][0]) for one in found]
    if not private and any(not _is_public(address) for address in addresses):
        raise RefusedError("the name leads into a network that is not to be reached")
    return addresses[0]


def _is_public(address: str) -> bool:
    found = ipaddress.ip_address(address.partition("%")[0])
    mapped = getattr(found, "ipv4_mapped", None) or found
    return bool(mapped.is_global) and not mapped.is_multicast


def _is_inside(host: str) -> bool:
    """Whether the host is written as an address that is not public, or is this machine."""
    if host.lower().rstrip(".") == "localhost" or host.lower().endswith(
        (".localhost", ".internal", ".local")
    ):
        return True
    try:
        return not _is_public(host)
    except ValueError:
        return False


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host.lower() == "localhost"


def _invalid(why: str) -> problems.Problem:
    return problems.invalid(
        _("That address cannot be used. %(why)s", why=why),
        _(
            "Give a whole https:// address that is reached from everywhere. For addresses inside a network the "
            "operator sets SAIF_WEBHOOKS_PRIVATE."
        ),
    )
