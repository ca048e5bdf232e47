"""The install road: uv takes packages from where pip is set up to take them."""

from tools.install import uv_settings


def test_uv_is_told_what_pip_is_set_up_with() -> None:
    told = uv_settings(
        ":env:.cert='/etc/ssl/company.pem'\nglobal.cert='/etc/ssl/other.pem'\nglobal.index-url='https://mirror.example.org/simple'\n"
        "global.timeout='60'\nglobal.trusted-host='mirror.example.org'\n"
    )
    assert told == {
        "UV_SYSTEM_CERTS": "true",
        "SSL_CERT_FILE": "/etc/ssl/company.pem",
        "UV_DEFAULT_INDEX": "https://mirror.example.org/simple",
    }


def test_where_pip_has_no_settings_the_systems_certificates_hold() -> None:
    assert uv_settings("") == {"UV_SYSTEM_CERTS": "true"}
