"""Authentication by user name and password (openrosa.md, section 2): Digest on every line, Basic under TLS only."""

import hashlib
import itertools
import re
import time

import pytest
import requests
from hypothesis import given
from hypothesis import strategies as st
from requests.auth import HTTPDigestAuth, _basic_auth_str
from sqlalchemy import event, select

from app.auth import digest
from app.auth.digest import LIFE, Uses
from app.db import writing
from app.models import Device, Submission, now
from app.policy import COMMAND
from app.services import credentials, devices
from app.services.credentials import REALM
from tests.clients.collect.collect_client import ClientError, CollectClient
from tests.clients.fixtures import phone  # noqa: F401 -- a fixture
from tests.databases import on_sqlite
from tests.field import parts, submission
from tests.openrosa.answers import said
from tests.openrosa.sending import count

PATH = "/v1/phone/projects/1"
LIST = f"{PATH}/formList"
LARGE = {"v.mp4": ("v.mp4", bytes(3_000_000), "video/mp4")}


@pytest.fixture
def named(session, field, keyring):
    """A phone of the field that has a user name: its name and its password."""
    with writing(session):
        device, password = devices.create(
            session,
            actor=COMMAND,
            mission_id=field.mission_id,
            display_name="Phone 8",
            keyring=keyring,
            by_name=True,
        )
        return device.username, password


def md5(*parts):
    return hashlib.md5(":".join(parts).encode()).hexdigest()


def challenge_of(answer):
    """The parameters of the Digest challenge, which is the first."""
    first = answer.headers.getlist("WWW-Authenticate")[0]
    kind, _, rest = first.partition(" ")
    assert kind == "Digest"
    return dict(re.findall(r'(\w+)="?([^",]*)"?', rest))


def digest_of(named, challenge, *, method="GET", uri=LIST, nc="00000001", qop="auth", **changed):
    """An Authorization header as RFC 7616, section 3.4, computes it."""
    name, password = named
    nonce = challenge["nonce"]
    ha1, ha2 = md5(name, challenge["realm"], password), md5(method, uri)
    said = {"username": name, "realm": challenge["realm"], "nonce": nonce, "uri": uri}
    if qop:
        said |= {"qop": qop, "nc": nc, "cnonce": "0a4f113b"}
        said["response"] = md5(ha1, nonce, said["nc"], said["cnonce"], qop, ha2)
    else:
        said["response"] = md5(ha1, nonce, ha2)
    said |= {"opaque": challenge["opaque"], **changed}
    return {"Authorization": "Digest " + ", ".join(f'{key}="{value}"' for key, value in said.items())}


def basic_of(name, password):
    return {"Authorization": _basic_auth_str(name, password)}


# --- the challenge -----------------------------------------------------------------------------------------------


def test_who_says_nothing_is_challenged_and_told_what_to_do(client, named):
    answer = client.get(LIST)
    assert answer.status_code == 401
    assert "coordinator" in said(answer)
    assert "no-store" in answer.headers["Cache-Control"] or "no-cache" in answer.headers["Cache-Control"]


@on_sqlite
def test_every_address_of_the_phone_asks_for_credentials(app, client, named):
    asked = 0
    for rule in app.url_map.iter_rules():
        if rule.rule.startswith("/v1/phone/"):
            path = re.sub(r"<int:\w+>", "1", rule.rule)
            path = re.sub(r"<uuid:\w+>", "00000000-0000-0000-0000-000000000000", path)
            path = re.sub(r"<(\w+:)?\w+>", "x", path)
            for method in rule.methods - {"OPTIONS"}:
                assert client.open(path, method=method).status_code == 401, rule.rule
                asked += 1
    assert asked > 10


@on_sqlite
def test_digest_is_offered_with_md5_qop_opaque_and_domain(client, named):
    challenge = challenge_of(client.get(LIST))
    assert challenge["realm"] == REALM
    assert challenge["algorithm"] == "MD5"
    assert challenge["qop"] == "auth"
    assert challenge["opaque"]
    assert challenge["domain"] == f"{PATH}/"
    assert challenge["stale"] == "false"


