"""The demo's way to be paid online: the test provider, as a merchant of the site."""

from typing import Final

from prewatt.access.audit import Actor
from prewatt.cli.testpay import merchant_of
from prewatt.estate.models import Site
from prewatt.payments.models import Merchant
from prewatt.testpay.keys import Keys
from prewatt.usecases.configure_merchant import MerchantWish, change_merchant, open_merchant, put_merchant_key

_NAME: Final = "Test payment"


def offer_test_provider(keys: Keys, *, actor: Actor, site: Site) -> None:
    """This function will let the site's tenants pay through the test provider, or tell where it listens now."""
    config = merchant_of(keys)
    known = Merchant.objects.filter(channel=config.channel, merchant_no=config.merchant_no).first()
    if known is not None:
        change_merchant(actor=actor, merchant_public_id=known.public_id, changes={"gateway_url": config.gateway_url})
        return
    wish = MerchantWish(
        channel=config.channel,
        merchant_no=config.merchant_no,
        name=_NAME,
        gateway_url=config.gateway_url,
        app_id=config.app_id,
        is_default=True,
    )
    public_id = open_merchant(actor=actor, site_public_id=site.public_id, wish=wish)
    for name, text in config.secrets.items():
        put_merchant_key(
            actor=actor, merchant_public_id=public_id, kind="secret", name=name, serial=config.own_serial, text=text
        )
    for serial, text in config.peer_keys.items():
        put_merchant_key(
            actor=actor, merchant_public_id=public_id, kind="peer", name="public_key_pem", serial=serial, text=text
        )
