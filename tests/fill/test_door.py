"""The door for browsers that are devices: on a machine that holds no key that opens anything."""

import base64
import re
import uuid
from datetime import timedelta
from unittest import mock

import pytest
from sqlalchemy import select

from app import problems
from app.auth import browsers
from app.db import writing
from app.fill import errors
from app.language import _, spoken
from app.models import Assignment, Device, Form, FormVersion, Submission, now
from app.policy import COMMAND
from app.services import devices, senders
from submissions.envelope import CODES
from tests.databases import on_sqlite
from tests.field import add_device, add_version, part, parts, submission

pytestmark = on_sqlite
AUDIO = (
    "h:body><upload ref='/data/name' mediatype='image/*' appearance='signature'><label>Mark</label></upload"
)


@pytest.fixture
def app(make_app, public_keys):
    return make_app(surface="device", keys=public_keys, max_xml=100_000)


@pytest.fixture
def link(app, session):
    """`link(device_id)`: what stands behind the # of the link that its page shows."""

    def link(device_id):
        with app.app_context(), writing(session):
            return browsers.link(session.get_one(Device, device_id))

    return link


@pytest.fixture
def begin(client, link):
    """`begin(device_id)`: this browser becomes the device; what the server says of it."""

    def begin(device_id):
        answer = client.post("/fill/session", json={"link": link(device_id)})
        assert answer.status_code == 200, answer.text
        return answer.json

    return begin


def send(client, session, xml, **files):
    return client.post(f"{session['server']}/submission", data=parts(xml, **files))


# --- becoming a device -------------------------------------------------------------------------------------------


def test_a_link_makes_a_browser_the_device_and_gives_nothing_a_phone_could_use(client, field, link):
    shown = link(field.device_id)
    answer = client.post("/fill/session", json={"link": shown})
    assert (answer.json["device"], answer.json["name"]) == (field.device_id, "Phone 7")
    assert answer.json["server"] == f"/fill/projects/{field.mission_id}"
    cookie = answer.headers["Set-Cookie"]
    assert re.search("Path=/fill;", cookie)
    assert "HttpOnly" in cookie
    assert "SameSite=Strict" in cookie
    assert field.token not in cookie + answer.text
    assert base64.urlsafe_b64encode(field.token.encode()).decode()[:20] not in cookie
    ticket = client.get_cookie("saif_fill", path="/fill").value
    assert answer.json == client.get("/fill/session").json | {"ticket": ticket}
    for key in (ticket, shown):
        assert client.get(f"/v1/key/{key}/projects/{field.mission_id}/formList").status_code == 403
    # One is not the other: a link ends after days, a ticket does not.
    assert client.post("/fill/session", json={"link": ticket}).json["code"] == "unknown_device"
    assert client.post("/fill/session", json={"ticket": shown}).json["code"] == "unknown_device"
    assert client.post("/fill/session", json={"ticket": ticket}).json == answer.json


def test_a_link_works_for_three_days(client, field, link):
    with mock.patch.object(senders, "now", return_value=now() - timedelta(days=3, seconds=1)):
        old = link(field.device_id)
    answer = client.post("/fill/session", json={"link": old})
    assert (answer.status_code, answer.json["code"]) == (403, "link_expired")
    with mock.patch.object(senders, "now", return_value=now() - timedelta(days=2, hours=23)):
        newer = link(field.device_id)
    assert client.post("/fill/session", json={"link": newer}).status_code == 200


def test_under_tls_the_cookie_is_never_sent_without(client, field, link):
    shown = {"link": link(field.device_id)}
    answer = client.post("/fill/session", json=shown, base_url="https://saif.example")
    assert "Secure" in answer.headers["Set-Cookie"]


def test_a_device_with_a_user_name_signs_in(client, session, field, keyring):
    with writing(session):
        device, password = devices.create(
            session,
            actor=COMMAND,
            mission_id=field.mission_id,
            display_name="Desk",
            keyring=keyring,
            by_name=True,
        )
        name, device_id = device.username, device.id
    said = {"username": name, "password": password}
    assert client.post("/fill/session", json=said | {"password": "no"}).json["code"] == "wrong_credentials"
    assert (
        client.post("/fill/session", json=said | {"username": "nobody"}).json["code"] == "wrong_credentials"
    )
    assert client.post("/fill/session", json={"link": password}).json["code"] == "unknown_device"
    answer = client.post("/fill/session", json=said)
    assert (answer.json["device"], answer.json["username"]) == (device_id, name)


