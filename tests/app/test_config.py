"""Settings are read once, and every fault is said at the same time."""

from pathlib import Path

import pytest

from app.config import Config, ConfigError


def test_without_any_setting_everything_is_below_var():
    config = Config.from_environ({})
    home = Path("var").resolve()
    assert config.home == home
    assert config.database_url.render_as_string() == f"sqlite:///{home}/saif.db"
    assert config.blob_url == (home / "blobs").as_uri()
    assert config.keys == home / "keys"
    assert config.port == 8000
    assert config.device
    assert config.office


def test_a_surface_opens_its_doors_only():
    assert not Config.from_environ({"SAIF_SURFACE": "device"}).office
    assert not Config.from_environ({"SAIF_SURFACE": "office"}).device


@pytest.mark.parametrize("scheme", ["postgres", "postgresql", "postgresql+psycopg"])
def test_postgresql_is_reached_by_any_of_its_names(scheme):
    config = Config.from_environ({"DATABASE_URL": f"{scheme}://saif:secret@db/saif"})
    assert config.database_url.drivername == "postgresql+psycopg"


def test_a_relative_sqlite_file_is_made_absolute(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    config = Config.from_environ({"DATABASE_URL": "sqlite:///here.db"})
    assert config.database_url.database == str(tmp_path / "here.db")


def test_every_fault_is_said_at_once_and_no_value_is_repeated():
    with pytest.raises(ConfigError) as raised:
        Config.from_environ(
            {
                "DATABASE_URL": "mysql://saif:secret@db/saif",
                "BLOB_URL": "ftp://secret@host",
                "SAIF_SURFACE": "secret",
                "SAIF_URL": "saif.example.org",
                "SAIF_PROXIES": "many",
                "PORT": "70000",
                "SAIF_MAX_FILES": "0",
            }
        )
    assert len(raised.value.faults) == 7
    assert "secret" not in str(raised.value)


@pytest.mark.parametrize("url", ["sqlite://", "sqlite:///:memory:", "no url", ""])
def test_a_database_that_cannot_be_kept_is_refused(url):
    if not url:
        assert Config.from_environ({"DATABASE_URL": ""}).database_url.get_backend_name() == "sqlite"
        return
    with pytest.raises(ConfigError):
        Config.from_environ({"DATABASE_URL": url})


def test_the_public_root_has_no_slash_at_its_end():
    assert (
        Config.from_environ({"SAIF_URL": "https://saif.example.org/here/"}).url
        == "https://saif.example.org/here"
    )
