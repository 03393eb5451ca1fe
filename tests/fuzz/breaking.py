"""What in a description of the API would break those who were built on an earlier one.

Whoever sends must still be understood: no operation, parameter, property or value he uses may be gone, nothing new may
be demanded of him, no bound may be tighter. Whoever reads must still find what he reads: no answer or property may be
gone, none may be missing or null that never was. Answers may have new properties and new values of enumerations.
"""

from collections.abc import Iterator
from typing import Any, Final, Literal

Document = dict[str, Any]
Schema = dict[str, Any]
Way = Literal["sent", "shown"]

MOST: Final = ("maxLength", "maxItems", "maximum", "exclusiveMaximum")
LEAST: Final = ("minLength", "minItems", "minimum", "exclusiveMinimum")
FIXED: Final = ("type", "format", "pattern", "const")
EITHER: Final = ("anyOf", "oneOf")


def breaking(old: Document, new: Document) -> list[str]:
    """Each break as one line: where, then what."""
    return list(_Comparison(old, new).operations())


class _Comparison:
    def __init__(self, old: Document, new: Document) -> None:
        self._old, self._new = old, new

    def operations(self) -> Iterator[str]:
        for path, methods in self._old["paths"].items():
            for method, operation in methods.items():
                name, now = f"{method.upper()} {path}", self._new["paths"].get(path, {}).get(method)
                if now is None:
                    yield f"{name}: gone"
                else:
                    yield from self._parameters(name, operation, now)
                    yield from self._bodies(name, operation, now)
                    yield from self._answers(name, operation, now)

    def _parameters(self, name: str, old: Schema, new: Schema) -> Iterator[str]:
        were, are = (
            {(each["in"], each["name"]): each for each in operation.get("parameters", ())} for operation in (old, new)
        )
        for key, parameter in were.items():
            if key in are:
                yield from self._schemas(f"{name} ?{key[1]}", parameter["schema"], are[key]["schema"], "sent")
            else:
                yield f"{name} ?{key[1]}: gone"
        for key, parameter in are.items():
            if parameter.get("required") and not were.get(key, {}).get("required"):
                yield f"{name} ?{key[1]}: now required"

    def _bodies(self, name: str, old: Schema, new: Schema) -> Iterator[str]:
        were, are = (operation.get("requestBody", {}) for operation in (old, new))
        if are.get("required") and not were.get("required"):
            yield f"{name} body: now required"
        yield from self._contents(f"{name} body", were.get("content", {}), are.get("content", {}), "sent")

    def _answers(self, name: str, old: Schema, new: Schema) -> Iterator[str]:
        for status, answer in old["responses"].items():
            now = new["responses"].get(status)
            if now is None:
                yield f"{name} {status}: gone"
            else:
                yield from self._contents(
                    f"{name} {status}", answer.get("content", {}), now.get("content", {}), "shown"
                )

    def _contents(self, place: str, old: Schema, new: Schema, way: Way) -> Iterator[str]:
        for kind, content in old.items():
            if kind in new:
                yield from self._schemas(place, content.get("schema", {}), new[kind].get("schema", {}), way)
            else:
                yield f"{place} {kind}: gone"

    def _schemas(self, place: str, old: Schema, new: Schema, way: Way) -> Iterator[str]:
        old, new = _resolved(self._old, old), _resolved(self._new, new)
        for word in FIXED:
            if old.get(word) != new.get(word):
                yield f"{place}: another {word}"
        if way == "sent":
            yield from _tighter(place, old, new)
        yield from self._properties(place, old, new, way)
        yield from self._alternatives(place, old, new, way)
        if "items" in old and "items" in new:
            yield from self._schemas(f"{place}[]", old["items"], new["items"], way)

    def _properties(self, place: str, old: Schema, new: Schema, way: Way) -> Iterator[str]:
        were, are = old.get("properties", {}), new.get("properties", {})
        for name, schema in were.items():
            if name in are:
                yield from self._schemas(f"{place}.{name}", schema, are[name], way)
            else:
                yield f"{place}.{name}: gone"
        demanded, sure = set(old.get("required", ())), set(new.get("required", ()))
        if way == "sent":
            yield from (f"{place}.{name}: now required" for name in sorted(sure - demanded))
        else:
            yield from (f"{place}.{name}: no longer sure" for name in sorted((demanded - sure) & are.keys()))

    def _alternatives(self, place: str, old: Schema, new: Schema, way: Way) -> Iterator[str]:
        were, are = _alternatives(old), _alternatives(new)
        for name, schema in were.items():
            if name in are:
                yield from self._schemas(place, schema, are[name], way)
            elif way == "sent" or schema.get("type") != "null":
                yield f"{place} {name}: gone"
        if way == "shown":
            yield from (f"{place} {name}: not known before" for name in sorted(are.keys() - were.keys()))


def _tighter(place: str, old: Schema, new: Schema) -> Iterator[str]:
    if "enum" in new:
        yield from (f"{place}: {value} is gone" for value in old.get("enum", ["any value"]) if value not in new["enum"])
    for words, sign in ((MOST, 1), (LEAST, -1)):
        for word in words:
            if word in new and (word not in old or new[word] * sign < old[word] * sign):
                yield f"{place}: tighter {word}"


def _alternatives(schema: Schema) -> dict[str, Schema]:
    """By a name that lasts: the model's, else the type's."""
    each = [alternative for word in EITHER for alternative in schema.get(word, ())]
    return {alternative.get("$ref", alternative.get("type", "any")): alternative for alternative in each}


def _resolved(document: Document, schema: Schema) -> Schema:
    while "$ref" in schema:
        schema = document["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
    return schema
