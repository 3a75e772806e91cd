#!/usr/bin/env python3
"""A stand-in for the Android client ODK Collect: speaks OpenRosa to a server as strictly as it does.

As a library:

    client = CollectClient("http://127.0.0.1:5000/key/TOKEN", state="device1")
    client.sync()                                  # like "exactly match server"
    client.fill("household", seed=7)               # fills and finalises with JavaRosa
    client.send()                                  # HEAD, then multipart posts

As a program: collect_client.py --help

Whatever Collect would refuse raises ClientError with the reason. Needs the package requests, and
for filling forms the folder javarosa beside this one with what its README asks for.
To fill many forms quickly give it a Phone: CollectClient(..., phone=Phone()).
"""

import argparse
import base64
import csv
import hashlib
import importlib.util
import json
import mimetypes
import shutil
import subprocess
import sys
import time
import uuid
import zlib
from dataclasses import dataclass, field
from email.utils import formatdate
from pathlib import Path
from urllib.parse import unquote, urlencode, urlsplit, urlunsplit
from xml.etree import ElementTree

import requests
from requests.auth import AuthBase, HTTPBasicAuth, HTTPDigestAuth

LIST_NS = "{http://openrosa.org/xforms/xformsList}"
MANIFEST_NS = "{http://openrosa.org/xforms/xformsManifest}"
USER_AGENT = "org.odk.collect.android/v2026.3.3 Dalvik/2.1.0 (Linux; U; Android 14; stand-in)"
DEFAULT_CONTENT_LENGTH = 10_000_000
MAX_ATTACHMENTS = 100
TYPES = {"amr": "audio/amr", "oga": "audio/ogg", "ogv": "video/ogg", "webm": "video/webm"}


class ClientError(Exception):
    """What the person holding the phone would be told, and the status code if there was one."""

    def __init__(self, message: str, status: int | None = None):
        super().__init__(message)
        self.status = status


class ChallengeAuth(AuthBase):
    """Answers 401 challenges: Digest anywhere, Basic over https only; proactive after the first."""

    def __init__(self, username: str, password: str):
        self.digest = HTTPDigestAuth(username, password)
        self.basic = HTTPBasicAuth(username, password)
        self.basic_wanted = False

    def __call__(self, request):
        if self.basic_wanted and request.url.startswith("https:"):
            return self.basic(request)
        request = self.digest(request)
        request.register_hook("response", self.on_response)
        return request

    def on_response(self, response, **kwargs):
        challenge = response.headers.get("WWW-Authenticate", "").lower()
        retried = "Authorization" in response.request.headers
        if response.status_code != 401 or retried or "basic" not in challenge or "digest" in challenge:
            return response
        if not response.url.startswith("https:"):
            return response  # never over plain http
        self.basic_wanted = True
        response.content
        again = self.basic(response.request.copy())
        answer = response.connection.send(again, **kwargs)
        answer.history.append(response)
        return answer


@dataclass
class Form:
    form_id: str
    name: str
    version: str | None
    hash: str
    download_url: str
    manifest_url: str | None
    media: list["Media"] = field(default_factory=list)


@dataclass
class Media:
    filename: str
    hash: str
    download_url: str
    type: str | None
    integrity_url: str | None


def decode_settings(text: str) -> dict:
    """The JSON of a settings QR code, checked as Collect checks it."""
    try:
        settings = json.loads(zlib.decompress(base64.b64decode(text, validate=False)).decode())
    except Exception as e:
        raise ClientError(f"the QR code holds no settings: {e}") from e
    for key in ("general", "admin"):
        if not isinstance(settings.get(key), dict):
            raise ClientError(f"the settings have no object '{key}'")
    return settings


