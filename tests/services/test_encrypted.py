"""Submissions that phones encrypt: whatever arrives of them, and when, they end as if they had come in clear."""

import copy
import hashlib
import os
import shutil
import tracemalloc
import uuid
from collections import Counter

import pytest
from hypothesis import strategies as st
from lxml import etree
from sqlalchemy import URL, select, update

from app import policy
from app.db import make_engine, writing
from app.models import AwaitedFile, FormKey, LedgerEntry, Rendition, Submission
from app.policy import COMMAND
from app.problems import Problem
from app.services import form_keys, forms, phones, publish, replay, submissions
from app.services.wanted import Wanted
from submissions import encryption
from tests.clients.encrypting import encrypt
from tests.databases import on_sqlite
from tests.fuzz import fuzz
from tests.services.conftest import edited, new_uid
from tests.services.made import screening, version

PHOTOS = {"1600000000001.jpg": b"\xff\xd8 one", "1600000000002.jpg": b"\xff\xd8 two" * 30_000}
PICTURES = """
| survey   |             |         |       |                     |
|          | type        | name    | label | bind::case:field    |
|          | text        | name    | Name  | person.family_name  |
|          | begin_repeat | pictures | Pictures |                |
|          | image       | picture | Photo |                     |
|          | end_repeat  |         |       |                     |
| settings |             |         |       |                     |
|          | form_id     | version | namespaces |                |
|          | pictures    | {version} | case="urn:saif:case" |    |
"""


@pytest.fixture(scope="session")
def pictures():
    return publish.check(PICTURES.format(version="1").encode(), "pictures.md")


def turn(house, form_id="ct_screening", *, on=True, mission_id=None):
    """Turn the switch, or make a new key; the rendition phones get then."""
    mission_id = mission_id or house.mission_id
    with house.session() as session, writing(session):
        form = forms.find(session, mission_id, form_id)
        if not on:
            form_keys.turn_off(session, actor=COMMAND, form=form, mission_id=mission_id)
            return None
        key = form_keys.make_key(
            session, keyring=house.keyring, actor=COMMAND, form=form, mission_id=mission_id
        )
        newest = forms.latest(session, form)
        made = session.scalars(select(Rendition).where(Rendition.key_id == key.id)).one_or_none()
        assert made is None or made.version_id == newest.id
        session.expunge_all()
        return made


def on_rendition(xml, rendition):
    """The same submission, filled on a rendition."""
    root = etree.fromstring(xml)
    root.set("version", rendition.version)
    return etree.tostring(root)


def sent(rendition, xml, attachments=None):
    return encrypt(rendition.xform, on_rendition(xml, rendition), attachments)


def deliver(house, parcel, *, without=(), **sender):
    return house.receive(
        parcel.manifest,
        files={name: content for name, content in parcel.files.items() if name not in without},
        **sender,
    )


def instance_of(xml):
    return next(etree.fromstring(xml).iter("{*}instanceID")).text


def file_contents(house, instance_id):
    """The files of a submission as its page shows them, with their content."""
    with house.session() as session:
        detail = submissions.read_submission(
            session,
            keyring=house.keyring,
            actor=COMMAND,
            mission_id=house.mission_id,
            instance_id=instance_id,
        )
        found = {}
        for line in detail.files:
            if line.present:
                file = submissions.read_file(
                    session, keyring=house.keyring, blobs=house.blobs, actor=COMMAND,
                    mission_id=house.mission_id, instance_id=instance_id, name=line.name,
                )  # fmt: skip
                found[line.name] = b"".join(file.chunks)
                assert len(found[line.name]) == line.size
        return found


def table(house, form_id="ct_screening"):
    rows = b"".join(house.download(Wanted("csv_root", form_id)).chunks).decode("utf-8-sig").splitlines()
    header = rows[0].split(",")
    changing = {header.index("SubmissionDate")}
    return [[cell for n, cell in enumerate(row.split(",")) if n not in changing] for row in rows]


@pytest.fixture
def twin(house, make_house, tmp_path, sqlite_template):
    """The same house on another database, where nothing is encrypted."""
    shutil.copy(sqlite_template, tmp_path / "twin.db")
    engine = make_engine(URL.create("sqlite", database=str(tmp_path / "twin.db")))
    yield make_house(engine, tmp_path / "twin-blobs")
    engine.dispose()


# --- like any other ---------------------------------------------------------------------------------------------


