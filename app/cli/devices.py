"""`saif device`: phones."""

from collections import Counter
from pathlib import Path
from typing import Any

import click

from app import problems
from app.cli.frame import Commands, base_url, mission_of, mission_option, opened, table
from app.db import writing
from app.models import Device, DeviceGroup, Interviewer, Mission
from app.policy import COMMAND
from app.services import collect, devices, missions
from app.state import State

group = Commands("device", help="Phones: their tokens and the codes that set them up.")

url_option = click.option("--url", help="Public root of the server; default: SAIF_URL.")
qr_option = click.option(
    "--qr",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Write the code for Collect to this .svg or .png.",
)


interviewer_option = click.option(
    "--interviewer",
    metavar="CODE",
    help="Whose phone it is; without it, it gets only cases that are nobody's.",
)
group_option = click.option("--group", "group_name", metavar="NAME", help="Its group of devices.")
language_option = click.option(
    "--language",
    type=click.Choice(devices.LANGUAGES),
    help="The interviewer's, of Collect and of the sheet to print; default: en.",
)
managed_option = click.option(
    "--managed/--manual",
    default=None,
    help="Whether its forms match the server's, which is the default, or are chosen on the phone.",
)


@group.command()
@mission_option
@click.option("--name", required=True, help="What the device is called, like 'Phone 7'.")
@interviewer_option
@group_option
@language_option
@managed_option
@click.option(
    "--user-name",
    "by_name",
    is_flag=True,
    help="Give it a user name and a password (Digest or Basic) instead of a token in its server URL.",
)
@url_option
@qr_option
def add(
    code: str,
    name: str,
    interviewer: str | None,
    group_name: str | None,
    language: str | None,
    managed: bool | None,
    by_name: bool,
    url: str | None,
    qr: Path | None,
) -> None:
    """Add a device; prints what is entered in ODK Collect: its id, the server URL, and the user name and the
    password if it has them.

    \b
    Example:
      saif device add --mission MDCHI --name "Phone 7" --interviewer MD-07 --qr phone-7.png
    """
    with opened() as (state, session):
        with writing(session):
            mission = mission_of(session, code)
            device, secret = devices.create(
                session,
                actor=COMMAND,
                mission_id=mission.id,
                display_name=name,
                keyring=state.keyring,
                interviewer_id=_interviewer(missions.interviewers(session, mission.id), interviewer),
                group_id=_group(missions.groups(session, mission.id), group_name),
                language=language or "en",
                managed=managed is not False,
                by_name=by_name,
            )
        click.echo(f"{device.id}  {_access(state, device, mission, secret, url=url, qr=qr)}")


@group.command("list")
@mission_option
def list_devices(code: str) -> None:
    """List the devices of a mission, without their tokens.

    \b
    Example:
      saif device list --mission MDCHI
    """
    with opened() as (_, session):
        rows: list[tuple[object, ...]] = [
            ("ID", "NAME", "INTERVIEWER", "GROUP", "USER NAME", "LAST CONTACT", "STATE")
        ]
        for line in devices.listing(session, mission_of(session, code).id):
            last = line.last_contact_at
            rows.append(
                (
                    line.device.id,
                    line.device.display_name,
                    line.interviewer.code if line.interviewer else None,
                    line.group.name if line.group else None,
                    line.device.username,
                    last.isoformat(timespec="seconds") if last else None,
                    "revoked" if line.device.revoked_at else "in use",
                )
            )
    table(*rows)


@group.command()
@click.argument("device_id", type=int)
@mission_option
@url_option
@qr_option
def show(device_id: int, code: str, url: str | None, qr: Path | None) -> None:
    """Print what add printed, without the id, again; needs the private keys.

    \b
    Example:
      saif device show 3 --mission MDCHI --qr phone-7.svg
    """
    with opened() as (state, session):
        mission = mission_of(session, code)
        device = devices.get(session, mission.id, device_id)
        secret = devices.token(device, state.keyring)
        click.echo(_access(state, device, mission, secret, url=url, qr=qr))


