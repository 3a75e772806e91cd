"""The XML documents of the OpenRosa form discovery API, and of ODK's entity integrity request."""

from collections.abc import Iterable, Mapping
from uuid import UUID
from xml.sax.saxutils import escape

from app.services.phones import MediaFile, Offer

_DECLARATION = '<?xml version="1.0" encoding="UTF-8"?>\n'


def form_list(offers: Iterable[Offer], base: str, *, verbose: bool = False) -> bytes:
    """The form list (docs.getodk.org/openrosa-form-list). `base` is the phone's absolute server URL."""
    lines = [_DECLARATION, '<xforms xmlns="http://openrosa.org/xforms/xformsList">\n']
    for offer in offers:
        url = f"{base}/forms"
        # One entry without a name, and Collect refuses the whole list.
        name = offer.title if offer.title.strip() else offer.xml_form_id
        lines.append(
            f"<xform><formID>{escape(offer.xml_form_id)}</formID><name>{escape(name)}</name>"
            f"<version>{escape(offer.version)}</version><hash>md5:{offer.md5}</hash>"
            + (f"<descriptionText>{escape(name)}</descriptionText>" if verbose else "")
            + f"<downloadUrl>{escape(url)}/{offer.file}.xml</downloadUrl>"
            # Collect fetches the manifest of every form that names one, each time.
            + (f"<manifestUrl>{escape(url)}/{offer.id}/manifest</manifestUrl>" if offer.media else "")
            + "</xform>\n"
        )
    lines.append("</xforms>\n")
    return "".join(lines).encode()


def manifest(files: Iterable[MediaFile], urls: Mapping[str, str]) -> bytes:
    """The manifest of one form version (same page). `urls`: file name → absolute URL."""
    lines = [_DECLARATION, '<manifest xmlns="http://openrosa.org/xforms/xformsManifest">\n']
    lines += (_media_file(file, urls[file.name]) for file in files)
    lines.append("</manifest>\n")
    return "".join(lines).encode()


def _media_file(file: MediaFile, url: str) -> str:
    kind = f' type="{file.kind}"' if file.kind else ""
    beside = f"{url.removesuffix('.csv')}/integrity"
    integrity = f"<integrityUrl>{escape(beside)}</integrityUrl>" if file.kind else ""
    return (
        f"<mediaFile{kind}><filename>{escape(file.name)}</filename><hash>md5:{file.md5}</hash>"
        f"<downloadUrl>{escape(url)}</downloadUrl>{integrity}</mediaFile>\n"
    )


def integrity(deleted: Mapping[UUID, bool]) -> bytes:
    """Which entities a phone should drop (docs.getodk.org/openrosa-integrity). Elements in no namespace."""
    lines = [
        f'<entity id="{case_id}"><deleted>{str(gone).lower()}</deleted></entity>\n'
        for case_id, gone in deleted.items()
    ]
    return f"{_DECLARATION}<data><entities>\n{''.join(lines)}</entities></data>\n".encode()
