import numpy as np
import pandas as pd
import pytest

from aspfin.programmes import load_country
from aspfin.programmes.record import event_record, rates_by_class, recorded_household_size
from aspfin.results import InputError

KHM = load_country("KHM")
WINDOWS = KHM.records["flood"]


def rows(**columns):
    n = max(len(v) for v in columns.values() if isinstance(v, list))
    base = {
        "event_id": "e",
        "name": "an event",
        "year": 2020,
        "hazard": "flood",
        "households": np.nan,
        "people": np.nan,
        "qualifier": "=",
        "use": True,
        "source": "s",
    }
    return pd.DataFrame({**base, **columns}, index=range(n))


def one(frame, **arguments):
    return event_record(frame, persons_per_household=4.6, **arguments).iloc[0]


@pytest.fixture(scope="module")
def record():
    return event_record(KHM.events, hazard="flood", persons_per_household=4.6)


@pytest.mark.parametrize(
    ("event", "low", "central", "high", "figure"),
    [
        ("flood_2020", 104_348, 133_406, 175_872, "households"),
        ("flood_2019", 89_046, 91_182.5, 93_319, "households"),
        ("flood_2013", 377_354, 377_514.5, 377_675, "households"),
        ("flood_2011", 331_765, 331_765, 1_600_000 / 4.6, "households"),
        ("flood_2002", 1_200_000 / 4.6, 1_200_000 / 4.6, 1_200_000 / 4.6, "people converted"),
        ("flood_2022", 85_482, 85_482, 85_482, "households"),
        ("flood_2021", 28_468, 28_468, 28_468, "households"),
    ],
)
def test_competing_figures_of_cambodian_floods_become_ranges(record, event, low, central, high, figure):
    row = record.set_index("event").loc[event]
    found = row[["households_low", "households_central", "households_high"]].to_numpy(dtype=float)
    np.testing.assert_allclose(found, [low, central, high], rtol=1e-12)
    assert row["figure"] == figure


def test_an_event_without_a_national_figure_stays_missing_with_its_lower_bound(record):
    row = record.set_index("event").loc["flood_2018"]
    assert np.isnan(row["households_central"]) and not row["used"]
    assert row["at_least"] == 22_335 and "rate only" in row["reason"]


def test_a_response_figure_never_competes_with_the_affected(record):
    assert record.set_index("event").loc["flood_2022", "households_high"] == 85_482


def test_other_hazards_are_left_out(record):
    assert not record["event"].str.contains("drought").any()


def test_more_than_raises_the_range_and_never_lowers_it():
    row = one(rows(households=[100.0, 80.0, 130.0], qualifier=["=", ">", ">"]))
    assert (row["households_low"], row["households_high"]) == (100, 130)


def test_only_more_than_is_a_lower_bound_and_says_so():
    row = one(rows(households=[80.0], qualifier=[">"]))
    assert row["households_central"] == 80 and "lower bound" in row["reason"]


def test_a_row_with_both_counts_is_not_converted():
    row = one(rows(households=[100.0], people=[900.0]))
    assert row["households_high"] == 100 and row["n_figures"] == 1


def test_order_of_rows_does_not_matter(record):
    shuffled = KHM.events.sample(frac=1, random_state=3)
    again = event_record(shuffled, hazard="flood", persons_per_household=4.6)
    columns = ["event", "year", "households_low", "households_central", "households_high", "at_least", "used"]
    pd.testing.assert_frame_equal(record[columns], again[columns])


def test_the_callers_table_is_not_changed():
    before = KHM.events
    kept = before.copy()
    event_record(before, hazard="flood", persons_per_household=5)
    pd.testing.assert_frame_equal(before, kept)


def test_household_size_comes_from_reports_that_counted_both():
    # 1,737,305 people over 377,675 households; the 2020 report with exactly 4 per household is left out.
    size, source = recorded_household_size(KHM.events[KHM.events["hazard"] == "flood"])
    assert size == pytest.approx(1_737_305 / 377_675, rel=1e-12)
    assert "2013" in source


@pytest.mark.parametrize(
    ("arguments", "word"),
    [({"hazard": "fire"}, "hazard"), ({"persons_per_household": 0.5}, "persons_per_household")],
)
def test_bad_input_is_named(arguments, word):
    with pytest.raises(InputError, match=word):
        event_record(KHM.events, **{"persons_per_household": 4.6, **arguments})


def test_a_missing_column_is_named():
    with pytest.raises(InputError, match="qualifier"):
        event_record(KHM.events.drop(columns="qualifier"), persons_per_household=4.6)


def test_cambodian_rates_by_class(record):
    major, ordinary = rates_by_class(record, WINDOWS).classes
    assert (major.name, major.n_events, major.years) == ("major", 5, 24)
    assert major.rate == pytest.approx(5 / 24)
    # 2018 counts in the rate (7) but has no size (6): missing is not zero.
    assert (ordinary.n_events, ordinary.years, len(ordinary.central)) == (7, 7, 6)
    assert ordinary.counts == (1, 1, 0, 1, 1, 2, 1)


def test_cambodian_counts_are_under_dispersed(record):
    # By hand: ordinary counts 1,1,0,1,1,2,1 have variance 2/6 and mean 1; major 5 ones in 24 years, (24-5)/23.
    major, ordinary = rates_by_class(record, WINDOWS).classes
    assert ordinary.dispersion == pytest.approx(1 / 3)
    assert major.dispersion == pytest.approx(19 / 23)


def test_events_outside_the_windows_are_listed_with_the_reason(record):
    events = rates_by_class(record, WINDOWS).events.set_index("event")
    assert events.loc["flood_2009", "class"] == "" and "2018 to 2024" in events.loc["flood_2009", "reason"]
    assert "no figure" in events.loc["flood_2000", "reason"]
    assert len(events) == len(record)


def test_rates_in_a_frame(record):
    frame = rates_by_class(record, WINDOWS).to_frame()
    assert frame["events_with_figure"].tolist() == [5, 6]


def test_overlapping_windows_are_refused(record):
    windows = [{**WINDOWS[0]}, {**WINDOWS[1], "below": 200_000}]
    with pytest.raises(InputError, match="overlap"):
        rates_by_class(record, windows)


def test_a_class_without_a_sized_event_is_refused(record):
    with pytest.raises(InputError, match="huge"):
        rates_by_class(record, [{"class": "huge", "at_least": 1e7, "from": 2001, "to": 2024}])
