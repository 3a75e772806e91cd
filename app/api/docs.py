"""The description of the interface: as OpenAPI for programs, as a page for people. Both from the same
schemas."""

from typing import Any

from flask import Blueprint, Response, current_app, json, render_template

from app.auth import needs

bp = Blueprint("docs", __name__, url_prefix="/v1", template_folder="templates")

_METHODS = ("get", "post", "put", "patch", "delete")


@bp.get("/openapi.json")
@needs("public")
def openapi() -> Response:
    """The interface as OpenAPI 3.1."""
    return Response(json.dumps(_described()), mimetype="application/json")


@bp.get("/docs")
@needs("public")
def page() -> str:
    """The interface as a page, without scripts."""
    described = _described()
    operations: dict[str, list[dict[str, Any]]] = {tag["name"]: [] for tag in described["tags"]}
    for path, methods in described["paths"].items():
        for method in _METHODS:
            if method in methods:
                operation = {"method": method.upper(), "path": path, **methods[method]}
                operation["parameters"] = methods.get("parameters", []) + operation.get("parameters", [])
                operations[operation["tags"][0]].append(operation)
    return render_template(
        "api/docs.html",
        title=described["info"]["title"],
        about=described["info"]["description"],
        tags=[(tag, operations[tag["name"]]) for tag in described["tags"]],
        schemas=described["components"]["schemas"],
        wide=True,
    )


def _described() -> dict[str, Any]:
    described: dict[str, Any] = current_app.extensions["saif_api"].spec.to_dict()
    return described