def test_an_encrypted_interview_is_as_one_that_came_in_clear(house, twin, filled):
    interviews = [filled["screening"][number] for number in (0, 3, 7)]
    rendition = turn(house)
    for one in interviews:
        twin.receive(one.xml, files=one.files)
        deliver(house, sent(rendition, one.xml, one.files))
    assert twin.work().normalised == house.work().normalised == len(interviews)
    assert house.store() == twin.store()
    assert table(house) == table(twin)
    for one in interviews:
        assert house.codes(one.instance_id) == twin.codes(one.instance_id)
        assert file_contents(house, one.instance_id) == file_contents(twin, one.instance_id) == one.files


@pytest.mark.parametrize("order", ["as they were held", "assistance first"])
def test_both_forms_encrypted_and_in_any_order_make_the_same_cases(house, twin, filled, order):
    renditions = {form: turn(house, f"ct_{form}") for form in ("screening", "assistance")}
    interviews = [filled["screening"][number] for number in (0, 1)] + filled["assistance"][:2]
    for one in interviews:
        twin.receive(one.xml, files=one.files)
    twin.work()
    for one in interviews if order == "as they were held" else reversed(interviews):
        deliver(house, sent(renditions[one.form], one.xml, one.files))
        house.work()
    assert house.store() == twin.store()
    for form in ("ct_screening", "ct_assistance"):
        assert sorted(table(house, form)) == sorted(table(twin, form))


def test_what_came_stays_as_it_came(house):
    parcel = sent(turn(house), screening(instance_id=(named := new_uid())), PHOTOS)
    deliver(house, parcel)
    house.work()
    row = house.submission(named)
    assert house.keyring.open(row.xml, f"submission:{row.id}") == parcel.manifest
    reading = {
        "keyring": house.keyring,
        "actor": COMMAND,
        "mission_id": house.mission_id,
        "instance_id": named,
    }
    with house.session() as session:
        assert submissions.read_xml(session, as_sent=True, **reading) == parcel.manifest
        assert b"encrypted=" not in submissions.read_xml(session, **reading)
        for name, content in parcel.files.items():
            file = submissions.read_file(session, blobs=house.blobs, name=name, **reading)
            assert b"".join(file.chunks) == content


@on_sqlite
def test_a_manifest_in_the_namespace_of_the_specification_is_opened_as_collects_is(house):
    clear, named = new_uid(), new_uid()
    house.receive(screening(instance_id=clear), files=PHOTOS)
    parcel = sent(turn(house), screening(instance_id=named), PHOTOS)
    older = parcel.manifest.replace(
        b"http://www.opendatakit.org/xforms/encrypted", b"http://opendatakit.org/submissions"
    )
    assert older != parcel.manifest
    house.receive(older, files=parcel.files)
    house.work()
    assert house.states() == dict.fromkeys((clear, named), "normalised")
    assert house.codes(named) == house.codes(clear)
    assert file_contents(house, named) == PHOTOS


@on_sqlite
def test_nothing_of_it_lies_in_clear(house, tmp_path):
    rendition = turn(house)
    marked = b"\xff\xd8" + b"a mark that nothing else holds" * 5000
    deliver(house, sent(rendition, screening(family_name="Exampladjian"), {"1600000000001.jpg": marked}))
    house.work()
    for blob in house.blobs.names():
        assert marked[:60] not in b"".join(house.blobs.open(blob))
    for rows in house.dump(without=()).values():
        assert "Exampladjian" not in repr(rows)
        assert "a mark that" not in repr(rows)


def test_a_replay_changes_nothing_and_opens_nothing_again(house, monkeypatch):
    deliver(house, sent(turn(house), screening(), PHOTOS))
    house.work()
    before = house.dump()
    monkeypatch.setattr(encryption, "decrypt", None)
    done = replay.replay(house.engine, keyring=house.keyring, blobs=house.blobs, actor=COMMAND)
    assert (done.submissions, done.rows_changed) == (1, 0)
    assert house.dump() == before


