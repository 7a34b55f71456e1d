"""M3 transactions over m3api-rest v2: one, many, a long list, the server's clock.

Belongs here: the envelopes of infor-api 2.1 to 2.3 and which transactions only read.
Does not belong here: EXPORTMI's own language (`export.py`), tokens (`gateway.py`), which record to write (`delivery`).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import httpx

from fbinfor_assets.clients.auth import TokenStore
from fbinfor_assets.clients.errors import Call, ClientError, InDoubt, NotFound, ParseError, ServerError
from fbinfor_assets.clients.infor.export import Condition, Export
from fbinfor_assets.clients.infor.faults import error_of
from fbinfor_assets.clients.infor.gateway import InforGateway
from fbinfor_assets.clients.infor.settings import ExportSettings, InforSettings
from fbinfor_assets.clients.retry import RetryPolicy
from fbinfor_assets.clients.wire import Answer

EXECUTE = "/M3/m3api-rest/v2/execute"
Record = dict[str, str]
Value = str | int | Decimal

_READS = ("Get", "Lst", "Sel", "Search")
# In this order a record is named in messages by the first field it has.
_KEYS = ("PYRE", "ORNO", "CUNO", "ITNO", "PBID", "CINO", "IVNO", "DLIX")


@dataclass(frozen=True, slots=True)
class M3Result:
    """What became of one transaction: its `records` (also before a partial failure), its `error` if any.

    `not_processed`: M3 did not execute it; it may be sent again as it is. `ok`: executed without an error.
    """

    transaction: str
    records: list[Record] = field(default_factory=list)
    error: ClientError | None = None
    not_processed: bool = False

    @property
    def ok(self) -> bool:
        """Executed, and without an error."""
        return self.error is None and not self.not_processed


def is_read(program: str, transaction: str) -> bool:
    """Whether a transaction only reads, by its name (infor-api 2.6): Get, Lst, Sel, Search and EXPORTMI's Select."""
    return transaction.startswith(_READS)


