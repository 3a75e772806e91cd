"""The migrations lead to the tables that the models describe, on both databases, and back."""

import uuid

import pytest
from sqlalchemy import URL, inspect

from app import create_app
from app.db import alembic, upgrade
from tests.conftest import make_config


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)])
def empty_app(request, tmp_path, keys_directory):
    """An application on a database without any table."""
    if request.param == "sqlite":
        url = URL.create("sqlite", database=str(tmp_path / "empty.db"))
    else:
        server = request.getfixturevalue("postgresql")
        name = f"empty_{uuid.uuid4().hex[:8]}"
        server.execute(f"CREATE DATABASE {name}")
        url = server.url(name)
    app = create_app(make_config(url, keys_directory, tmp_path, surface="device"))
    yield app
    app.extensions["saif"].engine.dispose()


def test_the_migrations_make_what_the_models_say(empty_app):
    upgrade(empty_app)
    with empty_app.app_context():
        assert alembic.compare_metadata() == []


def test_upgrading_twice_changes_nothing(empty_app):
    upgrade(empty_app)
    upgrade(empty_app)


def test_the_migrations_can_be_taken_back(empty_app):
    upgrade(empty_app)
    with empty_app.app_context():
        alembic.downgrade("base")
    assert inspect(empty_app.extensions["saif"].engine).get_table_names() == ["alembic_version"]
