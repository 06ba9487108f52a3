"""A broken pack: one line per problem, naming file, line, field, value and what is allowed; never a traceback."""

import re
import shutil
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aspfin.programmes import check_country, load_country
from aspfin.programmes import pack as pack_module
from aspfin.results import InputError, Problem

KHM = load_country("KHM").folder
FILES = sorted([*pack_module.FILES, *pack_module.OPTIONAL_FILES])


@pytest.fixture
def pack(tmp_path):
    """A copy of the Cambodian pack to break."""
    return Path(shutil.copytree(KHM, tmp_path / "my_pack"))


def edit(pack, file, old, new):
    path = pack / file
    text = path.read_text("utf-8")
    assert text.count(old) >= 1, (file, old)
    path.write_text(text.replace(old, new, 1), encoding="utf-8")


def lines_of(pack):
    """The problems as lines."""
    problems = check_country(pack)
    assert problems
    assert all("\n" not in str(problem) for problem in problems)
    return [str(problem) for problem in problems]


def test_loading_tells_the_same_as_checking(pack):
    edit(pack, "provinces.csv", "997169", "-997169")
    edit(pack, "country.yaml", "value: 408,", 'value: "408",')
    with pytest.raises(InputError) as caught:
        load_country(pack)
    assert str(caught.value).splitlines() == lines_of(pack)
    assert len(caught.value.problems) == 2


def line_number(file, text):
    return (KHM / file).read_text("utf-8")[: (KHM / file).read_text("utf-8").index(text)].count("\n") + 1


