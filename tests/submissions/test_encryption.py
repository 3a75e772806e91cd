"""Encrypted submissions: made by Java's own cryptography as the client does it, opened by ours."""

import base64
import hashlib
import os
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import load_der_public_key
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from submissions import encryption
from submissions.encryption import EncryptionError
from tests.clients.encrypting import Encrypted, encrypt
from tests.clients.javarosa.run import JavaMissing
from tests.field import XFORM, submission
from tests.fuzz import fuzz
from tests.tools import missing
from xlsforms import rendition, xform

CORPUS = Path(os.environ.get("SAIF_FORMS_CORPUS", Path(__file__).parents[3] / "shared/forms-corpus"))
SAMPLE = CORPUS.parent / "reference/encrypted-sample"
VERSION = "1[encrypted:0a1b2c3d]"
FILES = {"1.jpg": b"", "2 é.jpg": b"x" * 16, "audit.csv": os.urandom(200_001)}


@pytest.fixture(scope="module")
def pair():
    return encryption.new_pair()


@pytest.fixture(scope="module")
def xform_with_key(pair):
    plain = XFORM.format(title="Visit", form_id="visit", version="1").encode()
    return rendition.with_key(plain, version=VERSION, public_key=pair.public)


@pytest.fixture(scope="module")
def plain():
    return submission("uuid:1", version=VERSION)


@pytest.fixture(scope="module")
def sent(xform_with_key, plain) -> Encrypted:
    return by_the_client(xform_with_key, plain, FILES)


def by_the_client(xform, plain, files=None) -> Encrypted:
    try:
        return encrypt(xform, plain, files)
    except JavaMissing as tool:
        missing(str(tool))


def opened(sent, private, *, size=70_000):
    """The plain files by the names of the encrypted ones, and whether the signature holds."""
    manifest = encryption.read(sent.manifest)
    key = encryption.unwrap(manifest, private)
    found = {}
    for name, vector in zip(manifest.files, encryption.vectors(manifest, key), strict=True):
        content = sent.files[name]
        chunks = (content[start : start + size] for start in range(0, len(content), size))
        found[name] = b"".join(encryption.decrypt(chunks, key=key, vector=vector))
    return found, encryption.signature_holds(manifest, private, md5s(found))


def md5s(files):
    return {name: hashlib.md5(content).hexdigest() for name, content in files.items()}


def test_what_the_client_encrypts_is_opened_and_its_signature_holds(sent, pair, plain):
    found, holds = opened(sent, encryption.load(pair.private))
    assert found.pop("submission.xml.enc") == plain
    assert {encryption.plain_name(name): content for name, content in found.items()} == FILES
    assert holds


def test_a_new_key_is_rsa_of_2048_bits_as_one_line_of_base64(pair):
    assert pair.public.isascii()
    key = load_der_public_key(base64.b64decode(pair.public, validate=True))
    assert key.key_size == 2048


def test_of_a_form_without_a_version_the_signature_leaves_it_out(pair):
    """And a form without media: the XML alone is signed."""
    plain = XFORM.format(title="Visit", form_id="visit", version="").encode()
    sent = by_the_client(
        rendition.with_key(plain, version="", public_key=pair.public), submission(version="")
    )
    assert encryption.read(sent.manifest).version == ""
    assert opened(sent, encryption.load(pair.private))[1]


def test_the_vectors_go_round_where_there_are_thousands_of_files(pair, xform_with_key, plain):
    """After 4096 files every byte of the vector has taken each of its values: it counts modulo 256."""
    files = {f"{number:04}.jpg": b"%d" % number for number in range(4100)}
    sent = by_the_client(xform_with_key, plain, files)
    found, holds = opened(sent, encryption.load(pair.private))
    assert found.pop("submission.xml.enc") == plain
    assert {encryption.plain_name(name): content for name, content in found.items()} == files
    assert holds