@group.command()
@click.argument("device_id", type=int)
@mission_option
@click.option("--name", help="What it is called from now on.")
@interviewer_option
@group_option
@language_option
@managed_option
def edit(
    device_id: int,
    code: str,
    name: str | None,
    interviewer: str | None,
    group_name: str | None,
    language: str | None,
    managed: bool | None,
) -> None:
    """Rename a device, or give it to another interviewer or group ('' for none). What is not given stays. Language
    and forms change with the next code that is scanned.

    \b
    Example:
      saif device edit 3 --mission MDCHI --interviewer MD-08 --group North
    """
    with opened() as (_, session), writing(session):
        mission = mission_of(session, code)
        changed: dict[str, Any] = {
            "display_name": name,
            "interviewer_id": _interviewer(missions.interviewers(session, mission.id), interviewer),
            "group_id": _group(missions.groups(session, mission.id), group_name),
            "language": language,
            "managed": managed,
        }
        given = {key: value for key, value in changed.items() if value is not None}
        given |= {"interviewer_id": None} if interviewer == "" else {}
        given |= {"group_id": None} if group_name == "" else {}
        devices.edit(session, actor=COMMAND, device=devices.get(session, mission.id, device_id), **given)


@group.command("groups")
@mission_option
def list_groups(code: str) -> None:
    """List the groups of devices of a mission, and how many devices are in each.

    \b
    Example:
      saif device groups --mission MDCHI
    """
    with opened() as (_, session):
        mission = mission_of(session, code)
        members = Counter(line.device.group_id for line in devices.listing(session, mission.id))
        rows: list[tuple[object, ...]] = [("NAME", "DEVICES")]
        rows += [(one.name, members[one.id]) for one in missions.groups(session, mission.id)]
    table(*rows)


@group.command("group")
@click.argument("name")
@mission_option
@click.option("--rename", "new", metavar="NAME", help="Give the group of this name another one.")
@click.option("--delete", is_flag=True, help="Delete it, while nothing belongs to it.")
def one_group(name: str, code: str, new: str | None, delete: bool) -> None:
    """Make a group of devices, or rename or delete it.

    \b
    Example:
      saif device group Shelter --mission MDCHI
    """
    with opened() as (_, session), writing(session):
        mission = mission_of(session, code)
        if not new and not delete:
            missions.add_group(session, actor=COMMAND, mission_id=mission.id, name=name)
            return
        group_id = _group(missions.groups(session, mission.id), name)
        known = missions.group(session, mission.id, group_id or 0)
        if new:
            missions.rename_group(session, actor=COMMAND, group=known, name=new)
        if delete:
            missions.delete_group(session, actor=COMMAND, group=known)


@group.command()
@click.argument("device_id", type=int)
@mission_option
def revoke(device_id: int, code: str) -> None:
    """Cut a device off at its next request.

    \b
    Example:
      saif device revoke 3 --mission MDCHI
    """
    with opened() as (_, session), writing(session):
        device = devices.get(session, mission_of(session, code).id, device_id)
        devices.revoke(session, actor=COMMAND, device=device)


@group.command()
@click.argument("device_id", type=int)
@mission_option
@url_option
@qr_option
def rotate(device_id: int, code: str, url: str | None, qr: Path | None) -> None:
    """Give a device a new token or password; prints what show prints. The old one is cut off.

    \b
    Example:
      saif device rotate 3 --mission MDCHI
    """
    with opened() as (state, session):
        with writing(session):
            mission = mission_of(session, code)
            device = devices.get(session, mission.id, device_id)
            secret = devices.rotate(session, actor=COMMAND, device=device, keyring=state.keyring)
        click.echo(_access(state, device, mission, secret, url=url, qr=qr))


def _access(
    state: State, device: Device, mission: Mission, secret: str, *, url: str | None, qr: Path | None
) -> str:
    """What is entered in Collect: the server URL, and the user name and password if there are any."""
    settings = collect.of_device(
        device, mission, base=url or base_url(state.config), secret=secret, keyring=state.keyring
    )
    if qr:
        write_qr(qr, settings)
    general = settings["general"]
    return "  ".join(general[key] for key in ("server_url", "username", "password") if key in general)


def _interviewer(known: list[Interviewer], code: str | None) -> int | None:
    if not code:
        return None
    for one in known:
        if one.code == code:
            return one.id
    raise problems.not_found("interviewer")


def _group(known: list[DeviceGroup], name: str | None) -> int | None:
    if not name:
        return None
    for one in known:
        if one.name == name:
            return one.id
    raise problems.not_found("group of devices")


def write_qr(path: Path, settings: dict[str, object]) -> None:
    """Write settings as a code, readable by the owner only."""
    path.write_bytes(collect.qr(settings, kind="png" if path.suffix.lower() == ".png" else "svg"))
    path.chmod(0o600)  # it holds the token or the password
