"""What an operator types, and what they read."""

import stat
import zipfile
from pathlib import Path

import openpyxl
import pytest
from sqlalchemy import select

from app.db import writing
from app.models import Device, FormKey, FormMedia, LedgerEntry, Mission, User
from app.policy import COMMAND
from app.services import demo, missions, users
from tests.cli.conftest import every_command
from xlsforms import validate

FORM = b"""
| survey |
|        | type | name | label |
|        | text | name | Name  |
| settings |
|        | form_id | version |
|        | visit   | 1       |
"""


@pytest.mark.parametrize("path", [" ".join(path) for path, _ in every_command()])
def test_every_command_has_help_with_an_example(path):
    command = {" ".join(names): one for names, one in every_command()}[path]
    text = command.help
    assert text.strip(), path
    assert f"saif {path}" in text.partition("Example:")[2], path
    for parameter in command.params:
        if parameter.param_type_name == "option" and parameter.name not in ("locale", "state"):
            assert parameter.help, f"{path} --{parameter.name}"


def test_a_person_is_added_with_a_password_made_for_them(saif, session):
    saif("mission", "add", "MDCHI", "--name", "Moldova", "--country", "MD")
    out = saif(
        "user", "add", "ana@example.org", "--name", "Ana", "--role", "coordinator", "--mission", "MDCHI"
    )
    user = session.scalars(select(User)).one()
    assert users.check_password(user, out.strip())
    listed = saif("user", "list")
    assert "coordinator@MDCHI" in listed
    assert out.strip() not in listed


def test_a_password_that_was_given_is_not_echoed(saif, session):
    out = saif("user", "add", "ana@example.org", "--password-stdin", stdin="correct horse battery\n")
    assert out == ""
    assert users.check_password(session.scalars(select(User)).one(), "correct horse battery")
    out = saif("user", "password", "ana@example.org", "--password-stdin", stdin="battery staple correct\n")
    assert out == ""
    assert saif("user", "password", "ana@example.org").strip()


def test_roles_are_given_and_taken_and_people_shut_out(saif):
    saif("user", "add", "ana@example.org")
    saif("user", "grant", "ana@example.org", "administrator")
    assert "administrator@*" in saif("user", "list")
    assert "last administrator" in saif("user", "withdraw", "ana@example.org", "administrator", fails=True)
    saif("user", "add", "b@example.org", "--role", "administrator")
    saif("user", "withdraw", "ana@example.org", "administrator")
    assert saif("user", "list").count("administrator@*") == 1
    saif("user", "shut", "ana@example.org")
    assert " no" in saif("user", "list")
    saif("user", "shut", "ana@example.org", "--again")
    assert " no" not in saif("user", "list")
    assert "no such person" in saif("user", "shut", "c@example.org", fails=True)


def test_missions_are_opened_listed_and_archived(saif, session):
    assert saif("mission", "add", "MDCHI", "--name", "Moldova", "--country", "MD").strip() == str(
        session.scalars(select(Mission.id)).one()
    )
    saif("mission", "interviewer", "MD-07", "--mission", "MDCHI", "--name", "Ana")
    saif("mission", "archive", "MDCHI")
    assert "archived" in saif("mission", "list")
    saif("mission", "archive", "MDCHI", "--again")
    assert "open" in saif("mission", "list")
    assert "code already" in saif("mission", "add", "MDCHI", "--name", "X", "--country", "MD", fails=True)
    assert "no such mission" in saif("mission", "archive", "XX", fails=True)


def test_a_mission_is_changed_and_what_is_not_named_stays(saif, session):
    saif("mission", "add", "MDCHI", "--name", "Moldova", "--country", "MD")
    saif("mission", "update", "MDCHI", "--time-zone", "Europe/Chisinau", "--log-places")
    mission = session.scalars(select(Mission)).one()
    assert (mission.name, mission.time_zone, mission.log_places) == ("Moldova", "Europe/Chisinau", True)
    saif("mission", "update", "MDCHI", "--no-log-places", "--name", "Chisinau")
    session.rollback()
    assert (mission.name, mission.log_places) == ("Chisinau", False)
    updates = select(LedgerEntry.detail).where(LedgerEntry.action == "mission.update")
    details = session.scalars(updates.order_by(LedgerEntry.at)).all()
    assert [one["log_places"] for one in details] == [True, False]


