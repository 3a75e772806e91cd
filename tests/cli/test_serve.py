"""`saif serve` as a user runs it: first start, second start, Ctrl-C, and a process that dies."""

import json
import os
import re
import signal
import socket
import stat
import subprocess
import sys
import time
from pathlib import Path

import pytest
import requests

from tests.server import served

ROOT = Path(__file__).resolve().parents[2]


def _children(pid):
    listed = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return [int(child) for child in listed]


def _command(pid):
    return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode()


def _name(pid):
    return Path(f"/proc/{pid}/comm").read_text().strip()


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    """A house that was started once before."""
    return tmp_path_factory.mktemp("serve") / "var"


@pytest.fixture(scope="module")
def first(home, ports):
    """What the first start left behind, and what it did while it ran."""
    seen = {}
    with served(home, ports[0]) as (process, base, _):
        note = json.loads((home / "first-run.json").read_text())
        seen["mode"] = stat.S_IMODE((home / "first-run.json").stat().st_mode)
        seen["note"] = note
        seen["list"] = requests.get(f"{note['device_url']}/formList", headers={"X-OpenRosa-Version": "1.0"})
        answer = requests.post(
            f"{base}/v1/sessions", json={"email": note["email"], "password": note["password"]}
        )
        seen["sign in"] = answer
        head = {"Authorization": f"Bearer {answer.json()['token']}"}
        seen["forms"] = requests.get(f"{base}/v1/projects/{note['project_id']}/forms", headers=head).json()
        seen["cases"] = requests.get(f"{base}/v1/projects/{note['project_id']}/cases", headers=head)
        seen["upload"] = _upload(base, note)
        seen["processes"] = _family(process.pid)
    seen["out"] = (home.parent / "out.txt").read_text()
    return seen


@pytest.fixture(scope="module")
def second(first, home, ports):
    """What a second start found, on another port; it ends when its worker is killed."""
    seen = {}
    with served(home, ports[1]) as (process, base, _):
        note = json.loads((home / "first-run.json").read_text())
        seen |= {"base": base, "note": note, "processes": _family(process.pid)}
        seen["list"] = requests.get(f"{note['device_url']}/formList", timeout=5)
        worker = next(pid for pid in _children(process.pid) if _name(pid) == "saif worker")
        os.kill(worker, signal.SIGKILL)
        seen["status"] = process.wait(45)
    seen["out"] = (home.parent / "out.txt").read_text()
    return seen


def _upload(base, note):
    """The page an upload ends at, and those seen on the way there."""
    browser, home = requests.Session(), f"{base}/projects/{note['project_id']}"
    browser.post(f"{base}/sign-in", data={"email": note["email"], "password": note["password"]})
    token = re.search(r'name="csrf_token" value="([^"]+)"', browser.get(home).text)[1]
    form = b"| survey | | | |\n| | type | name | label |\n| | text | a | A |\n"
    page = browser.post(
        f"{home}/forms/new", data={"csrf_token": token}, files={"workbook": ("served.md", form)}
    )
    seen, patience = [page.url], time.monotonic() + 60
    while "/uploads/" in seen[-1] and time.monotonic() < patience:
        time.sleep(0.2)
        page = browser.get(seen[0])
        seen.append(page.url)
    return seen


@pytest.fixture(scope="module")
def ports():
    """Where the first start and the second listen."""
    with socket.socket() as one, socket.socket() as other:
        for probe in (one, other):
            probe.bind(("127.0.0.1", 0))
        return one.getsockname()[1], other.getsockname()[1]


def _family(pid):
    found = []
    for child in _children(pid):
        found += [child, *_family(child)]
    return found


def _alive(pids):
    return [
        pid
        for pid in pids
        if Path(f"/proc/{pid}").exists() and "(" not in _command(pid)[:1] and _command(pid)
    ]


def test_the_first_start_leaves_a_note_that_only_its_owner_reads(first, ports):
    assert first["mode"] == 0o600
    assert set(first["note"]) == {"url", "email", "password", "project_id", "device_url"}
    assert first["note"]["url"] == f"http://127.0.0.1:{ports[0]}"
    assert json.dumps(first["note"], indent=1) in first["out"], "it prints the same"


def test_an_upload_is_checked_by_the_worker_while_the_page_waits(first):
    assert "/forms/uploads/" in first["upload"][0], "the request did not wait for it"
    assert "/forms/served?version=" in first["upload"][-1]


def test_with_the_note_one_signs_in_and_finds_both_forms(first):
    assert first["sign in"].status_code == 200
    assert {form["xmlFormId"] for form in first["forms"]} == {"ct_screening", "ct_assistance"}
    assert first["cases"].status_code == 200, "the first user coordinates the demo mission"


def test_a_phone_pointed_at_the_device_url_gets_both_forms(first):
    assert first["list"].status_code == 200
    assert "ct_screening" in first["list"].text
    assert "ct_assistance" in first["list"].text


def test_ctrl_c_stops_every_process(first):
    assert len(first["processes"]) >= 4, "gunicorn, its two workers, our worker"
    assert _alive(first["processes"]) == []
    assert "Traceback" not in first["out"]


def test_the_second_start_makes_nothing_again_and_follows_a_new_port(first, second):
    assert second["list"].status_code == 200
    assert second["note"]["url"] == second["base"]
    assert second["note"]["password"] == first["note"]["password"]


def test_a_process_that_dies_is_noticed_and_the_others_are_stopped(second):
    assert second["status"] == 1
    assert _alive(second["processes"]) == []
    assert "worker process ended by itself" in second["out"]


def test_a_port_that_is_taken_ends_the_start(first, home, ports):
    with socket.socket() as holder:
        holder.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        holder.bind(("127.0.0.1", ports[0]))
        holder.listen()
        environment = {**os.environ, "SAIF_HOME": str(home), "PORT": str(ports[0])}
        done = subprocess.run(
            [sys.executable, "-m", "app.cli", "serve"],
            cwd=ROOT,
            env=environment,
            capture_output=True,
            text=True,
            timeout=60,
        )
    assert done.returncode == 1
    assert "web process ended by itself" in done.stderr


def test_a_worker_alone_works_until_it_is_told_to_stop(first, home):
    environment = {**os.environ, "SAIF_HOME": str(home)}
    with subprocess.Popen(
        [sys.executable, "-m", "app.cli", "worker"],
        cwd=ROOT,
        env=environment,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert json.loads(process.stderr.readline())["event"] == "worker started"
        process.terminate()
        assert json.loads(process.stderr.readline())["event"] == "worker stopped"
        assert process.wait(45) == 0
