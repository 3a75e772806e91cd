"""What surrounds every page: where one is, navigation by role."""

import io
import json
import re
from collections.abc import Callable, Container, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlencode

from flask import Flask, Response, g, request, send_file, url_for

from app import auth, headers, language, policy
from app.db import db
from app.language import N_, _
from app.models import Mission
from app.services import mentions, saved_downloads, webhooks
from app.services import missions as missions_service

_MISSION: Final = re.compile(r"/projects/(\d+)(?:/|$)")


@dataclass(frozen=True, slots=True)
class NavigationItem:
    """A link of the rail. `key` follows `g` on the keyboard; `here` marks the part of the house one is in; `notices`
    are things there that one has not looked at: what went wrong, or, with `told`, what somebody told one."""

    key: str
    label: str
    icon: str
    url: str
    here: bool
    notices: int = 0
    told: bool = False


_RAIL: Final = (
    ("h", N_("Home"), "home", "home.read", "ui.home.mission"),
    ("f", N_("Forms"), "forms", "form.list", "ui.forms.listing"),
    ("s", N_("Submissions"), "submissions", "submission.read", "ui.submissions.listing"),
    ("c", N_("Cases"), "cases", "case.read", "ui.cases.listing"),
    ("n", N_("Figures"), "figures", "case.read", "ui.figures.of_mission"),
    ("e", N_("Lists"), "lists", "entity_list.read", "ui.entity_lists.listing"),
    ("d", N_("Devices"), "devices", "device.list", "ui.devices.listing"),
    ("x", N_("Download"), "download", "submission.export", "ui.downloads.choose"),
    ("w", N_("Webhooks"), "webhooks", "webhook.keep", "ui.webhooks.listing"),
    ("l", N_("Ledger"), "ledger", "ledger.read", "ui.ledger.listing"),
)


def init_app(app: Flask, filters: Mapping[str, Callable[..., Any]]) -> None:
    """Give templates what they need, and every page its headers."""
    app.jinja_env.globals["asset"] = headers.asset
    app.jinja_env.filters.update(filters)
    app.context_processor(context)
    app.after_request(_headers)


def context() -> dict[str, Any]:
    """What `page.html` shows around the content. Nothing for those who have not signed in."""
    user = auth.user() if request.endpoint != "static" else None
    if user is None:
        return {"me": None}
    here = mission()
    return {
        "me": user,
        "me_roles": _roles(here),
        "mission": here,
        "missions": missions(),
        "navigation": _navigation(here),
        "can": can,
    }


def mission() -> Mission | None:
    """The mission whose page this is, by the URL, if the actor holds a role there: also where the rest of the
    URL names no page."""
    found = _MISSION.match(request.path)
    return next((one for one in missions() if str(one.id) == found[1]), None) if found else None


def missions() -> list[Mission]:
    """The missions the actor holds a role in, by name."""
    if "missions" not in g:
        g.missions = missions_service.listing(db.session, auth.actor())
    found: list[Mission] = g.missions
    return found


def can(action: str) -> bool:
    """Whether the actor may do this in the mission of the page."""
    here = mission()
    return policy.may(auth.actor(), action, here.id if here else None)


def locale() -> str:
    """The reader's language, for the labels of codes. Those are in English where there is none in that language."""
    return language.current()


def one_of(name: str, known: Container[str]) -> str | None:
    """An argument of the URL if it is one of those known; a list is never narrowed by anything else."""
    wanted = request.args.get(name)
    return wanted if wanted in known else None


@dataclass(frozen=True, slots=True)
class Pages:
    """Where the first page of a list is, unless this is it, and where the next is, if there is one."""

    first: str | None
    next: str | None
    filtered: bool


def pages(endpoint: str, project_id: int, following: str | None, **place: str) -> Pages:
    """The links under a list: the filters of the URL stay as they are. `place` is what else its path holds."""
    kept = {name: value for name, value in request.args.items() if name != "after" and value}
    place |= {"project_id": str(project_id)}
    return Pages(
        first=address(endpoint, kept, **place) if "after" in request.args else None,
        next=address(endpoint, {**kept, "after": following}, **place) if following else None,
        filtered=len(kept) + len(place) > 1,
    )


def address(endpoint: str, arguments: Mapping[str, Any], **place: Any) -> str:
    """The address of a page with these arguments, one or several values each, whatever they are called: some names mean
    something to `url_for`, and people can write any."""
    query = urlencode(arguments, doseq=True, safe="/")
    path = url_for(endpoint, **place)
    return f"{path}?{query}" if query else path


def own_language(languages: Iterable[str]) -> str | None:
    """The language of a form that is the reader's own, `Français (fr)` for fr."""
    return next((one for one in languages if one.endswith(f"({locale()})")), None)


def _roles(here: Mission | None) -> str:
    """What one is in this mission, in words."""
    held = auth.actor().grants
    here_or_everywhere = {grant.role for grant in held if here is None or grant.mission_id in (None, here.id)}
    return _(", ").join(sorted(map(policy.role_name, here_or_everywhere)))


def _navigation(here: Mission | None) -> list[NavigationItem]:
    if here is None:
        return []
    part = ".".join((request.endpoint or "").split(".")[:2])
    return [
        NavigationItem(
            key,
            _(label),
            icon,
            url_for(endpoint, project_id=here.id),
            endpoint.startswith(f"{part}."),
            _notices(endpoint, here.id),
            endpoint == "ui.home.mission",
        )
        for key, label, icon, action, endpoint in _RAIL
        if policy.may(auth.actor(), action, here.id)
    ]


def _notices(endpoint: str, mission_id: int) -> int:
    """How many mentions one has not opened; how many of one's own downloads failed since one looked; how many webhooks
    were disabled."""
    if endpoint == "ui.home.mission":
        return mentions.unread(db.session, actor=auth.actor())
    user = auth.user()
    if endpoint == "ui.downloads.choose" and user is not None:
        return saved_downloads.unseen(db.session, user_id=user.id, mission_id=mission_id)
    return webhooks.disabled(db.session, mission_id) if endpoint == "ui.webhooks.listing" else 0


def _headers(response: Response) -> Response:
    if request.path.startswith("/v1/") and response.mimetype != "text/html":
        return response  # for programs; the page that describes their interface is a page
    return headers.harden(response)


def taken(page: str) -> Response:
    """To a script that sent an interview: it is stored, and this is the address of its page."""
    return Response(json.dumps({"page": page}), status=201, mimetype="application/json")


def download(content: bytes, name: str) -> Response:
    """A file to be kept and not shown: it may be anybody's upload, and must not become a page of ours."""
    return send_file(
        io.BytesIO(content), mimetype="application/octet-stream", as_attachment=True, download_name=name
    )