@settings(max_examples=20, deadline=None)
@given(size=st.integers(1, 5000))
def test_a_file_may_come_in_pieces_of_any_size(sent, pair, plain, size):
    assert opened(sent, encryption.load(pair.private), size=size)[0]["submission.xml.enc"] == plain


def test_the_manifest_says_what_belongs_to_the_submission(sent):
    manifest = encryption.read(sent.manifest)
    assert (manifest.form_id, manifest.version, manifest.instance_id) == ("visit", VERSION, "uuid:1")
    assert manifest.files == (*(f"{name}.enc" for name in sorted(FILES)), "submission.xml.enc")


def test_a_sample_of_another_client_is_opened():
    if not SAMPLE.exists():
        pytest.skip(f"no sample in {SAMPLE}")
    files = {"submission.xml.enc": (SAMPLE / "submission.xml.enc").read_bytes()}
    sent = Encrypted((SAMPLE / "submission.xml").read_bytes(), files)
    found, holds = opened(sent, encryption.load((SAMPLE / "private-key.der").read_bytes()))
    assert etree.fromstring(found["submission.xml.enc"]).get("id") == "encrypted-form"
    assert holds


def test_another_key_opens_nothing(sent):
    other = encryption.load(encryption.new_pair().private)
    with pytest.raises(EncryptionError) as caught:
        encryption.unwrap(encryption.read(sent.manifest), other)
    assert caught.value.code == "wrong_key"


@pytest.mark.parametrize("cut", [0, 1, 15, 17])
def test_a_file_cut_short_is_noticed(sent, pair, cut):
    manifest = encryption.read(sent.manifest)
    key = encryption.unwrap(manifest, encryption.load(pair.private))
    vector = list(encryption.vectors(manifest, key))[-1]
    with pytest.raises(EncryptionError) as caught:
        list(encryption.decrypt([sent.files["submission.xml.enc"][:cut]], key=key, vector=vector))
    assert caught.value.code == "damaged"


@pytest.mark.parametrize("what", ["form_id", "version", "instance_id", "content", "missing version"])
def test_the_signature_does_not_hold_for_anything_else(sent, pair, what):
    private = encryption.load(pair.private)
    found, _ = opened(sent, private)
    manifest = encryption.read(sent.manifest)
    if what == "content":
        found["1.jpg.enc"] += b"x"
    else:
        name, value = ("version", "") if what == "missing version" else (what, "other")
        manifest = encryption.read(encryption_with(sent.manifest, name, value))
    assert not encryption.signature_holds(manifest, private, md5s(found))


def encryption_with(manifest: bytes, what: str, value: str) -> bytes:
    root = etree.fromstring(manifest)
    if what == "instance_id":
        next(root.iter("{*}instanceID")).text = value
    else:
        root.set({"form_id": "id"}.get(what, what), value)
    return etree.tostring(root)


# --- hostile manifests ------------------------------------------------------------------------------------------

WHOLE = (
    "<data id='f' version='1' encrypted='yes'><base64EncryptedKey>QUJD</base64EncryptedKey>"
    "<meta><instanceID>uuid:1</instanceID></meta><media><file>1.jpg.enc</file></media>"
    "<encryptedXmlFile>submission.xml.enc</encryptedXmlFile>"
    "<base64EncryptedElementSignature>QUJD</base64EncryptedElementSignature></data>"
)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (" encrypted='yes'", ""),
        ("<base64EncryptedKey>QUJD</base64EncryptedKey>", ""),
        ("QUJD</base64EncryptedElementSignature>", "</base64EncryptedElementSignature>"),
        ("<instanceID>uuid:1</instanceID>", "<instanceID>uuid:1</instanceID><instanceID>uuid:2</instanceID>"),
        ("1.jpg.enc", ""),
        ("1.jpg.enc", "1.jpg"),
        ("1.jpg.enc", ".enc"),
        ("1.jpg.enc", "submission.xml.enc"),
        ("1.jpg.enc", "submission.xml"),
        ("<file>1.jpg.enc</file>", "<file>1.jpg.enc</file>" * 2),
        ("<file>1.jpg.enc</file>", "".join(f"<file>{n}.enc</file>" for n in range(encryption.MAX_FILES))),
        ("<data", "<!DOCTYPE data [<!ENTITY a 'b'>]><data"),
        ("</data>", ""),
    ],
)
def test_a_manifest_that_no_phone_writes_is_refused(before, after):
    assert encryption.read(WHOLE.encode()).media == ("1.jpg.enc",)
    with pytest.raises(EncryptionError) as caught:
        encryption.read(WHOLE.replace(before, after).encode())
    assert caught.value.code == "manifest_unreadable"
    assert caught.value.message.endswith(".")


