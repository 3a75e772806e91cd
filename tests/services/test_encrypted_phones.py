"""Encrypted forms on a phone, the whole way: downloaded, filled by JavaRosa, encrypted, sent in as many requests as
Collect makes of it to a machine that holds no private key, and opened by the worker."""

import shutil
import uuid
from collections import Counter
from pathlib import Path

import pytest

from app import policy
from app.db import writing
from app.services import devices
from tests.clients.collect.collect_client import CollectClient
from tests.clients.encrypting import encrypt
from tests.clients.fixtures import phone  # noqa: F401 -- a fixture
from tests.databases import on_sqlite
from tests.server import serve
from tests.services.test_encrypted import (  # noqa: F401 -- two of them are fixtures
    file_contents,
    pictures,
    table,
    turn,
    twin,
)


@pytest.fixture
def collect(house, pictures, database_url, keys_directory, tmp_path, free_port):  # noqa: F811 -- fixtures
    """A phone of the mission, on a server that only receives."""
    house.forms["pictures"] = ""
    house.publish(pictures, mission_id=house.mission_id)
    with house.session() as session, writing(session):
        _, token = devices.create(
            session, actor=policy.COMMAND, mission_id=house.mission_id, display_name="Phone 7", keyring=house.keyring
        )  # fmt: skip
    (tmp_path / "public-keys").mkdir()
    shutil.copy(keys_directory / "public.json", tmp_path / "public-keys")
    environ = {
        "SAIF_HOME": str(tmp_path),
        "SAIF_KEYS": str(tmp_path / "public-keys"),
        "SAIF_SURFACE": "device",
        "DATABASE_URL": database_url.render_as_string(hide_password=False),
    }
    base = f"http://127.0.0.1:{free_port}/v1/key/{token}/projects/{house.mission_id}"
    with serve(environ, port=free_port, output=tmp_path / "out"):
        client = CollectClient(base, state=tmp_path / "device")
        yield client
        client.session.close()


def downloaded(client, form_id) -> bytes:
    """The one version of a form that the phone holds."""
    (found,) = (one for one in (client.state / "forms").glob("*.xml") if form_id in one.read_text()[:3000])
    return found.read_bytes()


def finish(client, filled, xform) -> None:
    """Finalise: the phone keeps the encrypted interview only."""
    files = {name: path.read_bytes() for name, path in filled.attachments.items()}
    parcel = encrypt(xform, filled.xml, files)
    name = f"interview_{uuid.uuid4().hex[:6]}"
    folder = client.state / "instances" / name
    folder.mkdir(parents=True)
    (folder / f"{name}.xml").write_bytes(parcel.manifest)
    for file, content in parcel.files.items():
        (folder / file).write_bytes(content)


def fill(phone, xform, tmp_path, **options):  # noqa: F811 -- a fixture
    path = Path(tmp_path, "form.xml")
    path.write_bytes(xform)
    return phone.fill(path, {"name": "Экзампла"}, **options)


ATTACHMENTS = (0, 3, 120)


def test_interviews_that_the_phone_encrypted_are_as_those_that_it_did_not(
    house, twin, collect, phone, pictures, tmp_path  # noqa: F811 -- fixtures
):  # fmt: skip
    turn(house, "pictures")
    collect.sync()
    xform = downloaded(collect, "pictures")
    assert b"base64RsaPublicKey" in xform
    twin.forms["pictures"] = ""
    twin.publish(pictures, mission_id=twin.mission_id)
    sent = {}
    for count in ATTACHMENTS:
        # A repeat begins with one instance; of a person who only says a name it stays empty.
        filled = fill(phone, xform, tmp_path, seed=count, repeats=count, only_answers=not count)
        assert filled.report["encrypted"]
        assert len(filled.attachments) == count
        finish(collect, filled, xform)
        files = {name: path.read_bytes() for name, path in filled.attachments.items()}
        clear = filled.xml.replace(collect_version(xform), b'version="1"')
        assert clear != filled.xml
        twin.receive(clear, files=files)
        sent[filled.instance_id] = files
    assert len(collect.send()) == len(sent) == len(ATTACHMENTS)
    posts = Counter(status for method, _, status in collect.log if method == "POST")
    assert posts == {201: 1 + 1 + 2}, "the many pictures do not fit into one request"
    house.work()
    twin.work()
    assert house.states() == dict.fromkeys(sent, "normalised")
    assert house.store() == twin.store()
    for instance_id, files in sent.items():
        assert file_contents(house, instance_id) == file_contents(twin, instance_id) == files
    sender = ("SubmitterID", "SubmitterName", "DeviceID")
    rows = [sorted(without(table(one, "pictures"), sender)) for one in (house, twin)]
    assert rows[0] == rows[1]


def collect_version(xform) -> bytes:
    start = xform.index(b'id="pictures" version="') + len(b'id="pictures" ')
    return xform[start : xform.index(b'"', start + len(b'version="')) + 1]


def without(rows, columns):
    header = rows[0]
    places = {header.index(one) for one in columns}
    return [[cell for place, cell in enumerate(row) if place not in places] for row in rows]


@on_sqlite  # keys are rows as any others
def test_a_new_key_reaches_the_phone_and_what_it_finished_before_is_still_opened(
    house, collect, phone, tmp_path  # noqa: F811 -- a fixture
):  # fmt: skip
    turn(house, "pictures")
    collect.sync()
    before = downloaded(collect, "pictures")
    finish(collect, fill(phone, before, tmp_path, seed=1, repeats=1), before)
    turn(house, "pictures")
    collect.sync()
    after = downloaded(collect, "pictures")
    assert collect_version(before) != collect_version(after)
    finish(collect, fill(phone, after, tmp_path, seed=2, repeats=1), after)
    turn(house, "pictures", on=False)
    collect.sync()
    clear = downloaded(collect, "pictures")
    assert b"base64RsaPublicKey" not in clear
    assert len(collect.send()) == 2
    house.work()
    assert list(house.states().values()) == ["normalised"] * 2
