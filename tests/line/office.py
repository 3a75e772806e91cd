"""Somebody in the office, with a script: everything by the REST interface of a running server."""

import csv
import io
import time
import zipfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import requests

TYPES = {
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "xls": "application/vnd.ms-excel",
    "xml": "application/xml",
}


@dataclass(frozen=True)
class Download:
    """A `submissions.csv.zip`: the rows of each table with its header, and the names of the files."""

    tables: dict[str, tuple[list[str], list[list[str]]]]
    media: list[str]


class Office:
    """Signed in to one server, at work in one project. Close it in the end."""

    def __init__(self, note: dict[str, Any]) -> None:
        self.base = note["url"]
        self.project = f"{self.base}/v1/projects/{note['project_id']}"
        self.session = requests.Session()
        self.session.headers["Authorization"] = f"Bearer {self._sign_in(note)}"

    def _sign_in(self, note: dict[str, Any]) -> str:
        said = {"email": note["email"], "password": note["password"]}
        return str(self._json("POST", f"{self.base}/v1/sessions", json=said)["token"])

    def close(self) -> None:
        self.session.close()

    def ask(self, method: str, url: str, **said: Any) -> requests.Response:
        """A request in the project (`url` begins with `/`) or elsewhere; any answer."""
        return self.session.request(
            method, self.project + url if url.startswith("/") else url, timeout=300, **said
        )

    def _json(self, method: str, url: str, **said: Any) -> Any:
        answer = self.ask(method, url, **said)
        assert answer.status_code == 200, f"{method} {url}: {answer.status_code} {answer.text[:2000]}"
        return answer.json()

    # --- devices and forms ---------------------------------------------------------------------------------

    def device(self, name: str) -> str:
        """A new device; the URL that ODK Collect is pointed at."""
        token = self._json("POST", "/app-users", json={"displayName": name})["token"]
        return f"{self.base}/v1/key/{token}/projects/{self.project.rpartition('/')[2]}"

    def upload(self, content: bytes, kind: str, *, form_id: str) -> requests.Response:
        """Send a form as a draft; `form_id` for a workbook that does not name its own."""
        return self.ask(
            "POST",
            "/forms",
            params={"ignoreWarnings": "true"},
            data=content,
            headers={"Content-Type": TYPES[kind], "X-XlsForm-FormId-Fallback": form_id},
        )

    def attach(self, form_id: str, name: str, content: bytes) -> None:
        """Give the draft a file it asks for."""
        self._json("POST", f"/forms/{form_id}/draft/attachments/{name}", data=content)

    def publish(self, form_id: str) -> None:
        self._json("POST", f"/forms/{form_id}/draft/publish")

    def form(self, form_id: str) -> dict[str, Any]:
        found: dict[str, Any] = self._json("GET", f"/forms/{form_id}")
        return found

    # --- what came in --------------------------------------------------------------------------------------

    def submissions(self, form_id: str) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self._json("GET", f"/forms/{form_id}/submissions")
        return found

    def wait(self, forms: Iterable[str], *, seconds: float = 300) -> float:
        """Until the worker has read everything of these forms; how long that took."""
        began = time.monotonic()
        for form in forms:
            while any(one["state"] == "received" for one in self.submissions(form)):
                assert time.monotonic() - began < seconds, f"{form}: the worker is not done"
                time.sleep(0.3)
        return time.monotonic() - began

    def cases(self, *, limit: int = 50) -> Iterator[dict[str, Any]]:
        """Every case whole, with provenance, identifiers revealed: the list walked page by page."""
        after, seen = None, set()
        while True:
            page = self._json("GET", "/cases", params={"limit": limit, "after": after})
            for line in page["items"]:
                assert line["caseId"] not in seen, "a case stands in two pages of the list"
                seen.add(line["caseId"])
                yield self._json(
                    "GET",
                    f"/cases/{line['caseId']}",
                    params={"provenance": "true", "reveal": "comparing every answer"},
                )
            after = page["next"]
            if after is None:
                return

    def fetch(self, form_id: str, format_name: str) -> bytes:
        """A download in a format."""
        answer = self.ask("GET", f"/forms/{form_id}/download/{format_name}", params={"reason": "comparing"})
        assert answer.status_code == 200, answer.text[:2000]
        return answer.content

    def download(self, form_id: str) -> Download:
        answer = self.ask("GET", f"/forms/{form_id}/submissions.csv.zip", params={"reason": "comparing"})
        assert answer.status_code == 200, answer.text[:2000]
        tables, media = {}, []
        with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
            assert archive.testzip() is None
            for name in archive.namelist():
                if name.startswith("media/"):
                    media.append(name.removeprefix("media/"))
                    continue
                if name == "manifest.json":
                    continue
                with archive.open(name) as table:
                    header, *rows = csv.reader(io.TextIOWrapper(table, "utf-8", newline=""))
                    tables[name] = header, rows
        return Download(tables, media)
