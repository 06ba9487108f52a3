"""What `aspfin.data` offers by name, and what every source of data must say of itself."""

import subprocess
import sys

import pytest

from aspfin import data
from aspfin.data.source import Source


def test_every_name_is_there():
    assert set(data.__all__) <= set(dir(data))
    for name in data.__all__:
        assert getattr(data, name) is not None
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        _ = data.nothing


@pytest.mark.parametrize(
    "source",
    [
        *[data.disasters.EMDAT, data.disasters.DESINVENTAR],
        *[data.world_bank.SOURCE, data.world_bank.PIP, data.inform.SOURCE, data.hapi.SOURCE],
    ],
    ids=lambda source: source.id,
)
def test_every_source_has_publisher_address_and_licence(source):
    assert isinstance(source, Source)
    assert source.title and source.publisher and source.note
    assert source.url.startswith("https://")


def test_reading_loads_no_client_and_no_spreadsheet_library():
    code = (
        "import sys; from aspfin import data; [getattr(data, n) for n in ('disasters', 'world_bank', 'inform', 'hapi')];"
        "print([m for m in ('wbgapi', 'requests', 'openpyxl', 'scipy', 'matplotlib') if m in sys.modules])"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "[]"
