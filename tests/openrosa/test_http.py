"""Section 1: HTTP, whatever is asked for."""

import gzip
import hashlib
from xml.etree import ElementTree as ET

import pytest
from sqlalchemy import select

from app.db import writing
from app.models import Form, FormVersion
from tests.databases import on_sqlite
from tests.field import add_version, parts, submission
from tests.openrosa.answers import form_list, manifest, path_of, said

LONG = b"name,label\r\n" + b"".join(b"v%d,Village %d\r\n" % (n, n) for n in range(3000))


@pytest.fixture
def media(client, field, session):
    """Paths of the files of a form: a long list and a picture."""
    with writing(session):
        form = session.scalars(select(Form)).one()
        version = add_version(
            session, form, "2", media={"villages.csv": LONG, "door.png": b"\x89PNG" + bytes(5000)}
        )
        version.wants = ["cases.csv", "mission.csv"]
    files = manifest(client, form_list(client, field)[0]["manifestUrl"])
    return {file["filename"]: path_of(file["downloadUrl"]) for file in files}


# --- headers on every answer -----------------------------------------------------------------------------------


ANSWERS = [
    pytest.param("GET", "/formList", 200, id="form list"),
    pytest.param("GET", "/forms/{form}.xml", 200, id="form"),
    pytest.param("GET", "/forms/{form}/manifest", 200, id="manifest"),
    pytest.param("GET", "/cases.csv", 200, id="entity list"),
    pytest.param("GET", "/cases/integrity?id=x", 200, id="integrity"),
    pytest.param("HEAD", "/submission", 204, id="before a submission"),
    pytest.param("HEAD", "/formList", 200, id="HEAD on a GET"),
    pytest.param("OPTIONS", "/submission", 200, id="OPTIONS"),
    pytest.param("POST", "/submission", 400, id="not a submission"),
    pytest.param("GET", "/submission", 405, id="another method"),
    pytest.param("DELETE", "/formList", 405, id="another method on the list"),
    pytest.param("GET", "", 404, id="the address itself"),
    pytest.param("GET", "/", 404, id="the address itself with a slash"),
    pytest.param("GET", "/formlist", 404, id="misspelt"),
    pytest.param("GET", "/forms/none.xml", 404, id="a form that never was"),
    pytest.param("PUT", "/a/b/c", 404, id="any other address"),
    pytest.param("GET", "/forms/%00/media/%ff", 404, id="nonsense"),
]


@pytest.mark.parametrize(("method", "path", "status"), ANSWERS)
def test_every_answer_says_that_it_is_openrosa_and_how_long_a_request_may_be(
    client, field, session, method, path, status
):
    path = path.format(form=session.scalar(select(FormVersion.id)))
    answer = client.open(field.path + path, method=method, buffered=True)
    assert answer.status_code == status
    assert answer.headers["X-OpenRosa-Version"] == "1.0"
    assert answer.headers["X-OpenRosa-Accept-Content-Length"] == "10000000"
    assert "Set-Cookie" not in answer.headers
    if status >= 400:
        assert answer.headers["Cache-Control"] == "no-store"
        assert ET.fromstring(answer.data)[0].get("nature") == "error"
        assert "on the phone" in said(answer) or "Keep the interview" in said(answer)


@on_sqlite
@pytest.mark.parametrize("path", ["/v1/key/", "/v1/key/x", "/v1/key/x/projects/none/formList"])
def test_an_address_that_is_no_phones_is_answered_as_one_would_understand(client, path):
    answer = client.get(path)
    assert answer.status_code == 404
    assert "nothing at the address" in said(answer)


@on_sqlite
def test_a_fault_of_ours_carries_the_headers_too(client, field, monkeypatch):
    monkeypatch.setattr("app.openrosa.documents.form_list", None)
    answer = client.get(f"{field.path}/formList")
    assert answer.status_code == 500
    assert "Nothing is lost" in said(answer)


