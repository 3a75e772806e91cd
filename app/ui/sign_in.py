"""Signing in and out."""

from flask import flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from app import auth
from app.auth import needs
from app.language import _
from app.problems import Problem


@needs("public")
def sign_in() -> str | Response | tuple[str, int]:
    """The form, and what it sends. `next` is a path of ours to go on to."""
    onward = auth.safe_next(request.values.get("next", ""))
    if request.method == "GET":
        if auth.user() is not None:
            return redirect(onward)
        return render_template("sign_in.html", next=onward)
    email = request.form.get("email", "")
    try:
        auth.sign_in(email, request.form.get("password", ""))
    except Problem as problem:
        page = render_template("sign_in.html", next=onward, email=email, problem=problem.message)
        return page, problem.status
    return redirect(onward)


@needs("signed_in")
def sign_out() -> Response:
    """End the session here and on the server."""
    auth.sign_out()
    flash(_("You are signed out."), "info")
    return redirect(url_for("ui.sign_in"))
