"""What a phone reads of an answer, refused here where Collect would refuse it."""

from xml.etree import ElementTree as ET

LIST = "{http://openrosa.org/xforms/xformsList}"
MANIFEST = "{http://openrosa.org/xforms/xformsManifest}"
RESPONSE = "{http://openrosa.org/http/response}"
SUCCESS = "full submission upload was successful!"


def path_of(url):
    """The path of a URL of the test client's host."""
    return url.removeprefix("http://localhost")


def said(answer):
    """The message Collect would show, of an answer with the headers it wants."""
    assert answer.content_type == "text/xml; charset=utf-8"
    assert answer.headers["X-OpenRosa-Version"] == "1.0"
    assert int(answer.headers["X-OpenRosa-Accept-Content-Length"]) > 0
    root = ET.fromstring(answer.data)
    assert root.tag == f"{RESPONSE}OpenRosaResponse"
    return root.findtext(f"{RESPONSE}message")


def form_list(client, field, query=""):
    """The entries of the form list, as dicts."""
    answer = client.get(f"{field.path}/formList{query}")
    assert answer.status_code == 200
    assert answer.content_type == "text/xml; charset=utf-8"
    assert answer.headers["X-OpenRosa-Version"] == "1.0"
    assert answer.headers["Cache-Control"] == "private, no-cache"
    root = ET.fromstring(answer.data)
    assert root.tag == f"{LIST}xforms"
    return [{child.tag.removeprefix(LIST): child.text for child in form} for form in root]


def manifest(client, url):
    """The entries of a manifest, as dicts."""
    answer = client.get(path_of(url) + "?deviceID=collect:x")
    assert answer.status_code == 200
    assert answer.content_type == "text/xml; charset=utf-8"
    root = ET.fromstring(answer.data)
    assert root.tag == f"{MANIFEST}manifest"
    return [
        {"type": file.get("type")} | {child.tag.removeprefix(MANIFEST): child.text for child in file}
        for file in root
    ]
