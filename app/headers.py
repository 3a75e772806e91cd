"""The headers of what browsers get: what a page may do, and what is kept of it; and the addresses of static files."""

import hashlib
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import Final

from flask import Response, current_app, request, url_for

PAGES: Final = {
    # No inline script or style anywhere: what somebody typed into a form can never run here.
    "Content-Security-Policy": "default-src 'self'; base-uri 'none'; object-src 'none'; form-action 'self'; "
    "frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
}
_POLICY: Final = "Content-Security-Policy"
_OF_THE_ENGINE: Final = (
    # It reads XPath by WebAssembly and styles its controls as it goes. Still no eval, no inline script, and nothing
    # from or to another host.
    "; script-src 'self' 'wasm-unsafe-eval'; style-src 'self' 'unsafe-inline'"
    "; img-src 'self' blob: data:; connect-src 'self' blob: data:"
)


def harden(response: Response) -> Response:
    """Harden the answer. Pages are never kept by a browser or proxy: they are about people."""
    for name, value in PAGES.items():
        response.headers.setdefault(name, value)
    if request.is_secure:
        response.headers.setdefault("Strict-Transport-Security", "max-age=31536000")
    if request.endpoint == "static":
        if request.args.get("v"):
            response.headers["Cache-Control"] = "public, max-age=31536000, immutable"
    else:
        response.headers["Cache-Control"] = "no-store"
    return response


def with_engine(page: str) -> Response:
    """A page that runs the form engine, with the headers that lets it."""
    return Response(page, mimetype="text/html", headers={_POLICY: PAGES[_POLICY] + _OF_THE_ENGINE})


def asks_for_a_range() -> bool:
    """Whether the request asks for one range of bytes. What is not understood, and several at once, which a server may
    leave aside (RFC 9110, 14.2), are answered with the whole."""
    asked = request.range
    if request.method != "GET" or asked is None or asked.units != "bytes" or len(asked.ranges) != 1:
        return False
    # A weak tag is one of compressed bytes, to which no range of the plain ones may be joined (13.1.5).
    return not request.headers.get("If-Range", "").startswith("W/")


def asset(name: str) -> str:
    """The URL of a static file, with its digest: browsers keep it until it changes."""
    return url_for("static", filename=name, v=_digest(str(current_app.static_folder), name))


def version(names: Iterable[str], page: str) -> str:
    """What tells static files and a page made of them from their next version."""
    folder = str(current_app.static_folder)
    whole = "\n".join([*(_digest(folder, name) for name in names), page])
    return hashlib.sha256(whole.encode()).hexdigest()[:12]


@cache
def _digest(folder: str, name: str) -> str:
    return hashlib.sha256((Path(folder) / name).read_bytes()).hexdigest()[:12]