# file, what stands there, what is put in its place, and the line it must give (# is its number, @ the one before).
BROKEN = {
    # country.yaml
    "misspelt fact field": (
        "country.yaml", "value: 408, unit: million USD", "value: 408, units: million USD",
        ["country.yaml, line #: facts.fiscal.unplanned_expenses_2025.unit: got None; allowed: this field is required",
         "country.yaml, line #: facts.fiscal.unplanned_expenses_2025.units: got 'million USD'; allowed: did you mean unit?"],
    ),
    "number as text": (
        "country.yaml", "value: 408,", 'value: "408",',
        ["country.yaml, line #: facts.fiscal.unplanned_expenses_2025.value: got '408'; allowed: a number"],
    ),
    "exponent without a point": (
        "country.yaml", "value: 408,", "value: 4e2,",
        ["country.yaml, line #: facts.fiscal.unplanned_expenses_2025.value: got '4e2'; allowed: a number"],
    ),
    "true for a number": (
        "country.yaml", "value: 408,", "value: yes,",
        ["country.yaml, line #: facts.fiscal.unplanned_expenses_2025.value: got True; allowed: a number"],
    ),
    "not a number": (
        "country.yaml", "value: 408,", "value: .nan,",
        ["country.yaml, line #: facts.fiscal.unplanned_expenses_2025.value: got nan; allowed: a finite number"],
    ),
    "unknown status": (
        "country.yaml", "source: b2b_2025, status: press, note: draft law; 4.4", "source: b2b_2025, status: sure, note: draft law; 4.4",
        ["country.yaml, line #: facts.fiscal.unplanned_expenses_2025.status: got 'sure'; allowed: verified, press, assumed, unverified"],
    ),
    "unknown source": (
        "country.yaml", "source: b2b_2025, status: press, note: draft law; 4.4", "source: b2b_2026, status: press, note: draft law; 4.4",
        ["country.yaml, line #: facts.fiscal.unplanned_expenses_2025.source: got 'b2b_2026'; allowed: a key of sources.yaml"],
    ),
    "claimed without a source": (
        "country.yaml", "source: b2b_2025, status: press, note: draft law; 4.4", "status: press, note: draft law; 4.4",
        ["country.yaml, line #: facts.fiscal.unplanned_expenses_2025.source: got None; allowed: a key of sources.yaml: the status is press"],
    ),
    "empty and not unverified": (
        "country.yaml", "value: 408,", "value: ~,",
        ["country.yaml, line #: facts.fiscal.unplanned_expenses_2025.value: got None; allowed: a value; only an unverified fact may be empty"],
    ),
    "range upside down": (
        "country.yaml", "value: 4.4, low: 3.76,", "value: 4.4, low: 5,",
        ["country.yaml, line #: facts.households.persons_per_household.value: got 4.4; allowed: low <= value <= high"],
    ),
    "fact named without a group": (
        "country.yaml", "  poverty.line:", "  Poverty:",
        ["country.yaml, line #: facts.Poverty: got 'Poverty'; allowed: text of the form"],
    ),
    "rate of zero": (
        "country.yaml", "2013: 4027.25", "2013: 0",
        ["country.yaml, line #: exchange_rates.values.2013: got 0; allowed: above 0"],
    ),
    "year that is not a year": (
        "country.yaml", "2013: 4027.25", "about 2013: 4027.25",
        ["country.yaml, line #: exchange_rates.values.about 2013: got 'about 2013'; allowed: a whole number"],
    ),
    "window backwards": (
        "country.yaml", "      to: 2024\n      status", "      to: 1999\n      status",
        ["country.yaml, line #: records.flood[0].to: got 1999; allowed: a year from 2001"],
    ),
    "unknown hazard": (
        "country.yaml", "  flood:\n    - class", "  tsunami:\n    - class",
        ["country.yaml, line #: records.tsunami: got 'tsunami'; allowed: flood, drought, storm"],
    ),
    "country code": (
        "country.yaml", "iso3: KHM", "iso3: Cambodia",
        ["country.yaml, line #: iso3: got 'Cambodia'; allowed: text of the form ^[A-Z]{3}$"],
    ),
    "country code read as false": (
        "country.yaml", "iso3: KHM", "iso3: NO",
        ["country.yaml, line #: iso3: got False; allowed: text"],
    ),
    "key given twice": (
        "country.yaml", "name: Cambodia", "name: Cambodia\nname: Kampuchea",
        ["country.yaml, line 7: name: got 'given twice'; allowed: each key once"],
    ),
    "malformed YAML": (
        "country.yaml", "areas: [phnom_penh, urban, rural]", "areas: [phnom_penh, urban, rural",
        ["country.yaml, line 11: file: got "],
    ),
    "anchor": (
        "country.yaml", "areas: [phnom_penh, urban, rural]", "areas: [&a phnom_penh, urban, *a]",
        ["country.yaml, line #: file: got 'the alias *a'; allowed: values written out in place"],
    ),
    "column not described": (
        "country.yaml", "  idpoor_persons:", "  idpoor_people:",
        ["provinces.csv, line 1: idpoor_people: got 'a missing column'; allowed: this column is required",
         "provinces.csv, line 1: idpoor_persons: got 'an unknown column'; allowed: the columns pcode"],
    ),
    # sources.yaml
    "address": (
        "sources.yaml", "url: https://www.phnompenhpost.com", "url: phnompenhpost.com",
        ["sources.yaml, line #: ppp_2001.url: got "],
    ),
    "source without title": (
        "sources.yaml", "  title: World Development Indicators\n", "",
        ["sources.yaml, line @: wdi.title: got None; allowed: this field is required"],
    ),
    # programmes.yaml
    "negative amount": (
        "programmes.yaml", "{unit: household, amount: 80_000}", "{unit: household, amount: -80_000}",
        ["programmes.yaml, line #: programmes[0].schedules[0].amounts[0].amount: got -80000; allowed: at least 0"],
    ),
    "unknown unit": (
        "programmes.yaml", "{unit: member, amount: 16_000}", "{unit: person, amount: 16_000}",
        ["programmes.yaml, line #: programmes[0].schedules[0].amounts[1].unit: got 'person'; allowed: household, member, category, event"],
    ),
    "category missing": (
        "programmes.yaml", "{unit: member, amount: 16_000}", "{unit: category, amount: 16_000}",
        ["programmes.yaml, line #: programmes[0].schedules[0].amounts[1].category: got None; allowed: a category: the unit is category"],
    ),
    "category where none belongs": (
        "programmes.yaml", "{unit: member, amount: 16_000}", "{unit: member, category: hiv, amount: 16_000}",
        ["programmes.yaml, line #: programmes[0].schedules[0].amounts[1].category: got 'hiv'; allowed: none: the unit is member"],
    ),
    "two rules for one thing": (
        "programmes.yaml", "{unit: member, amount: 16_000}", "{unit: household, area: rural, amount: 16_000}",
        ["programmes.yaml, line #: programmes[0].schedules[0].amounts[1]: got 'household, rural'; allowed: one rule at a time: programmes[0].schedules[0].amounts[0] pays the same from 2022-12-01"],
    ),
    "schedules that overlap": (
        "programmes.yaml", "valid_to: 2023-12-31", "valid_to: 2024-01-31",
        ["programmes.yaml, line ?: programmes[1].schedules[1].amounts[0]: got 'household, phnom_penh'; allowed: one rule at a time"],
    ),
    "unknown area": (
        "programmes.yaml", "{unit: household, area: rural, amount: 80_000, status", "{unit: household, area: village, amount: 80_000, status",
        ["programmes.yaml, line #: programmes[1].schedules[0].amounts[1].area: got 'village'; allowed: phnom_penh | urban | rural"],
    ),
    "day that does not exist": (
        "programmes.yaml", "valid_to: 2023-02-28", "valid_to: 2023-02-30",
        ["programmes.yaml: file: got 'day is out of range for month"],
    ),
    "day in words": (
        "programmes.yaml", "valid_to: 2023-02-28", "valid_to: end of February",
        ["programmes.yaml, line #: programmes[0].schedules[0].valid_to: got 'end of February'; allowed: a date such as 2022-12-10"],
    ),
    "rule that ends before it begins": (
        "programmes.yaml", "valid_to: 2023-02-28", "valid_to: 2022-02-28",
        ["programmes.yaml, line #: programmes[0].schedules[0].valid_to: got '2022-02-28'; allowed: a day from 2022-12-01"],
    ),
    "months for payments": (
        "programmes.yaml", "payments: 3", "months: 3",
        ["programmes.yaml, line #: programmes[2].schedules[0].months: got 3; allowed: none: it is paid per payment"],
    ),
    "no months": (
        "programmes.yaml", "months: 3\n", "months: 0\n",
        ["programmes.yaml, line #: programmes[0].schedules[0].months: got 0; allowed: at least 1"],
    ),
    "empty amount that is not unverified": (
        "programmes.yaml", "{unit: household, amount: 80_000}", "{unit: household, amount: ~}",
        ["programmes.yaml, line #: programmes[0].schedules[0].amounts[0].amount: got None; allowed: an amount; only an unverified one may be empty"],
    ),
    "rule without a source": (
        "programmes.yaml", "        source: ppp_directive_2022\n", "",
        ["programmes.yaml, line ?: programmes[0].schedules[0].source: got None; allowed: a key of sources.yaml: the status is verified",],
    ),
    "programme twice": (
        "programmes.yaml", "- id: inflation_cash_transfer", "- id: flood_cash_transfer",
        ["programmes.yaml, line #: programmes[2].id: got 'flood_cash_transfer'; allowed: an id of its own"],
    ),
    "misspelt programme field": (
        "programmes.yaml", "    agency: Ministry", "    agencies: Ministry",
        ["programmes.yaml, line #: programmes[0].agencies: got 'Ministry of Social Affairs, Veterans and Youth Rehabilitation'; allowed: did you mean agency?"],
    ),
    "money without a currency": (
        "programmes.yaml", "        currency: KHR\n        households: 99_169", "        households: 99_169",
        ["programmes.yaml, line ?: programmes[0].outcomes[0].currency: got None; allowed: amount and currency together"],
    ),
    "currency missing": (
        "programmes.yaml", "    payment_cycle: monthly, three months\n    currency: KHR\n", "    payment_cycle: monthly, three months\n",
        ["programmes.yaml, line ?: programmes[0].currency: got None; allowed: this field is required"],
    ),
    "unknown category": (
        "programmes.yaml", "category: [child_0_5, disability, age_60_plus], amount: 16_000", "category: [child_0_6, disability, age_60_plus], amount: 16_000",
        ["programmes.yaml, line #: programmes[0].schedules[0].amounts[2].category: got 'child_0_6'; allowed: did you mean child_0_5? a column of the household frame, or"],
    ),
    "eligible by an unknown column": (
        "programmes.yaml", "eligible: {at_risk: {at_least: 1}, affected", "eligible: {at_riks: {at_least: 1}, affected",
        ["programmes.yaml, line #: programmes[0].eligible.at_riks: got 'at_riks'; allowed: did you mean at_risk?"],
    ),
    "condition that is neither": (
        "programmes.yaml", "eligible: {at_risk: {at_least: 1}, affected", "eligible: {at_risk: {at_lest: 1}, affected",
        ["programmes.yaml, line #: programmes[0].eligible.at_risk.at_lest: got 1; allowed: did you mean at_least?"],
    ),
    "condition upside down": (
        "programmes.yaml", "eligible: {at_risk: {at_least: 1}, affected", "eligible: {at_risk: {at_least: 1, at_most: 0}, affected",
        ["programmes.yaml, line #: programmes[0].eligible.at_risk.at_most: got 0; allowed: at least 1"],
    ),
    "programme that replaces itself": (
        "programmes.yaml", "replaces: covid_cash_transfer", "replaces: family_package",
        ["programmes.yaml, line #: programmes[3].replaces: got 'family_package → family_package'; allowed: programmes without a cycle"],
    ),
    "reference to nothing": (
        "programmes.yaml", "replaces: covid_cash_transfer", "replaces: covid_cash",
        ["programmes.yaml, line #: programmes[3].replaces: got 'covid_cash'; allowed: an id of another programme: flood_cash_transfer, covid"],
    ),
    "cycle of two": (
        "programmes.yaml", "    responds_to: health\n", "    responds_to: health\n    replaces: family_package\n",
        ["programmes.yaml, line ?: programmes[1].replaces: got 'covid_cash_transfer → family_package → covid_cash_transfer'; allowed: programmes without a cycle"],
    ),
    "unknown stage of life": (
        "programmes.yaml", "life_cycle: youth", "life_cycle: young",
        ["programmes.yaml, line #: programmes[9].life_cycle: got 'young'; allowed: pregnancy, early_childhood, school_age"],
    ),
    "rate in percent": (
        "programmes.yaml", "employer: 0.026", "employer: 2.6",
        ["programmes.yaml, line #: programmes[12].contributions[1].employer: got 2.6; allowed: at most 1"],
    ),
    "cap below the floor": (
        "programmes.yaml", "        wage_cap: 1_200_000\n        status: press\n        source: ssa_2018", "        wage_cap: 120_000\n        status: press\n        source: ssa_2018",
        ["programmes.yaml, line #: programmes[12].contributions[1].wage_cap: got 120000; allowed: at least the floor (200,000)"],
    ),
    "contribution without a source": (
        "programmes.yaml", "        status: press\n        source: ssa_2018\n", "        status: press\n",
        ["programmes.yaml, line ?: programmes[12].contributions[1].source: got None; allowed: a key of sources.yaml: the status is press"],
    ),
    "rates that overlap": (
        "programmes.yaml", "valid_to: 2027-09-30", "valid_to: 2027-10-30",
        ["programmes.yaml, line ?: programmes[14].contributions[1]: got '2027-10-01'; allowed: one rule at a time: programmes[14].contributions[0] holds as well"],
    ),
    "share that was not found": (
        "programmes.yaml", "share: 0.0175\n        minimum_months: 12", "share: ~\n        minimum_months: 12",
        ["programmes.yaml, line #: programmes[14].insurance[0].share: got None; allowed: a share; only an unverified one may be empty"],
    ),
    "two periods in one programme": (
        "programmes.yaml", "        days: 90\n        minimum_months: 9\n        per: event\n        status", "        days: 90\n        minimum_months: 9\n        per: month\n        status",
        ["programmes.yaml, line ?: programmes[11].insurance[0].per: got 'month'; allowed: one period for all that a programme pays on a day",
         "programmes.yaml, line ?: programmes[11].insurance[1].per: got 'event'; allowed: one period"],
    ),
    # provinces.csv
    "negative population": (
        "provinces.csv", "997169", "-997169",
        ["provinces.csv, line 3: population_2019: got '-997169'; allowed: a number, 0 or more, or empty"],
    ),
    "thousands separator": (
        "provinces.csv", "997169", '"997,169"',
        ["provinces.csv, line 3: population_2019: got '997,169'; allowed: a number, 0 or more, or empty"],
    ),
    "one cell too many": (
        "provinces.csv", "997169", "997,169",
        ["provinces.csv, line 3: row: got '16 cells'; allowed: 15 cells"],
    ),
    "province code": (
        "provinces.csv", "KH02,", "2,",
        ["provinces.csv, line 3: pcode: got '2'; allowed: two capital letters and digits, such as KH01"],
    ),
    "province twice": (
        "provinces.csv", "KH24,", "KH23,",
        ["provinces.csv, line 25: pcode: got 'KH23'; allowed: a value of its own (line 24 has it)",
         "footprints.csv, line 8: pcode: got 'KH24'; allowed: a pcode of provinces.csv"],
    ),
    "tile twice": (
        "provinces.csv", "mixed,2.085,2,1", "mixed,2.085,2,0",
        ["provinces.csv, line 25: tile_row, tile_col: got 'row 2, column 0'; allowed: a value of its own (line 3 has it)"],
    ),
    "tile that is not whole": (
        "provinces.csv", "mixed,2.085,2,1", "mixed,2.085,2,1.5",
        ["provinces.csv, line 3: tile_col: got '1.5'; allowed: a whole number, 0 or more"],
    ),
    "tile missing": (
        "provinces.csv", "mixed,2.085,2,1", "mixed,2.085,2,",
        ["provinces.csv, line 3: tile_col: got None; allowed: a whole number, 0 or more"],
    ),
    "unknown area class": (
        "provinces.csv", "mixed,2.085", "town,2.085",
        ["provinces.csv, line 3: area_class: got 'town'; allowed: phnom_penh | urban | rural | mixed"],
    ),
    "more poor than households": (
        "provinces.csv", "297626,29322", "29762,29322",
        ["provinces.csv, line 3: households_register_2022: got 29762.0; allowed: at least the households of IDPoor 1 and 2"],
    ),
    "column twice": (
        "provinces.csv", "name_en,name_km", "name_en,name_en",
        ["provinces.csv, line 1: name_km: got 'a missing column'; allowed: this column is required",
         "provinces.csv, line 1: name_en: got 'given twice'; allowed: each column once"],
    ),
    # events.csv
    "event column misspelt": (
        "events.csv", "event_id,name,year,hazard,as_of,households", "event_id,name,year,hazard,as_of,household",
        ["events.csv, line 1: households: got 'a missing column'; allowed: this column is required",
         "events.csv, line 1: household: got 'an unknown column'; allowed: the columns event_id, name"],
    ),
    "figure in words": (
        "events.csv", ",331765,", ",about 330000,",
        ["events.csv, line #: households: got 'about 330000'; allowed: a number"],
    ),
    "negative households": (
        "events.csv", ",331765,", ",-331765,",
        ["events.csv, line #: households: got '-331765'; allowed: at least 0"],
    ),
    "infinite households": (
        "events.csv", ",331765,", ",inf,",
        ["events.csv, line #: households: got 'inf'; allowed: a finite number"],
    ),
    "unknown qualifier": (
        "events.csv", "1100000,,,17,>,", "1100000,,,17,more than,",
        ["events.csv, line #: qualifier: got 'more than'; allowed: =, >, >="],
    ),
    "use is neither true nor false": (
        "events.csv", ",=,final,true,hrf_2022_2", ",=,final,maybe,hrf_2022_2",
        ["events.csv, line #: use: got 'maybe'; allowed: true | false"],
    ),
    "early figure used": (
        "events.csv", ",=,early,false,hrf_2021_1", ",=,early,true,hrf_2021_1",
        ["events.csv, line #: use: got True; allowed: false for a figure of stage early"],
    ),
    "used without a figure": (
        "events.csv", "2020-10-18,,,30,,,=,final,false", "2020-10-18,,,30,,,=,final,true",
        ["events.csv, line #: use: got True; allowed: false where neither households nor people are given"],
    ),
    "one event in two years": (
        "events.csv", "flood_2021,Floods 2021,2021,flood,2021-10-22", "flood_2021,Floods 2021,2012,flood,2021-10-22",
        ["events.csv, line #: year: got 2012; allowed: 2021, as for flood_2021 on line "],
    ),
    "date of a figure": (
        "events.csv", "2021-10-22,28468", "22 October,28468",
        ["events.csv, line #: as_of: got '22 October'; allowed: text of the form"],
    ),
    "unknown source of an event": (
        "events.csv", "true,hrf_2021_2", "true,hrf_2021_9",
        ["events.csv, line #: source: got 'hrf_2021_9'; allowed: a key of sources.yaml"],
    ),
    "broken quotes": (
        "events.csv", "flood_2021,Floods 2021", 'flood_2021,"Floods" 2021',
        ["events.csv, line #: row: got "],
    ),
    # footprints.csv
    "unknown event": (
        "footprints.csv", "flood_2018,", "flood_2017,",
        ["footprints.csv, line #: event_id: got 'flood_2017'; allowed: an event_id of events.csv"],
    ),
    "unknown province": (
        "footprints.csv", "flood_2018,KH03", "flood_2018,KH99",
        ["footprints.csv, line #: pcode: got 'KH99'; allowed: a pcode of provinces.csv"],
    ),
    "province twice in one report": (
        "footprints.csv", "flood_2011,KH06", "flood_2011,KH08",
        ["footprints.csv, line #: pcode: got 'KH08'; allowed: each province once per report (line "],
    ),
    "provinces beyond the nation": (
        "footprints.csv", ",66088,", ",166088,",
        ["footprints.csv, line 16: households: got 22178.0; allowed: provinces of one report that sum to at most 175,872, the highest national figure"],
    ),
}  # fmt: skip