def test_an_edit_in_the_office_of_an_encrypted_interview_counts(house, twin):
    uid, first, second = str(uuid.uuid4()), new_uid(), new_uid()
    xml = screening(case_uid=uid, instance_id=first, family_name="Exampla")
    rendition = turn(house)
    deliver(house, sent(rendition, xml, PHOTOS))
    twin.receive(xml, files=PHOTOS)
    for each in (house, twin):
        each.work()
        with each.session() as session:
            plain = submissions.read_xml(
                session, keyring=each.keyring, actor=COMMAND, mission_id=each.mission_id, instance_id=first
            )
        each.receive(edited(plain, second, family_name="Exemple"), user_id=None)
        each.work()
    assert house.states() == {first: "superseded", second: "normalised"}
    assert house.store() == twin.store()
    assert any(row.get("family_name") == "Exemple" for row in house.rows(uuid.UUID(uid)).values())


# --- keys -------------------------------------------------------------------------------------------------------


def test_an_old_key_opens_what_comes_in_late_and_so_does_one_that_was_turned_off(house):
    first = turn(house)
    second = turn(house)
    turn(house, on=False)
    assert first.version != second.version
    ids = [new_uid() for _ in range(3)]
    for named, rendition in zip(ids, (first, second, None), strict=True):
        xml = screening(instance_id=named)
        deliver(house, sent(rendition, xml)) if rendition else house.receive(xml)
    third = turn(house)
    assert third.version not in (first.version, second.version)
    late = new_uid()
    house.receive(screening(instance_id=late))  # by a phone that has the form as it was before
    house.work()
    assert house.states() == dict.fromkeys((*ids, late), "normalised")


def test_a_keyring_that_lacks_the_private_key_leaves_it_waiting_until_it_is_back(house, tmp_path):
    named = new_uid()
    parcel = sent(turn(house), screening(instance_id=named), PHOTOS)
    with house.session() as session, writing(session):
        sealed = session.scalar(select(FormKey.private))
        session.execute(update(FormKey).values(private=house.keyring.seal(b"", "elsewhere")))
    deliver(house, parcel)
    other = new_uid()
    house.receive(screening(instance_id=other))
    house.work()
    assert house.states() == {named: "waiting", other: "normalised"}
    assert house.codes(named) == {"unknown_key"}
    with house.session() as session, writing(session):
        session.execute(update(FormKey).values(private=sealed))
    replay.replay(house.engine, keyring=house.keyring, blobs=house.blobs, actor=COMMAND)
    assert house.states()[named] == "normalised"
    assert house.codes(named) == house.codes(other)
    assert file_contents(house, named) == PHOTOS


def test_a_key_of_another_mission_opens_nothing(house):
    named = new_uid()
    elsewhere = turn(house, mission_id=house.other_mission_id)
    turn(house)
    plain = on_rendition(screening(instance_id=named), elsewhere)
    parcel = encrypt(elsewhere.xform, plain)
    deliver(house, parcel)
    house.work()
    assert (house.states()[named], house.codes(named)) == ("waiting", {"unknown_version"})
    again = new_uid()
    forged = encrypt(
        elsewhere.xform.replace(elsewhere.version.encode(), version("screening").encode()),
        screening(instance_id=again),
    )
    deliver(house, forged)
    house.work()
    assert (house.states()[again], house.codes(again)) == ("waiting", {"unknown_key"})


@on_sqlite
def test_a_form_with_its_designers_own_key_stays_opaque(house, pictures):
    pair = encryption.new_pair()
    workbook = PICTURES.format(version="2").replace("namespaces |", "namespaces | public_key |")
    workbook = workbook.replace('"urn:saif:case" |', f'"urn:saif:case" | {pair.public} |')
    own = publish.check(workbook.encode(), "pictures.md")
    assert own.compiled.schema.encrypted
    house.forms["pictures"] = ""
    house.publish(own, mission_id=house.mission_id)
    xml = f"<data id='pictures' version='2'><name>A</name><meta><instanceID>{(named := new_uid())}</instanceID></meta></data>"
    parcel = encrypt(own.compiled.xform, xml.encode(), {"1600000000001.jpg": b"x"})
    deliver(house, parcel)
    house.work()
    assert house.states() == {named: "opaque"}
    assert house.codes(named) == {"encrypted"}
    assert house.submission(named).flagged is False
    assert set(file_contents(house, named)) == set(parcel.files)
    assert file_contents(house, named) == parcel.files
    header, row = table(house, "pictures")
    assert row[header.index("Status")] == "not decrypted"
    with pytest.raises(Problem) as caught:
        turn(house, "pictures")
    assert caught.value.code == "conflict"


# --- not all of it ----------------------------------------------------------------------------------------------


