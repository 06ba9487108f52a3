"""The charts of a report. Each takes a plain frame and words, and returns a `Figure`.

| Question | Chart |
|---|---|
| Who pays, in one picture? | `who_pays` |
| What does the shock cost, how often? | `exceedance_curve` |
| How does the fund behave over the years? | `fan_chart` |
| Who pays at which return period? | `layer_chart` |
| When does the money arrive? | `timeline` |
| What does each instrument cost? | `cost_bars` |
| Who is reached, by group? | `bars_by_group` |
| What moves the answer most? | `tornado` |
| Where? | `tile_map` |
| Who is covered, from the poorest to the richest? | `columns_by_group` |
| Who gets the money? | `lorenz_curves` |
| Who is missed, who receives without being meant to? | `split_bars` |
| What changes, group by group? | `before_after` |
| Who gets more than one programme? | `overlap_bars` |
| Which estimates, side by side? | `forest_plot` |
| Does the answer depend on the analyst's choices? | `specification_curve` |
| How does the effect develop? | `event_study` |
| Is there a jump at the cut-off? | `rd_plot` |
| What would one unit have done without? | `synthetic_path` |
| Which way to respond: reach, days, cost? | `option_panels` |
| Who is paid on time, later, never? | `parts_of_whole` |
| Which group is missed most? | `share_bars` |
| Who is on which lists? | `upset` |
| How good is each list? | `score_grid` |
| What changes with time? | `time_lines` |
| Many cases, one small panel each? | `small_multiples`, `small_bars` |
| How far are many cases apart? | `value_strips` |

A title says the finding, a subtitle the measure and its unit; the alternative text is written from the
numbers unless one is given. matplotlib is loaded when the first chart is drawn.
"""

from aspfin.reporting.charts_bars import bars_by_group, cost_bars, tornado
from aspfin.reporting.charts_curves import exceedance_curve, fan_chart
from aspfin.reporting.charts_designs import event_study, rd_plot, synthetic_path
from aspfin.reporting.charts_distribution import lorenz_curves, overlap_bars
from aspfin.reporting.charts_effects import forest_plot
from aspfin.reporting.charts_indicators import before_after, columns_by_group, split_bars
from aspfin.reporting.charts_layers import layer_chart, who_pays
from aspfin.reporting.charts_map import tile_map
from aspfin.reporting.charts_multiples import small_bars, small_multiples, value_strips
from aspfin.reporting.charts_registry import score_grid, time_lines, upset
from aspfin.reporting.charts_response import option_panels, parts_of_whole, share_bars
from aspfin.reporting.charts_specification import specification_curve
from aspfin.reporting.charts_time import timeline
from aspfin.reporting.figure import Figure

__all__ = [
    "Figure",
    "bars_by_group",
    "before_after",
    "columns_by_group",
    "cost_bars",
    "event_study",
    "exceedance_curve",
    "fan_chart",
    "forest_plot",
    "layer_chart",
    "lorenz_curves",
    "option_panels",
    "overlap_bars",
    "parts_of_whole",
    "rd_plot",
    "score_grid",
    "share_bars",
    "small_bars",
    "small_multiples",
    "specification_curve",
    "split_bars",
    "synthetic_path",
    "tile_map",
    "time_lines",
    "timeline",
    "tornado",
    "upset",
    "value_strips",
    "who_pays",
]