@on_sqlite
def test_over_plain_http_basic_is_neither_offered_nor_taken(client, named):
    assert len(client.get(LIST).headers.getlist("WWW-Authenticate")) == 1
    assert client.get(LIST, headers=basic_of(*named)).status_code == 401


@on_sqlite
@pytest.mark.parametrize(
    ("settings", "asked"),
    [
        ({}, {"base_url": "https://localhost"}),
        ({"url": "https://saif.example"}, {}),
        ({"proxies": 1}, {"headers": {"X-Forwarded-Proto": "https"}}),
    ],
    ids=["https", "SAIF_URL", "SAIF_PROXIES"],
)
def test_under_tls_basic_is_offered_after_digest_and_taken(make_app, public_keys, named, settings, asked):
    client = make_app(surface="device", keys=public_keys, **settings).test_client()
    offered = client.get(LIST, **asked).headers.getlist("WWW-Authenticate")
    assert [one.partition(" ")[0] for one in offered] == ["Digest", "Basic"]
    assert all(f'realm="{REALM}"' in one for one in offered)
    headers = asked.get("headers", {})
    assert client.get(LIST, **{**asked, "headers": headers | basic_of(*named)}).status_code == 200
    wrong = basic_of(named[0], "wrong")
    assert client.get(LIST, **{**asked, "headers": headers | wrong}).status_code == 401
    assert client.get(LIST, **{**asked, "headers": headers | basic_of("a\0b", "x")}).status_code == 401


@on_sqlite
def test_a_proxy_nobody_told_of_is_not_believed(client, named):
    headers = {"X-Forwarded-Proto": "https", **basic_of(*named)}
    assert client.get(LIST, headers=headers).status_code == 401


# --- the proof ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("qop", ["auth", None])
def test_who_knows_the_password_comes_in(client, named, qop):
    challenge = challenge_of(client.get(LIST))
    assert client.get(LIST, headers=digest_of(named, challenge, qop=qop)).status_code == 200


@on_sqlite
def test_the_query_is_part_of_what_is_signed(client, named):
    challenge = challenge_of(client.get(LIST))
    uri = f"{LIST}?formID=visit%201&deviceID=collect%3Aa"
    assert client.get(uri, headers=digest_of(named, challenge, uri=uri)).status_code == 200
    # What was signed for one address opens no other.
    assert client.get(LIST, headers=digest_of(named, challenge, uri=uri, nc="00000002")).status_code == 401


@pytest.mark.parametrize(
    "changed",
    [
        {"response": "0" * 32},
        {"response": "é"},
        {"realm": "other"},
        {"username": "phone-nobody22"},
        {"username": ""},
        {"username": "x" * 5000},
        {"algorithm": "SHA-256"},
        {"algorithm": "MD5-sess"},
        {"qop": "auth-int"},
        {"nc": "1"},
        {"nc": "0000000g"},
        {"nc": "00000000"},
        {"uri": "http://["},
        {"uri": ""},
        {"nonce": ""},
    ],
    ids=str,
)
def test_a_header_that_was_tampered_with_is_challenged_again(client, named, changed):
    challenge = challenge_of(client.get(LIST))
    answer = client.get(LIST, headers=digest_of(named, challenge, **changed))
    assert answer.status_code == 401
    assert challenge_of(answer)["stale"] == "false"


@on_sqlite
@pytest.mark.parametrize("header", ["Digest", "Digest x", "Basic", "Basic %%%", "Bearer x", "Negotiate", ""])
def test_any_other_header_is_no_authorization(client, named, header):
    assert client.get(LIST, headers={"Authorization": header}).status_code == 401


@on_sqlite
def test_a_proof_for_another_method_is_none(client, named):
    challenge = challenge_of(client.get(LIST))
    uri = f"{PATH}/submission"
    headers = digest_of(named, challenge, method="HEAD", uri=uri)
    assert client.post(uri, data=parts(submission()), headers=headers).status_code == 401


def test_a_phone_of_another_mission_or_one_cut_off_is_refused_once_it_proved_to_be_it(client, session, named):
    challenge = challenge_of(client.get(LIST))
    other = LIST.replace("/1/", "/2/")
    answer = client.get(other, headers=digest_of(named, challenge, uri=other))
    assert answer.status_code == 403
    assert client.get(LIST, headers=digest_of(named, challenge, nc="00000002")).status_code == 200
    with writing(session):
        session.scalars(select(Device).where(Device.username == named[0])).one().revoked_at = now()
    answer = client.get(LIST, headers=digest_of(named, challenge, nc="00000003"))
    assert answer.status_code == 403
    assert "coordinator" in said(answer)


