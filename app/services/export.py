"""Downloads of submissions. Each is an entry of the ledger before its first byte leaves, with who, what and
why, and another one at its end, with counts and the hash of what was handed out."""

import sys
import uuid
from dataclasses import dataclass, fields, replace
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app import policy, problems
from app.blobs import BlobStore
from app.exports.content import Content, Words
from app.keys import Keyring
from app.language import _
from app.models import LedgerEntry, Submission
from app.services import formats, forms, plans
from app.services.export_rows import Filters, Rows
from app.services.handout import Download, Handout, Prepared
from submissions import odata

__all__ = ["Download", "Export", "Filters", "choices", "manifest", "prepare"]


def prepare(
    session: Session,
    *,
    keyring: Keyring,
    blobs: BlobStore,
    actor: policy.Actor,
    mission_id: int,
    xml_form_id: str,
    format_name: str,
    filters: Filters,
    reason: str | None,
) -> Prepared:
    """The submissions of a form in one of `formats.FORMATS`. Raises Problem: not_allowed, not_found (no such form
    here), invalid (no such format or language), download_limit."""
    made_as = formats.get(format_name)
    export = Export(session, keyring, actor, mission_id, xml_form_id, filters, reason)
    rows = export.rows
    if made_as.needs_identifiers and not (rows.filters.identifiers and rows.filters.attachments):
        raise problems.invalid(
            _("Files identify people, and this download leaves out identifiers or files."),
            _("Take another format."),
        )
    layout, expected = rows.layout(session)
    words = Words(rows.filters.language, layout.default_language) if rows.filters.language else Words()
    if words.language and words.language not in layout.languages:
        raise problems.invalid(
            _("The form has no such language."), _("Take one of those that its page names.")
        )
    rows.narrow(session, odata.table(export.form, odata.ROOT))
    if rows.matches is not None:
        expected = rows.count(session)  # the index of answers may know of some that they are none

    def content(session: Session) -> Content:
        return Content(
            layout=layout,
            submissions=rows.submissions(session, layout),
            files=lambda: rows.files(session, blobs, readable=made_as.readable),
            words=words,
            spreadsheet_safe=rows.filters.spreadsheet_safe,
            expected=expected,
            described=export.described(made_as.name),
            written=export.written,
        )

    # What is known to be too much is refused now, before the first byte; the rows are read later.
    made_as.write(replace(content(session), submissions=(), files=tuple))

    def begin() -> Download:
        export.begin(session, f"export.{made_as.name}")
        return Download(
            f"{xml_form_id}.{made_as.ending}",
            made_as.content_type,
            export.run(lambda session: made_as.write(content(session))),
            export.id,
            expected,
            lambda: rows.gone_through,
        )

    cells = expected * sum(len(table.columns) for table in layout.tables)
    return Prepared(cells, lambda: rows.bytes_of_files(session), begin)


@dataclass(frozen=True, slots=True)
class Choice:
    """A form whose submissions can be downloaded: how many there are, and the languages of its newest version."""

    xml_form_id: str
    title: str
    count: int
    languages: tuple[str, ...]


def choices(session: Session, *, actor: policy.Actor, mission_id: int) -> list[Choice]:
    """The published forms of a mission. Raises the Problem `not_allowed`."""
    policy.require(actor, "submission.export", mission_id)
    # All by the index of forms, less what was deleted or edited by that of states: to look at each row takes long.
    all_of_them = (
        select(Submission.xml_form_id, func.count())
        .where(Submission.mission_id == mission_id)
        .group_by(Submission.xml_form_id)
    )
    # The order and the limit, which is none, have SQLite go by that index: where nearly all submissions are in one
    # state it takes every state for as common, and would look at each row of the store.
    out = (
        select(Submission.mission_id, Submission.xml_form_id)
        .where(Submission.state.in_(("deleted", "superseded")))
        .order_by(Submission.state)
        .limit(sys.maxsize)
        .subquery()
    )
    gone = (
        select(out.c.xml_form_id, func.count())
        .where(out.c.mission_id == mission_id)
        .group_by(out.c.xml_form_id)
    )
    counts = {row[0]: row[1] for row in session.execute(all_of_them)}
    less = {row[0]: row[1] for row in session.execute(gone)}
    return [
        Choice(
            line.form.xml_form_id,
            line.published.title,
            counts.get(line.form.xml_form_id, 0) - less.get(line.form.xml_form_id, 0),
            plans.get(session, line.published.id).form.languages,
        )
        for line in forms.listing(session, mission_id)
        if line.published
    ]