@pytest.mark.parametrize("kind", BROKEN)
def test_one_mistake_one_line(pack, kind):
    file, old, new, expected = BROKEN[kind]
    edit(pack, file, old, new)
    found = lines_of(pack)
    number = line_number(file, old)
    assert len(found) == len(expected), found
    starts = [s.replace("line #", f"line {number}").replace("line @", f"line {number - 1}") for s in expected]
    for line, start in zip(found, starts, strict=True):
        line = re.sub(r"line \d+", "line ?", line) if "line ?" in start else line  # written elsewhere
        assert line.startswith(start), (line, start)
        assert "; allowed: " in line


def test_many_mistakes_are_told_in_one_go(pack):
    kinds = [
        "negative amount",
        "misspelt fact field",
        "negative population",
        "figure in words",
        "unknown province",
    ]
    for kind in kinds:
        file, old, new, _ = BROKEN[kind]
        edit(pack, file, old, new)
    found = lines_of(pack)
    files = [line.split(",")[0].split(":")[0] for line in found]
    # The unknown province is only looked up once the provinces themselves are readable.
    assert set(files) == {"programmes.yaml", "country.yaml", "provinces.csv", "events.csv"}
    edit(pack, "provinces.csv", "-997169", "997169")
    edit(pack, "events.csv", "about 330000", "331765")
    assert any(line.startswith("footprints.csv") for line in lines_of(pack))


