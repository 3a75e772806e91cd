"""ODK Collect's settings for a device, and the QR code that carries them (docs.getodk.org/collect-import-export)."""

import base64
import colorsys
import io
import json
import zlib
from typing import Any, Final, Literal

import segno

from app.keys import Keyring
from app.models import Device, Mission
from app.services import credentials, devices

# What a phone with such interviews on it has, whoever holds it. Phones get lost and searched: what was sent is deleted,
# pictures and recordings are made inside Collect and stay out of the phone's gallery, and nobody is told of its use.
_ALWAYS: Final = {
    "protocol": "odk_default",
    "autosend": "wifi_and_cellular",
    "delete_send": True,
    "hide_old_form_versions": True,
    "constraint_behavior": "on_swipe",
    "external_app_recording": False,
    "analytics": False,
}
_MANAGED: Final = {
    "form_update_mode": "match_exactly",
    "periodic_form_updates_check": "every_one_hour",
    "automatic_update": True,
}
_MANUAL: Final = {"form_update_mode": "manual"}

_LOCKED: Final = (
    # Of the interviewer's own, only the look: language, letters, how to go from question to question.
    "change_server",
    "change_project_display",
    "form_update_mode",
    "periodic_form_updates_check",
    "automatic_update",
    "hide_old_form_versions",
    "change_autosend",
    "delete_after_send",
    "change_constraint_behavior",
    "external_app_recording",
    "instance_form_sync",
    "change_form_metadata",
    "analytics",
    # A finished interview may be the only copy.
    "delete_saved",
    "access_settings",
)
"""What only the admin password opens: keys of Collect's protected settings, some of them named unlike the setting."""


def of_device(
    device: Device, mission: Mission, *, base: str, secret: str, keyring: Keyring
) -> dict[str, Any]:
    """The settings for a phone of the mission, locked. `base` is the public root of the server, `secret` the device's
    token or password."""
    named = device.username is not None
    url = devices.server_url(base, device.mission_id, None if named else secret)
    made = settings(url, mission, managed=device.managed, language=device.language)
    if named:
        made["general"] |= {"username": device.username, "password": secret}
    made["admin"] = {"admin_pw": admin_password(device, keyring)} | dict.fromkeys(_LOCKED, False)
    return made


def settings(url: str, mission: Mission, *, managed: bool = True, language: str = "en") -> dict[str, Any]:
    """The settings for any phone, with nothing locked: exactly our forms, kept up to date, or (not `managed`) those that
    are chosen on the phone; interviews go whenever there is a network."""
    return {
        "general": {"server_url": url, "app_language": language}
        | _ALWAYS
        | (_MANAGED if managed else _MANUAL),
        "admin": {},
        "project": {"name": mission.name, "icon": mission.code[:1], "color": color(mission)},
    }


def color(mission: Mission) -> str:
    """The mission's colour: two missions on one phone differ. Steps of the golden angle never meet again, and keep
    neighbours far apart."""
    hue = mission.id * 137.508 % 360 / 360
    return "#" + "".join(f"{round(255 * part):02x}" for part in colorsys.hls_to_rgb(hue, 0.36, 0.6))


def admin_password(device: Device, keyring: Keyring) -> str:
    """What opens the locked settings on this phone. It follows from the device, so that it is the same on every print,
    also of a code that was replaced; it opens nothing here."""
    seed = keyring.derive("collect admin", str(device.id).encode())
    return "".join(credentials.LETTERS[byte % len(credentials.LETTERS)] for byte in seed[:10])


def qr(settings: dict[str, Any], *, kind: Literal["svg", "png"] = "svg") -> bytes:
    """The settings as the QR code Collect scans: Base64 of zlib-compressed JSON."""
    plain = json.dumps(settings, ensure_ascii=False, separators=(",", ":")).encode()
    code = segno.make(
        base64.b64encode(zlib.compress(plain, 9)).decode(), error="l", micro=False, boost_error=True
    )
    image = io.BytesIO()
    if kind == "svg":
        code.save(image, kind="svg", scale=4, border=4, xmldecl=False, light="#fff", omitsize=True)
    else:
        code.save(image, kind="png", scale=6, border=4)
    return image.getvalue()
