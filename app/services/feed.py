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
from app.services import walk
from app.services.condition import Answer, Condition
from app.services.export import Download, Export, Filters
from app.services.feed_page import Asked, Page, SortedPage
from app.services.ordering import By
from app.services.walk import Place
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
    """How a table is asked for, as OData's parameters say it: `$select`, `$expand`, `$wkt`, `$skip`, `$skiptoken`,
    `$top`, `$count`, `$orderby`, `$filter`, and whether identifiers and free text (class P3) are in it."""

    select: tuple[str, ...] | None = None
    expand: bool = False
    wkt: bool = False
    skip: int = 0
    skip_token: str | None = None
    top: int | None = None
    count: bool = False
    order: tuple[By, ...] = ()
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

    def table(self, session: Session, path: str, *, next_link: Callable[[str], str]) -> Download:
        """A table, streamed. `path` is what stands behind the service: `Submissions`, `Submissions.child`,
        `Submissions('uuid:…')/child`; `next_link` gives the address of what follows, of its `$skiptoken`.

        Raises Problem: not_found (no such table or submission), invalid (a field that is not there, a token that is
        none, an order that would take too much).
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
        export.rows.narrow(session, resource.table)
        by_answers = any(isinstance(by.what, Answer) for by in options.order)
        make = SortedPage if by_answers else Page
        page = make(session, export, view, resource.keys, self._asked(session, by_answers=by_answers))
        export.begin(session, "export.odata", table=resource.table.name)
        context = f"{self.url}/$metadata#{resource.table.name}"

        def chunks(session: Session) -> Iterator[bytes]:
            return written.table(
                page.rows(session),
                context=context,
                count=lambda: page.total if options.count else None,
                next_link=lambda: None if page.next is None else next_link(page.next.token()),
            )

        return Download("", CONTENT_TYPE, export.run(chunks))

    def _asked(self, session: Session, *, by_answers: bool) -> Asked:
        options = self.options
        if options.skip_token is None:
            place, skip = Place(self.export.rows.newest(session)), options.skip
        else:
            place, skip = walk.read(options.skip_token, values=0 if by_answers else len(options.order)), 0
        return Asked(place, skip, options.top, options.count, options.order)


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