@on_sqlite
def test_another_method_is_refused_as_openrosa_says_it(client, field):
    answer = client.put(f"{field.path}/submission")
    assert answer.status_code == 405
    assert "POST" in answer.headers["Allow"]
    assert said(answer)


@on_sqlite
def test_an_unknown_address_below_a_token_is_answered_in_openrosa_too(client, field):
    answer = client.get(f"{field.path}/nothing")
    assert answer.status_code == 404
    assert said(answer)


@pytest.mark.parametrize("path", ["formList", "cases.csv", "mission.csv", "cases/integrity"])
def test_nothing_is_told_without_a_token(client, field, path):
    field.token = "nobody"
    answer = client.get(f"{field.path}/{path}")
    assert answer.status_code == 403
    assert answer.content_type == "text/xml; charset=utf-8"
    assert answer.headers["X-OpenRosa-Version"] == "1.0"


@on_sqlite
def test_the_surface_of_phones_has_no_office(client):
    for path in ("/", "/sign-in", "/v1/projects", "/projects/1/devices"):
        assert client.get(path).status_code == 404
    assert client.get("/healthz").data == b"ok\n"


# --- what every request of Collect carries -----------------------------------------------------------------------


def test_a_device_id_in_the_query_changes_no_answer(client, field, media, session):
    form = session.scalar(select(FormVersion.id).where(FormVersion.version == "2"))
    own = ["/formList", "/formList?formID=visit", f"/forms/{form}.xml", f"/forms/{form}/manifest"]
    own += ["/cases/integrity", "/cases/integrity?id=x"]
    for path in [field.path + one for one in own] + list(media.values()):
        plain = client.get(path)
        assert plain.status_code == 200
        for device in ("collect%3AAbCd0123EfGh4567", "", "%00", "%ff", "x" * 5000, "a&deviceID=b"):
            answer = client.get(f"{path}{'&' if '?' in path else '?'}deviceID={device}")
            assert (answer.status_code, answer.data) == (200, plain.data)
            assert answer.headers["ETag"] == plain.headers["ETag"]


@pytest.mark.parametrize("device", ["", "%00", "%ff", "a%00b", "x" * 3000])
def test_a_device_id_of_any_kind_is_taken_with_a_submission(client, field, device):
    assert client.head(f"{field.path}/submission?deviceID={device}").status_code == 204
    answer = client.post(f"{field.path}/submission?deviceID={device}", data=parts(submission()))
    assert answer.status_code == 201


@on_sqlite
def test_the_date_of_collects_twelve_hour_clock_and_its_other_headers_are_of_no_matter(client, field):
    headers = {
        "Date": "Sun, 22 Nov 2026 03:15:00 PM GMT",
        "X-OpenRosa-Version": "1.0",
        "User-Agent": "org.odk.collect.android/v2026.3.3 Dalvik/2.1.0",
    }
    assert client.get(f"{field.path}/formList", headers=headers).status_code == 200


@pytest.mark.parametrize("path", ["/formList", "/cases.csv"])
def test_head_has_the_headers_of_get_and_no_body(client, field, path):
    got = client.get(field.path + path, buffered=True)
    head = client.head(field.path + path, buffered=True)
    assert head.status_code == 200
    assert head.data == b""
    for name in ("ETag", "Content-Type", "Content-Length", "Cache-Control"):
        assert head.headers.get(name) == got.headers.get(name)


# --- caches: ETag, 304, Cache-Control ----------------------------------------------------------------------------


def test_an_unchanged_list_is_not_sent_again(client, field):
    first = client.get(f"{field.path}/formList")
    again = client.get(f"{field.path}/formList", headers={"If-None-Match": first.headers["ETag"]})
    assert again.status_code == 304
    assert again.data == b""
    assert again.headers["X-OpenRosa-Version"] == "1.0"