def test_a_file_that_comes_later_completes_it_by_itself(house, twin):
    uid, named = str(uuid.uuid4()), new_uid()
    xml = screening(case_uid=uid, instance_id=named)
    twin.receive(xml, files=PHOTOS)
    twin.work()
    parcel = sent(turn(house), xml, PHOTOS)
    deliver(house, parcel, without={"1600000000002.jpg.enc"})
    house.work()
    assert house.states()[named] == "normalised", "its answers are there: they do not wait for a photograph"
    assert "encrypted_files_missing" in house.codes(named)
    finding = next(
        one for one in house.submission(named).findings if one["code"] == "encrypted_files_missing"
    )
    assert "1 of the 3 files" in finding["message"]
    assert "1600000000002.jpg" in finding["message"]
    assert set(file_contents(house, named)) == {"1600000000001.jpg"}
    assert house.work().claimed == 0
    deliver(house, parcel)
    assert house.work().claimed == 1
    assert house.work().claimed == 0
    assert file_contents(house, named) == PHOTOS
    assert house.store() == twin.store()
    with house.session() as session:
        assert session.scalars(select(AwaitedFile)).all() == []


def test_answers_that_have_not_arrived_are_waited_for(house, twin):
    named = new_uid()
    xml = screening(instance_id=named)
    twin.receive(xml, files=PHOTOS)
    twin.work()
    parcel = sent(turn(house), xml, PHOTOS)
    deliver(house, parcel, without={"submission.xml.enc"})
    house.work()
    assert (house.states()[named], house.codes(named)) == ("waiting", {"encrypted_files_missing"})
    assert "submission.xml" in house.submission(named).findings[0]["message"]
    done = replay.replay(house.engine, keyring=house.keyring, blobs=house.blobs, actor=COMMAND)
    assert (house.states()[named], done.rows_changed) == ("waiting", 0)
    deliver(house, parcel)
    house.work()
    assert house.store() == twin.store()
    assert file_contents(house, named) == PHOTOS


@on_sqlite
def test_the_name_of_a_missing_file_is_said_only_if_a_phone_made_it(house):
    named = new_uid()
    parcel = sent(turn(house), screening(instance_id=named), {"Maria Exampla.jpg": b"x"})
    deliver(house, parcel, without={"Maria Exampla.jpg.enc"})
    house.work()
    assert "file 1" in house.submission(named).findings[-1]["message"]
    assert "Maria" not in repr(house.submission(named).findings)


def test_a_late_file_of_a_deleted_submission_does_not_bring_it_back(house):
    named = new_uid()
    parcel = sent(turn(house), screening(instance_id=named), PHOTOS)
    deliver(house, parcel, without={"1600000000002.jpg.enc"})
    house.work()
    with house.session() as session, writing(session):
        session.execute(update(Submission).values(state="deleted"))
    deliver(house, parcel)
    assert house.work().claimed == 0
    assert house.states()[named] == "deleted"


# --- not as it was ----------------------------------------------------------------------------------------------


def test_a_wrong_signature_is_flagged_and_the_answers_are_there(house):
    named, rendition = new_uid(), turn(house)
    parcel = sent(rendition, screening(instance_id=named), PHOTOS)
    # Another photograph of the same interview: encrypted with the same key it opens, but it was not signed.
    manifest = parcel.manifest.replace(b"1600000000001", b"1600000000009")
    files_ = {
        name.replace("1600000000001", "1600000000009"): content for name, content in parcel.files.items()
    }
    house.receive(manifest, files=files_)
    house.work()
    assert house.states()[named] == "normalised"
    assert "signature_wrong" in house.codes(named)
    assert house.submission(named).flagged
    before = house.dump()
    replay.replay(house.engine, keyring=house.keyring, blobs=house.blobs, actor=COMMAND)
    assert house.dump() == before


@on_sqlite
def test_a_damaged_file_is_said_and_the_rest_is_there(house):
    named = new_uid()
    parcel = sent(turn(house), screening(instance_id=named), PHOTOS)
    parcel.files["1600000000001.jpg.enc"] = parcel.files["1600000000001.jpg.enc"][:-1]
    deliver(house, parcel)
    house.work()
    assert house.states()[named] == "normalised"
    assert "encrypted_file_damaged" in house.codes(named)
    assert "signature_wrong" not in house.codes(named)
    shown = file_contents(house, named)
    assert shown.pop("1600000000001.jpg.enc") == parcel.files["1600000000001.jpg.enc"]
    assert shown == {"1600000000002.jpg": PHOTOS["1600000000002.jpg"]}


