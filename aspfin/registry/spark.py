"""The same linkage on Spark, for a whole country: the SQL that Splink runs there.

One machine links a few million records. Beyond that Splink runs the same settings on Spark; only the names
of a few functions differ, and all this package uses (levenshtein, length, abs, coalesce) are Spark's own.
So:

1. Make the table of `comparison.comparable` from the harmonised lists, and write it as Parquet. The code of
   Khmer letters must be fitted on all names at once (`names.cluster_codes`), then applied part by part.
2. Train on one machine with `link`, on some districts whole: how alike the records of one person are does not
   depend on the size of the country, and `settings` takes to that size what does.
3. On the cluster, with ``api = SparkAPI(spark_session=session)`` and ``records`` read from Parquet:
   ``linker = Linker(api.register(records), spark.settings(linkage, records=n))``; for each
   ``frequency_of_<column>`` of `statements`, ``linker.table_management.register_term_frequency_lookup(
   api.register(session.sql(query)), column)``; then ``linker.inference.predict()``, and
   ``linker.clustering.cluster_pairwise_predictions_at_threshold`` at ``linkage.threshold``.

`statements` gives the SQL of step 3 without Spark, so that it can be read, tested and run by other means.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from aspfin.registry.comparison import comparison_settings
from aspfin.registry.training import Model, frequencies, model_settings, quiet, scaled

if TYPE_CHECKING:
    from aspfin.registry.linkage import Linkage

__all__ = ["settings", "statements"]

COMPARABLE, RECORDS = "comparable", "records"  # the table given, and the same with frequencies of names


def settings(linkage: Linkage, *, records: int | None = None) -> dict[str, Any]:
    """Return Splink's settings with the parameters learnt by `linkage`, for a data base of any kind.

    Parameters
    ----------
    linkage : Linkage
        Trained on the lists, or on a part of them that holds whole villages.
    records : int, optional
        Records of the whole; the prior and the chance of a shared card, village or number fall in proportion.

    Returns
    -------
    dict
        To be written as JSON, or given to `splink.Linker`.

    Raises
    ------
    ValueError
        `records` is smaller than what was linked.
    """
    return model_settings(comparison_settings(), _model(linkage, records))


def _model(linkage: Linkage, records: int | None) -> Model:
    size = linkage.n_records if records is None else records
    if isinstance(size, bool) or not isinstance(size, int) or size < linkage.n_records:
        raise ValueError(f"records: got {size!r}; allowed: {linkage.n_records} (those linked) or more")
    return scaled(Model(linkage.prior, linkage.parameters), linkage.n_records / size)


def statements(linkage: Linkage, *, records: int | None = None) -> Mapping[str, str]:
    """Return the SQL of blocking, comparing and scoring in Spark's dialect, in the order it runs.

    Parameters
    ----------
    linkage : Linkage
    records : int, optional
        As in `settings`.

    Returns
    -------
    mapping of str to str
        Name of the table each statement makes: the statement. They read from the table `comparable`, whose
        columns are those of `comparison.comparable`; the last makes uid_l, uid_r, match_weight and
        match_probability.
    """
    from splink import SettingsCreator

    with quiet():
        chosen = SettingsCreator.from_path_or_dict(settings(linkage, records=records)).get_settings("spark")
        made = [one for part in _pipeline(chosen) for one in part]
    queries = frequencies(_model(linkage, records), COMPARABLE)
    joins = "".join(f"\nleft join frequency_of_{column} using ({column})" for column in queries)
    return MappingProxyType(
        {f"frequency_of_{column}": query for column, query in queries.items()}
        | {RECORDS: f"select *\nfrom {COMPARABLE}{joins}"}
        | {one["output_table_name"]: one["sql"].strip() for one in made}
    )


def _pipeline(chosen: Any) -> Iterator[list[dict[str, str]]]:
    """Give the statements Splink makes of its settings: pairs, their levels, their weights."""
    from splink.internals.blocking import block_using_rules_sqls
    from splink.internals.comparison_vector_values import compute_comparison_vector_values_from_id_pairs_sqls
    from splink.internals.predict import predict_from_comparison_vectors_sqls_using_settings

    columns = chosen.column_info_settings
    ours = {
        "input_tablename_l": RECORDS,
        "input_tablename_r": RECORDS,
        "link_type": "dedupe_only",
        "source_dataset_input_column": columns.source_dataset_input_column,
        "unique_id_input_column": columns.unique_id_input_column,
    }
    yield block_using_rules_sqls(blocking_rules=chosen._blocking_rules_to_generate_predictions, **ours)
    yield compute_comparison_vector_values_from_id_pairs_sqls(
        chosen._columns_to_select_for_blocking,
        chosen._columns_to_select_for_comparison_vector_values,
        sql_dialect_str="spark",
        **ours,
    )
    yield predict_from_comparison_vectors_sqls_using_settings(chosen)
