"""OData feeds carry what a download carries, to whom a download is given, and leave the same traces."""

import json
import tracemalloc
import uuid

import pytest
from sqlalchemy import select

from app import policy
from app.models import LedgerEntry
from app.policy import Actor, Held
from app.problems import Problem
from app.services import condition, decide, export_rows, feed_page, indexing, ordering, stored
from app.services.feed import Options, Service
from tests.databases import on_sqlite
from tests.services.conftest import edited, new_uid
from tests.services.made import assistance, screening

URL = "https://saif.example/v1/projects/1/forms/ct_screening.svc"


def opened(house, session, form="ct_screening", *, actor=policy.COMMAND, reason=None, **options):
    return Service(
        session,
        keyring=house.keyring,
        actor=actor,
        mission_id=house.mission_id,
        xml_form_id=form,
        url=URL,
        options=Options(**options),
        reason=reason,
    )


def feed(house, form="ct_screening", table="Submissions", **options):
    with house.session() as session:
        made = opened(house, session, form, **options).table(session, table, next_link=str)
    return json.loads(b"".join(made.chunks))


def entries(house):
    with house.session() as session:
        return session.scalars(
            select(LedgerEntry).where(LedgerEntry.action.like("export.%")).order_by(LedgerEntry.id)
        ).all()


def test_nothing_that_stands_behind_a_shut_gate_is_in_a_feed(house):
    house.receive(screening(consent="no", family_name="Secretname"))
    house.receive(screening(family_name="Exampla"))
    house.work()
    for options in ({}, {"expand": True}, {"select": ("person", "__id")}):
        said = json.dumps(feed(house, **options))
        assert "Exampla" in said
        assert "Secretname" not in said


@on_sqlite
def test_names_and_free_text_are_left_out_if_asked(house):
    house.receive(screening(family_name="Exampla", sex="female"))
    house.work()
    (row,) = feed(house, identifiers=False)["value"]
    assert row["person"]["sex"] == "female"
    assert "family_name" not in row["person"]
    with house.session() as session:
        assert b"family_name" not in opened(house, session, identifiers=False).metadata()
        assert b"family_name" in opened(house, session).metadata()


def test_an_edited_submission_is_one_row_and_a_deleted_one_is_none(house):
    first, second, third = new_uid(), new_uid(), new_uid()
    original = screening(instance_id=first, family_name="Exampla")
    for xml in (original, edited(original, second, family_name="Exemplar"), screening(instance_id=third)):
        house.receive(xml)
    house.work()
    with house.session() as session:
        decide.delete_submission(
            session,
            keyring=house.keyring,
            actor=policy.COMMAND,
            mission_id=house.mission_id,
            instance_id=third,
            reason="entered by mistake",
        )
    (row,) = feed(house)["value"]
    assert (row["__id"], row["meta"]["instanceID"], row["person"]["family_name"]) == (
        first, second, "Exemplar",
    )  # fmt: skip
    assert (row["__system"]["edits"], row["__system"]["reviewState"]) == (1, "edited")


def test_what_nobody_can_read_says_at_least_that_it_is_there(house):
    first = new_uid()
    xml = (
        '<data id="ct_screening" version="1" encrypted="yes" '
        'xmlns="http://www.opendatakit.org/xforms/encrypted"><base64EncryptedKey>QUJD</base64EncryptedKey>'
        f'<meta xmlns="http://openrosa.org/xforms"><instanceID>{first}</instanceID></meta>'
        "<encryptedXmlFile>submission.xml.enc</encryptedXmlFile></data>"
    )
    house.receive(xml.encode())
    house.work()
    (row,) = feed(house)["value"]
    assert row["__id"] == first
    assert row["person"]["family_name"] is None


def test_repeats_are_tables_of_their_own(house):
    first = new_uid()
    house.receive(assistance(case_uid=str(uuid.uuid4()), instance_id=first, services=3))
    house.work()
    with house.session() as session:
        names = [one["name"] for one in opened(house, session, "ct_assistance").document()["value"]]
    (services,) = (one for one in names if one.endswith(".service"))
    page = feed(house, "ct_assistance", services, top=2, count=True)
    assert [one["sv_provider"] for one in page["value"]] == ["Clinic 0", "Clinic 1"]
    assert page["@odata.count"] == 3
    for how in ({"skip": 2}, {"skip_token": page["@odata.nextLink"]}):
        last = feed(house, "ct_assistance", services, top=2, **how)
        assert [one["sv_provider"] for one in last["value"]] == ["Clinic 2"]
        assert "@odata.nextLink" not in last


