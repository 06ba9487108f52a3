"""Names: Khmer brought to one spelling, romanised, recoded to bytes, and Latin variants folded."""

from pathlib import Path

import duckdb
import jellyfish
import numpy as np
import pandas as pd
import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from aspfin import registry
from aspfin.registry import names
from aspfin.registry.khmer import clusters, normalise, script_of
from aspfin.registry.latin import RULES, fold_word
from aspfin.registry.recoding import CHARACTERS, cluster_codes
from aspfin.registry.romanise import romanise_text

GOLDEN = yaml.safe_load((Path(__file__).parents[1] / "golden" / "registry_names.yaml").read_text("utf-8"))
KHMER = ("សុខ ដារ៉ា", "ចាន់ សុភា", "កែវ ពិសិដ្ឋ", "ហេង ស្រីពៅ", "លឹម ចន្ទ្រា", "សុខ ដារ៉ី", "ស៊ឹម វណ្ណា")
khmer_text = st.text(
    st.sampled_from([chr(one) for one in range(0x1780, 0x17DE)] + [" ", "\u200b"]), max_size=14
)
any_text = st.text(max_size=20)


@pytest.mark.parametrize(("khmer", "latin"), GOLDEN["names"].items(), ids=GOLDEN["names"].keys())
def test_romanised_names_fold_to_what_people_write(khmer, latin):
    assert {fold_word(one) for one in latin} == {fold_word(romanise_text(khmer))}


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("សុី", "ស៊ី"),  # the lower vowel typed for the register shifter
        ("មុិញ", "ម៉ិញ"),
        ("េា", "ោ"),  # vowel halves stay where there is no base: nothing to put in order
        ("កេា", "កោ"),
        ("កេី", "កើ"),
        ("កេេ", "កែ"),
        ("សំាង", "សាំង"),
        ("ប៊ុ\u200bន", "ប៊ុន"),
        ("ស\u17d2រី", "ស្រី"),
        ("សី្រ", "ស្រី"),
        ("\ufeffSok\u00a0 Dara\u200f", "Sok Dara"),
        ("e\u0301", "é"),
        ("១២៣", "123"),
    ],
)
def test_one_spelling(written, meant):
    if written == "េា":
        assert normalise(written) == written
    else:
        assert normalise(written) == normalise(meant) == meant


@settings(deadline=None, max_examples=150)
@given(st.one_of(khmer_text, any_text))
def test_normalising_twice_changes_nothing(text):
    once = normalise(text)
    assert normalise(once) == once
    assert "\u200b" not in once and once == once.strip()


@settings(deadline=None, max_examples=100)
@given(khmer_text)
def test_clusters_hold_every_letter(text):
    text = normalise(text)
    assert "".join(clusters(text)) == text.replace(" ", "")


@settings(deadline=None, max_examples=100)
@given(st.one_of(khmer_text, any_text))
def test_romanising_and_folding_never_fail_and_fold_to_ascii(text):
    latin = romanise_text(text)
    assert not any("\u1780" <= one <= "\u17b3" for one in latin)
    folded = names.fold_latin(pd.Series([text, latin]))
    assert all(one.isascii() for one in folded.dropna())


def test_every_folding_rule_does_what_its_example_says():
    for _, _, example in RULES:
        for pair in example.split("; "):
            first, second = pair.split(", ")
            assert fold_word(first) == fold_word(second), pair


def test_different_names_stay_different():
    words = [
        "Sok",
        "Suk",
        "Sek",
        "Chan",
        "Chhun",
        "Chhuon",
        "Sen",
        "Seng",
        "Sim",
        "Som",
        "Sophea",
        "Sopha",
        "Dara",
        "Dany",
        "Keo",
        "Ko",
        "Ly",
        "Lay",
        "Pov",
        "Peou",
    ]
    assert len({fold_word(word) for word in words}) == len(words)


def test_metrics_of_bytes_on_codes_are_metrics_of_letters():
    """DuckDB on codes agrees with jellyfish on letters (each cluster one character for it)."""
    frame = pd.DataFrame([(a, b) for a in KHMER for b in KHMER], columns=["a", "b"])
    code = cluster_codes(frame.a, frame.b)
    assert code.confusion == 0
    frame["code_a"], frame["code_b"] = code.encode(frame.a), code.encode(frame.b)
    connection = duckdb.connect()
    connection.register("pairs", frame)
    rows = connection.sql(
        "select levenshtein(code_a, code_b), jaro_winkler_similarity(code_a, code_b), "
        "damerau_levenshtein(code_a, code_b), levenshtein(a, b) from pairs"
    ).fetchall()
    letters = sorted({one for name in KHMER for one in clusters(name)})
    private = {one: chr(0x4E00 + place) for place, one in enumerate(letters)}  # one character for one letter
    for (_, row), (edits, similarity, moves, in_bytes) in zip(frame.iterrows(), rows, strict=True):
        one, two = ("".join(private[letter] for letter in clusters(row[name])) for name in ("a", "b"))
        assert edits == jellyfish.levenshtein_distance(one, two)
        assert moves == jellyfish.damerau_levenshtein_distance(one, two)
        assert similarity == pytest.approx(jellyfish.jaro_winkler_similarity(one, two), abs=1e-12)
        assert in_bytes >= edits
    assert any(row[3] > 2 * row[0] for row in rows)  # what bytes alone would have said


