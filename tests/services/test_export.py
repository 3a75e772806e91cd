"""Downloads: Central's shape, constant memory, an entry in the ledger with the hash of what was handed
out."""

import csv
import hashlib
import io
import uuid
import zipfile
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from app import policy
from app.exports import archive, csv_zip
from app.exports.spool import Spool
from app.models import LedgerEntry
from app.policy import Actor, Held
from app.problems import Problem
from app.services import condition, decide, submissions
from app.services.export import Filters
from app.services.wanted import Wanted
from tests.databases import on_sqlite
from tests.services.conftest import edited, new_uid
from tests.services.made import assistance, screening


def download(house, form, format_name="csv", actor=policy.COMMAND, reason=None, **filters):
    made = house.download(Wanted(format_name, form, Filters(**filters)), actor=actor, reason=reason)
    return b"".join(made.chunks)


def tables(content):
    with zipfile.ZipFile(io.BytesIO(content)) as opened:
        assert opened.testzip() is None
        return {
            name: list(csv.DictReader(io.TextIOWrapper(opened.open(name), "utf-8", newline="")))
            for name in opened.namelist()
            if name.endswith(".csv") and not name.startswith("media/")
        }


def ledger(house, action):
    with house.session() as session:
        return session.scalars(select(LedgerEntry).where(LedgerEntry.action == action)).all()


@on_sqlite
def test_the_archive_has_centrals_tables_and_columns(house):
    first = new_uid()
    house.receive(assistance(case_uid=str(uuid.uuid4()), instance_id=first, services=2))
    house.work()
    found = tables(download(house, "ct_assistance"))
    assert set(found) >= {"ct_assistance.csv", "ct_assistance-service.csv", "ct_assistance-episode.csv"}
    (row,) = found["ct_assistance.csv"]
    header = list(row)
    assert header[0] == "SubmissionDate"
    assert header[header.index("KEY") :] == [
        "KEY", "SubmitterID", "SubmitterName", "AttachmentsPresent", "AttachmentsExpected", "Status", "ReviewState",
        "DeviceID", "Edits", "FormVersion",
    ]  # fmt: skip
    assert (row["KEY"], row["meta-instanceID"], row["Edits"]) == (first, first, "0")
    datetime.fromisoformat(row["SubmissionDate"])
    services = found["ct_assistance-service.csv"]
    assert [one["PARENT_KEY"] for one in services] == [first, first]
    assert [one["sv_provider"] for one in services] == ["Clinic 0", "Clinic 1"]


def test_an_edited_submission_is_one_row_under_its_first_id(house):
    first, second = new_uid(), new_uid()
    original = screening(instance_id=first, family_name="Exampla")
    house.receive(original)
    house.receive(edited(original, second, family_name="Exemplar"))
    house.work()
    (row,) = tables(download(house, "ct_screening"))["ct_screening.csv"]
    assert (row["KEY"], row["meta-instanceID"], row["Edits"]) == (first, second, "1")
    assert row["person-family_name"] == "Exemplar"


def test_deleted_submissions_are_absent_and_those_nobody_has_read_are_there(house):
    first, second, third = new_uid(), new_uid(), new_uid()
    house.receive(screening(instance_id=first))
    house.work()
    with house.session() as session:
        decide.delete_submission(
            session, keyring=house.keyring, actor=policy.COMMAND, mission_id=house.mission_id, instance_id=first,
            reason="entered by mistake",
        )  # fmt: skip
    house.receive(screening(instance_id=second))
    house.receive(
        screening(instance_id=third, family_name="Exampla").replace(b'version="2', b'version="9', 1)
    )
    rows = tables(download(house, "ct_screening"))["ct_screening.csv"]
    assert [row["KEY"] for row in rows] == [third, second]  # the newest first
    assert rows[0]["person-family_name"] == "Exampla"
    assert rows[0]["FormVersion"].startswith("9")


