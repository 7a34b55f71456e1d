"""A policy under which something could post twice is refused before anything runs, with the setting's name."""

import copy
from pathlib import Path

import pytest
import yaml

from fbinfor_assets.domain.policy import Policy, PolicyError

CONFIG = Path(__file__).parents[3] / "config"
DEFAULT = yaml.safe_load((CONFIG / "policy.yml").read_text())


def changed(path, value):
    document = copy.deepcopy(DEFAULT)
    *parents, last = path.split(".")
    part = document
    for name in parents:
        part = part[name]
    part[last] = value
    return document


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("books.post_freshbooks_journals_to_m3", True),
        ("books.of_record", "freshbooks_books"),
        ("sale.invoice_on", "order"),
        ("cash.posting", "per_day"),
        ("flows.sale.mode", "sometimes"),
        ("currencies", ["EUR"]),
    ],
)
def test_a_setting_that_could_post_twice_or_is_not_built_yet_is_refused_by_name(path, value):
    with pytest.raises(PolicyError, match=path.split(".")[-1] if path != "currencies" else "currencies"):
        Policy.from_document(changed(path, value))


def test_a_fee_is_never_a_cost_twice():
    document = changed("books.push_fees", True)
    document["cash"]["posting"] = "per_payout"
    with pytest.raises(PolicyError, match="push_fees"):
        Policy.from_document(document)


def test_the_shipped_policy_writes_nothing_until_a_person_says_so():
    policy = Policy.from_document(DEFAULT)
    assert not policy.may_write("sale")
    assert not policy.may_write("parties")


def test_the_sandbox_policy_is_the_shipped_one_with_writing_on_and_the_guard_raised():
    sandbox = yaml.safe_load((CONFIG / "policy.sandbox.yml").read_text())
    differing = {name for name in DEFAULT if sandbox[name] != DEFAULT[name]}
    assert differing == {"flows", "guard", "delivery"}
    assert Policy.from_document(sandbox).may_write("sale")
