"""Submissions: answers under their labels, in the form's languages; names and raw XML for a reason only."""

import io
import re
import uuid

import pytest
from pypdf import PdfReader
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.db import writing
from app.models import LedgerEntry, Submission
from app.policy import COMMAND
from app.services import missions
from tests.ui.conftest import text_of


@pytest.fixture
def visitor(visit):
    return visit("coordinator")


def rows(page):
    return len(re.findall("<tr data-row", page))


def answer(page, name):
    """What stands beside a question."""
    return page.split(f">{name}</span>")[1].split("</dd>")[0]


def screening(visitor):
    """The path of a screening with personal data."""
    for path in re.findall(
        rf'href="{visitor.home}(/submissions/[0-9a-f-]{{36}})"', visitor.get("/submissions?form=ct_screening")
    ):
        if "Family name" in visitor.get(path):
            return path
    raise AssertionError("the demo has such a submission")


def test_the_list_goes_on_page_by_page_without_losing_its_filter(visitor):
    first = visitor.get("/submissions?form=")
    assert rows(first) == 50
    onward = re.search(r'href="([^"]+after=[^"]+)"', first)[1].replace("&amp;", "&")
    second = visitor.client.get(onward).text
    assert rows(second) == 10
    assert "Back to the first" in second


def test_the_list_is_narrowed_by_form_state_and_findings(visitor):
    every = rows(visitor.get("/submissions?form=ct_screening")) + rows(
        visitor.get("/submissions?form=ct_assistance")
    )
    assert every == 60
    assert rows(visitor.get("/submissions?state=waiting")) == 1
    assert rows(visitor.get("/submissions?attention=finding")) >= 1
    assert "No submission fits" in visitor.get("/submissions?state=failed")


def test_a_page_marker_from_elsewhere_is_refused_in_words(visitor):
    assert "Begin again at the first page" in visitor.get("/submissions?after=nonsense", status=422)


def test_answers_stand_under_the_labels_of_their_questions(visitor):
    page = text_of(visitor.get(screening(visitor)))
    assert "A. Registration" in page
    assert "Date of the interview interview_date" in page


def test_the_questions_can_be_read_in_another_language(visitor):
    page = visitor.get(f"{screening(visitor)}?language=Français (fr)")
    assert "entretien" in text_of(page)
    assert 'class="answers" lang="fr"' in page


def test_names_and_raw_xml_are_hidden_until_a_reason_is_given(visitor):
    path = screening(visitor)
    page = visitor.get(path)
    assert "••••••" in answer(page, "family_name")
    assert "&lt;family_name&gt;" not in page
    page = visitor.post(f"{path}/reveal", {"reason": "Checking the spelling with the shelter"})
    assert '<bdi class="revealed">' in answer(page, "family_name")
    assert "&lt;family_name&gt;" in page
    with Session(visitor.client.application.extensions["saif"].engine) as session:
        entries = session.scalars(
            select(LedgerEntry).where(LedgerEntry.action.in_(["reveal", "submission.raw"]))
        ).all()
    assert {entry.action for entry in entries} == {"reveal", "submission.raw"}
    assert {entry.reason for entry in entries} == {"Checking the spelling with the shelter"}


def test_without_a_reason_nothing_is_shown(visitor):
    path = screening(visitor)
    page = visitor.post(f"{path}/reveal", {"reason": ""}, status=422)
    assert "only with a reason" in page
    assert "&lt;family_name&gt;" not in page
    assert "Why do you need to see them?" in visitor.get(f"{path}/reveal")


def test_an_interview_without_consent_shows_nothing_behind_it_not_even_for_a_reason(visitor):
    for path in re.findall(
        rf'href="{visitor.home}(/submissions/[0-9a-f-]{{36}})"', visitor.get("/submissions")
    ):
        page = visitor.get(path)
        if "The person did not consent" in page:
            revealed = visitor.post(f"{path}/reveal", {"reason": "To see whether something shows"})
            assert "&lt;data" not in revealed
            assert "is not opened by a page" in revealed
            return
    raise AssertionError("the demo has an interview without consent")


def test_a_submission_of_another_mission_is_not_found(visit):
    path = visit("coordinator").first("/submissions")
    assert visit("elsewhere").client.get(f"/projects/2{path}").status_code == 404


