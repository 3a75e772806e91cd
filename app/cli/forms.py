"""`saif form`: check, publish, try, list, assign."""

import sys
import time
from dataclasses import replace
from pathlib import Path

import click
from sqlalchemy.orm import Session

from app import problems
from app.cli import form_files, texts
from app.cli.devices import qr_option, url_option, write_qr
from app.cli.frame import Commands, base_url, mission_of, mission_option, opened, say, table
from app.db import writing
from app.models import DeviceGroup, FormVersion
from app.policy import COMMAND
from app.services import devices, form_keys, forms, missions, originals, printing, publish, trial_devices
from xlsforms import library, lint, starter, validate

group = Commands("form", help="Forms: check them, publish them, put them on phones.")
group.add_command(texts.group)

_file = click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))

_media = click.option(
    "--media",
    type=click.Path(exists=True, path_type=Path),
    multiple=True,
    help="A file the form asks for, or a folder of them; repeatable.",
)


@group.command()
@_file
@_media
@click.option("--mission", "code", metavar="CODE", help="Know the lists and earlier files of this mission.")
@click.option(
    "--annotated",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Write the workbook with its findings as comments to this .xlsx.",
)
@click.option("--validate", "validating", is_flag=True, help="Ask ODK Validate, too; it needs Java.")
def check(
    file: Path, media: tuple[Path, ...], code: str | None, annotated: Path | None, validating: bool
) -> None:
    """Compile a form and say what there is to say about it. Nothing is stored.

    FILE is a workbook (.xlsx, .xls), a zip of CSV files, a Markdown table or an XForm. Files it names are looked for
    where --media says, in the folder FILE-media (without the ending of FILE), and beside FILE.

    \b
    Example:
      saif form check screening.xlsx --annotated mend.xlsx
    """
    checked = _check(file)
    names = {one.name for one in form_files.given(file, media)}
    names |= {one.name for one in form_files.beside(file, checked.compiled.media)}
    if code:
        with opened() as (_, session):
            mission_id = mission_of(session, code).id
            checked = publish.with_files(session, checked, mission_id=mission_id, names=names)
    else:
        made = publish.made_with(checked.compiled)
        checked = replace(checked, compiled=checked.compiled.with_files(names, known=made))
    if validating:
        checked = _validated(checked)
    say(checked.findings)
    if annotated:
        original = originals.Original(checked.content, checked.compiled.kind or "", file.name)
        annotated.write_bytes(originals.annotated(original, checked.findings).content)
    if not checked.ok:
        raise problems.form_refused([])
    click.echo(f"{file.name}: good, {len(checked.findings)} findings")


@group.command("publish")
@_file
@click.option(
    "--mission", "code", metavar="CODE", help="The mission it belongs to; without it, headquarters."
)
@click.option("--draft", is_flag=True, help="Leave it a draft.")
@click.option("--note", default="", help="Why this version was made; needed to publish.")
@click.option("--lossy", is_flag=True, help="Publish although answers already collected lose by it.")
@_media
def publish_form(
    file: Path, code: str | None, draft: bool, note: str, lossy: bool, media: tuple[Path, ...]
) -> None:
    """Compile a form and publish it together with its files.

    FILE and its files are as for `saif form check`. A form of a mission is put on all its phones; a form of
    headquarters takes `saif form assign`.

    \b
    Example:
      saif form publish screening.xlsx --mission MDCHI --note "Asks for the village" --media consent.mp3
    """
    checked = _check(file)
    files = {one.name: one for one in form_files.beside(file, checked.compiled.media)}
    files |= {one.name: one for one in form_files.given(file, media)}
    attached = [publish.Attached(name, path.read_bytes()) for name, path in files.items()]
    if any(len(one.content) > publish.MAX_UPLOAD for one in attached):
        raise problems.too_large(publish.MAX_UPLOAD)
    with opened() as (_, session), writing(session):
        mission_id = mission_of(session, code).id if code else None
        say(publish.with_files(session, checked, mission_id=mission_id, names=files).findings)
        version = publish.save_draft(
            session, checked, actor=COMMAND, mission_id=mission_id, note=note, files=attached
        )
        if version.published:
            click.echo("This very form is published already.")
            return
        if not draft:
            note = publish.noted(note, version)
            version = _publish(session, version, note, lossy)
        click.echo(f"{version.title} {version.version} is {'a draft' if draft else 'published'}")


