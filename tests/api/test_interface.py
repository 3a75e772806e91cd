"""What the interface says about itself, and whether it keeps to it."""

import re

import jsonschema
import pytest
from openapi_spec_validator import validate

from app import auth
from app.services import demo
from tests.api.test_forms import ONE, XLSX
from tests.databases import on_sqlite

HOUSE = "00000000-0000-4000-8000-000000000001"


@pytest.fixture
def described(client):
    return client.get("/v1/openapi.json").json


@on_sqlite
def test_the_description_is_valid_openapi(described):
    validate(described)
    assert described["openapi"].startswith("3.1")


@on_sqlite
def test_every_route_is_described_with_a_summary(app, described):
    def path(rule):
        return re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", rule.rule)

    own = ("/v1/openapi.json", "/v1/docs")
    served = {
        (path(rule), method.lower())
        for rule in app.url_map.iter_rules()
        if rule.rule.startswith("/v1/") and not rule.rule.startswith(auth.PHONES) and rule.rule not in own
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
    }
    told = {
        (path, method)
        for path, methods in described["paths"].items()
        for method in methods
        if method != "parameters"
    }
    assert told == served
    for path_, method in told:
        assert described["paths"][path_][method]["summary"], f"{method} {path_}"


@on_sqlite
def test_every_field_is_described(described):
    for name, schema in described["components"]["schemas"].items():
        for field, shape in schema["properties"].items():
            assert shape.get("description"), f"{name}.{field}"


@on_sqlite
def test_the_page_for_people_has_every_path_and_no_script_of_others(client, described):
    page = client.get("/v1/docs")
    assert page.status_code == 200
    for path in described["paths"]:
        assert path in page.text
    assert not re.search(r"(src|href)=\"(https?:)?//", page.text)


