"""The API, version 1: its description, its addresses, and the mark on each that says which permission it needs."""

from typing import Any, Final

from django.urls import URLPattern, URLResolver
from ninja import NinjaAPI
from ninja.openapi.schema import OpenAPISchema
from typing_extensions import override

from prewatt.api import accounts, approvals, estate, metering, money, supply, webhooks, work
from prewatt.api.door import BY_METHOD, MARK, Token
from prewatt.api.problems import CONTENT_TYPE, always_problem, install_handlers

PUBLIC: Final = "public"
DESCRIPTION: Final = (
    "Everything that the desk can do: the estate and its tariffs, customers and accounts, money and papers, meters "
    "with what their relays should be and have proved, readings, commands, power, cases and messages. Ids are opaque. "
    "Money is a decimal text with its currency, energy is in Wh, times are RFC 3339. Fields and words may be added "
    "within version 1: a reader must take those that it does not know. Every error is problem details (RFC 9457)."
)


class Api(NinjaAPI):
    """The API, whose errors are described as what they are: problem details."""

    @override
    def get_openapi_schema(
        self, *, path_prefix: str | None = None, path_params: dict[str, Any] | None = None
    ) -> OpenAPISchema:
        schema = super().get_openapi_schema(path_prefix=path_prefix, path_params=path_params)
        for path in schema["paths"].values():
            for operation in path.values():
                for status, answer in operation["responses"].items():
                    if int(status) >= 400 and "application/json" in answer.get("content", {}):
                        answer["content"][CONTENT_TYPE] = answer["content"].pop("application/json")
        return schema


api = Api(
    title="Prewatt",
    version="1",
    description=DESCRIPTION,
    auth=Token(),
    docs_url=None,
    openapi_url="/openapi.json",
    urls_namespace="api",
)
ROUTERS: Final = tuple(
    room.router for room in (accounts, money, estate, metering, supply, work, approvals, webhooks)
)  # fmt: skip
for _router in ROUTERS:
    api.add_router("", _router)
install_handlers(api)


def _marked(patterns: list[URLPattern | URLResolver]) -> list[URLPattern | URLResolver]:
    """This function will mark each address with the permission of its operation; the description itself is public."""
    for pattern in patterns:
        if isinstance(pattern, URLPattern):
            view = always_problem(pattern.callback)
            by_method = _permissions().get(str(pattern.pattern), {})
            setattr(view, BY_METHOD, by_method)
            setattr(view, MARK, next(iter(by_method.values()), PUBLIC))
            pattern.callback = view
    return patterns


def _permissions() -> dict[str, dict[str, str]]:
    """This function will return the permission of each operation, by its address and its method."""
    found: dict[str, dict[str, str]] = {}
    for router in ROUTERS:
        for path, path_view in router.path_operations.items():
            place = found.setdefault(path.lstrip("/").replace("{", "<").replace("}", ">"), {})
            for operation in path_view.operations:
                place.update(dict.fromkeys(operation.methods, getattr(operation.view_func, MARK)))
    return found


app_name = "api"
urlpatterns = _marked(list(api.urls[0]))