@on_sqlite
def test_an_answer_without_a_question_has_a_column_of_its_own(house):
    house.receive(screening().replace(b"<meta>", b"<surprise>here</surprise><meta>"))
    house.work()
    (row,) = tables(download(house, "ct_screening"))["ct_screening.csv"]
    assert row["UnknownAnswers"] == '{"/data/surprise": "here"}'
    assert (
        "UnknownAnswers"
        not in tables(download(house, "ct_screening", identifiers=False))["ct_screening.csv"][0]
    )


@on_sqlite
def test_identifiers_can_be_left_out(house):
    xml = screening(family_name="Exampla", sex="female", consent_signature="signed.png")
    house.receive(xml, files={"signed.png": b"picture"})
    house.work()
    content = download(house, "ct_screening", identifiers=False)
    (row,) = tables(content)["ct_screening.csv"]
    assert row["person-sex"] == "female"
    assert "person-family_name" not in row
    assert not any(name.startswith("media/") for name in zipfile.ZipFile(io.BytesIO(content)).namelist())


def test_filters_narrow_the_download(house):
    first, second = new_uid(), new_uid()
    for one in (first, second):
        house.receive(screening(instance_id=one))
    house.work()
    with house.session() as session:
        submissions.review(
            session, actor=policy.COMMAND, mission_id=house.mission_id, instance_id=first, state="approved"
        )

    def keys(text):
        found = tables(download(house, "ct_screening", condition=condition.read(text)))
        return {row["KEY"] for row in found["ct_screening.csv"]}

    hour = timedelta(hours=1)
    soon, lately = (moment.isoformat() for moment in (datetime.now(UTC) + hour, datetime.now(UTC) - hour))
    assert keys("__system/reviewState eq 'approved'") == {first}
    assert keys("__system/reviewState eq null") == {second}
    assert keys(f"__system/submissionDate ge {soon}") == set()
    assert keys(f"__system/submissionDate ge {lately} and __system/submissionDate lt {soon}") == {
        first,
        second,
    }


@on_sqlite
def test_columns_may_lose_their_groups_and_choices_may_have_columns(house):
    house.receive(screening(citizenship="KH MD"))
    house.work()
    (row,) = tables(download(house, "ct_screening", group_paths=False, split_select_multiples=True))[
        "ct_screening.csv"
    ]
    assert row["citizenship"] == "KH MD"
    assert (row["citizenship/KH"], row["citizenship/FR"]) == ("1", "0")


@on_sqlite
def test_files_are_in_media_and_may_be_left_out(house):
    for content in (b"one picture", b"another"):
        house.receive(screening(consent_signature="signed.png"), files={"signed.png": content})
    house.work()
    whole = zipfile.ZipFile(io.BytesIO(download(house, "ct_screening")))
    media = {name: whole.read(name) for name in whole.namelist() if name.startswith("media/")}
    assert media == {"media/signed.png": b"another", "media/signed (2).png": b"one picture"}
    bare = zipfile.ZipFile(io.BytesIO(download(house, "ct_screening", attachments=False)))
    assert not any(name.startswith("media/") for name in bare.namelist())
    row = tables(download(house, "ct_screening"))["ct_screening.csv"][0]
    assert (row["AttachmentsPresent"], row["AttachmentsExpected"]) == ("1", "1")


def test_a_download_is_in_the_ledger_before_it_begins_and_with_its_hash_at_its_end(house):
    house.receive(screening())
    house.work()
    made = house.download(Wanted("csv", "ct_screening"), reason="monthly report")
    (begun,) = ledger(house, "export.csv")
    assert begun.reason == "monthly report"
    assert begun.detail["form"] == "ct_screening"
    content = b"".join(made.chunks)
    (done,) = ledger(house, "export.done")
    assert done.object == begun.object
    assert done.detail["sha256"] == hashlib.sha256(content).hexdigest()
    assert (done.detail["complete"], done.detail["bytes"]) == (True, len(content))
    assert done.detail["rows"]["ct_screening"] == 1


def test_a_download_cut_short_says_so_in_the_ledger(house):
    house.receive(screening())
    house.work()
    made = house.download(Wanted("csv", "ct_screening"))
    next(made.chunks)
    made.chunks.close()
    (done,) = ledger(house, "export.done")
    assert done.detail["complete"] is False