class CollectClient:
    def __init__(self, base_url: str, username: str = "", password: str = "", state: str | Path = "device",
                 device_id: str | None = None, verify: bool | str = True, phone=None):
        """phone: a javarosa Phone that fills the forms; without one Java is started for each."""
        self.base = base_url.rstrip("/")
        self.phone = phone
        self.state = Path(state)
        for folder in ("forms", "entities", "instances", "sent"):
            (self.state / folder).mkdir(parents=True, exist_ok=True)
        identity = self.state / "device_id"
        if not identity.exists():
            identity.write_text(device_id or "collect:" + uuid.uuid4().hex[:16])
        self.device_id = identity.read_text()
        self.session = requests.Session()
        self.session.verify = verify
        self.session.headers = requests.structures.CaseInsensitiveDict(
            {"User-Agent": USER_AGENT, "X-OpenRosa-Version": "1.0", "Accept-Encoding": "gzip", "Connection": "Keep-Alive"}
        )
        self.session.auth = ChallengeAuth(username, password)
        self.log: list[tuple[str, str, int]] = []

    @classmethod
    def from_settings(cls, text: str, **kwargs) -> "CollectClient":
        general = decode_settings(text)["general"]
        return cls(general["server_url"], general.get("username", ""), general.get("password", ""), **kwargs)

    # --- HTTP ---------------------------------------------------------------------------------------

    def _url(self, url: str, **extra: str) -> str:
        parts = urlsplit(url)
        if not parts.hostname:
            raise ClientError(f"invalid server URL (no hostname): {url}")
        query = "&".join(filter(None, [parts.query, urlencode({**extra, "deviceID": self.device_id})]))
        return urlunsplit(parts._replace(query=query))

    def _request(self, method: str, url: str, **kwargs) -> requests.Response:
        try:
            response = self.session.request(
                method, url, headers={"Date": formatdate(usegmt=True)}, timeout=(30, 60), **kwargs
            )
        except requests.RequestException as e:
            raise ClientError(f"no connection: {e}") from e
        self.log.append((method, url, response.status_code))
        return response

    def _get(self, url: str, **extra: str) -> bytes:
        response = self._request("GET", self._url(url, **extra))
        if response.status_code != 200:
            raise ClientError(f"GET {url}: status {response.status_code}", response.status_code)
        return response.content

    def _get_xml(self, url: str, **extra: str) -> ElementTree.Element:
        response = self._request("GET", self._url(url, **extra))
        if response.status_code != 200:
            raise ClientError(f"GET {url}: status {response.status_code}", response.status_code)
        content_type = response.headers.get("Content-Type", "")
        if content_type and "text/xml" not in content_type.lower():
            raise ClientError(f"GET {url}: the content type is {content_type}, not text/xml")
        if "X-OpenRosa-Version" not in response.headers:
            raise ClientError(f"GET {url}: no X-OpenRosa-Version header; not an OpenRosa server")
        try:
            return ElementTree.fromstring(response.content)
        except ElementTree.ParseError as e:
            raise ClientError(f"GET {url}: {e}") from e

    # --- forms ----------------------------------------------------------------------------------------

    def form_list(self) -> list[Form]:
        root = self._get_xml(self.base + "/formList")
        if root.tag != LIST_NS + "xforms":
            raise ClientError(f"the form list has the root {root.tag}")
        forms = []
        for item in root.findall(LIST_NS + "xform"):
            text = {child.tag.removeprefix(LIST_NS): (child.text or "").strip() for child in item}
            for name in ("formID", "name", "downloadUrl"):
                if not text.get(name):
                    raise ClientError(f"an entry of the form list has no {name}; the whole list is unusable")
            if not text.get("hash", "").startswith("md5:"):
                raise ClientError(f"form {text['formID']} has no md5 hash; it cannot be downloaded")
            forms.append(Form(text["formID"], text["name"], text.get("version") or None, text["hash"][4:],
                              text["downloadUrl"], text.get("manifestUrl") or None))
        return forms

    def manifest(self, form: Form) -> list[Media]:
        if not form.manifest_url:
            return []
        root = self._get_xml(form.manifest_url)
        if root.tag != MANIFEST_NS + "manifest":
            raise ClientError(f"the manifest of {form.form_id} has the root {root.tag}")
        media = []
        for item in root.findall(MANIFEST_NS + "mediaFile"):
            text = {child.tag.removeprefix(MANIFEST_NS): (child.text or "").strip() for child in item}
            for name in ("filename", "hash", "downloadUrl"):
                if not text.get(name):
                    raise ClientError(f"an entry of the manifest of {form.form_id} has no {name}")
            kind = item.get("type")
            media.append(Media(Path(text["filename"]).name, text["hash"][4:], text["downloadUrl"],
                               kind if kind in ("entityList", "approvalEntityList") else None,
                               text.get("integrityUrl") or None))
        return media

    def sync(self) -> list[Form]:
        """Makes the device hold exactly the forms of the server, with media and entity lists."""
        forms = self.form_list()
        for form in forms:
            form.media = self.manifest(form)
            self._download(form)
        known = {self._stem(form) for form in forms}
        for file in (self.state / "forms").glob("*.xml"):
            if file.stem not in known:
                file.unlink()
                shutil.rmtree(file.with_name(file.stem + "-media"), ignore_errors=True)
        (self.state / "forms.json").write_text(json.dumps({f.form_id: self._stem(f) for f in forms}, indent=1))
        return forms

    @staticmethod
    def _stem(form: Form) -> str:
        return hashlib.md5(f"{form.form_id}\n{form.version}".encode()).hexdigest()[:12]

    def _download(self, form: Form) -> None:
        file = self.state / "forms" / (self._stem(form) + ".xml")
        if not file.exists() or md5(file.read_bytes()) != form.hash:
            content = self._get(form.download_url)
            if md5(content) != form.hash:
                raise ClientError(f"form {form.form_id}: the list says md5 {form.hash}, the file has {md5(content)}; "
                                  "the device would offer an update for ever")
            check_form(content, form)
            file.write_bytes(content)
        folder = file.with_name(file.stem + "-media")
        folder.mkdir(exist_ok=True)
        for media in form.media:
            if media.type:
                self._entity_list(media)
                continue
            target = folder / media.filename
            if not target.exists() or md5(target.read_bytes()) != media.hash:
                content = self._get(media.download_url)
                if md5(content) != media.hash:
                    raise ClientError(f"media file {media.filename}: the manifest says md5 {media.hash}, the file has {md5(content)}")
                target.write_bytes(content)

    # --- entities ---------------------------------------------------------------------------------------

    def _entity_list(self, media: Media) -> None:
        name = media.filename.split(".csv")[0]
        file = self.state / "entities" / f"{name}.csv"
        stamp = self.state / "entities" / f"{name}.hash"
        if not stamp.exists() or stamp.read_text() != media.hash:
            merge_entities(file, self._get(media.download_url).decode("utf-8-sig"))
            stamp.write_text(media.hash)
        rows = read_rows(file)
        offline = [r for r in rows if not r["__trunkVersion"]]
        if media.integrity_url and offline:
            root = self._get_xml(media.integrity_url, id=",".join(r["name"] for r in offline))
            if root.tag != "data" or root.find("entities") is None:
                raise ClientError(f"integrity of {name}: the root must be data, with entities inside")
            for entity in root.find("entities").findall("entity"):
                deleted = entity.findtext("deleted")
                if deleted not in ("true", "false"):
                    raise ClientError(f"integrity of {name}: deleted is '{deleted}'")
                if deleted == "true":
                    rows = [r for r in rows if r["name"] != entity.get("id")]
            write_rows(file, rows)

    # --- filling ------------------------------------------------------------------------------------------

    def fill(self, form_id: str, answers: dict | None = None, seed: int = 1, edit: str | None = None,
             options: tuple[str, ...] = ()) -> Path:
        """Fills a form and finalises it; returns the folder of the instance, ready to be sent.

        edit names a folder in sent/ or instances/: its submission is edited instead.
        """
        stem = json.loads((self.state / "forms.json").read_text()).get(form_id)
        if stem is None:
            raise ClientError(f"form {form_id} is not on the device")
        form = self.state / "forms" / f"{stem}.xml"
        name = f"{form_id}_{time.strftime('%Y-%m-%d_%H-%M-%S')}_{uuid.uuid4().hex[:6]}".replace("/", "_")
        work = self.state / "work" / name
        work.mkdir(parents=True)
        arguments = ["--media", str(form.with_name(stem + "-media")), "--entity-lists", str(self.state / "entities"),
                     "--attachments", str(work / "files"), "--report", str(work / "report.json"),
                     "--seed", str(seed), "--property", f"deviceid={self.device_id}", *options]
        last = self.state / "forms" / f"{stem}.last-saved.xml"
        if last.exists():
            arguments += ["--last-saved", str(last)]
        if edit:
            source = next(p for p in (self.state / "instances" / edit, self.state / "sent" / edit) if p.exists())
            arguments += ["--edit", str(source / (edit + ".xml"))]
        if self.phone:
            try:
                self.phone.run([str(form), "-", str(work / "submission.xml"), *arguments], answers)
            except Exception as e:
                raise ClientError(str(e), getattr(e, "status", None)) from e
        else:
            (work / "answers.json").write_text(json.dumps(answers or {}))
            java("FillForm", str(form), str(work / "answers.json"), str(work / "submission.xml"), *arguments)
        report = json.loads((work / "report.json").read_text())
        instance = self.state / "instances" / name
        if report["encrypted"]:
            told = form, work / "submission.xml", work / "files", work / "enc"
            if self.phone:
                self.phone.encrypt(*told)
            else:
                java("Encryption", "encrypt", *map(str, told))
            shutil.move(work / "enc", instance)
            (instance / "submission.xml").rename(instance / f"{name}.xml")
        else:
            shutil.move(work / "files", instance)
            if edit:  # attachments of the original stay unless they were replaced
                for file in source.iterdir():
                    if file.name != edit + ".xml" and not (instance / file.name).exists():
                        shutil.copy(file, instance)
            shutil.copy(work / "submission.xml", instance / f"{name}.xml")
            shutil.copy(work / "submission.xml", last)
        submission = ElementTree.parse(form).getroot().find(".//{*}model/{*}submission")
        action = submission.get("action") if submission is not None else None
        if action:
            (self.state / "work" / f"{name}.url").write_text(action.strip())
        shutil.rmtree(work)
        return instance

    # --- sending --------------------------------------------------------------------------------------------

    def send(self) -> list[str]:
        """Sends what is finalised, oldest first; returns the server's messages.

        A refused submission stays in instances/ and does not hold up the others; the refusals are
        raised together at the end.
        """
        messages, refused = [], []
        remap: dict[str, tuple[str, int]] = {}
        for instance in sorted((self.state / "instances").iterdir(), key=lambda p: p.stat().st_mtime_ns):
            custom = self.state / "work" / f"{instance.name}.url"
            url = self._url(custom.read_text() if custom.exists() else self.base + "/submission")
            if url not in remap:
                remap[url] = self._head(url)
            try:
                messages.append(self._post(instance, *remap[url]))
            except ClientError as e:
                refused.append(e)
                continue
            shutil.move(instance, self.state / "sent" / instance.name)
            custom.unlink(missing_ok=True)
        if refused:
            raise ClientError("; ".join(map(str, refused)), refused[0].status)
        return messages

    def _head(self, url: str) -> tuple[str, int]:
        response = self._request("HEAD", url, allow_redirects=True)
        if response.status_code == 401:
            raise ClientError(f"HEAD {url}: credentials are wanted", 401)
        if 200 <= response.status_code < 300 and response.status_code != 204:
            raise ClientError(f"HEAD {url}: status {response.status_code} instead of 204; "
                              "is this an OpenRosa submission endpoint?", response.status_code)
        limit = DEFAULT_CONTENT_LENGTH
        if response.status_code == 204:
            try:
                limit = int(response.headers.get("X-OpenRosa-Accept-Content-Length", limit))
            except ValueError:
                pass
            location = response.headers.get("Location")
            if location:
                target = urlsplit(unquote(location))
                if (target.hostname or "").lower() != urlsplit(url).hostname:
                    raise ClientError(f"unexpected redirection attempt to a different host: {location}")
                url = urlunsplit(target._replace(query=target.query or urlsplit(url).query))
        return url, limit

    def _post(self, instance: Path, url: str, limit: int) -> str:
        xml = instance / f"{instance.name}.xml"
        files = sorted(f for f in instance.iterdir() if f != xml and not f.name.startswith("."))
        index, first, message = 0, True, ""
        while first or index < len(files):
            first, start = False, index
            size = xml.stat().st_size
            parts: list[tuple] = [("xml_submission_file", (xml.name, xml.read_bytes(), "text/xml"))]
            while index < len(files):
                file = files[index]
                parts.append((file.name, (file.name, file.read_bytes(), content_type(file.name))))
                size += file.stat().st_size
                index += 1
                if index < len(files) and (index - start > MAX_ATTACHMENTS or size + files[index].stat().st_size > limit):
                    parts.append(("*isIncomplete*", (None, "yes")))
                    break
            response = self._request("POST", url, files=parts)
            message = openrosa_message(response.text)
            if response.status_code not in (201, 202):
                if response.status_code == 200:
                    reason = "network login failure?"
                elif message and response.status_code != 401:
                    reason = message
                else:
                    reason = f"{response.reason} ({response.status_code})"
                raise ClientError(f"{instance.name}: {reason}", response.status_code)
        return message


