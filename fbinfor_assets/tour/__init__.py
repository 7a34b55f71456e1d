"""The analysts' tour: documented questions to the published snapshot, and how any answer is shown and exported.

Belongs here: the questions' headers (queries.py), what can be asked about (tables.py), asking (ask.py), answers on a
terminal (screen.py), in files (export.py) and in docs/tour.md (guide.py).
Does not belong here: the SQL itself (dbt_project/analyses), what may be run (warehouse/question.py), report pages.

    from fbinfor_assets.tour import frame
    frame("ageing", home="var/demo")                   # a polars frame, DECIMAL exact
    frame("order", home="var/demo", order="536365")    # parameters as the question declares them
"""

from fbinfor_assets.tour.ask import frame
from fbinfor_assets.tour.queries import Parameter, TourError, TourQuery, find, queries

__all__ = ["Parameter", "TourError", "TourQuery", "find", "frame", "queries"]
