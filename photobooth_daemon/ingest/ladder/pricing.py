"""What an attempt costs: a table of prices with dates, read from a file operators can replace."""

from __future__ import annotations

import tomllib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from fnmatch import fnmatchcase
from importlib import resources
from pathlib import Path
from typing import Any

from photobooth_daemon.errors import ConfigError, Fault

PRICE_FILE = "prices.toml"
MILLION = 1_000_000
_PER_UNIT = {"per_image": "images", "per_create": "creates"}
_FINE_INPUT = {
    "per_million_input_text_tokens": "input_text_tokens",
    "per_million_input_image_tokens": "input_image_tokens",
}
ALL_INPUT = "per_million_input_tokens"
OUTPUT = "per_million_output_tokens"
_AMOUNTS = (*_PER_UNIT, *_FINE_INPUT, ALL_INPUT, OUTPUT)
_KEYS = {"provider", "model", "valid_from", "valid_until", *_AMOUNTS}


@dataclass(frozen=True, slots=True)
class Price:
    """One row: whose, since when, until when, and the amounts by their names in the file."""

    provider: str
    model: str
    valid_from: date
    valid_until: date
    amounts: Mapping[str, float]

    def fits(self, provider: str, model: str, on: date) -> bool:
        """Return whether this row is the price of that model on that day."""
        return (
            provider == self.provider
            and fnmatchcase(model, self.model)
            and self.valid_from <= on < self.valid_until
        )

    def of(self, usage: Mapping[str, Any]) -> float:
        """Return what this usage comes to."""
        tokens = usage.get("output_tokens")
        if tokens is not None and OUTPUT in self.amounts:
            return self._of_input(usage) + self.amounts[OUTPUT] * _number(tokens) / MILLION
        units = sum(
            self.amounts.get(name, 0.0) * _number(usage.get(figure))
            for name, figure in _PER_UNIT.items()
        )
        # A picture's price includes what was asked; where none came, that was charged alone.
        return units or self._of_input(usage)

    def _of_input(self, usage: Mapping[str, Any]) -> float:
        """Return what the request's tokens come to: each counts once, at its finest price."""
        fine = {
            name: _number(usage.get(figure))
            for name, figure in _FINE_INPUT.items()
            if name in self.amounts
        }
        parts = sum(_number(usage.get(figure)) for figure in _FINE_INPUT.values())
        rest = max(0.0, _number(usage.get("input_tokens", parts)) - sum(fine.values()))
        cost = sum(self.amounts[name] * tokens for name, tokens in fine.items())
        return (cost + self.amounts.get(ALL_INPUT, 0.0) * rest) / MILLION


class PriceTable:
    """Knows what attempts cost."""

    def __init__(
        self, prices: Sequence[Price], *, currency: str, free_providers: Collection[str] = ()
    ) -> None:
        self.currency = currency
        self._prices = prices
        self._free_providers = frozenset(free_providers)

    @classmethod
    def read(cls, path: Path | None = None, *, free_providers: Collection[str] = ()) -> PriceTable:
        """Read a file, by default the one that is installed with the program.

        Raises:
            ConfigError: every fault of the file, each with its place in it.
        """
        name = str(path) if path else PRICE_FILE
        try:
            file = path or resources.files("photobooth_daemon.etc") / PRICE_FILE
            document = tomllib.loads(file.read_text("utf-8"))
        except (OSError, UnicodeDecodeError) as error:
            raise ConfigError([Fault(name, f"cannot be read ({type(error).__name__})")]) from error
        except tomllib.TOMLDecodeError as error:
            raise ConfigError([Fault(name, f"is not TOML: {error}")]) from error
        faults: list[Fault] = []
        prices = [
            price
            for index, row in enumerate(document.get("price", []))
            if (price := _price(row, f"{name}: price {index + 1}", faults)) is not None
        ]
        if not isinstance(document.get("currency"), str):
            faults.append(Fault(f"{name}: currency", "is missing"))
        if faults:
            raise ConfigError(faults)
        return cls(prices, currency=document["currency"], free_providers=free_providers)

    def cost(
        self, provider: str, model: str | None, usage: Mapping[str, Any], at: datetime
    ) -> float | None:
        """Return the cost, or None where no price or no usage is known."""
        if provider in self._free_providers:
            return 0.0
        price = self._find(provider, model, at)
        if price is None:
            return None
        if not any(price.amounts.values()):
            return 0.0
        return round(price.of(usage), 6) if usage else None

    def expected(self, provider: str, model: str | None, at: datetime) -> float:
        """Return what a call comes to that makes one picture, as far as that is known before."""
        price = self._find(provider, model, at)
        return 0.0 if price is None else price.of(dict.fromkeys(_PER_UNIT.values(), 1))

    def is_free(self, provider: str, model: str | None, at: datetime) -> bool:
        """Return whether attempts are known to cost nothing."""
        if provider in self._free_providers:
            return True
        price = self._find(provider, model, at)
        return price is not None and not any(price.amounts.values())

    def _find(self, provider: str, model: str | None, at: datetime) -> Price | None:
        return next((p for p in self._prices if p.fits(provider, model or "", at.date())), None)


def _price(row: Any, where: str, faults: list[Fault]) -> Price | None:
    if not isinstance(row, dict):
        faults.append(Fault(where, "is not a table"))
        return None
    before = len(faults)
    faults += [Fault(f"{where}: {key}", "is not known") for key in row if key not in _KEYS]
    for key in ("provider", "model"):
        if not isinstance(row.get(key), str):
            faults.append(Fault(f"{where}: {key}", "is missing, or not text"))
    for key in ("valid_from", "valid_until"):
        if key in row and type(row[key]) is not date:
            faults.append(Fault(f"{where}: {key}", "is not a date such as 2026-11-22"))
    amounts = {key: row[key] for key in _AMOUNTS if key in row}
    for key, value in amounts.items():
        if isinstance(value, bool) or not isinstance(value, int | float) or not value >= 0:
            faults.append(Fault(f"{where}: {key}", "is not an amount of money"))
    if not amounts:
        faults.append(Fault(where, "has no price"))
    if len(faults) > before:
        return None
    return Price(
        row["provider"],
        row["model"],
        row.get("valid_from", date.min),
        row.get("valid_until", date.max),
        {key: float(value) for key, value in amounts.items()},
    )


def _number(value: Any) -> float:
    return float(value) if isinstance(value, int | float) else 0.0
