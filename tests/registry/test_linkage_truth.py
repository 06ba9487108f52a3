"""Linkage of six synthetic lists against the known persons: precision, recall, calibration, determinism."""

import hashlib
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest
from linkage_cases import linked, six_lists

from aspfin import registry
from aspfin.registry import thresholds
from aspfin.registry.evaluation_of_links import match_labels


def labelled_pairs(linkage, truth):
    person = truth.set_index(["list_id", "record_id"]).person
    pairs = linkage.pairs[["list_id_l", "record_id_l", "list_id_r", "record_id_r"]]
    sides = [person.loc[pd.MultiIndex.from_frame(pairs.iloc[:, k : k + 2])].to_numpy() for k in (0, 2)]
    return pairs.assign(same=sides[0] == sides[1])


@pytest.mark.slow
@pytest.mark.parametrize(("script", "recall"), [("latin", 0.95), ("khmer", 0.90), ("both", 0.95)])
def test_precision_and_recall_on_known_persons(script, recall):
    linkage, truth = linked(script)
    found = registry.evaluate(linkage, truth)
    assert found.precision >= 0.99, found.sentence()
    assert found.recall >= recall, found.sentence()


@pytest.mark.slow
def test_stated_probabilities_are_near_the_shares_found():
    linkage, truth = linked("latin")
    same = labelled_pairs(linkage, truth).same
    table = thresholds.reliability(linkage.pairs.probability, same)
    # The Brier score of the model is little more than that of the best curve through the same pairs.
    best = thresholds.calibrate(linkage, labelled_pairs(linkage, truth), method="isotonic")
    assert np.mean((linkage.pairs.probability - same) ** 2) < np.mean((best.probability - same) ** 2) + 0.005
    assert table.pairs.sum() == len(linkage.pairs)


@pytest.mark.slow
@pytest.mark.parametrize("method", ["logistic", "isotonic"])
def test_calibration_rises_with_the_weight_and_mends_wrong_probabilities(method):
    linkage, truth = linked("latin")
    labels = labelled_pairs(linkage, truth)
    fitted = thresholds.calibrate(linkage, labels, method=method)
    order = linkage.pairs.weight.argsort()
    assert (np.diff(fitted.probability.to_numpy()[order]) >= -1e-12).all()
    assert fitted.probability.between(0, 1).all()
    assert fitted.brier_after <= fitted.brier_before + 0.002
    again = linkage.relinked(probability=fitted.probability, calibration=fitted.sentence())
    assert again.calibration and registry.evaluate(again, truth).precision >= 0.98


@pytest.mark.slow
def test_the_same_bytes_in_another_process_with_one_thread_and_rows_in_another_order(tmp_path):
    lists, _ = six_lists("latin")
    one = registry.link(lists, script="latin", seed=5)
    pd.to_pickle(lists, tmp_path / "lists.pkl")
    code = (
        "import duckdb, hashlib, pandas as pd; from aspfin import registry; connect = duckdb.connect\n"
        "duckdb.connect = lambda path: connect(path, config={'threads': 1})\n"
        f"lists = pd.read_pickle({str(tmp_path / 'lists.pkl')!r})\n"
        "lists = [frame.sample(frac=1, random_state=9) for frame in reversed(list(lists.values()))]\n"
        "print(hashlib.sha256(registry.link(lists, script='latin', seed=5).clusters.to_csv().encode()).hexdigest())"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == hashlib.sha256(one.clusters.to_csv().encode()).hexdigest()


@pytest.mark.slow
def test_labelled_pairs_and_known_persons_agree_with_counting_by_hand():
    linkage, truth = linked("latin")
    known = truth.merge(linkage.clusters, on=["list_id", "record_id"], suffixes=("_true", "_found")).head(
        1_500
    )
    counts = {"true": 0, "false": 0, "missed": 0}
    person, found = known.person_true.to_numpy(), known.person_found.to_numpy()
    for row in range(len(known)):
        same, joined = person[row] == person[:row], found[row] == found[:row]
        counts["true"] += int((same & joined).sum())
        counts["false"] += int((~same & joined).sum())
        counts["missed"] += int((same & ~joined).sum())
    part = known.rename(columns={"person_true": "person"})[["list_id", "record_id", "person"]]
    told = registry.evaluate(linkage, part)
    assert (told.true_links, told.false_links, told.missed_links) == tuple(counts.values())
    assert told.by_list[["true_links", "false_links", "missed_links"]].sum().tolist() == list(counts.values())
    assert told.recall_interval[0] <= told.recall <= told.recall_interval[1]


@pytest.mark.slow
def test_the_review_queue_holds_the_doubtful_pairs_and_nothing_that_identifies():
    linkage, _ = linked("both")
    queue = registry.review_queue(linkage, size=40)
    table = queue.to_frame()
    assert len(table) == 40 and table.same.isna().all()
    assert not {"phone_l", "person_id_l", "birth_date_l", "household_id_l"} & set(table.columns)
    shown = " ".join(map(str, table.to_numpy().ravel())) + queue.sentence()
    for column in ("name_km", "name_latin", "phone", "person_id"):
        for value in linkage.records[column].dropna().astype("str"):
            assert value not in shown
    low = table.probability.map(lambda p: np.log2(p / (1 - p))).sub(np.log2(9)).abs().max()
    rest = linkage.pairs.drop(linkage.pairs.index[match_labels(linkage.pairs, table.assign(same=True)) == 1])
    others = (
        np.log2(rest.probability.clip(1e-12, 1 - 1e-12) / (1 - rest.probability.clip(1e-12, 1 - 1e-12)))
    ).sub(np.log2(9))
    assert low <= others.abs().min() + 1e-9


@pytest.mark.slow
def test_what_is_shown_of_a_linkage_holds_no_identifier():
    linkage, _ = linked("both")
    shown = linkage.sentence() + linkage._repr_html_() + repr(linkage) + " ".join(map(str, linkage.checks))
    for column in ("name_km", "name_latin", "phone", "person_id"):
        for value in linkage.records[column].dropna().astype("str").unique():
            assert value not in shown
    kept = [*linkage.clusters.columns, *linkage.pairs.columns]
    assert "name_latin" not in kept and "phone" not in kept


@pytest.mark.slow
def test_lists_without_births_are_linked_by_the_other_columns():
    lists, truth = six_lists("latin")
    births = ["birth_date", "birth_year", "birth_month", "birth_precision"]
    shorter = [frame.drop(columns=births) for frame in lists.values()]
    found = registry.evaluate(registry.link(shorter, script="latin"), truth)
    assert found.precision >= 0.99 and found.recall >= 0.85, found.sentence()


@pytest.mark.slow
def test_a_placeholder_in_every_record_joins_nobody():
    lists, truth = six_lists("latin")
    same = {name: frame.assign(phone="000000000") for name, frame in lists.items()}
    assert registry.evaluate(registry.link(same, script="latin"), truth).precision >= 0.99
