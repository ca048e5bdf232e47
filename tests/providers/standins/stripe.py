"""Stripe as its public documentation describes it: Checkout sessions, refunds, balance transactions, signed events."""

import hashlib
import hmac
import json
import re
from dataclasses import dataclass, field
from urllib.parse import parse_qsl

import httpx

PAID_AT = 1_795_329_005


@dataclass
class StripeStandin:
    api_key: str = "sk_test_51StandIn"
    webhook_secret: str = "whsec_standin"
    account: str = "acct_1StandIn"
    sessions: dict[str, dict] = field(default_factory=dict)
    intents: dict[str, dict] = field(default_factory=dict)
    refunds: dict[str, dict] = field(default_factory=dict)
    moves: list[dict] = field(default_factory=list)
    asked: list[httpx.Request] = field(default_factory=list)
    once: dict[str, tuple[dict, httpx.Response]] = field(default_factory=dict)
    answers: dict[str, httpx.Response] = field(default_factory=dict)  # path -> what to answer instead
    page: int = 100

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(request)
        if request.headers.get("authorization") != f"Bearer {self.api_key}":
            return error(401, "", "Invalid API Key provided: sk_test_*****", kind="invalid_request_error")
        if request.url.path in self.answers:
            return self.answers[request.url.path]
        form = dict(parse_qsl(request.content.decode(), strict_parsing=bool(request.content)))
        key = request.headers.get("idempotency-key", "")
        if key in self.once:
            before, answer = self.once[key]
            if before != form:
                return error(
                    400, "idempotency_error", "Keys for idempotent requests can only be used with the same parameters"
                )
            return httpx.Response(answer.status_code, content=answer.content)
        answer = self.obey(request, form)
        if key:
            self.once[key] = form, answer
        return answer

    def obey(self, request: httpx.Request, form: dict) -> httpx.Response:
        path, query = request.url.path, request.url.params
        if found := re.fullmatch(r"/v1/checkout/sessions/(\w+)(/expire)?", path):
            return self.expire(found[1]) if found[2] else self.retrieve(found[1], expand="expand[]" in query)
        if request.method == "POST":
            return httpx.Response(200, json=self.create(form)) if path.endswith("sessions") else self.refund(form)
        lists = {
            "/v1/checkout/sessions": self.list_sessions,
            "/v1/payment_intents/search": self.search,
            "/v1/refunds": self.list_refunds,
            "/v1/balance_transactions": self.list_moves,
        }
        return self.paged(lists[path](query), query)

    def list_sessions(self, query: httpx.QueryParams) -> list[dict]:
        wanted = query.get("payment_intent")
        return [one for one in self.sessions.values() if wanted in {None, one["payment_intent"]}]

    def search(self, query: httpx.QueryParams) -> list[dict]:
        number = re.search(r"metadata\['order_no'\]:'(\w+)'", query["query"])
        return [one for one in self.intents.values() if number and one["metadata"]["order_no"] == number[1]]

    def list_refunds(self, query: httpx.QueryParams) -> list[dict]:
        return [one for one in self.refunds.values() if one["payment_intent"] == query["payment_intent"]]

    def list_moves(self, query: httpx.QueryParams) -> list[dict]:
        begins, ends = int(query["created[gte]"]), int(query["created[lt]"])
        return [one for one in self.moves if begins <= one["created"] < ends]

    def paged(self, found: list[dict], query: httpx.QueryParams) -> httpx.Response:
        after = query.get("starting_after")
        place = next((at + 1 for at, one in enumerate(found) if one["id"] == after), 0)
        return listed(found[place : place + self.page], has_more=len(found) > place + self.page)

    def create(self, form: dict) -> dict:
        number = f"cs_test_{len(self.sessions):024d}"
        price = "line_items[0][price_data]"
        session = {
            "id": number,
            "object": "checkout.session",
            "amount_total": int(form[f"{price}[unit_amount]"]) * int(form["line_items[0][quantity]"]),
            "client_reference_id": form["client_reference_id"],
            "currency": form[f"{price}[currency]"],
            "customer_details": None,
            "expires_at": int(form["expires_at"]),
            "livemode": False,
            "metadata": marks(form, "metadata"),
            "mode": form["mode"],
            "payment_intent": None,
            "payment_status": "unpaid",
            "status": "open",
            "url": f"https://checkout.stripe.com/c/pay/{number}",
        }
        return self.sessions.setdefault(number, session)

    def retrieve(self, number: str, *, expand: bool) -> httpx.Response:
        session = self.sessions.get(number)
        if session is None:
            return error(404, "resource_missing", "No such checkout.session")
        intent = self.intents.get(session["payment_intent"])
        return httpx.Response(200, json=session | ({"payment_intent": intent} if expand and intent else {}))

    def expire(self, number: str) -> httpx.Response:
        session = self.sessions[number]
        if session["status"] != "open":
            return error(400, "", "Only Checkout Sessions with a status in [open] can be expired.")
        session["status"] = "expired"
        return httpx.Response(200, json=session)

    def pay(self, number: str, *, payment_status: str = "paid") -> dict:
        """The payer ends the page; a payment that takes days leaves it unpaid."""
        session = self.sessions[number]
        intent = f"pi_{len(self.intents):024d}"
        charge = {
            "id": f"ch_{len(self.intents):024d}",
            "object": "charge",
            "amount": session["amount_total"],
            "amount_refunded": 0,
            "created": PAID_AT,
            "currency": session["currency"],
            "metadata": session["metadata"],
            "payment_intent": intent,
            "refunded": False,
        }
        is_paid = payment_status == "paid"
        self.intents[intent] = {
            "id": intent,
            "object": "payment_intent",
            "status": "succeeded" if is_paid else "processing",
            "metadata": session["metadata"],
            "latest_charge": charge if is_paid else None,
        }
        details = {"email": "tenant@example.org"}
        session |= {
            "status": "complete",
            "payment_status": payment_status,
            "payment_intent": intent,
            "customer_details": details,
        }
        return session

    def refund(self, form: dict) -> httpx.Response:
        charge = self.intents[form["payment_intent"]]["latest_charge"]
        charge["amount_refunded"] += int(form["amount"])
        if charge["amount_refunded"] > charge["amount"]:
            charge["amount_refunded"] -= int(form["amount"])
            return error(400, "amount_too_large", "Refund amount is greater than unrefunded amount on charge")
        charge["refunded"] = charge["amount_refunded"] == charge["amount"]
        number = f"re_{len(self.refunds):024d}"
        self.refunds[number] = {
            "id": number,
            "object": "refund",
            "amount": int(form["amount"]),
            "currency": charge["currency"],
            "metadata": marks(form, "metadata"),
            "payment_intent": form["payment_intent"],
            "reason": form["reason"],
            "status": "succeeded",
        }
        return httpx.Response(200, json=self.refunds[number])

    def move(self, kind: str, source: dict, *, amount: int, fee: int, created: int) -> dict:
        number = f"txn_{len(self.moves):024d}"
        self.moves.append(
            {
                "id": number,
                "object": "balance_transaction",
                "amount": amount,
                "fee": fee,
                "net": amount - fee,
                "currency": "cny",
                "created": created,
                "type": kind,
                "exchange_rate": 0.1379,
                "source": source,
            }
        )
        return self.moves[-1]

    def event(self, kind: str, subject: dict, **changes: object) -> bytes:
        told = {
            "id": "evt_1StandIn0000000001",
            "object": "event",
            "api_version": "2024-06-20",
            "created": PAID_AT + 1,
            "data": {"object": subject},
            "livemode": False,
            "pending_webhooks": 1,
            "request": {"id": None, "idempotency_key": None},
            "type": kind,
        } | changes
        return json.dumps(told, indent=2).encode()

    def signature(self, body: bytes, *, stamp: int, secret: str = "") -> str:
        digest = hmac.new(
            (secret or self.webhook_secret).encode(), f"{stamp}.".encode() + body, hashlib.sha256
        ).hexdigest()
        return f"t={stamp},v1={digest},v0={'0' * 64}"


def marks(form: dict, name: str) -> dict[str, str]:
    return {found[1]: value for key, value in form.items() if (found := re.fullmatch(rf"{name}\[(\w+)\]", key))}


def listed(found: list[dict], *, has_more: bool = False) -> httpx.Response:
    return httpx.Response(200, json={"object": "list", "data": found, "has_more": has_more})


def error(status: int, code: str, message: str, kind: str = "invalid_request_error") -> httpx.Response:
    return httpx.Response(status, json={"error": {"type": kind, "message": message} | ({"code": code} if code else {})})
