"""Paths of the accounting family that stand below a document or beside the lists: share link, PDF, presentations.

Belongs here: GET invoices/presentations, {document}/share_link, {document}/pdf.
Does not belong here: the documents themselves (`invoices`, `estimates`), the file format (`pdf`).

Facts (freshbooks-api 4, 7.2, and the vendor's published captures): the default presentation answers under
`presentation`; a share link needs share_method=share_link and an invoice that was sent, 422/8034 else; its address is
of the kind ".../#/link/<token>?type=secondary&share_method=share_link", and resourceid is a text.
Assumed: estimates have both as well; the words on the PDF.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from fbinfor_assets.sandbox.freshbooks import lines, pdf
from fbinfor_assets.sandbox.freshbooks.account import Account
from fbinfor_assets.sandbox.freshbooks.errors import FreshBooksError, invalid
from fbinfor_assets.sandbox.freshbooks.extras import PRESENTATION
from fbinfor_assets.sandbox.freshbooks.resource import Resource
from fbinfor_assets.sandbox.kernel import json_response, secret
from fbinfor_assets.sandbox.state import Row

DRAFT = 1

METHODS = ("share_link",)


def routes(account: Account, entered: Callable[[Request, str, str], None]) -> list[Route]:
    """These paths; they must come before those that take any word for an id.

    `entered` (request, object of the scope, method) refuses who may not come in.
    """
    world = account.world

    async def presentations(request: Request) -> Response:
        entered(request, account.invoices.scope, "GET")
        style = {**PRESENTATION, **world.state.meta.get("presentation", {})}
        return json_response({"response": {"result": {"presentation": style}}})

    def below(resource: Resource) -> list[Route]:
        async def share_link(request: Request) -> Response:
            entered(request, resource.scope, "GET")
            row = resource.get(request.path_params["id"])
            link = _share_link(resource, row, request.query_params.get("share_method"), str(request.base_url))
            return json_response({"response": {"result": {"share_link": link}}})

        async def as_pdf(request: Request) -> Response:
            entered(request, resource.scope, "GET")
            row = resource.get(request.path_params["id"])
            name = f"{resource.title}-{row[number_of(resource)]}.pdf".replace('"', "").encode(
                "ascii", "replace"
            )
            headers = {"Content-Disposition": f'attachment; filename="{name.decode()}"'}
            content = pdf.render(_words(resource, row, world.business_name))
            return Response(content, headers=headers, media_type="application/pdf")

        path = f"/accounting/account/{{account}}/{resource.path}/{{id}}"
        return [Route(path + "/share_link", share_link), Route(path + "/pdf", as_pdf)]

    return [
        Route("/accounting/account/{account}/invoices/presentations", presentations),
        *below(account.invoices),
        *below(account.estimates),
    ]


def number_of(resource: Resource) -> str:
    """The name of the field that holds a document's number."""
    return f"{resource.single}_number"


def _share_link(resource: Resource, row: Row, method: str | None, base_url: str) -> dict[str, Any]:
    if method not in METHODS:
        raise invalid(resource.single, "share_method", method)
    if row["status"] == DRAFT:
        message = f"Cannot create share link because the {resource.single} was not marked as sent"
        raise FreshBooksError(422, 8034, message, resource.single, resource.id_field, row["id"])
    token = secret(resource.world.seed, "share link", resource.single, str(row["id"]), length=160)
    return {
        "clientid": row["customerid"],
        "resource_type": resource.single,
        "resourceid": str(row["id"]),
        "share_link": f"{base_url}#/link/{token}?type=secondary&share_method={method}",
        "share_method": method,
    }


def _words(resource: Resource, row: Row, business_name: str) -> Iterator[str]:
    code = row["currency_code"]
    yield business_name
    yield f"{resource.title} {row[number_of(resource)]}    {row['create_date']}"
    yield row["organization"] or f"{row['fname']} {row['lname']}"
    yield ""
    for line in lines.unpack(row["lines"]):
        name = " ".join(part for part in (line.get("name"), line.get("description")) if part)
        yield f"{line['qty']} x {line['unit_cost']}    {line['amount']} {code}    {name}"
    yield ""
    if Decimal(row["discount_total"]):
        yield f"Discount {row['discount_total']} {code}"
    yield f"Subtotal {row['net']} {code}"
    yield f"Tax {row['tax']} {code}"
    yield f"Total {row['amount']} {code}"
