"""Exchange formats: answers of registries (DCI), DHIS2 values, SDMX-CSV, workbooks that come back."""

from __future__ import annotations

from aspfin.data.exchange_dci import RegistryRecords, read_dci
from aspfin.data.exchange_dhis2 import read_dhis2, write_dhis2
from aspfin.data.exchange_excel import write_excel
from aspfin.data.exchange_excel_read import ExcelTable, read_excel
from aspfin.data.exchange_sdmx import SdmxTable, read_sdmx_csv, write_sdmx_csv

__all__ = [
    "ExcelTable",
    "RegistryRecords",
    "SdmxTable",
    "read_dci",
    "read_dhis2",
    "read_excel",
    "read_sdmx_csv",
    "write_dhis2",
    "write_excel",
    "write_sdmx_csv",
]
