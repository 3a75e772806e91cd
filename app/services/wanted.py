"""What somebody wants to download: the submissions of a form in a format, or the cases of a mission by the HTCDS."""

from dataclasses import dataclass, field, fields
from typing import Any, Final

from sqlalchemy.orm import Session

from app.blobs import BlobStore
from app.keys import Keyring
from app.policy import Actor
from app.services import export, htcds
from app.services.condition import Condition
from app.services.export import Filters
from app.services.handout import Prepared

HTCDS: Final = "htcds"
"""The format of cases; all others are in `formats.FORMATS`."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """A form, a format, and what goes in. Of cases there is no form; `status` is theirs, and of the filters
    `identifiers` and `spreadsheet_safe` count."""

    format_name: str
    xml_form_id: str = ""
    filters: Filters = field(default_factory=Filters)
    status: str = ""

    @property
    def options(self) -> dict[str, Any]:
        """The filters without the condition, which may hold an answer, and the status: as `of` takes them."""
        return {name: getattr(self.filters, name) for name in _OPTIONS} | {"status": self.status}

    @classmethod
    def of(
        cls, format_name: str, xml_form_id: str, *, options: dict[str, Any], condition: Condition | None
    ) -> "Wanted":
        """What was wanted, from what was kept of it."""
        filters = Filters(
            condition=condition, **{name: options[name] for name in _OPTIONS if name in options}
        )
        return cls(format_name, xml_form_id, filters, options.get("status", ""))

    def prepare(
        self,
        session: Session,
        *,
        keyring: Keyring,
        blobs: BlobStore,
        actor: Actor,
        mission_id: int,
        reason: str | None = None,
    ) -> Prepared:
        """Ready to be made, for this actor. Raises Problem: not_allowed, not_found (no such form), invalid,
        reason_needed, download_limit."""
        if self.format_name == HTCDS:
            return htcds.prepare(
                session,
                keyring=keyring,
                actor=actor,
                mission_id=mission_id,
                status=self.status or None,
                identifiers=bool(self.filters.identifiers),
                spreadsheet_safe=self.filters.spreadsheet_safe,
                reason=reason,
            )
        return export.prepare(
            session,
            keyring=keyring,
            blobs=blobs,
            actor=actor,
            mission_id=mission_id,
            xml_form_id=self.xml_form_id,
            format_name=self.format_name,
            filters=self.filters,
            reason=reason,
        )


_OPTIONS: Final = tuple(one.name for one in fields(Filters) if one.name not in ("condition", "submission"))
