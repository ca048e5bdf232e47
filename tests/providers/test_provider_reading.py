"""Strict reading, keys, tables and the one who asks: the pure parts below the adapters."""

import gzip
import io
import json
import threading
import zipfile
from datetime import UTC, datetime
from decimal import Decimal
from http.server import BaseHTTPRequestHandler, HTTPServer

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.providers.standins.rsa_keys import certificate_pem, private_pem, public_pem, rsa_key
from tests.providers.standins.socket import serving
from tests.providers.standins.testpay import provider_keys
from typing_extensions import override

from prewatt.kernel.money import MINOR_DIGITS, Money
from prewatt.payments.providers import asking, keys, strict, tables
from prewatt.payments.providers.asking import Asker
from prewatt.payments.providers.errors import BadMerchant, CallbackMalformed, ProviderAway
from prewatt.payments.providers.strict import Unreadable

JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**20), 10**20) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=8,
)


class TestForms:
    @given(st.dictionaries(st.text(min_size=1, max_size=6), st.text(max_size=12), min_size=1, max_size=6))
    def test_what_a_browser_writes_is_read_back(self, form):
        form = {name: value for name, value in form.items() if _is_text(name + value)}
        body = str(httpx.QueryParams(form)).encode()
        if form:
            assert strict.read_form(body) == form

    def test_too_many_fields(self):
        with pytest.raises(Unreadable, match="200 fields"):
            strict.read_form(b"&".join(b"a%d=1" % number for number in range(201)))


def _is_text(text):
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


class TestJson:
    @given(st.dictionaries(st.text(max_size=4), JSON, max_size=4))
    def test_an_object_is_read_back_with_the_text_of_its_members(self, value):
        try:
            body = json.dumps(value, ensure_ascii=False, indent=1).encode()
        except UnicodeEncodeError:
            return
        assert strict.read_json(body) == value
        members = strict.read_members(body, bytes_max=10_000)
        assert {name: inner for name, (_, inner) in members.items()} == value
        assert {name: json.loads(text) for name, (text, _) in members.items()} == value

    def test_fractions_stay_exact(self):
        assert strict.read_json(b'{"a":0.1}') == {"a": Decimal("0.1")}

    @pytest.mark.parametrize("body", [b"{} x", b"{", b'{"a":01}', b"null", b'{"a":{"b":1,"b":2}}', b'{"a":Infinity}'])
    def test_what_is_no_object(self, body):
        with pytest.raises(Unreadable):
            strict.read_json(body)
        with pytest.raises(Unreadable):
            strict.read_members(body, bytes_max=100)

    def test_too_large(self):
        with pytest.raises(Unreadable, match="10 bytes"):
            strict.read_json(b'{"a":"0123456789"}', bytes_max=10)


class TestFields:
    @pytest.mark.parametrize("value", [1, ["a"], "a" * 300, "\x00", "\x1b[0m", "\ud800"])
    def test_a_text_is_a_short_text_without_control_characters(self, value):
        with pytest.raises(Unreadable, match="name"):
            strict.text_of({"name": value}, "name")

    def test_what_is_absent(self):
        assert strict.text_of({}, "name") == strict.optional_name_of({}, "name") == ""
        assert strict.optional_part_of({"a": None, "b": []}, "a") == strict.optional_part_of({"b": []}, "b") == {}
        for read in (strict.name_of, strict.part_of, strict.list_of, strict.whole_of):
            with pytest.raises(Unreadable):
                read({}, "name")

    def test_a_list_holds_objects(self):
        assert strict.list_of({"a": [{}]}, "a") == [{}]
        with pytest.raises(Unreadable):
            strict.list_of({"a": [1]}, "a")

    def test_an_amount_as_text_must_be_a_text(self):
        with pytest.raises(Unreadable, match="as text"):
            strict.major_of({"a": 88.88}, "a", "CNY")


