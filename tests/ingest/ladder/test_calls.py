"""How many calls one photo may come to, whatever its providers answer."""

from __future__ import annotations

import itertools

import pytest

from photobooth_daemon.errors import ProviderError, Reason
from tests.support.ladders import Booth, ScriptedDriver, fail, ok, scripted_booth


def local_booth(**scripts: object) -> tuple[Booth, dict[str, ScriptedDriver]]:
    """Return a scripted booth whose rung ``local`` calls nobody, as the real one."""
    booth, drivers = scripted_booth(**scripts)  # type: ignore[arg-type]
    drivers["local"].calls_nobody = True
    return booth, drivers


async def test_no_image_is_tried_again_at_once_and_then_ever_later() -> None:
    booth, drivers = scripted_booth(gemini=[fail(Reason.NO_IMAGE, 1.2)])
    begun = booth.clock.monotonic()
    with pytest.raises(ProviderError) as ended:
        await booth.climb()
    assert ended.value.provider_code is Reason.NO_IMAGE
    starts = drivers["gemini"].started_at
    gaps = [later - earlier for earlier, later in itertools.pairwise(starts)]
    assert gaps == pytest.approx([1.2, 2.2, 3.2, 5.2])
    assert booth.clock.monotonic() - begun < 20


async def test_the_fifth_attempt_may_still_bring_the_picture() -> None:
    booth, _ = scripted_booth(gemini=[*[fail(Reason.NO_IMAGE, 1.2)] * 4, ok()])
    assert (await booth.climb()).value == b"picture"


@pytest.mark.parametrize(
    "reason", [Reason.NO_IMAGE, Reason.OVERLOADED, Reason.QUOTA, Reason.BAD_RESPONSE]
)
@pytest.mark.parametrize("cap", [1, 2, 8])
async def test_all_rungs_together_make_no_more_calls_than_the_cap(reason: Reason, cap: int) -> None:
    # Providers that ask to be called again at once are those that make a storm.
    step = fail(reason, 0.01, retry_after_seconds=0)
    booth, _ = scripted_booth(a=[step], b=[step], c=[step], d=[step], e=[step])
    with pytest.raises(ProviderError) as ended:
        await booth.climb(attempts_per_photo=cap)
    assert ended.value.provider_code is reason
    assert len(booth.attempts) == cap


async def test_the_last_reason_is_told_at_once_when_the_calls_are_used_up() -> None:
    booth, _ = scripted_booth(gemini=[fail(Reason.NO_IMAGE, 1.0)], openai=[ok()])
    begun = booth.clock.monotonic()
    with pytest.raises(ProviderError) as ended:
        await booth.climb(attempts_per_photo=4)
    assert ended.value.provider_code is Reason.NO_IMAGE
    assert booth.reasons() == ["gemini:no_image"] * 4
    assert booth.clock.monotonic() - begun == pytest.approx(4 + 0 + 1 + 2)


async def test_what_calls_nobody_is_tried_after_the_last_call_and_not_counted() -> None:
    local = [fail(Reason.BAD_RESPONSE, 0.1), fail(Reason.BAD_RESPONSE, 0.1), ok(0.1)]
    booth, _ = local_booth(gemini=[fail(Reason.NO_IMAGE, 0.1)], openai=[ok()], local=local)
    climbed = await booth.climb(attempts_per_photo=2)
    assert climbed.rung.provider == "local"
    assert booth.reasons() == ["gemini:no_image"] * 2 + ["local:bad_response"] * 2 + ["local:ok"]
    booth, _ = local_booth(local=[fail(Reason.BAD_RESPONSE, 0.1)], gemini=[ok()])
    assert (await booth.climb(attempts_per_photo=1)).rung.provider == "gemini"


async def test_the_last_call_leaves_no_time_to_rungs_that_will_not_be_called() -> None:
    booth, drivers = scripted_booth(gemini=[ok()], openai=[ok()])
    await booth.climb(40.0, attempts_per_photo=1)
    assert drivers["gemini"].limits == [40.0]
    booth, drivers = local_booth(gemini=[ok()], local=[ok()])
    await booth.climb(40.0, attempts_per_photo=1)
    assert drivers["gemini"].limits[0] < 40.0
