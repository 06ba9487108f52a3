"""Ranges carried through: the same plans on cells of similar households, for every draw of the inputs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from aspfin.programmes.households import Households
from aspfin.programmes.microsimulation import make_scene
from aspfin.programmes.ranges import Central, Draws
from aspfin.programmes.registry_age import RegistryAge
from aspfin.programmes.response_plan import Option
from aspfin.programmes.response_scores import days_of, measures_of, sums_of
from aspfin.programmes.shock import Shock

__all__ = ["OptionDraws", "draw_options", "group_cells"]

# Edges of the cells, in poverty lines: fine where a shock or a transfer moves households over the line.
BANDS = (0.6, 0.8, 0.9, 1.0, 1.1, 1.2, 1.35, 1.5, 2.0)
SIZES = (3.5, 5.5)  # members: cells are also split by them where that leaves few enough
MOST_CELLS = 1_000
ROWS_AT_ONCE = 100
# A part and its whole: each is scaled by a factor of its own, which must not make the part the larger.
PARTS = (
    ("affected", "households"),
    ("in_need", "affected"),
    ("paid_affected", "affected"),
    ("paid_in_need", "in_need"),
    ("paid_in_need", "paid_affected"),
    ("in_need_by_deadline", "paid_in_need"),
    ("unmet_money", "need_money"),
)


@dataclass(frozen=True, eq=False)
class OptionDraws:
    """Draws of one option.

    Attributes
    ----------
    sums : dict of str to array, shape (draws, provinces)
        As `sums_of`, scaled so that the central draw is the microsimulation.
    days : dict of str to array, shape (draws,)
    central_cells : dict of str to array, shape (provinces,)
        The sums of the cells at the central values, before scaling.
    """

    sums: dict[str, np.ndarray]
    days: dict[str, np.ndarray]
    central_cells: dict[str, np.ndarray]

    def measures(self, places: Sequence[int]) -> dict[str, np.ndarray]:
        """Return the measures of some provinces together, shape (draws,)."""
        together = {name: values[:, list(places)].sum(axis=1) for name, values in self.sums.items()}
        return {**measures_of(together), **self.days}


def group_cells(households: Households) -> Households:
    """Return cells of households alike in province, living standard, roster, risk and, where few, size.

    Consumption of a cell's households is taken as even around its mean, with their own variance.
    """
    frame = households.frame
    at_risk = frame["at_risk"].to_numpy() if "at_risk" in frame.columns else np.zeros(len(frame), dtype=int)
    band = np.searchsorted(np.array(BANDS) * households.line, households.consumption, side="right")
    size = np.searchsorted(SIZES, households.members)
    alike = [households.province, band, households.roster, at_risk]
    code, cells = pd.factorize(pd.MultiIndex.from_arrays([*alike, size]), sort=True)
    if len(cells) > MOST_CELLS:
        code, cells = pd.factorize(pd.MultiIndex.from_arrays(alike), sort=True)
    parts = Households(
        households.country, frame, np.bincount(code, weights=households.weight), *([np.zeros(0)] * 6),
        province=cells.get_level_values(0).to_numpy(), pcodes=households.pcodes, line=households.line,
        parent=households, code=code,
    )  # fmt: skip
    persons = households.weight * households.members
    parts.members = parts.mean(households.members)
    people = np.bincount(code, weights=persons)
    parts.consumption = np.bincount(code, weights=persons * households.consumption) / people
    variance = np.bincount(code, weights=persons * (households.consumption - parts.consumption[code]) ** 2)
    # Half the width of an even distribution with this variance, kept inside the band.
    edges = np.concatenate([[0.0], np.array(BANDS) * households.line, [np.inf]])
    band_of = cells.get_level_values(1).to_numpy()
    room = np.minimum(parts.consumption - edges[band_of], edges[band_of + 1] - parts.consumption)
    parts.spread = np.minimum(np.sqrt(3 * variance / people), np.maximum(room, 0.0))
    parts.standard = parts.mean(households.standard).round().astype(int)
    parts.roster, parts.months = parts.mean(households.roster), parts.mean(households.months)
    return parts


def draw_options(
    cells: Households,
    shock: Shock,
    options: Mapping[str, Option],
    central: Mapping[str, Mapping[str, np.ndarray]],
    *,
    deadline: float,
    draws: int,
    seed: int,
    registry: RegistryAge | None = None,
) -> dict[str, OptionDraws]:
    """Return the draws of each option; `central` holds the sums of the microsimulation."""
    reader = Draws(draws, seed)
    chunks = [slice(a, min(a + ROWS_AT_ONCE, draws)) for a in range(0, draws, ROWS_AT_ONCE)]
    sums: dict[str, list] = {name: [] for name in options}
    days: dict[str, list] = {name: [] for name in options}
    for rows in chunks:
        read = reader.chunk(rows)
        scene = make_scene(cells, shock, shock.start, read, registry)
        for name, option in options.items():
            plan = option.plan(scene, read)
            sums[name].append(sums_of(scene, plan, deadline=deadline))
            days[name].append(days_of(plan, scene))
    middle = make_scene(cells, shock, shock.start, Central(), registry)
    return {
        name: _joined(
            sums[name],
            days[name],
            sums_of(middle, option.plan(middle, Central()), deadline=deadline),
            central[name],
            draws,
        )
        for name, option in options.items()
    }


def _joined(
    sums: list[dict], days: list[dict], cells: dict, central: Mapping[str, np.ndarray], draws: int
) -> OptionDraws:
    scaled = {}
    for name, middle in cells.items():
        rows = np.concatenate([np.atleast_2d(part[name]) for part in sums])
        drawn = rows if len(rows) == draws else np.broadcast_to(rows[:1], (draws, rows.shape[1]))
        scaled[name] = drawn * np.where(middle > 0, central[name] / np.where(middle > 0, middle, 1.0), 1.0)
    for part, whole in PARTS:
        scaled[part] = np.minimum(scaled[part], scaled[whole])
    together = {}
    for name in days[0]:
        values = np.concatenate([np.atleast_1d(part[name]) for part in days])
        together[name] = values if len(values) == draws else np.full(draws, values[0])
    return OptionDraws(scaled, together, cells)
