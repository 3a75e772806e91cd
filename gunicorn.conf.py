"""How gunicorn serves SAIF. Every setting can be changed by GUNICORN_CMD_ARGS or on the command line."""

import gc
import os
import socket
from email.utils import formatdate
from typing import Any

from gunicorn import util
from gunicorn.glogging import Logger
from gunicorn.http import message
from gunicorn.http.unreader import SocketUnreader

from app.config import Config
from app.log import MaskFilter
from app.openrosa import errors
from app.problems import of_status


class MaskingLogger(Logger):
    """Gunicorn's logger with our filter: it writes URLs, which hold device tokens, and errors with their messages."""

    def setup(self, cfg: Any) -> None:
        super().setup(cfg)
        for logger in (self.error_log, self.access_log):
            logger.filters = [MaskFilter()]


def write_error(client: socket.socket, status: int, reason: str, _detail: str) -> None:
    """The answer to what cannot even be read as a request, as a phone can show it. Gunicorn's own page repeats
    what was sent."""
    body = errors.document(errors.words(of_status(status)), nature="error")
    head = {
        "Connection": "close",
        "Date": formatdate(usegmt=True),
        "Content-Type": errors.XML,
        "Content-Length": str(len(body)),
        **errors.headers(CONFIG.max_request),
    }
    lines = [f"HTTP/1.1 {status} {reason}", *(f"{name}: {value}" for name, value in head.items()), "", ""]
    util.write_nonblock(client, "\r\n".join(lines).encode() + body)


util.write_error = write_error

# Gunicorn reads a body ahead by a megabyte and holds it three times over. An eighth is as fast, and many phones may
# send videos at once.
SocketUnreader.max_body_chunk = 128 * 1024

logger_class = MaskingLogger
bind = f"{os.environ.get('SAIF_BIND', '127.0.0.1')}:{os.environ.get('PORT', '8000')}"
workers = int(os.environ.get("WEB_CONCURRENCY", "2"))
worker_class = "gthread"
# A thread waits for the disk or for its place in the group that is committed, hardly ever for the processor.
threads = 16
# A phone on a bad line may need minutes for a video: gthread's time-out is of the worker, not of the request.
timeout = 120
graceful_timeout = 30
keepalive = 15
# Behind a proxy, which headers to believe is SAIF_PROXIES' business (ProxyFix).
forwarded_allow_ips = ""
accesslog = "-" if os.environ.get("SAIF_ACCESS_LOG") else None
# A phone asks for all cases it began by itself in one URL, 39 characters each: ten thousand of them. Gunicorn's own
# ceiling is 200, or none at all.
message.MAX_REQUEST_LINE = limit_request_line = 400_000
control_socket_disable = True

# The application is made once, before the workers are forked: each would take two seconds and its own memory for it.
preload_app = True
CONFIG = Config.from_environ(os.environ)


def when_ready(_arbiter: Any) -> None:
    """What is loaded by now stays for good: the collector need not walk through it again, nor touch pages that the
    workers share."""
    gc.freeze()
    # From here on as Python has it: what a request leaves may hold its body, and many would wait for a rare collector.
    gc.set_threshold(700, 10, 10)