def test_a_new_password_ends_the_old_one_and_keeps_the_name(client, session, named, keyring):
    challenge = challenge_of(client.get(LIST))
    with writing(session):
        device = session.scalars(select(Device).where(Device.username == named[0])).one()
        password = devices.rotate(session, actor=COMMAND, device=device, keyring=keyring)
        assert device.username == named[0]
    assert client.get(LIST, headers=digest_of(named, challenge)).status_code == 401
    assert client.get(LIST, headers=digest_of((named[0], password), challenge)).status_code == 200


def test_a_password_in_the_address_is_no_token(client, named):
    assert client.get(f"/v1/key/{named[1]}/projects/1/formList").status_code == 403


@on_sqlite
@pytest.mark.parametrize(
    ("settings", "headers", "prefix"),
    [
        ({"url": "https://saif.example/field"}, {}, "/field"),
        ({"proxies": 1}, {"X-Forwarded-Prefix": "/field"}, "/field"),
        ({"url": "https://saif.example"}, {}, ""),
    ],
    ids=["SAIF_URL", "SAIF_PROXIES", "no prefix"],
)
def test_behind_a_proxy_the_address_the_phone_knows_is_signed(
    make_app, public_keys, named, settings, headers, prefix
):
    client = make_app(surface="device", keys=public_keys, **settings).test_client()
    challenge = challenge_of(client.get(LIST, headers=headers))
    assert challenge["domain"] == f"{prefix}{PATH}/"
    header = digest_of(named, challenge, uri=f"{prefix}{LIST}")
    answer = client.get(LIST, headers=headers | header)
    assert answer.status_code == 200
    assert f"{prefix}{PATH}/forms/" in answer.text
    if prefix:
        header = digest_of(named, challenge, uri=LIST, nc="00000002")
        assert client.get(LIST, headers=headers | header).status_code == 401


# --- the nonce ---------------------------------------------------------------------------------------------------


@on_sqlite
def test_a_nonce_that_is_old_or_not_ours_is_stale_for_those_who_know_the_password(client, named, keyring):
    challenge = challenge_of(client.get(LIST))
    old = digest.new_nonce(keyring, lambda: time.time() - LIFE - 1)
    early = digest.new_nonce(keyring, lambda: time.time() + 60)
    for nonce in (old, early, challenge["nonce"][:-4] + "AAA=", "x", "!", "A" * 40):
        answer = client.get(LIST, headers=digest_of(named, challenge | {"nonce": nonce}))
        assert answer.status_code == 401
        fresh = challenge_of(answer)
        assert fresh["stale"] == "true"
        assert client.get(LIST, headers=digest_of(named, fresh)).status_code == 200
        wrong = digest_of((named[0], "wrong"), challenge | {"nonce": nonce})
        assert challenge_of(client.get(LIST, headers=wrong))["stale"] == "false"


@on_sqlite
@pytest.mark.parametrize("qop", ["auth", None])
def test_what_was_overheard_cannot_be_sent_again(client, named, qop):
    challenge = challenge_of(client.get(LIST))
    header = digest_of(named, challenge, qop=qop)
    assert client.get(LIST, headers=header).status_code == 200
    answer = client.get(LIST, headers=header)
    assert answer.status_code == 401
    assert challenge_of(answer)["stale"] == "true"


@on_sqlite
def test_another_process_checks_what_this_one_challenged(make_app, public_keys, named):
    first, second = (make_app(surface="device", keys=public_keys).test_client() for _ in range(2))
    challenge = challenge_of(first.get(LIST))
    assert second.get(LIST, headers=digest_of(named, challenge)).status_code == 200


@given(st.lists(st.integers(1, 300), max_size=200))
def test_a_count_serves_once_in_whatever_order_counts_come(counts):
    uses, used, highest = Uses(), set(), 0
    for each in counts:
        expected = each not in used and each > highest - 64
        assert uses.first("nonce", each) == expected
        if expected:
            used.add(each)
            highest = max(highest, each)


