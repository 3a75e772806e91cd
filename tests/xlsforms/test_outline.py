"""The outline of a form."""

from xlsforms import outline

FORM = """
| survey  |              |       |                     |                      |                   |          |            |                    |
|         | type         | name  | label::English (en) | label::Français (fr) | relevant          | required | constraint | bind::case:field   |
|         | start        | start |                     |                      |                   |          |            |                    |
|         | begin_group  | g     | Person              | Personne             |                   |          |            |                    |
|         | text         | town  | **Town**            | Ville                |                   | yes      | . != 'x'   |                    |
|         | begin_repeat | kin   | Family              | Famille              | ${town} != ''     |          |            | family_member      |
|         | select_one yn | near | Near?               | Près ?               |                   |          |            |                    |
|         | end_repeat   |       |                     |                      |                   |          |            |                    |
|         | end_group    |       |                     |                      |                   |          |            |                    |
| choices |              |       |                     |                      |                   |          |            |                    |
|         | list_name    | name  | label::English (en) | label::Français (fr) |                   |          |            |                    |
{codes}
""".replace(
    "{codes}", "\n".join(f"| | yn | c{n} | Code {n} | Le {n} | | | | |" for n in range(outline.CHOICES + 3))
)


def test_it_holds_of_each_question_what_a_designer_wants_to_know(compiled):
    start, group = outline.read(compiled(FORM).schema, "Français (fr)")
    town, kin = group.children
    (near,) = kin.children
    assert not start.asked
    assert (group.label, group.questions) == ("Personne", 2)
    assert (town.label, town.required, town.constraint, town.privacy) == ("Ville", True, ". != 'x'", "P3")
    assert (kin.kind, kin.targets, kin.only_if, kin.relevant) == (
        "repeat",
        ("family_member",),
        "Ville is answered",
        "${town} != ''",
    )
    assert (near.choices[1], len(near.choices), near.choices_in_all) == (
        ("c1", "Le 1"),
        outline.CHOICES,
        outline.CHOICES + 3,
    )
    assert near.found_by == "near près ? select one p1"


def test_names_that_run_the_other_way_stay_together_in_an_english_sentence(compiled):
    arabic = FORM.replace("label::Français (fr)", "label::العربية (ar)").replace("Ville", "المدينة")
    _, group = outline.read(compiled(arabic).schema, "العربية (ar)")
    assert group.children[1].only_if == "\u2068المدينة\u2069 is answered"