@pytest.mark.parametrize(
    "said", [None, [], {}, {"link": 7}, {"link": "x" * 2000}, {"ticket": None}, {"username": "a"}]
)
def test_what_names_no_device_is_refused_in_words(client, field, said):
    answer = client.post("/fill/session", json=said)
    assert answer.status_code == 400
    assert "Open the link" in answer.json["message"]


def test_a_browser_that_is_no_device_gets_the_page_and_nothing_else(client, field):
    assert client.get("/fill").status_code == 200
    assert client.get("/fill/session").status_code == 204
    for path in ("blanks", "formList", "cases.csv"):
        answer = client.get(f"/fill/projects/{field.mission_id}/{path}")
        assert (answer.status_code, answer.json["code"]) == (401, "sign_in_needed")
    client.set_cookie("saif_fill", "bm9uZQ==", path="/fill")
    assert client.get("/fill/session").json["code"] == "unknown_device"


def test_another_site_makes_no_browser_a_device_and_sends_nothing(client, field, link, begin):
    foreign = {"Sec-Fetch-Site": "cross-site"}
    answer = client.post("/fill/session", json={"link": link(field.device_id)}, headers=foreign)
    assert (answer.status_code, answer.json["code"]) == (403, "bad_csrf")
    session = begin(field.device_id)
    answer = client.post(f"{session['server']}/submission", data=parts(submission()), headers=foreign)
    assert answer.json["code"] == "bad_csrf"


def test_cut_off_it_ends_and_with_a_new_link_it_opens_what_it_kept(
    client, session, field, keyring, link, begin
):
    old = link(field.device_id)
    before = begin(field.device_id)
    with writing(session):
        device = session.get_one(Device, field.device_id)
        devices.revoke(session, actor=COMMAND, device=device)
    assert client.get("/fill/session").json["code"] == "unknown_device"
    assert client.post("/fill/session", json={"link": old}).json["code"] == "unknown_device"
    with writing(session):
        devices.rotate(session, actor=COMMAND, device=device, keyring=keyring)
    assert client.get("/fill/session").json["code"] == "unknown_device", "an old ticket stays an old ticket"
    assert client.post("/fill/session", json={"link": old}).json["code"] == "unknown_device"
    assert begin(field.device_id)["secret"] == before["secret"]


def test_each_device_keeps_its_interviews_under_a_secret_of_its_own(session, field, keyring, begin):
    with writing(session):
        another = add_device(session, field.mission_id, keyring, "another").id
    one, other = begin(field.device_id), begin(another)
    assert one["secret"] != other["secret"]
    assert len(base64.b64decode(one["secret"])) == 32


def test_a_page_can_always_lock_itself(client, field, begin):
    begin(field.device_id)
    assert client.delete("/fill/session").status_code == 204
    assert client.get("/fill/session").status_code == 204


# --- forms, and interviews ---------------------------------------------------------------------------------------


def test_its_forms_stand_in_one_list_with_their_files_and_what_a_browser_lacks(client, session, field, begin):
    with writing(session):
        form = session.scalars(select(Form)).one()
        version = add_version(session, form, "2", media={"a map.png": b"\x89PNG"})
        version.wants = ["cases.csv", "mission.csv", "a map.png"]
        version.published_at = now()
        schema = dict(version.schema)
        schema["children"] = [
            {**one, "type": "image", "appearance": "signature"} if one.get("name") == "name" else one
            for one in schema["children"]
        ]
        version.schema = schema
        version_id = version.id
    said = begin(field.device_id)
    (blank,) = client.get(f"{said['server']}/blanks").json
    assert (blank["form"], blank["version"], blank["encrypted"]) == ("visit", "2", False)
    assert blank["lacks"] == [
        {"words": "has no surface to draw on: a picture is chosen instead", "questions": ["Name"]}
    ]
    paths = {one["name"]: one["path"] for one in blank["files"]}
    assert paths["a map.png"] == f"forms/{version_id}/media/a%20map.png"
    for path in [blank["xform"], *paths.values()]:
        with client.get(f"{said['server']}/{path}") as answer:
            assert answer.status_code == 200
            assert answer.headers["Cache-Control"] == "no-store", "it would lie open in the browser's cache"
    session.expire_all()
    assert session.get_one(Device, field.device_id).called_at is not None