def test_a_file_is_handed_out_for_a_reason_and_never_opened_by_the_browser(visitor, office):
    from app.services import devices, publish
    from tests.field import part, submission
    from tests.ui.test_forms import GOOD

    state = visitor.client.application.extensions["saif"]
    checked = publish.check(GOOD.encode(), "visit.md")
    with Session(state.engine) as session:
        token = devices.token(devices.get(session, 1, 1), state.keyring)
        with writing(session):
            draft = publish.save_draft(session, checked, actor=COMMAND, mission_id=1)
            publish.publish(session, actor=COMMAND, version=draft)
    xml = submission(form_id="visit")
    sent = {
        "xml_submission_file": part(xml, "x.xml", "text/xml"),
        "<b>.html": part(b"<script>1</script>", "<b>.html", "text/html"),
    }
    assert visitor.client.post(f"/v1/key/{token}/projects/1/submission", data=sent).status_code == 201
    path = visitor.first("/submissions")
    assert "File 1" in visitor.get(path)
    assert "&lt;b&gt;.html" not in visitor.page.text
    page = visitor.post(f"{path}/reveal", {"reason": "To see the signature"})
    assert "&lt;b&gt;.html" in page
    sent = {"csrf_token": visitor.token(), "name": "<b>.html", "reason": "To see the signature"}
    answer = visitor.client.post(f"{visitor.home}{path}/file", data=sent)
    assert answer.data == b"<script>1</script>"
    assert answer.headers["Content-Disposition"].startswith("attachment")
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    visitor.post(f"{path}/file", {"name": "<b>.html", "reason": ""}, status=422)
    visitor.post(f"{path}/file", {"name": "other", "reason": "To see the signature"}, status=404)


def waiting(visitor):
    return re.search(
        rf'href="{visitor.home}(/submissions/[0-9a-f-]{{36}})"', visitor.get("/submissions?state=waiting")
    )[1]


def test_a_waiting_interview_is_put_into_the_case_whose_reference_is_given(visitor):
    path = waiting(visitor)
    assert "Which case does it belong to?" in visitor.get(path)
    reference = re.search(r"DEMO1-26-[0-9a-f]{8}", visitor.get("/cases"))[0]
    sent = {"case": "other", "reference": reference.upper(), "reason": "The paper file says so"}
    page = text_of(visitor.post(f"{path}/place", sent))
    assert "part of the case now" in page
    assert "Open case" in page


def test_a_waiting_interview_begins_a_case_of_its_own(visitor):
    page = text_of(
        visitor.post(f"{waiting(visitor)}/place", {"case": "new", "reason": "Seen for the first time"})
    )
    assert "Open case" in page


def test_a_decision_that_cannot_be_made_is_refused_in_words(visitor):
    path = waiting(visitor)
    for sent in (
        {"case": "other", "reference": "XX-none", "reason": "The paper file says so"},
        {"case": "other", "reference": "", "reason": "The paper file says so"},
        {"case": "nonsense", "reason": "The paper file says so"},
        {"case": "new", "reason": ""},
    ):
        assert "What to do" in text_of(visitor.post(f"{path}/place", sent, status=422))
        assert "Waiting" in visitor.get(path)


# --- versions, and how the interview went


@pytest.fixture
def edit(visitor):
    """The paths of a screening and of an edit of it, which changed a name and a code."""
    from app.services import demo, senders
    from app.tasks import run_once
    from tests.services.conftest import answer as said
    from tests.services.conftest import edited

    state = visitor.client.application.extensions["saif"]
    xml = next(one.read_bytes() for one in demo.instances() if said(one.read_bytes(), "family_name"))
    sex = "male" if said(xml, "sex") == "female" else "female"
    sender = senders.Sender(mission_id=1, actor="test", forms={"ct_screening": "open"})
    first, second = (
        state.inbox.receive(sender, xml=one)
        for one in (xml, edited(xml, "uuid:an-edit", family_name="Exemplar", sex=sex))
    )
    while run_once(state.engine, keyring=state.keyring, blobs=state.blobs):
        pass
    return f"/submissions/{first.submission_id}", f"/submissions/{second.submission_id}"


def differences(page):
    """The panel of what differs, without what the phone computed."""
    return page.split('id="changes"')[1].split("</section>")[0].split("<details")[0]


def test_an_edit_shows_what_it_changed_under_the_labels_and_hides_names(visitor, edit):
    first, second = edit
    shown = differences(visitor.get(second))
    assert "Family name" in shown
    assert {"Male", "Female"} <= set(text_of(shown).split())
    assert "••••••" in shown
    assert "Exemplar" not in visitor.page.text
    assert rows(shown) == 2
    assert 'id="changes"' not in visitor.get(first)
    assert "Féminin" in differences(visitor.get(f"{second}?language=Français (fr)"))


