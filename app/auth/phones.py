"""Which phone is asking, where its address does not say it: HTTP's Basic and Digest authentication.

Digest on every line, Basic under TLS only, as Collect does it (OpenRosa Authentication API).
"""

import hmac
import re
from typing import Final
from urllib.parse import unquote, urlsplit

from flask import request
from werkzeug.datastructures import Authorization

from app import problems
from app.auth import digest, identity
from app.db import connect_to_glance
from app.problems import Problem
from app.services import credentials, senders
from app.services.senders import Claim, Sender
from app.state import state

_NAME: Final = re.compile(r"[a-z0-9-]{1,32}")
_USES: Final = digest.Uses()


def sender(mission_id: int) -> Sender:
    """The phone whose user name and password came with the request.

    Raises Problem: credentials_needed with the challenges this connection may be offered; unknown_device and
    closed_mission to a phone that proved to be it.
    """
    said = request.authorization
    if said is None or not (said.type == "digest" or (said.type == "basic" and identity.over_tls())):
        raise _challenge()
    keyring = state().keyring
    name = said.get("username") or ""
    with connect_to_glance(state().engine) as connection:
        # What cannot be a name is looked up too: as none.
        claim = senders.claim(connection, username=name if _NAME.fullmatch(name) else "", keyring=keyring)
    if not _proved(said, claim, name):
        raise _challenge()
    if said.type == "digest":
        nonce, count = said.get("nonce") or "", digest.count(said.parameters)
        if not digest.alive(keyring, nonce) or count is None or not _USES.first(nonce, count):
            raise _challenge(stale=True)
    return claim.sender(mission_id)


def _proved(said: Authorization, claim: Claim, name: str) -> bool:
    if said.type == "basic":
        made = credentials.ha1(name, said.get("password") or "")
        return hmac.compare_digest(made.encode(), claim.ha1.encode())
    return digest.proves(said.parameters, ha1=claim.ha1, method=request.method) and _is_this(said.get("uri"))


def _is_this(uri: str | None) -> bool:
    """Whether what was signed is what is asked for: the path as the phone knows it, and the query."""
    try:
        signed = urlsplit(uri or "")
    except ValueError:
        return False
    asked = f"{_root()}{request.path}", request.query_string.decode("latin-1")
    return (unquote(signed.path), signed.query) == asked


def _challenge(*, stale: bool = False) -> Problem:
    path = request.path.partition("/projects/")
    domain = f"{_root()}{path[0]}/projects/{path[2].partition('/')[0]}/"
    offered = [digest.challenge(state().keyring, domain=domain, stale=stale)]
    if identity.over_tls():
        offered.append(f'Basic realm="{credentials.REALM}", charset="UTF-8"')
    return problems.credentials_needed(offered)


def _root() -> str:
    """The path below which the world sees us."""
    public = state().config.url
    return urlsplit(public).path.rstrip("/") if public else request.script_root