def openrosa_message(body: str) -> str:
    if "OpenRosaResponse" not in body:
        return ""
    try:
        return next((e.text or "" for e in ElementTree.fromstring(body.strip()).iter() if e.tag.endswith("message")), "")
    except ElementTree.ParseError:
        return ""


def check_form(content: bytes, form: Form) -> None:
    """What the client reads from a form before it installs it."""
    try:
        root = ElementTree.fromstring(content)
        title = root.find("{*}head/{*}title").text
        model = root.find("{*}head/{*}model")
        instance = model.find("{*}instance")[0]
        if root.find("{*}body") is None or not title:
            raise AttributeError("no body or no title")
    except (ElementTree.ParseError, AttributeError, IndexError, TypeError) as e:
        raise ClientError(f"form {form.form_id}: its file is no usable XForm: {e}") from e
    if instance.get("id") != form.form_id or (instance.get("version") or None) != form.version:
        raise ClientError(f"form {form.form_id} version {form.version}: the file says {instance.get('id')} "
                          f"version {instance.get('version')}; submissions would not match")
    submission = model.find("{*}submission")
    action = submission.get("action") if submission is not None else None
    if action and not urlsplit(action.strip()).hostname:
        raise ClientError(f"form {form.form_id}: submission action '{action}' is no URL")


