"""Parameter files: every way they can be wrong, and how a batch unfolds."""

import tempfile
from pathlib import Path

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from aspfin.reporting.reading import read_file, read_files
from aspfin.reporting.yaml_file import read_yaml
from aspfin.results import InputError

VALID = """\
title: Floods
country: KHM
response: {programme: flood_cash_transfer, rules_on: 2022-12-10}
financing:
  instruments:
    - {type: contingency_fund, up_to_return_period: 5, max_probability_ever_unmet: .10, interest: .01}
    - {type: contingent_credit, up_to_return_period: 20}
    - {type: budget_reallocation, limit_usd: 10_000_000}
    - {type: donor_aid, share: .25, limit_usd: 1e6}
"""


def write(path, text):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


@pytest.fixture
def file(tmp_path):
    return lambda text, name="floods": write(tmp_path / "financing" / f"{name}.yaml", text)


def refused(paths, only=None):
    with pytest.raises(InputError) as error:
        read_files(paths, only=only)
    return str(error.value)


def told(path):
    with pytest.raises(InputError) as error:
        read_file(path)
    return [str(problem).removeprefix(str(path)).removeprefix(": ") for problem in error.value.problems]


def test_a_valid_file(file):
    (case,) = read_file(file(VALID))
    assert (case.kind, case.name, case.title, case.batch, case.varied) == (
        "financing",
        "floods",
        "Floods",
        None,
        {},
    )
    assert case.parameters.financing.instruments[3].limit_usd == 1e6
    assert case.sections["response"]["rules_on"] == "2022-12-10"
    assert case.sections["financing"]["years"] == 10


@pytest.mark.parametrize(
    ("text", "place", "allowed"),
    [
        ("a: 1\na: 2", "line 2, column 1: got 'a'", "each field once"),
        ("a: [1,", "line 1, column 7", "YAML"),
        ("a: &x 1\nb: *x", "line 2, column 4: got '*x'", "the value written out"),
        ("a: !!python/object:os.system 1", "line 1", "a value without a tag"),
        ("1: 2", "line 1, column 1: got '1'", "a field name in letters"),
        ("? [1, 2]\n: 2", "line 1", "a field name in letters"),
        ("- 1", "whole file: got [1]", "fields such as"),
        ("", "whole file: got None", "fields such as"),
        ("a: " + "[" * 500, "line 1", "at most 40 levels"),
        ("a: 1\n---\nb: 1", "line 2", "YAML"),
        ("a: \x01", "whole file", "YAML text"),
    ],
)
def test_malformed_yaml_names_its_line(file, text, place, allowed):
    (line,) = told(file(text))
    assert place in line
    assert allowed in line.split("allowed:")[1]


def test_yaml_scalars_mean_what_people_mean(tmp_path):
    text = "a: NO\nb: 1e6\nc: 010\nd: 12:30\ne: 2022-12-10\nf: 2022-13-40\ng: 1_000\nh: .5\ni: true\nj:\nk: 1.5E-3\nl: -7\nm: 0"
    found = read_yaml(write(tmp_path / "a.yaml", text))
    assert {name: str(value) for name, value in found.items()} == {
        "a": "NO", "b": "1000000.0", "c": "010", "d": "12:30", "e": "2022-12-10", "f": "2022-13-40",
        "g": "1000", "h": "0.5", "i": "True", "j": "None", "k": "0.0015", "l": "-7", "m": "0",
    }  # fmt: skip


def test_files_that_are_no_files(tmp_path, file):
    assert "an existing file" in refused([tmp_path / "none.yaml"])
    (tmp_path / "financing").mkdir()
    assert "no YAML file" in refused([tmp_path])
    path = file("")
    path.write_bytes(b"a: \xff\xfe")
    assert "text in UTF-8" in told(path)[0]
    path.write_bytes(b"a: " + b"x" * 1_000_001)
    assert "at most 1 MB" in told(path)[0]


