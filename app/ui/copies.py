"""A copy on paper that leaves the server, as PDF: for a reason, with names and free text only if they are asked for."""

import io
import uuid
from collections.abc import Callable
from typing import Any, TypeVar

from flask import request, send_file
from werkzeug.wrappers import Response

from app import auth, ledger
from app.db import db, writing
from app.exports import paper
from app.problems import Problem
from app.services.reveal import Reveal, need_reason

Detail = TypeVar("Detail")


def pdf(
    kind: str,
    *,
    mission_id: int,
    read: Callable[[Reveal | None], Detail],
    name: Callable[[Detail], uuid.UUID],
    ask: Callable[[Detail, str], str],
    content: Callable[[Detail], dict[str, Any]],
) -> Response | tuple[str, int]:
    """The PDF of a `kind` (case, submission); its making is an entry of the ledger, and what it reveals another.
    Without a reason, the question for one again: `ask` is given what is wrong. `content` is that of `dossier.typ`."""
    names = request.form.get("names") == "yes"
    try:
        with writing(db.session):
            reason = need_reason(request.form.get("reason"))
            detail = read(Reveal(reason) if names else None)
            ledger.write(
                db.session,
                actor=auth.actor().ref,
                action=f"{kind}.paper",
                mission_id=mission_id,
                object=f"{kind}:{name(detail)}",
                reason=reason,
                detail={"revealed": names},
            )
    except Problem as problem:
        if problem.code != "reason_needed":
            raise
        return ask(read(None), problem.message), problem.status
    made = paper.typeset("dossier.typ", content(detail))
    file = f"{kind}-{str(name(detail))[:8]}.pdf"
    return send_file(io.BytesIO(made), mimetype=paper.TYPE, as_attachment=True, download_name=file)
