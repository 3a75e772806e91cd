"""The migrations lead to the tables that the models describe, on both databases, and back."""

import uuid
from datetime import UTC, datetime

import pytest
from sqlalchemy import URL, insert, inspect, text

from app import create_app
from app.db import migrations, upgrade
from app.models.base import Model
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


def test_the_migrations_make_what_the_models_say_once_and_can_be_taken_back(empty_app):
    upgrade(empty_app)
    with empty_app.app_context():
        assert migrations(empty_app).compare_metadata() == []
    upgrade(empty_app)
    with empty_app.app_context():
        assert migrations(empty_app).compare_metadata() == []
        migrations(empty_app).downgrade("base")
    assert inspect(empty_app.extensions["saif"].engine).get_table_names() == ["alembic_version"]


def test_trials_keep_their_files_where_the_table_of_trials_is_made_anew(empty_app):
    at, trial, sealed = datetime(2026, 11, 20, tzinfo=UTC), uuid.uuid4(), b"sealed"
    rows = {
        "mission": {"id": 1, "code": "M", "name": "M", "country": "MD", "time_zone": "UTC", "created_at": at}
        | {"demo": False, "log_places": False},
        "form": {"id": 1, "xml_form_id": "f", "mission_id": 1, "created_at": at},
        "device": {"id": 1, "mission_id": 1, "display_name": "T", "token_digest": b"1", "token_sealed": b"1"}
        | {"managed": False, "language": "en", "created_at": at},
        "trial": {"id": trial, "mission_id": 1, "form_id": 1, "device_id": 1, "form_version": "1"}
        | {"instance_id": "uuid:1", "received_at": at, "xml_digest": sealed, "xml": sealed},
        "trial_file": {"trial_id": trial, "name_digest": sealed, "name": sealed, "digest": sealed}
        | {"size": 7, "content_type": "image/png", "blob": "b"},
    }
    with empty_app.app_context():
        alembic = migrations(empty_app)
        alembic.upgrade("0009")
        engine = empty_app.extensions["saif"].engine
        with engine.begin() as connection:
            for name, row in rows.items():
                connection.execute(insert(Model.metadata.tables[name]).values(row))
        for step in (alembic.upgrade, lambda: alembic.downgrade("0009")):
            step()
            with engine.connect() as connection:
                kept = connection.execute(
                    text("SELECT size, device_id FROM trial_file, trial WHERE id = trial_id")
                )
                assert kept.all() == [(7, 1)]
