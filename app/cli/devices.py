"""`saif device`: phones."""

from pathlib import Path

import click

from app import problems
from app.cli.frame import Commands, base_url, mission_of, mission_option, opened, table
from app.db import writing
from app.models import Interviewer
from app.policy import COMMAND
from app.services import devices, missions

group = Commands("device", help="Phones: their tokens and the codes that set them up.")

url_option = click.option("--url", help="Public root of the server; default: SAIF_URL.")
qr_option = click.option(
    "--qr",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Write the code for Collect to this .svg or .png.",
)


@group.command()
@mission_option
@click.option("--name", required=True, help="What the device is called, like 'Phone 7'.")
@click.option(
    "--interviewer",
    metavar="CODE",
    help="Whose phone it is; without it, it gets only cases that are nobody's.",
)
@url_option
@qr_option
def add(code: str, name: str, interviewer: str | None, url: str | None, qr: Path | None) -> None:
    """Add a device; prints the server URL that is entered in ODK Collect.

    \b
    Example:
      saif device add --mission MDCHI --name "Phone 7" --interviewer MD-07 --qr phone-7.png
    """
    with opened() as (state, session):
        with writing(session):
            mission = mission_of(session, code)
            device, token = devices.create(
                session,
                actor=COMMAND,
                mission_id=mission.id,
                display_name=name,
                keyring=state.keyring,
                interviewer_id=_interviewer(missions.interviewers(session, mission.id), interviewer),
            )
        root = devices.server_url(url or base_url(state.config), mission.id, token)
        if qr:
            write_qr(qr, devices.collect_settings(root, mission))
        click.echo(f"{device.id}  {root}")


@group.command("list")
@mission_option
def list_devices(code: str) -> None:
    """List the devices of a mission, without their tokens.

    \b
    Example:
      saif device list --mission MDCHI
    """
    with opened() as (_, session):
        rows: list[tuple[object, ...]] = [("ID", "NAME", "INTERVIEWER", "LAST RECEIVED", "STATE")]
        for line in devices.listing(session, mission_of(session, code).id):
            last = line.last_received_at
            rows.append(
                (
                    line.device.id,
                    line.device.display_name,
                    line.interviewer.code if line.interviewer else None,
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
    """Print a device's server URL again; needs the private keys.

    \b
    Example:
      saif device show 3 --mission MDCHI --qr phone-7.svg
    """
    with opened() as (state, session):
        mission = mission_of(session, code)
        token = devices.token(devices.get(session, mission.id, device_id), state.keyring)
        root = devices.server_url(url or base_url(state.config), mission.id, token)
        if qr:
            write_qr(qr, devices.collect_settings(root, mission))
        click.echo(root)


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
def rotate(device_id: int, code: str, url: str | None) -> None:
    """Give a device a new token; prints the new server URL. The old one is cut off.

    \b
    Example:
      saif device rotate 3 --mission MDCHI
    """
    with opened() as (state, session):
        with writing(session):
            mission = mission_of(session, code)
            device = devices.get(session, mission.id, device_id)
            token = devices.rotate(session, actor=COMMAND, device=device, keyring=state.keyring)
        click.echo(devices.server_url(url or base_url(state.config), mission.id, token))


def _interviewer(known: list[Interviewer], code: str | None) -> int | None:
    if code is None:
        return None
    for one in known:
        if one.code == code:
            return one.id
    raise problems.not_found("interviewer")


def write_qr(path: Path, settings: dict[str, object]) -> None:
    """Write settings as a code, readable by the owner only."""
    path.write_bytes(devices.qr(settings, kind="png" if path.suffix.lower() == ".png" else "svg"))
    path.chmod(0o600)  # it holds the token