def test_a_device_is_added_shown_given_a_new_token_and_cut_off(saif, session, tmp_path):
    saif("mission", "add", "MDCHI", "--name", "Moldova", "--country", "MD")
    saif("mission", "interviewer", "MD-07", "--mission", "MDCHI", "--name", "Ana")
    qr = tmp_path / "phone.png"
    out = saif(
        "device", "add", "--mission", "MDCHI", "--name", "Phone 7", "--interviewer", "MD-07", "--qr", qr
    )
    number, url = out.split()
    assert url.startswith("http://127.0.0.1:8000/v1/key/")
    assert qr.read_bytes().startswith(b"\x89PNG")
    assert stat.S_IMODE(qr.stat().st_mode) == 0o600
    svg = tmp_path / "phone.svg"
    shown = saif("device", "show", number, "--mission", "MDCHI", "--url", "https://x.example", "--qr", svg)
    assert shown.strip() == url.replace("http://127.0.0.1:8000", "https://x.example")
    assert b"<svg" in svg.read_bytes()
    new = saif("device", "rotate", number, "--mission", "MDCHI").strip()
    assert new != url
    saif("device", "revoke", number, "--mission", "MDCHI")
    assert session.scalars(select(Device.revoked_at)).one() is not None
    listed = saif("device", "list", "--mission", "MDCHI")
    assert "MD-07" in listed
    assert "revoked" in listed
    assert new.split("/")[5] not in listed
    assert "no such interviewer" in saif(
        "device", "add", "--mission", "MDCHI", "--name", "X", "--interviewer", "Y", fails=True
    )


def test_a_device_has_a_user_name_and_is_given_to_somebody_else(saif, session):
    saif("mission", "add", "MDCHI", "--name", "Moldova", "--country", "MD")
    saif("mission", "interviewer", "MD-07", "--mission", "MDCHI", "--name", "Ana")
    out = saif("device", "add", "--mission", "MDCHI", "--name", "Phone 8", "--user-name", "--language", "fr")
    number, url, username, password = out.split()
    assert url == "http://127.0.0.1:8000/v1/phone/projects/1"
    assert saif("device", "show", number, "--mission", "MDCHI").split() == [url, username, password]
    new = saif("device", "rotate", number, "--mission", "MDCHI").split()
    assert new[:2] == [url, username]
    assert new[2] != password
    saif(
        "device",
        "edit",
        number,
        "--mission",
        "MDCHI",
        "--interviewer",
        "MD-07",
        "--name",
        "Phone 9",
        "--manual",
    )
    device = session.scalars(select(Device)).one()
    assert (device.display_name, device.language, device.managed) == ("Phone 9", "fr", False)
    listed = saif("device", "list", "--mission", "MDCHI")
    assert "MD-07" in listed
    assert username in listed
    saif("device", "edit", number, "--mission", "MDCHI", "--interviewer", "")
    assert "MD-07" not in saif("device", "list", "--mission", "MDCHI")
    refused = saif("device", "edit", number, "--mission", "MDCHI", "--group", "North", fails=True)
    assert "no such group of devices" in refused
    saif("device", "group", "Shelter", "--mission", "MDCHI")
    saif("device", "group", "Shelter", "--mission", "MDCHI", "--rename", "North")
    saif("device", "edit", number, "--mission", "MDCHI", "--group", "North")
    assert "North  1" in saif("device", "groups", "--mission", "MDCHI")
    assert "devices in this group" in saif(
        "device", "group", "North", "--mission", "MDCHI", "--delete", fails=True
    )
    saif("device", "edit", number, "--mission", "MDCHI", "--group", "")
    saif("device", "group", "North", "--mission", "MDCHI", "--delete")
    assert "North" not in saif("device", "groups", "--mission", "MDCHI")
    assert "no such group" in saif("device", "group", "North", "--mission", "MDCHI", "--delete", fails=True)


