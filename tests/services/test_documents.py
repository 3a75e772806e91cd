"""Documents of cases: told by what they hold, sealed, opened and removed for a reason, and with their case wherever it goes."""

import io
import uuid
import zipfile

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select

from app import policy
from app.models import Document, LedgerEntry
from app.problems import Problem
from app.services import decide, disposal, documents, media_types, recording, transfers
from tests.services.conftest import new_uid
from tests.services.made import screening
from tests.services.test_transfers import coordinator, done, untouched_by_replay

PDF = b"%PDF-1.7 the passport of Ana Lungu"
WHY = "The hearing on Monday"


@pytest.fixture
def case(house):
    return begun(house)


def begun(house):
    uid = uuid.uuid4()
    house.receive(screening(case_uid=str(uid), instance_id=new_uid()))
    house.work()
    return uid


def add(house, case, content=PDF, name="Ana Lungu.pdf", mission_id=0, **more):
    with house.session() as session:
        return documents.add(
            session,
            keyring=house.keyring,
            blobs=house.blobs,
            actor=policy.COMMAND,
            mission_id=mission_id or house.mission_id,
            case_id=case,
            **{"kind": "identity", "name": name, "content": content, **more},
        )


def read(house, case, document, mission_id=0, reason=WHY):
    with house.session() as session:
        found = documents.read(
            session,
            keyring=house.keyring,
            blobs=house.blobs,
            actor=policy.COMMAND,
            mission_id=mission_id or house.mission_id,
            case_id=case,
            document_id=document.id,
            reason=reason,
        )
        return found.name, b"".join(found.chunks)


def listed(house, case, mission_id=0):
    """To whoever may read the cases of a mission; None where there is no such case."""
    mission_id = mission_id or house.mission_id
    asked = {"actor": coordinator(mission_id), "mission_id": mission_id, "case_id": case}
    with house.session() as session:
        try:
            return [one.id for one in documents.listing(session, **asked)]
        except Problem:
            return None


def entries(house):
    with house.session() as session:
        asked = select(LedgerEntry).where(LedgerEntry.action.like("case.document%")).order_by(LedgerEntry.id)
        return [(one.action.rpartition("_")[2], one.reason) for one in session.scalars(asked)]


def test_a_document_is_kept_sealed_opened_for_a_reason_and_removed_for_one(house, case):
    made = add(house, case, dated_on="2026-03-01")
    assert (made.kind, made.dated_on, made.media_type, made.size) == (
        "identity", "2026-03-01", "application/pdf", len(PDF),
    )  # fmt: skip
    with house.session() as session:
        row = session.scalars(select(Document)).one()
        assert b"Lungu" not in row.name + b"".join(house.blobs.open(row.blob))
    assert read(house, case, made) == ("Ana Lungu.pdf", PDF)
    for reason in ("", "short"):
        with pytest.raises(Problem, match="reason_needed"):
            read(house, case, made, reason=reason)
    assert untouched_by_replay(house)
    with house.session() as session:
        documents.remove(
            session,
            actor=policy.COMMAND,
            mission_id=house.mission_id,
            case_id=case,
            document_id=made.id,
            reason=WHY,
        )
    disposal.sweep(house.engine, house.blobs)
    assert not house.blobs.exists(row.blob)
    assert listed(house, case) == []
    assert entries(house) == [("add", None), ("read", WHY), ("remove", WHY)]


def test_documents_go_with_their_case_where_it_is_merged_and_where_another_mission_takes_it(house, case):
    other = begun(house)
    one, two = add(house, case), add(house, other, content=PDF + b" and another")
    done(house, decide.merge, case_id=case, into=other)
    assert listed(house, other) == listed(house, case) == [two.id, one.id]
    assert read(house, other, one)[1] == PDF
    with pytest.raises(Problem, match="conflict"):
        add(house, other), "the case that was merged brought it"
    done(house, decide.unmerge, case_id=case)
    with pytest.raises(Problem, match="not_found"):
        read(house, other, one)
    done(house, decide.close, case_id=case, closure_reason="lost_contact", closed_on="2026-03-01")
    granted = {"purpose": "case_management", "granted": True}
    done(house, recording.record, case_id=case, table="consent", values=granted)
    done(house, transfers.propose, case_id=case, to_mission_id=house.other_mission_id)
    theirs = house.other_mission_id
    assert (listed(house, case), listed(house, case, theirs)) == ([one.id], None)
    done(house, transfers.answer, mission_id=house.other_mission_id, case_id=case, take=True)
    assert (listed(house, case), listed(house, case, theirs)) == (None, [one.id])
    assert read(house, case, one, house.other_mission_id)[1] == PDF
    with pytest.raises(Problem, match="not_found"):
        read(house, case, one)
    later = add(house, case, PDF + b" of a closed case", mission_id=house.other_mission_id)
    assert listed(house, case, theirs) == [later.id, one.id]


