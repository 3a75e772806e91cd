"""Pages for people who sign in. A module is a noun with its views: they parse, call one service, render."""

from flask import Blueprint, Flask

from app.state import State
from app.ui import (
    account,
    assignments,
    case_actions,
    case_papers,
    cases,
    comments,
    corrections,
    devices,
    documents,
    downloads,
    edits,
    entity_lists,
    errors,
    explanations,
    figures,
    form_keys,
    forms,
    frame,
    fund,
    home,
    ledger,
    library,
    media,
    mentions,
    organisations,
    outlines,
    papers,
    previews,
    saved_downloads,
    sign_in,
    strays,
    submission_papers,
    submissions,
    tables,
    texts,
    transfers,
    trials,
    twins,
    uploads,
    views,
    webhooks,
)
from app.ui.filters import FILTERS

__all__ = ["errors", "init_app"]


def init_app(app: Flask) -> None:
    """Open the pages: `/` and everything below it that no other door has."""
    # Flask signs the cookie that carries "saved" from one page to the next; nothing else is in it.
    state: State = app.extensions["saif"]
    app.secret_key = state.keyring.digest(b"cookie of the pages' messages")
    app.config.update(
        SESSION_COOKIE_NAME="saif_message",
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SECURE=(state.config.url or "").startswith("https:"),
    )
    app.request_class = documents.Request
    bp = Blueprint("ui", __name__)
    bp.add_url_rule("/sign-in", "sign_in", sign_in.sign_in, methods=["GET", "POST"])
    bp.add_url_rule("/sign-out", "sign_out", sign_in.sign_out, methods=["POST"])
    nouns = (
        account,
        home,
        uploads,
        explanations,
        forms,
        assignments,
        library,
        previews,
        outlines,
        papers,
        texts,
        trials,
        form_keys,
        submissions,
        submission_papers,
        tables,
        views,
        media,
        comments,
        mentions,
        edits,
        cases,
        case_actions,
        case_papers,
        documents,
        corrections,
        transfers,
        organisations,
        twins,
        strays,
        figures,
        fund,
        entity_lists,
        devices,
        downloads,
        saved_downloads,
        webhooks,
        ledger,
    )
    for noun in nouns:
        bp.register_blueprint(noun.bp)
    frame.init_app(app, FILTERS)
    app.register_blueprint(bp)