def test_a_form_is_checked_published_listed_and_assigned(saif, session, tmp_path):
    path = tmp_path / "visit.md"
    path.write_bytes(FORM)
    assert "good" in saif("form", "check", path)
    saif("mission", "add", "MDCHI", "--name", "Moldova", "--country", "MD")
    assert "draft" in saif("form", "publish", path, "--mission", "MDCHI", "--draft")
    assert "published" in saif("form", "publish", path, "--mission", "MDCHI", "--note", "first")
    assert "already" in saif("form", "publish", path, "--mission", "MDCHI")
    listed = saif("form", "list", "--mission", "MDCHI")
    assert "visit" in listed
    assert "open" in listed
    saif("form", "print", "visit", "--mission", "MDCHI", "--to", tmp_path / "visit.pdf")
    assert (tmp_path / "visit.pdf").read_bytes().startswith(b"%PDF-")
    spoken = saif(
        "form",
        "print",
        "visit",
        "--mission",
        "MDCHI",
        "--version",
        "9",
        "--to",
        tmp_path / "no.pdf",
        fails=True,
    )
    assert "no such version" in spoken
    saif("form", "assign", "visit", "--mission", "MDCHI", "--state", "closing")
    assert "closing" in saif("form", "list", "--mission", "MDCHI")
    with writing(session):
        mission_id = missions.find(session, "MDCHI").id
        missions.add_group(session, actor=COMMAND, mission_id=mission_id, name="Shelter")
    saif("form", "assign", "visit", "--mission", "MDCHI", "--group", "Shelter")
    assert "closing, open for a group" in saif("form", "list", "--mission", "MDCHI")
    nobody = saif("form", "assign", "visit", "--mission", "MDCHI", "--group", "Border", fails=True)
    assert "no such group" in nobody
    assert "no such form" in saif("form", "assign", "other", "--mission", "MDCHI", fails=True)
    path.write_bytes(FORM.replace(b"text", b"txet"))
    assert "errors" in saif("form", "check", path, fails=True)
    assert saif("form", "list").count("\n") == 1


def test_publishing_takes_a_note_and_a_word_where_answers_lose_and_an_old_version_comes_back(saif, tmp_path):
    path = tmp_path / "visit.md"
    path.write_bytes(FORM)
    saif("mission", "add", "MDCHI", "--name", "Moldova", "--country", "MD")
    assert "note" in saif("form", "publish", path, "--mission", "MDCHI", fails=True)
    assert "visit" not in saif("form", "list", "--mission", "MDCHI")
    saif("form", "publish", path, "--mission", "MDCHI", "--note", "first")
    path.write_bytes(FORM.replace(b"| text |", b"| date |").replace(b"| 1 ", b"| 2 "))
    told = saif("form", "publish", path, "--mission", "MDCHI", "--note", "dates", fails=True)
    assert "--lossy" in told
    saif("form", "publish", path, "--mission", "MDCHI", "--note", "dates", "--lossy")
    assert "again" in saif("form", "back", "visit", "1", "--mission", "MDCHI", "--lossy")
    assert "no such version" in saif("form", "back", "visit", "77", "--mission", "MDCHI", fails=True)


def test_a_draft_is_tried_on_a_test_device_that_is_no_phone_of_the_mission(saif, tmp_path):
    path, png = tmp_path / "visit.md", tmp_path / "test.png"
    path.write_bytes(FORM)
    saif("mission", "add", "MDCHI", "--name", "Moldova", "--country", "MD")
    assert "no such form" in saif("form", "try", "visit", "--mission", "MDCHI", fails=True)
    saif("form", "publish", path, "--mission", "MDCHI", "--draft")
    said = saif("form", "try", "visit", "--mission", "MDCHI", "--url", "https://saif.example", "--qr", png)
    assert "https://saif.example/v1/key/" in said
    assert png.read_bytes().startswith(b"\x89PNG")
    assert png.stat().st_mode & 0o077 == 0
    assert "Test phone" not in saif("device", "list", "--mission", "MDCHI")
    assert "no such device" in saif("device", "show", "1", "--mission", "MDCHI", fails=True)


def test_a_workbook_to_begin_with_and_a_block_of_the_library_are_written(saif, tmp_path):
    saif("form", "starter", "--to", tmp_path / "mine.xlsx")
    assert "good, 0 findings" in saif("form", "check", tmp_path / "mine.xlsx")
    saif("form", "starter", "--block", "person", "--prefix", "v_", "--to", tmp_path / "block.xlsx")
    assert "good" in saif("form", "check", tmp_path / "block.xlsx")
    assert "There are: safety" in saif(
        "form", "starter", "--block", "x", "--to", tmp_path / "x.xlsx", fails=True
    )