def test_any_two_versions_can_be_chosen_and_a_reason_reveals_them(visitor, edit):
    first = edit[0]
    ids = [path.rpartition("/")[2] for path in edit]
    shown = text_of(differences(visitor.get(f"{first}?before={ids[1]}&after={ids[0]}")))
    assert re.search("Sex .*(Male Female|Female Male)", shown)
    chosen = f"before={ids[0]}&after={ids[1]}"
    page = visitor.post(f"{first}/reveal?{chosen}", {"reason": "Checking the spelling"})
    assert "Exemplar" in differences(page)
    for nonsense in ("before=x&after=y", f"before={ids[0]}&after={ids[0]}", f"after={ids[0]}"):
        assert 'id="changes"' not in visitor.get(f"{first}?{nonsense}")


def test_an_edit_of_what_was_deleted_is_shown_beside_nothing(visitor, edit):
    from app.db import writing
    from app.policy import COMMAND
    from app.services import decide, senders
    from app.tasks import run_once
    from tests.services.conftest import edited

    state = visitor.client.application.extensions["saif"]
    with Session(state.engine) as session, writing(session):
        decide.delete_submission(
            session, keyring=state.keyring, actor=COMMAND, mission_id=1, instance_id="uuid:an-edit", reason="a test of it"
        )  # fmt: skip
    visitor.get(edit[0], status=404)
    sender = senders.Sender(mission_id=1, actor="test", forms={"ct_screening": "open"})
    from tests.services.made import screening as made

    receipt = state.inbox.receive(sender, xml=edited(made(instance_id="uuid:an-edit"), "uuid:of-the-edit"))
    while run_once(state.engine, keyring=state.keyring, blobs=state.blobs):
        pass
    page = visitor.get(f"/submissions/{receipt.submission_id}")
    assert "was deleted" in page
    assert 'id="changes"' not in page
    versions = page.split('id="versions"')[1].split("</section>")[0]
    assert "<a " not in versions
    assert "radio" not in versions


def test_how_the_interview_went_stands_on_the_page_section_by_section(visitor):
    timing = visitor.get(screening(visitor)).split('id="timing"')[1].split("</section>")[0]
    assert "A. Registration" in timing
    assert re.search(r"Finalised yes", text_of(timing))
    assert timing.count("<progress") >= 5
    assert "style=" not in timing


def test_a_submission_without_a_log_says_so(visitor, edit):
    assert "came with this submission" not in visitor.get(edit[1]), "it has that of the version before"
    state = visitor.client.application.extensions["saif"]
    from app.services import senders
    from tests.services.made import screening as made

    sender = senders.Sender(mission_id=1, actor="test", forms={"ct_screening": "open"})
    receipt = state.inbox.receive(sender, xml=made())
    assert "none came with this submission" in visitor.get(f"/submissions/{receipt.submission_id}")


# --- the table of a form -----------------------------------------------------------------------------------------


def links(page, word):
    """Addresses of the links that say this."""
    return [one.replace("&amp;", "&") for one in re.findall(rf'href="([^"]+)"[^>]*>{word}', page)]


def test_a_form_has_a_table_of_its_own_questions_in_its_languages(visitor):
    page = visitor.get("/submissions?form=ct_screening&language=Français (fr)&c=person/sex")
    assert "aria-sort" in page
    assert 'lang="fr"' in page
    assert re.search(r'data-label="Sexe[^"]*"[^>]*><bdi>(Femme|Homme|Féminin|Masculin)', page), text_of(page)[
        -3000:
    ]


SEX = {"form": "ct_screening", "c": "person/sex"}


def test_a_table_is_filtered_by_an_answer_that_is_chosen_on_the_page(visitor):
    chosen = "/submissions?form=ct_screening&c=person/sex"
    assert 'name="op"' not in visitor.get(chosen)
    assert 'name="op"' in visitor.get(f"{chosen}&on=person/sex")
    page = visitor.post("/submissions", SEX | {"on": "person/sex", "op": "is", "value": "female"})
    assert "Sex is Female" in text_of(page)
    assert 0 < rows(page) < rows(visitor.get(chosen))
    assert set(re.findall(r'data-label="Sex[^"]*"[^>]*><bdi>([^<]+)', page)) == {"Female"}
    assert rows(visitor.get(f"{chosen}&sort=person/sex")) == rows(visitor.get(chosen))
    assert "No submission fits" in visitor.get(f"{chosen}&f=person/sex is nonsense")
    visitor.get(f"{chosen}&f=person/family_name is x", status=422)


