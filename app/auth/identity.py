"""Who is asking: the session of a browser (a cookie) or of a script (a bearer token under /v1), or an access token."""

from typing import Final
from urllib.parse import urlsplit

from flask import Response, after_this_request, g, request

from app import policy, problems
from app.db import db, writing
from app.models import User
from app.policy import Actor
from app.services import access_tokens
from app.services import sign_in as service
from app.state import state

COOKIE: Final = "saif"
BROWSER_COOKIE: Final = "saif_browser"
_HALF_A_YEAR: Final = 180 * 24 * 3600


def by_bearer() -> bool:
    """Whether this request is for the REST interface, where a cookie means nothing."""
    return request.path.startswith("/v1/")


def token() -> str | None:
    """The session token or access token of the request, if it carries one where it should.

    Excel and Power BI know Basic authentication only: they carry an access token as the password. A browser that was
    told one would send it of itself wherever a page of others leads it, so it opens what is read and nothing else.
    """
    if not by_bearer():
        return request.cookies.get(COOKIE)
    kind, _, value = request.headers.get("Authorization", "").partition(" ")
    if kind.lower() == "bearer":
        return value.strip()
    said = request.authorization
    if kind.lower() == "basic" and said is not None and request.method in ("GET", "HEAD"):
        password = said.get("password") or ""
        return password if password.startswith(access_tokens.PREFIX) else None
    return None


def resumed() -> service.Resumed | access_tokens.Used | None:
    """The session or the access token of the request, looked up once, and kept going while it is used."""
    if "saif_session" not in g:
        carried = token()
        if carried and by_bearer() and carried.startswith(access_tokens.PREFIX):
            g.saif_session = _by_access_token(carried)
        else:
            g.saif_session = _by_session(carried) if carried else None
    session: service.Resumed | access_tokens.Used | None = g.saif_session
    return session


def _by_session(carried: str) -> service.Resumed | None:
    found = service.resume(db.session, carried)
    if found is not None and found.due:
        with writing(db.session):
            service.extend(db.session, carried)
    return found


def _by_access_token(carried: str) -> access_tokens.Used | None:
    """Raises the Problem `too_many_attempts` to a machine that goes on showing what opens nothing."""
    keyring = state().keyring
    found = access_tokens.resume(db.session, carried, keyring)
    said = request.authorization
    if found is not None and said is not None and said.type == "basic":
        found = found if (said.get("username") or "").strip().lower() == found.user.email else None
    if found is None:
        with writing(db.session):
            access_tokens.refuse(db.session, address=request.remote_addr or "", keyring=keyring)
    elif found.due:
        with writing(db.session):
            access_tokens.note_use(db.session, found)
    return found


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