def test_a_byte_order_mark_is_no_problem(file):
    path = file("")
    path.write_bytes(b"\xef\xbb\xbf" + VALID.encode())
    assert len(read_file(path)) == 1


def test_the_folder_names_the_kind(tmp_path):
    (line,) = told(write(tmp_path / "finance" / "a.yaml", VALID))
    assert "folder name: got 'finance'; allowed: did you mean 'financing'?" in line
    assert "file name: got 'a b'" in told(write(tmp_path / "financing" / "a b.yaml", VALID))[0]


@pytest.mark.parametrize(
    ("old", "new", "line"),
    [
        ("KHM", "KHN", "country: got 'KHN'; allowed: did you mean 'KHM'? (KHM, ZMB)"),
        ("KHM", "khm", "country: got 'khm'; allowed: did you mean 'KHM'? (KHM, ZMB), or a folder with country.yaml"),
        ("KHM", "NO", "country: got 'NO'; allowed: one of KHM, ZMB, or a folder with country.yaml"),
        ("country: KHM", "area: KH99", "area: got 'KH99'; allowed: did you mean 'KH"),
        ("country: KHM", "shock: {hazard: floods}", "shock.hazard: got 'floods'; allowed: did you mean 'flood'?"),
        ("flood_cash_transfer", "flood_cash", "response.programme: got 'flood_cash'; allowed: did you mean 'flood_cash_transfer'?"),
        ("2022-12-10", "1999-01-01", "response.rules_on: got '1999-01-01'; allowed:"),
    ],
)  # fmt: skip
def test_names_are_checked_against_the_country_pack(file, old, new, line):
    (found,) = told(file(VALID.replace(old, new)))
    assert found.startswith(line)


def test_all_problems_of_all_files_are_told_together(file, tmp_path):
    file(VALID.replace("Floods", "3"), "a")
    file(VALID.replace("country: KHM", "years: 3\narea: KH99"), "b")
    with pytest.raises(InputError) as error:
        read_files([tmp_path])
    assert [(Path(one.file).stem, one.field) for one in error.value.problems] == [
        ("a", "title"),
        ("b", "years"),
    ]


def test_two_files_cannot_make_one_report(file, tmp_path):
    file(VALID)
    write(tmp_path / "other" / "financing" / "Floods.yaml", VALID)
    assert "a name other than that of" in refused([tmp_path])


def test_batch_over_all_provinces(file, tmp_path):
    cases = read_file(file(VALID + "batch: {area: all_provinces}"))
    assert [case.name for case in cases] == [f"floods/KH{n:02d}" for n in range(1, 26)]
    assert cases[3].sections["area"] == cases[3].parameters.area == "KH04"
    assert {case.batch for case in cases} == {"floods"}
    assert {case.batch_size for case in cases} == {25}
    assert cases[0].title == "Floods, Banteay Meanchey"
    assert "batch" not in cases[0].sections
    kept = read_files([tmp_path], only="*/KH0[12]")
    assert [case.name for case in kept] == ["floods/KH01", "floods/KH02"]
    assert "--only" in refused([tmp_path], only="KH99")


def test_batch_over_several_fields_is_their_product(file):
    batch = "batch:\n  area: [KH01, KH02]\n  financing.instruments[1].up_to_return_period: [20, 30.5]\n  response.exclusion_error: [0.1]"
    cases = read_file(file(VALID + batch))
    assert [case.name for case in cases][:2] == [
        "floods/KH01_up_to_return_period-20_exclusion_error-0.1",
        "floods/KH01_up_to_return_period-30.5_exclusion_error-0.1",
    ]
    assert len(cases) == 4
    assert [case.parameters.financing.instruments[1].up_to_return_period for case in cases] == [
        20,
        30.5,
        20,
        30.5,
    ]


