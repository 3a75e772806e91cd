"""XML from outside: https://cheatsheetseries.owasp.org/cheatsheets/XML_Security_Cheat_Sheet.html."""

import pytest

from xlsforms.xml import XmlError, XmlLimits, parse

BILLION_LAUGHS = b"""<?xml version="1.0"?>
<!DOCTYPE lolz [<!ENTITY lol "lol"><!ENTITY lol2 "&lol;&lol;&lol;&lol;&lol;&lol;&lol;&lol;&lol;&lol;">]>
<data>&lol2;</data>"""
OUTSIDE_FILE = b'<!DOCTYPE d [<!ENTITY x SYSTEM "file:///etc/passwd">]><data>&x;</data>'
PARAMETER_ENTITY = b'<!DOCTYPE d SYSTEM "http://127.0.0.1:9/evil.dtd"><data/>'
SPACED = b"< !DOCTYPE d><data/>"


@pytest.mark.parametrize("source", [BILLION_LAUGHS, OUTSIDE_FILE, PARAMETER_ENTITY, SPACED])
def test_a_document_type_declaration_is_refused_unread(source):
    with pytest.raises(XmlError) as refusal:
        parse(source)
    assert refusal.value.finding.code == "xml_dtd"


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be", "utf-32"])
def test_another_encoding_hides_nothing(encoding):
    source = f'<?xml version="1.0" encoding="{encoding}"?>'.encode() if encoding == "ascii" else b""
    hidden = source + '<!DOCTYPE d [<!ENTITY x "y">]><data>&x;</data>'.encode(encoding)
    with pytest.raises(XmlError) as refusal:
        parse(hidden)
    assert refusal.value.finding.code in ("xml_dtd", "xml_malformed")


def test_malformed_xml_is_refused_with_its_line():
    with pytest.raises(XmlError) as refusal:
        parse(b"<data>\n<a>\n</data>")
    assert refusal.value.finding.code == "xml_malformed"
    assert refusal.value.finding.row == 3


@pytest.mark.parametrize("source", [b"", b"not xml", b"<data>", b"<data/><data/>", b"<p:data/>"])
def test_what_is_no_document_is_refused(source):
    with pytest.raises(XmlError):
        parse(source)


def test_too_many_bytes_or_elements_are_refused():
    with pytest.raises(XmlError, match="at most"):
        parse(b"<data>" + b" " * 2048 + b"</data>", XmlLimits(bytes=1024))
    with pytest.raises(XmlError, match="elements"):
        parse(b"<data>" + b"<a/>" * 200 + b"</data>", XmlLimits(nodes=100))


def test_too_deep_is_refused():
    with pytest.raises(XmlError):
        parse(b"<a>" * 5000 + b"</a>" * 5000)


def test_comments_and_processing_instructions_are_dropped():
    root = parse(b"<data><!-- note --><?php evil ?><a>1</a></data>")
    assert [child.tag for child in root] == ["a"]
