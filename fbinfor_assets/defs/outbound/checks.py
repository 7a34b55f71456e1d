"""The check `nothing_needs_a_person` on every outbound asset.

Belongs here: what waits for a person. Does not belong here: deciding it (`covered`, the sender).
"""

from __future__ import annotations

from collections import Counter

import dagster as dg

from fbinfor_assets.delivery.intents import State
from fbinfor_assets.store import Store, dead_letters, intents

CHECK = "nothing_needs_a_person"


def attention(store: Store, object_: str) -> dg.AssetCheckResult:
    """A warning that counts what stands still: in doubt, in conflict, dead letters by rule."""
    with store.read() as tx:
        standing = {
            state.value: intents.count(tx, object_, state) for state in (State.IN_DOUBT, State.CONFLICT)
        }
        rules = Counter(letter.rule for letter in dead_letters.open_letters(tx, object_))
    return dg.AssetCheckResult(
        check_name=CHECK,
        passed=not any(standing.values()) and not rules,
        severity=dg.AssetCheckSeverity.WARN,
        metadata={**standing, "dead_letters": sum(rules.values()), "rules": dict(rules.most_common(20))},
    )
