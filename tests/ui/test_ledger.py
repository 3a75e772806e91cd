"""The ledger as a page: for whoever may everywhere."""

from tests.ui.conftest import signed_in, text_of


def test_the_ledger_says_who_did_what(office, open_app):
    visitor = signed_in(open_app(office), office, office.email, office.password)
    visitor.post("/devices", {"name": "Phone 9"})
    page = text_of(visitor.get("/ledger"))
    assert "device.create" in page
    assert "Administrator" in page


def test_the_ledger_goes_on_page_by_page(office, open_app):
    visitor = signed_in(open_app(office), office, office.email, office.password)
    page = visitor.get("/ledger")
    if 'rel="next"' in page:
        onward = page.split('rel="next"')[0].rpartition('href="')[2].split('"')[0].replace("&amp;", "&")
        assert visitor.client.get(onward).status_code == 200
    visitor.get("/ledger?after=nonsense", status=422)


def test_the_ledger_can_be_narrowed_to_what_people_did(office, open_app):
    visitor = signed_in(open_app(office), office, office.email, office.password)
    assert "submission.normalise" in visitor.get("/ledger")
    assert "submission.normalise" not in visitor.get("/ledger?who=people")
