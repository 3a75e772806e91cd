"""The door of the phones alone: no office, and no private key."""

import shutil

import pytest


@pytest.fixture
def public_keys(keys_directory, tmp_path):
    """What the keyring of a machine that only receives looks like."""
    directory = tmp_path / "public-keys"
    directory.mkdir()
    shutil.copy(keys_directory / "public.json", directory)
    return directory


@pytest.fixture
def app(make_app, public_keys):
    return make_app(surface="device", keys=public_keys)
