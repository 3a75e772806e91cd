"""What the QR code sets up: read from the picture by another program than the one that drew it, and compared with the
format Collect documents (openrosa.md, section 9; docs.getodk.org/collect-import-export)."""

import base64
import io
import json
import zlib
from colorsys import rgb_to_hls
from itertools import pairwise

import pytest
import zxingcpp
from PIL import Image

from app.db import writing
from app.models import Mission
from app.policy import COMMAND
from app.services import collect, devices, missions
from tests.clients.collect.collect_client import CollectClient, decode_settings
from tests.databases import on_sqlite

YES_OR_NO = (True, False)
GENERAL = {
    "protocol": ("odk_default",),
    "server_url": str,
    "username": str,
    "password": str,
    "form_update_mode": ("manual", "previously_downloaded", "match_exactly"),
    "periodic_form_updates_check": (
        "every_fifteen_minutes",
        "every_one_hour",
        "every_six_hours",
        "every_24_hours",
    ),
    "automatic_update": YES_OR_NO,
    "hide_old_form_versions": YES_OR_NO,
    "autosend": ("off", "wifi_only", "cellular_only", "wifi_and_cellular"),
    "delete_send": YES_OR_NO,
    "constraint_behavior": ("on_swipe", "on_finalize"),
    "app_language": str,
    "external_app_recording": YES_OR_NO,
    "analytics": YES_OR_NO,
}
"""Collect's general settings that SAIF sets, and their values."""
ADMIN = {
    "edit_saved",
    "send_finalized",
    "view_sent",
    "get_blank",
    "delete_saved",
    "change_server",
    "change_project_display",
    "change_app_theme",
    "change_app_language",
    "change_font_size",
    "change_navigation",
    "maps",
    "form_update_mode",
    "periodic_form_updates_check",
    "automatic_update",
    "hide_old_form_versions",
    "change_autosend",
    "delete_after_send",
    "change_constraint_behavior",
    "high_resolution",
    "image_size",
    "guidance_hint",
    "external_app_recording",
    "instance_form_sync",
    "change_form_metadata",
    "analytics",
    "moving_backwards",
    "access_settings",
    "change_language",
    "jump_to",
    "save_mid",
    "save_as_draft",
    "finalize_in_form_entry",
    "bulk_finalize",
}
"""Every lock Collect knows; each is true or false."""
BASE = "https://saif.example/office"


@pytest.fixture
def mission(session):
    with writing(session):
        return missions.create(session, actor=COMMAND, code="MDCHI", name="Chișinău & Bălți", country="MD")


@pytest.fixture
def make(session, mission, keyring):
    def make(**how):
        with writing(session):
            device, secret = devices.create(
                session, actor=COMMAND, mission_id=mission.id, display_name="7", keyring=keyring, **how
            )
        settings = collect.of_device(device, mission, base=BASE, secret=secret, keyring=keyring)
        return device, secret, settings

    return make


def read(png: bytes) -> str:
    """The text of the one code in a picture."""
    (code,) = zxingcpp.read_barcodes(Image.open(io.BytesIO(png)), formats=zxingcpp.BarcodeFormat.QRCode)
    assert code.format == zxingcpp.BarcodeFormat.QRCode
    return code.text


@on_sqlite
@pytest.mark.parametrize("by_name", [False, True], ids=["token", "user name"])
@pytest.mark.parametrize("managed", [True, False], ids=["managed", "manual"])
@pytest.mark.parametrize("language", devices.LANGUAGES)
def test_the_picture_decodes_to_settings_in_collects_format(make, mission, by_name, managed, language):
    device, secret, settings = make(by_name=by_name, managed=managed, language=language)
    text = read(collect.qr(settings, kind="png"))
    assert "\n" not in text
    assert base64.b64encode(base64.b64decode(text, validate=True)).decode() == text
    found = json.loads(zlib.decompress(base64.b64decode(text)))
    assert found == settings == decode_settings(text)
    assert set(found) == {"general", "admin", "project"}

    general = found["general"]
    for key, value in general.items():
        allowed = GENERAL[key]
        assert isinstance(value, str) if allowed is str else value in allowed, key
    if by_name:
        assert general["server_url"] == f"{BASE}/v1/phone/projects/{mission.id}"
        assert (general["username"], general["password"]) == (device.username, secret)
    else:
        assert general["server_url"] == f"{BASE}/v1/key/{secret}/projects/{mission.id}"
        assert not {"username", "password"} & set(general)
    assert general["form_update_mode"] == ("match_exactly" if managed else "manual")
    assert general.get("automatic_update") == (True if managed else None)
    assert general["app_language"] == language
    assert general["delete_send"] is True
    assert general["analytics"] is False

    admin = dict(found["admin"])
    assert len(admin.pop("admin_pw")) == 10
    assert set(admin) <= ADMIN
    assert not any(admin.values()), "a lock is a false"
    assert {"change_server", "delete_after_send", "form_update_mode", "analytics"} <= set(admin)
    assert not {"edit_saved", "send_finalized", "save_mid", "change_app_language"} & set(admin)

    assert found["project"]["name"] == mission.name
    assert found["project"]["icon"] == "M"


@on_sqlite
def test_no_two_codes_are_of_one_project_to_collect(make):
    """It tells projects apart by address and user name, and adds none where it has both already."""
    found = [make(by_name=by_name)[2]["general"] for by_name in (False, True) for _ in range(3)]
    assert len({(one["server_url"], one.get("username", "")) for one in found}) == len(found)


@on_sqlite
def test_the_code_is_small_enough_for_a_poor_camera(make):
    for by_name in (False, True):
        text = read(collect.qr(make(by_name=by_name)[2], kind="png"))
        assert len(text) < 1000


@on_sqlite
def test_a_blurred_and_shrunk_picture_is_still_read(make):
    settings = make()[2]
    picture = Image.open(io.BytesIO(collect.qr(settings, kind="png"))).convert("L")
    small = picture.resize((picture.width // 2, picture.height // 2)).rotate(7, fillcolor=255, expand=True)
    out = io.BytesIO()
    small.save(out, "png")
    assert decode_settings(read(out.getvalue())) == settings


@on_sqlite
def test_collect_takes_the_code(make, tmp_path):
    device, secret, settings = make(by_name=True)
    client = CollectClient.from_settings(read(collect.qr(settings, kind="png")), state=tmp_path)
    assert client.base == settings["general"]["server_url"]
    assert client.session.auth.digest.username == device.username
    assert client.session.auth.digest.password == secret
    client.session.close()


def test_the_admin_password_is_the_phones_own_and_stays_when_its_code_is_replaced(
    session, make, mission, keyring
):
    one, _, settings = make()
    other = make()[2]
    assert settings["admin"]["admin_pw"] != other["admin"]["admin_pw"]
    with writing(session):
        secret = devices.rotate(session, actor=COMMAND, device=one, keyring=keyring)
    again = collect.of_device(one, mission, base=BASE, secret=secret, keyring=keyring)
    assert again["admin"] == settings["admin"]
    assert again["general"]["server_url"] != settings["general"]["server_url"]


def test_no_two_missions_have_a_colour_one_could_mix_up():
    colors = [collect.color(Mission(id=number)) for number in range(1, 121)]
    assert len(set(colors)) == 120
    hues = [rgb_to_hls(*(int(one[at : at + 2], 16) / 255 for at in (1, 3, 5)))[0] for one in colors]
    for first, second in pairwise(hues):
        assert min(abs(first - second), 1 - abs(first - second)) > 0.3