def test_what_is_no_document_is_refused_and_leaves_nothing(house, case):
    before = list(house.blobs.names())
    for wrong in (
        {"content": b""},
        {"content": b"MZ\x90\0\x03"},
        {"content": b"<html><script>alert(1)</script></html>"},
        {"content": archive("word/document.xml", "word/vbaProject.bin")},
        {"kind": "nonsense"},
        {"dated_on": "yesterday"},
        {"content": b"%PDF" + bytes(documents.LARGEST)},
    ):
        with pytest.raises(Problem, match=r"invalid|too_large"):
            add(house, case, **wrong)
    add(house, case)
    for again in ({}, {"mission_id": house.other_mission_id, "content": b"%PDF-x"}):
        with pytest.raises(Problem, match=r"conflict|not_found"):
            add(house, case, **again)
    assert len(list(house.blobs.names())) == len(before) + 1
    assert len(entries(house)) == 1


# --- what a file is, and what it is called: no database


def archive(*names, mimetype=b""):
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as made:
        if mimetype:
            made.writestr("mimetype", mimetype)
        for name in names:
            made.writestr(name, "<x/>")
    return content.getvalue()


def test_a_file_is_what_it_holds():
    for content, name in (
        (b"\xff\xd8\xff\xe0\0\x10JFIF", "image/jpeg"),
        (b"RIFF\0\0\0\0WEBPVP8 ", "image/webp"),
        (b"RIFF\0\0\0\0WAVEfmt ", "audio/wav"),
        (b"XXXX\0\0\0\0WEBPVP8 \xff", None),
        (b"\0\0\0\x18ftypM4A \0\0", "audio/mp4"),
        (b"\0\0\0\x18ftypisom\0\0", "video/mp4"),
        (b"\0\0\0\x18ftypheic\0\0", "image/heic"),
        (PDF, "application/pdf"),
        ("Notă: ora 9, casa „Ana”\r\n".encode(), "text/plain"),
        ("\u200fملاحظة".encode(), "text/plain"),
        (b"a\0b", None),
        (b"\xff\xfe", None),
        (b" <svg onload=alert(1)>", None),
        (archive("[Content_Types].xml", "xl/workbook.xml"), "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
        (archive("content.xml", mimetype=b"application/vnd.oasis.opendocument.text"), "application/vnd.oasis.opendocument.text"),
        (archive("content.xml", mimetype=b"text/html"), None),
        (archive("run.js"), None),
        (archive("xl/workbook.xml")[:-9], None),
    ):  # fmt: skip
        found = media_types.of_document(content)
        assert (found and found.name) == name, content[:40]
    recording = media_types.of(b"\0\0\0\x18ftypmp42\0\0", "audio/mp4")
    assert recording is not None
    assert recording.family == "audio"


@given(st.text(), st.sampled_from(["pdf", "txt"]))
def test_no_name_leads_out_of_its_folder_or_says_another_ending(name, ending):
    cleaned = documents.clean(name, ending)
    assert cleaned.endswith(f".{ending}")
    assert not set(cleaned) & set('/\\<>:"|?*\0\r\n\u202e;%')
    assert not cleaned.startswith((".", "-", " "))
    assert 5 <= len(cleaned) <= 90


def test_names_stay_legible():
    for name, cleaned in {
        "Паспорт Ана.JPG": "Паспорт Ана.pdf",
        "../../etc/passwd": "passwd.pdf",
        r"C:\fakepath\x.pdf": "x.pdf",
        "a<b>.pdf.exe": "a_b_.pdf.pdf",
        "\u202etxt.exe": "txt.pdf",
        "": "document.pdf",
    }.items():
        assert documents.clean(name, "pdf") == cleaned
