"""What m3api-rest answers: the bodies of v2 and of v1, as JSON and (v1 only) as XML.

Belongs here: envelope, results, records, errors (infor-api 2.3, 2.4).
Does not belong here: what a transaction gave (`dispatch.py`), values of single fields (`mi.py`), HTTP.

v1 shapes rest on m3-odin, on bodies of KB 2159861 and on bodies recorded from a tenant in 2026 (a write answers
one record without values; a NOK carries `@cfg` of two blanks). Its XML is what the JSON's `@` names come from.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from xml.sax.saxutils import escape, quoteattr

from fbinfor_assets.sandbox.m3.catalogue import Transaction, description
from fbinfor_assets.sandbox.m3.mi import NOT_OK, Nok, Options, Record

NAMESPACE = "http://lawson.com/m3/miaccess"
_NO_CONFIGURATION = "  "


@dataclass(slots=True)
class Outcome:
    """What one transaction came to: its records, and what it was refused for (a list can break off half-way).

    `transaction` is None when there is none of that name; `position` is where a cut list goes on.
    """

    program: str
    name: str
    sent: Mapping[str, str]
    options: Options
    transaction: Transaction | None
    records: list[Record]
    nok: Nok | None = None
    not_processed: bool = False
    position: str = ""


# -------------------------------------------------------------------------------------------- v2


def result(outcome: Outcome, switches: Mapping[str, Any]) -> dict[str, Any]:
    """One entry of `results` (infor-api 2.3); the error attributes are there only on failure."""
    entry: dict[str, Any] = {"transaction": outcome.name}
    if outcome.options.extendedresult:
        entry["parameters"] = dict(outcome.sent)
    nok = outcome.nok
    if nok is not None:
        padded = switches["nok_text"] == "padded"
        entry["errorMessage"] = nok.message(outcome.options.lanc, padded=padded)
        entry["errorType"] = nok.kind
        if nok.kind == NOT_OK:
            entry["errorCfg"] = _NO_CONFIGURATION
        entry |= {key: value for key, value in (("errorCode", nok.code), ("errorField", nok.field)) if value}
    entry["notProcessed"] = outcome.not_processed
    if outcome.position:
        entry["positionKey"] = outcome.position
    if (nok is None and not outcome.not_processed) or switches["error_records"] == "empty":
        entry["records"] = outcome.records
    return entry


def envelope(
    results: list[dict[str, Any]], *, terminated: str = "", termination_type: str = ""
) -> dict[str, Any]:
    """The body of every v2 answer, single or bulk; the counter's misspelling is the vendor's (infor-api 2.3)."""
    failed = sum("errorMessage" in entry for entry in results)
    skipped = sum(entry["notProcessed"] for entry in results)
    return {
        "results": results,
        "wasTerminated": bool(terminated),
        "terminationReason": terminated,
        "terminationErrorType": termination_type,
        "bulkJobId": "",
        "nrOfSuccessfullTransactions": len(results) - failed - skipped,
        "nrOfFailedTransactions": failed,
        "nrOfNotProcessedTransactions": skipped,
    }


# -------------------------------------------------------------------------------------------- v1


def old_answer(outcome: Outcome, switches: Mapping[str, Any]) -> dict[str, Any]:
    """The v1 body as JSON: Program, Transaction, Metadata and MIRecord, or the bare error."""
    error = None if outcome.nok is None else _old_error(outcome.nok, outcome.options, switches)
    if error is not None and not outcome.records:
        return error
    answer: dict[str, Any] = {
        "Program": outcome.program,
        "Transaction": outcome.name,
        "Metadata": {"Field": _fields(outcome, switches)},
        "MIRecord": _old_records(outcome),
    }
    if error is not None:
        answer["ErrorMessage"] = error
    return answer


def _old_error(nok: Nok, options: Options, switches: Mapping[str, Any]) -> dict[str, Any]:
    from_m3 = nok.kind == NOT_OK
    return {
        "@type": nok.kind,
        "@code": nok.code or None,
        "@cfg": _NO_CONFIGURATION if from_m3 else None,
        "@field": nok.field if from_m3 else nok.field or None,
        "Message": nok.message(options.lanc, padded=switches["nok_text"] == "padded"),
    }


def _fields(outcome: Outcome, switches: Mapping[str, Any]) -> list[dict[str, Any]] | dict[str, Any]:
    wanted = outcome.options.metadata
    if wanted is None:
        wanted = switches["v1_metadata"] == "always"
    fields = list(_described(outcome)) if wanted else []
    if len(fields) == 1 and switches["v1_single_field"] == "object":
        return fields[0]
    return fields


def _described(outcome: Outcome) -> Iterable[dict[str, Any]]:
    transaction = outcome.transaction
    assert transaction is not None
    chosen = [c for c in outcome.options.returncols if c in transaction.outputs] or transaction.outputs
    for name in chosen:
        yield {
            "@name": name,
            "@type": transaction.kinds[name],
            "@length": transaction.outputs[name],
            "@description": description(transaction.program, transaction.name, name),
        }


def _old_records(outcome: Outcome) -> list[dict[str, Any]] | None:
    assert outcome.transaction is not None
    if not outcome.records:
        # A write without output answers one record without values, a list without rows none at all.
        return None if outcome.transaction.reads else [{"RowIndex": 0, "NameValue": []}]
    return [
        {
            "RowIndex": number,
            "NameValue": [{"Name": name, "Value": value} for name, value in record.items()],
        }
        for number, record in enumerate(outcome.records)
    ]


def old_answer_xml(answer: Mapping[str, Any]) -> str:
    """The same v1 body as XML, for a caller that does not ask for JSON."""
    head = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
    if "Program" not in answer:
        return head + _error_xml(answer, f" xmlns={quoteattr(NAMESPACE)}")
    fields = answer["Metadata"]["Field"]
    parts = [
        f"<Program>{escape(answer['Program'])}</Program>",
        f"<Transaction>{escape(answer['Transaction'])}</Transaction>",
        "<Metadata>",
        *(f"<Field{_attributes(field)}/>" for field in ([fields] if isinstance(fields, dict) else fields)),
        "</Metadata>",
        *(_record_xml(record) for record in answer["MIRecord"] or ()),
    ]
    if "ErrorMessage" in answer:
        parts.append(_error_xml(answer["ErrorMessage"]))
    return f"{head}<miResult xmlns={quoteattr(NAMESPACE)}>{''.join(parts)}</miResult>"


def _record_xml(record: Mapping[str, Any]) -> str:
    values = "".join(
        f"<NameValue><Name>{pair['Name']}</Name><Value>{escape(pair['Value'])}</Value></NameValue>"
        for pair in record["NameValue"]
    )
    return f"<MIRecord><RowIndex>{record['RowIndex']}</RowIndex>{values}</MIRecord>"


def _error_xml(error: Mapping[str, Any], namespace: str = "") -> str:
    message = f"<Message>{escape(error['Message'])}</Message>"
    return f"<ErrorMessage{namespace}{_attributes(error)}>{message}</ErrorMessage>"


def _attributes(values: Mapping[str, Any]) -> str:
    return "".join(
        f" {name[1:]}={quoteattr(str(value))}"
        for name, value in values.items()
        if name.startswith("@") and value is not None
    )
