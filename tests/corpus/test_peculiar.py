"""Peculiarities of forms from the field, as old ones and odd ones have them: nothing that pyxform converts is refused, but
for what no phone opens; and JavaRosa opens what is not refused."""

import subprocess
from io import BytesIO
from pathlib import Path

import pytest
from pyxform.errors import PyXFormError
from pyxform.xls2xform import convert

from tests.clients.javarosa.phone import JavaMissing, run
from tests.tools import missing
from xlsforms.compile import compile_here
from xlsforms.workbook import Limits

SETTINGS = "| settings |\n| | form_id | version |\n| | odd | 1 |\n"
YN = "| choices |\n| | list_name | name | label |\n| | yn | yes | Yes |\n| | yn | no | No |\n"


def table(head, *rows, more=""):
    """A form: the columns of its survey, its rows, cells apart by |, and other sheets."""
    lines = "".join(f"| | {row} |\n" for row in (head, *rows))
    return f"| survey |\n{lines}{more}{SETTINGS}"


FORMS = {
    "relevance": table(
        "type|name|label|relevance|calculate|read_only",
        "text|a|A|||",
        "text|b|B|${a}='x'||yes",
        "calculate|c|||1|",
    ),
    "old header": table("command|tag|caption::English|caption::French", "text|a|A|A"),
    "old lists": table(
        "type|name|label",
        "select one from yn|a|A",
        "select all that apply from yn|b|B",
        "select1 yn|c|C",
        "select yn|d|D",
        more=YN,
    ),
    "add prompts": table(
        "type|name|label",
        "add select one prompt using yn|a|A",
        "add integer prompt|b|B",
        "add text prompt|c|C",
        "add note prompt|d|D",
        "add date prompt|e|E",
        more=YN,
    ),
    "old types": table(
        "type|name|label",
        "string|a|A",
        "int|b|B",
        "q string|c|C",
        "q int|d|D",
        "q date|e|E",
        "q location|f|F",
        "q picture|g|G",
        "photo|h|H",
        "gps|i|I",
        "location|j|J",
        "phone number|k|K",
        "number of days in last month|l|L",
        "percentage|m|M",
        "imei|n|",
        "subscriber id|o|",
        "sim id|p|",
        "start time|q|",
        "end time|r|",
        "device id|s|",
        "get phone number|t|",
        "signature|u|U",
        "add barcode prompt|v|V",
        "trigger|w|W",
        "datetime|x|X",
        "uri:deviceid|y|",
    ),
    "groups old": table(
        "type|name|label", "begin group|g|G", "begin repeat|r|R", "text|a|A", "end repeat||", "end group||"
    ),
    "loop": table("type|name|label", "begin loop over yn|l|L", "text|a|A %(label)s", "end loop||", more=YN),
    "table-list": table(
        "type|name|label|appearance",
        "begin_group|g|G|table-list",
        "select_one yn|a|A|",
        "select_one yn|b|B|",
        "end_group|||",
        more=YN,
    ),
    "or_other": table(
        "type|name|label", "select_one yn or_other|a|A", "select_multiple yn or_other|b|B", more=YN
    ),
    "external": table(
        "type|name|label|choice_filter",
        "text|s|S|",
        "select_one_external v|q|Q|state=${s}",
        more="| external_choices |\n| | list_name|name|label|state |\n| | v|a|A|x |\n",
    ),
    "csv-external": table(
        "type|name|label|calculation",
        "csv-external|places||",
        "xml-external|other||",
        "calculate|c||instance('places')/root/item[name='a']/label",
        "text|q|Q|",
    ),
    "osm": table(
        "type|name|label",
        "osm tags|o|O",
        more="| osm |\n| | list_name|name|label |\n| | tags|name|Name |\n| | tags|addr:city|City |\n",
    ),
    "bg-audio": table(
        "type|name|label|parameters",
        "background-audio|rec||",
        "audit|audit||location-priority=balanced location-min-interval=60 location-max-age=120",
        "text|a|A|",
    ),
    "from file": table(
        "type|name|label|parameters",
        "select_one_from_file a.csv|a|A|value=code label=title",
        "select_multiple_from_file b.xml|b|B|",
        "select_one_from_file c.geojson|c|C|",
    ),
    "select from repeat": table(
        "type|name|label|choice_filter",
        "begin_repeat|r|R|",
        "text|n|N|",
        "end_repeat|||",
        "select_one ${n}|pick|Pick|${n} != ''",
    ),
    "last-saved": table("type|name|label|default", "text|a|A|${last-saved#a}"),
    "dynamic default trigger": table(
        "type|name|label|default|trigger|calculation",
        "date|d|D|today()||",
        "text|x|X|||",
        "calculate|y|||${x}|now()",
    ),
    "bind cols": table(
        "type|name|label|bind::jr:preload|bind::jr:preloadParams|body::accuracyThreshold|control::rows",
        "text|a|A||||3",
        "geopoint|g|G|||5|",
    ),
    "media": table("type|name|label|media::image|audio|video::en|big-image", "note|a|A|a.png|b.mp3|c.mp4|"),
    "randomize": table(
        "type|name|label|parameters",
        "select_one yn|a|A|randomize=true, seed=3",
        "range|r|R|start=1 end=10 step=1",
        "image|i|I|max-pixels=100",
        more=YN,
    ),
    "repeat count": table(
        "type|name|label|repeat_count",
        "integer|n|N|",
        "begin_repeat|r|R|${n}",
        "text|a|A|",
        "end_repeat|||",
        "begin_repeat|q|Q|3",
        "text|b|B|",
        "end_repeat|||",
    ),
    "unlabeled groups": table(
        "type|name|label|appearance", "begin_group|g||field-list", "text|a|A|", "end_group|||"
    ),
    "no name meta": table(
        "type|name|label", "start||", "end||", "today||", "deviceid||", "username||", "text|a|A"
    ),
    "numbers as names": table(
        "type|name|label",
        "select_one n|a|A",
        more="| choices |\n| | list name|name|label |\n| | n|1|One |\n| | n|2.5|Two |\n| | n|a b|Three |\n",
    ),
    "dup choices allowed": "| survey |\n| | type|name|label |\n| | select_one n|a|A |\n| choices |\n| | list_name|name|label |\n| | n|1|One |\n| | n|1|Two |\n| settings |\n| | form_id|version|allow_choice_duplicates |\n| | x|1|yes |\n",
    "settings odd": "| survey |\n| | type|name|label |\n| | text|a|A |\n| settings |\n| | form_title|form_id|version|style|instance_name|public_key|submission_url|auto_send|auto_delete|sms_keyword|omit_instanceID|name|id_string |\n| | T|x|1|pages|concat(${a},'x')|MIIB|http://e.org/|true|false|||root| |\n",
    "sheet cols disabled": table("type|name|label|disabled|notes", "text|a|A|yes|x", "text|b|B||"),
    "search": table(
        "type|name|label|appearance",
        "select_one s|a|A|search('towns')",
        more="| choices |\n| | list_name|name|label |\n| | s|code|title |\n",
    ),
    "pulldata": table(
        "type|name|label|calculation", "text|a|A|", "calculate|b||pulldata('towns','x','y',${a})"
    ),
    "html labels": table(
        "type|name|label|hint", 'note|a|**bold** <span style="color:red">x</span> # h|&amp; & < >'
    ),
    "reference label cyc": table("type|name|label", "text|a|A ${b}", "text|b|B ${a}"),
    "langs with spaces": table(
        "type|name|label:: English (en) |label::Français (fr)|hint :: English (en)", "text|a|A|B|C"
    ),
    "labels without lang + lang": table("type|name|label|label::fr", "text|a|A|B"),
    "accent name": table("type|name|label", "text|prénom|A", "text|имя|B"),
    "dash dot name": table("type|name|label|relevant", "text|a-b.c|A|", "text|d|D|${a-b.c} = 1"),
    "choice name weird": table(
        "type|name|label",
        "select_one w|a|A",
        more="| choices |\n| | list_name|name|label |\n| | w|a:b/c|A |\n| | w|é|B |\n| | w|-1|C |\n",
    ),
    "choice no label": table(
        "type|name|label", "select_one w|a|A", more="| choices |\n| | list_name|name |\n| | w|a |\n"
    ),
    "choice image only": table(
        "type|name|label",
        "select_one w|a|A",
        more="| choices |\n| | list_name|name|media::image |\n| | w|a|a.png |\n",
    ),
    "select as rank": table("type|name|label", "rank yn|a|A", more=YN),
    "hidden/calculate types": table(
        "type|name|label|calculation|default", "hidden|h|||1", "calculate|c||1+1|", "calculate|d|||5"
    ),
    "xpath odd": table(
        "type|name|label|constraint|relevant|calculation",
        "integer|a|A|.>=0 and .<=10 or .=99||",
        "text|b|B|regex(.,'^[A-Z]{2}$')|not(selected(${a},'1'))|",
        "calculate|c||||if(${a}>1,'x','y')",
        "calculate|d||||indexed-repeat(${a},${b},1)",
        "calculate|e||||${a} div 2 mod 3 * -1",
        "calculate|f||||count-selected(${a}) + string-length(${b})",
        "calculate|g||||format-date-time(now(),'%Y-%m')",
    ),
    "entity": table(
        "type|name|label|save_to",
        "text|a|A|prop",
        more="| entities |\n| | list_name|label |\n| | trees|${a} |\n",
    ),
    "repeat in repeat same": table(
        "type|name|label",
        "begin_repeat|r|R",
        "text|a|A",
        "begin_repeat|q|Q",
        "text|b|${a}",
        "end_repeat||",
        "end_repeat||",
    ),
    "1000 operators": table(
        "type|name|label|relevant",
        "integer|a|A|",
        "text|b|B|" + " or ".join(f"${{a}}={n}" for n in range(1000)),
    ),
    "nested ifs": table(
        "type|name|label|calculation", "integer|a|A|", "calculate|c||" + "if(${a}=1,1," * 55 + "0" + ")" * 55
    ),
    "nested parens 100": table(
        "type|name|label|calculation", "integer|a|A|", "calculate|c||" + "(" * 100 + "${a}" + ")" * 100
    ),
    "deep groups 40": table(
        "type|name|label", *[f"begin_group|g{i}|G" for i in range(40)], "text|a|A", *["end_group||"] * 40
    ),
    "deep groups 70": table(
        "type|name|label", *[f"begin_group|g{i}|G" for i in range(70)], "text|a|A", *["end_group||"] * 70
    ),
    "required expr": table(
        "type|name|label|required|required_message", "text|a|A|${b}=1|Do", "text|b|B|yes|"
    ),
    "note only": table("type|name|label", "note|n|Hello"),
    "upper types": table("Type|Name|Label", "Text|a|A", "Select_One yn|b|B", "NOTE|c|C", more=YN),
    "smart quotes": table("type|name|label|relevant", "text|a|A|", "text|b|B|${a} = ‘x’"),
    "intent": table(
        "type|name|label|appearance|intent",
        "text|a|A|ex:org.app.X(a='1')|",
        "begin_group|g|G|field-list|ex:org.app.Y()",
        "text|z|Z||",
        "end_group||||",
    ),
    "geo maps": table(
        "type|name|label|appearance|parameters",
        "geopoint|a|A|maps|capture-accuracy=10",
        "geotrace|b|B|placement-map|",
        "geoshape|c|C||",
        "start-geopoint|s|||",
    ),
    "jr choice name": table(
        "type|name|label|calculation",
        "select_one yn|a|A|",
        "calculate|b||jr:choice-name(${a}, '${a}')",
        more=YN,
    ),
    "instance expr": table(
        "type|name|label|calculation",
        "select_one yn|a|A|",
        "calculate|b||instance('yn')/root/item[name = ${a}]/label",
        more=YN,
    ),
    "current()": table(
        "type|name|label|choice_filter",
        "text|s|S|",
        "begin_repeat|r|R|",
        "select_one c|a|A|f = current()/../../s",
        "end_repeat|||",
        more="| choices |\n| | list_name|name|label|f |\n| | c|x|X|1 |\n",
    ),
}
"""By what is odd about them."""
REFUSED = {
    "choice no label": ("choices_unlabelled", "choices", 2, "label"),
    "deep groups 70": ("xform_too_deep", "survey", 61, "type"),
}
"""What pyxform converts and no phone opens, or no server reads."""


