"""A form as the phones of one mission get it: with a public key, to which they encrypt what they send.

https://getodk.github.io/xforms-spec/encryption. The version string is another one than the form's: phones take a
form of the same id and version for the same.
"""

from lxml import etree

from xlsforms import xml


def with_key(xform: bytes, *, version: str, public_key: str) -> bytes:
    """The bytes of an XForm with this version and public key.

    `client-editable` goes: a client cannot edit what it has encrypted, and would offer to in vain.
    """
    root = xml.parse(xform)
    model = next(root.iter("{*}model"))
    instance = next(model.iter("{*}instance"))[0]
    _drop(instance, "version")
    instance.set("version", version)
    submission = xml.child(model, "submission")
    if submission is None:
        submission = etree.Element(f"{{{etree.QName(model).namespace}}}submission")
        model.insert(0, submission)
    _drop(submission, "client-editable")
    submission.set("base64RsaPublicKey", public_key)
    return bytes(etree.tostring(root, xml_declaration=True, encoding="utf-8"))


def _drop(element: etree._Element, attribute: str) -> None:
    """Remove an attribute, in whatever namespace it stands."""
    for name in [str(one) for one in element.attrib]:
        if name.rpartition("}")[2] == attribute:
            del element.attrib[name]