class TestAmounts:
    @given(st.integers(0, 10**12), st.sampled_from(sorted(MINOR_DIGITS)))
    def test_what_we_write_is_read_back(self, minor, currency):
        if minor < 10 ** (10 + MINOR_DIGITS[currency]):
            amount = Money(minor, currency)
            assert strict.read_amount(strict.write_amount(amount), currency) == amount

    @pytest.mark.parametrize(
        "text", ["", ".5", "5.", "00.5", "+5", "5e1", " 5", "5 ", "1,000", "0x5", "5.001", "NaN", "--5", "５", "9" * 11]
    )
    def test_one_way_to_write_it(self, text):
        with pytest.raises(Unreadable):
            strict.read_amount(text, "CNY")

    def test_either_sign_where_a_file_has_both(self):
        assert strict.read_amount("-30.5", "CNY") == Money(-3050, "CNY")

    @pytest.mark.parametrize(
        ("text", "minor"), [("", 0), ("0.00533", 1), ("0.00499", 0), ("-0.18000", -18), ("3", 300)]
    )
    def test_a_fee_is_rounded(self, text, minor):
        assert strict.read_fee(text, "CNY") == Money(minor, "CNY")

    def test_a_currency_must_be_known(self):
        with pytest.raises(Unreadable, match="not known"):
            strict.read_amount("1", "DOGE")


class TestInstants:
    def test_each_writing_of_the_same(self):
        at = datetime(2026, 11, 22, 6, 30, 5, tzinfo=UTC)
        assert strict.read_wall_time("2026-11-22 14:30:05") == at
        assert strict.read_rfc3339("2026-11-22T14:30:05+08:00") == at
        assert strict.read_rfc3339("2026-11-22T06:30:05Z") == at
        assert strict.read_unix(int(at.timestamp())) == at

    @pytest.mark.parametrize(
        "text", ["", "2026-11-22", "2026-11-22T14:30:05", "2026-11-22 14:30:05Z", "0001-01-01 00:00:00"]
    )
    def test_what_is_none(self, text):
        for read in (strict.read_wall_time, strict.read_rfc3339):
            with pytest.raises(Unreadable):
                read(text)

    @pytest.mark.parametrize("seconds", [0, -1, 10**12])
    def test_seconds_that_are_none(self, seconds):
        with pytest.raises(Unreadable):
            strict.read_unix(seconds)


@pytest.mark.parametrize("text", ["AA", "AAA=A", "AA==\n", "AB==", "A A=", "é", "AAAA===="])
def test_base64_has_one_form(text):
    with pytest.raises(Unreadable):
        strict.read_base64(text)


def test_the_error_of_the_place_tells_the_rule_and_not_the_content():
    with pytest.raises(CallbackMalformed) as told, strict.refusing(CallbackMalformed, "The call-back"):
        strict.name_of({"secret": "hush hush"}, "secret")
    assert told.value.message == "The call-back: secret is missing or not an identifier."


class TestKeys:
    def test_kinds_are_not_mixed_up(self):
        own = provider_keys().own
        for load, text in (
            (keys.load_rsa_private, own.private_pem),
            (keys.load_rsa_public, own.public_pem),
            (keys.load_ed25519_private, private_pem("own")),
            (keys.load_ed25519_public, public_pem("own")),
        ):
            with pytest.raises(BadMerchant):
                load(text)
        assert (
            keys.load_rsa_public(certificate_pem("own")).public_numbers()
            == rsa_key("own").public_key().public_numbers()
        )

    def test_a_seal_has_a_nonce_of_twelve_bytes(self):
        with pytest.raises(Unreadable, match="12 bytes"):
            keys.unseal(["k" * 32], nonce="short", sealed="AAAA", bound_to="")