def test_a_file_comes_with_the_form(saif, tmp_path):
    path, media = tmp_path / "visit.md", tmp_path / "town.csv"
    path.write_bytes(FORM.replace(b"| text |", b"| select_one_from_file town.csv |"))
    media.write_text("name,label\na,A\n")
    saif("form", "publish", path, "--media", media, "--note", "first")
    assert "visit" in saif("form", "list")


def test_the_ledger_is_verified(saif):
    saif("mission", "add", "MDCHI", "--name", "Moldova", "--country", "MD")
    assert saif("ledger", "verify") == "0 entries in the chain, 1 waiting for the worker\n"


def test_what_is_replayed_must_be_said(saif):
    assert "one of --all" in saif("replay", fails=True)
    assert "one of --all" in saif("replay", "--all", "--mission", "MDCHI", fails=True)
    assert saif("replay", "--all") == "0 submissions, 0 cases, 0 rows changed\n"


def test_keys_are_made_shown_and_rotated_but_never_printed(saif, session, monkeypatch, tmp_path):
    directory = tmp_path / "other-keys"
    monkeypatch.setenv("SAIF_KEYS", str(directory))
    assert "no keyring" in saif("keys", "show", fails=True)
    made = saif("keys", "generate")
    assert "already" in saif("keys", "generate", fails=True)
    before = saif("keys", "show")
    rotated = saif("keys", "rotate")
    assert saif("keys", "show") != before
    assert "key.rotate" in session.scalars(select(LedgerEntry.action)).all()
    secret = (directory / "private.json").read_text()
    printed = made + before + rotated
    assert not [word for word in secret.split('"') if len(word) > 20 and word in printed]


def test_wrong_settings_are_one_message(saif, monkeypatch):
    monkeypatch.setenv("PORT", "eighty")
    monkeypatch.setenv("SAIF_SURFACE", "garden")
    message = saif("user", "list", fails=True)
    assert "PORT" in message
    assert "SAIF_SURFACE" in message


def test_a_database_without_tables_is_one_message(saif, monkeypatch, tmp_path):
    monkeypatch.setenv("DATABASE_URL", f"sqlite:///{tmp_path}/empty.db")
    assert "saif db upgrade" in saif("user", "list", fails=True)


def test_fiction_fills_a_demo_mission_once_and_no_real_one(saif, session, tmp_path):
    if not demo.available():
        pytest.skip("the demo instances are not here")
    saif("mission", "add", "DEMO1", "--name", "Demo", "--country", "CH", "--demo")
    saif("mission", "add", "MDCHI", "--name", "Moldova", "--country", "MD")
    forms = Path(demo.__file__).parents[2] / "xlsforms" / "forms"
    for name in ("screening.xlsx", "assistance.xlsx"):
        saif("form", "publish", forms / name, "--mission", "DEMO1", "--note", "first")
    assert "interviews came in" in saif("demo")
    assert "already" in saif("demo")
    assert "real" in saif("demo", "--mission", "MDCHI", fails=True)
    saif(
        "export", "ct_screening", "--mission", "DEMO1", "--to", tmp_path / "out.zip", "--reason", "to try it"
    )
    with zipfile.ZipFile(tmp_path / "out.zip") as archive:
        assert "ct_screening.csv" in archive.namelist()


def test_the_phones_of_a_mission_encrypt_a_form_until_it_is_turned_off(saif, session, tmp_path):
    file = tmp_path / "visit.md"
    file.write_bytes(FORM)
    saif("mission", "add", "MDCHI", "--name", "Moldova", "--country", "MD")
    saif("form", "publish", file, "--mission", "MDCHI", "--note", "first")

    def keys():
        session.rollback()
        return list(session.scalars(select(FormKey.retired_at).order_by(FormKey.id)))

    first = saif("form", "encrypt", "visit", "--mission", "MDCHI")
    assert first.startswith("on, with the key of ")
    assert saif("form", "encrypt", "visit", "--mission", "MDCHI") == first
    assert keys() == [None]
    saif("form", "encrypt", "visit", "--mission", "MDCHI", "--new-key")
    assert [one is None for one in keys()] == [False, True]
    assert saif("form", "encrypt", "visit", "--mission", "MDCHI", "--off").strip() == "off"
    assert None not in keys()
    assert "no such form" in saif("form", "encrypt", "other", "--mission", "MDCHI", fails=True)
    assert "Say one of" in saif(
        "form", "encrypt", "visit", "--mission", "MDCHI", "--off", "--new-key", fails=True
    )