def manifest(
    session: Session, *, actor: policy.Actor, mission_id: int, download_id: uuid.UUID
) -> dict[str, Any]:
    """What the ledger says of a download: what it was made of, and what was handed out. Raises Problem: not_allowed,
    not_found."""
    policy.require(actor, "submission.export", mission_id)
    entries = session.scalars(
        select(LedgerEntry)
        .where(LedgerEntry.object == f"export:{download_id}", LedgerEntry.mission_id == mission_id)
        .order_by(LedgerEntry.id)
    ).all()
    begun = next((one for one in entries if one.action != "export.done"), None)
    done = next((one.detail for one in entries if one.action == "export.done"), {})
    if begun is None:
        raise problems.not_found("download")
    return {
        "id": str(download_id),
        "by": begun.actor,
        "at": begun.at,
        "reason": begun.reason,
        "form": begun.detail.get("form"),
        "versions": begun.detail.get("versions", []),
        "format": begun.action.removeprefix("export."),
        "filters": begun.detail["filters"],
        "complete": done.get("complete", False),
        "why": done.get("why"),
        "rows": done.get("rows", {}),
        "files": done.get("files", 0),
        "bytes": done.get("bytes", 0),
        "sha256": done.get("sha256"),
        "entries": done.get("entries", {}),
    }


class Export(Handout):
    """One download under way. It has a connection of its own: it goes on after the request that asked for
    it. Raises Problem: not_allowed, not_found."""

    def __init__(
        self,
        session: Session,
        keyring: Keyring,
        actor: policy.Actor,
        mission_id: int,
        xml_form_id: str,
        filters: Filters,
        reason: str | None,
    ) -> None:
        policy.require(actor, "submission.export", mission_id)
        super().__init__(session, actor, mission_id, reason)
        self.xml_form_id = xml_form_id
        self.about = {"form": xml_form_id}
        # Who may be shown no identifiers is not handed them either, nor told by a filter which they are.
        seen = "P3" in policy.reveals(actor, mission_id)
        filters = replace(filters, identifiers=seen and filters.identifiers is not False)
        form = forms.get(session, mission_id, xml_form_id).form
        read_by = [plans.get(session, one.id) for one in forms.versions(session, form)]
        if not read_by:
            raise problems.not_found("published form")
        self.form = read_by[0].form
        self.rows = Rows(
            keyring, mission_id=mission_id, xml_form_id=xml_form_id, plans=read_by, filters=filters
        )

    def described(self, format_name: str) -> dict[str, Any]:
        """What a manifest says of a download beside counts and hashes: what it was made of."""
        return {
            "form": self.xml_form_id,
            "versions": [plan.form.version for plan in self.rows.plans],
            "format": format_name,
            "filters": self._asked(),
        }

    def begin(self, session: Session, action: str, **detail: Any) -> None:
        """The first entry: who, what and why."""
        versions = [plan.form.version for plan in self.rows.plans]
        self.enter(
            session,
            action,
            {"versions": versions, "filters": self._asked(), **detail},
        )

    def _asked(self) -> dict[str, str]:
        asked = {one.name: getattr(self.rows.filters, one.name) for one in fields(Filters)}
        return {name: str(value) for name, value in asked.items() if value is not None}

    def close(self) -> None:
        self.rows.close()
