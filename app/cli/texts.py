"""`saif form texts`: the texts of a form, for translators."""

from pathlib import Path

import click
from sqlalchemy.orm import Session

from app import problems
from app.cli.frame import Commands, mission_of, opened, say, table
from app.db import writing
from app.models import FormVersion
from app.policy import COMMAND
from app.services import forms, texts
from app.services.forms import FormLine

group = Commands("texts", help="The texts of a form: what is translated, and files for translators.")

_form = click.argument("form_id")
_mission = click.option(
    "--mission", "code", metavar="CODE", help="The mission that has it; without it, headquarters."
)
_version = click.option(
    "--version", help="A published version; without it, the draft, else what phones have."
)


@group.command()
@_form
@_mission
@_version
def show(form_id: str, code: str | None, version: str | None) -> None:
    """How many texts of a form are translated, missing and stale, by language.

    \b
    Example:
      saif form texts show ct_screening
    """
    with opened() as (_, session):
        found = texts.of(_chosen(session, _line(session, code, form_id), version))
    rows: list[tuple[object, ...]] = [("LANGUAGE", "OK", "MISSING", "STALE")]
    for language in found.languages:
        count = found.count(language)
        rows.append((language or "without a name", count["ok"], count["missing"], count["stale"]))
    table(*rows)


@group.command("export")
@_form
@_mission
@_version
@click.option(
    "--language",
    "languages",
    multiple=True,
    help="Name or code; repeatable. A new one as in 'Deutsch (de)'. Without it, all there are.",
)
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
def export_texts(
    form_id: str, code: str | None, version: str | None, languages: tuple[str, ...], file: Path
) -> None:
    """Write all texts of a form into a file for translators: .xlsx, or .po for one language.

    \b
    Example:
      saif form texts export ct_screening french.po --language fr
    """
    to = file.suffix.lower().removeprefix(".")
    if to not in ("xlsx", "po"):
        raise click.UsageError("Name a file that ends in .xlsx or .po.")
    with opened() as (_, session):
        chosen = _chosen(session, _line(session, code, form_id), version)
        file.write_bytes(texts.export(chosen, form_id=form_id, to=to, languages=languages))
    click.echo(f"{file} holds the texts of version {chosen.version or 'without a name'}")


@group.command("import")
@_form
@_mission
@_version
@click.option("--language", default="", help="Of a .po that does not name it.")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
def import_texts(form_id: str, code: str | None, version: str | None, language: str, file: Path) -> None:
    """Put the translations of a file into the form's workbook, as its draft.

    Nothing else of the workbook is touched. What does not fit is said, and left out.

    \b
    Example:
      saif form texts import ct_screening french.po
    """
    with opened() as (_, session):
        line = _line(session, code, form_id)
        chosen = _chosen(session, line, version)
        brought = texts.bring(chosen, file.read_bytes(), form_id=form_id, language=language)
        say(brought.findings)
        session.rollback()
        with writing(session):
            made = texts.save(
                session,
                brought,
                actor=COMMAND,
                mission_id=line.form.mission_id,
                version=session.get_one(FormVersion, chosen.id),
            )
            words = "is a draft" if not made.published else "keeps its cells"
            click.echo(f"{brought.translated.written} texts written; {made.title} {made.version} {words}")


def _line(session: Session, code: str | None, form_id: str) -> FormLine:
    return forms.get(session, mission_of(session, code).id if code else None, form_id)


def _chosen(session: Session, line: FormLine, version: str | None) -> FormVersion:
    if version is not None:
        return forms.version(session, line.form, version)
    chosen = line.draft or line.published
    if chosen is None:
        raise problems.not_found("version of this form")
    return chosen
