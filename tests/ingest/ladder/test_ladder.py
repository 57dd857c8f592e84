"""The ladder: what follows each reason, on this rung and on the next."""

import itertools

import pytest

from photobooth_daemon.errors import (
    InvalidImage,
    ProviderError,
    Reason,
)
from photobooth_daemon.ingest.ladder.reasons import AGAIN, VERDICTS
from photobooth_daemon.providers.driver import (
    ProviderResult,
)
from tests.support.fakes import FakeClock
from tests.support.ladders import ScriptedDriver, fail, ok, scripted_booth

FINAL = (
    Reason.REFUSED,
    Reason.AUTH,
    Reason.MODEL_GONE,
    Reason.BAD_REQUEST,
    Reason.INPUT_NOT_FETCHED,
)


def gaps(driver: ScriptedDriver) -> list[float]:
    starts = driver.started_at
    return [round(later - earlier, 3) for earlier, later in itertools.pairwise(starts)]


def test_every_reason_has_its_row() -> None:
    assert set(AGAIN) == set(VERDICTS) == set(Reason)


async def test_the_first_picture_ends_the_climb() -> None:
    booth, drivers = scripted_booth(gemini=[ok(2.0)], local=[ok()])
    climbed = await booth.climb()
    assert (climbed.value, climbed.rung.provider) == (b"picture", "gemini")
    (attempt,) = booth.attempts
    assert (attempt.started_ms, attempt.duration_ms, attempt.reason) == (0, 2000, None)
    assert (attempt.model, attempt.provider_request_id) == ("gemini-1", "req-1")
    assert attempt.usage == {"images": 1}
    assert drivers["local"].started_at == []
    assert booth.sample("provider_attempts_total", provider="gemini", reason="ok") == 1


async def test_overloaded_backs_off_and_gives_up_early_when_nothing_fits() -> None:
    booth, drivers = scripted_booth(gemini=[fail(Reason.OVERLOADED, 0.5)])
    begun = booth.clock.monotonic()
    with pytest.raises(ProviderError) as ended:
        await booth.climb(20.0)
    assert ended.value.provider_code is Reason.OVERLOADED
    assert gaps(drivers["gemini"]) == [1.5, 2.5, 4.5, 8.5]
    assert booth.clock.monotonic() - begun < 18


@pytest.mark.parametrize("reason", [Reason.OVERLOADED, Reason.QUOTA])
async def test_a_stated_delay_is_kept(reason: Reason) -> None:
    booth, drivers = scripted_booth(gemini=[fail(reason, 1, retry_after_seconds=17.5), ok()])
    await booth.climb()
    assert gaps(drivers["gemini"]) == [18.5]


async def test_a_stated_delay_beyond_the_window_ends_the_photo_at_once() -> None:
    booth, _ = scripted_booth(gemini=[fail(Reason.QUOTA, 1, retry_after_seconds=60), ok()])
    begun = booth.clock.monotonic()
    with pytest.raises(ProviderError) as ended:
        await booth.climb()
    assert ended.value.provider_code is Reason.QUOTA
    assert booth.clock.monotonic() - begun == 1


async def test_a_spent_quota_is_not_asked_again() -> None:
    booth, _ = scripted_booth(gemini=[fail(Reason.QUOTA, again=False), ok()])
    with pytest.raises(ProviderError):
        await booth.climb()
    assert booth.reasons() == ["gemini:quota"]


@pytest.mark.parametrize("more", [0, 1, 2])
@pytest.mark.parametrize("reason", [Reason.NO_IMAGE, Reason.OVERLOADED, Reason.REFUSED])
async def test_a_driver_may_say_how_many_more(reason: Reason, more: int) -> None:
    booth, drivers = scripted_booth(gemini=[fail(reason, again=more)])
    with pytest.raises(ProviderError):
        await booth.climb()
    assert len(drivers["gemini"].started_at) == 1 + more


