"""Encrypted submissions: the manifest a phone sends, and how what it names is opened with the form's private key.

ODK XForms encryption, https://getodk.github.io/xforms-spec/encryption. Keys are RSA 2048; the files are AES-256 in
CFB mode with 128-bit segments and PKCS#7 padding, each with an initialisation vector of its own. CFB does not notice a
change of its input by itself: that is what the signature at the end is for.
"""

import base64
import hashlib
import hmac
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from cryptography.hazmat.decrepit.ciphers.modes import CFB
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms
from cryptography.hazmat.primitives.padding import PKCS7
from lxml import etree

from xlsforms import xml
from xlsforms.xml import XmlError, XmlLimits, local

ENDING: Final = ".enc"
"""What a phone adds to the name of a file that it encrypts."""
MAX_FILES: Final = 10_000
"""Files of one submission. A long interview has some hundred."""
_LIMITS: Final = XmlLimits(bytes=5_000_000, nodes=4 * MAX_FILES)
_SIGNED_AS: Final = "submission.xml"
"""What the signature calls the XML, whatever its part is called."""
_OAEP: Final = padding.OAEP(mgf=padding.MGF1(hashes.SHA256()), algorithm=hashes.SHA256(), label=None)
_BLOCK: Final = 128  # bits

PrivateKey = rsa.RSAPrivateKey
"""What opens: the private half of a form's key."""


class EncryptionError(ValueError):
    """What came is not what a phone writes, or is not for this key. `code` is one of manifest_unreadable,
    wrong_key, damaged; `message` says what is wrong and holds nothing of the content."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a phone says of an encrypted submission. `key` and `signature` are Base64 as it wrote them; `media` are
    the names of the encrypted files in order, `xml` that of the encrypted XML."""

    form_id: str
    version: str
    instance_id: str
    key: str
    media: tuple[str, ...]
    xml: str
    signature: str

    @property
    def files(self) -> tuple[str, ...]:
        """All encrypted files in the order in which they are encrypted and signed: the XML comes last."""
        return (*self.media, self.xml)


def plain_name(name: str) -> str:
    """Name of a file before it was encrypted."""
    return name.removesuffix(ENDING)


# --- keys -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Pair:
    """A new pair of keys. `public` is the text for `submission/@base64RsaPublicKey` (Base64 of the X.509
    SubjectPublicKeyInfo), `private` PKCS#8 in DER."""

    public: str
    private: bytes


def new_pair() -> Pair:
    """RSA of 2048 bits, the one size that clients know. Takes a tenth of a second."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    public = key.public_key().public_bytes(
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    private = key.private_bytes(
        serialization.Encoding.DER, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return Pair(base64.b64encode(public).decode(), private)


def load(private: bytes) -> PrivateKey:
    """The private key of a pair made by `new_pair`."""
    # Ours and sealed since: checking the primes again would take longer than all the rest of a submission.
    key = serialization.load_der_private_key(private, None, unsafe_skip_rsa_key_validation=True)
    assert isinstance(key, rsa.RSAPrivateKey)
    return key


# --- the manifest -----------------------------------------------------------------------------------------------


def read(source: bytes) -> Manifest:
    """The manifest in a submission's XML. Raises EncryptionError (manifest_unreadable) on anything that no phone
    writes."""
    try:
        root = xml.parse(source, _LIMITS)
    except XmlError as fault:
        raise _unreadable(fault.finding.message) from None
    said = xml.attributes(root)
    if said.get("encrypted") != "yes":
        raise _unreadable("It does not say that it is encrypted.")
    media = [_text(file) for one in root if local(one) == "media" for file in one if local(file) == "file"]
    found = Manifest(
        form_id=said.get("id", "").strip(),
        version=said.get("version", "").strip(),
        instance_id=_only(root, "meta", "instanceID"),
        key=_only(root, "base64EncryptedKey"),
        media=tuple(media),
        xml=_only(root, "encryptedXmlFile"),
        signature=_only(root, "base64EncryptedElementSignature"),
    )
    if not all(name.endswith(ENDING) and plain_name(name) for name in found.files):
        raise _unreadable(f"It names a file whose name does not end in {ENDING}.")
    if len(found.files) > MAX_FILES:
        raise _unreadable(f"It names more than {MAX_FILES} files.")
    # Twice the same file would be the same bytes under two vectors: one of them cannot be right.
    if len(set(found.files)) != len(found.files):
        raise _unreadable("It names a file twice.")
    return found


def _only(root: etree._Element, *path: str) -> str:
    """The text of the one element at a path of local names."""
    level = [root]
    for name in path:
        level = [child for one in level for child in one if local(child) == name]
    texts = {text for one in level if (text := _text(one))}
    if len(texts) != 1:
        raise _unreadable(f"It has {'several elements' if texts else 'no element'} {path[-1]}.")
    return texts.pop()


def _text(element: etree._Element) -> str:
    return (element.text or "").strip()


def _unreadable(why: str) -> EncryptionError:
    return EncryptionError("manifest_unreadable", why)


# --- opening ----------------------------------------------------------------------------------------------------


def unwrap(manifest: Manifest, private: PrivateKey) -> bytes:
    """The submission's own key, 32 bytes. Raises EncryptionError (wrong_key)."""
    key = _decrypted(manifest.key, private)
    if key is None or len(key) != 32:
        raise EncryptionError("wrong_key", "It was encrypted to another key.")
    return key


def vectors(manifest: Manifest, key: bytes) -> Iterator[bytes]:
    """The initialisation vectors of the manifest's files, in their order."""
    seed = bytearray(_md5(manifest.instance_id.encode() + key))
    for count in range(len(manifest.files)):
        seed[count % len(seed)] = (seed[count % len(seed)] + 1) % 256
        yield bytes(seed)


def decrypt(chunks: Iterable[bytes], *, key: bytes, vector: bytes) -> Iterator[bytes]:
    """The plain content of an encrypted file, piece by piece as it is read. Raises EncryptionError (damaged), at the
    end: what was yielded before is then worth nothing."""
    cipher = Cipher(algorithms.AES256(key), CFB(vector)).decryptor()
    unpadder = PKCS7(_BLOCK).unpadder()
    for chunk in chunks:
        yield unpadder.update(cipher.update(chunk))
    try:
        yield unpadder.update(cipher.finalize()) + unpadder.finalize()
    except ValueError:
        raise EncryptionError(
            "damaged", "It was cut short or changed on the way: it does not end as it should."
        ) from None


def signature_holds(manifest: Manifest, private: PrivateKey, digests: Mapping[str, str]) -> bool:
    """Whether the files are those that the phone signed. `digests`: name of each encrypted file → MD5 of its plain
    content in lower-case hexadecimal digits."""
    lines = [manifest.form_id, *([manifest.version] if manifest.version else [])]
    lines += [manifest.key, manifest.instance_id]
    lines += [f"{plain_name(name)}::{digests[name]}" for name in manifest.media]
    lines.append(f"{_SIGNED_AS}::{digests[manifest.xml]}")
    signed = _decrypted(manifest.signature, private)
    said = "".join(f"{line}\n" for line in lines).encode()
    return signed is not None and hmac.compare_digest(signed, _md5(said))


def _decrypted(text: str, private: PrivateKey) -> bytes | None:
    """What a Base64 text says to the holder of the key; None if it says nothing."""
    try:
        return private.decrypt(base64.b64decode("".join(text.split()), validate=True), _OAEP)
    except ValueError:  # no Base64, not of the key's length, or for another key
        return None


def _md5(content: bytes) -> bytes:
    return hashlib.md5(content, usedforsecurity=False).digest()
