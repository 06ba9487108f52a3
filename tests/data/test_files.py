"""Plain YAML and CSV, with the line of everything."""

import pytest

from aspfin.data.files import read_csv, read_yaml


def written(tmp_path, name, content):
    path = tmp_path / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def test_yaml_data_and_lines(tmp_path):
    tree = read_yaml(written(tmp_path, "a.yaml", "a: 1\nb:\n  - c: 2022-12-10\n  - {d: [1, 2]}\n2013: x\n"))
    assert tree.problems == []
    assert tree.data["b"][1] == {"d": [1, 2]}
    assert tree.place(("b", 1, "d", 0)) == "a.yaml, line 4"
    assert tree.place(("b", 0, "missing")) == "a.yaml, line 3"
    assert tree.place((2013,)) == "a.yaml, line 5"
    assert tree.place(("nothing",)) == "a.yaml, line 1"


@pytest.mark.parametrize(
    ("content", "line"),
    [
        ("a: 1\na: 2\n", "a.yaml, line 2: a: got 'given twice'; allowed: each key once"),
        ("a:\n  b: 1\n  b: 2\n", "a.yaml, line 3: a.b: got 'given twice'; allowed: each key once"),
        ("a: &x [1]\nb: *x\n", "a.yaml, line 2: file: got 'the alias *x'; allowed: values written out in place"),
        ("a: &x\n  b: *x\n", "a.yaml, line 2: file: got 'the alias *x'; allowed: values written out in place"),
        ("a: {<<: {b: 1}}\n", "a.yaml, line 1: a: got 'a key that is not plain text'; allowed: a plain text key"),
        ("[1]: 2\n", "a.yaml, line 1: file: got 'a key that is not plain text'; allowed: a plain text key"),
        ("on: 1\n", "a.yaml, line 1: file: got 'on'; allowed: the key in quotes: YAML reads it as true or false"),
        ("a: !!python/object:os.system {}\n", "a.yaml, line 1: file: got 'the tag tag:yaml.org,2002:python/object:os.system'; allowed: plain values"),
        ("a: !!timestamp abc\n", "a.yaml, line 1: file: got 'the tag tag:yaml.org,2002:timestamp'"),
        ("a: " + "1" * 5_000 + "\n", "a.yaml: file: got 'Exceeds the limit"),
        ("a: 'open\n", "a.yaml, line 2: file: got 'found unexpected end of stream'; allowed: well-formed YAML"),
        ("a: 1\n---\nb: 2\n", "a.yaml, line 2: file: got "),
        ("a: 2022-02-30\n", "a.yaml: file: got 'day is out of range for month"),
        ("", "a.yaml: file: got 'an empty file'; allowed: YAML with at least one key"),
        ("# only a comment\n", "a.yaml: file: got 'an empty file'; allowed: YAML with at least one key"),
        ("a: " + "[" * 30 + "]" * 30 + "\n", "a.yaml, line 1: file: got 'more than 20 levels'; allowed: at most 20 levels"),
        (b"a: \xff\n", "a.yaml: file: got 'byte 3 is not UTF-8'; allowed: text in UTF-8"),
    ],
)  # fmt: skip
def test_yaml_complaints(tmp_path, content, line):
    tree = read_yaml(written(tmp_path, "a.yaml", content))
    assert len(tree.problems) == 1
    assert str(tree.problems[0]).startswith(line)
    assert "\n" not in str(tree.problems[0])
    assert tree.data is None


def test_hostile_nesting_does_not_end_the_process(tmp_path):
    for text in ("a: " + "[" * 200_000, "{a: " * 200_000 + "1" + "}" * 200_000):
        assert "more than 20 levels" in str(read_yaml(written(tmp_path, "a.yaml", text)).problems[0])


def test_the_safe_loader_runs_nothing(tmp_path):
    tree = read_yaml(written(tmp_path, "a.yaml", f"a: !!python/object/apply:os.mkdir ['{tmp_path}/made']\n"))
    assert tree.problems
    assert not (tmp_path / "made").exists()


def test_csv_rows_and_lines(tmp_path):
    path = written(tmp_path, "a.csv", 'a,b\n1, x \n\n,"two\nlines"\n')
    table = read_csv(path, required=("a",), optional=("b", "c"))
    assert table.problems == []
    assert table.rows == [(2, {"a": "1", "b": "x"}), (5, {"a": None, "b": "two\nlines"})]


@pytest.mark.parametrize(
    ("content", "lines"),
    [
        ("b\n1\n", ["a.csv, line 1: a: got 'a missing column'; allowed: this column is required"]),
        ("a,c\n1,2\n", ["a.csv, line 1: c: got 'an unknown column'; allowed: the columns a, b"]),
        ("a,a\n1,2\n", ["a.csv, line 1: a: got 'given twice'; allowed: each column once"]),
        ("a,\n1,2\n", ["a.csv, line 1: header: got 'an unknown column'; allowed: the columns a, b"]),
        ("a,b\n1\n1,2\n1,2,3\n", [
            "a.csv, line 2: row: got '1 cells'; allowed: 2 cells",
            "a.csv, line 4: row: got '3 cells'; allowed: 2 cells",
        ]),
        ("", ["a.csv, line 1: a: got 'a missing column'; allowed: this column is required"]),
        ('a,b\n"1,2\n', ["a.csv, line 2: row: got 'unexpected end of data'; allowed: well-formed CSV, separated by commas"]),
        ("a,b\n1,\0\n", ["a.csv: file: got 'a null character'; allowed: plain text"]),
    ],
)  # fmt: skip
def test_csv_complaints(tmp_path, content, lines):
    table = read_csv(written(tmp_path, "a.csv", content), required=("a",), optional=("b",))
    assert [str(problem) for problem in table.problems] == lines


def test_a_missing_file_a_folder_and_a_huge_file(tmp_path, monkeypatch):
    assert "a file that exists" in str(read_yaml(tmp_path / "no.yaml").problems[0])
    assert "a file, not a folder" in str(read_csv(tmp_path, required=("a",)).problems[0])
    monkeypatch.setattr("aspfin.data.files.MAXIMUM_BYTES", 5)
    path = written(tmp_path, "a.yaml", "a: 12345\n")
    assert "at most 5 bytes" in str(read_yaml(path).problems[0])
