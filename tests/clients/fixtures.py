"""Fixtures that other tests import: `from tests.clients.fixtures import phone`."""

import pytest

from tests.clients.javarosa.phone import JavaMissing, kept
from tests.tools import missing


@pytest.fixture(scope="session")
def phone():
    """The one Java process of the session, that fills forms. Skips, naming the tool, where there is no Java.

    Each module that imports this has a fixture of its own; the process is one.
    """
    try:
        return kept()
    except JavaMissing as e:
        missing(str(e))