def test_a_feed_is_in_the_ledger_before_it_begins_and_at_its_end(house):
    house.receive(screening())
    house.receive(screening())
    house.work()
    with house.session() as session:
        service = opened(house, session, reason="dashboard")
        made = service.table(session, "Submissions", next_link=str)
    (begun,) = entries(house)
    assert (begun.action, begun.reason, begun.detail["table"]) == ("export.odata", "dashboard", "Submissions")
    content = b"".join(made.chunks)
    _, done = entries(house)
    assert (done.object, done.detail["complete"]) == (begun.object, True)
    assert (done.detail["rows"], done.detail["bytes"]) == ({"Submissions": 2}, len(content))


def test_only_those_who_may_download_are_fed_and_only_with_what_there_is(house):
    administrator = Actor("user", None, (Held("administrator"),))
    with pytest.raises(Problem, match="not_allowed"):
        feed(house, actor=administrator)
    for wrong in ("Submissions.nothing", "Submissions('uuid:none')", "submissions", ""):
        with pytest.raises(Problem, match="not_found"):
            feed(house, table=wrong)
    with pytest.raises(Problem, match="invalid"):
        feed(house, select=("person/nmae",))
    with pytest.raises(Problem, match="not_found"):
        feed(house, "no_such_form")
    assert entries(house) == []


def test_a_feed_is_never_whole_in_memory(house, monkeypatch):
    monkeypatch.setattr(export_rows, "_STREAMED", 10)
    for _ in range(150):
        house.receive(screening(narrative="x" * 100_000))
    with house.session() as session:
        made = opened(house, session, expand=True).table(session, "Submissions", next_link=str)
    tracemalloc.start()
    try:
        size = sum(map(len, made.chunks))
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert size > 15_000_000
    assert peak < size / 3


# --- page by page

SERVICES = "Submissions.services.service"


def walk(house, form="ct_assistance", table=SERVICES, **options):
    """The pages of a walk by `@odata.nextLink`."""
    token = None
    while True:
        page = feed(house, form, table, skip_token=token, **options)
        yield page["value"]
        token = page.get("@odata.nextLink")
        if token is None:
            return


def told(rows):
    return [(one.get("__Submissions-id"), one["__id"]) for one in rows]


VISITED = [new_uid() for _ in range(7)]
PEOPLE = [
    {"sex": "female", "age_estimate": 17, "first_name": "Ana", "held_on": "2026-01-10"},
    {"sex": "male", "age_estimate": 30, "first_name": "Ion", "held_on": "2026-02-11"},
    {"sex": "female", "first_name": "Ștefania", "held_on": "2026-03-12"},
    {"sex": "female", "age_estimate": 9, "held_on": "2026-03-13"},
]
SCREENED = [new_uid() for _ in PEOPLE]


@pytest.fixture
def full(make_house, engine, tmp_path):
    """A house with seven assistance interviews with 3, 0, 1, 0, 0, 5 and 2 services, and four screenings."""

    def worked(house):
        for key, number in zip(VISITED, (3, 0, 1, 0, 0, 5, 2), strict=True):
            house.receive(assistance(case_uid=str(uuid.uuid4()), instance_id=key, services=number))
        for key, said in zip(SCREENED, PEOPLE, strict=True):
            house.receive(screening(instance_id=key, **said))
        house.work()

    return make_house(engine, tmp_path / "blobs", "house with feeds", worked)


@pytest.fixture
def opened_submissions(monkeypatch):
    """How many submissions have been opened."""
    counted = []
    open_one = stored.xml
    monkeypatch.setattr(stored, "xml", lambda *args: counted.append(1) or open_one(*args))
    return counted


def test_a_walk_meets_every_row_once_whatever_the_size_of_its_pages(full, opened_submissions):
    for table, most in (("Submissions", 7), (SERVICES, 11)):
        whole = feed(full, "ct_assistance", table)["value"]
        assert len(whole) == most
        for size in range(1, most + 2):
            opened_submissions.clear()
            pages = list(walk(full, table=table, top=size))
            assert told(row for page in pages for row in page) == told(whole)
            assert [len(page) for page in pages[:-1]] == [size] * (len(pages) - 1)
            assert len(opened_submissions) <= len(VISITED) + len(pages), "a page opens one twice at most"


def test_the_count_is_made_once_in_a_walk(full, opened_submissions):
    page = feed(full, "ct_assistance", SERVICES, top=2, count=True)
    opened_submissions.clear()
    later = feed(full, "ct_assistance", SERVICES, top=2, count=True, skip_token=page["@odata.nextLink"])
    assert (page["@odata.count"], later["@odata.count"]) == (11, 11)
    assert len(opened_submissions) <= 3