@group.command()
@click.argument("form_id")
@click.argument("version", required=False)
@click.option("--mission", "code", metavar="CODE", help="As this mission has it; without it, headquarters.")
@click.option(
    "--out", type=click.Path(path_type=Path), help="File or folder; without it, here under its own name."
)
def original(form_id: str, version: str | None, code: str | None, out: Path | None) -> None:
    """Write what a version was made from, byte for byte; without VERSION the draft, else what is published.

    \b
    Example:
      saif form original ct_screening 2026112201 --mission MDCHI --out screening.xlsx
    """
    with opened() as (_, session):
        line = forms.get(session, mission_of(session, code).id if code else None, form_id)
        chosen = forms.version(session, line.form, version) if version else line.draft or line.current
        found = originals.of_version(chosen, form_id)
    path = out / found.name if out and out.is_dir() else out or Path(found.name)
    path.write_bytes(found.content)
    click.echo(str(path))


@group.command()
@click.argument("form_id")
@click.argument("version")
@click.option(
    "--mission", "code", metavar="CODE", help="The mission it belongs to; without it, headquarters."
)
@click.option("--note", default="", help="Why; without it, that it is this version again.")
@click.option("--lossy", is_flag=True, help="Publish although answers already collected lose by it.")
def back(form_id: str, version: str, code: str | None, note: str, lossy: bool) -> None:
    """Publish an old version again, under a version string of today.

    A draft of the form is replaced by it.

    \b
    Example:
      saif form back ct_screening 2026112201 --mission MDCHI
    """
    with opened() as (_, session), writing(session):
        form = forms.get(session, mission_of(session, code).id if code else None, form_id).form
        draft = publish.again(session, actor=COMMAND, version=forms.version(session, form, version))
        draft = _publish(session, draft, note, lossy)
        click.echo(f"{draft.title} {draft.version} is published: {draft.note}")


@group.command("try")
@click.argument("form_id")
@mission_option
@click.option("--name", default="Test phone", show_default=True, help="What the test device is called.")
@url_option
@qr_option
def try_form(form_id: str, code: str, name: str, url: str | None, qr: Path | None) -> None:
    """Make a test device for the draft of a form; prints the server URL that is entered in ODK Collect.

    What it sends is kept apart from every submission, and thrown away when the draft is published.

    \b
    Example:
      saif form try ct_screening --mission MDCHI --qr test.png
    """
    with opened() as (state, session):
        with writing(session):
            mission = mission_of(session, code)
            line = forms.get(session, mission.id, form_id)
            device, token = trial_devices.create(
                session,
                actor=COMMAND,
                mission_id=mission.id,
                form=line.form,
                display_name=name,
                keyring=state.keyring,
            )
            title = line.current.title
        root = devices.server_url(url or base_url(state.config), mission.id, token)
        if qr:
            write_qr(qr, trial_devices.collect_settings(root, mission, title))
        click.echo(f"{device.id}  {root}")


@group.command("print")
@click.argument("form_id")
@mission_option
@click.option(
    "--language", metavar="NAME", help="As the form names it; without it, the form's default language."
)
@click.option("--beside", metavar="NAME", help="A second language beside it, for translators.")
@click.option("--version", metavar="VERSION", help="Without it, the published one, else the draft.")
@click.option(
    "--to",
    required=True,
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="The .pdf to write.",
)
def print_form(
    form_id: str, code: str, language: str | None, beside: str | None, version: str | None, to: Path
) -> None:
    """Write a form as a questionnaire for paper interviews, as PDF.

    \b
    Example:
      saif form print ct_screening --mission MDCHI --language "Français (fr)" --to screening.pdf
    """
    with opened() as (_, session):
        line = forms.get(session, mission_of(session, code).id, form_id)
        chosen = forms.version(session, line.form, version) if version else line.current
        to.write_bytes(printing.questionnaire(chosen, language=language, beside=beside))


@group.command("starter")
@click.option(
    "--block", metavar="NAME", help="Instead, a block of questions of the library, such as consent."
)
@click.option("--prefix", default="", metavar="TEXT", help="Before each name of the block.")
@click.option(
    "--to",
    required=True,
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="The .xlsx to write.",
)
def write_starter(block: str | None, prefix: str, to: Path) -> None:
    """Write a workbook to begin a form with, or a block of questions to copy from.

    \b
    Example:
      saif form starter --to my_form.xlsx
    """
    if block is None:
        to.write_bytes(starter.workbook())
        return
    found = library.block(block)
    if found is None:
        known = ", ".join(one.name for one in library.blocks())
        raise click.ClickException(f"There is no block {block}. There are: {known}.")
    try:
        to.write_bytes(library.workbook(found, prefix))
    except ValueError:
        raise click.ClickException("A prefix begins with a letter and holds letters, digits and _.") from None


