"""The texts of a form for translators: given out as files, and taken back into a new draft.

`bring` reads and compiles and takes seconds: it comes first, outside any transaction, and on pages a worker does it (see
`uploads`). `save` writes.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from sqlalchemy.orm import Session

from app import ledger, problems
from app.language import _
from app.models import Form, FormVersion
from app.policy import Actor
from app.services import forms, publish
from app.services.checked import Checked
from xlsforms import translation_po, translation_sheet, translations
from xlsforms.compile import Progress, compile_form
from xlsforms.finding import Finding, Severity
from xlsforms.language import tag
from xlsforms.translate import Translated, translate
from xlsforms.translations import Translations

MEDIA_TYPES: Final = {"xlsx": publish.KINDS["xlsx"], "po": "text/x-gettext-translation"}
NOTE: Final = "Translations"
"""The note of a draft that translations made, until somebody says more."""
_ORDER: Final[tuple[Severity, ...]] = ("error", "warning", "info")


@dataclass(frozen=True, slots=True)
class Brought:
    """A file of translations that was read, and the form it makes; nothing is stored yet. `checked` is None where no
    cell changes: at most stale translations are said to be right as they are."""

    translated: Translated
    checked: Checked | None

    @property
    def ok(self) -> bool:
        """Whether it can be stored."""
        return self.translated.workbook is not None and (self.checked is None or self.checked.ok)

    @property
    def findings(self) -> tuple[Finding, ...]:
        """Of the file and of the form it makes, errors first."""
        found = [*self.translated.findings, *(self.checked.findings if self.checked else ())]
        return tuple(sorted(found, key=lambda one: _ORDER.index(one.severity)))


def of(version: FormVersion) -> Translations:
    """The texts of a version. Of one from before texts were kept, its workbook is read, which takes seconds. Raises
    the Problem `no_texts` for a form that was uploaded as an XForm."""
    if version.texts:
        return Translations.from_json(version.texts)
    if version.workbook is None or version.workbook_type == "xml":
        raise problems.no_texts()
    cells = compile_form(version.workbook, f"form.{version.workbook_type}").workbook
    return translations.of_workbook(cells)


def require_cells(version: FormVersion) -> None:
    """Raise the Problem `no_texts` unless translations of it can be brought: into cells of a workbook."""
    if version.workbook is None or version.workbook_type in (None, "xml"):
        raise problems.no_texts()


def known(version: FormVersion) -> Translations | None:
    """The texts kept with a version, without looking into its workbook."""
    return Translations.from_json(version.texts) if version.texts else None


def file_name(version: FormVersion, *, form_id: str, to: str, languages: Sequence[str]) -> str:
    """What a file for translators is called: `ct_screening-2026112201-fr.po`."""
    into = "-".join(tag(one) for one in languages)
    return (
        "-".join(part for part in (form_id, version.version or "draft", into or "texts") if part) + f".{to}"
    )


def export(version: FormVersion, *, form_id: str, to: str, languages: Sequence[str] = ()) -> bytes:
    """A file for translators, `to` xlsx or po. Without languages, all there are; one that is new is empty throughout.
    Raises the Problems `no_texts`, and `invalid` for a PO of other than one language."""
    texts = of(version)
    known = {tag(one): one for one in texts.targets}
    chosen = list(dict.fromkeys(known.get(one, one) for one in languages)) or list(texts.targets)
    if texts.source in chosen or not all(0 < len(one) <= 60 and ":" not in one for one in chosen):
        raise problems.invalid(
            _("Texts are not translated into such a language."), _("Name another, as in Français (fr).")
        )
    if to == "xlsx":
        return translation_sheet.write(texts, chosen, form_id=form_id, version=version.version)
    if len(chosen) != 1:
        raise problems.invalid(
            _("A PO file holds one language."), _("Name the language, as in Français (fr).")
        )
    return translation_po.write(texts, chosen[0], form_id=form_id, version=version.version)


def bring(
    version: FormVersion,
    content: bytes,
    *,
    form_id: str,
    language: str = "",
    progress: Progress | None = None,
) -> Brought:
    """Put what a file says into the version's workbook, and check that as an upload. `language` is that of a PO file
    that does not say it; `progress` is told the steps. Raises the Problems `no_texts` and `too_large`."""
    if len(content) > publish.MAX_UPLOAD:
        raise problems.too_large(publish.MAX_UPLOAD)
    require_cells(version)
    kind = version.workbook_type
    assert version.workbook is not None
    translated = translate(version.workbook, kind, content, language=language)  # type: ignore[arg-type]  # a Kind
    if translated.workbook is None or translated.written == 0:
        return Brought(translated, None)
    checked = publish.check(translated.workbook, "form.xlsx", form_id=form_id, progress=progress)
    return Brought(translated, replace(checked, made_from=translated.made_from))


def save(
    session: Session, brought: Brought, *, actor: Actor, mission_id: int | None, version: FormVersion
) -> FormVersion:
    """Store what was brought as the draft, with all findings. If no cell changes, what translators said of stale
    translations is kept with the version itself, of which phones notice nothing.

    A draft from a published version gets a version string of today, and its workbook keeps the author's. Raises the
    Problems `form_refused` and `not_allowed`.
    """
    findings = [one.to_json() for one in brought.findings]
    if not brought.ok:
        raise problems.form_refused(findings)
    form = session.get_one(Form, version.form_id)
    publish.require_owner(actor, "form.upload", form)
    if brought.checked is None:
        texts = of(version)
        version.texts = translations.carried(texts, [texts], brought.translated.made_from).to_json()
        session.flush()
        ledger.write(
            session,
            actor=actor.ref,
            action="form.texts",
            mission_id=form.mission_id,
            object=f"form:{form.id}",
            detail={"version": version.version, "looked_at": len(brought.translated.made_from)},
        )
        return version
    draft = publish.save_draft(session, brought.checked, actor=actor, mission_id=mission_id, note=NOTE)
    draft.findings = findings
    if forms.published(session, form, draft.version) is not None:
        publish.set_version(session, actor=actor, version=draft, text=publish.next_version(session, form))
    session.flush()
    return draft
