"""GENERAL and CRS045MI: the server's clock and the country table.

Belongs here: reference data and what any MI program answers.
Does not belong here: business records.
"""

from __future__ import annotations

from fbinfor_assets.sandbox.m3.catalogue import countries
from fbinfor_assets.sandbox.m3.mi import Nok
from fbinfor_assets.sandbox.m3.world import CURRENCY, Call, Row, transaction


@transaction("GENERAL", "GetServerTime")
def get_server_time(call: Call) -> list[Row]:
    """DATE, TIME (UTC here) and LMTS in epoch milliseconds, never behind a stamp already given (infor-api
    2.5)."""
    now = call.world.now()
    stamp = max(int(now.timestamp() * 1000), call.world.state.meta.get("stamp", 0))
    return [{"DATE": now.strftime("%Y%m%d"), "TIME": now.strftime("%H%M%S"), "LMTS": stamp}]


def _country(code: str, name: str) -> Row:
    return {"CONO": "100", "CSCD": code, "TX40": name[:40], "TX15": name[:15], "IISO": code, "CUCD": CURRENCY}


@transaction("CRS045MI", "GetBasicData")
def get_country(call: Call) -> list[Row]:
    code = call.record["CSCD"].upper()
    if code not in countries():
        raise Nok("XRE0103", "CSCD")
    return [_country(code, countries()[code])]


@transaction("CRS045MI", "LstByCode")
def list_countries(call: Call) -> list[Row]:
    """Countries from CSCD on."""
    return [_country(code, name) for code, name in countries().items() if code >= call.text("CSCD").upper()]