def test_a_form_that_phones_encrypt_is_listed_as_one_that_the_browser_does_not_offer(
    client, session, field, begin
):
    with writing(session):
        version = session.scalars(select(FormVersion)).one()
        version.schema = dict(version.schema) | {"encrypted": True}
    (blank,) = client.get(f"{begin(field.device_id)['server']}/blanks").json
    assert blank["encrypted"]


def test_an_interview_is_received_as_a_phones_is(client, session, field, begin, tmp_path):
    said = begin(field.device_id)
    xml = submission(f"uuid:{uuid.uuid4()}")
    assert send(client, said, xml, **{"a.jpg": b"picture"}).status_code == 201
    assert send(client, said, xml, **{"a.jpg": b"picture"}).status_code == 201
    stored = session.scalars(select(Submission)).one()
    assert (stored.device_id, stored.mission_id) == (field.device_id, field.mission_id)
    other = send(client, said, xml.replace("Мария".encode(), b"Anna"))
    assert (other.status_code, other.json["code"]) == (409, "other_content")


def test_nobody_in_front_of_a_browser_is_told_to_keep_something_on_a_phone(app):
    refused = [problems.unreadable_submission(code, "It is none.") for code in sorted(CODES)]
    with app.app_context(), spoken("fr"):
        said = {errors.render(one).json["message"] for one in [*refused, problems.unknown_form()]}
        assert said == {
            f"It is none. {_(errors.KEEP)}", f"{problems.unknown_form().detail} {_(errors.KEEP)}"
        }, "whatever language it was refused in"  # fmt: skip


def test_what_is_refused_is_said_to_somebody_in_front_of_a_browser(client, session, field, begin):
    said = begin(field.device_id)
    with writing(session):
        session.scalars(select(Assignment)).one().state = "closed"
    answer = send(client, said, submission())
    assert answer.json["code"] == "closed_form"
    assert send(client, said, b"<html/>").json["message"].endswith("show this message to your coordinator.")
    assert "on the phone" not in send(client, said, b"<html/>").json["message"]
    answer = client.post(
        f"{said['server']}/submission", data={"xml_submission_file": part(bytes(200_000), "x", "text/xml")}
    )
    assert (answer.status_code, answer.json["code"]) == (413, "too_large")


def test_the_device_of_one_mission_is_none_in_another(client, session, field, begin):
    begin(field.device_id)
    assert client.get("/fill/projects/99/blanks").json["code"] == "unknown_device"


# --- the page ----------------------------------------------------------------------------------------------------


def test_the_page_may_style_and_read_xpath_and_run_nothing_inline(client):
    page = client.get("/fill")
    policy = dict(one.split(" ", 1) for one in page.headers["Content-Security-Policy"].split("; "))
    assert policy["default-src"] == "'self'"
    assert policy["script-src"] == "'self' 'wasm-unsafe-eval'"
    assert not re.search(r"<script(?![^>]*src=)|\son\w+=|style=", page.text)
    assert page.headers["Cache-Control"] == "no-store"


def test_the_worker_keeps_all_that_the_page_needs_and_each_of_it_is_there(client):
    answer = client.get("/fill/worker.js")
    assert answer.headers["Service-Worker-Allowed"] == "/fill"
    kept = re.search(r"const KEPT = (\[.*\]);", answer.text)[1]
    paths = re.findall('"([^"]+)"', kept)
    scripts = ""
    for path in paths:
        with client.get(path) as found:
            assert found.status_code == 200, path
            scripts += found.text if found.mimetype.endswith("javascript") and "odk" not in path else ""
    page = client.get("/fill").text
    for path in re.findall(r'(?:href|src|data-engine)="(/[^"]+)"', page):
        assert path in paths
    modules = {path.rpartition("/")[2] for path in paths}
    assert set(re.findall(r'from "\.{1,2}/([\w.]+)"', scripts)) <= modules


def test_the_manifest_makes_it_an_app_that_opens_at_the_page(client):
    manifest = client.get("/fill/manifest.webmanifest").get_json(force=True)
    assert (manifest["start_url"], manifest["scope"]) == ("/fill", "/fill")


def test_the_page_speaks_the_language_of_the_browser_and_another_language_is_another_version(client):
    def asked(path, wanted):
        return client.get(path, headers={"Accept-Language": wanted}).text

    assert '<html lang="ar" dir="rtl"' in asked("/fill", "ar,en;q=0.5")
    assert '<html lang="en" dir="ltr"' in asked("/fill", "sw")
    versions = {asked("/fill/worker.js", wanted).splitlines()[0] for wanted in ("ar", "fr", "en", "sw")}
    assert len(versions) == 3
