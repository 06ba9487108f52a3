"""Linkage of six synthetic lists: time, memory, precision and recall; by script, and a million records.

Each run is a process of its own, whose peak memory is that of everything in it. The peer is Splink itself
with its own comparisons and blocking on the same records (Latin names as they are written): card, telephone
and village count three times over, so that it takes brothers for one.

Run: python benchmarks/registry_link.py            100,000 records, three scripts, and the peer
     python benchmarks/registry_link.py --large    1,000,000 records
"""

import resource
import subprocess
import sys
import time

import pandas as pd

from aspfin import data, registry

HOUSEHOLDS = {"100,000": 42_000, "1,000,000": 430_000}


def records(households, script):
    made = data.synthetic.registry_lists(households=households, seed=1, script=script)
    lists = {name: registry.harmonise(raw, made.mappings[name]).frame for name, raw in made.lists.items()}
    return lists, made.truth[["list_id", "record_id", "person"]]


def ours(households, script):
    lists, truth = records(households, script)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
    start, cpu = time.perf_counter(), time.process_time()
    linkage = registry.link(lists, script=script, memory_limit="600MB" if households < 100_000 else "4GB")
    seconds, cpu = time.perf_counter() - start, time.process_time() - cpu
    found = registry.evaluate(linkage, truth)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
    print(
        f"| {linkage.n_records:,} records, {script} | {seconds:.1f} | {cpu:.1f} | {before:.2f} | {peak:.2f} "
        f"| {found.precision:.4f} | {found.recall:.4f} |"
    )


def peer(households, script):
    """Splink with the comparisons of its library, as its own tutorial would set them."""
    import splink.comparison_library as library
    from splink import DuckDBAPI, Linker, SettingsCreator, block_on

    lists, truth = records(households, script)
    frame = pd.concat(lists.values(), ignore_index=True).assign(uid=lambda table: range(len(table)))
    words = frame.name_latin.str.lower().str.split(" ", n=1)
    frame = frame.assign(
        family=words.str[0], given=words.str[1], born=frame.birth_date.dt.strftime("%Y-%m-%d")
    )
    columns = ["uid", "family", "given", "born", "sex", "village_code", "household_id", "phone", "person_id"]
    start, cpu = time.perf_counter(), time.process_time()
    settings = SettingsCreator(
        link_type="dedupe_only",
        unique_id_column_name="uid",
        comparisons=[
            library.NameComparison("given").configure(term_frequency_adjustments=True),
            library.NameComparison("family").configure(term_frequency_adjustments=True),
            library.DateOfBirthComparison("born", input_is_string=True),
            library.ExactMatch("sex"),
            library.ExactMatch("village_code"),
            library.ExactMatch("household_id"),
            library.ExactMatch("phone"),
            library.ExactMatch("person_id"),
        ],
        blocking_rules_to_generate_predictions=[
            block_on("person_id"),
            block_on("household_id"),
            block_on("phone"),
            block_on("village_code", "given"),
            block_on("born", "given"),
            block_on("born", "family"),
        ],
    )
    api = DuckDBAPI()
    linker = Linker(api.register(frame[columns]), settings, log_level=None)
    certain = [block_on("person_id"), block_on("born", "given", "family")]
    linker.training.estimate_probability_two_random_records_match(certain, recall=0.7)
    linker.training.estimate_u_using_random_sampling(max_pairs=1e6, seed=1)
    for rule in (block_on("born"), block_on("given", "family")):
        linker.training.estimate_parameters_using_expectation_maximisation(
            rule, estimate_without_term_frequencies=True
        )
    pairs = linker.inference.predict(threshold_match_probability=0.5)
    groups = linker.clustering.cluster_pairwise_predictions_at_threshold(
        pairs, threshold_match_probability=0.9
    )
    person = groups.as_pandas_dataframe().set_index("uid").cluster_id.reindex(frame.uid).to_numpy()
    seconds, cpu = time.perf_counter() - start, time.process_time() - cpu
    known = frame[["list_id", "record_id"]].assign(found=person).merge(truth, on=["list_id", "record_id"])

    def count(by):
        sizes = known.groupby(by).size()
        return int((sizes * (sizes - 1) // 2).sum())

    both = count(["person", "found"])
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
    print(
        f"| Splink with its own comparisons, {len(frame):,} | {seconds:.1f} | {cpu:.1f} | | {peak:.2f}"
        f" | {both / count(['found']):.4f} | {both / count(['person']):.4f} |"
    )


def main():
    if len(sys.argv) == 4:
        {"ours": ours, "peer": peer}[sys.argv[1]](int(sys.argv[2]), sys.argv[3])
        return
    print("| | seconds | processor seconds | GB before | GB at most | precision | recall |")
    print("|---|---:|---:|---:|---:|---:|---:|", flush=True)
    small, large = (str(size) for size in HOUSEHOLDS.values())
    runs = [("ours", small, script) for script in ("latin", "khmer", "both")] + [("peer", small, "latin")]
    for run in [("ours", large, "both")] if "--large" in sys.argv else runs:
        subprocess.run([sys.executable, __file__, *run], check=True, stderr=subprocess.DEVNULL)


if __name__ == "__main__":
    main()