def merge_entities(file: Path, served: str) -> None:
    """Applies a served list to the device's copy: the rules of section 8 of the OpenRosa reference."""
    local = {row["name"]: row for row in read_rows(file)}
    merged, seen = [], set()
    for row in csv.DictReader(served.splitlines(keepends=True)):
        try:
            identity, label, version = row["name"], row["label"], int(row["__version"])
        except (KeyError, TypeError, ValueError) as e:
            raise ClientError(f"entity list {file.stem}: a row without name, label or a whole __version; "
                              "the device would keep its old list") from e
        seen.add(identity)
        mine = local.get(identity)
        if mine and int(mine["__version"]) > version:
            mine["__trunkVersion"] = mine["__trunkVersion"] or str(version)
            merged.append(mine)
            continue
        unchanged = mine and mine["__trunkVersion"] == mine["__version"] == str(version)
        properties = {k: v for k, v in row.items() if k and not k.startswith("__") and k not in ("name", "label")}
        merged.append({"name": identity, "label": label, "__version": str(version), "__trunkVersion": str(version),
                       "__branchId": mine["__branchId"] if unchanged else str(uuid.uuid4()), **properties})
    merged += [row for name, row in local.items() if name not in seen and not row["__trunkVersion"]]
    write_rows(file, merged)


