"""Within version 1 the API only grows: what was described once stays, with its type."""

import copy
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from openapi_spec_validator import OpenAPIV31SpecValidator

from prewatt.api.urls import api

WRITTEN = Path(__file__).resolve().parents[2] / "docs" / "openapi-v1.json"
HOW = "run: PYTHONPATH=src python tools/openapi.py, and commit docs/openapi-v1.json"
Document = dict[str, Any]


def described() -> Document:
    return json.loads(json.dumps(api.get_openapi_schema(path_prefix="/api/v1/")))  # type: ignore[no-any-return]  # JSON


def shape(document: Document, schema: Document, seen: tuple[str, ...] = ()) -> Any:
    """A schema as its reader depends on it: types and fields, without words and limits."""
    if "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        return name if name in seen else shape(document, document["components"]["schemas"][name], (*seen, name))
    for many in ("anyOf", "allOf", "oneOf"):
        if many in schema:
            shapes = [shape(document, one, seen) for one in schema[many]]
            rest = [one for one in shapes if one != "null:"]
            if len(rest) == 1 < len(shapes):
                return {"or null": rest[0]}
            return sorted(json.dumps(one, sort_keys=True) for one in shapes)
    if schema.get("type") == "object" and "properties" in schema:
        return {name: shape(document, one, seen) for name, one in schema["properties"].items()}
    if schema.get("type") == "array":
        return [shape(document, schema["items"], seen)]
    return f"{schema.get('type', 'any')}:{schema.get('format', '')}"


def lost(before: Document, after: Document) -> Iterator[str]:
    """Say what a program that was written against ``before`` would miss in ``after``."""
    for path, methods in before["paths"].items():
        for method, old in methods.items():
            where, new = f"{method.upper()} {path}", after["paths"].get(path, {}).get(method)
            if new is None:
                yield f"{where}: gone"
                continue
            yield from lost_answers(where, (before, old), (after, new))
            yield from lost_questions(where, (before, old), (after, new))


def lost_answers(where: str, before: tuple[Document, Document], after: tuple[Document, Document]) -> Iterator[str]:
    for status, old in before[1]["responses"].items():
        new = after[1]["responses"].get(status)
        if new is None:
            yield f"{where}: {status} gone"
            continue
        for kind, content in old.get("content", {}).items():
            if kind not in new.get("content", {}):
                yield f"{where}: {status} {kind} gone"
            else:
                yield from differences(
                    f"{where} {status}", shape(before[0], content["schema"]),
                    shape(after[0], new["content"][kind]["schema"]),
                )  # fmt: skip


def lost_questions(where: str, before: tuple[Document, Document], after: tuple[Document, Document]) -> Iterator[str]:
    old = {(one["in"], one["name"]): one for one in before[1].get("parameters", ())}
    new = {(one["in"], one["name"]): one for one in after[1].get("parameters", ())}
    for key, one in old.items():
        if key not in new:
            yield f"{where}: {key[1]} is not asked any more"
        else:
            yield from differences(
                f"{where} {key[1]}", shape(before[0], one["schema"]), shape(after[0], new[key]["schema"])
            )  # fmt: skip
    yield from (f"{where}: {key[1]} must be given now" for key, one in new.items() if one["required"] and (
        key not in old or not old[key]["required"]))  # fmt: skip
    for kind, content in before[1].get("requestBody", {}).get("content", {}).items():
        then, now = resolve(before[0], content), resolve(after[0], after[1]["requestBody"]["content"][kind])
        yield from (f"{where}: body.{name} must be given now" for name in
                    set(now.get("required", ())) - set(then.get("required", ())))  # fmt: skip
        yield from differences(f"{where} body", shape(before[0], then), shape(after[0], now))


def resolve(document: Document, content: Document) -> Document:
    schema: Document = content["schema"]
    return document["components"]["schemas"][schema["$ref"].rpartition("/")[2]] if "$ref" in schema else schema


def differences(where: str, old: Any, new: Any) -> Iterator[str]:
    if isinstance(old, dict) and isinstance(new, dict):
        for name, kind in old.items():
            if name not in new:
                yield f"{where}.{name}: gone"
            else:
                yield from differences(f"{where}.{name}", kind, new[name])
    elif isinstance(old, list) and isinstance(new, list) and len(old) == len(new) == 1:
        yield from differences(f"{where}[]", old[0], new[0])
    elif old != new:
        yield f"{where}: was {old}, is {new}"


def test_nothing_that_was_described_is_lost() -> None:
    assert not list(lost(json.loads(WRITTEN.read_text()), described()))


def test_the_written_description_is_of_today() -> None:
    assert json.loads(WRITTEN.read_text()) == described(), HOW


def test_a_loss_would_be_found() -> None:
    now = described()
    planted = {
        "gone": lambda it: it["paths"].pop("/api/v1/sites"),
        "SiteOut.name": lambda it: it["components"]["schemas"]["SiteOut"]["properties"].pop("name"),
        "type": lambda it: it["components"]["schemas"]["MoneyOut"]["properties"].update(amount={"type": "number"}),
        "required": lambda it: it["components"]["schemas"]["TopUpIn"]["required"].append("note"),
        "parameter": lambda it: it["paths"]["/api/v1/accounts"]["get"]["parameters"].pop(),
        "answer": lambda it: it["paths"]["/api/v1/accounts"]["get"]["responses"].pop("200"),
    }
    for what, plant in planted.items():
        later = copy.deepcopy(now)
        plant(later)
        assert list(lost(now, later)), what
    grown = copy.deepcopy(now)
    grown["components"]["schemas"]["SiteOut"]["properties"]["colour"] = {"type": "string"}
    assert not list(lost(now, grown))


def test_every_writing_operation_asks_for_a_key_and_every_list_for_a_cursor() -> None:
    document = described()
    OpenAPIV31SpecValidator(document).validate()
    names = set()
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            names.add(operation["operationId"])
            asked = {one["name"]: one for one in operation.get("parameters", ())}
            assert {"401", "403", "404", "422", "429", "503"} <= set(operation["responses"]), path
            if method == "post":
                assert asked["Idempotency-Key"]["required"], path
                assert "409" in operation["responses"], path
            elif "next_cursor" in json.dumps(operation) or "limit" in asked:
                assert "cursor" in asked or path.endswith("/commands"), path
    assert len(names) == sum(len(methods) for methods in document["paths"].values())
