"""Documents on the page of a case: kept, listed without their names, opened and removed for a reason."""

import io
import re

import werkzeug.formparser

from app.services import documents
from tests.ui.casework import WHY, entries
from tests.ui.conftest import text_of

PAGE = b"%PDF-1.4 <script>alert(1)</script>" + bytes(150_000)


def sent(content, name="../Ana Lungu<x>.pdf.html", **more):
    return {"file": (io.BytesIO(content), name), "kind": "medical", "dated_on": "2026-03-01", **more}


def test_a_document_is_added_listed_opened_and_removed(visit, store, monkeypatch):
    visitor, path = visit("coordinator"), visit("coordinator").first("/cases")
    assert "Add a document" in visitor.get(path)
    page = visitor.get(f"{path}/documents/new")
    assert "Choose one" in page

    def on_disk(*_arguments, **_more):
        raise AssertionError("a document is not written to the disk in clear")

    monkeypatch.setattr(werkzeug.formparser, "default_stream_factory", on_disk)
    monkeypatch.setattr(werkzeug.formparser, "SpooledTemporaryFile", on_disk)
    refused = visitor.post(f"{path}/documents", sent(b"MZ\x90\0"), status=422)
    assert "none that is kept as a document" in refused
    assert '<option value="medical" selected>' in refused
    page = visitor.post(f"{path}/documents", sent(PAGE))
    assert "The document is kept with the case." in page
    assert "Ana Lungu" not in page
    assert "Medical report 2026-03-01" in text_of(page)
    link = re.search(rf'href="{visitor.home}({path}/documents/[0-9a-f-]{{36}})"', page)[1]
    assert "Coordinator" in text_of(visitor.get(link))
    assert "only with a reason" in visitor.post(f"{link}/read", {"reason": "no"}, status=422)
    visitor.post(f"{link}/read", {"reason": WHY})
    assert visitor.page.data == PAGE
    headers = visitor.page.headers
    assert headers["Content-Disposition"] == 'attachment; filename="Ana Lungu_x_.pdf.pdf"'
    assert headers["Content-Type"] == "application/octet-stream"
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert "has this document already" in visitor.post(f"{path}/documents", sent(PAGE), status=409)
    assert "only with a reason" in visitor.post(f"{link}/remove", {"reason": ""}, status=422)
    assert "The document is removed." in visitor.post(f"{link}/remove", {"reason": WHY})
    visitor.get(link, status=404)
    (entry,) = entries(store, "case.document_remove")
    assert entry.reason == WHY
    assert "Ana" not in str([one.detail for one in entries(store, "case.document_add")])


def test_who_may_not_read_cases_neither_adds_nor_opens(visit):
    path = visit("coordinator").first("/cases")
    for who in ("form_designer", "administrator", "elsewhere"):
        visit(who).get(f"{path}/documents/new", status=403)
        visit(who).post(f"{path}/documents", sent(PAGE), status=403)
    visit("coordinator").get(f"{path}/documents/00000000-0000-4000-8000-000000000000", status=404)


def test_more_than_a_document_may_have_is_not_even_taken_into_memory(visit, monkeypatch):
    monkeypatch.setattr(documents, "LARGEST", 1000)
    visitor, path = visit("coordinator"), visit("coordinator").first("/cases")
    assert "larger than this server takes (0.101 MB)" in visitor.post(
        f"{path}/documents", sent(PAGE), status=413
    )
    assert "(0.001 MB)" in visitor.post(f"{path}/documents", sent(PAGE[:2000]), status=413)