def test_figures_of_the_population_are_checked_too(pack):
    edit(pack, "population.yaml", "status: press", "status: rumour")
    (line,) = lines_of(pack)
    assert line.startswith("population.yaml, line ") and "'rumour'" in line
    before = load_country(KHM).data_hash
    edit(pack, "population.yaml", "status: rumour", "status: assumed")
    assert load_country(pack).data_hash != before


@pytest.mark.parametrize("file", FILES)
def test_a_missing_file(pack, file):
    (pack / file).unlink()
    if file == "footprints.csv":  # optional: not every country has recorded footprints
        assert load_country(pack).footprints.empty
        assert load_country(pack).footprints.columns.tolist()[:3] == ["event_id", "pcode", "households"]
    elif file == "population.yaml":  # optional: only made-up households need it
        assert load_country(pack).iso3 == "KHM"
    else:
        (line,) = lines_of(pack)
        assert line.startswith(f"{file}: file: got ")
        assert line.endswith("; allowed: a file that exists")


@pytest.mark.parametrize("file", FILES)
@pytest.mark.parametrize(
    "content", [b"", b"\xff\xfe\x00", b"\x00\x01", b"[" * 5_000, b"- 1\n- 2\n", b"just text", b"a: {b: ["]
)
def test_a_file_of_rubbish(pack, file, content):
    (pack / file).write_bytes(content)
    found = lines_of(pack)
    assert any(line.startswith(file) for line in found)


