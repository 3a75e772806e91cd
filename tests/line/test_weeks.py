"""Phones that were offline for weeks leave the server as phones would that were online all the time.

`make soak` does the same with twenty phones and four weeks.
"""

from collections import Counter

import pytest

from tests.clients.fixtures import phone  # noqa: F401  (a fixture)
from tests.line import weeks
from tests.services.conftest import checked, xforms  # noqa: F401  (fixtures)

pytestmark = pytest.mark.java
PHONES = 4


@pytest.fixture(scope="module")
def finished(phone, xforms):  # noqa: F811 -- the fixtures
    return weeks.diary(phone, xforms, phones=PHONES, weeks=2, each_week=2, seed=5)


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)])
def servers(request, make_database, tmp_path, keys_directory, checked):  # noqa: F811 -- the fixture
    """Two servers, each on a database of its own of this kind."""
    opened = []
    for name in ("online", "offline"):
        home = tmp_path / name
        home.mkdir()
        url = make_database(request.param, home)
        opened.append(weeks.open_server(url, home, keys_directory, checked, phones=PHONES))
    yield opened
    for one in opened:
        one.house.engine.dispose()


def test_shuffled_delivery_after_weeks_equals_delivery_at_once(servers, finished):
    online, offline = servers
    weeks.at_once(online, finished)
    weeks.weeks_later(offline, finished)
    wrong, counted = weeks.compared(online, offline)
    assert wrong == []
    assert counted["submissions"] == len(finished)
    assert counted["conflicts"] == 0
    assert counted["rows of the case store"] > 300
    assert offline.sent["requests"] > len(finished)
    assert offline.sent["parts"] > 0
    assert offline.sent["unheard answers"] > 0
    kinds = Counter((one.interview.form, one.edit) for one in finished)
    assert min(kinds[form, edit] for form in ("screening", "assistance") for edit in (False, True)) >= 1


def test_the_comparison_notices_what_did_not_come(servers, finished):
    online, offline = servers
    weeks.at_once(online, finished[:3])
    weeks.at_once(offline, finished[:2])
    assert weeks.compared(online, offline)[0] != []
