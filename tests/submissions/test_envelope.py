"""What a receiver reads before it keeps a submission, and what it refuses."""

import contextlib
import io
import tracemalloc

import pytest
from hypothesis import given
from hypothesis import strategies as st

from submissions import envelope
from submissions.envelope import EnvelopeError, read

LIMIT = 1_000_000


def refused(xml, code, limit=LIMIT):
    for source in (xml, io.BytesIO(xml)):
        with pytest.raises(EnvelopeError) as caught:
            read(source, max_bytes=limit)
        assert caught.value.code == code
        assert caught.value.message.endswith(".")
        assert len(caught.value.message) < 300


def said(xml):
    found = read(xml, max_bytes=LIMIT)
    assert read(io.BytesIO(xml), max_bytes=LIMIT) == found
    return found


def test_a_submission_names_its_form_version_and_instance():
    found = said(b"<data id='f' version='3'><a>1</a><meta><instanceID>uuid:1</instanceID></meta></data>")
    assert (found.form_id, found.version, found.instance_id) == ("f", "3", "uuid:1")
    assert found.deprecated_id is None
    assert not found.encrypted
    assert found.files == ()


def test_the_meta_block_may_stand_in_the_openrosa_namespace_and_hold_a_deprecated_id_in_none():
    found = said(
        b"<data id='f' xmlns:orx='http://openrosa.org/xforms'><orx:meta><orx:instanceID>uuid:2</orx:instanceID>"
        b"<deprecatedID>uuid:1</deprecatedID></orx:meta></data>"
    )
    assert (found.instance_id, found.deprecated_id, found.version) == ("uuid:2", "uuid:1", "")


def test_old_clients_write_the_form_id_as_namespace_and_the_version_in_openrosa():
    found = said(
        b"<data xmlns='http://example.org/form' xmlns:orx='http://openrosa.org/xforms' orx:version='7'>"
        b"<orx:meta><orx:instanceID> uuid:1 </orx:instanceID></orx:meta></data>"
    )
    assert (found.form_id, found.version, found.instance_id) == ("http://example.org/form", "7", "uuid:1")


def test_an_attribute_without_a_namespace_comes_before_one_with():
    found = said(
        b"<d xmlns:x='u' x:id='wrong' id='right' x:version='2'><meta><instanceID>i</instanceID></meta></d>"
    )
    assert (found.form_id, found.version) == ("right", "2")


def test_an_encrypted_submission_names_the_parts_that_belong_to_it():
    found = said(
        b"<data xmlns='http://www.opendatakit.org/xforms/encrypted' id='f' version='1' encrypted='yes'>"
        b"<base64EncryptedKey>AAAA</base64EncryptedKey><orx:meta xmlns:orx='http://openrosa.org/xforms'>"
        b"<orx:instanceID>uuid:1</orx:instanceID></orx:meta><media><file>1.jpg.enc</file></media>"
        b"<media><file>2.jpg.enc</file></media><encryptedXmlFile>submission.xml.enc</encryptedXmlFile></data>"
    )
    assert found.encrypted
    assert found.form_id == "f"
    assert found.files == ("1.jpg.enc", "2.jpg.enc", "submission.xml.enc")


def test_a_plain_form_may_have_a_group_called_media():
    found = said(b"<d id='f'><media><file>a.jpg</file></media><meta><instanceID>i</instanceID></meta></d>")
    assert found.files == ()


def test_instance_ids_inside_repeats_or_deeper_are_answers_not_envelopes():
    found = said(
        b"<d id='f'><g><meta><instanceID>no</instanceID></meta></g>"
        b"<meta><x><instanceID>no</instanceID></x><instanceID>yes</instanceID></meta></d>"
    )
    assert found.instance_id == "yes"


def test_text_with_entities_of_xml_itself_is_read():
    found = said(b"<d id='f'><meta><instanceID>a&amp;b&#x20ac;<![CDATA[<]]></instanceID></meta></d>")
    assert found.instance_id == "a&b€<"


BOMB = b"""<!DOCTYPE d [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]>"""
HEAD = b"<d id='f'><meta><instanceID>i</instanceID></meta>"