@pytest.mark.parametrize("file", FILES)
def test_a_folder_in_place_of_a_file(pack, file):
    (pack / file).unlink()
    (pack / file).mkdir()
    (line,) = [line for line in lines_of(pack) if line.startswith(file)]
    assert line.endswith("a file, not a folder")


def test_a_link_out_of_the_pack_is_refused(pack, tmp_path):
    outside = tmp_path / "outside.csv"
    shutil.copy(pack / "events.csv", outside)
    (pack / "events.csv").unlink()
    (pack / "events.csv").symlink_to(outside)
    (line,) = lines_of(pack)
    assert line.startswith("events.csv: file: got ")
    assert line.endswith("allowed: a file inside the pack's folder")


def test_a_byte_order_mark_and_windows_line_ends_are_fine(pack):
    for file in FILES:
        text = (pack / file).read_text("utf-8")
        (pack / file).write_bytes(b"\xef\xbb\xbf" + text.replace("\n", "\r\n").encode())
    own, shipped = load_country(pack), load_country("KHM")
    assert own.programmes == shipped.programmes
    assert own.events.equals(shipped.events)


def test_a_pack_of_ones_own_loads_from_text_or_path(pack):
    edit(pack, "country.yaml", "value: 408,", "value: 410,")
    assert load_country(pack).quantity("fiscal.unplanned_expenses_2025").value == 410
    assert load_country(str(pack)).data_hash != load_country("KHM").data_hash


