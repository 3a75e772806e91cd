"""What one process holds while it lives: settings, engine, keyring, blob store and inbox."""

from dataclasses import dataclass

from flask import current_app
from sqlalchemy import Engine

from app.blobs import BlobStore
from app.config import Config
from app.db import make_engine
from app.keys import Keyring
from app.services.receive import Inbox


@dataclass(frozen=True, slots=True)
class State:
    """Handed to services piece by piece; they never look for it themselves."""

    config: Config
    engine: Engine
    keyring: Keyring
    blobs: BlobStore
    inbox: Inbox


def open_state(config: Config, engine: Engine | None = None) -> State:
    """Open what the settings name. Raises KeyringError.

    A machine that only serves phones does not even read the private keys, should they be there.
    """
    engine = engine or make_engine(config.database_url)
    keyring = Keyring.load(config.keys, private=config.office)
    blobs = BlobStore(config.blob_url)
    inbox = Inbox(engine, keyring=keyring, blobs=blobs, max_xml=config.max_xml)
    return State(config, engine, keyring, blobs, inbox)


def state() -> State:
    """The state of the application that answers this request."""
    found: State = current_app.extensions["saif"]
    return found