def test_what_was_typed_to_search_stands_in_no_address_and_pages_and_views_go_on_from_it(
    visitor, monkeypatch
):
    monkeypatch.setattr("app.ui.tables.PAGE", 1)
    page = visitor.post(
        "/submissions", SEX | {"q": "Female", "on": "person/sex", "op": "is", "value": "xyzzy"}
    )
    visited = [visitor.page.request.url]
    assert "No submission fits" in page
    page = visitor.post("/submissions", {**SEX, "q": "Female", "case": "demo1"})
    visited.append(visitor.page.request.url)
    assert 'value="Female"' in page
    assert 'value="demo1"' in page
    while following := links(page, "Next"):
        page = visitor.get(following[0].removeprefix(visitor.home))
        visited.append(visitor.page.request.url)
        assert rows(page) == 1
        assert 'value="Female"' in page, "the search goes on"
    assert len(visited) > 2
    sent = {"form": "ct_screening", "back": f"?{visited[1].partition('?')[2]}", "name": "Of one case"}
    page = visitor.post("/submissions/views", sent)
    assert 'value="demo1"' in page, "a view keeps its filters"
    visited += [visitor.page.request.url, *re.findall(r'(?:href|action)="([^"]*)"', page)]
    page = visitor.post("/cases", {"reference": "DEMO1-26", "status": "active"})
    assert 'value="DEMO1-26"' in page
    visited += [visitor.page.request.url, *re.findall(r'(?:href|action)="([^"]*)"', page)]
    assert not [one for one in visited if re.search("female|demo1|xyzzy", one, re.IGNORECASE)]


def test_plain_words_in_an_address_lead_to_one_without_them_and_nonsense_is_refused(visitor):
    for path in ("/submissions?form=ct_screening&q=Olena", "/submissions?form=ct_screening&case=Olena",
                 "/submissions?form=ct_screening&on=person/sex&op=is&value=Olena", "/cases?reference=Olena"):  # fmt: skip
        answer = visitor.client.get(visitor.home + path)
        assert answer.status_code == 303
        assert "Olena" not in answer.location
        assert "Olena" in visitor.client.get(answer.location).text or "value=" in path
    assert 'value="~typed"' in visitor.post("/submissions", {"q": "~typed", "review": ""})
    visitor.get("/cases?reference=~nonsense", status=422)
    visitor.get("/submissions?form=ct_screening&f=person/sex is ~nonsense", status=422)
    for path in ("/submissions?form=ct_screening&", "/cases?reference=x&"):
        answer = visitor.client.get(
            f"{visitor.home}{path}project_id=9&_external=1&_scheme=x", follow_redirects=True
        )
        assert answer.status_code == 200


def test_many_are_reviewed_at_once_and_the_page_says_what_was_not(visitor):
    page = visitor.get("/submissions?form=ct_assistance")
    ids = re.findall(r'name="id" value="([^"]+)"', page)[:3]
    said = {"id": ids, "state": "hasIssues", "comment": "Ask the interviewer", "back": "?form=ct_assistance"}
    page = visitor.post("/submissions/review", said)
    assert "3 submissions reviewed" in page
    assert text_of(page).count("Has issues") >= 3
    page = visitor.post("/submissions/review", said | {"state": "hasIssues"})
    assert "3 left as they were: It was so before." in page
    found = visitor.get("/submissions?form=ct_assistance&review=hasIssues")
    assert set(re.findall(r'name="id" value="([^"]+)"', found)) == set(ids)
    with Session(visitor.client.application.extensions["saif"].engine) as session:
        entries = session.scalars(select(LedgerEntry).where(LedgerEntry.action == "submission.review")).all()
    assert {entry.object for entry in entries} == {f"submission:{one}" for one in ids}
    visitor.post("/submissions/review", said | {"id": []}, status=422)


def test_a_submission_is_reviewed_and_commented_on_its_page_and_reading_comments_is_written_down(visitor):
    path = screening(visitor)
    said = {
        "id": path.rpartition("/")[2],
        "one": path.rpartition("/")[2],
        "state": "rejected",
        "comment": "Not <b>ours</b>",
    }
    page = visitor.post("/submissions/review", said)
    assert "1 submission reviewed" in page
    assert "Rejected" in text_of(page)
    assert "1 comment" in text_of(page)
    assert "ours" not in page
    visitor.post(f"{path}/comments", {"body": "Seen by two"})
    page = visitor.get(f"{path}/comments")
    assert page.index("Seen by two") < page.index("Not &lt;b&gt;ours&lt;/b&gt;")
    assert "Coordinator" in text_of(page)
    with Session(visitor.client.application.extensions["saif"].engine) as session:
        read = session.scalars(select(LedgerEntry).where(LedgerEntry.action == "submission.comments")).all()
    assert read
    visitor.post(f"{path}/comments", {"body": " "}, status=422)


