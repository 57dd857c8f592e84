"""What a slot may ask of a provider, and how each fault is named."""

import json
import math
import sys
from importlib import resources
from pathlib import Path

import pytest

from photobooth_daemon import schemas as ours
from photobooth_daemon.providers.params import ParamSchemas
from photobooth_daemon.providers.schemas import read_schema

EXAMPLE = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "title": "Example",
    "x-title-ru": "Пример",
    "$defs": {
        "edit": {
            "title": "Edit",
            "template_roles": [{"role": "reference", "min": 1, "max": 2}],
            "type": "object",
            "properties": {
                "prompt": {"type": "string", "minLength": 1, "maxLength": 10},
                "strength": {"type": "number", "minimum": 0, "maximum": 1, "default": 0.5},
                "edge": {"$ref": "#/$defs/edge", "default": 1536},
                "when": {"type": "string", "format": "date-time"},
                "link": {"type": "string", "format": "uri"},
                "a/b": {"type": "boolean"},
            },
            "required": ["prompt"],
            "additionalProperties": False,
        },
        "edge": {"type": "integer", "minimum": 256},
    },
}


@pytest.fixture(scope="module")
def schemas() -> ParamSchemas:
    return ParamSchemas({"example": EXAMPLE, "local": read_schema("local", "photobooth_daemon.x")})


def pointers(schemas, params, operation="edit"):
    return [f.pointer for f in schemas.check("example", operation, params)]


def test_all_faults_at_once_each_at_its_own_pointer(schemas):
    params = {"strength": 2, "edge": "big", "unknown": 1, "a/b": 3, "~x": None}
    assert pointers(schemas, params) == [
        "/params/a~1b",
        "/params/edge",
        "/params/prompt",
        "/params/strength",
        "/params/unknown",
        "/params/~0x",
    ]


def test_good_params_have_no_fault(schemas):
    params = {
        "prompt": "x",
        "when": "2026-11-22T12:00:00Z",
        "link": "https://booth.lan/a?b",
        "edge": 300.0,
    }
    assert pointers(schemas, params) == []


@pytest.mark.parametrize(
    "value", ["2026-11-22", "2026-11-22T12:00:00", "2026-13-22T12:00:00Z", "tomorrow", ""]
)
def test_a_date_time_needs_its_zone(schemas, value):
    assert pointers(schemas, {"prompt": "x", "when": value}) == ["/params/when"]


@pytest.mark.parametrize("value", ["booth.lan", "http://", "http://[x", "http://a b", ""])
def test_a_uri_is_absolute(schemas, value):
    assert pointers(schemas, {"prompt": "x", "link": value}) == ["/params/link"]


@pytest.mark.parametrize(
    ("params", "pointer"),
    [
        ({"prompt": "a\0b"}, "/params/prompt"),
        ({"prompt": "\ud800"}, "/params/prompt"),
        ({"prompt": "x", "strength": math.nan}, "/params/strength"),
        ({"prompt": "x", "bad\0key": 1}, "/params/bad\0key"),
    ],
)
def test_what_the_database_cannot_keep_is_a_fault(schemas, params, pointer):
    assert pointers(schemas, params) == [pointer]


def test_nesting_has_an_end(schemas):
    deep: object = 1
    for _ in range(500):
        deep = [deep]
    faults = schemas.check("example", "edit", {"prompt": "x", "strength": deep})
    assert faults[0].pointer == "/params/strength"
    assert any("deep" in fault.message for fault in faults)


@pytest.mark.parametrize("params", [None, [], "x", 3])
def test_params_are_an_object(schemas, params):
    assert pointers(schemas, params) == ["/params"]


def test_messages_never_repeat_the_value(schemas):
    secret = "s3cret" * 100
    faults = schemas.check("example", "edit", {"prompt": secret, "strength": secret})
    assert len(faults) == 2
    assert not any("s3cret" in fault.message for fault in faults)


def test_an_unknown_provider_or_operation_is_a_fault_beside_the_params(schemas):
    assert schemas.check("nobody", "edit", {})[0].pointer == "/provider"
    assert schemas.check("example", "paint", {})[0].pointer == "/operation"
    fault = schemas.check("nobody", "edit", {}, pointer="/fallback/1/params")[0]
    assert fault.pointer == "/fallback/1/provider"
    assert "example, local" in fault.message


def test_defaults_fill_what_is_left_out(schemas):
    assert schemas.with_defaults("example", "edit", {"prompt": "x", "edge": 512.0}) == {
        "prompt": "x",
        "strength": 0.5,
        "edge": 512,
    }
    assert schemas.with_defaults("nobody", "edit", {"a": 1}) == {"a": 1}


def test_bindings_are_counted_by_role(schemas):
    def check(roles, **more):
        return [f.pointer for f in schemas.check_templates("example", "edit", roles, **more)]

    assert check(["reference"]) == []
    assert check([]) == ["/template_media"]
    assert check([], complete=False) == []
    assert check(["reference", "reference", "reference", "frame"]) == [
        "/template_media/2/role",
        "/template_media/3/role",
    ]


def test_a_broken_reference_is_refused_when_the_schema_is_read():
    for target in ("#/$defs/nothing", "https://elsewhere.example/x.json", "#/$defs/edit"):
        document = {
            "$defs": {"edit": {"template_roles": [], "properties": {"a": {"$ref": target}}}}
        }
        with pytest.raises(ValueError, match="reference"):
            ParamSchemas({"example": document})


def test_a_driver_of_a_third_party_ships_its_schema_beside_it(tmp_path: Path, monkeypatch):
    package = tmp_path / "booth_dreams"
    (package / "schemas").mkdir(parents=True)
    (package / "__init__.py").write_text("")
    (package / "schemas" / "dream.json").write_text(json.dumps(EXAMPLE))
    monkeypatch.syspath_prepend(str(tmp_path))
    try:
        assert read_schema("dream", "booth_dreams.driver") == EXAMPLE
        with pytest.raises(FileNotFoundError, match="ships no"):
            read_schema("nightmare", "booth_dreams.driver")
    finally:
        sys.modules.pop("booth_dreams", None)


def test_every_schema_of_ours_is_complete_in_both_languages():
    files = [f for f in resources.files(ours).iterdir() if f.name.endswith(".json")]
    schemas = ParamSchemas({f.name.removesuffix(".json"): json.loads(f.read_text()) for f in files})
    assert "local" in schemas.providers()
    for provider in schemas.providers():
        assert all(schemas.title(provider))
        assert schemas.operations(provider)
        for operation in schemas.operations(provider):
            schema = operation.schema
            assert schema["additionalProperties"] is False
            assert schema["properties"]["input_max_edge_px"]["default"] in (1536, 3000)
            for name, part in schema["properties"].items():
                for keyword in ("title", "description", "x-title-ru", "x-description-ru"):
                    assert part.get(keyword), (provider, operation.operation, name, keyword)
                assert "default" in part or name in schema.get("required", []), name
                if "enum" in part:
                    assert set(part["x-enum-titles"]) == set(part["x-enum-titles-ru"])
                    assert set(part["x-enum-titles"]) == set(part["enum"]), name
            defaults = {k: p["default"] for k, p in schema["properties"].items() if "default" in p}
            faults = schemas.check(provider, operation.operation, defaults)
            assert all(fault.message == "Missing." for fault in faults)


def test_the_local_look_needs_no_params(schemas):
    assert schemas.operations("local")[0].operation == "look"
    assert schemas.check("local", "look", {}) == []
    assert schemas.with_defaults("local", "look", {})["look"] == "bw"
    assert len(schemas.operations("local")[0].schema["properties"]["look"]["enum"]) >= 8