@pytest.fixture(scope="module")
def compiled():
    return {
        name: compile_here(
            "md", form.encode(), "odd.md", beside=None, limits=Limits(), progress=lambda *_: None
        )
        for name, form in FORMS.items()
    }


def converts(form):
    try:
        return bool(convert(BytesIO(form.encode()), file_type=".md").xform)
    except PyXFormError:
        return False


@pytest.mark.parametrize("name", FORMS)
def test_nothing_that_pyxform_converts_is_refused_and_what_it_refuses_is_placed(name, compiled):
    errors = [(one.code, one.sheet, one.row, one.column) for one in compiled[name].findings if one.is_error]
    if name in REFUSED:
        assert errors == [REFUSED[name]]
    else:
        assert compiled[name].ok == converts(FORMS[name])
        assert all(row for _, _, row, _ in errors)
    assert all(one.mend for one in compiled[name].findings)


@pytest.mark.java
def test_javarosa_opens_all_that_compile_and_what_is_refused_it_refuses(compiled, tmp_path):
    try:
        jar = run.jar()
        run.classes(jar)  # names the tool that is missing
    except JavaMissing as tool:
        missing(str(tool))
    program = [
        "java",
        "-XX:+UseSerialGC",
        "-XX:TieredStopAtLevel=1",
        "-cp",
        jar,
        Path(__file__).with_name("FormTree.java"),
    ]
    files = {name: tmp_path / f"{number}.xml" for number, name in enumerate(FORMS)}
    for name, form in compiled.items():
        files[name].write_bytes(form.xform or b"")
    opened = subprocess.run(
        [*program, *(files[name] for name, form in compiled.items() if form.ok)],
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert opened.returncode == 0, opened.stderr[-2000:]
    refused = subprocess.run(
        [*program, files["choice no label"]], capture_output=True, text=True, timeout=300
    )
    assert "<label> node for itemset" in refused.stderr