def test_what_happens_during_a_walk_does_not_change_what_it_meets(full):
    before = told(feed(full, "ct_assistance", SERVICES)["value"])
    pages = walk(full, top=3)
    seen = next(pages)
    full.receive(assistance(case_uid=str(uuid.uuid4()), services=4))
    for one in (VISITED[0], VISITED[-1]):  # the one to come last, and one that was met
        original = assistance(case_uid=str(uuid.uuid4()), instance_id=one, services=1)
        full.receive(edited(original, new_uid()))
    seen += next(pages)
    full.work()
    seen += [row for page in pages for row in page]
    assert told(seen) == before
    assert len(feed(full, "ct_assistance", SERVICES)["value"]) == 11 + 4 - 3 + 1 - 2 + 1


def test_a_token_is_an_opaque_place_or_a_problem(full):
    token = feed(full, "ct_assistance", SERVICES, top=1)["@odata.nextLink"]
    order = ordering.read("__system/submissionDate")
    for wrong, by in (("", ()), ("x", ()), ("W10", ()), (token[:-3], ()), ("W" * 9000, ()), (token, order)):
        with pytest.raises(Problem, match="invalid"):
            feed(full, "ct_assistance", SERVICES, top=1, skip_token=wrong, order=by)


# --- filters and orders


@pytest.fixture
def people(full):
    """The four screenings: a function from options of a feed to the places of the rows it gives."""

    def ask(text=None, **options):
        rows = feed(full, condition=condition.read(text), **options)["value"]
        return [SCREENED.index(row["__id"]) for row in rows]

    return ask


def test_answers_are_filtered_by_what_they_are(people):
    said = {
        "person/sex eq 'female'": {0, 2, 3},
        "person/sex ne 'female'": {1},
        "person/age_estimate lt 18": {0, 3},
        "18 gt person/age_estimate": {0, 3},
        "person/age_estimate eq null": {2},
        "person/age_estimate ne 17": {1, 2, 3},
        "not (person/age_estimate ge 9.5)": {2, 3},
        "registration/interview_date ge 2026-02-11": {1, 2, 3},
        "registration/interview_date eq '2026-02-11'": {1},
        "year(registration/interview_date) eq 2026 and month(registration/interview_date) lt 3": {0, 1},
        "start lt 2026-02-01T00:00:00Z": {0},
        "registration/interview_date lt now()": {0, 1, 2, 3},
        "contains(person/first_name, 'n')": {0, 1, 2},
        "startswith(tolower(person/first_name), 'ș') or endswith(person/first_name,'on')": {1, 2},
        "contains(person/first_name, 'n') eq false": {3},
        "length(trim(person/first_name)) eq 3": {0, 1},
        "$root/Submissions/person/sex eq 'male'": {1},
        "person/sex eq 'female' and __system/reviewState eq null": {0, 2, 3},
        "person/sex eq 'male' or __system/submitterId ne null": {1},
        "person/sex eq 'female' and __system/submissionDate lt 2020-01-01": set(),
        "meta/instanceID ne __id": set(),
    }
    assert {text: set(people(text)) for text in said} == said
    assert people("person/sex eq 'female'", top=2) == [3, 2]
    assert people("person/sex eq 'female'", skip=2) == [0]


def test_answers_in_the_index_are_found_without_opening_the_others(people, full, opened_submissions):
    said = {
        "person/sex eq 'male'": {1},
        "'male' eq person/sex": {1},
        "person/age_estimate lt 18": {0, 3},
        "18 gt person/age_estimate": {0, 3},
        "person/age_estimate eq 17 or person/age_estimate gt 20": {0, 1},
        "person/age_estimate eq 17.0": {0},
        "person/age_estimate ne null": {0, 1, 3},
        "person/sex eq 'female' and contains(person/first_name, 'n')": {0, 2, 3},
        "contains(person/sex, 'fem')": {0, 2, 3},
        "startswith(person/sex, 'ma') or endswith(person/sex, 'x')": {1},
        "registration/interview_date ge 2026-03-12": {2, 3},
        "registration/interview_date eq 2026-02-11": {1},
        "registration/interview_date lt 2026-02-11": {0, 1},
        "start lt 2026-02-01T00:00:00Z": {0},
        "person/number_of_children gt 3": set(),
    }
    before = {text: people(text) for text in said}
    indexing.run_until_empty(full.engine, keyring=full.keyring)
    for text, most in said.items():
        opened_submissions.clear()
        assert people(text) == before[text], text
        assert len(opened_submissions) == len(most), text
    for text in ("person/sex ne 'male'", "not (person/sex eq 'male')", "person/age_estimate eq null", "person/sex ge 'm'",
                 "contains(person/first_name, 'n')", "person/sex eq ''", "person/sex eq 'male' or person/first_name eq 'x'"):  # fmt: skip
        opened_submissions.clear()
        people(text)
        assert len(opened_submissions) == 4, f"{text}: not in the index, or true of what has no answer"


