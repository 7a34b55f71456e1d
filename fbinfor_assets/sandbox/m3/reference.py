"""CRS045MI, CRS055MI, CRS165MI, MMS030MI: countries, exchange rates, number series, names of items.

Belongs here: the small tables that other records refer to.
Does not belong here: the enterprise itself (`organisation.py`), business records.
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from fbinfor_assets.sandbox.m3.catalogue import countries
from fbinfor_assets.sandbox.m3.mi import Nok
from fbinfor_assets.sandbox.m3.world import COMPANY, CURRENCY, DIVISION, Call, Row, transaction

# --------------------------------------------------------------------------------------- countries


def _country(code: str, name: str) -> Row:
    return {
        **{"CONO": COMPANY, "CSCD": code, "TX40": name[:40], "TX15": name[:15], "IISO": code},
        **{"CUCD": CURRENCY, "SEPB": "0"},
    }


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


@transaction("CRS045MI", "LstCountry")
def list_countries_between(call: Call) -> list[Row]:
    """Countries FRCD to TOCD; none has changed since any LMTS but 0."""
    if Decimal(call.text("LMTS", "0")):
        return []
    first, last = call.text("FRCD").upper(), call.text("TOCD", "\uffff").upper()
    return [_country(code, name) for code, name in countries().items() if first <= code <= last]


@transaction("CRS045MI", "LstCountryArea")
def list_areas(call: Call) -> list[Row]:
    """States of a country (ECAR): the simulated tenant keeps none."""
    return []


# ---------------------------------------------------------------------------------- exchange rates

# Made up, to have something to read: (valid from, currency) -> local currency for one unit, rate type 1.
_RATES = {
    ("20200101", "EUR"): "0.855000",
    ("20200101", "SEK"): "0.079000",
    ("20200101", "USD"): "0.780000",
    ("20260101", "EUR"): "0.872500",
    ("20260101", "SEK"): "0.078100",
    ("20260101", "USD"): "0.741200",
}


@transaction("CRS055MI", "SelExchangeRate")
def select_exchange_rates(call: Call) -> Iterator[Row]:
    """The rates valid on CUTD, currencies FCUR to TCUR; none has changed since any LMTS but 0."""
    day = call.day("CUTD")
    first, last = call.text("FCUR").upper(), call.text("TCUR", "\uffff").upper()
    if Decimal(call.record["CRTP"]) != 1 or Decimal(call.text("LMTS", "0")):
        return
    if not call.text("FRDI").upper() <= DIVISION <= call.text("TODI", "\uffff").upper():
        return
    # In order of their day: a later one replaces the earlier.
    valid = {currency: (since, rate) for (since, currency), rate in _RATES.items() if since <= day}
    for currency, (since, rate) in sorted(valid.items()):
        if first <= currency <= last:
            yield {
                **{"CONO": COMPANY, "DIVI": DIVISION, "CUCD": currency, "CRTP": "1", "CUTD": since},
                **{"ARAT": rate, "LOCD": CURRENCY, "DMCU": "1", "RAFA": "1"},
            }


# ----------------------------------------------------------------------------------- number series

# (NBTY, NBID) -> (series of the state, first number, how a number is written). Type T gives batch orders
# (infor-api 2.6), type 9 series A gives items (a public user manual); other types exist in no evidence.
_SERIES = {
    ("9", "A"): ("ITNO", 1, "I{:07d}"),
    ("T", "A"): ("ORNO batch", 1, "T{:09d}"),
}


@transaction("CRS165MI", "RtvNextNumber")
def retrieve_next_number(call: Call) -> list[Row]:
    """Take the next number of a series: whoever adds an item without a number afterwards gets the one after."""
    known = _SERIES.get((call.record["NBTY"].upper(), call.record["NBID"].upper()))
    if known is None:
        raise Nok("XRE0103", "NBTY")
    series, first, form = known
    number = form.format(call.world.state.next_number(series, first))
    call.wrote("number", number)
    return [{"NBNR": number}]


# ----------------------------------------------------------------------------------- names of items

_LANGUAGE = "GB"  # names in other languages are kept in no simulated table


def _name(row: Row) -> Row:
    own = ("ITNO", "ITDS", "RGDT", "RGTM", "LMDT", "LMTS")
    kept = {name: row[name] for name in own if name in row}
    return {**kept, "FUDS": row.get("FUDS", ""), "LNCD": _LANGUAGE, "CHID": row["RESP"]}


@transaction("MMS030MI", "Get")
def get_item_name(call: Call) -> list[Row]:
    row = call.world.state.get("MITMAS", call.record["ITNO"].upper())
    if row is None or call.record["LNCD"].upper() != _LANGUAGE:
        raise Nok("XRE0103", "ITNO" if row is None else "LNCD")
    return [_name(row)]


@transaction("MMS030MI", "List")
def list_item_names(call: Call) -> Iterator[Row]:
    """Names of items from ITNO on."""
    table = call.world.state.tables("MITMAS")
    numbers = call.world.sorted["MITMAS"].start(call.text("ITNO").upper())
    return (_name(table[number]) for number in numbers if number in table)