def test_a_changed_list_is_sent_whatever_the_phone_has(client, field, session):
    first = client.get(f"{field.path}/formList")
    with writing(session):
        add_version(session, session.scalars(select(Form)).one(), "2")
    again = client.get(f"{field.path}/formList", headers={"If-None-Match": first.headers["ETag"]})
    assert again.status_code == 200
    assert again.headers["ETag"] != first.headers["ETag"]


@on_sqlite
@pytest.mark.parametrize("encoding", ["gzip", "identity"])
def test_everything_a_phone_downloads_is_answered_by_304_while_it_is_the_same(client, field, media, encoding):
    for path in [f"{field.path}/formList", *media.values()]:
        first = client.get(path, headers={"Accept-Encoding": encoding}, buffered=True)
        tag = first.headers["ETag"]
        assert first.headers["Cache-Control"] == "private, no-cache"
        for known in (tag, f'"other", {tag}', "*", tag.removeprefix("W/")):
            again = client.get(path, headers={"Accept-Encoding": encoding, "If-None-Match": known})
            assert (again.status_code, again.data) == (304, b"")
            assert again.headers["ETag"] == tag
            assert again.headers["Cache-Control"] == "private, no-cache"
        assert client.get(path, headers={"If-None-Match": '"other"'}, buffered=True).status_code == 200


# --- gzip --------------------------------------------------------------------------------------------------------


@on_sqlite
def test_a_large_answer_is_compressed_for_those_who_ask(client, media):
    answer = client.get(media["villages.csv"], headers={"Accept-Encoding": "gzip"})
    assert answer.headers["Content-Encoding"] == "gzip"
    assert "Accept-Encoding" in answer.headers["Vary"]
    assert len(answer.data) == int(answer.headers["Content-Length"]) < len(LONG) / 2
    assert gzip.decompress(answer.data) == LONG
    plain = client.get(media["villages.csv"])
    assert plain.data == LONG
    # Other bytes need another tag, or one that does not promise the same bytes.
    assert answer.headers["ETag"] == f"W/{plain.headers['ETag']}"


@on_sqlite
@pytest.mark.parametrize("accepted", ["", "identity", "br", "gzip;q=0", "br, gzip;q=0, *;q=0"])
def test_nothing_is_compressed_for_those_who_do_not(client, media, accepted):
    answer = client.get(media["villages.csv"], headers={"Accept-Encoding": accepted})
    assert "Content-Encoding" not in answer.headers
    assert answer.data == LONG


@on_sqlite
def test_what_is_compressed_by_nature_or_short_is_sent_as_it_is(client, field, media):
    for path in (media["door.png"], f"{field.path}/mission.csv"):
        answer = client.get(path, headers={"Accept-Encoding": "gzip"})
        assert answer.status_code == 200
        assert "Content-Encoding" not in answer.headers


# --- ranges ------------------------------------------------------------------------------------------------------


@on_sqlite
@pytest.mark.parametrize(
    ("asked", "first", "last"),
    [
        ("bytes=0-99", 0, 99),
        ("bytes=100-", 100, len(LONG) - 1),
        ("bytes=-7", len(LONG) - 7, len(LONG) - 1),
        ("bytes=0-99999999", 0, len(LONG) - 1),
    ],
)
def test_a_range_of_a_file_is_served(client, media, asked, first, last):
    headers = {"Range": asked, "Accept-Encoding": "gzip"}
    answer = client.get(media["villages.csv"], headers=headers)
    assert answer.status_code == 206
    assert answer.headers["Content-Range"] == f"bytes {first}-{last}/{len(LONG)}"
    assert "Content-Encoding" not in answer.headers
    assert answer.data == LONG[first : last + 1]
    assert int(answer.headers["Content-Length"]) == len(answer.data)


