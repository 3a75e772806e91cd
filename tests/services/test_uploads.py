"""Uploads of the page: kept by the request, checked by a worker in a process of its own, then a draft or refused."""

import os
import signal
import threading
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from app import problems
from app.db import writing
from app.models import FormMedia, FormVersion, Upload, now
from app.policy import COMMAND
from app.services import checking, missions, publish, texts, uploads, users
from app.services.form_media import Attached
from tests.databases import on_sqlite
from tests.visit import BAD, VISIT
from xlsforms import compile as compiling

FACE, TOWNS = Attached("face.png", b"\x89PNG", "image/png"), Attached("towns.csv", b"name,label\na,A\n")


def form(text=VISIT, name="visit.md"):
    return Attached(name, text.encode(), "text/markdown")


@pytest.fixture
def mission(session):
    with writing(session):
        return missions.create(session, actor=COMMAND, code="MDCHI", name="Moldova", country="MD")


@pytest.fixture
def designer(session, mission):
    with writing(session):
        user, _ = users.create(
            session, actor=COMMAND, email="d@saif.example", display_name="D", password="a" * 20
        )
        users.grant(session, actor=COMMAND, user=user, role="form_designer", mission_id=mission.id)
        return users.actor_of(session, user)


@pytest.fixture
def put(engine, mission, designer):
    """`put(form(), FACE)`: uploaded, not checked yet; gives its id."""
    mission_id = mission.id

    def put(*files, **more):
        with Session(engine) as session, writing(session):
            return uploads.store(session, files, actor=designer, mission_id=mission_id, **more)

    return put


@pytest.fixture
def found(session, mission):
    """An upload as it stands now."""
    mission_id = mission.id

    def found(upload_id):
        session.rollback()
        return uploads.get(session, mission_id, upload_id)

    return found


def codes(findings):
    return [one["code"] for one in findings]


def test_a_form_becomes_a_draft_together_with_its_files(engine, put, found, session):
    upload_id = put(form(), FACE, TOWNS, Attached("notes.txt", b"x"), note=" First ")
    assert found(upload_id).state == "waiting"
    assert checking.check_next(engine)
    upload = found(upload_id)
    assert upload.state == "draft"
    draft = session.get_one(FormVersion, upload.version_id)
    assert (draft.title, draft.note, draft.workbook_name) == ("Visit", "First", "visit.md")
    assert draft.workbook == VISIT.encode()
    media = dict(session.execute(select(FormMedia.name, FormMedia.content)).all())
    assert media == {"face.png": FACE.content, "towns.csv": TOWNS.content}
    assert [one for one in codes(draft.findings) if one.startswith("media_")] == ["media_unused"]
    assert session.scalar(select(Upload.content)) is None, "it is the draft's now"
    assert not checking.check_next(engine)


