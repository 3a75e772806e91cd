"""SAIF: carries an interview from a spreadsheet to a case."""

import gc

# A start leaves hardly anything to the collector: to look for it after every few hundred objects takes a fifth of its
# time. Processes that go on go back to that when they are ready (gunicorn.conf.py, app/tasks.py).
gc.set_threshold(50_000, 20, 100)

import os
from types import ModuleType

import structlog
from flask import Flask, Response, request
from sqlalchemy import text
from werkzeug.exceptions import HTTPException
from werkzeug.middleware.proxy_fix import ProxyFix

from app import auth, db, log, problems, templating
from app.config import Config
from app.problems import Problem
from app.state import open_state

__all__ = ["create_app"]

# Headers of an HTTP error that a client needs to act on.
_FOR_CLIENTS = frozenset({"Allow", "Content-Range", "Retry-After"})


def create_app(config: Config | None = None) -> Flask:
    """An application with the doors of its surface open. Raises ConfigError or KeyringError before it
    serves."""
    config = config or Config.from_environ(os.environ)
    log.configure()
    app = Flask(__name__)
    app.config["MAX_CONTENT_LENGTH"] = config.max_submission
    engine = db.init_app(app, config.database_url)
    app.extensions["saif"] = open_state(config, engine)
    if config.proxies:
        hops = config.proxies
        app.wsgi_app = ProxyFix(  # type: ignore[method-assign]  # as Flask documents it
            app.wsgi_app, x_for=hops, x_proto=hops, x_host=hops, x_prefix=hops
        )

    templating.init_app(app)
    auth.init_app(app)

    doors: dict[str, ModuleType] = {}
    if config.device:
        from app import fill, openrosa

        doors |= dict.fromkeys(auth.PHONES, openrosa) | {auth.BROWSERS: fill}
    if config.office:
        from app import api, ui

        doors["/v1/"] = api
        doors["/"] = ui
    for door in dict.fromkeys(doors.values()):
        door.init_app(app)
    _render_problems(app, doors, config)

    @app.get("/healthz")
    @auth.needs("public")
    def healthz() -> Response:
        """200 once this process can reach its database."""
        with engine.connect() as connection:
            connection.execute(text("SELECT 1"))
        return Response("ok\n", mimetype="text/plain")

    return app


def _render_problems(app: Flask, doors: dict[str, ModuleType], config: Config) -> None:
    """Every error leaves as a Problem, in the format of the door it came through."""

    def render(problem: Problem) -> Response:
        for prefix, door in doors.items():
            if request.path.startswith(prefix):
                response: Response = door.errors.render(problem)
                break
        else:
            response = Response(f"{problem.message}\n", problem.status, mimetype="text/plain")
        response.headers.update(problem.headers)
        return response

    def on_http(error: HTTPException) -> Response:
        if error.code is not None and error.code < 400:
            return error.get_response()  # type: ignore[return-value]  # werkzeug's class is the one Flask extends
        if error.code == 413:
            return render(problems.too_large(request.max_content_length or config.max_submission))
        headers = {name: value for name, value in error.get_headers() if name in _FOR_CLIENTS}
        return render(problems.of_status(error.code or 500, headers=headers))

    def on_error(error: Exception) -> Response:
        structlog.get_logger().error(
            "unexpected error",
            method=request.method,
            endpoint=request.endpoint,
            exception=log.describe(error),
        )
        return render(problems.internal())

    app.register_error_handler(Problem, render)
    app.register_error_handler(HTTPException, on_http)
    app.register_error_handler(Exception, on_error)