def test_answers_keep_to_their_schemas(world, callers, described, client):
    """A walk over what scripts call, every answer held against the description."""
    mission, instance = world.mission, world.instances[0]
    coordinator, designer = callers["coordinator"], callers["form_designer"]
    forms = f"/projects/{mission}/forms"
    case = coordinator.get(f"/projects/{mission}/cases").json["items"][0]["caseId"]
    datasets = f"/projects/{mission}/datasets"
    shelters = f"{datasets}/shelters"
    made = coordinator.get(f"{forms}/ct_screening/download/jsonl").headers["X-Download-Id"]
    calls = [
        (coordinator, "GET", f"/projects/{mission}/downloads/{made}/manifest", {}),
        (coordinator, "GET", f"/projects/{mission}/cases.htcds.csv?status=lost", {}),
        (coordinator, "GET", f"/projects/{mission}/cases.htcds.csv?identifiers=true", {}),
        (callers["anonymous"], "POST", "/sessions", {"json": {"email": "a@b.org", "password": "x"}}),
        (coordinator, "GET", "/users/current", {}),
        (coordinator, "GET", "/projects", {}),
        (coordinator, "GET", f"/projects/{mission}", {}),
        (designer, "POST", f"{forms}?publish=true&ignoreWarnings=true", {"data": ONE, "content_type": XLSX}),
        (designer, "POST", f"{forms}/visit/draft", {}),
        (designer, "GET", f"{forms}/visit/draft", {}),
        (designer, "GET", f"{forms}/visit/draft/fields", {}),
        (designer, "GET", f"{forms}/visit/draft/attachments", {}),
        (designer, "POST", f"{forms}/visit/draft/publish?version=2", {}),
        (coordinator, "GET", forms, {}),
        (coordinator, "GET", f"{forms}/ct_screening", {}),
        (coordinator, "GET", f"{forms}/ct_screening/fields", {}),
        (coordinator, "GET", f"{forms}/ct_screening/attachments", {}),
        (coordinator, "GET", f"{forms}/ct_screening/versions", {}),
        (coordinator, "GET", f"{forms}/ct_screening/texts", {}),
        (designer, "POST", f"{forms}/ct_screening/texts", {"data": b"no texts\nat all"}),
        (coordinator, "GET", f"{forms}/visit/versions/2", {}),
        (coordinator, "GET", f"{forms}/visit/versions/2/fields", {}),
        (coordinator, "GET", f"{forms}/none", {}),
        (coordinator, "POST", f"{forms}/visit/keys", {}),
        (coordinator, "GET", f"{forms}/visit/keys", {}),
        (coordinator, "DELETE", f"{forms}/visit/keys", {}),
        (coordinator, "POST", f"/projects/{mission}/app-users", {"json": {"displayName": "Phone 8"}}),
        (coordinator, "POST", f"/projects/{mission}/app-users", {"json": {"displayName": ""}}),
        (coordinator, "GET", f"/projects/{mission}/app-users", {}),
        (coordinator, "POST", f"{forms}/ct_screening/assignments/2/{world.device}", {}),
        (coordinator, "PATCH", f"/projects/{mission}/app-users/{world.device}", {"json": {"language": "fr"}}),
        (coordinator, "POST", f"/projects/{mission}/device-groups", {"json": {"name": "Shelter"}}),
        (coordinator, "GET", f"/projects/{mission}/device-groups", {}),
        (coordinator, "PATCH", f"/projects/{mission}/device-groups/1", {"json": {"name": "North"}}),
        (coordinator, "DELETE", f"/projects/{mission}/device-groups/1", {}),
        (coordinator, "DELETE", f"/projects/{mission}/app-users/{world.device}", {}),
        (coordinator, "GET", f"{forms}/ct_screening/submissions", {}),
        (coordinator, "GET", f"{forms}/ct_screening/submissions/{instance}", {}),
        (coordinator, "GET", f"{forms}/ct_screening/submissions/{instance}/versions", {}),
        (coordinator, "GET", f"{forms}/ct_screening/submissions/{instance}/versions/{instance}", {}),
        (coordinator, "GET", f"{forms}/ct_screening/submissions/{instance}/diffs", {}),
        (coordinator, "GET", f"{forms}/ct_screening/submissions/{instance}/timeline", {}),
        (coordinator, "GET", f"{forms}/ct_screening/submissions/{instance}/attachments", {}),
        (designer, "PATCH", f"{forms}/ct_screening", {"json": {"state": "open"}}),
        (
            coordinator,
            "PATCH",
            f"{forms}/ct_screening/submissions/{instance}",
            {"json": {"reviewState": "hasIssues"}},
        ),
        (coordinator, "PUT", f"{forms}/ct_screening/submissions/{instance}", {"data": _edit(instance)}),
        (
            coordinator,
            "POST",
            f"{forms}/ct_screening/submissions/{instance}/comments",
            {"json": {"body": "Look at the dates"}},
        ),
        (coordinator, "GET", f"{forms}/ct_screening/submissions/{instance}/comments", {}),
        (coordinator, "PUT", f"{forms}/ct_screening/submissions/{instance}", {"data": b"<x"}),
        (coordinator, "GET", f"{forms}/ct_screening.svc", {}),
        (coordinator, "GET", f"{forms}/ct_screening.svc/Submissions?%24top=1&%24count=true", {}),
        (coordinator, "GET", f"{forms}/ct_screening.svc/Submissions?%24top=x", {}),
        (coordinator, "DELETE", f"{forms}/ct_screening/submissions/{instance}?reason=a+test+of+it", {}),
        (coordinator, "POST", datasets, {"json": {"name": "shelters"}}),
        (coordinator, "GET", datasets, {}),
        (coordinator, "GET", shelters, {}),
        (coordinator, "POST", f"{shelters}/properties", {"json": {"name": "city"}}),
        (
            coordinator,
            "POST",
            f"{shelters}/entities",
            {"json": {"uuid": HOUSE, "label": "House", "data": {}}},
        ),
        (coordinator, "PATCH", f"{shelters}/entities/{HOUSE}?force=true", {"json": {"data": {"city": "x"}}}),
        (coordinator, "PATCH", f"{shelters}/entities/{HOUSE}?baseVersion=1", {"json": {"label": "y"}}),
        (coordinator, "GET", f"{shelters}/entities", {}),
        (coordinator, "GET", f"{shelters}/entities/{HOUSE}", {}),
        (coordinator, "GET", f"{shelters}/entities/{HOUSE}/versions", {}),
        (coordinator, "DELETE", f"{shelters}/entities/{HOUSE}", {}),
        (coordinator, "GET", f"/projects/{mission}/cases", {}),
        (coordinator, "GET", f"/projects/{mission}/cases/{case}", {}),
        (coordinator, "POST", f"/projects/{mission}/cases/{case}/comments", {"json": {"body": "Ask again"}}),
        (coordinator, "GET", f"/projects/{mission}/cases/{case}/comments", {}),
        (coordinator, "GET", f"/projects/{mission}/cases/{case}/documents", {}),
        (coordinator, "GET", f"/projects/{mission}/cases/{case}/documents/{case}?reason=A+test+of+it", {}),
        (
            coordinator,
            "POST",
            f"/projects/{mission}/cases/{case}/decisions",
            {"json": {"kind": "assign", "reason": "A test of it", "body": {"ownerId": None}}},
        ),
        (coordinator, "GET", f"/projects/{mission}/duplicates", {}),
        (coordinator, "GET", f"/projects/{mission}/strays", {}),
        (coordinator, "GET", f"/projects/{mission}/fund", {}),
        (coordinator, "GET", f"/projects/{mission}/fund/totals", {}),
        (coordinator, "GET", f"/projects/{mission}/cases/{case}/fund", {}),
        (
            coordinator,
            "POST",
            f"{forms}/ct_screening/submissions/{world.instances[1]}/decisions",
            {"json": {"kind": "detach", "reason": "A test of it"}},
        ),
        (coordinator, "GET", f"/projects/{mission}/strays?limit=5", {}),
        (designer, "GET", f"/projects/{mission}/cases", {}),
        (coordinator, "DELETE", "/sessions/current", {}),
    ]
    called = set()
    for caller, method, path, more in calls:
        answer = caller(method, path, **more)
        template, operation = _operation(described, method, f"/v1{path.partition('?')[0]}")
        called.add((method, template))
        responses = operation["responses"]
        shape = responses.get(str(answer.status_code)) or responses["default"]
        if "$ref" in shape:
            shape = described["components"]["responses"][shape["$ref"].rsplit("/", 1)[1]]
        assert answer.mimetype in shape["content"], f"{method} {path}: {answer.status_code} {answer.mimetype}"
        schema = {**shape["content"][answer.mimetype]["schema"], "components": described["components"]}
        jsonschema.Draft202012Validator(
            schema, format_checker=jsonschema.Draft202012Validator.FORMAT_CHECKER
        ).validate(answer.json)
    raw = {
        path
        for path, methods in described["paths"].items()
        if path.endswith(
            (
                ".xml",
                ".po",
                ".xlsx",
                ".xls",
                "/original",
                ".csv",
                ".zip",
                ".geojson",
                "{format_name}",
                "$metadata",
            )
        )
    }
    told = {
        (method.upper(), path)
        for path, methods in described["paths"].items()
        for method in methods
        if method != "parameters" and path not in raw and "{name}" not in path
    }
    assert told - called <= {
        ("DELETE", "/v1/projects/{project_id}/forms/{form_id}/draft"),
        ("POST", "/v1/projects/{project_id}/forms/{form_id}/submissions"),
    }, "tested elsewhere"


