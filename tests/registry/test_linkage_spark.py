"""The SQL for Spark: it is Spark's, it parses, and run elsewhere it gives the same probabilities."""

import numpy as np
import pandas as pd
import pytest
from linkage_cases import few_people

from aspfin import registry
from aspfin.registry import comparison, spark


@pytest.fixture(scope="module")
def linkage():
    return registry.link(few_people())


def test_every_statement_parses_in_sparks_dialect(linkage):
    import sqlglot

    made = spark.statements(linkage)
    assert list(made)[-1] == "__splink__df_predict"
    for sql in made.values():
        assert len(sqlglot.parse(sql, read="spark")) == 1


def test_only_functions_that_spark_has(linkage):
    import sqlglot
    from sqlglot import expressions

    used = set()
    for sql in spark.statements(linkage).values():
        for call in sqlglot.parse_one(sql, read="spark").find_all(expressions.Func):
            used.add(
                call.sql_name().lower() if not isinstance(call, expressions.Anonymous) else call.name.lower()
            )
    known = "levenshtein length abs coalesce count max greatest log log2 power pow cast try_cast case and or if sum least"
    assert used <= set(known.split()), used


def test_the_same_probabilities_when_run_on_another_engine(linkage):
    import duckdb
    import sqlglot

    table = comparison.comparable(linkage.records, "both")
    connection = duckdb.connect()
    connection.register("given", table)
    connection.execute("create table comparable as select * from given")
    for name, sql in spark.statements(linkage).items():
        connection.execute(
            f"create table {name} as {sqlglot.transpile(sql, read='spark', write='duckdb')[0]}"
        )
    found = connection.execute(
        "select uid_l, uid_r, match_probability from __splink__df_predict order by uid_l, uid_r"
    ).df()
    connection.close()
    at = pd.MultiIndex.from_frame(linkage.records[["list_id", "record_id"]])
    pairs = linkage.pairs
    ours = pd.DataFrame(
        {
            side: at.get_indexer(pd.MultiIndex.from_frame(pairs[[f"list_id_{side}", f"record_id_{side}"]]))
            for side in "lr"
        }
    ).assign(probability=pairs.probability)
    both = ours.merge(found, left_on=["l", "r"], right_on=["uid_l", "uid_r"])
    assert len(both) == len(ours) > 0
    np.testing.assert_allclose(both.probability, both.match_probability, rtol=1e-9)


def test_a_larger_whole_lowers_the_prior_and_rare_agreements_only(linkage):
    own, whole = spark.settings(linkage), spark.settings(linkage, records=linkage.n_records * 10)
    name = "probability_two_random_records_match"
    assert whole[name] == pytest.approx(own[name] / 10)
    u = [
        {level["label_for_charts"]: level.get("u_probability") for level in one["comparison_levels"]}
        for settings in (own, whole)
        for one in settings["comparisons"]
        if one["output_column_name"] in ("given", "place")
    ]
    assert u[0] == u[2]
    assert u[3]["same village"] == pytest.approx(u[1]["same village"] / 10)
    assert u[3]["different"] == u[1]["different"]


def test_a_whole_smaller_than_the_part_is_refused(linkage):
    for wrong in (1, 2.5, True, "many"):
        with pytest.raises(ValueError, match="records: got"):
            spark.settings(linkage, records=wrong)