def test_two_workers_check_each_upload_once(engine, put, found):
    ids = [put(form(VISIT.replace("visit", f"visit{n}"))) for n in range(3)]
    done = []

    def work():
        while checking.check_next(engine):
            done.append(1)

    threads = [threading.Thread(target=work) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(done) == 3
    assert [(found(one).state, found(one).tries) for one in ids] == [("draft", 1)] * 3


@on_sqlite
def test_what_is_refused_keeps_its_files_for_the_next_time(engine, put, found, session):
    refused = put(form(BAD), FACE)
    checking.check_next(engine)
    upload = found(refused)
    assert upload.state == "refused"
    assert "type_unknown" in codes(upload.findings)
    assert session.scalar(select(FormVersion.id)) is None
    again = put(form(), TOWNS, earlier=refused)
    checking.check_next(engine)
    draft = session.get_one(FormVersion, found(again).version_id)
    assert not [one for one in codes(draft.findings) if one.startswith("media_")]


@on_sqlite
def test_the_same_form_with_another_picture_is_another_draft_and_with_the_same_none(
    engine, put, found, session
):
    put(form(), FACE, TOWNS)
    checking.check_next(engine)
    with writing(session):
        publish.publish(session, actor=COMMAND, version=session.scalars(select(FormVersion)).one())
    same, other = put(form(), FACE, TOWNS), put(form(), Attached("face.png", b"another"))
    while checking.check_next(engine):
        pass
    assert found(same).state == "published"
    assert found(other).state == "draft"


@on_sqlite
def test_a_form_of_headquarters_is_refused_in_words(engine, mission, put, found, session):
    with writing(session):
        checked = publish.check(VISIT.encode(), "visit.md")
        version = publish.save_draft(session, checked, actor=COMMAND, mission_id=None)
        publish.publish(session, actor=COMMAND, version=version, note="x")
        form_of = session.get_one(publish.Form, version.form_id)
        publish.assign(session, actor=COMMAND, form=form_of, mission_id=mission.id)
    upload_id = put(form(VISIT.replace("Look", "See")))
    checking.check_next(engine)
    assert "headquarters" in found(upload_id).problem
    assert found(upload_id).state == "refused"


@on_sqlite
def test_a_check_that_breaks_down_is_told(engine, put, found, monkeypatch):
    """What a check says on the way is a place where its process can be killed for certain."""
    upload_id = put(form())
    tell = checking._tell

    def kill(*told):
        tell(*told)
        for server in _children(os.getpid()):
            if b"xlsforms.child" in Path(f"/proc/{server}/cmdline").read_bytes():
                for pid in _children(server):
                    os.kill(pid, signal.SIGTERM)

    monkeypatch.setattr(checking, "_tell", kill)
    monkeypatch.setattr(
        compiling, "_compile", compiling.compile_apart
    )  # anew: other tests check this form, too
    checking.check_next(engine)
    assert codes(found(upload_id).findings) == ["conversion_failed"]
    assert found(upload_id).state == "refused"


def _children(pid: int) -> list[int]:
    tasks = Path(f"/proc/{pid}/task").iterdir()
    return [
        int(child)
        for task in tasks
        for child in (task / "children").read_text().split()
        if b"xlsforms.child" in Path(f"/proc/{child}/cmdline").read_bytes()
    ]


@on_sqlite
def test_what_a_dead_worker_left_is_checked_by_another_and_given_up_in_the_end(engine, put, found, session):
    upload_id = put(form())

    def left(**values):
        with writing(session):
            upload = session.get_one(Upload, upload_id)
            for name, value in values.items():
                setattr(upload, name, value)

    left(state="checking", tries=1, touched_at=now())
    assert not checking.check_next(engine), "somebody is at it"
    left(touched_at=now() - checking.SILENT - timedelta(seconds=1), tries=checking.TRIES)
    assert not checking.check_next(engine)
    assert codes(found(upload_id).findings) == ["conversion_failed"]
    left(state="checking", tries=1, version_id=None)
    assert checking.check_next(engine)
    assert found(upload_id).state == "draft"


@on_sqlite
def test_uploads_are_swept_when_they_are_long_past(engine, put, found, session):
    old, new = put(form(), FACE), put(form())
    with writing(session):
        session.get_one(Upload, old).created_at = now() - uploads.KEPT - timedelta(minutes=1)
    assert uploads.sweep(engine) == 1
    with pytest.raises(problems.Problem):
        found(old)
    assert found(new).state == "waiting"
    assert session.scalars(select(uploads.UploadFile)).all() == []


@on_sqlite
@pytest.mark.parametrize(
    ("files", "said"),
    [
        ((FACE, TOWNS), "None of the files is a form"),
        ((form(), form(name="other.md")), "Several of the files"),
        ((*(Attached(f"{n}.png", b"") for n in range(201)), form()), "More than 200"),
    ],
)
def test_it_must_be_clear_which_file_is_the_form(put, files, said):
    with pytest.raises(problems.Problem) as refused:
        put(*files)
    assert said in refused.value.detail


# --- translations ------------------------------------------------------------------------------------------------

TOWN, LABEL = "survey/town:label", "Ville"


@pytest.fixture
def draft(engine, put, found, session):
    """The form of this page, as a draft."""
    upload_id = put(form(), FACE, TOWNS)
    checking.check_next(engine)
    return session.get_one(FormVersion, found(upload_id).version_id)


def french(version, *replaced):
    """What came back from the translators of a version's texts, as a PO."""
    file = texts.export(version, form_id="visit", to="po", languages=["Français (fr)"]).decode()
    for old, new in (('msgid "Town"\nmsgstr ""', f'msgid "Town"\nmsgstr "{LABEL}"'), *replaced):
        assert old in file
        file = file.replace(old, new)
    return Attached("fr.po", file.encode())


@pytest.fixture
def translate(engine, mission, designer):
    """`translate(version, file)`: brought back, not looked at yet; gives the upload's id."""
    mission_id = mission.id

    def translate(version, file):
        with Session(engine) as session, writing(session):
            return uploads.store_texts(
                session, file, actor=designer, mission_id=mission_id, version=session.merge(version)
            )

    return translate


def test_translations_wait_as_forms_do_and_become_the_draft_with_what_was_left_out(
    engine, draft, translate, found, session, monkeypatch
):
    steps = []
    tell = checking._tell
    monkeypatch.setattr(
        checking, "_tell", lambda *told: (tell(*told), steps.append((found(told[1]).step, told[2])))
    )
    spoiled = ('msgid "Look"\nmsgstr ""', 'msgid "Look"\nmsgstr "Voir ${nobody}"')
    upload_id = translate(draft, french(draft, spoiled))
    assert found(upload_id).state == "waiting"
    session.refresh(draft)
    assert texts.of(draft).targets == (), "the request has put nothing anywhere"
    assert checking.check_next(engine)
    upload = found(upload_id)
    assert (upload.state, upload.version_id, upload.content) == ("draft", draft.id, None)
    placed = {"translation_language_new", "translation_reference_unknown", "workbook_rewritten"}
    assert set(codes(upload.findings)) == placed
    assert placed < set(codes(draft.findings)), "and what is to be said of the form itself"
    assert texts.of(draft).by_place[TOWN].said["Français (fr)"] == LABEL
    assert upload.written
    assert [one for one, _ in steps][:2] == ["placing", "reading"]
    assert all(written == told for written, told in steps), "any process can show how far it is"


@on_sqlite
def test_translations_that_make_no_form_are_refused_and_leave_the_draft_as_it_was(
    engine, draft, translate, found, session
):
    before = draft.workbook
    upload_id = translate(draft, Attached("fr.xlsx", b"\x89PNG\r\n"))
    checking.check_next(engine)
    upload = found(upload_id)
    assert (upload.state, codes(upload.findings)) == ("refused", ["translation_file_unreadable"])
    assert session.get_one(FormVersion, draft.id).workbook == before


@on_sqlite
def test_translations_of_a_draft_thrown_away_meanwhile_are_refused_in_words(
    engine, draft, translate, found, session
):
    upload_id = translate(draft, french(draft))
    with writing(session):
        publish.discard(session, actor=COMMAND, version=session.get_one(FormVersion, draft.id))
    checking.check_next(engine)
    assert found(upload_id).state == "refused"
    assert "thrown away" in found(upload_id).problem