def test_counts_of_many_nonces_take_bounded_memory(keyring):
    uses = Uses()
    ages = itertools.cycle([0, LIFE + 1])
    for _ in range(21_000):
        assert uses.first(digest.new_nonce(keyring, lambda: time.time() - next(ages)), 1)
    assert len(uses._used) <= 10_000


def test_the_realm_is_what_it_was_when_the_passwords_of_phones_in_the_field_were_made():
    """It is part of every HA1: with another one all of them would have to be set up again."""
    made = hashlib.md5(b"phone-7kq2mwxa:SAIF:correct-horse").hexdigest()
    assert credentials.ha1("phone-7kq2mwxa", "correct-horse") == made


# --- what is kept ------------------------------------------------------------------------------------------------


def test_nothing_in_the_database_proves_anything_without_the_keyring(session, named):
    device = session.scalars(select(Device).where(Device.username == named[0])).one()
    proof = credentials.ha1(*named)
    kept = b"".join(value for value in vars(device).values() if isinstance(value, bytes))
    for secret in (named[1], proof):
        assert secret.encode() not in kept
    assert bytes.fromhex(proof) not in kept


@pytest.fixture
def statements(app):
    """Statements said to the database from now on."""
    found = []

    def note(connection, cursor, statement, parameters, *_):
        found.append(statement)

    engine = app.extensions["saif"].engine
    event.listen(engine, "before_cursor_execute", note)
    yield found
    event.remove(engine, "before_cursor_execute", note)


def test_a_name_is_looked_up_by_one_select_with_an_index(client, named, statements):
    challenge = challenge_of(client.get(LIST))
    uri = f"{PATH}/submission"
    statements.clear()
    header = digest_of(named, challenge, method="HEAD", uri=uri)
    assert client.head(uri, headers=header).status_code == 204
    assert len(statements) == 1
    missing = digest_of(("phone-nobody22", "x"), challenge, method="HEAD", uri=uri)
    assert client.head(uri, headers=missing).status_code == 401
    assert len(statements) == 2
    assert statements[0] == statements[1]
    indexes = {tuple(column.name for column in index.columns) for index in Device.__table__.indexes}
    assert ("username",) in indexes


# --- the client --------------------------------------------------------------------------------------------------


@pytest.fixture
def served(receiver, named):
    return receiver.base + PATH


def test_collect_lists_downloads_fills_and_sends_by_digest(served, named, session, tmp_path, phone):  # noqa: F811 -- a fixture
    collect = CollectClient(served, *named, state=tmp_path / "device", phone=phone)
    assert [form.form_id for form in collect.sync()] == ["visit"]
    for seed in range(3):
        collect.fill("visit", seed=seed)
    assert len(collect.send()) == 3
    assert count(session, Submission) == 3
    collect.session.close()


@on_sqlite
def test_a_large_interview_that_is_challenged_first_arrives_whole(served, named, session):
    """Without a HEAD before it: the first answer comes while the body is under way."""
    with requests.Session() as http:
        for _ in range(3):
            http.auth = HTTPDigestAuth(*named)  # knows of no challenge yet
            answer = http.post(
                f"{served}/submission", files=LARGE | {"xml_submission_file": submission()}, timeout=60
            )
            assert answer.status_code == 201
    assert count(session, Submission) == 3


@on_sqlite
def test_a_large_interview_that_is_refused_is_told_why(served, named, session):
    """And not that the network is bad."""
    with writing(session):
        session.scalars(select(Device).where(Device.username == named[0])).one().revoked_at = now()
    with requests.Session() as http:
        http.auth = HTTPDigestAuth(*named)
        for _ in range(3):
            answer = http.post(
                f"{served}/submission", files=LARGE | {"xml_submission_file": submission()}, timeout=60
            )
            assert answer.status_code == 403
            assert "coordinator" in answer.text


@on_sqlite
def test_collect_with_a_wrong_password_is_told_that_credentials_are_wanted(served, named, tmp_path):
    collect = CollectClient(served, named[0], "wrong", state=tmp_path / "device")
    with pytest.raises(ClientError) as refused:
        collect.form_list()
    assert refused.value.status == 401
    collect.session.close()