@on_sqlite
def test_the_root_table_alone(house):
    house.receive(assistance(case_uid=str(uuid.uuid4()), services=3))
    house.work()
    rows = list(
        csv.DictReader(
            io.StringIO(download(house, "ct_assistance", format_name="csv_root").decode(), newline="")
        )
    )
    assert len(rows) == 1
    assert rows[0]["registration-interview_type"] == "initial"


def test_only_those_who_may_download_do(house):
    administrator = Actor("user", None, (Held("administrator"),))
    with pytest.raises(Problem, match=r"not_allowed|forbidden"):
        download(house, "ct_screening", actor=administrator)
    with pytest.raises(Problem, match="not_found"):
        download(house, "no_such_form")
    assert ledger(house, "export.csv") == []


def test_a_form_that_was_never_published_has_nothing_to_download(house, checked):
    from sqlalchemy.orm import Session

    from app.db import writing
    from app.services import publish

    form = "| survey | | | |\n| | type | name | label |\n| | text | fruit | Which fruit? |\n"
    form += "| settings | | |\n| | form_id | version |\n| | fruit | 1 |\n"
    with Session(house.engine) as session, writing(session):
        publish.save_draft(
            session,
            publish.check(form.encode(), "fruit.md"),
            actor=policy.COMMAND,
            mission_id=house.mission_id,
        )
    with pytest.raises(Problem, match="not_found"):
        download(house, "fruit")


# --- cells, names, spools
# --- cells, names, spools -----------------------------------------------------------------------------------


@on_sqlite
@pytest.mark.parametrize("text", ["=1+1", "+cmd", "-cmd|' /C calc'!A0", "@SUM(A1)", "\t=1", "\r=1"])
def test_a_cell_that_would_be_a_formula_is_text_for_spreadsheets(house, text):
    assert csv_zip.guarded(text) == f"'{text}"
    house.receive(screening(family_name=text.strip()))
    house.work()
    (exact,) = tables(download(house, "ct_screening"))["ct_screening.csv"]
    assert exact["person-family_name"] == text.strip()
    (safe,) = tables(download(house, "ct_screening", spreadsheet_safe=True))["ct_screening.csv"]
    assert safe["person-family_name"] == f"'{text.strip()}"


@pytest.mark.parametrize("text", ["-5", "+41.5", "-1.2e10", "plain", "", None, 3])
def test_numbers_and_plain_text_stay_as_they_are(text):
    assert csv_zip.guarded(text) == text


@on_sqlite
@pytest.mark.parametrize(
    "text", ['a "quoted" word', "two\nlines", "return\rinside", "comma, here", "ünï 帮助 مساعدة"]
)
def test_every_text_comes_back_from_the_table_as_it_was(house, text):
    house.receive(screening(narrative=text).replace(b"\r", b"&#13;"))
    house.work()
    (row,) = tables(download(house, "ct_screening"))["ct_screening.csv"]
    assert row["closing-narrative"] == text


@pytest.mark.parametrize(
    ("name", "safe"),
    [
        ("photo.jpg", "photo.jpg"),
        ("../../etc/passwd", "_.._etc_passwd"),
        ("C:\\x\\y.png", "C_x_y.png"),
        (".hidden", "hidden"),
        ("a\x00b.png", "a_b.png"),
        ("...", "file"),
    ],
)
def test_file_names_stay_inside_the_archive(name, safe):
    assert archive.safe_name(name, set()) == safe


def test_file_names_are_told_apart():
    taken = set()
    assert [archive.safe_name("x", taken) for _ in range(3)] == ["x", "x (2)", "x (3)"]


def test_a_spool_gives_back_what_was_written_and_its_file_says_nothing():
    spool = Spool()
    lines = [b"line %d of some length, Secretname" % number for number in range(10_000)]
    for line in lines:
        spool.write(line + b"\n")
    assert list(spool.lines()) == lines
    assert b"".join(spool.read()) == b"".join(line + b"\n" for line in lines)
    spool._file.seek(0)
    assert b"Secretname" not in spool._file.read()
    spool.close()
    rest = Spool()
    rest.write(b"no end")
    assert list(rest.lines()) == [b"no end"]
    rest.close()