def _edit(instance):
    """The first demo interview, edited."""
    name = f"<instanceID>{instance}</instanceID>"
    new = f"<instanceID>uuid:edited</instanceID><deprecatedID>{instance}</deprecatedID>"
    return demo.instances()[0].read_text().replace(name, new).encode()


def _operation(described, method, path):
    def matches(template):
        return re.fullmatch(re.sub(r"\\{\w+\\}", "[^/]+", re.escape(template)), path)

    # Of the paths that match, the one with the fewest variables is meant, and of those the most particular.
    template = min(filter(matches, described["paths"]), key=lambda one: (one.count("{"), -len(one)))
    return template, described["paths"][template][method.lower()]


# --- errors ---------------------------------------------------------------------------------------------------


def test_a_problem_is_what_central_says_and_what_we_say_more(coordinator, world):
    answer = coordinator.get(f"/projects/{world.mission}/forms/none")
    assert answer.mimetype == "application/problem+json"
    assert answer.json["code"] == 404.1
    assert answer.json["status"] == answer.status_code == 404
    assert answer.json["problem"] == "not_found"
    assert set(answer.json) == {
        "type", "title", "status", "detail", "mend", "problem", "code", "message", "details",
    }  # fmt: skip


def test_a_method_that_is_not_there_is_told_which_are(client):
    answer = client.put("/v1/sessions")
    assert answer.status_code == 405
    assert answer.headers["Allow"]
    assert answer.json["code"] == 405


def test_a_path_that_is_not_there_is_a_problem_too(client):
    answer = client.get("/v1/nothing")
    assert answer.status_code == 404
    assert answer.json["problem"] == "not_found"


def test_a_parameter_at_fault_is_named_and_its_value_is_not(coordinator, world):
    answer = coordinator.get(f"/projects/{world.mission}/cases?limit=Maria")
    assert answer.status_code == 400
    assert answer.json["details"]["fields"]["limit"]
    assert "Maria" not in answer.text


def test_an_unexpected_fault_is_a_problem_without_details(app, client, coordinator, monkeypatch):
    from app.services import missions

    def fail(*_):
        raise RuntimeError("secret of the house")

    monkeypatch.setattr(missions, "listing", fail)
    monkeypatch.setitem(app.config, "TESTING", False)
    monkeypatch.setitem(app.config, "PROPAGATE_EXCEPTIONS", False)
    answer = coordinator.get("/projects")
    assert answer.status_code == 500
    assert answer.json["code"] == 500.1
    assert "secret" not in answer.text
