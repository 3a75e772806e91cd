"""From JavaRosa to the case and the download: no answer is lost on the way, and each says where it came
from."""

import json

import pytest

from app import policy
from app.services import cases
from app.services.reveal import Reveal
from app.services.wanted import Wanted
from tests.services import comparing
from xlsforms import dictionary

pytestmark = pytest.mark.java

REVEAL = Reveal("comparing every answer")
IDS = {f"{name}.{table.id_column}" for name, table in dictionary.load().tables.items()}


@pytest.fixture(scope="session")
def received(filled):
    return [*filled["assistance"], *filled["screening"]]


@pytest.fixture
def full(make_house, engine, received, tmp_path):
    """A house that received all interviews, assistance first, and worked them off."""

    def worked(house):
        for one in received:
            house.receive(one.xml, files=one.files)
        house.work()

    return make_house(engine, tmp_path / "blobs", "house with all interviews", worked)


@pytest.fixture(scope="session")
def mappings(checked):
    return {name: comparing.mapped(one.compiled.xform) for name, one in checked.items()}


def facts(house):
    found = {}
    with house.session() as session:
        for case_id in house.cases():
            detail = cases.read_case(
                session, keyring=house.keyring, actor=policy.COMMAND, case_id=case_id, reveal=REVEAL
            )
            found |= comparing.facts(json.loads(json.dumps(detail.to_json(provenance=True))))
    return found


def download(house, form):
    """The tables of a download, and the names of its files."""
    return comparing.tables(b"".join(house.download(Wanted("csv", form)).chunks))


def test_every_mapped_answer_stands_in_its_case_with_the_value_the_phone_reports(full, received, mappings):
    assert set(full.states().values()) == {"normalised"}
    known = facts(full)
    lost = [line for one in received for line in comparing.missing(one, mappings[one.form], known)]
    assert lost == []
    mapped = [
        answer
        for one in received
        for answer in one.report["answers"]
        if comparing.without_positions(answer["path"]) in mappings[one.form]
    ]
    assert len(mapped) > 500
    assert any("[" in answer["path"] for answer in mapped)


def test_the_comparison_itself_notices_what_is_lost(full, received, mappings):
    known = facts(full)
    for facts_of_one in known.values():
        for _, fact in facts_of_one:
            fact["answer"] += "x"
    assert all(comparing.missing(one, mappings[one.form], known) for one in received)
    assert all(comparing.missing(one, mappings[one.form], {}) for one in received)


def test_the_tables_of_the_case_store_hold_what_the_fold_says(full, received):
    with full.session() as session:
        for case_id in full.cases():
            detail = cases.read_case(
                session, keyring=full.keyring, actor=policy.COMMAND, case_id=case_id, reveal=REVEAL
            )
            rows = [
                row for top in detail.rows.values() for one in top for row in flat(one) if not row.earlier
            ]
            stored = full.rows(case_id)
            assert {(row.table, row.id if row.table != "case_file" else str(case_id)) for row in rows} == set(
                stored
            )
            for row in rows:
                said = stored[row.table, row.id if row.table != "case_file" else str(case_id)]
                for value in row.fields:
                    own_id = f"{row.table}.{value.column}" in IDS
                    if value.column in said and not own_id and value.type not in ("decimal", "array"):
                        expected = (
                            value.value if value.value is None or value.privacy != "P3" else str(value.value)
                        )
                        assert said[value.column] == expected, f"{row.table}.{value.column}"


def flat(row):
    yield row
    for rows in row.children.values():
        for child in rows:
            yield from flat(child)


def test_every_answer_is_in_the_download(full, received):
    for form in ("screening", "assistance"):
        of_form = [one for one in received if one.form == form]
        tables, _ = download(full, f"ct_{form}")
        assert set(tables[f"ct_{form}.csv"]) == {one.instance_id for one in of_form}
        assert [line for one in of_form for line in comparing.not_downloaded(one, tables)] == []
        assert all(comparing.not_downloaded(one, {name: {} for name in tables}) for one in of_form)


def test_the_files_are_in_the_download(full, received):
    _, media = download(full, "ct_screening")
    named = [
        answer
        for one in received
        for answer in one.files
        if one.form == "screening" and answer != "audit.csv"
    ]
    assert {f"media/{name}" for name in named} <= set(media)


def test_a_refused_interview_gives_no_answer_behind_its_consent(house, phone, xforms, tmp_path, checked):
    """Also not if somebody made the file say more than the phone would."""
    from tests.services import interviews
    from tests.services.conftest import altered

    interviews.write_media(tmp_path)
    agreed = interviews.fill(
        phone, xforms, tmp_path, "screening", interviews.SAFE | interviews.CONSENT, seed=5
    )
    marked = altered(agreed.xml, family_name="Zzmarkname", narrative="Zzmarktext", consent_data="no")
    house.receive(marked, files=agreed.files)
    house.work()
    assert "consent_gate" in house.codes(agreed.instance_id)
    assert "Zzmark" not in str(house.store())
    tables, media = download(house, "ct_screening")
    assert "Zzmark" not in json.dumps(tables)
    assert tables["ct_screening.csv"][agreed.instance_id]["person-family_name"] == ""
    assert [name for name in media if not name.startswith("media/audit")] == []