def read_rows(file: Path) -> list[dict]:
    if not file.exists():
        return []
    with file.open(newline="", encoding="utf-8") as lines:
        return [{k: v or "" for k, v in row.items() if k} for row in csv.DictReader(lines)]


def write_rows(file: Path, rows: list[dict]) -> None:
    columns = dict.fromkeys(["name", "label", "__version", "__trunkVersion", "__branchId"])
    for row in rows:
        columns.update(dict.fromkeys(row))
    with file.open("w", newline="", encoding="utf-8") as out:
        writer = csv.DictWriter(out, list(columns), restval="")
        writer.writeheader()
        writer.writerows(rows)


def java(program: str, *arguments: str) -> None:
    runner = Path(__file__).resolve().parent.parent / "javarosa" / "run.py"
    spec = importlib.util.spec_from_file_location("javarosa_run", runner)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    done = subprocess.run(module.command(program, *arguments), capture_output=True, text=True)
    if done.returncode:
        raise ClientError(done.stderr.strip() or f"{program} failed", done.returncode)


def content_type(name: str) -> str:
    extension = name.rpartition(".")[2].lower()
    return TYPES.get(extension) or mimetypes.guess_type(name)[0] or "application/octet-stream"


def md5(content: bytes) -> str:
    return hashlib.md5(content).hexdigest()


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("url", help="server URL, or qr:TEXT for the text of a settings QR code")
    parser.add_argument("--user", default="")
    parser.add_argument("--password", default="")
    parser.add_argument("--state", default="device", help="folder that stands for the device (default: device)")
    parser.add_argument("--insecure", action="store_true", help="accept any certificate")
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("list", help="show the form list")
    commands.add_parser("sync", help="make the device hold exactly the server's forms")
    fill = commands.add_parser("fill", help="fill a form and finalise it")
    fill.add_argument("form_id")
    fill.add_argument("--answers", help="JSON file, see the README of the javarosa tools")
    fill.add_argument("--seed", type=int, default=1)
    fill.add_argument("--count", type=int, default=1)
    fill.add_argument("--edit", help="name of a finished instance to edit")
    commands.add_parser("send", help="send what is finalised")
    arguments = parser.parse_args()
    options = {"state": arguments.state, "verify": not arguments.insecure}
    try:
        if arguments.url.startswith("qr:"):
            client = CollectClient.from_settings(arguments.url[3:], **options)
        else:
            client = CollectClient(arguments.url, arguments.user, arguments.password, **options)
        if arguments.command == "list":
            for form in client.form_list():
                print(form.form_id, form.version or "-", form.name, sep="\t")
        elif arguments.command == "sync":
            for form in client.sync():
                print(form.form_id, form.version or "-", f"{len(form.media)} media", sep="\t")
        elif arguments.command == "fill":
            answers = json.loads(Path(arguments.answers).read_text()) if arguments.answers else None
            for i in range(arguments.count):
                print(client.fill(arguments.form_id, answers, arguments.seed + i, arguments.edit).name)
        else:
            for message in client.send():
                print(message or "sent")
    except ClientError as e:
        print(f"collect_client: {e}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
