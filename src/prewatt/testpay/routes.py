"""Which question is answered by what: the signed API, the pay page, and the control port of tests."""

import re
import secrets
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, replace
from datetime import date, datetime
from typing import Any, Final
from urllib.parse import urlsplit

from prewatt.kernel.errors import PrewattError
from prewatt.testpay import fields, pages, signing
from prewatt.testpay.book import Book
from prewatt.testpay.errors import BadQuestion, NotControlled, NotSigned, UnknownOrder, UnknownRefund
from prewatt.testpay.http import Request, Response, json_response
from prewatt.testpay.keys import Keys, Merchant
from prewatt.testpay.values import Choice, Order

_STATUS: Final = {NotSigned: 401, NotControlled: 401, UnknownOrder: 404, UnknownRefund: 404}


@dataclass(frozen=True, slots=True)
class Front:
    """The provider's face. Visitors reach it at ``public_url``; empty: on the host that they know the shop by."""

    book: Book
    keys: Keys
    now: Callable[[], datetime]
    public_url: str = ""

    def respond(self, request: Request) -> Response:
        """This method will answer any question."""
        for pattern, method, handle in _ROUTES:
            found = re.fullmatch(pattern, request.path)
            if found and request.method == method:
                return handle(self, request, *found.groups(default=""))
        return json_response({"error": {"code": "no_such_page", "text": ""}}, status=404)

    def tell(self, event_id: str) -> dict[str, str]:
        """This method will return the headers of a call-back: its proof, fresh at every try."""
        body = self.book.deliveries[event_id].body.encode()
        return {"content-type": "application/json", **self._proof("callback", body=body)}

    def pay_url(self, order: Order) -> str:
        """This method will return the address of an order's page."""
        if self.public_url:
            return f"{self.public_url}/pay/{order.token}"
        known_as = urlsplit(order.return_url or order.notify_url)
        host = known_as.hostname or "127.0.0.1"
        host = f"[{host}]" if ":" in host else host
        return f"http://{host}:{self.keys.port}/pay/{order.token}"

    def ask(self, request: Request, *groups: str) -> Response:
        """This method will answer a merchant's question, signed, whatever the answer."""
        if self.book.settings.outage:
            return json_response({"error": {"code": "outage", "text": "A test asked for this."}}, status=503)
        nonce = request.headers.get("testpay-nonce", "")
        try:
            status, value = 200, self._do(self._merchant_of(request), request, *groups)
        except PrewattError as error:
            status = next((status for kind, status in _STATUS.items() if isinstance(error, kind)), 400)
            value = {"error": {"code": error.code, "text": error.message}}
        plain = json_response(value, status=status)
        return replace(plain, headers={**plain.headers, **self._proof("answer", str(status), nonce, body=plain.body)})

    def show(self, request: Request, token: str) -> Response:
        """This method will show the pay page."""
        try:
            order = self.book.get_order_by_token(token)
        except UnknownOrder:
            return pages.unknown_page()
        wanted = dict(re.findall(r"(\w+)=([\w-]+)", request.query)).get("lang", order.language)
        return pages.pay_page(order, language=wanted)

    def choose(self, request: Request, token: str) -> Response:
        """This method will let happen what the visitor chose, and send him back to the merchant."""
        try:
            order = self.book.get_order_by_token(token)
            choice = Choice(fields.read_form(request.body).get("choice", ""))
        except (UnknownOrder, BadQuestion, ValueError):
            return pages.unknown_page()
        order, delivery = self.book.choose(order.key, choice)
        after = delivery.event_id if delivery and choice is Choice.PAY_FIRST else ""
        if not order.return_url:
            return replace(pages.pay_page(order, language=order.language), after=after)
        return Response(303, {"location": order.return_url, "cache-control": "no-store"}, after=after)

    def control(self, request: Request, *groups: str) -> Response:
        """This method will obey a test that knows the token."""
        try:
            if request.headers.get("testpay-control", "") != self.keys.control_token:
                raise NotControlled("The control port wants its token in the header testpay-control.")
            return json_response(self._obey(request, *groups))
        except PrewattError as error:
            status = next((status for kind, status in _STATUS.items() if isinstance(error, kind)), 400)
            return json_response({"error": {"code": error.code, "text": error.message}}, status=status)
        except (ValueError, TypeError, KeyError, AttributeError) as error:
            return json_response({"error": {"code": "bad_question", "text": repr(error)}}, status=400)

    def _merchant_of(self, request: Request) -> Merchant:
        """This method will return who asks. Raises NotSigned."""
        head = request.headers
        merchant = self.keys.merchants.get(head.get("testpay-merchant", ""))
        stamp, nonce = head.get("testpay-time", ""), head.get("testpay-nonce", "")
        if merchant is None or head.get("testpay-key") != merchant.key.serial:
            raise NotSigned("No merchant with this number and key is known here.")
        if not signing.is_fresh(stamp, now=self.now()):
            raise NotSigned("The time stamp is not within five minutes.")
        lines = (request.method, request.target, merchant.merchant_no, merchant.key.serial, stamp, nonce)
        data = signing.message("request", *lines, body=request.body)
        if not signing.is_signed(merchant.key.private.public_key(), data, head.get("testpay-signature", "")):
            raise NotSigned("The signature does not hold.")
        return merchant

    def _do(self, merchant: Merchant, request: Request, what: str, number: str = "", act: str = "") -> dict[str, Any]:
        """This method will do what a merchant asks."""
        number_, key = merchant.merchant_no, f"{merchant.merchant_no}/{number}"
        match (request.method, what, bool(number), act):
            case ("POST", "orders", False, ""):
                wish = fields.read_order(fields.read_object(request.body))
                return self._told(self.book.make_order(wish, merchant_no=number_))
            case ("GET", "orders", True, ""):
                return self._told(self.book.get_order(key))
            case ("POST", "orders", True, "close"):
                return self._told(self.book.close(key))
            case ("POST", "refunds", False, ""):
                asked = fields.read_refund(fields.read_object(request.body))
                refund = self.book.make_refund(asked, merchant_no=number_)
                return {"refund": refund.to_wire(now=self.book.now_s)}
            case ("GET", "refunds", True, ""):
                return {"refund": self.book.get_refund(key).to_wire(now=self.book.now_s)}
            case ("GET", "statements", True, ""):
                return {"day": number, "rows": self.book.statement(_day(number), merchant_no=number_)}
            case _:
                raise BadQuestion("There is no such question.")

    def _told(self, order: Order) -> dict[str, Any]:
        return {"order": {**order.to_wire(), "pay_url": self.pay_url(order)}}

    def _obey(self, request: Request, what: str, number: str = "", act: str = "") -> dict[str, Any]:
        """This method will do what a test orders."""
        given: Mapping[str, Any] = fields.read_object(request.body) if request.body else {}
        match (request.method, what, bool(number), act):
            case ("GET", "state", False, ""):
                return self._describe()
            case ("POST", "settings", False, ""):
                for name, value in given.items():
                    kind = type(getattr(self.book.settings, name))
                    setattr(self.book.settings, name, kind(value))
                return asdict(self.book.settings)
            case ("POST", "orders", True, choice):
                order, _ = self.book.choose(self._find(number), Choice(choice))
                return order.to_wire()
            case ("POST", "deliveries", True, "send"):
                return asdict(self.book.send_again(number))
            case ("POST", "statements", True, ""):
                self.book.edits[_day(number)] = list(given["edits"])
                return {}
            case _:
                raise BadQuestion("There is no such order.")

    def _describe(self) -> dict[str, Any]:
        return {
            "settings": asdict(self.book.settings),
            "orders": [order.to_wire() for order in self.book.orders.values()],
            "refunds": [one.to_wire(now=self.book.now_s) for one in self.book.refunds.values()],
            "deliveries": [asdict(one) for one in self.book.deliveries.values()],
        }

    def _find(self, order_no: str) -> str:
        """This method will find an order by its number alone, whosoever's it is."""
        for order in self.book.orders.values():
            if order.order_no == order_no:
                return order.key
        raise UnknownOrder("There is no such order.")

    def _proof(self, kind: str, *lines: str, body: bytes) -> dict[str, str]:
        """This method will return the headers that prove a message of the provider's."""
        own, stamp, nonce = self.keys.own, str(self.book.now_s), secrets.token_hex(16)
        data = signing.message(kind, *lines, own.serial, stamp, nonce, body=body)
        return {
            "testpay-key": own.serial,
            "testpay-time": stamp,
            "testpay-nonce": nonce,
            "testpay-signature": signing.sign(own.private, data),
        }


Handler = Callable[..., Response]

_ROUTES: Final[tuple[tuple[str, str, Handler], ...]] = (
    (r"/v1/(\w+)(?:/([\w-]{1,64}))?", "GET", Front.ask),
    (r"/v1/(\w+)(?:/([\w-]{1,64})/(\w+))?", "POST", Front.ask),
    (r"/pay/([\w-]{16,64})", "GET", Front.show),
    (r"/pay/([\w-]{16,64})", "POST", Front.choose),
    (r"/control/(\w+)", "GET", Front.control),
    (r"/control/(\w+)(?:/([\w-]{1,64}))?(?:/(\w+))?", "POST", Front.control),
)


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise BadQuestion("That is not a day.") from None
