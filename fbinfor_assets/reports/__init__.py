"""The reports as pages: what finance opens to see whether both systems agree, what was sent, who owes, what looks wrong.

Belongs here: the report tables of the warehouse turned into self-contained HTML pages with charts.
Does not belong here: figures that no report table has (dbt_project/models/reports), when pages are written (cli.py,
defs/reports), the judgement over fresh reads of the vendors (reconcile.py).

    pages/      one module per page: which figures, charts and tables it has, and the sentence at its top
    sql/        the query of each of them; sums in a table's foot are made by SQL from the same query
    charts.py   rows → Vega-Lite → SVG for the page, PNG for Dagster
    render.py   a page → one HTML file (templates/)
    write.py    names → files in a folder

Every function here takes a DuckDB connection whose default database has the schema `reports`: the published snapshot, or
the live file.
"""

from fbinfor_assets.reports.charts import png as picture
from fbinfor_assets.reports.content import Page
from fbinfor_assets.reports.pages import NAMES, READS, read_pages
from fbinfor_assets.reports.write import ReportsNotBuilt, Written, make_pages, write_page

__all__ = [
    "NAMES",
    "READS",
    "Page",
    "ReportsNotBuilt",
    "Written",
    "make_pages",
    "picture",
    "read_pages",
    "write_page",
]