class TestTables:
    COLUMNS = ("no", "amount")

    def _zip(self, *files, count=1):
        made = io.BytesIO()
        with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.mkdir("folder")
            for place in range(count):
                for name, data in files:
                    archive.writestr(f"folder/{place}{name}", data)
        return made.getvalue()

    def test_a_zip_gives_its_files(self):
        assert tables.unpack(self._zip(("a", b"1"), ("b", b"2"))) == [b"1", b"2"]
        assert tables.unpack(b"no zip") == [b"no zip"]

    def test_bombs_are_left_unopened(self, monkeypatch):
        monkeypatch.setattr(tables, "UNPACKED_BYTES_MAX", 10_000)
        with pytest.raises(Unreadable, match="when unpacked"):
            tables.unpack(self._zip(("a", b"0" * 6_000), count=2))
        with pytest.raises(Unreadable, match="8 files"):
            tables.unpack(self._zip(("a", b""), count=9))
        with pytest.raises(Unreadable, match="10000 bytes"):
            tables.read_text(b"0" * 10_001, "utf-8")

    def test_a_broken_zip(self):
        data = bytearray(self._zip(("a", b"0123456789" * 50)))
        data[60:70] = b"\xff" * 10
        for broken in (bytes(data), bytes(data[:50]), b"PK\x03\x04", gzip.compress(b"x").replace(b"\x1f\x8b", b"PK")):
            with pytest.raises(Unreadable, match="not a zip"):
                tables.unpack(broken)

    def test_a_table_stands_under_its_columns_and_ends_where_it_is_said(self):
        text = "prose\r\n#more\r\n\r\n`amount,no ,x\r\n`1,\ta,\r\n2,b,c\r\nsum,2,\r\n3,c,d\r\n"
        rows = list(tables.read_table(text, columns=self.COLUMNS, ends=("sum",)))
        assert rows == [{"amount": "1", "no": "a", "x": ""}, {"amount": "2", "no": "b", "x": "c"}]

    @pytest.mark.parametrize(
        ("text", "why"),
        [
            ("a,b\r\n", "no table"),
            ("no,amount\r\n1\r\n", "row 2 has 1 cells"),
            ("no,amount\r\n1," + "2" * 5_000, "too long"),
            ("no,amount\r\n1," + "2" * 200_000, "not a table"),
        ],
    )
    def test_what_is_no_table(self, text, why):
        with pytest.raises(Unreadable, match=why):
            list(tables.read_table(text, columns=self.COLUMNS))

    def test_too_many_rows(self, monkeypatch):
        monkeypatch.setattr(tables, "ROWS_MAX", 3)
        with pytest.raises(Unreadable, match="3 rows"):
            list(tables.read_table("no,amount\r\n" + "1,2\r\n" * 4, columns=self.COLUMNS))

    def test_a_character_set_that_was_not_expected(self):
        with pytest.raises(Unreadable, match="none of the character sets"):
            tables.read_text(b"\xff\xff", "utf-8", "gb18030")


class TestAsking:
    def ask(self, handler, **kwargs):
        return Asker(httpx.MockTransport(handler)).ask("GET", "https://standin/", **kwargs)

    def test_an_answer(self):
        answer = self.ask(
            lambda request: httpx.Response(404, headers={"X-Is": "it"}, content=request.headers["user-agent"])
        )
        assert (answer.status, answer.headers["x-is"], answer.body) == (404, "it", b"Prewatt")
        assert "Prewatt" not in repr(answer)

    def test_no_redirect_is_followed(self):
        assert self.ask(lambda _: httpx.Response(302, headers={"location": "https://elsewhere/"})).status == 302

    def test_a_large_answer_is_not_read_to_its_end(self):
        with pytest.raises(ProviderAway, match="10 bytes"):
            self.ask(lambda _: httpx.Response(200, content=b"0" * 11), bytes_max=10)

    def test_nothing_packed_is_unpacked(self):
        bomb = gzip.compress(b"0" * 10_000_000)
        with pytest.raises(ProviderAway, match="encoding"):
            self.ask(lambda _: httpx.Response(200, headers={"content-encoding": "gzip"}, stream=httpx.ByteStream(bomb)))

    def test_an_answer_that_drips_is_left(self, monkeypatch):
        monkeypatch.setattr(asking, "WHOLE_S", -1.0)
        with pytest.raises(ProviderAway, match="longer than"):
            self.ask(lambda _: httpx.Response(200, content=b"0"))

    def test_what_the_network_does_is_told_by_its_kind(self):
        def fail(_):
            raise httpx.ConnectTimeout("secret address")

        with pytest.raises(ProviderAway, match="ConnectTimeout") as told:
            self.ask(fail)
        assert "secret" not in str(told.value)
        with pytest.raises(ProviderAway, match="address"):
            Asker(None).ask("GET", "https://\x00/")

    def test_a_real_socket_that_is_closed(self):
        with serving(lambda _: httpx.Response(204)) as base:
            assert Asker(None).ask("GET", base).status == 204
        with pytest.raises(ProviderAway):
            Asker(None).ask("GET", base)

    def test_an_answer_that_stops_half_way(self):
        class Half(BaseHTTPRequestHandler):
            def do_GET(self):
                self.wfile.write(b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nhalf")

            @override
            def log_request(self, *_):
                """Say nothing."""

        server = HTTPServer(("127.0.0.1", 0), Half)
        thread = threading.Thread(target=server.handle_request)
        thread.start()
        with pytest.raises(ProviderAway):
            Asker(None).ask("GET", f"http://127.0.0.1:{server.server_address[1]}/")
        thread.join()
        server.server_close()
