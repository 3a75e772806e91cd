"""Versions of a submission over REST, what differs between them, and how the interview went."""

import pytest

from app.services import demo, normalise
from tests.services.conftest import answer, edited


@pytest.fixture
def edit(world, coordinator, engine, keyring, blobs):
    """The first screening, edited; gives the path of the submission and the instanceID of the edit."""
    path = f"/projects/{world.mission}/forms/ct_screening/submissions"
    xml = demo.instances()[0].read_bytes()
    changed = edited(
        xml,
        "uuid:the-edit",
        sex="male" if answer(xml, "sex") == "female" else "female",
        family_name="Exemplar",
    )
    assert coordinator.post(path, data=changed, content_type="application/xml").status_code == 200
    normalise.run_until_empty(engine, keyring=keyring, blobs=blobs)
    return f"{path}/{world.instances[0]}", "uuid:the-edit", changed


def test_versions_are_listed_and_each_can_be_had(coordinator, edit, world):
    path, name, xml = edit
    assert [one["instanceId"] for one in coordinator.get(f"{path}/versions").json] == [
        name,
        world.instances[0],
    ]
    one, other = (coordinator.get(f"{path}/versions/{each}").json for each in (name, world.instances[0]))
    assert (one["current"], other["current"]) == (True, False)
    assert coordinator.get(f"{path}/versions/{name}.xml").data == xml
    assert coordinator.get(f"{path}/versions/{world.instances[1]}").status_code == 404
    assert coordinator.get(f"{path}/versions/{world.instances[1]}.xml").status_code == 404


def test_what_an_edit_changed_has_centrals_shape_and_masks_identifiers(coordinator, edit, world):
    path, name, _ = edit
    changes = coordinator.get(f"{path}/diffs").json
    assert list(changes) == [name]
    assert changes[name][0] == {"path": ["meta", "instanceID"], "old": world.instances[0], "new": name}
    assert changes[name][1] == {"path": ["meta", "deprecatedID"], "new": world.instances[0]}
    by_path = {tuple(one["path"]): one for one in changes[name]}
    assert {by_path["person", "sex"][which] for which in ("old", "new")} == {"male", "female"}
    hidden = by_path["person", "family_name"]
    assert (hidden["old"], hidden["new"], hidden["masked"]) == (None, None, True)


def test_a_reason_reveals_them_and_no_reason_does_not(coordinator, edit):
    path, name, _ = edit
    changes = coordinator.get(f"{path}/diffs?reveal=checking+the+name").json[name]
    assert [one["new"] for one in changes if one["path"] == ["person", "family_name"]] == ["Exemplar"]
    refused = coordinator.get(f"{path}/diffs?reveal=x")
    assert (refused.status_code, refused.json["problem"]) == (400, "reason_needed")


def test_a_place_in_a_repeat_is_a_name_and_a_number_from_nought():
    from app.api import versions

    assert versions._path("/data/house/child[2]/toy[1]/name") == ["house", ["child", 1], ["toy", 0], "name"]


def test_how_the_interview_went_is_told_without_answers(coordinator, edit, world):
    path, _, _ = edit
    told = coordinator.get(f"{path}/timeline").json
    assert told["finalised"] is True
    assert len(told["sessions"]) == 1
    assert told["sessions"][0]["startedAt"].endswith("Z")
    assert [one["path"] for one in told["sections"]][:2] == ["/data/registration", "/data/safety"]
    assert told["active"] == sum(one["active"] for one in told["sections"]) or told["active"] > 0
    assert told["edits"] == told["findings"] == []
