"""The switch that has phones encrypt what they send of a form: one for each form of a mission.

While it is on, the phones of the mission get a rendition of the form: with a public key made here, under a version
string of its own. The private half is sealed to the keyring at once; whoever holds the private keyring opens it.
A key that is retired opens what comes in late.
"""

import hashlib
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session, defer

from app import ledger, policy, problems
from app.keys import Keyring
from app.language import _
from app.models import Form, FormKey, FormVersion, Rendition, new_id, now
from app.models.form_key import private_context
from app.policy import Actor
from app.services import forms
from submissions import encryption
from xlsforms import rendition

_VERSION: Final = 200
"""Characters of a form's version that its rendition keeps: submissions with too long a version are refused."""


def keys(session: Session, form: Form, mission_id: int) -> list[FormKey]:
    """The keys a form has had in a mission, newest first."""
    return list(
        session.scalars(
            select(FormKey)
            .where(FormKey.form_id == form.id, FormKey.mission_id == mission_id)
            .order_by(FormKey.id.desc())
            .options(defer(FormKey.private))
        )
    )


def current(session: Session, form: Form, mission_id: int) -> FormKey | None:
    """The key that phones get; None while the switch is off."""
    return next((key for key in keys(session, form, mission_id) if key.retired_at is None), None)


def turn_on(session: Session, *, keyring: Keyring, actor: Actor, form: Form, mission_id: int) -> FormKey:
    """Have phones encrypt; where they do already nothing changes. Raises Problem as `make_key`."""
    _require(session, actor, form, mission_id)
    found = current(session, form, mission_id)
    return found or make_key(session, keyring=keyring, actor=actor, form=form, mission_id=mission_id)


def make_key(session: Session, *, keyring: Keyring, actor: Actor, form: Form, mission_id: int) -> FormKey:
    """Give the phones a new key; the one before is retired. It turns the switch on where it is off.

    Raises Problem: not_allowed, not_found (the mission does not have the form), conflict (its designer encrypts it
    already).
    """
    _require(session, actor, form, mission_id)
    newest = forms.latest(session, form)
    if newest is not None and newest.schema.get("encrypted"):
        raise problems.conflict(
            _("This form has a public key of its designer's own."),
            _("Remove public_key from the sheet settings, and publish the form again."),
        )
    _retire(session, form, mission_id)
    pair, identity = encryption.new_pair(), new_id()
    key = FormKey(
        id=identity,
        form_id=form.id,
        mission_id=mission_id,
        public=pair.public,
        private=keyring.seal(pair.private, private_context(identity)),
        created_by=actor.user_id,
    )
    session.add(key)
    session.flush()
    if newest is not None:
        _render(session, newest, key)
    _enter(session, actor, "form.encrypt", key)
    return key


def turn_off(session: Session, *, actor: Actor, form: Form, mission_id: int) -> None:
    """Turn the switch off: phones get the form as it was published. What they encrypted before is still opened.

    Where it is off already nothing changes. Raises Problem: not_allowed, not_found.
    """
    _require(session, actor, form, mission_id)
    if (key := _retire(session, form, mission_id)) is not None:
        _enter(session, actor, "form.encrypt_off", key)


def render(session: Session, version: FormVersion) -> None:
    """Make the renditions of a version that is being published. Raises Problem: version_taken (by a rendition),
    conflict (the designer's own key in a form that is encrypted here)."""
    _lock(session, version.form_id)
    named = select(Rendition.id).join(FormKey, FormKey.id == Rendition.key_id)
    if session.scalar(
        named.where(FormKey.form_id == version.form_id, Rendition.version == version.version).limit(1)
    ):
        raise problems.version_taken()
    found = session.scalars(
        select(FormKey).where(FormKey.form_id == version.form_id, FormKey.retired_at.is_(None))
    ).all()
    if found and version.schema.get("encrypted"):
        raise problems.conflict(
            _("The form has a public key of its designer's own, and phones encrypt it to a key of SAIF."),
            _(
                "Remove public_key from the sheet settings, or turn off the encryption on the page of the form."
            ),
        )
    for key in found:
        _render(session, version, key)


# --- within -----------------------------------------------------------------------------------------------------


def _lock(session: Session, form_id: int) -> None:
    """Let no version be published while a key is made, nor the other way round. SQLite has one writer anyway."""
    session.execute(select(Form.id).where(Form.id == form_id).with_for_update())


def _require(session: Session, actor: Actor, form: Form, mission_id: int) -> None:
    _lock(session, form.id)
    policy.require(actor, "form.encrypt", mission_id)
    seen = forms.find(session, mission_id, form.xml_form_id)
    if seen is None or seen.id != form.id:
        raise problems.not_found("form")


def _retire(session: Session, form: Form, mission_id: int) -> FormKey | None:
    key = current(session, form, mission_id)
    if key is not None:
        key.retired_at = now()
        session.flush()
    return key


def _render(session: Session, version: FormVersion, key: FormKey) -> None:
    # As ODK Central marks the versions of forms that it encrypts; the digits are another's for every key.
    mark = hashlib.sha256(f"{key.public} {version.version}".encode()).hexdigest()[:8]
    named = f"{version.version[:_VERSION]}[encrypted:{mark}]"
    content = rendition.with_key(version.xform, version=named, public_key=key.public)
    session.add(
        Rendition(
            version_id=version.id,
            key_id=key.id,
            version=named,
            # OpenRosa lists MD5; it tells phones what changed and protects nothing.
            md5=hashlib.md5(content, usedforsecurity=False).hexdigest(),
            xform=content,
        )
    )
    session.flush()


def _enter(session: Session, actor: Actor, action: str, key: FormKey) -> None:
    ledger.write(
        session,
        actor=actor.ref,
        action=action,
        mission_id=key.mission_id,
        object=f"form:{key.form_id}",
        detail={"key": str(key.id)},
    )
