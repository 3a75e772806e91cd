"""Sending as a phone does: by Flask's client, or over a connection to a real server."""

import http.client

from sqlalchemy import func, select

from tests.field import parts

BOUNDARY = "b0undary"
TYPE = f"multipart/form-data; boundary={BOUNDARY}"


def post(client, field, xml, query="", **files):
    """A submission through Flask's test client."""
    return client.post(f"{field.path}/submission{query}", data=parts(xml, **files))


def count(session, model):
    """Rows there are now, whoever committed them."""
    session.rollback()
    return session.scalar(select(func.count()).select_from(model))


def multipart(xml: bytes, **files: bytes) -> bytes:
    """The body of a submission request."""
    sent = b""
    for name, content in {"xml_submission_file": xml, **files}.items():
        sent += (
            f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="{name}"; filename="{name}"\r\n'
            "Content-Type: image/jpeg\r\n\r\n"
        ).encode()
        sent += content + b"\r\n"
    return sent + f"--{BOUNDARY}--\r\n".encode()


def post_over(connection: http.client.HTTPConnection, field, data) -> http.client.HTTPResponse:
    """A body over an open connection."""
    connection.request(
        "POST", f"{field.path}/submission?deviceID=x", body=data, headers={"Content-Type": TYPE}
    )
    return connection.getresponse()
