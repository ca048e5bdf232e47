"""Alipay in certificate mode: what names us, whom we believe, and which files are refused and why."""

from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from cryptography.x509.oid import NameOID
from tests.providers.merchants import NOW, alipay, alipay_config, certified, certified_config, heard, order, refund
from tests.providers.standins.alipay import AlipayStandin, names_of
from tests.providers.standins.authority import certificate, certificates, issued, national_root, pem_of, roots
from tests.providers.standins.rsa_keys import certificate_pem, private_pem, public_pem

from prewatt.kernel.errors import PrewattError
from prewatt.payments.providers.alipay import Alipay
from prewatt.payments.providers.certificates import (
    ALIPAY,
    APP,
    PRIVATE_KEY,
    ROOT,
    certificate_sn,
    read_certificates,
    require_certificates,
    root_sn,
)
from prewatt.payments.providers.errors import AnswerNotProven, BadCertificate, BadMerchant, CallbackForged
from prewatt.payments.providers.values import RefundState, TradeState, Way

NUMBER = "PW20261122001"
RENEWED = "provider-next"


@pytest.fixture
def standin():
    return AlipayStandin.in_certificate_mode()


@pytest.fixture
def paid(standin):
    certified(standin).start(order(Way.QR))
    standin.pay(NUMBER)
    return standin


@pytest.fixture
def renewed(paid):
    """Alipay has replaced its certificate."""
    paid.certified |= {ALIPAY: issued(RENEWED)}
    paid.signs_with = RENEWED
    return paid


class TestNames:
    """What Alipay calls a certificate."""

    def test_a_root_that_is_known_to_everybody_has_the_name_that_everybody_sends(self):
        parts = [
            (NameOID.COUNTRY_NAME, "CN"),
            (NameOID.ORGANIZATION_NAME, "iTrusChina"),
            (NameOID.ORGANIZATIONAL_UNIT_NAME, "China Trust Network"),
            (NameOID.COMMON_NAME, "iTrusChina Class 2 Root CA - G3"),
        ]
        issuer = x509.Name([x509.NameAttribute(oid, value) for oid, value in parts])
        alike = certificate("own", issuer=issuer, serial=0x10C764E9D560384212D9C08FD10E373FDD0FB396)
        assert certificate_sn(alike) == "02941eef3187dddf3d3b83462e1dfcf6"

    def test_what_divides_a_name_is_escaped_in_it(self):
        issuer = x509.Name(
            [x509.NameAttribute(NameOID.COMMON_NAME, "A, B"), x509.NameAttribute(NameOID.COUNTRY_NAME, "CN")]
        )
        assert issuer.rfc4514_string() == "C=CN,CN=A\\, B"

    def test_of_roots_those_count_that_are_signed_with_rsa_in_the_order_of_the_file(self):
        national, curve, first, second = names_of(roots())
        assert root_sn(read_certificates(roots(), part=ROOT)) == f"{first}_{second}"
        assert len({national, curve, first, second}) == 4
        with pytest.raises(BadCertificate, match="RSA"):
            root_sn(read_certificates(pem_of(certificate("c", by="c", authority=True, curve=True)), part=ROOT))


class TestSpeaking:
    def test_every_question_names_the_app_and_the_roots(self, standin):
        ours = certified(standin)
        params = standin.open_page(ours.start(order(Way.PAGE)).url)
        ours.query(NUMBER)
        for asked in (params, *standin.asked):
            assert asked["app_cert_sn"] == names_of(certificates()[APP])[0]
            assert asked["alipay_root_cert_sn"] == "_".join(names_of(roots())[2:])

    def test_a_plain_merchant_names_none_and_each_is_refused_in_the_others_mode(self, standin):
        with pytest.raises(AnswerNotProven, match=r"isv\.invalid-signature"):
            alipay(standin).start(order(Way.QR))
        with pytest.raises(AnswerNotProven, match=r"isv\.invalid-signature"):
            certified(AlipayStandin()).start(order(Way.QR))

    def test_a_payment_from_begin_to_end(self, paid):
        ours = certified(paid)
        assert ours.read_callback(heard(paid.body(NUMBER))).state is TradeState.PAID
        assert ours.query(NUMBER).state is TradeState.PAID
        assert ours.refund(refund()).state is RefundState.SUCCEEDED
        assert ours.query_refund(refund()).state is RefundState.SUCCEEDED
        assert "good until 2099-12-31" in ours.probe()


