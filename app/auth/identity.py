"""Who is asking: the session of a browser (a cookie) or of a script (a bearer token under /v1)."""

from typing import Final
from urllib.parse import urlsplit

from flask import Response, after_this_request, g, request

from app import policy, problems
from app.db import db, writing
from app.models import User
from app.policy import Actor
from app.services import sign_in as service
from app.state import state

COOKIE: Final = "saif"
BROWSER_COOKIE: Final = "saif_browser"
_HALF_A_YEAR: Final = 180 * 24 * 3600


def by_bearer() -> bool:
    """Whether this request is for the REST interface, where a cookie means nothing."""
    return request.path.startswith("/v1/")


def token() -> str | None:
    """The session token of the request, if it carries one where it should."""
    if not by_bearer():
        return request.cookies.get(COOKIE)
    kind, _, value = request.headers.get("Authorization", "").partition(" ")
    return value.strip() if kind.lower() == "bearer" else None


def resumed() -> service.Resumed | None:
    """The session of the request, looked up once, and kept going while it is used."""
    if "saif_session" not in g:
        carried = token()
        found = service.resume(db.session, carried) if carried else None
        if found is not None and carried and found.due:
            with writing(db.session):
                service.extend(db.session, carried)
        g.saif_session = found
    session: service.Resumed | None = g.saif_session
    return session


def actor() -> Actor:
    """Who is asking; `policy.NOBODY` if they did not sign in."""
    session = resumed()
    return session.actor if session else policy.NOBODY


def user() -> User | None:
    """The person who is asking, if they signed in."""
    session = resumed()
    return session.user if session else None


def prove(email: str, password: str) -> service.SignedIn:
    """Begin a session, or write the failure into the ledger and raise.

    Raises the Problems `wrong_credentials` and `too_many_attempts`: the same for a person who is here and one
    who is not, and after the same time.
    """
    attempt = service.attempt(
        db.session,
        email=email,
        password=password,
        address=request.remote_addr or "",
        browser=request.cookies.get(BROWSER_COOKIE),
        keyring=state().keyring,
    )
    with writing(db.session):
        signed_in = service.settle(db.session, attempt)
    if signed_in is None:
        raise problems.wrong_credentials()
    g.pop("saif_session", None)
    return signed_in


def sign_in(email: str, password: str) -> User:
    """Sign a browser in: as `prove`, and the response carries its cookies."""
    signed_in = prove(email, password)
    mark = service.browser_mark(email, state().keyring)

    @after_this_request
    def remember(response: Response) -> Response:
        _set_cookie(response, COOKIE, signed_in.token)
        # Sent with the sign-in page only: it is of no use elsewhere.
        _set_cookie(response, BROWSER_COOKIE, mark, max_age=_HALF_A_YEAR, path=request.path)
        return response

    return signed_in.user


def sign_out() -> None:
    """End the session of this request; a browser forgets its cookie."""
    carried = token()
    if carried:
        with writing(db.session):
            service.sign_out(db.session, carried)
    g.saif_session = None
    if by_bearer():
        return

    @after_this_request
    def forget(response: Response) -> Response:
        response.delete_cookie(COOKIE)
        return response


def over_tls() -> bool:
    """Whether the request came under TLS, at least as far as the proxy in front of us."""
    public = state().config.url
    return request.is_secure or (public is not None and public.startswith("https:"))


def safe_next(text: str | None) -> str:
    """Where to go after signing in: a path of ours, else the home page. Never another site."""
    if (
        not text
        or not text.isprintable()
        or "\\" in text
        or not text.startswith("/")
        or text.startswith("//")
    ):
        return "/"
    parts = urlsplit(text)
    return text if not parts.scheme and not parts.netloc else "/"


def _set_cookie(
    response: Response, name: str, value: str, *, max_age: int | None = None, path: str = "/"
) -> None:
    response.set_cookie(
        name, value, max_age=max_age, path=path, secure=over_tls(), httponly=True, samesite="Lax"
    )
