"""What seals, what opens, and what does not."""

import io
import json
import os
import shutil

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app import keys
from app.keys import CHUNK, Keyring, KeyringError


@pytest.fixture
def public(keys_directory, tmp_path):
    shutil.copy(keys_directory / "public.json", tmp_path)
    return Keyring.load(tmp_path)


def test_what_a_receiving_machine_seals_the_office_opens(public, keyring):
    assert not public.can_open
    sealed = public.seal(b"Maria", "submission:1")
    assert b"Maria" not in sealed
    assert keyring.open(sealed, "submission:1") == b"Maria"
    with pytest.raises(KeyringError):
        public.open(sealed, "submission:1")


def test_what_is_locked_a_receiving_machine_opens_and_no_other_keyring(public, keyring, tmp_path):
    locked = keyring.lock(b"proof", "device")
    assert b"proof" not in locked
    assert public.unlock(locked, "device") == b"proof"
    stranger = keys.generate(tmp_path / "stranger")
    changed = locked[:-1] + bytes([locked[-1] ^ 1])
    for opening, value, context in (
        (stranger, locked, "device"),
        (public, locked, "elsewhere"),
        (public, changed, "device"),
        (public, b"", "device"),
    ):
        with pytest.raises(KeyringError):
            opening.unlock(value, context)


def test_what_is_derived_depends_on_keyring_purpose_and_data(public, keyring, tmp_path):
    assert public.derive("nonce", b"x") == keyring.derive("nonce", b"x")
    stranger = keys.generate(tmp_path / "stranger")
    others = (keyring.derive("nonce", b"y"), keyring.derive("lock", b"x"), stranger.derive("nonce", b"x"))
    assert keyring.derive("nonce", b"x") not in others


def test_the_private_keys_are_not_even_read_where_they_are_not_wanted(keys_directory):
    assert not Keyring.load(keys_directory, private=False).can_open


def test_the_same_content_never_looks_the_same_twice(keyring):
    assert keyring.seal(b"x", "c") != keyring.seal(b"x", "c")
    assert keyring.encrypt(b"x", "c") != keyring.encrypt(b"x", "c")