@pytest.mark.parametrize(
    ("xml", "code"),
    [
        (BOMB + HEAD + b"<a>&b;</a></d>", "xml_dtd"),
        (b"<!DOCTYPE d SYSTEM 'file:///etc/passwd'>" + HEAD + b"</d>", "xml_dtd"),
        (b"<!DOCTYPE d [<!ENTITY % x SYSTEM 'http://example.org/x'>%x;]>" + HEAD + b"</d>", "xml_dtd"),
        (HEAD + b"<a>&undefined;</a></d>", "xml_malformed"),
        (HEAD + b"<?php phpinfo() ?></d>", "xml_instruction"),
        (b"<?xml-stylesheet href='x'?>" + HEAD + b"</d>", "xml_instruction"),
        (HEAD, "xml_malformed"),
        (HEAD + b"</d><d/>", "xml_malformed"),
        (HEAD + b"<a>\0</a></d>", "xml_malformed"),
        (HEAD + b"<a>\xff\xfe</a></d>", "xml_malformed"),
        (HEAD + b"<x:a/></d>", "xml_malformed"),
        (b"", "xml_malformed"),
        (b"not xml at all", "xml_malformed"),
        (b"PK\x03\x04", "xml_malformed"),
        ((HEAD + b"</d>").decode().encode("utf-16"), "xml_encoding"),
        ((HEAD + b"</d>").decode().encode("utf-16-le"), "xml_encoding"),
        ((HEAD + b"</d>").decode().encode("utf-32"), "xml_encoding"),
        (b"<?xml version='1.0' encoding='ISO-8859-1'?>" + HEAD + b"</d>", "xml_encoding"),
        (b"<?xml version='1.0' encoding='UTF-7'?>" + HEAD + b"</d>", "xml_encoding"),
        (b"<d id='f' encrypted='yes'/>", "instance_id_missing"),
        (b"<d id='f' encrypted='yes'><meta><instanceID>  </instanceID></meta></d>", "instance_id_missing"),
        (b"<d><meta><instanceID>i</instanceID></meta></d>", "form_id_missing"),
        (HEAD + b"<meta><instanceID>other</instanceID></meta></d>", "meta_ambiguous"),
        (b"<d id='f'><meta><instanceID>" + b"i" * 250 + b"</instanceID></meta></d>", "id_too_long"),
        (b"<d id='" + b"f" * 250 + b"'><meta><instanceID>i</instanceID></meta></d>", "id_too_long"),
        (
            b"<d id='f' version='" + b"1" * 250 + b"'><meta><instanceID>i</instanceID></meta></d>",
            "id_too_long",
        ),
        (HEAD + b"<a b='" + b"x" * 10_000 + b"'/></d>", "xml_too_large"),
        (HEAD + b"<a>" * 100 + b"</a>" * 100 + b"</d>", "xml_too_deep"),
        (HEAD + b"<a/>" * 200_001 + b"</d>", "xml_too_many_nodes"),
    ],
)
def test_what_no_phone_writes_is_refused_with_a_sentence_for_the_person(xml, code):
    refused(xml, code)


def test_a_body_beyond_the_limit_is_refused():
    refused(HEAD + b"<a>" + b"x" * 2000 + b"</a></d>", "xml_too_large", limit=1000)


def test_the_limit_itself_is_accepted():
    xml = HEAD + b"</d>"
    assert read(xml, max_bytes=len(xml)).instance_id == "i"


def test_a_byte_order_mark_of_utf_8_is_accepted():
    assert said(b"\xef\xbb\xbf" + HEAD + b"</d>").instance_id == "i"


def test_memory_stays_flat_however_many_nodes_come():
    xml = HEAD + b"<a/>" * 199_000 + b"</d>"
    tracemalloc.start()
    read(io.BytesIO(xml), max_bytes=LIMIT)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 1_000_000


def test_an_instance_id_split_over_chunks_is_read_whole():
    name = "uuid:" + "é" * 100
    xml = b"<d id='f'><a>" + b"x" * (envelope._CHUNK - 60) + b"</a><meta><instanceID>" + name.encode()
    assert said(xml + b"</instanceID></meta></d>").instance_id == name


@given(st.binary(max_size=300))
def test_any_bytes_are_read_or_refused_and_never_break_the_receiver(noise):
    for xml in (noise, HEAD + noise + b"</d>"):
        with contextlib.suppress(EnvelopeError):
            assert read(xml, max_bytes=LIMIT).instance_id


@pytest.mark.parametrize("xml", [b"<d id='f'/>", b"<d id='f'><meta><instanceID> </instanceID></meta></d>"])
def test_a_form_that_gives_no_instance_id_is_still_read(xml):
    assert read(xml, max_bytes=1000).instance_id == ""
