"""The REST interface under /v1: ODK Central's paths and shapes where Central has the resource, and cases."""

from flask import Flask

from app.api import (
    app_users,
    case_comments,
    case_documents,
    cases,
    comments,
    datasets,
    decisions,
    device_groups,
    docs,
    downloads,
    drafts,
    duplicates,
    errors,
    form_keys,
    forms,
    fund,
    odata,
    projects,
    sessions,
    strays,
    submissions,
    texts,
    versions,
)
from app.api.door import Interface

__all__ = ["errors", "init_app"]

_ABOUT = (
    "Paths and shapes are those of ODK Central where Central has the resource; a mission is a project. "
    "Sign in with POST /v1/sessions and send the token as a bearer token. Errors are problems (RFC 9457) "
    "that also carry what Central's errors carry. Phones speak OpenRosa below /v1/key/TOKEN/projects/ID "
    "and, with a user name, below /v1/phone/projects/ID."
)


def init_app(app: Flask) -> None:
    """Open the door /v1 and describe it."""
    app.config.update(API_TITLE="SAIF", API_VERSION="v1", OPENAPI_VERSION="3.1.0")
    interface = Interface(app, spec_kwargs={"info": {"description": _ABOUT}})
    interface.spec.components.security_scheme("bearer", {"type": "http", "scheme": "bearer"})
    interface.spec.options["security"] = [{"bearer": []}]
    for resource in (
        sessions,
        projects,
        forms,
        form_keys,
        drafts,
        texts,
        app_users,
        device_groups,
        submissions,
        comments,
        datasets,
        versions,
        downloads,
        odata,
        cases,
        case_comments,
        case_documents,
        decisions,
        duplicates,
        strays,
        fund,
    ):
        interface.register_blueprint(resource.bp)
    app.register_blueprint(docs.bp)
    app.extensions["saif_api"] = interface