@pytest.mark.parametrize("size", [0, 1, 511, 512, 100_000])
def test_the_office_encrypts_for_itself(keyring, size):
    plain = os.urandom(size // 2) + b"a" * (size - size // 2)
    assert keyring.decrypt(keyring.encrypt(plain, "person.family_name:1"), "person.family_name:1") == plain


@pytest.mark.parametrize("way", ["seal", "encrypt"])
def test_a_value_moved_elsewhere_does_not_open(keyring, way):
    opening = {"seal": keyring.open, "encrypt": keyring.decrypt}[way]
    for plain in (b"Maria", b"M" * 2000):
        closed = getattr(keyring, way)(plain, "row:1")
        with pytest.raises(KeyringError):
            opening(closed, "row:2")


@pytest.mark.parametrize("way", ["seal", "encrypt"])
@given(data=st.data())
@settings(max_examples=40, deadline=None)
def test_a_changed_value_does_not_open(keyring, way, data):
    opening = {"seal": keyring.open, "encrypt": keyring.decrypt}[way]
    closed = bytearray(getattr(keyring, way)(b"Maria" * 200, "c"))
    closed[data.draw(st.integers(0, len(closed) - 1))] ^= data.draw(st.integers(1, 255))
    with pytest.raises(KeyringError):
        opening(bytes(closed), "c")


@given(st.binary(max_size=200))
def test_nonsense_does_not_open(keyring, nonsense):
    for opening in (keyring.open, keyring.decrypt, lambda s, c: list(keyring.open_file([s], c))):
        with pytest.raises(KeyringError):
            opening(nonsense, "c")


def test_without_the_private_keys_nothing_is_encrypted_or_indexed(public):
    for act in (lambda: public.encrypt(b"x", "c"), lambda: public.blind("x")):
        with pytest.raises(KeyringError):
            act()


def test_digests_are_the_same_on_every_machine_and_keyed(public, keyring, tmp_path_factory):
    other = keys.generate(tmp_path_factory.mktemp("other"))
    running = public.running_digest()
    running.update(b"ab")
    running.update(b"c")
    assert public.digest(b"abc") == keyring.digest(b"abc") == running.digest()
    assert public.token_digest("abc") == keyring.token_digest("abc") != keyring.digest(b"abc")
    assert keyring.blind("abc") == keyring.blind("abc") != keyring.digest(b"abc")
    assert other.digest(b"abc") != keyring.digest(b"abc")
    assert keyring.token_digest("\udcff")


# --- files -----------------------------------------------------------------------------------------------------


def seal_file(keyring: Keyring, plain: bytes, context: str = "file:1", *, piece: int = 50_000) -> bytes:
    target = io.BytesIO()
    sealer = keyring.seal_file(target)
    for start in range(0, len(plain), piece):
        sealer.write(plain[start : start + piece])
    sealer.finish(context)
    assert target.tell() == 0
    return target.getvalue()


@pytest.mark.parametrize("size", [0, 1, CHUNK - 1, CHUNK, CHUNK + 1, 2 * CHUNK, 5 * CHUNK + 7])
@pytest.mark.parametrize("cut", [1_000, CHUNK + 16, 10**9])
def test_a_file_of_any_size_comes_back_however_it_is_cut(public, keyring, size, cut):
    plain = os.urandom(size)
    sealed = seal_file(public, plain)
    pieces = [sealed[start : start + cut] for start in range(0, len(sealed), cut)]
    assert b"".join(keyring.open_file(pieces, "file:1")) == plain


@pytest.mark.parametrize("size", [1, CHUNK, CHUNK + 1, 5 * CHUNK + 7])
def test_a_file_opens_from_any_byte_on_without_what_stands_before(public, keyring, size):
    plain = os.urandom(size)
    sealed = seal_file(public, plain)
    read = []

    def from_there(place):
        read.append(place)
        return [sealed[place:]]

    for start in {0, 1, size // 2, min(CHUNK, size - 1), size - 1}:
        assert b"".join(keyring.open_file_from(start, from_there, "file:1")) == plain[start:]
    assert max(read) >= len(sealed) - CHUNK - 16, "the chunks before are not read"
    with pytest.raises(KeyringError):
        list(keyring.open_file_from(size + CHUNK, from_there, "file:1"))
    with pytest.raises(KeyringError):
        list(keyring.open_file_from(0, from_there, "file:2"))


@pytest.mark.parametrize(
    "change",
    [
        lambda sealed: sealed[:-1],
        lambda sealed: sealed[: -(CHUNK + 16)],
        lambda sealed: sealed + b"x",
        lambda sealed: sealed[: keys._HEADER] + sealed[keys._HEADER + CHUNK + 16 :],
        lambda sealed: sealed[: keys._HEADER],
        lambda sealed: b"",
    ],
)
def test_a_file_cut_short_or_rearranged_is_told(keyring, change):
    sealed = seal_file(keyring, os.urandom(3 * CHUNK))
    with pytest.raises(KeyringError):
        list(keyring.open_file([change(sealed)], "file:1"))


def test_a_file_moved_elsewhere_does_not_open(keyring):
    with pytest.raises(KeyringError):
        list(keyring.open_file([seal_file(keyring, b"x")], "file:2"))


def test_a_file_never_finished_opens_to_nobody(keyring):
    target = io.BytesIO()
    keyring.seal_file(target).write(b"x" * 3 * CHUNK)
    with pytest.raises(KeyringError):
        list(keyring.open_file([target.getvalue()], "file:1"))


# --- the files of the keyring ----------------------------------------------------------------------------------


def test_after_rotation_new_keys_seal_and_old_ones_still_open(tmp_path):
    before = keys.generate(tmp_path)
    sealed, encrypted, blind = before.seal(b"x", "c"), before.encrypt(b"y", "c"), before.blind("z")
    file = seal_file(before, b"f")
    after = keys.rotate(tmp_path)
    assert after.current != before.current
    assert (after.open(sealed, "c"), after.decrypt(encrypted, "c"), after.blind("z")) == (b"x", b"y", blind)
    assert b"".join(after.open_file([file], "file:1")) == b"f"
    assert after.token_digest("t") == before.token_digest("t")
    with pytest.raises(KeyringError):
        before.open(after.seal(b"x", "c"), "c")
    with pytest.raises(KeyringError):
        before.decrypt(after.encrypt(b"x", "c"), "c")


def test_a_keyring_is_never_overwritten(tmp_path):
    keys.generate(tmp_path)
    with pytest.raises(KeyringError):
        keys.generate(tmp_path)


def test_keys_are_rotated_only_where_the_private_ones_are(keys_directory, tmp_path):
    shutil.copy(keys_directory / "public.json", tmp_path)
    with pytest.raises(KeyringError):
        keys.rotate(tmp_path)


def test_the_files_are_readable_by_their_owner_only(keys_directory):
    for path in keys_directory.iterdir():
        assert path.stat().st_mode & 0o777 == 0o600


def test_a_missing_keyring_says_how_to_make_one(tmp_path):
    with pytest.raises(KeyringError, match="saif keys generate"):
        Keyring.load(tmp_path / "none")


@pytest.mark.parametrize("damage", ["", "{}", "[]", '{"current": "x", "keys": {}}', "\x00"])
@pytest.mark.parametrize("name", ["public.json", "private.json"])
def test_a_damaged_keyring_is_told_without_its_content(keys_directory, tmp_path, name, damage):
    shutil.copytree(keys_directory, tmp_path / "keys")
    (tmp_path / "keys" / name).write_text(damage)
    with pytest.raises(KeyringError, match="cannot be read"):
        Keyring.load(tmp_path / "keys")


@pytest.mark.parametrize(("name", "key"), [("public.json", "current"), ("private.json", "field")])
def test_a_keyring_whose_current_key_is_missing_cannot_be_read(keys_directory, tmp_path, name, key):
    shutil.copytree(keys_directory, tmp_path / "keys")
    said = json.loads((tmp_path / "keys" / name).read_text())
    said[key] = "00000000"
    (tmp_path / "keys" / name).write_text(json.dumps(said))
    with pytest.raises(KeyringError, match="cannot be read"):
        Keyring.load(tmp_path / "keys")
