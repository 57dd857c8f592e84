"""The price table: its rows, its dates, its faults."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from photobooth_daemon.errors import ConfigError
from photobooth_daemon.ingest.ladder.pricing import PriceTable

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
BEFORE = datetime(2026, 9, 1, tzinfo=UTC)


@pytest.fixture(scope="module")
def table() -> PriceTable:
    return PriceTable.read(free_providers=["openai-in-the-cellar"])


@pytest.mark.parametrize(
    ("provider", "model", "usage", "cost"),
    [
        ("gemini", "gemini-3-pro-image", {"output_tokens": 1120, "images": 1}, 0.1344),
        ("gemini", "gemini-3-pro-image", {"images": 1}, 0.134),
        ("gemini", "gemini-nano-banana-2.1", {"output_tokens": 1120, "images": 1}, 0.0672),
        ("gemini", "gemini-nano-banana-2.1", {"input_tokens": 560}, 0.0),
        ("gemini", "gemini-nano-banana-2.1", {}, None),
        ("gemini", "gemini-2.5-flash-image", {"images": 1}, None),
        ("gemini", "gemini-9", {"images": 1}, None),
        (
            "openai",
            "gpt-image-2.5-flare",
            {"input_text_tokens": 22, "input_image_tokens": 388, "output_tokens": 1568},
            0.050254,
        ),
        ("openai", "qwen", {"images": 1}, None),
        ("local", None, {}, 0.0),
        ("comfyui", "flux", {"images": 1}, 0.0),
        ("openai-in-the-cellar", "gpt-image-2", {"images": 1}, 0.0),
        ("turbotext", "mix_images", {"creates": 1}, None),
    ],
)
def test_what_an_attempt_comes_to(
    table: PriceTable, provider: str, model: str | None, usage: dict[str, int], cost: float | None
) -> None:
    assert table.cost(provider, model, usage, NOW) == cost


def test_a_price_holds_between_its_dates(table: PriceTable) -> None:
    usage = {"images": 1}
    assert table.cost("gemini", "gemini-2.5-flash-image", usage, BEFORE) == 0.039
    assert table.cost("gemini", "gemini-2.5-flash-image", usage, NOW) is None


def test_what_is_known_to_be_free(table: PriceTable) -> None:
    assert table.is_free("local", None, NOW)
    assert table.is_free("openai-in-the-cellar", "x", NOW)
    assert not table.is_free("gemini", "gemini-nano-banana-2.1", NOW)
    assert not table.is_free("somebody", "x", NOW)


def test_a_table_of_ones_own(tmp_path: Path) -> None:
    file = tmp_path / "prices.toml"
    file.write_text(
        'currency = "RUB"\n[[price]]\nprovider = "turbotext"\nmodel = "*"\nper_create = 4\n'
        "valid_from = 2026-01-01\n"
    )
    table = PriceTable.read(file)
    assert table.currency == "RUB"
    assert table.cost("turbotext", "mix_images", {"creates": 1}, NOW) == 4


@pytest.mark.parametrize(
    ("usage", "cost"),
    [
        # 20 at 5, 300 at the general 2, and the answer's 1000 at 30.
        ({"input_tokens": 320, "input_text_tokens": 20, "output_tokens": 1000}, 0.0307),
        ({"input_text_tokens": 20, "input_image_tokens": 300, "output_tokens": 1000}, 0.0307),
        ({"input_tokens": 320, "output_tokens": 1000}, 0.03064),
        # A refused prompt has no answer to be charged for.
        ({"input_tokens": 320, "input_text_tokens": 20}, 0.0007),
        ({"input_tokens": 320, "images": 1}, 0.05),
    ],
)
def test_each_token_is_charged_once(tmp_path: Path, usage: dict[str, int], cost: float) -> None:
    file = tmp_path / "prices.toml"
    file.write_text(
        'currency = "USD"\n[[price]]\nprovider = "openai"\nmodel = "*"\nper_image = 0.05\n'
        "per_million_input_tokens = 2\nper_million_input_text_tokens = 5\n"
        "per_million_output_tokens = 30\n"
    )
    assert PriceTable.read(file).cost("openai", "x", usage, NOW) == pytest.approx(cost)


def test_every_fault_of_a_table_is_named(tmp_path: Path) -> None:
    file = tmp_path / "prices.toml"
    file.write_text(
        'price = [{provider = "x", model = 3, per_image = -1, per_photo = 2}, 7,'
        ' {provider = "x", model = "*", valid_from = 2026-01-01T00:00:00Z}]\n'
    )
    with pytest.raises(ConfigError) as failed:
        PriceTable.read(file)
    places = [fault.pointer.removeprefix(f"{file}: ") for fault in failed.value.faults]
    assert places == [
        "price 1: per_photo",
        "price 1: model",
        "price 1: per_image",
        "price 2",
        "price 3: valid_from",
        "price 3",
        "currency",
    ]
    file.write_text("= nonsense")
    with pytest.raises(ConfigError):
        PriceTable.read(file)
    with pytest.raises(ConfigError):
        PriceTable.read(tmp_path / "absent.toml")
