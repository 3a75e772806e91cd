"""What a browser cannot do with a form: said for the questions it is about, and for no others."""

from xlsforms.browser import lacking
from xlsforms.schema import Form, Group, Question


def form(*questions):
    made = tuple(Question(name, f"/data/{name}", kind, appearance=look) for name, kind, look in questions)
    return Form("visit", "1", "Visit", "data", children=(Group("all", "/data/all", children=made),))


def said(*questions):
    return {question.name: lack.words for lack in lacking(form(*questions)) for question in lack.questions}


def test_what_the_engine_does_as_a_phone_does_is_not_mentioned():
    kinds = (
        "text",
        "integer",
        "decimal",
        "date",
        "time",
        "select_one",
        "select_multiple",
        "rank",
        "image",
        "audio",
        "video",
        "file",
        "range",
    )
    assert lacking(form(*((kind, kind, None) for kind in kinds))) == ()
    assert lacking(form(("town", "select_one", "minimal autocomplete"))) == ()


def test_a_place_is_not_taken_and_a_map_is_not_shown():
    found = said(
        ("here", "geopoint", None), ("there", "geopoint", "placement-map"), ("way", "geotrace", None)
    )
    assert found["there"] == found["way"] != found["here"]
    assert "map" in found["way"]


def test_a_signature_is_a_picture_that_is_chosen():
    found = said(("mark", "image", "signature"), ("photo", "image", "new-front"))
    assert set(found) == {"mark"}
    assert "drawn" not in found["mark"]


def test_nothing_comes_from_the_interview_before():
    town = Question("town", "/data/town", "text", default="instance('__last-saved')/data/town")
    (lack,) = lacking(Form("visit", "1", "Visit", "data", children=(town,)))
    assert "interview before" in lack.words


def test_the_lacks_stand_in_the_order_of_the_questions():
    lacks = lacking(
        form(("code", "barcode", None), ("log", "audit", None), ("code2", "barcode", "w1 ex:org.app"))
    )
    assert [[one.name for one in lack.questions] for lack in lacks] == [
        ["code", "code2"],
        ["log"],
        ["code2"],
    ]


def test_groups_in_groups_in_groups_are_told():
    deep = {levels: Question("q", "/data" + "/g" * levels + "/q", "text") for levels in (20, 21)}
    forms = {
        levels: Form("visit", "1", "Visit", "data", children=(question,)) for levels, question in deep.items()
    }
    assert lacking(forms[20]) == ()
    assert "20 groups" in lacking(forms[21])[0].words
