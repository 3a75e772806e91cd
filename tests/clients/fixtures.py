"""Fixtures that other tests import: `from tests.clients.fixtures import phone`."""

import pytest

from tests.clients.javarosa.phone import JavaMissing, Phone
from tests.tools import missing


@pytest.fixture(scope="session")
def phone():
    """One Java process for the whole session, that fills forms. Skips, naming the tool, where there is no Java."""
    try:
        switched_on = Phone(time_zone="UTC")
    except JavaMissing as e:
        missing(str(e))
    with switched_on:
        yield switched_on
