"""Blobs are kept once, durably, under names that say nothing: in a directory and in S3."""

import os
import time
from pathlib import Path

import pytest
from moto.moto_server.threaded_moto_server import ThreadedMotoServer

from app.blobs import BlobStore

NAME = "ab" * 32
OTHER = "cd" * 32


@pytest.fixture(scope="session")
def s3_endpoint():
    server = ThreadedMotoServer(port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{'127.0.0.1' if host == '0.0.0.0' else host}:{port}"
    server.stop()


@pytest.fixture
def s3(s3_endpoint, monkeypatch):
    import urllib.request
    import uuid

    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    bucket = f"saif-{uuid.uuid4().hex}"
    urllib.request.urlopen(urllib.request.Request(f"{s3_endpoint}/{bucket}", method="PUT")).close()
    return BlobStore(f"s3://{bucket}/prefix?endpoint={s3_endpoint}&region=us-east-1")


@pytest.fixture(params=["directory", "s3"])
def store(request, tmp_path):
    if request.param == "s3":
        return request.getfixturevalue("s3")
    return BlobStore((tmp_path / "a directory with blanks").as_uri())


def put(store, name, content):
    with store.spool() as spooled:
        spooled.write(content)
        return store.put(name, spooled)


@pytest.mark.parametrize("size", [0, 100, 6_000_000])
def test_a_blob_comes_back_as_it_was_put(store, size):
    content = os.urandom(size)
    assert put(store, NAME, content)
    assert b"".join(store.open(NAME)) == content
    assert b"".join(store.open(NAME, size // 2)) == content[size // 2 :]
    assert store.exists(NAME)
    assert list(store.names()) == [NAME]


@pytest.mark.parametrize("size", [100, 6_000_000])
def test_what_is_there_is_never_overwritten(store, size):
    assert put(store, NAME, b"1" * size)
    assert not put(store, NAME, b"2" * size)
    assert next(store.open(NAME))[:1] == b"1"


def test_a_blob_can_be_deleted_and_deleted_again(store):
    put(store, NAME, b"x")
    store.delete(NAME)
    store.delete(NAME)
    assert not store.exists(NAME)
    with pytest.raises(FileNotFoundError):
        list(store.open(NAME))


def test_a_blob_of_another_name_is_another_blob(store):
    put(store, NAME, b"x")
    assert not store.exists(OTHER)


@pytest.mark.parametrize("name", ["", "../../etc/passwd", "ab", "AB" * 32, "ab/" + "c" * 61])
def test_a_name_that_could_lead_elsewhere_is_refused(store, name):
    with pytest.raises(ValueError, match="64 hexadecimal"):
        store.exists(name)


def test_a_directory_reads_no_more_than_a_piece_at_a_time(tmp_path):
    store = BlobStore(tmp_path.as_uri())
    put(store, NAME, bytes(2_000_000))
    assert max(len(piece) for piece in store.open(NAME)) <= 1_000_000


def test_the_spool_is_empty_afterwards_and_what_a_killed_process_left_is_swept(tmp_path):
    store = BlobStore(tmp_path.as_uri())
    put(store, NAME, b"x")
    spool = tmp_path / ".spool"
    assert list(spool.iterdir()) == []
    old, young = spool / "blob-old", spool / "blob-young"
    for path in (old, young):
        path.write_bytes(b"sealed")
    os.utime(old, (time.time() - 90_000,) * 2)
    BlobStore(tmp_path.as_uri())
    assert list(spool.iterdir()) == [young]


def test_a_blob_is_synced_with_its_directory_before_put_returns(tmp_path, monkeypatch):
    store = BlobStore(tmp_path.as_uri())
    synced = []
    real = os.fsync
    monkeypatch.setattr(
        os, "fsync", lambda fd: (synced.append(str(Path(f"/proc/self/fd/{fd}").readlink())), real(fd))[1]
    )
    put(store, NAME, b"x")
    assert synced[0].startswith(str(tmp_path / ".spool"))
    assert synced[1:] == [str(tmp_path), str(tmp_path / "ab")]