@on_sqlite
def test_a_download_that_broke_off_is_finished_by_ranges_to_the_bytes_the_hash_was_taken_of(client, media):
    got = b""
    tag = client.head(media["villages.csv"]).headers["ETag"]
    while True:
        headers = {"Range": f"bytes={len(got)}-{len(got) + 19_999}", "If-Range": tag}
        answer = client.get(media["villages.csv"], headers=headers)
        assert answer.status_code == 206
        got += answer.data
        if answer.headers["Content-Range"].endswith(f"-{len(LONG) - 1}/{len(LONG)}"):
            break
    assert f'"{hashlib.md5(got).hexdigest()}"' == tag


@on_sqlite
def test_a_range_beyond_the_end_is_answered_with_the_length_there_is(client, media):
    answer = client.get(media["villages.csv"], headers={"Range": "bytes=999999-"})
    assert answer.status_code == 416
    assert answer.headers["Content-Range"] == f"bytes */{len(LONG)}"
    assert said(answer)


@on_sqlite
@pytest.mark.parametrize(
    "asked", ["bytes=0-1,5-6", "lines=1-2", "bytes", "bytes=-0", "bytes=b-a", "bytes=9-1", "=", "\xff"]
)
def test_what_is_no_range_or_several_is_answered_with_the_whole(client, media, asked):
    answer = client.get(media["villages.csv"], headers={"Range": asked})
    assert answer.status_code == 200
    assert answer.data == LONG


@on_sqlite
def test_a_range_of_what_has_changed_meanwhile_is_answered_with_the_whole(client, media):
    tag = client.get(media["villages.csv"], headers={"Accept-Encoding": "gzip"}).headers["ETag"]
    for known in ('"other"', tag, "Sun, 22 Nov 2026 15:15:00 GMT"):  # tag: of compressed bytes
        answer = client.get(media["villages.csv"], headers={"Range": "bytes=5-", "If-Range": known})
        assert (answer.status_code, answer.data) == (200, LONG)


# --- URLs --------------------------------------------------------------------------------------------------------


@on_sqlite
def test_urls_are_those_of_the_outside(make_app, public_keys, field, media):
    def urls(client, headers=None):
        (listed,) = client.get(f"{field.path}/formList", headers=headers).text.split("<xform>")[1:]
        found = ET.fromstring(f"<xform>{listed}".partition("</xforms>")[0])
        manifest_path = f"{field.path}{found.findtext('manifestUrl').partition(field.path)[2]}"
        files = ET.fromstring(client.get(manifest_path, headers=headers).data)
        names = ("downloadUrl", "manifestUrl", "integrityUrl")
        return [e.text for tree in (found, files) for e in tree.iter() if e.tag.rpartition("}")[2] in names]

    def device(**settings):
        return make_app(surface="device", keys=public_keys, **settings).test_client()

    headers = {
        "X-Forwarded-Proto": "https",
        "X-Forwarded-Host": "front.example.org",
        "X-Forwarded-Prefix": "/saif",
    }
    for client, sent, root in [
        (device(url="https://saif.example.org/here"), None, "https://saif.example.org/here"),
        (device(url="https://saif.example.org/here", proxies=1), headers, "https://saif.example.org/here"),
        (device(proxies=1), headers, "https://front.example.org/saif"),
        (device(proxies=1), headers | {"X-Forwarded-Prefix": "/a/b/"}, "https://front.example.org/a/b"),
        (device(), headers, "http://localhost"),
        (device(), {"Host": "10.0.0.7:8000"}, "http://10.0.0.7:8000"),
    ]:
        found = urls(client, sent)
        assert len(found) == 7
        assert [url for url in found if not url.startswith(f"{root}{field.path}/")] == []


@on_sqlite
def test_no_url_in_a_document_holds_the_device_id(client, field, media):
    for path in ("formList", "formList?listAllVersions=true&verbose=true"):
        assert (
            b"deviceID" not in client.get(f"{field.path}/{path}{'&' if '?' in path else '?'}deviceID=x").data
        )
