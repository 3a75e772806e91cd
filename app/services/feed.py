"""Feeds: the submissions of a form as OData tables, for programs that come again and again.

A feed carries what a download carries, read by the same code, and is an entry of the ledger as a download is.
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from sqlalchemy.orm import Session

from app import policy, problems
from app.exports import odata as written
from app.keys import Keyring
from app.services.condition import Condition
from app.services.export import Download, Export, Filters
from submissions import odata

CONTENT_TYPE: Final = "application/json; odata.metadata=minimal; charset=utf-8"

_STEP: Final = re.compile(r"/?(?P<name>[A-Za-z_][\w.]*)(?:\('(?P<key>(?:[^']|'')*)'\))?")


@dataclass(frozen=True, slots=True)
class Resource:
    """What of a service is asked for: a table, and of it only what belongs to these rows. `keys` are `__id`
    by depth: 0 is the submission's, 1 that of a row of the outermost repeat."""

    table: odata.Table
    keys: Mapping[int, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """How a table is asked for, as OData's parameters say it: `$select`, `$expand`, `$wkt`, `$skip`, `$top`,
    `$count`, `$filter`, and whether identifiers and free text (class P3) are in it."""

    select: tuple[str, ...] | None = None
    expand: bool = False
    wkt: bool = False
    skip: int = 0
    top: int | None = None
    count: bool = False
    condition: Condition | None = None
    identifiers: bool = True


class Service:
    """The tables of one form, for somebody who may download its submissions. `url` is where the service is,
    without a slash. Raises Problem: not_allowed, not_found."""

    def __init__(
        self,
        session: Session,
        *,
        keyring: Keyring,
        actor: policy.Actor,
        mission_id: int,
        xml_form_id: str,
        url: str,
        options: Options,
        reason: str | None = None,
    ) -> None:
        filters = Filters(condition=options.condition, identifiers=options.identifiers, attachments=False)
        self.url = url
        self.options = options
        self.export = Export(session, keyring, actor, mission_id, xml_form_id, filters, reason)

    def document(self) -> dict[str, Any]:
        """The service document."""
        return written.service(self.export.form, self.url)

    def metadata(self) -> bytes:
        """The metadata document."""
        return written.metadata(self.export.form, leaves_out=self.export.rows.leaves_out)

    def table(self, session: Session, path: str, *, next_link: Callable[[int], str]) -> Download:
        """A table, streamed. `path` is what stands behind the service: `Submissions`, `Submissions.child`,
        `Submissions('uuid:…')/child`; `next_link` gives the address of what follows so many rows.

        Raises Problem: not_found (no such table or submission), invalid (a field that is not there).
        """
        export, options = self.export, self.options
        resource = _resource(odata.tables(export.form), path)
        try:
            view = odata.View(
                export.form,
                resource.table,
                select=options.select,
                expand=options.expand,
                wkt=options.wkt,
                leaves_out=export.rows.leaves_out,
            )
        except odata.UnknownNameError:
            raise problems.invalid(
                "The selection names a field that this table does not have.",
                "Take names from the service's $metadata, with / between a group and what is in it.",
            ) from None
        if 0 in resource.keys:
            export.rows.filters = replace(export.rows.filters, submission=resource.keys[0])
            if not export.rows.count(session):
                raise problems.not_found("submission")
        export.begin(session, "export.odata", table=resource.table.name)
        context = f"{self.url}/$metadata#{resource.table.name}"

        def chunks(session: Session) -> Iterator[bytes]:
            page = _Page(session, export, view, resource.keys, options)
            return written.table(
                page.rows(),
                context=context,
                count=lambda: page.total() if options.count else None,
                next_link=lambda: next_link(page.end) if page.more else None,
            )

        return Download("", CONTENT_TYPE, export.run(chunks))


class _Page:
    """The rows that `$skip` and `$top` cut out, and what is known at their end. Submissions are counted and
    skipped by the database; rows of repeats only as they are read."""

    def __init__(
        self,
        session: Session,
        export: Export,
        view: odata.View,
        keys: Mapping[int, str],
        options: Options,
    ) -> None:
        self.session = session
        self.export = export
        self.view = view
        self.keys = keys
        self.options = options
        self.end = options.skip + (options.top or 0)
        self.more = False
        self._by_database = view.table.name == odata.ROOT
        self._seen = 0

    def rows(self) -> Iterator[Mapping[str, Any]]:
        skip, top = self.options.skip, self.options.top
        if self._by_database:
            one_more = None if top is None else top + 1
            read = self.export.rows.read(self.session, skip=skip, top=one_more)
            self._seen = skip
        else:
            read = self.export.rows.read(self.session)
        name = self.view.table.name
        for said, delivery in read:
            for row in self.view.rows(said, delivery):
                if any(row.keys[depth] != key for depth, key in self.keys.items() if depth):
                    continue
                self._seen += 1
                if self._seen <= skip:
                    continue
                if top is not None and self._seen > self.end:
                    self.more = True
                    if self._by_database or not self.options.count:
                        return
                    continue
                self.export.written.rows[name] = self.export.written.rows.get(name, 0) + 1
                yield row.shown

    def total(self) -> int:
        return self.export.rows.count(self.session) if self._by_database else self._seen


def _resource(tables: Sequence[odata.Table], path: str) -> Resource:
    steps, place = [], 0
    while place < len(path):
        found = _STEP.match(path, place)
        if found is None or found.start("name") == place > 0:
            raise problems.not_found("table")
        steps.append((found["name"], found["key"]))
        place = found.end()
    name = ".".join(step for step, _ in steps)
    table = next((one for one in tables if one.name == name), None)
    if table is None or (len(steps) > 1 and steps[0][1] is None):
        raise problems.not_found("table")
    repeats = {one.name: len(one.around) for one in tables}
    keys: dict[int, str] = {}
    for number, (_, key) in enumerate(steps):
        if key is not None:
            depth = repeats.get(".".join(step for step, _ in steps[: number + 1]))
            if depth is None:
                raise problems.not_found("table")
            keys[depth] = key.replace("''", "'")
    return Resource(table, keys)
