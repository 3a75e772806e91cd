"""The pictures in the docs: small, shown, and holding no code that opens anything."""

from pathlib import Path

import pytest
import zxingcpp
from PIL import Image

from tests.clients.collect.collect_client import decode_settings

DOCS = Path(__file__).resolve().parents[2] / "docs"
PICTURES = sorted((DOCS / "pictures").glob("*.png"))
LIMIT = 60_000
"""Bytes of a picture."""


@pytest.mark.parametrize("picture", PICTURES, ids=lambda path: path.name)
def test_a_picture_is_small_and_shown_with_words_for_those_who_do_not_see_it(picture):
    assert picture.stat().st_size < LIMIT
    shown = [page for page in DOCS.glob("*.md") if f"](pictures/{picture.name})" in page.read_text()]
    assert shown
    assert all(f"![](pictures/{picture.name})" not in page.read_text() for page in shown)


def test_every_code_in_a_picture_leads_to_where_nobody_is():
    codes = [
        decode_settings(code.text)
        for picture in PICTURES
        for code in zxingcpp.read_barcodes(Image.open(picture), formats=zxingcpp.BarcodeFormat.QRCode)
    ]
    assert len(codes) == 2
    assert all(code["general"]["server_url"].startswith("https://saif.example/v1/") for code in codes)
