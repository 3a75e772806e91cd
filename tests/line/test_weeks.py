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


def test_shuffled_delivery_after_weeks_equals_delivery_at_once(new_server, checked, finished):  # noqa: F811 -- the fixture
    online = new_server(checked, phones=PHONES)
    weeks.at_once(online, finished[:-1])
    before_the_last = online.held()
    weeks.at_once(online, finished[-1:])
    expected = online.held()
    assert weeks.compared(expected, before_the_last)[0] != [], "the comparison notices what did not come"
    assert online.faults() == []
    offline = new_server(checked, phones=PHONES)
    weeks.weeks_later(offline, finished)
    wrong, counted = weeks.compared(expected, offline.held())
    assert wrong == []
    assert offline.faults() == []
    assert counted["submissions"] == len(finished)
    assert counted["conflicts"] == 0
    assert counted["rows of the case store"] > 300
    assert offline.sent["requests"] > len(finished)
    assert offline.sent["parts"] > 0
    assert offline.sent["unheard answers"] > 0
    kinds = Counter((one.interview.form, one.edit) for one in finished)
    assert min(kinds[form, edit] for form in ("screening", "assistance") for edit in (False, True)) >= 1
