"""Every form of the corpus compiles, or is refused with a finding that points at the fault."""

import json
import re
from io import BytesIO
from warnings import catch_warnings, simplefilter

import pytest
from pyxform.xls2json_backends import xlsx_to_dict

from app.exports import odata as feeds
from submissions import odata
from tests.corpus.conftest import CORPUS, measured
from tests.services import csdl
from xlsforms.compile import compile_form
from xlsforms.convert import _first_rows
from xlsforms.schema import Form, Question
from xlsforms.sheet import quickly

ROWS = measured()
pytestmark = pytest.mark.skipif(not ROWS, reason=f"the forms corpus is not at {CORPUS}")
EVERY = pytest.mark.parametrize("row", ROWS, ids=[row["file"] for row in ROWS])
CONVERTED = [row for row in ROWS if row["pyxform"] != "fail"]

FAULTS = {
    "cht-core--pregnancy.xlsx": ("name_reserved", "survey", 282, "name"),
    "legend-odk-forms--LEGEND_C_encontros_assoc.xlsx": (
        "reference_ambiguous",
        "settings",
        2,
        "instance_name",
    ),
    "osm-fieldwork--digitisation_fields.xls": ("choice_list_unknown", "survey", 3, "type"),
    "surveycto-templates--repeat_allows_selection.xlsx": ("unknown_function", "survey", 13, "calculation"),
}
"""Where a person finds the fault, in the workbooks that pyxform or a phone refuses (rows and columns were looked up by
hand)."""

JAVAROSA_TYPES = {
    "1": {"string"}, "2": {"int", "integer"}, "3": {"decimal"}, "4": {"date"}, "5": {"time"}, "6": {"dateTime"},
    "7": {"string", "select1"}, "8": {"string", "select", "rank"}, "9": {"boolean"}, "10": {"geopoint"},
    "11": {"barcode"}, "12": {"binary"}, "13": {"long"}, "14": {"geoshape"}, "15": {"geotrace"},
}  # fmt: skip
"""org.javarosa.core.model.Constants.DATATYPE_*; 0 is a type JavaRosa does not know, or none."""


KEYS = re.compile(r"__(id|system/\w+|Submissions[\w-]*-id)$")
"""What a feed says beside the answers."""


@EVERY
def test_a_form_compiles_or_says_where_its_fault_is(row, corpus):
    compiled = corpus[row["file"]]
    errors = [finding for finding in compiled.findings if finding.is_error]
    assert row["pyxform"] != "fail" or row["file"] in FAULTS
    if row["file"] not in FAULTS:
        assert errors == []
        assert compiled.ok
    else:
        assert not compiled.ok
        assert FAULTS[row["file"]] in [(one.code, one.sheet, one.row, one.column) for one in errors]
    for finding in compiled.findings:
        assert finding.message
        assert finding.mend
        assert str(CORPUS) not in finding.message


@EVERY
def test_findings_about_a_sheet_name_a_column_that_is_there(row, corpus):
    for finding in corpus[row["file"]].findings:
        if finding.sheet and finding.row and finding.row > 1:
            assert finding.column


@pytest.mark.parametrize("row", CONVERTED, ids=[row["file"] for row in CONVERTED])
def test_the_schema_survives_json(row, corpus):
    form = corpus[row["file"]].schema
    assert Form.from_json(json.loads(json.dumps(form.to_json()))) == form


@pytest.mark.java
@pytest.mark.parametrize("row", CONVERTED, ids=[row["file"] for row in CONVERTED])
def test_the_schema_has_the_nodes_that_javarosa_sees(row, corpus, trees):
    form = corpus[row["file"]].schema
    seen = trees[row["file"]]
    questions = {question.path: question for question in form.questions()}
    empty = {node.path for node in form.nodes() if not isinstance(node, Question) and not node.children}
    assert {path for kind, path, _, _ in seen if kind == "leaf"} - empty == set(questions)
    assert {path for kind, path, _, _ in seen if kind == "repeat"} == {one.path for one in form.repeats()}
    assert [path for kind, path, _, _ in seen if kind == "root"] == [f"/{form.root}"]
    for kind, path, data_type, flags in seen:
        if kind == "leaf" and path in questions:
            assert data_type == "0" or questions[path].data_type in JAVAROSA_TYPES[data_type], path
            assert questions[path].required or not flags, path


@pytest.mark.parametrize("row", CONVERTED, ids=[row["file"] for row in CONVERTED])
def test_the_counts_are_those_that_were_measured(row, corpus):
    form = corpus[row["file"]].schema
    assert len(list(form.repeats())) == int(row["repeats"])
    assert bool(form.entities) == bool(row["entities"])


@pytest.mark.parametrize("row", CONVERTED, ids=[row["file"] for row in CONVERTED])
def test_the_metadata_of_its_feed_is_valid_and_names_every_question_once(row, corpus):
    form = corpus[row["file"]].schema
    read = csdl.read(feeds.metadata(form))
    assert list(read) == [one.name for one in odata.tables(form)]
    named = []
    for one in odata.tables(form):
        own = {name: node.path for name, node in odata.named(form, one).items() if isinstance(node, Question)}
        assert set(own) == {name for name in read[one.name].fields if not KEYS.match(name)}
        named += own.values()
    assert sorted(named) == sorted(question.path for question in form.questions())


def test_a_form_that_wants_files_names_them(corpus):
    assert corpus["formshare--A.xls"].media == ("cantones.csv", "distritos.csv")
    external = corpus["onadata--subdistrict_profiling_tool.xlsx"]
    assert external.media == ("itemsets.csv",)
    assert external.files["itemsets.csv"].startswith(b'"list_name"')


@pytest.mark.parametrize("file", ["pyodk--fav_color.xlsx", "pyxform--widgets.xls"])
def test_the_child_process_says_the_same(file, corpus):
    apart = compile_form((CORPUS / file).read_bytes(), file)
    assert apart == corpus[file]


@pytest.mark.parametrize("file", [row["file"] for row in ROWS if row["file"].endswith(".xlsx")])
def test_the_cells_are_those_that_openpyxl_reads(file):
    content = (CORPUS / file).read_bytes()
    with catch_warnings():
        simplefilter("ignore")  # openpyxl remarks on what it leaves out
        with quickly():
            read = xlsx_to_dict(BytesIO(content))
        assert read == xlsx_to_dict(BytesIO(content))


def test_an_xform_is_passed_on_byte_for_byte(corpus):
    file = "central-backend--odk-analytics.xml"
    assert corpus[file].xform == (CORPUS / file).read_bytes()
    assert corpus[file].kind == "xml"


def test_first_rows_of_an_old_workbook_are_found():
    rows = dict(_first_rows((CORPUS / "formshare--A.xls").read_bytes(), "xls"))
    assert list(rows["survey"])[:2] == ["type", "name"]