@pytest.mark.parametrize(
    ("batch", "line"),
    [
        ("{}", "batch: got {}; allowed: fields with lists"),
        ("[KH01]", "batch: got ['KH01']"),
        ("{aera: [KH01]}", "batch.aera: got 'aera'; allowed: did you mean 'area'?"),
        ("{area: KH01}", "batch.area: got 'KH01'; allowed: a list of values or the word all_provinces"),
        ("{area: []}", "batch.area: got []"),
        ("{area: [KH01, KH01]}", "batch.area: got ['KH01', 'KH01']; allowed: each value once"),
        ("{area: [KH01, KH77]}", "area: got 'KH77'; allowed: did you mean"),
        ("{financing.yeers: [1, 2]}", "financing.yeers: got 1; allowed: did you mean 'years'?"),
        ("{title.x: [a]}", "batch.title.x: got 'a'; allowed: the path of a field"),
        ("{'financing.instruments[9].share': [1]}", "batch.financing.instruments[9].share: got 1; allowed: the path"),
        ("{financing.seed: [" + ",".join(map(str, range(1001))) + "]}", "batch: got '1,001 cases'; allowed: at most 1,000"),
    ],
)  # fmt: skip
def test_bad_batches(file, batch, line):
    assert told(file(VALID + f"batch: {batch}"))[0].startswith(line)


def test_a_file_without_a_title_is_called_by_its_name(file):
    cases = read_file(file(VALID.replace("title: Floods\n", "") + "batch: {area: [KH12]}", "khm_floods"))
    assert cases[0].title == "KHM floods, Phnom Penh"


def test_the_same_problem_in_every_case_is_told_once(file):
    assert len(told(file(VALID.replace("2022-12-10", "soon") + "batch: {area: all_provinces}"))) == 1


def test_awkward_values_still_make_safe_names(toy_cases):
    cases = toy_cases(a="batch: {title: ['../../x', '..', 'x x', 'X-x', 'ភាសា']}")
    names = [case.name for case in cases]
    assert names == [f"a/title-{n}" for n in range(1, 6)]


def test_own_pack_is_found_relative_to_the_file(file, tmp_path):
    import shutil

    import aspfin

    pack = Path(aspfin.__file__).parent / "data" / "countries" / "KHM"
    shutil.copytree(pack, tmp_path / "packs" / "mine")
    (case,) = read_file(file(VALID.replace("KHM", "../packs/mine")))
    assert case.parameters.country == "../packs/mine"
    assert case.sections["country"] == str((tmp_path / "packs" / "mine").resolve())


FIELDS = st.sampled_from(
    ["title", "country", "area", "shock", "response", "financing", "batch", "type", "on", "rules_on", "x"]
)
TREES = st.recursive(
    st.one_of(
        st.none(),
        st.booleans(),
        st.integers(),
        st.floats(),
        st.dates(),
        st.text(max_size=6),
        st.sampled_from(["KHM", "KH01", "all_provinces", "contingent_credit", "flood"]),
    ),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(FIELDS, inner, max_size=4),
    max_leaves=12,
)


def reads_or_refuses(content: bytes) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "financing", "x.yaml")
        path.parent.mkdir()
        path.write_bytes(content)
        try:
            assert read_file(path)
        except InputError as error:
            assert error.problems
            assert all(str(problem).startswith(str(path)) for problem in error.problems)
            assert all("\n" not in str(problem) for problem in error.problems)


@settings(deadline=None, max_examples=100)
@given(TREES)
def test_any_tree_is_read_or_refused_in_words(tree):
    reads_or_refuses(yaml.safe_dump(tree, allow_unicode=True).encode())


@settings(deadline=None, max_examples=100)
@given(st.binary(max_size=60) | st.text("abc:-[]{}&*!?|>'\"%@`#,.~ \t\n019", max_size=40).map(str.encode))
def test_any_bytes_are_read_or_refused_in_words(content):
    reads_or_refuses(content)


@settings(deadline=None, max_examples=60)
@given(st.dictionaries(FIELDS | st.text(max_size=12), TREES, min_size=1, max_size=2))
def test_any_batch_is_read_or_refused_in_words(batch):
    text = VALID + yaml.safe_dump({"batch": batch}, allow_unicode=True)
    reads_or_refuses(text.encode())
