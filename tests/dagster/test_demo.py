"""The demo as a stranger runs it, on made-up orders of one day: it ends in figures that agree, and anyone can check them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from decimal import Decimal
from pathlib import Path

import httpx

from fbinfor_assets.domain.classification import CLASSES
from fbinfor_assets.runtime.up import Supervisor, start_sandbox

ROOT = Path(__file__).parents[2]
ORDERS = """\
invoice_no,stock_code,description,quantity,invoice_date,unit_price,customer_id,country
536365,85123A,WHITE HANGING HEART T-LIGHT HOLDER,6,2010-12-01 08:26:00,2.55,17850,United Kingdom
536365,71053,WHITE METAL LANTERN,6,2010-12-01 08:26:00,3.39,17850,United Kingdom
536365,71053,WHITE METAL LANTERN,6,2010-12-01 08:26:00,3.39,17850,United Kingdom
536367,84879,ASSORTED COLOUR BIRD ORNAMENT,32,2010-12-01 08:34:00,1.69,13047,United Kingdom
536370,22728,ALARM CLOCK BAKELIKE PINK,24,2010-12-01 08:45:00,3.75,12583,France
536370,POST,POSTAGE,3,2010-12-01 08:45:00,18.00,12583,France
536544,21773,DECORATIVE ROSE BATHROOM BOTTLE,1,2010-12-01 14:32:00,2.51,,United Kingdom
536414,22139,,56,2010-12-01 11:52:00,0.00,,United Kingdom
536996,22712,,-20,2010-12-01 15:30:00,0.00,,United Kingdom
536779,BANK CHARGES,Bank Charges,1,2010-12-01 15:08:00,15.00,15823,United Kingdom
C536379,71053,WHITE METAL LANTERN,-2,2010-12-01 09:41:00,3.39,17850,United Kingdom
"""
#: Net of each class, by hand from the rows above.
NET = {"sale": "256.57", "credit": "-6.78", "free_goods": "0.00", "stock_adjustment": "0.00", "cost": "15.00"}


def test_the_demo_ends_in_figures_that_agree_and_can_be_checked_afterwards(tmp_path: Path) -> None:
    orders = tmp_path / "orders.csv"
    orders.write_text(ORDERS)
    home = tmp_path / "demo"
    command = [sys.executable, "-m", "fbinfor_assets.cli", "demo", "--json", "--orders", str(orders)]
    days = ["--from", "2010-12-01", "--to", "2010-12-01", "--home", str(home)]
    done = subprocess.run(
        [*command, *days], capture_output=True, text=True, cwd=ROOT, env=os.environ, timeout=280, check=False
    )
    summary = json.loads((home / "summary.json").read_text())
    assert done.returncode == 0, (summary["checks"]["failed"], done.stderr[-2000:])
    assert json.loads(done.stdout)["ok"] is True

    # Each document in exactly one class; the classes add up to the file.
    assert {name: Decimal(row["net"]) for name, row in summary["documents"].items()} == {
        name: Decimal(net) for name, net in NET.items()
    }
    assert sum(row["count"] for row in summary["documents"].values()) == len(
        {line.split(",")[0] for line in ORDERS.splitlines()[1:]}
    )
    assert set(summary["documents"]) == set(CLASSES)

    assert {amount for pair in summary["differences"].values() for amount in pair.values()} == {"0.00"}
    assert summary["second_cycle_writes"] == 0
    assert summary["checks"]["failed"] == []

    # The state that it left behind says the same: M3's ledger balances, and revenue is what was invoiced.
    supervisor = Supervisor(tmp_path / "logs")
    try:
        line = start_sandbox(supervisor, home / "sandbox")
        balance = httpx.get(f"{line['infor']['control_url']}/trial-balance", trust_env=False).json()
        assert balance["debit"] == balance["credit"]
        revenue = -sum(
            Decimal(row["balance"]) for row in balance["accounts"] if row["account"].startswith("30")
        )
        assert summary["explained"] == []
        # Free goods left the warehouse by an order of their own, worth nothing; FreshBooks knows nothing of them.
        orders = httpx.get(f"{line['infor']['control_url']}/state?table=OOHEAD", trust_env=False).json()[
            "rows"
        ]
        (free,) = [order for order in orders if order["PYRE"] == "SHOP-536414"]
        assert [(one["ITNO"], one["DLQT"], one["SAPR"]) for one in free["lines"]] == [("22139", "56", "0")]
        invoices = httpx.get(
            f"{line['freshbooks']['control_url']}/state?table=invoice", trust_env=False
        ).json()
        assert "536414" not in {row["invoice_number"] for row in invoices["rows"]}
        assert revenue == Decimal(NET["sale"]) + Decimal(NET["credit"])
    finally:
        supervisor.stop()
