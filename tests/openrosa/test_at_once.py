"""The same interview over several connections at the same moment: one record, no error, no file lost."""

import http.client
import threading

from sqlalchemy import select

from app.models import Conflict, LedgerEntry, Submission, SubmissionFile
from tests.field import submission
from tests.openrosa.sending import count, multipart, post_over

CONNECTIONS = 8


def send_at_once(port, field, bodies):
    """The status of each body, sent over a connection of its own, all of them begun before any is finished."""
    gate = threading.Barrier(len(bodies))
    statuses = [0] * len(bodies)

    def send(number, body):
        def pieces():
            yield body[:-1]
            gate.wait(timeout=30)
            yield body[-1:]

        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        answer = post_over(connection, field, pieces())
        answer.read()
        statuses[number] = answer.status
        connection.close()

    threads = [threading.Thread(target=send, args=pair) for pair in enumerate(bodies)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=120)
        assert not thread.is_alive()
    return statuses


def test_the_same_submission_from_eight_connections_is_one_record_and_no_error(
    receiver, field, session, keyring
):
    files = {f"{number}.jpg": bytes([number]) * 50_000 for number in range(3)}
    for number in range(5):
        body = multipart(submission(f"uuid:{number}"), **files)
        assert send_at_once(receiver.port, field, [body] * CONNECTIONS) == [201] * CONNECTIONS
    assert count(session, Submission) == 5
    assert count(session, SubmissionFile) == 15
    assert count(session, Conflict) == 0
    assert session.scalars(select(LedgerEntry.action)).all() == ["submission.receive"] * 5
    for row in session.scalars(select(SubmissionFile)):
        content = b"".join(keyring.open_file(receiver.blobs.open(row.blob), f"file:{row.blob}"))
        name = keyring.open(row.name, f"file-name:{row.submission_id}").decode()
        assert content == files[name]
    assert "error" not in receiver.said()


def test_eight_connections_with_other_files_each_make_one_record_with_all_of_them(receiver, field, session):
    """As when a phone's requests overtake each other: whichever comes first makes the record."""
    xml = submission("uuid:1")
    bodies = [multipart(xml, **{f"{number}.jpg": b"x" * 9000}) for number in range(CONNECTIONS)]
    assert send_at_once(receiver.port, field, bodies) == [201] * CONNECTIONS
    assert count(session, Submission) == 1
    assert count(session, SubmissionFile) == CONNECTIONS


def test_of_eight_that_differ_under_one_number_one_stands_and_the_others_are_kept_aside(
    receiver, field, session
):
    bodies = [multipart(submission("uuid:1", name=f"name {number}")) for number in range(CONNECTIONS)]
    assert sorted(send_at_once(receiver.port, field, bodies)) == [201] + [409] * (CONNECTIONS - 1)
    assert count(session, Submission) == 1
    assert count(session, Conflict) == CONNECTIONS - 1