def test_texts_of_a_form_go_out_and_come_back(saif, tmp_path):
    form = b"""
| survey |
|        | type | name | label::English (en) | label::Fran\xc3\xa7ais (fr) |
|        | text | name | Name                | {}                          |
|        | text | town | Town                | Ville                       |
| settings |
|        | form_id | version | form_title | default_language |
|        | visit   | 1       | Visit      | English (en)     |
"""
    (tmp_path / "visit.md").write_bytes(form.replace(b"{}", b""))
    saif("form", "publish", tmp_path / "visit.md", "--note", "New")
    assert saif("form", "texts", "show", "visit").splitlines()[2].split()[-3:] == ["1", "1", "0"]
    file = tmp_path / "fr.po"
    saif("form", "texts", "export", "visit", file, "--language", "fr")
    file.write_text(file.read_text().replace('msgid "Name"\nmsgstr ""', 'msgid "Name"\nmsgstr "Nom"'))
    assert saif("form", "texts", "import", "visit", file).startswith("1 texts written; Visit ")
    assert saif("form", "texts", "show", "visit").splitlines()[2].split()[-3:] == ["2", "0", "0"]
    saif("form", "texts", "export", "visit", tmp_path / "all.xlsx", "--version", "1")
    saif("form", "texts", "export", "visit", tmp_path / "all.pdf", fails=True)


WITH_FILES = """
| survey  |      |      |       |              |
|         | type | name | label | media::image |
|         | note | n    | Look  | face.png     |
|         | select_one_from_file towns.csv | t | Town | |
|         | select_one_from_file cases.csv | c | Case | |
| settings |     |      |       |              |
|         | form_id | version | | |
|         | visit | 1 | | |
"""


def test_the_files_of_a_form_are_looked_for_where_they_are_told_in_its_folder_and_beside_it(
    saif, session, tmp_path
):
    saif("mission", "add", "MDCHI", "--name", "Moldova", "--country", "MD")
    path = tmp_path / "visit.md"
    path.write_text(WITH_FILES)
    (tmp_path / "notes.csv").write_text("mine, and no file of the form")

    def findings(*more):
        return saif("form", "check", path, *more, stderr=True)

    assert findings().count("it is not there") == 2, "cases.csv is made by the server"
    assert "notes.csv" not in findings()
    (tmp_path / "towns.csv").write_text("name,label\na,A\n")
    (tmp_path / "visit-media").mkdir()
    (tmp_path / "visit-media" / "face.png").write_bytes(b"x")
    assert "not there" not in findings("--mission", "MDCHI")
    assert "notes.csv" in findings("--media", tmp_path / "notes.csv"), "whoever names a file means it"
    saif("form", "publish", path, "--mission", "MDCHI", "--draft")
    media = session.execute(select(FormMedia.name, FormMedia.content).order_by(FormMedia.name)).all()
    assert [tuple(row) for row in media] == [("face.png", b"x"), ("towns.csv", b"name,label\na,A\n")]


def test_the_original_and_the_annotated_workbook_are_written(saif, tmp_path, monkeypatch):
    path = tmp_path / "visit.md"
    path.write_text(WITH_FILES)
    saif("form", "publish", path, "--draft")
    saif("form", "original", "visit", "--out", tmp_path / "again.md")
    assert (tmp_path / "again.md").read_text() == WITH_FILES
    (tmp_path / "out").mkdir()
    assert saif("form", "original", "visit", "--out", tmp_path / "out").strip().endswith("out/visit.md")
    path.write_text(WITH_FILES.replace("| note |", "| nota |"))
    saif("form", "check", path, "--annotated", tmp_path / "mend.xlsx", fails=True)
    book = openpyxl.load_workbook(tmp_path / "mend.xlsx")
    assert book.sheetnames[0] == "_findings"
    monkeypatch.setattr(validate, "which", lambda _: None)
    path.write_text(WITH_FILES)
    assert "ODK Validate was not run" in saif("form", "check", path, "--validate", stderr=True)
    assert "nota" in book["survey"]["A2"].comment.text