@settings(deadline=None, max_examples=30)
@given(data=st.data())
def test_whatever_is_in_the_files_the_answer_is_problems_or_a_country(tmp_path_factory, data):
    pack = Path(shutil.copytree(KHM, tmp_path_factory.mktemp("any") / "pack"))
    file = data.draw(st.sampled_from(FILES))
    lines = (pack / file).read_text("utf-8").splitlines()
    at = data.draw(st.integers(0, len(lines) - 1))
    noise = data.draw(
        st.sampled_from(["drop", "twice", "swap", "indent", "cut"])
        | st.text(max_size=30).map(lambda text: (text,))
    )
    other = data.draw(st.integers(0, len(lines) - 1))
    changed = {
        "drop": lines[:at] + lines[at + 1 :],
        "twice": lines[: at + 1] + lines[at:],
        "swap": [
            lines[other] if i == at else lines[at] if i == other else line for i, line in enumerate(lines)
        ],
        "indent": [*lines[:at], "  " + lines[at], *lines[at + 1 :]],
        "cut": [*lines[:at], lines[at][: len(lines[at]) // 2]],
    }
    new = [*lines[:at], noise[0], *lines[at + 1 :]] if isinstance(noise, tuple) else changed[noise]
    (pack / file).write_bytes("\n".join(new).encode("utf-8", "surrogatepass"))
    problems = check_country(pack)
    assert all(isinstance(problem, Problem) and "\n" not in str(problem) for problem in problems)
    if problems:
        with pytest.raises(InputError):
            load_country(pack)
    else:
        load_country(pack)
    shutil.rmtree(pack)