texts = st.text(alphabet=st.characters(codec="utf-8"), max_size=40)
names = st.sampled_from(
    ["data", "media", "file", "meta", "instanceID", "base64EncryptedKey", "encryptedXmlFile",
     "base64EncryptedElementSignature", "other"]
)  # fmt: skip


@st.composite
def manifests(draw):
    """Bytes near a manifest: trees of its elements with any text, and a whole one with a piece exchanged."""
    if draw(st.booleans()):
        start = draw(st.integers(0, len(WHOLE)))
        end = start + draw(st.integers(0, 30))
        return (WHOLE[:start] + draw(texts) + WHOLE[end:]).encode()
    root = etree.Element("data", encrypted=draw(st.sampled_from(["yes", "no"])), id="f")
    level = [root]
    for _ in range(draw(st.integers(0, 20))):
        child = etree.SubElement(draw(st.sampled_from(level)), draw(names))
        child.text = draw(
            st.text(alphabet=st.characters(min_codepoint=32, max_codepoint=0xD7FF), max_size=40)
        )
        level.append(child)
    return etree.tostring(root)


def outcome(act) -> str:
    """Empty, or the code of the error."""
    try:
        act()
    except EncryptionError as error:
        return error.code
    return ""


def test_fuzz_whatever_comes_as_a_manifest_is_read_or_refused(pair):
    private = encryption.load(pair.private)

    def check(source):
        code = outcome(lambda: encryption.unwrap(encryption.read(source), private))
        assert code in ("manifest_unreadable", "wrong_key")

    assert fuzz(check, st.one_of(st.binary(max_size=200), manifests()), examples=300) >= 100


def test_fuzz_whatever_comes_as_a_file_is_opened_or_damaged():
    def check(given):
        content, key = given
        code = outcome(lambda: list(encryption.decrypt([content], key=key, vector=bytes(16))))
        assert code in ("", "damaged")

    assert fuzz(check, st.tuples(st.binary(max_size=200), st.binary(min_size=32, max_size=32))) >= 100


# --- the form ---------------------------------------------------------------------------------------------------


def test_a_rendition_is_the_form_with_a_key_and_another_version(xform_with_key, pair):
    form = xform.read(xform_with_key)
    assert (form.form_id, form.version, form.encrypted) == ("visit", VERSION, True)
    assert f'base64RsaPublicKey="{pair.public}"'.encode() in xform_with_key


def test_a_rendition_keeps_what_the_form_says_of_sending_but_not_that_clients_may_edit(pair):
    plain = XFORM.format(title="Visit", form_id="visit", version="1").replace(
        "<model>",
        '<model><submission xmlns:o="http://opendatakit.org/xforms" xmlns:orx="http://openrosa.org/xforms" '
        'orx:auto-send="true" o:client-editable="true"/>',
    )
    made = rendition.with_key(plain.encode(), version="2", public_key=pair.public)
    element = next(etree.fromstring(made).iter("{*}submission"))
    assert dict(element.attrib) == {
        "{http://openrosa.org/xforms}auto-send": "true",
        "base64RsaPublicKey": pair.public,
    }
    assert xform.read(made).version == "2"