def test_the_list_of_all_forms_is_searched_and_narrowed_by_where_and_when_it_came_from(visitor):
    def found(**asked):
        page = visitor.post("/submissions", asked)
        return set(re.findall(rf'href="{visitor.home}(/submissions/[0-9a-f-]{{36}})"', page))

    everything = found()
    reference = re.search(r"DEMO1-26-[0-9a-f]{8}", visitor.page.text)[0]
    device = re.search(r'<option value="(\d+)">([^<]+)', visitor.page.text.partition('id="device"')[2])
    of_case = found(q=reference[:-1].lower())
    assert of_case
    assert len(of_case) < len(everything)
    assert set(re.findall(r"DEMO1-26-[0-9a-f]{8}", visitor.page.text.partition("<tbody>")[2])) == {reference}
    assert found(q=device[2][2:]) == found(device=device[1]) == everything
    assert found(**{"from": "2020-01-01"}) == everything
    assert "No submission fits" in visitor.get("/submissions?to=2020-01-01")
    assert "No submission fits" in visitor.post("/submissions", {"q": "%"})
    assert found(**{"device": "99999999999999999999", "interviewer": "x", "from": "yesterday"}) == everything
    with Session(visitor.client.application.extensions["saif"].engine) as session, writing(session):
        held = missions.add_interviewer(
            session, actor=COMMAND, mission_id=1, code="MD-99", display_name="Ninety-nine"
        )
        one = next(iter(of_case))
        session.get_one(Submission, uuid.UUID(one[13:])).interviewer_id = held.id
        number = held.id
    assert found(q="md-99") == found(interviewer=number) == {one}


def test_a_view_is_kept_shared_renamed_and_deleted_by_whom_it_belongs_to(visit):
    mine, others, elsewhere = visit("coordinator"), visit("administrator"), visit("elsewhere")
    kept = {"form": "ct_screening", "back": "?form=ct_screening&c=person/sex&q=typed&f=person/sex is female"}
    page = mine.post("/submissions/views", kept | {"name": "Women"})
    assert "Sex is Female" in text_of(page)
    assert "typed" not in page
    mine.post("/submissions/views", kept | {"name": "Women", "shared": "1"})
    page = mine.post("/submissions/views", kept | {"name": "Others"})
    ids = re.findall(r"/submissions/views/(\d+)", page)
    assert len(ids) == 2
    assert "Interviewed" in mine.post(f"/submissions/views/{ids[0]}", {"name": "Interviewed"})
    mine.post(f"/submissions/views/{ids[0]}", {"name": "Women"}, status=409)
    elsewhere.post(f"/submissions/views/{ids[0]}", {"delete": "1"}, status=403)
    assert "The view is deleted" in mine.post(f"/submissions/views/{ids[0]}", {"delete": "1"})
    assert "Women" in mine.get("/submissions?form=ct_screening")
    others.post(f"/submissions/views/{ids[1]}", {"delete": "1"}, status=403)
    mine.post("/submissions/views", kept | {"name": " "}, status=422)


def test_a_submission_as_pdf_has_names_only_if_they_are_asked_for_and_always_a_reason(visitor):
    path = screening(visitor)
    assert f'href="{visitor.home}{path}/paper"' in visitor.get(path)
    assert "What is it for?" in visitor.get(f"{path}/paper")
    assert "only with a reason" in visitor.post(f"{path}/paper", {"names": "yes", "reason": ""}, status=422)
    sent = {"csrf_token": visitor.token(), "reason": "The hearing on Monday", "language": "English (en)"}
    texts = []
    for more in ({"names": "no"}, {"names": "yes"}, {"names": "no", "language": "Español (es)"}):
        made = visitor.client.post(f"{visitor.home}{path}/paper", data={**sent, **more})
        assert made.mimetype == "application/pdf"
        texts.append(" ".join(page.extract_text() for page in PdfReader(io.BytesIO(made.data)).pages))
    masked, whole, spanish = texts
    assert "hidden" in masked.split("Family name")[1][:20]
    revealed = visitor.post(f"{path}/reveal", {"reason": "To compare it with the PDF"})
    name = re.search(r'class="revealed">([^<]+)<', answer(revealed, "family_name"))[1]
    assert whole.split("Family name")[1].strip().startswith(name)
    assert "Fecha de la entrevista" in spanish
    assert "hidden" in spanish
    with Session(visitor.client.application.extensions["saif"].engine) as session:
        entries = session.scalars(
            select(LedgerEntry).where(LedgerEntry.action == "submission.paper").order_by(LedgerEntry.id)
        ).all()
    assert [entry.detail["revealed"] for entry in entries] == [False, True, False]
    assert {entry.reason for entry in entries} == {"The hearing on Monday"}