def test_the_upper_half_of_latin_1_would_not_do():
    assert duckdb.sql("select levenshtein('é', 'e')").fetchall() == [(2,)]
    assert all(len(one.encode()) == 1 for one in CHARACTERS)
    assert len(set(CHARACTERS)) == len(CHARACTERS) == 127


def test_codes_shared_when_there_are_too_many_letters():
    generator = np.random.default_rng(3)
    made = [chr(0x1780 + one % 33) + chr(0x17B6 + one // 33) for one in range(300)]
    column = pd.Series(generator.choice(made, 4000))
    code = cluster_codes(column)
    shares = column.value_counts(normalize=True)
    same = sum(
        shares[a] * shares[b]
        for a in shares.index
        for b in shares.index
        if a != b and code.codes[a] == code.codes[b]
    )
    assert code.confusion == pytest.approx(same / (1 - (shares**2).sum()))
    assert 0 < code.confusion < 0.02
    common = shares.index[:20]
    assert len({code.codes[one] for one in common}) == 20


def test_codes_do_not_depend_on_the_order_of_rows_or_columns():
    one, two = pd.Series(KHMER[:4]), pd.Series(KHMER[4:])
    assert cluster_codes(one, two) == cluster_codes(two[::-1], one[::-1])
    assert cluster_codes(one).encode(pd.Series([None, "ឱ"])).isna().tolist() == [True, False]


def test_script():
    assert [script_of(text) for text in ("សុខ", "Sok", "Sok សុខ", "Сок", "៧ 7", "")] == [
        *("khmer", "latin", "mixed", "other", "none", "none")
    ]


def test_split_names_learns_families_from_the_column():
    found = names.split_names(pd.Series(["សុខ ដារ៉ា", "សុខសុភា", "ដារ៉ា", None]))
    assert found.family.tolist()[:2] == ["សុខ", "សុខ"] and found.given.tolist()[1:3] == ["សុភា", "ដារ៉ា"]
    assert found.isna().to_numpy().tolist()[2:] == [[True, False], [True, True]]
    other = names.split_names(pd.Series(["Dara Sok"]), order="given_first")
    assert other.to_numpy().tolist() == [["Sok", "Dara"]]
    with pytest.raises(ValueError, match="order: got 'western'"):
        names.split_names(pd.Series(["a"]), order="western")


def test_name_keys_agree_across_scripts_and_orders():
    frame = pd.DataFrame(
        {
            "name_km": ["សុខ ដារ៉ា", None, None, None],
            "name_latin": [None, "Sokh Dara", "Dara Sok", None],
        },
        index=[5, 3, 9, 1],
    )
    before = frame.copy()
    keys = names.name_keys(frame)
    assert frame.equals(before) and keys.index.tolist() == [5, 3, 9, 1]
    assert keys.name_key.iloc[:3].unique().tolist() == ["dara sok"]
    assert keys.name_source.tolist()[:3] == ["romanised", "latin", "latin"] and keys.iloc[3].isna().all()
    shuffled = names.name_keys(frame.iloc[::-1]).iloc[::-1]
    pd.testing.assert_frame_equal(shuffled, keys)
    with pytest.raises(ValueError, match="no column of names"):
        names.name_keys(frame[[]])


def test_two_scripts_of_the_synthetic_population_meet():
    """Of 5,000 people the Khmer name, romanised, is near the Latin name far more often than another person's."""
    from aspfin.data.registry_lists import registry_lists

    persons = registry_lists(households=2_000, seed=3).persons.iloc[:5_000]
    khmer = names.name_keys(persons[["name_km"]]).name_key.to_numpy()
    latin = names.name_keys(persons[["name_latin"]]).name_key.to_numpy()
    near = (
        np.array([jellyfish.jaro_winkler_similarity(a, b) for a, b in zip(khmer, latin, strict=True)]) > 0.88
    )
    other = np.array(
        [jellyfish.jaro_winkler_similarity(a, b) for a, b in zip(khmer, latin[::-1], strict=True)]
    )
    assert near.mean() > 0.95 and (other > 0.88).mean() < 0.01


def test_package_names_point_to_what_exists():
    """Every call whose module is there is there by its name; modules of the same name do not hide calls."""
    for name, module in registry.FUNCTIONS.items():
        if (Path(registry.__file__).parent / f"{module}.py").exists():
            assert callable(getattr(registry, name)), name
    import aspfin.registry.harmonise
    import aspfin.registry.romanise  # noqa: F401

    assert callable(registry.harmonise) and callable(registry.romanise)