@pytest.mark.parametrize(
    ("reason", "attempts"),
    [(Reason.BAD_RESPONSE, 3), (Reason.UNREACHABLE, 2), *((reason, 1) for reason in FINAL)],
)
async def test_how_often_a_reason_is_tried_on_its_rung(reason: Reason, attempts: int) -> None:
    booth, drivers = scripted_booth(gemini=[fail(reason)])
    with pytest.raises(ProviderError) as ended:
        await booth.climb()
    assert ended.value.provider_code is reason
    assert len(drivers["gemini"].started_at) == attempts == len(booth.attempts)


async def test_an_image_refusal_is_tried_once_more_a_blocked_prompt_is_not() -> None:
    booth, drivers = scripted_booth(gemini=[fail(Reason.REFUSED, again=True)])
    with pytest.raises(ProviderError):
        await booth.climb()
    assert len(drivers["gemini"].started_at) == 2


async def test_each_rung_is_climbed_in_order_and_the_last_reason_is_told() -> None:
    booth, _ = scripted_booth(
        gemini=[fail(Reason.AUTH)], openai=[fail(Reason.UNREACHABLE)], local=[fail(Reason.REFUSED)]
    )
    with pytest.raises(ProviderError) as ended:
        await booth.climb()
    assert ended.value.provider_code is Reason.REFUSED
    assert booth.reasons() == [
        "gemini:auth",
        "openai:unreachable",
        "openai:unreachable",
        "local:refused",
    ]


async def test_a_rung_without_a_driver_is_passed_by() -> None:
    booth, _ = scripted_booth(local=[ok()])
    climbed = await booth.climb(names=["vanished", "local"])
    assert climbed.rung.provider == "local"
    with pytest.raises(ProviderError) as ended:
        await booth.climb(names=["vanished"])
    assert ended.value.provider_code is Reason.BAD_REQUEST


async def test_a_picture_that_cannot_be_used_is_a_bad_response() -> None:
    booth, _ = scripted_booth(gemini=[ok(picture=b"junk"), ok(picture=b"fine")])

    async def accept(result: ProviderResult) -> bytes:
        if result.picture == b"junk":
            raise InvalidImage("The picture is corrupt.")
        return result.picture

    assert (await booth.climb(accept=accept)).value == b"fine"
    assert booth.reasons() == ["gemini:bad_response", "gemini:ok"]
    assert booth.attempts[0].usage == {"images": 1}


async def test_what_accept_raises_reaches_the_caller_and_the_attempt_is_kept() -> None:
    booth, _ = scripted_booth(gemini=[ok()])

    async def accept(result: ProviderResult) -> bytes:
        raise OSError("disk")

    with pytest.raises(OSError, match="disk"):
        await booth.climb(accept=accept)
    assert booth.reasons() == ["gemini:ok"]


async def test_a_bug_in_a_driver_costs_an_attempt_not_the_photo() -> None:
    booth, _ = scripted_booth(odd=[(0.1, KeyError("secret-thing"))], local=[ok()])
    assert (await booth.climb()).rung.provider == "local"
    assert booth.reasons() == ["odd:bad_response"] * 3 + ["local:ok"]
    assert "secret-thing" not in str(booth.attempts)


async def test_a_limit_of_its_own_only_while_another_rung_is_left() -> None:
    booth, drivers = scripted_booth(
        gemini=[fail(Reason.AUTH, 0)], openai=[fail(Reason.AUTH, 0)], local=[ok(0.1)]
    )
    await booth.climb(40.0)
    assert 15 <= drivers["gemini"].limits[0] <= 30
    assert 20 <= drivers["openai"].limits[0] <= 37
    assert drivers["local"].limits[0] == 40.0