@group.command("list")
@click.option("--mission", "code", metavar="CODE", help="As this mission has them; without it, headquarters.")
def list_forms(code: str | None) -> None:
    """List forms with their published version.

    \b
    Example:
      saif form list --mission MDCHI
    """
    with opened() as (_, session):
        rows: list[tuple[object, ...]] = [("FORM ID", "TITLE", "VERSION", "DRAFT", "STATE")]
        for line in forms.listing(session, mission_of(session, code).id if code else None):
            version = line.published.version if line.published else None
            draft = line.draft.version if line.draft else None
            state = line.state if code else None
            if code and line.group_state:
                state = f"{line.state}, {line.group_state} for a group"
            rows.append((line.form.xml_form_id, line.current.title, version, draft, state))
    table(*rows)


@group.command()
@click.argument("form_id")
@mission_option
@click.option(
    "--new-key", is_flag=True, help="Give the phones a new key; the old ones still open what comes in."
)
@click.option("--off", is_flag=True, help="Let phones keep and send interviews unencrypted again.")
def encrypt(form_id: str, code: str, new_key: bool, off: bool) -> None:
    """Have the phones of a mission encrypt what they send of a form.

    An interview is then unreadable on the phone once it is finished. Collect cannot edit it any more; edits are
    made in the office.

    \b
    Example:
      saif form encrypt ct_screening --mission MDCHI
    """
    if new_key and off:
        raise click.UsageError("Say one of --new-key and --off.")
    with opened() as (state, session), writing(session):
        mission = mission_of(session, code)
        form = forms.get(session, mission.id, form_id).form
        if off:
            form_keys.turn_off(session, actor=COMMAND, form=form, mission_id=mission.id)
            click.echo("off")
            return
        make = form_keys.make_key if new_key else form_keys.turn_on
        key = make(session, keyring=state.keyring, actor=COMMAND, form=form, mission_id=mission.id)
        click.echo(f"on, with the key of {key.created_at:%Y-%m-%d %H:%M} UTC")


@group.command()
@click.argument("form_id")
@mission_option
@click.option("--group", "name", metavar="NAME", help="Only for the phones of this group.")
@click.option("--state", type=click.Choice(forms.STATES), default="open", show_default=True)
def assign(form_id: str, code: str, name: str | None, state: str) -> None:
    """Put a form on all phones of a mission, or of one group of them; or take it off.

    Closing takes it off the phones and still takes the interviews begun with it; closed takes no new ones
    either. A phone has the more open of what stands for all and for its group.

    \b
    Example:
      saif form assign ct_screening --mission MDCHI --group Shelter
    """
    with opened() as (_, session), writing(session):
        mission = mission_of(session, code)
        publish.assign(
            session,
            actor=COMMAND,
            form=forms.assignable(session, mission.id, form_id),
            mission_id=mission.id,
            group_id=_group(missions.groups(session, mission.id), name),
            state=state,
        )


def _check(file: Path) -> publish.Checked:
    """Compile, and on a terminal say which step it is at."""
    if not sys.stderr.isatty():
        return publish.check(file.read_bytes(), file.name)
    began = time.monotonic()

    def tell(step: str, share: float | None) -> None:
        done = f" {share:.0%}" if share else ""
        line = f"{step}{done}, {time.monotonic() - began:.0f} s"
        click.echo(f"\r{line:<40}", nl=False, err=True)

    checked = publish.check(file.read_bytes(), file.name, progress=tell)
    click.echo(f"\r{'':<40}\r", nl=False, err=True)
    return checked


def _validated(checked: publish.Checked) -> publish.Checked:
    """With what ODK Validate objects to, first and at its cells; or a word that it was not asked."""
    compiled = checked.compiled
    said = validate.validate(compiled.xform) if compiled.xform else ()
    if said is None:
        click.echo("ODK Validate was not run: there is no Java here.", err=True)
    placed = tuple(lint.placed(said or (), compiled.workbook))
    return replace(checked, compiled=replace(compiled, findings=(*placed, *compiled.findings)))


def _publish(session: Session, version: FormVersion, note: str, lossy: bool) -> FormVersion:
    try:
        return publish.publish(session, actor=COMMAND, version=version, note=note, lossy=lossy)
    except problems.Problem as problem:
        for change in problem.details.get("changes", ()):
            click.echo(f"lossy: {change['question'] or 'form'}: {change['words']}", err=True)
        raise


def _group(known: list[DeviceGroup], name: str | None) -> int | None:
    if name is None:
        return None
    for one in known:
        if one.name == name:
            return one.id
    raise problems.not_found("group of devices")