class TestBelieving:
    @pytest.mark.parametrize("named", [True, False])
    def test_a_call_back_may_name_the_certificate(self, paid, named):
        changes = {"alipay_cert_sn": paid.cert_sn} if named else {}
        assert certified(paid).read_callback(heard(paid.body(NUMBER, **changes))).state is TradeState.PAID

    def test_the_name_may_be_signed_along_or_not(self, paid):
        body = paid.body(NUMBER) + f"&alipay_cert_sn={paid.cert_sn}".encode()
        assert certified(paid).read_callback(heard(body)).state is TradeState.PAID
        with pytest.raises(CallbackForged):
            certified(paid).read_callback(heard(body.replace(b"88.88", b"88.89")))

    def test_a_certificate_that_is_not_configured_stops_all_and_says_what_to_do(self, renewed):
        with pytest.raises(AnswerNotProven, match=renewed.cert_sn) as told:
            certified(renewed).query(NUMBER)
        assert "download alipayCertPublicKey_RSA2.crt" in told.value.hint
        assert len(str(told.value)) <= 300, "as much as is kept of a test"
        with pytest.raises(CallbackForged, match=renewed.cert_sn) as refused:
            certified(renewed).read_callback(heard(renewed.body(NUMBER, alipay_cert_sn=renewed.cert_sn)))
        assert "download alipayCertPublicKey_RSA2.crt" in refused.value.hint

    def test_even_when_the_key_behind_it_is_the_one_that_is_known(self, paid):
        known = paid.cert_sn
        paid.certified |= {ALIPAY: issued("provider", serial=4711)}
        assert paid.cert_sn != known
        with pytest.raises(AnswerNotProven, match="not configured"):
            certified(paid).query(NUMBER)
        with pytest.raises(CallbackForged, match="not configured"):
            certified(paid).read_callback(heard(paid.body(NUMBER, alipay_cert_sn=paid.cert_sn)))

    def test_an_answer_that_names_no_certificate_or_nonsense_is_not_believed(self, paid):
        for other in (b"", b'"alipay_cert_sn":"<script>",', b'"alipay_cert_sn":"",'):
            named = f'"alipay_cert_sn":"{paid.cert_sn}",'.encode()
            paid.mangle = lambda body, named=named, other=other: body.replace(named, other)
            with pytest.raises(AnswerNotProven, match="does not name") as told:
                certified(paid).query(NUMBER)
            assert "script" not in str(told.value)

    def test_while_the_certificate_is_renewed_both_are_good_and_each_signs_for_itself(self, renewed):
        both = {"old": issued("provider"), "new": issued(RENEWED)}
        ours = certified(renewed, peer_keys=both)
        assert ours.query(NUMBER).state is TradeState.PAID
        assert ours.read_callback(heard(renewed.body(NUMBER))).state is TradeState.PAID
        renewed.signs_with = "provider"  # the old key under the new certificate's name
        with pytest.raises(AnswerNotProven):
            ours.query(NUMBER)
        with pytest.raises(CallbackForged):
            ours.read_callback(heard(renewed.body(NUMBER, alipay_cert_sn=renewed.cert_sn)))

    def test_in_certificate_mode_a_plain_key_counts_no_more(self, paid):
        ours = certified(paid, peer_keys={"cert": issued("provider"), "plain": public_pem("stranger")})
        paid.signs_with = "stranger"
        with pytest.raises(CallbackForged):
            ours.read_callback(heard(paid.body(NUMBER)))


class TestChoosing:
    """The mode follows from what was given."""

    @pytest.mark.parametrize(
        ("lacks", "named"), [(APP, "appCert"), (ROOT, "alipayRootCert"), (ALIPAY, "alipayCertPublicKey")]
    )
    def test_what_is_missing_is_named(self, lacks, named):
        with pytest.raises(BadMerchant, match=named):
            Alipay(certified_config(**{lacks: ""}))

    def test_until_all_are_there_a_plain_key_counts(self):
        standin = AlipayStandin()
        half = {"private_key_pem": private_pem("own"), "app_cert_pem": certificates()[APP]}
        peers = {"plain": public_pem("provider"), "cert": issued("stranger")}
        alipay(standin, secrets=half, peer_keys=peers).start(order(Way.QR))
        standin.signs_with = "stranger"
        with pytest.raises(AnswerNotProven):
            alipay(standin, secrets=half, peer_keys=peers).query(NUMBER)

    def test_what_does_not_belong_together_is_no_merchant(self):
        for changes in ({APP: pem_of(certificate("stranger"))}, {ALIPAY: certificate_pem("provider")}, {ROOT: "x"}):
            with pytest.raises(BadMerchant):
                Alipay(certified_config(**changes))
        with pytest.raises(BadMerchant, match="public key"):
            Alipay(alipay_config(peer_keys={}))


def _texts(**changes: str) -> dict[str, str]:
    return {PRIVATE_KEY: private_pem("own")} | certificates() | changes


