"""Sources and quantities: what they say, and that an empty one never passes for a number."""

import dataclasses

import pytest

from aspfin.data import STATUSES, Quantity, Source, unverified
from aspfin.results import InputError


def test_statuses():
    assert STATUSES == ("verified", "press", "assumed", "unverified")


@pytest.mark.parametrize(
    ("source", "text"),
    [
        (Source("a", "A title"), "A title"),
        (Source("a", "A title", publisher="World Bank", date="2024"), "World Bank: A title, 2024"),
        (Source("a", "A title", url="https://x.org"), "A title, https://x.org"),
    ],
)
def test_a_source_in_one_line(source, text):
    assert str(source) == text


@pytest.mark.parametrize(
    ("quantity", "text"),
    [
        (Quantity("fee", 0.005, unit="per year", status="unverified"), "fee: 0.005 per year (unverified)"),
        (
            Quantity("rate", 4102.03786, unit="KHR per USD", date="2022"),
            "rate: 4,102.03786 KHR per USD (assumed, 2022)",
        ),
        (Quantity("people", 15_552_211.0, status="press"), "people: 15,552,211 (press)"),
        (Quantity("share", None, unit="share", status="unverified"), "share: not found (unverified)"),
    ],
)
def test_a_quantity_in_one_line(quantity, text):
    assert str(quantity) == text


def test_zero_is_a_number_and_empty_is_not():
    assert Quantity("projects", 0).number == 0
    with pytest.raises(InputError) as caught:
        _ = Quantity("share", None, unit="share of budget", status="unverified").number
    assert str(caught.value) == (
        "share: value: got None; allowed: a number of your own (share of budget): no figure was found, "
        "its status is unverified"
    )


def test_an_unknown_status_is_refused():
    with pytest.raises(InputError, match=r"fee: status: got 'sure'; allowed: verified \| press"):
        Quantity("fee", 1, status="sure")


def test_quantities_are_frozen():
    with pytest.raises(dataclasses.FrozenInstanceError):
        Quantity("fee", 1).value = 2


def test_unverified_keeps_order_and_tells_each_once():
    fee, share = Quantity("fee", 0.1, status="unverified"), Quantity("share", None, status="unverified")
    rate = Quantity("rate", 1, status="press")
    frame = unverified([share, rate, fee, share])
    assert frame["name"].tolist() == ["share", "fee"]
    assert frame["value"].isna().tolist() == [True, False]
    assert list(unverified([]).columns) == ["name", "value", "unit", "status", "source", "note"]