def test_what_the_index_has_not_read_yet_is_found_all_the_same(people, full):
    indexing.run_until_empty(full.engine, keyring=full.keyring)
    late = screening(instance_id=new_uid(), sex="male", age_estimate=50)
    full.receive(late)
    asked = condition.read("person/sex eq 'male'")
    for _ in range(2):
        assert [row["person"]["age_estimate"] for row in feed(full, condition=asked)["value"]] == [50, 30]
        full.work()


def test_rows_of_repeats_are_filtered_by_their_own_answers_and_those_around_them(full):
    def rows(text):
        return len(feed(full, "ct_assistance", SERVICES, condition=condition.read(text), count=True)["value"])

    assert rows("sv_provider eq 'Clinic 2'") == 2
    assert rows("sv_provider eq 'Clinic 2' and sv_category eq 'legal'") == 0
    assert rows("$root/Submissions/registration/interview_type eq 'initial'") == 11
    assert rows(f"$root/Submissions/__id eq '{VISITED[0]}'") == 3


@on_sqlite
@pytest.mark.parametrize(
    "text",
    [
        "person/nmae eq 'x'",
        "sex eq 'female'",
        "person eq 'x'",
        "person/sex eq 3",
        "person/age_estimate eq 'x'",
        "contains(person/age_estimate, '1')",
        "contains(person/sex)",
        "shout(person/sex) eq 'x'",
        "year(person/sex) eq 1",
        "person/sex",
        "person/sex lt true",
    ],
)
def test_a_filter_that_compares_what_cannot_be_compared_is_refused_before_anything_is_told(
    people, full, text
):
    with pytest.raises(Problem, match="invalid"):
        people(text)
    assert entries(full) == []


def test_a_walk_of_a_filter_meets_all_it_is_true_of_and_bounds_its_pages(people, full, monkeypatch):
    monkeypatch.setattr(feed_page, "MOST_OPENED", 2)
    pages = walk(
        full, "ct_screening", "Submissions", top=5, condition=condition.read("person/age_estimate eq 17")
    )
    assert [len(page) for page in pages] == [0, 1], "a page that opened enough ends, and says where to go on"


def test_who_is_shown_no_identifiers_cannot_find_them_by_a_filter_or_an_order(people, full):
    for options in (
        {"condition": condition.read("person/first_name eq 'Ana'")},
        {"order": ordering.read("person/first_name")},
    ):
        with pytest.raises(Problem, match="invalid"):
            feed(full, identifiers=False, **options)


def test_the_ledger_says_what_was_asked_but_not_whom_it_was_about(people, full):
    people("person/first_name eq 'Ana' and person/age_estimate gt 3 and start gt 1999-01-02")
    people("__system/reviewState eq 'approved'")
    begun = [one.detail["filters"]["condition"] for one in entries(full) if one.action == "export.odata"]
    assert begun == [
        "person/first_name eq … and person/age_estimate gt … and start gt …",
        "__system/reviewState eq 'approved'",
    ]


def test_a_table_is_sorted_by_what_the_server_knows_and_by_answers(people, full):
    said = {
        "__system/submissionDate": [0, 1, 2, 3],
        "__system/submissionDate desc": [3, 2, 1, 0],
        "__system/reviewState, __system/submissionDate asc": [0, 1, 2, 3],
        "person/age_estimate": [2, 3, 0, 1],
        "person/sex desc,person/age_estimate desc": [1, 0, 3, 2],
        "registration/interview_date,__system/submissionDate desc": [0, 1, 2, 3],
    }
    for text, expected in said.items():
        order = ordering.read(text)
        assert people(order=order) == expected, text
        for size in (1, 2, 3):
            pages = list(walk(full, "ct_screening", "Submissions", top=size, order=order))
            found = [row["person"]["age_estimate"] for page in pages for row in page]
            assert found == [PEOPLE[one].get("age_estimate") for one in expected], (text, size)


def test_an_order_that_cannot_be_kept_is_refused(people, monkeypatch):
    for text in ("person/nmae", "__system/secret", "a b c", "person/sex,", ",".join(["person/sex"] * 6)):
        with pytest.raises(Problem, match="invalid"):
            people(order=ordering.read(text))
    monkeypatch.setattr(feed_page, "MOST_SORTED", 3)
    with pytest.raises(Problem, match="invalid"):
        people(order=ordering.read("person/sex"))
