"""Quality: a batch of outbound rows in, a verdict out.

Belongs here: turning payloads into frames, reading the suites of `great_expectations/expectations`, running them.
Does not belong here: where rows come from and where a verdict is kept (`defs/gates`), and what a payload should be
(dbt's outbound models). Great Expectations takes seconds to import, so only `gate` imports it, and only when there
are rows to judge.
"""

from fbinfor_assets.quality.frames import GateSettings
from fbinfor_assets.quality.gate import BatchError, GateResult, Quarantined, gate, preload
from fbinfor_assets.quality.suites import Suite, SuiteError, load_suite

__all__ = [
    "BatchError",
    "GateResult",
    "GateSettings",
    "Quarantined",
    "Suite",
    "SuiteError",
    "gate",
    "load_suite",
    "preload",
]
