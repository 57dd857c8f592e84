"""What is written beside a photo that got no picture: for whoever looks into the folder."""

from __future__ import annotations

from photobooth_daemon.intake.sender import Refused

NOT_A_PICTURE = "not_a_picture"
RAW = "raw"
TOO_LARGE = "file_too_large"

_WORDS = {
    NOT_A_PICTURE: (
        "Это не фотография: принимаются JPEG, PNG и WEBP.",
        "This is not a photo: JPEG, PNG and WEBP are taken.",
    ),
    RAW: (
        "Это RAW, HEIF или видео: включите на камере запись JPEG, обрабатывается только он.",
        "This is RAW, HEIF or a film: let the camera write JPEG, only that is processed.",
    ),
    TOO_LARGE: (
        "Файл больше, чем принимает приём (intake.max_file_mb).",
        "The file is larger than the intake takes (intake.max_file_mb).",
    ),
    "slot_disabled": ("Слот выключен или не настроен.", "The slot is off or not set up."),
    "slot_not_found": ("Такого слота нет.", "There is no such slot."),
    "invalid_image": (
        "Фотография повреждена, оборвана или слишком велика.",
        "The photo is broken, cut off or too large.",
    ),
    "unsupported_media_type": ("Это не JPEG, PNG или WEBP.", "It is no JPEG, PNG or WEBP."),
    "payload_too_large": (
        "Файл больше, чем разрешено настройками.",
        "The file is larger than the settings allow.",
    ),
    "provider_error": (
        "Сервис обработки не дал картинки.",
        "The provider gave no picture.",
    ),
    "provider_timeout": (
        "Сервис обработки не успел за отведённое время.",
        "The provider was not done within the window.",
    ),
}
_UNKNOWN = ("Приложение отказало.", "The daemon refused it.")
_AGAIN = (
    "Чтобы попробовать ещё раз, переложите фотографию обратно в папку in.",
    "To try again, move the photo back into the folder in.",
)


def both_languages(code: str) -> dict[str, str]:
    """Return in both languages why a photo got no picture."""
    return dict(zip(("ru", "en"), _WORDS.get(code, _UNKNOWN), strict=True))


def code_and_job(text: str) -> tuple[str, str | None]:
    """Return the word and the job that a reason's text names."""
    lines = (line.partition(": ") for line in text.splitlines())
    named = {key: value for key, separator, value in lines if separator}
    return named.get("code", "unknown"), named.get("job")


def reason_text(code: str, refused: Refused | None = None) -> str:
    """Return the text in both languages, with what the daemon said where it was asked."""
    ru, en = _WORDS.get(code, _UNKNOWN)
    lines = [ru, _AGAIN[0], "", en, _AGAIN[1], "", f"code: {code}"]
    if refused is not None:
        lines += [f"status: {refused.status}"]
        lines += [f"detail: {refused.detail}"] if refused.detail else []
        lines += [f"job: {refused.job_id}"] if refused.job_id else []
    return "\n".join(lines) + "\n"