@on_sqlite
@pytest.mark.parametrize("what", ["cut", "changed", "another"])
def test_damaged_answers_wait_and_hold_up_nobody(house, what):
    named, other, rendition = new_uid(), new_uid(), turn(house)
    parcel = sent(rendition, screening(instance_id=named))
    content = parcel.files["submission.xml.enc"]
    if what == "cut":
        content = content[:-5]
    elif what == "changed":
        content = content[:20] + bytes([content[20] ^ 0x40]) + content[21:]
    else:  # the answers of another interview under this one's key
        parcel = sent(rendition, screening(instance_id=other))
        content = parcel.files["submission.xml.enc"]
        changed = parcel.manifest.replace(other.encode(), named.encode())
        parcel = type(parcel)(changed, parcel.files)
    parcel.files["submission.xml.enc"] = content
    deliver(house, parcel)
    house.receive(screening(instance_id=(fine := new_uid())))
    house.work()
    assert house.states() == {named: "waiting", fine: "normalised"}
    assert house.codes(named) == {"encrypted_xml_damaged"}


def test_a_file_that_came_in_clear_under_the_same_name_stands_with_a_finding(house):
    named = new_uid()
    parcel = sent(turn(house), screening(instance_id=named), PHOTOS)
    parcel.files["1600000000001.jpg"] = b"something else"
    deliver(house, parcel)
    house.work()
    assert "encrypted_file_in_clear" in house.codes(named)
    shown = file_contents(house, named)
    assert shown["1600000000001.jpg"] == b"something else"
    assert shown["1600000000001.jpg.enc"] == parcel.files["1600000000001.jpg.enc"]


@on_sqlite
@pytest.mark.parametrize(
    ("before", "after", "code"),
    [
        (b"<base64EncryptedKey>", b"<base64EncryptedKey>AA", "unknown_key"),
        (b"<base64EncryptedKey>", b"<base64EncryptedKey/><other>", None),
        (b"submission.xml.enc</encryptedXmlFile>", b"</encryptedXmlFile>", "manifest_unreadable"),
        (b"</base64EncryptedElementSignature>", b"!</base64EncryptedElementSignature>", "signature_wrong"),
    ],
)
def test_whatever_the_manifest_says_is_a_finding(house, before, after, code):
    named = new_uid()
    parcel = sent(turn(house), screening(instance_id=named))
    manifest = parcel.manifest.replace(before, after)
    assert manifest != parcel.manifest
    if code is None:
        with pytest.raises(Problem):
            house.receive(manifest)
        return
    house.receive(manifest, files=parcel.files)
    house.work()
    assert code in house.codes(named)
    assert house.states()[named] == ("normalised" if code == "signature_wrong" else "waiting")


texts = st.text(st.characters(min_codepoint=32, max_codepoint=0xD7FF), max_size=40)
words = st.one_of(
    texts, st.sampled_from(["", "x.enc", "submission.xml.enc", "submission.xml", "AAAA", "a/../b.enc"])
)
CHANGES = st.lists(
    st.tuples(st.sampled_from(["say", "remove", "twice", "into", "rename"]), st.integers(0, 20), words),
    min_size=1, max_size=4,
)  # fmt: skip


def changed(manifest: bytes, edits) -> bytes:
    """A manifest with elements removed, doubled, moved, renamed or saying something else."""
    root = etree.fromstring(manifest)
    for what, number, word in edits:
        nodes = list(root.iter())[1:]
        if not nodes:
            break
        node, other = nodes[number % len(nodes)], nodes[(number * 7 + 3) % len(nodes)]
        if what == "say":
            node.text = word
        elif what == "remove":
            node.getparent().remove(node)
        elif what == "twice":
            node.getparent().append(copy.deepcopy(node))
        elif what == "into" and node not in other.iterancestors() and node is not other:
            other.append(node)
        elif what == "rename":
            node.tag = other.tag
    return etree.tostring(root)


