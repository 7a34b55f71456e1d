"""GENERAL and MNS150MI: the server, its messages, the users.

Belongs here: what any MI program answers, and who somebody is.
Does not belong here: companies and divisions (`organisation.py`), business records, rights (every user may do all).
"""

from __future__ import annotations

from fbinfor_assets.sandbox.m3.mi import MESSAGES, Nok
from fbinfor_assets.sandbox.m3.texts import translated
from fbinfor_assets.sandbox.m3.world import (
    COMPANY,
    COMPANY_NAME,
    DIVISION,
    FACILITY,
    TENANT,
    USER,
    USERS,
    WAREHOUSE,
    Call,
    Row,
    transaction,
)

LANGUAGE, TIME_ZONE, DATE_FORMAT, DECIMAL_POINT = "GB", "UTC", "YMD", "."
# Headings of the fields that the message ids of infor-api 2.8 speak of (W<field><nn>): MS15 -> heading.
_HEADINGS = {
    "WCU02": "Customer number",
    "WCS01": "Country",
    "WDL02": "Delivery number",
    "WFAC3": "Facility",
    "WIT01": "Item number",
    "WOR03": "Customer order number",
    "WPO03": "Order line number",
    "WPU08": "Purchase order number",
    "WST03": "Status",
    "WSU01": "Supplier number",
    "WTT04": "Order type",
    "WWH01": "Warehouse",
}


def _caller(call: Call) -> str:
    return (call.options.m3user or USER).upper()


@transaction("GENERAL", "GetServerTime")
def get_server_time(call: Call) -> list[Row]:
    """DATE, TIME (UTC here) and LMTS in epoch milliseconds, never behind a stamp already given (infor-api
    2.5)."""
    now = call.world.now()
    stamp = max(int(now.timestamp() * 1000), call.world.state.meta.get("stamp", 0))
    return [{"DATE": now.strftime("%Y%m%d"), "TIME": now.strftime("%H%M%S"), "LMTS": stamp}]


@transaction("GENERAL", "ServerTimeZone")
def get_server_time_zone(call: Call) -> list[Row]:
    now = call.world.now().isoformat(timespec="seconds")
    return [{"TMTZ": now, "UTCT": now}]


@transaction("GENERAL", "GetCurrentUser")
def get_current_user(call: Call) -> list[Row]:
    return [{"TEID": TENANT, "USER": _caller(call), "PRUS": f"{TENANT.lower()}#{_caller(call).lower()}"}]


@transaction("GENERAL", "GetUserInfo")
def get_user_info(call: Call) -> list[Row]:
    return [
        {
            "ZZUSID": _caller(call),
            "ZDCONO": COMPANY,
            "ZDDIVI": DIVISION,
            "ZDFACI": FACILITY,
            "ZZWHLO": WAREHOUSE,
            "ZDREPF": "0",
            "ZDLANC": call.options.lanc or LANGUAGE,
            "ZDDTFM": DATE_FORMAT,
            "TSEP": ":",
            "TIZO": TIME_ZONE,
            "USFN": USERS.get(_caller(call), ""),
        }
    ]


@transaction("GENERAL", "GetMessageText")
def get_message_text(call: Call) -> list[Row]:
    """A message in LNCD (else the call's language), PARM in place of its first value."""
    code = call.record["MSID"].upper()
    if code not in MESSAGES:
        raise Nok("XRE0103", "MSID")
    text = translated(code, call.text("LNCD", call.options.lanc)) or MESSAGES[code]
    return [{"MSGT": text.replace("&1", call.text("PARM", "&1"))}]


@transaction("GENERAL", "GetFieldHeading")
def get_field_heading(call: Call) -> list[Row]:
    heading = _HEADINGS.get(call.record["MS15"].upper())
    if heading is None:
        raise Nok("XRE0103", "MS15")
    return [{"TX40": heading}]


@transaction("GENERAL", "GetFixLevel")
def get_fix_level(call: Call) -> list[Row]:
    """SLVL 0: no correction of the vendor is installed in a simulator."""
    return [{"SLVL": "0"}]


@transaction("GENERAL", "GetMIBuild")
def get_mi_build(call: Call) -> list[Row]:
    return [{"VERS": "16", "PTFS": "0", "MBLD": "sandbox", "SYID": "M3BE", "PGNM": "GENERAL"}]


@transaction("GENERAL", "FpwVersion")
def get_protocol_version(call: Call) -> list[Row]:
    return [{"VER": "2.0.0"}]


@transaction("MNS150MI", "GetUserData")
def get_user_data(call: Call) -> list[Row]:
    """A user by USID, the caller without one. Raises Nok XRE0103."""
    user = call.text("USID", _caller(call)).upper()
    if user not in USERS:
        raise Nok("XRE0103", "USID")
    return [
        {
            **{"CONO": COMPANY, "DIVI": DIVISION, "LANC": LANGUAGE, "DTFM": DATE_FORMAT},
            **{"DCFM": DECIMAL_POINT, "TIZO": TIME_ZONE, "FACI": FACILITY, "WHLO": WAREHOUSE},
            **{"TX40": COMPANY_NAME, "CONM": COMPANY_NAME, "USID": user, "NAME": USERS[user]},
            **{"USTA": "20", "EUID": f"{user.lower()}@example.com", "CHNO": "1", "CHN2": "1"},
        }
    ]


@transaction("MNS150MI", "LstCmpDivi")
def list_companies_of_user(call: Call) -> list[Row]:
    if call.record["USID"].upper() not in USERS:
        raise Nok("XRE0103", "USID")
    return [{"CONO": COMPANY, "DIVI": DIVISION, "TX40": COMPANY_NAME, "CONM": COMPANY_NAME}]
