"""The columns of an XLSForm that are read here, explained to who writes one: for the documentation, the pages and the
starter workbook, so that there is one text and not three."""

from dataclasses import dataclass
from typing import Final

from xlsforms.marked import N_


@dataclass(frozen=True, slots=True)
class Column:
    """A column as it is headed in a spreadsheet. `name` is its plain name (`case_field`), `translated` says that it may
    stand once per language, `starter` that the starter workbook has it."""

    sheet: str
    header: str
    words: str
    name: str = ""
    translated: bool = False
    starter: bool = False

    @property
    def plain(self) -> str:
        return self.name or self.header


def _survey() -> tuple[Column, ...]:
    def one(
        header: str, words: str, *, name: str = "", translated: bool = False, starter: bool = False
    ) -> Column:
        return Column("survey", header, words, name, translated, starter)

    return (
        one("type", N_("What kind of question, and for a select its list: `text`, `integer`, `date`, `select_one yn`, `begin_group`. A group or repeat ends with `end_group`, `end_repeat`."), starter=True),
        one("name", N_("What the answer is called in the data: letters, digits and _, beginning with a letter. It is never shown, and must not change once answers are collected."), starter=True),
        one("label", N_("What is asked, in one language: `label::English (en)`, one column each. `${name}` puts an answer into the text."), translated=True, starter=True),
        one("hint", N_("Help below the question, for the interviewer."), translated=True, starter=True),
        one("guidance_hint", N_("Longer help, which a phone shows when it is tapped, and paper does not."), translated=True),
        one("required", N_("`yes`: the interview cannot go on without an answer. An expression makes it depend on others."), starter=True),
        one("required_message", N_("What the phone says where such an answer is missing."), translated=True),
        one("relevant", N_("When the question is asked: `${kids} = 'yes'`. What is not relevant loses its answer. On a group or repeat it holds for all inside."), starter=True),
        one("constraint", N_("What the answer must be, `.` standing for it: `. >= 0 and . <= 110`."), starter=True),
        one("constraint_message", N_("What the phone says to an answer that is refused: what is right, not what is wrong."), translated=True, starter=True),
        one("calculation", N_("What a `calculate` is worth, worked out by the phone: `if(${age} < 18, 1, 0)`."), starter=True),
        one("trigger", N_("Question whose change has the calculation made again: `${age}`.")),
        one("appearance", N_("How it is shown: `multiline`, `minimal` (a drop-down), `signature`, `likert`, `field-list` on a group for one screen."), starter=True),
        one("choice_filter", N_("Which choices are offered, by a column of the choices sheet: `region = ${region}`."), starter=True),
        one("default", N_("What the answer is until somebody changes it.")),
        one("readonly", N_("`yes`: the answer is shown and cannot be changed.")),
        one("parameters", N_("Further settings of a type: `start=0 end=10 step=1` of a range, `randomize=true` of a select, `max-pixels=1024` of an image.")),
        one("repeat_count", N_("On `begin_repeat`: how many times, instead of asking each time whether there is another.")),
        one("bind::case:field", N_("Where the answer goes in the case: `person.sex`; `consent[purpose='research'].granted` where rows are told apart by a code; `converter: field` where types differ; `;` between several. On `begin_repeat` the table alone. Empty: the answer is kept, and is no fact of the case."), name="case_field", starter=True),
        one("save_to", N_("Property of an entity that the answer fills, where the form has a sheet entities.")),
        one("image", N_("A picture beside the text, by file name; the file is uploaded with the form."), translated=True),
        one("big-image", N_("A larger picture, shown when the first is tapped."), translated=True),
        one("audio", N_("A recording that can be played, by file name."), translated=True),
        one("video", N_("A film that can be played, by file name."), translated=True),
        one("autoplay", N_("`audio` or `video`: it plays by itself when the question is reached.")),
        one("disabled", N_("`yes`: the row is passed over, as if it were not there.")),
        one("intent", N_("On a group: another app that fills its questions. Phones only.")),
        one("query", N_("The choices of a `select_one_external`, by a condition on itemsets.csv. Old: use a file and choice_filter.")),
        one("compact_tag", N_("Tag of the answer in an SMS. Nothing here sends SMS; it is passed on.")),
        one("accuracythreshold", N_("Metres within which a phone takes a place by itself.")),
        one("rows", N_("Lines of the field that a browser shows for a text. Phones pass it over.")),
    )  # fmt: skip


COLUMNS: Final = (
    *_survey(),
    Column("choices", "list_name", N_("Name of the list, the second word of `select_one yn`."), starter=True),
    Column("choices", "name", N_("The code that is stored: no blanks. It must not change once answers are collected. For a mapped question it is a code of the dictionary’s list."), starter=True),
    Column("choices", "label", N_("What is shown, one column per language as in the survey."), translated=True, starter=True),
    Column("choices", "image", N_("A picture of the choice, by file name."), translated=True),
    Column("choices", "big-image", N_("A larger picture of it."), translated=True),
    Column("choices", "audio", N_("A recording of it."), translated=True),
    Column("choices", "video", N_("A film of it."), translated=True),
    Column("choices", "any other", N_("A column of your own, for choice_filter: `region`. With `geometry` the choices stand on a map.")),
    Column("settings", "form_title", N_("What people see."), starter=True),
    Column("settings", "form_id", N_("By what the form is known for good: the same in all its versions."), starter=True),
    Column("settings", "version", N_("`yyyymmddnn`, higher with every change."), starter=True),
    Column("settings", "default_language", N_("In which language the form opens, spelled as in the headers: `English (en)`."), starter=True),
    Column("settings", "instance_name", N_("What an interview is called in lists on the phone: an expression. Never a name: `concat('Visit ', ${visit_date})`."), starter=True),
    Column("settings", "namespaces", N_("What the prefix `case:` means: `case=\"https://saif.iom.int/case\"`. Needed for bind::case:field."), starter=True),
    Column("settings", "attribute::case:gate", N_("The calculation that must be 1 before personal answers are kept: `consent_ok`."), starter=True),
    Column("settings", "client_editable", N_("`true`: a finished interview may be opened again on the phone, and is sent as a new version.")),
    Column("settings", "allow_choice_duplicates", N_("`yes`: the same code may stand twice in a list, for choice_filter.")),
    Column("settings", "style", N_("`pages`, `theme-grid`: how a browser lays the form out. Phones pass it over.")),
    Column("settings", "public_key", N_("A key of your own for encryption. Leave it empty: SAIF makes keys, on the form’s page.")),
    Column("settings", "submission_url", N_("Another server for the answers. Leave it empty: SAIF refuses to publish a form that sends elsewhere.")),
    Column("settings", "auto_send", N_("`true`: the phone sends a finished interview by itself.")),
    Column("settings", "auto_delete", N_("`true`: the phone deletes an interview once it is sent.")),
    Column("entities", "list_name", N_("The list that the form changes: `shelters`, or `cases`.")),
    Column("entities", "entity_id", N_("Which entity is changed, if not a new one: `${shelter}`.")),
    Column("entities", "create_if", N_("When a new one is made.")),
    Column("entities", "update_if", N_("When an old one is changed.")),
    Column("entities", "label", N_("What a new one is called. It is on every phone: never a name.")),
    Column("entities", "repeat", N_("The repeat of which each row is an entity: `${item}`.")),
)  # fmt: skip
"""In the order somebody meets them."""