def test_fuzz_no_manifest_keeps_the_worker_from_its_work(house):
    """Refused at the door, or kept with a finding; never met by an exception."""
    parcel = sent(turn(house), screening(instance_id=(named := new_uid())), PHOTOS)
    outcomes = Counter()

    def check(edits):
        manifest = changed(parcel.manifest.replace(named.encode(), (fresh := new_uid()).encode()), edits)
        try:
            house.receive(manifest, files=parcel.files)
        except Problem as problem:
            outcomes[problem.status] += 1
            return
        batch = house.work()
        outcomes["failed" if batch.failed else "taken"] += 1
        if fresh in house.states() and house.states()[fresh] == "waiting":
            assert house.codes(fresh)

    fuzz(check, CHANGES, examples=60)
    assert outcomes.keys() <= {400, 404, 409, "taken"}, outcomes
    assert outcomes["taken"] >= 20, outcomes


@on_sqlite
def test_a_large_file_is_opened_in_constant_memory(house):
    large = os.urandom(1_000_000) * 40
    named = new_uid()
    deliver(house, sent(turn(house), screening(instance_id=named), {"1600000000001.mp4": large}))
    tracemalloc.start()
    house.work()
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert house.states()[named] == "normalised"
    assert peak < 15_000_000
    with house.session() as session:
        file = submissions.read_file(
            session, keyring=house.keyring, blobs=house.blobs, actor=COMMAND, mission_id=house.mission_id,
            instance_id=named, name="1600000000001.mp4",
        )  # fmt: skip
        assert file.size == len(large)
        assert file.content_type == "video/mp4"
        digest = hashlib.sha256()
        for piece in file.chunks:
            digest.update(piece)
    assert digest.digest() == hashlib.sha256(large).digest()


# --- what phones get --------------------------------------------------------------------------------------------


def test_the_switch_gives_phones_a_rendition_and_keeps_the_old_addresses(house):
    def offered(mission_id):
        with house.session() as session:
            sender = house.sender(mission_id=mission_id)
            offer = next(one for one in phones.offers(session, sender) if one.xml_form_id == "ct_screening")
            return offer, phones.xform(session, sender, offer.file)

    plain, plain_file = offered(house.mission_id)
    rendition = turn(house)
    offer, file = offered(house.mission_id)
    assert (offer.id, offer.version, offer.md5) == (plain.id, rendition.version, file.md5)
    assert file.content == rendition.xform
    assert b"base64RsaPublicKey" in file.content
    assert b"client-editable" not in file.content
    assert offered(house.other_mission_id)[0] == plain, "another mission is not concerned"
    with house.session() as session:
        with pytest.raises(Problem):
            phones.xform(session, house.sender(mission_id=house.other_mission_id), offer.file)
        assert phones.xform(session, house.sender(), plain.file) == plain_file
    turn(house, on=False)
    assert offered(house.mission_id)[0] == plain
    assert turn(house).md5 not in (plain.md5, rendition.md5)


def test_a_new_version_of_an_encrypted_form_is_encrypted_too(house, pictures):
    house.forms["pictures"] = ""
    house.publish(pictures, mission_id=house.mission_id)
    first = turn(house, "pictures")
    house.publish(publish.check(PICTURES.format(version="2").encode(), "p.md"), mission_id=house.mission_id)
    with house.session() as session:
        (offer,) = phones.offers(session, house.sender(), xml_form_id="pictures")
        every = phones.offers(session, house.sender(), xml_form_id="pictures", every_version=True)
    assert offer.version.startswith("2[encrypted:")
    assert [one.version for one in every] == [offer.version, first.version]
    clash = publish.check(PICTURES.format(version=first.version).encode(), "p.md")
    with pytest.raises(Problem) as caught:
        house.publish(clash, mission_id=house.mission_id)
    assert caught.value.code == "version_taken"


def test_who_may_turn_the_switch_and_that_it_is_written_down(house):
    with house.session() as session, writing(session):
        form = forms.find(session, house.mission_id, "ct_screening")
        nobody = policy.Actor("user", 5, (policy.Held("form_designer", house.mission_id),))
        with pytest.raises(Problem) as caught:
            form_keys.make_key(
                session, keyring=house.keyring, actor=nobody, form=form, mission_id=house.mission_id
            )
        assert caught.value.code == "not_allowed"
    turn(house)
    turn(house, on=False)
    turn(house, on=False)
    with house.session() as session:
        said = session.scalars(
            select(LedgerEntry.action).where(LedgerEntry.action.startswith("form.encrypt"))
        )
        assert list(said) == ["form.encrypt", "form.encrypt_off"]