class M3Client:
    """M3 of one company and division. Thread-safe (as its gateway); `close()` closes the gateway.

    Values of records are text without surrounding blanks; numbers have a decimal point and a leading minus. Reads
    (`is_read`) are retried; a write is sent exactly once, although it travels over GET. Of a write only `InDoubt`
    leaves open whether it was applied.
    """

    system = "infor"

    def __init__(
        self,
        gateway: InforGateway,
        company: str,
        division: str,
        *,
        bulk_limit: int = 100,
        not_found_codes: Iterable[str] = ("XRE0103",),
        export: ExportSettings | None = None,
    ) -> None:
        self.gateway = gateway
        self.company = company
        self.division = division
        self.bulk_limit = bulk_limit
        self.export_settings = export or ExportSettings()
        self._not_found = frozenset(not_found_codes)

    @classmethod
    def from_settings(
        cls,
        settings: InforSettings,
        transport: httpx.BaseTransport | None = None,
        token_store: TokenStore | None = None,
        *,
        retry: RetryPolicy | None = None,
    ) -> M3Client:
        """Gateway and client of one connection."""
        gateway = InforGateway(
            settings.ionapi,
            transport=transport,
            token_store=token_store,
            lock_path=settings.token_lock,
            timeout_seconds=settings.timeout_seconds,
            retry=retry,
        )
        return cls(
            gateway,
            settings.company,
            settings.division,
            bulk_limit=settings.bulk_limit,
            not_found_codes=settings.not_found_codes,
            export=settings.export,
        )

    def __enter__(self) -> M3Client:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the gateway's connections."""
        self.gateway.close()

    def execute(
        self,
        program: str,
        transaction: str,
        record: Mapping[str, Value | None] | None = None,
        *,
        maxrecs: int = 0,
        returncols: Sequence[str] = (),
    ) -> list[Record]:
        """The records of one transaction (GET); `maxrecs` 0 is all, `record` values of None are left out.

        Raises the transaction's error: `NotFound` for XRE0103, `ValidationError` and others for a refusal. If a list
        broke off half-way, what came before is in the error's `partial_records`.
        """
        values = _values(record)
        call = self._call(program, transaction, values)
        query = [("cono", self.company)]
        if self.division:
            query.append(("divi", self.division))
        query += [
            ("maxrecs", str(maxrecs)),
            ("dateformat", "YMD8"),
            ("excludeempty", "false"),
            ("righttrim", "true"),
        ]
        query += [("format", "UNFORMATTED"), ("extendedresult", "false")]
        if returncols:
            query.append(("returncols", ",".join(returncols)))
        answer = self.gateway.send(
            call, "GET", f"{EXECUTE}/{program}/{transaction}", query=[*query, *values.items()]
        )
        result = self._results(answer, [(transaction, call)])[0]
        if result.error is not None:
            raise result.error
        if result.not_processed:
            raise call.error(ServerError, "M3 stopped before executing it", transient=not call.writes)
        return result.records

    def get(
        self,
        program: str,
        transaction: str,
        record: Mapping[str, Value | None],
        *,
        returncols: Sequence[str] = (),
    ) -> Record | None:
        """The one record of a Get transaction, None if M3 has none."""
        try:
            records = self.execute(program, transaction, record, maxrecs=1, returncols=returncols)
        except NotFound:
            return None
        return records[0] if records else None

    def list(
        self,
        program: str,
        transaction: str,
        record: Mapping[str, Value | None] | None = None,
        *,
        maxrecs: int = 0,
        returncols: Sequence[str] = (),
    ) -> list[Record]:
        """All records of a list transaction; [] where M3 answers that there are none (XRE0103)."""
        try:
            return self.execute(program, transaction, record, maxrecs=maxrecs, returncols=returncols)
        except NotFound as error:
            if error.partial_records:
                raise
            return []

    def bulk(
        self,
        program: str,
        transactions: Iterable[tuple[str, Mapping[str, Value | None]]],
        *,
        returncols: Sequence[str] = (),
    ) -> list[M3Result]:
        """One result per transaction, in their order; sent in chunks of at most `bulk_limit` (100) of one program.

        Not atomic: each result is to be looked at. If sending breaks off in the first chunk the error is raised. In a
        later chunk it becomes the `error` of that chunk's results (all `InDoubt` if they may have been applied, else
        also `not_processed`), and what follows is `not_processed`.
        """
        todo = [(transaction, _values(record)) for transaction, record in transactions]
        results: list[M3Result] = []
        for start in range(0, len(todo), self.bulk_limit):
            chunk = todo[start : start + self.bulk_limit]
            try:
                results += self._chunk(program, chunk, returncols)
            except ClientError as error:
                if start == 0:
                    raise
                known = not isinstance(error, InDoubt)
                results += [M3Result(name, error=error, not_processed=known) for name, _ in chunk]
                results += [M3Result(name, not_processed=True) for name, _ in todo[start + len(chunk) :]]
                break
        return results

    def walk(
        self,
        program: str,
        transaction: str,
        start_field: str,
        *,
        key_field: str | None = None,
        record: Mapping[str, Value | None] | None = None,
        page: int = 1000,
        returncols: Sequence[str] = (),
    ) -> Iterator[Record]:
        """A long list in pages: each call starts *from* the last key seen (CRS610MI LstByNumber from CUNO, MMS200MI
        SelItem from FRIT with `key_field` ITNO), asks one row more than the page and drops the overlap.

        The key must be unique in the list. Keeps memory flat and each call well below the gateway's 60 s. Raises `ParseError` if the list does not move on.
        """
        key_field = key_field or start_field
        last: str | None = None
        seen_at_last: set[str] = set()
        while True:
            start = {} if last is None else {start_field: last}
            rows = self.list(
                program, transaction, {**(record or {}), **start}, maxrecs=page + 1, returncols=returncols
            )
            fresh = [row for row in rows if row.get(key_field) not in seen_at_last]
            yield from fresh
            if len(rows) <= page:
                return
            if not fresh or not rows[-1].get(key_field):
                raise self._call(program, transaction, {start_field: last or ""}).error(
                    ParseError, f"the list does not go on from {start_field} {last!r}"
                )
            last = rows[-1][key_field]
            seen_at_last = {row[key_field] for row in rows}

    def export(
        self,
        table: str,
        columns: Sequence[str],
        *,
        order_by: Sequence[str],
        where: Sequence[Condition] = (),
        page: int | None = None,
    ) -> Iterator[Record]:
        """Rows of a table through EXPORTMI Select as dicts of trimmed text, in the order of `order_by`, page by page.

        `order_by` must be a unique key of the rows and part of `columns`; `where` is a conjunction of
        `(column, operator, value)` with `= <> > >= < <=`. See `Export` for the guarantees and the errors.
        """
        return Export(
            self.execute,
            self.export_settings,
            company=self.company,
            table=table,
            columns=columns,
            where=where,
            order_by=order_by,
            page=page,
        ).rows()

    def server_time(self) -> tuple[datetime, int]:
        """M3's clock as (UTC datetime, LMTS in epoch milliseconds): the watermark to take before a pull (infor-api 2.7)."""
        call = self._call("GENERAL", "GetServerTime", {})
        records = self.execute("GENERAL", "GetServerTime")
        stamp = records[0].get("LMTS", "") if records else ""
        try:
            lmts = int(stamp)
            moment = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=lmts)
        except (ValueError, OverflowError):
            raise call.error(ParseError, f"LMTS is {stamp!r}, not epoch milliseconds") from None
        return moment, lmts

    def _call(self, program: str, transaction: str, values: Mapping[str, str]) -> Call:
        named = next((f"{key} {values[key]}" for key in _KEYS if values.get(key)), None)
        return Call(self.system, f"{program} {transaction}", named, writes=not is_read(program, transaction))

    def _chunk(
        self, program: str, chunk: Sequence[tuple[str, Record]], returncols: Sequence[str]
    ) -> list[M3Result]:
        calls = [(name, self._call(program, name, record)) for name, record in chunk]
        writes = any(call.writes for _, call in calls)
        whole = Call(self.system, f"{program} bulk of {len(chunk)}", calls[0][1].record, writes=writes)
        body: dict[str, Any] = {"program": program, "cono": int(self.company)}
        if self.division:
            body["divi"] = self.division
        body |= {"excludeEmptyValues": False, "rightTrim": True, "maxReturnedRecords": 0}
        # `transactions` must come last: the server reads the document as a stream (infor-api 2.2).
        body["transactions"] = [
            {"transaction": name, "record": record}
            | ({"selectedColumns": [*returncols]} if returncols else {})
            for name, record in chunk
        ]
        return self._results(self.gateway.send(whole, "POST", EXECUTE, body=body), calls)

    def _results(self, answer: Answer, calls: Sequence[tuple[str, Call]]) -> list[M3Result]:
        """One M3Result per call. Counters and empty members may be missing (infor-api 2.3), so none is relied on."""
        body = answer.body if isinstance(answer.body, dict) else {}
        raw = body.get("results")
        if not isinstance(raw, list) or len(raw) > len(calls):
            count = len(raw) if isinstance(raw, list) else "no"
            problem = f"M3's answer has {count} results for {len(calls)} transactions"
            lost = next((call for _, call in calls if call.writes), None)
            if lost is not None:
                raise lost.error(InDoubt, problem + "; they were probably applied", status=answer.status)
            raise calls[0][1].error(ParseError, problem, status=answer.status)
        results = [self._result(item, *of) for item, of in zip(raw, calls, strict=False)]
        for name, call in calls[len(raw) :]:
            if body.get("wasTerminated") is True:
                results.append(M3Result(name, not_processed=True))
            else:
                kind = InDoubt if call.writes else ParseError
                results.append(M3Result(name, error=call.error(kind, "M3's answer has no result for it")))
        return results

    def _result(self, item: Any, name: str, call: Call) -> M3Result:
        if not isinstance(item, dict):
            kind = InDoubt if call.writes else ParseError
            return M3Result(name, error=call.error(kind, "M3's result is not an object"))
        rows = item.get("records")
        records = [_trimmed(row) for row in rows if isinstance(row, dict)] if isinstance(rows, list) else []
        error = error_of(call, item, self._not_found)
        if error is not None:
            error.partial_records = records
        return M3Result(name, records, error, item.get("notProcessed") is True)


def _trimmed(row: Mapping[str, Any]) -> Record:
    return {str(key): "" if value is None else str(value).strip() for key, value in row.items()}


def _values(record: Mapping[str, Value | None] | None) -> Record:
    values: Record = {}
    for key, value in (record or {}).items():
        if value is None:
            continue
        if isinstance(value, float | bool) or not isinstance(value, str | int | Decimal):
            raise TypeError(f"{key} is {value!r}: M3 takes text, whole numbers and Decimal")
        values[key] = format(value, "f") if isinstance(value, Decimal) else str(value)
    return values
