"""Changing a signed call-back: each field, the order, the encoding, bytes anywhere, and the headers beside it."""

import json
from collections.abc import Callable
from dataclasses import replace
from random import Random
from urllib.parse import parse_qsl, quote, urlencode

from prewatt.payments.providers.values import RawCallback

Mutation = Callable[[RawCallback, Random], RawCallback]
_LETTERS = '0123456789abcXYZ-_.+/= %&"{}[]\\电\x00\ufeff'


def mutated(raw: RawCallback, rng: Random) -> RawCallback:
    """The call-back with one to three changes; it is never the same as before."""
    changed = raw
    while changed == raw:
        for _ in range(rng.randint(1, 3)):
            changed = rng.choice(_FOR_FORMS if b"=" in raw.body[:40] else _FOR_JSON)(changed, rng)
    return changed


def _flip_bit(raw: RawCallback, rng: Random) -> RawCallback:
    body, at = bytearray(raw.body or b"x"), rng.randrange(max(len(raw.body), 1))
    body[at] ^= 1 << rng.randrange(8)
    return replace(raw, body=bytes(body))


def _cut(raw: RawCallback, rng: Random) -> RawCallback:
    begin = rng.randrange(max(len(raw.body), 1))
    return replace(raw, body=raw.body[:begin] + raw.body[begin + rng.randint(1, 40) :])


def _insert(raw: RawCallback, rng: Random) -> RawCallback:
    at, what = rng.randrange(len(raw.body) + 1), "".join(rng.choices(_LETTERS, k=rng.randint(1, 4)))
    return replace(raw, body=raw.body[:at] + what.encode() + raw.body[at:])


def _encode_otherwise(raw: RawCallback, rng: Random) -> RawCallback:
    text = raw.body.decode("utf-8", "replace")
    return replace(raw, body=text.encode(rng.choice(["utf-16", "gb18030", "utf-8-sig", "utf-7", "cp500"]), "replace"))


def _change_header(raw: RawCallback, rng: Random) -> RawCallback:
    if not raw.headers:
        return raw
    name = rng.choice(sorted(raw.headers))
    value = raw.headers[name]
    other = rng.choice(["", value[1:], value[:-1], value + "A", value.swapcase(), value[::-1], "0"])
    kept = {key: one for key, one in raw.headers.items() if key != name}
    return replace(raw, headers=kept if rng.random() < 0.2 else kept | {name: other})


def _form(change: Callable[[list[tuple[str, str]], Random], list[tuple[str, str]]]) -> Mutation:
    def mutate(raw: RawCallback, rng: Random) -> RawCallback:
        pairs = parse_qsl(raw.body.decode("utf-8", "replace"), keep_blank_values=True)
        return replace(raw, body=urlencode(change(pairs, rng)).encode()) if pairs else raw

    return mutate


def _change_field(pairs: list[tuple[str, str]], rng: Random) -> list[tuple[str, str]]:
    at = rng.randrange(len(pairs))
    name, value = pairs[at]
    other = rng.choice([value + "0", value[:-1], value[::-1], "", "0.01", value.upper(), " " + value, value + "\n"])
    return [*pairs[:at], (name, other), *pairs[at + 1 :]]


def _rename_field(pairs: list[tuple[str, str]], rng: Random) -> list[tuple[str, str]]:
    at = rng.randrange(len(pairs))
    name, value = pairs[at]
    return [*pairs[:at], (rng.choice([name + "_", name.upper(), "sign", "sign_type"]), value), *pairs[at + 1 :]]


def _drop_field(pairs: list[tuple[str, str]], rng: Random) -> list[tuple[str, str]]:
    at = rng.randrange(len(pairs))
    return pairs[:at] + pairs[at + 1 :]


def _double_field(pairs: list[tuple[str, str]], rng: Random) -> list[tuple[str, str]]:
    name, value = rng.choice(pairs)
    return [*pairs, (name, rng.choice([value, value + "0", ""]))]


def _add_field(pairs: list[tuple[str, str]], rng: Random) -> list[tuple[str, str]]:
    return [*pairs, (f"extra{rng.randrange(100)}", "1")]


def _reorder(pairs: list[tuple[str, str]], rng: Random) -> list[tuple[str, str]]:
    return rng.sample(pairs, len(pairs))


def _quote_otherwise(raw: RawCallback, _: Random) -> RawCallback:
    pairs = parse_qsl(raw.body.decode("utf-8", "replace"), keep_blank_values=True)
    text = "&".join(f"{name}={''.join(f'%{byte:02x}' for byte in value.encode())}" for name, value in pairs)
    return replace(raw, body=text.encode())


def _quote_twice(raw: RawCallback, _: Random) -> RawCallback:
    return replace(raw, body=quote(raw.body.decode("utf-8", "replace"), safe="=&").encode())


def _json(change: Callable[[dict, Random], object]) -> Mutation:
    def mutate(raw: RawCallback, rng: Random) -> RawCallback:
        try:
            value = json.loads(raw.body)
        except ValueError:
            return raw
        changed = change(value, rng) if isinstance(value, dict) and value else value
        return replace(raw, body=json.dumps(changed, ensure_ascii=rng.random() < 0.5).encode("utf-8", "replace"))

    return mutate


def _change_member(value: dict, rng: Random) -> object:
    inner = value
    while True:
        name = rng.choice(sorted(inner))
        if isinstance(inner[name], dict) and inner[name] and rng.random() < 0.8:
            inner = inner[name]
            continue
        inner[name] = rng.choice([None, 0, 1, "", "x", 8889, 88.88, [], {}, True, f"{inner[name]}0"])
        return value


def _reorder_members(value: dict, rng: Random) -> object:
    return {name: value[name] for name in rng.sample(sorted(value), len(value))}


def _drop_member(value: dict, rng: Random) -> object:
    del value[rng.choice(sorted(value))]
    return value


def _as_it_is(value: dict, _: Random) -> object:
    return value


def _wrap(value: dict, rng: Random) -> object:
    return rng.choice([[value], {"data": value}, [], "text", 1, None])


_ANYWHERE: list[Mutation] = [_flip_bit, _cut, _insert, _encode_otherwise, _change_header]
_FOR_FORMS: list[Mutation] = [
    *_ANYWHERE,
    *(_form(one) for one in (_change_field, _rename_field, _drop_field, _double_field, _add_field, _reorder)),
    _quote_otherwise,
    _quote_twice,
]
_FOR_JSON: list[Mutation] = [
    *_ANYWHERE,
    *(_json(one) for one in (_change_member, _reorder_members, _drop_member, _as_it_is, _wrap)),
]
