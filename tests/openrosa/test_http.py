"""Section 1: HTTP, whatever is asked for."""

import gzip

import pytest
from sqlalchemy import select

from app.db import writing
from app.models import Form
from tests.field import add_version
from tests.openrosa.answers import form_list, manifest, path_of, said


def test_an_unchanged_list_is_not_sent_again(client, field):
    first = client.get(f"{field.path}/formList")
    again = client.get(f"{field.path}/formList", headers={"If-None-Match": first.headers["ETag"]})
    assert again.status_code == 304
    assert again.data == b""


def test_a_large_answer_is_compressed_for_those_who_ask(client, field, session):
    with writing(session):
        form = session.scalars(select(Form)).one()
        add_version(session, form, "2", media={"big.png": b"0" * 10_000})
    url = manifest(client, form_list(client, field)[0]["manifestUrl"])[0]["downloadUrl"]
    answer = client.get(path_of(url), headers={"Accept-Encoding": "gzip"})
    assert answer.headers["Content-Encoding"] == "gzip"
    assert gzip.decompress(answer.data) == b"0" * 10_000
    again = client.get(
        path_of(url), headers={"Accept-Encoding": "gzip", "If-None-Match": answer.headers["ETag"]}
    )
    assert again.status_code == 304
    assert client.get(path_of(url)).data == b"0" * 10_000


def test_urls_are_those_of_the_outside(make_app, public_keys, field):
    public = make_app(surface="device", keys=public_keys, url="https://saif.example.org/here").test_client()
    assert form_list(public, field)[0]["downloadUrl"].startswith(
        f"https://saif.example.org/here{field.path}/forms/"
    )
    headers = {
        "X-Forwarded-Proto": "https",
        "X-Forwarded-Host": "front.example.org",
        "X-Forwarded-Prefix": "/saif",
    }
    trusting = make_app(surface="device", keys=public_keys, proxies=1).test_client()
    answer = trusting.get(f"{field.path}/formList", headers=headers)
    assert f"https://front.example.org/saif{field.path}/forms/" in answer.text
    wary = make_app(surface="device", keys=public_keys).test_client()
    assert "front.example.org" not in wary.get(f"{field.path}/formList", headers=headers).text


@pytest.mark.parametrize("path", ["formList", "cases.csv", "mission.csv", "cases/integrity"])
def test_nothing_is_told_without_a_token(client, field, path):
    field.token = "nobody"
    answer = client.get(f"{field.path}/{path}")
    assert answer.status_code == 403
    assert answer.content_type == "text/xml; charset=utf-8"
    assert answer.headers["X-OpenRosa-Version"] == "1.0"


def test_the_surface_of_phones_has_no_office(client):
    for path in ("/", "/sign-in", "/v1/projects", "/static/style.css"):
        assert client.get(path).status_code == 404
    assert client.get("/healthz").data == b"ok\n"


def test_another_method_is_refused_as_openrosa_says_it(client, field):
    answer = client.put(f"{field.path}/submission")
    assert answer.status_code == 405
    assert "POST" in answer.headers["Allow"]
    assert said(answer)


def test_an_unknown_address_below_a_token_is_answered_in_openrosa_too(client, field):
    answer = client.get(f"{field.path}/nothing")
    assert answer.status_code == 404
    assert said(answer)