class TestEntering:
    def test_what_fits_is_named(self):
        names = require_certificates(_texts(), now=NOW)
        assert names == {APP: names_of(certificates()[APP])[0], ALIPAY: names_of(certificates()[ALIPAY])[0]}

    def test_alipays_own_may_stand_right_below_a_root(self):
        require_certificates(_texts(alipay_cert_pem=pem_of(certificate("provider", by="root-second"))), now=NOW)

    def test_line_ends_and_marks_of_windows_do_not_matter(self):
        require_certificates(
            {name: "\ufeff" + text.replace("\n", "\r\n") for name, text in _texts().items() if name != PRIVATE_KEY}
            | {PRIVATE_KEY: private_pem("own")},
            now=NOW,
        )

    def test_all_that_cannot_be_read_is_told_at_once(self):
        bad = {
            PRIVATE_KEY: "AAAA",
            APP: "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----",
            ALIPAY: "电",
            ROOT: "",
        }
        with pytest.raises(BadCertificate) as told:
            require_certificates(bad, now=NOW)
        assert set(told.value.faults) == set(bad)
        assert "missing" in told.value.faults[ROOT].message
        assert all("AAAA" not in str(fault) for fault in told.value.faults.values())

    @pytest.mark.parametrize(
        ("changes", "part", "why"),
        [
            ({APP: pem_of(certificate("stranger"))}, APP, "does not belong"),
            ({APP: pem_of(certificate("own", end=NOW - timedelta(days=1)))}, APP, "2026-11-21 alone"),
            ({APP: pem_of(certificate("curved", by="curved", curve=True))}, APP, "not an RSA key"),
            ({APP: pem_of(national_root())}, APP, "not an RSA key"),
            ({ALIPAY: pem_of(certificate("curved", by="curved", curve=True))}, ALIPAY, "not an RSA key"),
            ({ALIPAY: issued("provider", end=NOW - timedelta(days=1))}, ALIPAY, "2026-11-21 alone"),
            ({ALIPAY: issued("provider", begin=NOW + timedelta(days=1))}, ALIPAY, "from 2026-11-23"),
            ({ALIPAY: pem_of(certificate("provider"))}, ALIPAY, "does not lead"),
            ({ALIPAY: certificate_pem("provider")}, ALIPAY, "does not lead"),
            ({ALIPAY: issued("provider", by="stranger")}, ALIPAY, "does not lead"),
            ({ALIPAY: issued("provider", by="own")}, ALIPAY, "does not lead"),
            ({ALIPAY: issued("own")}, ALIPAY, "app's own"),
            ({ALIPAY: roots()}, ALIPAY, "issuer's"),
            ({ROOT: pem_of(certificate("root-second", by="root-second", authority=True))}, ALIPAY, "does not lead"),
            (
                {
                    ROOT: pem_of(certificate("root-curve", by="root-curve", authority=True, curve=True)),
                    ALIPAY: pem_of(certificate("provider")),
                },
                ALIPAY,
                "does not lead",
            ),
        ],
    )  # fmt: skip
    def test_what_does_not_fit_is_refused_in_its_field(self, changes, part, why):
        with pytest.raises(BadCertificate, match=why) as told:
            require_certificates(_texts(**changes), now=NOW)
        assert set(told.value.faults) == {part}
        assert told.value.hint

    def test_an_issuer_that_may_not_issue_or_has_run_out_proves_nothing(self):
        no_issuer = pem_of(certificate("provider"), certificate("issuer", by="root"))
        run_out = pem_of(
            certificate("provider"), certificate("issuer", by="root", authority=True, end=NOW - timedelta(days=1))
        )
        for text in (no_issuer, run_out):
            with pytest.raises(BadCertificate, match="does not lead"):
                require_certificates(_texts(alipay_cert_pem=text), now=NOW)

    def test_a_ring_of_issuers_ends(self):
        ring = pem_of(
            certificate("provider"),
            certificate("issuer", by="stranger", authority=True),
            certificate("stranger", by="issuer", authority=True),
        )
        with pytest.raises(BadCertificate, match="does not lead"):
            require_certificates(_texts(alipay_cert_pem=ring), now=NOW)

    def test_the_clock_decides(self):
        texts = _texts(alipay_cert_pem=issued("provider", end=NOW + timedelta(days=1)))
        require_certificates(texts, now=NOW)
        with pytest.raises(BadCertificate):
            require_certificates(texts, now=datetime(2027, 1, 1, tzinfo=UTC))

    def test_the_error_is_one_of_the_house(self):
        with pytest.raises(PrewattError) as told:
            require_certificates({}, now=NOW)
        assert told.value.code == "bad_certificate"