async def test_a_slow_models_attempt_is_put_off_when_the_time_left_is_short() -> None:
    booth, drivers = scripted_booth(pro=[ok(35.0)], flash=[ok(6.0)])
    for _ in range(3):
        await booth.climb(60.0, names=["pro"])
        await booth.climb(60.0, names=["flash"])
    assert (await booth.climb(30.0)).rung.provider == "flash"
    assert len(drivers["pro"].started_at) == 3
    assert (await booth.climb(30.0, names=["pro"])).rung.provider == "pro"


async def test_what_is_known_of_a_model_is_forgotten_with_time() -> None:
    booth, drivers = scripted_booth(pro=[ok(35.0)], flash=[ok(6.0)])
    for _ in range(3):
        await booth.climb(60.0, names=["pro"])
    assert isinstance(booth.clock, FakeClock)
    booth.clock.advance(3600)
    await booth.climb(30.0)
    assert len(drivers["pro"].started_at) == 4


async def test_a_failing_model_cools_down_and_is_probed_once() -> None:
    booth, drivers = scripted_booth(gemini=[fail(Reason.OVERLOADED, 0.1)], local=[ok(0.1)])
    clock = booth.clock
    assert isinstance(clock, FakeClock)
    await booth.climb()
    assert booth.reasons() == ["gemini:overloaded"] * 3 + ["local:ok"]
    assert booth.sample("provider_cooling_down", provider="gemini", model="gemini-1") == 1
    await booth.climb()
    assert booth.reasons() == ["local:ok"]
    for cooling_seconds in (15, 30, 60, 60):
        clock.advance(cooling_seconds - 1)
        await booth.climb()
        assert booth.reasons() == ["local:ok"]
        clock.advance(1)
        await booth.climb()
        assert booth.reasons() == ["gemini:overloaded", "local:ok"]
    drivers["gemini"]._script = [ok(0.1)]
    booth.ladder.clear_cooldowns("gemini")
    assert booth.sample("provider_cooling_down", provider="gemini", model="gemini-1") == 0
    assert (await booth.climb()).rung.provider == "gemini"


async def test_the_last_rung_is_tried_however_cold_and_what_was_put_off_after_it() -> None:
    booth, _ = scripted_booth(gemini=[fail(Reason.AUTH, 0.1)], openai=[fail(Reason.AUTH, 0.1)])
    for _ in range(2):
        with pytest.raises(ProviderError):
            await booth.climb()
    assert booth.reasons() == ["openai:auth", "gemini:auth"]
    with pytest.raises(ProviderError):
        await booth.climb(names=["gemini"])
    assert booth.reasons() == ["gemini:auth"]


async def test_a_refusal_says_nothing_against_the_model() -> None:
    booth, _ = scripted_booth(gemini=[fail(Reason.REFUSED, 0.1)], local=[ok(0.1)])
    for _ in range(5):
        await booth.climb()
        assert booth.reasons() == ["gemini:refused", "local:ok"]


async def test_figures_that_no_column_holds_are_left_out() -> None:
    odd = {"images": 1, "nan": float("nan"), "huge": 10**400, "text": "7", "nul\0": 2}
    picture = ProviderResult(b"picture", "id" * 500, odd)
    booth, _ = scripted_booth(gemini=[(0.1, picture)])
    await booth.climb()
    (attempt,) = booth.attempts
    assert attempt.usage == {"images": 1, "nul\ufffd": 2}
    assert attempt.provider_request_id == "id" * 100


async def test_a_spent_budget_leads_to_the_rung_that_costs_nothing() -> None:
    class Spent:
        async def allows(self, provider: str, model: str | None) -> bool:
            return provider == "local"

        def spend(self, cost: float) -> None:
            raise AssertionError

    booth, drivers = scripted_booth(gemini=[ok()], local=[ok()])
    assert (await booth.climb(budget=Spent())).rung.provider == "local"
    with pytest.raises(ProviderError) as ended:
        await booth.climb(names=["gemini"], budget=Spent())
    assert ended.value.provider_code is Reason.QUOTA
    assert drivers["gemini"].started_at == []
