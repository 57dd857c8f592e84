"""The report's words in Russian and in English."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

LOCALES = ("ru", "en")

WORDS: Mapping[str, Mapping[str, str]] = MappingProxyType(
    {
        "en": {
            "title": "Event report",
            "photos": "Photos",
            "done": "With a picture",
            "timeouts": "Too late",
            "failures": "Failed",
            "pending": "Under way",
            "made_later": "Made again",
            "success": "Success",
            "p50": "Half within",
            "p95": "95 % within",
            "longest": "Longest",
            "provider_p95": "Provider, 95 % within",
            "received": "Received",
            "results": "Pictures",
            "cost": "Cost",
            "slots": "Booths",
            "slot": "Booth",
            "sample": "Example",
            "causes": "Why there was no picture",
            "cause": "Cause",
            "providers": "Who made the pictures",
            "provider": "Provider",
            "attempts": "Attempts",
            "slowest": "The slowest photos",
            "started": "Time",
            "status": "Outcome",
            "total": "In all",
            "plot": "Photos through the evening",
            "each_quarter": "photos in a quarter of an hour",
            "each_hour": "photos in an hour",
            "each_day": "photos in a day",
            "time": "time of day",
            "date": "day",
            "with_picture": "with a picture",
            "without_picture": "without",
            "busiest": "Most came from {from_} to {to}: {photos}.",
            "busiest_day": "Most came on {day}: {photos}.",
            "nothing": "No photos came in this time.",
            "ready": "9 of 10 ready in {seconds}",
            "all_done": "every photo got its picture",
            "share_done": "{percent} got their picture",
            "best": "From the evening",
            "fallbacks": "{photos} went back untouched, so that the guest had something to print.",
            "made_again": "{photos} made again afterwards: the picture is under the guest's link.",
            "overrides": "Changed while the evening ran",
            "what": "What",
            "reason": "Why",
            "settings": "Settings",
            "template": "Picture",
            "back": "Back",
            "picture_of": "Picture taken at {time}",
        },
        "ru": {
            "title": "Отчёт о мероприятии",
            "photos": "Фотографий",
            "done": "С картинкой",
            "timeouts": "Не успели",
            "failures": "Не вышло",
            "pending": "В работе",
            "made_later": "Обработано заново",
            "success": "Успешно",
            "p50": "Половина за",
            "p95": "95 % за",
            "longest": "Дольше всего",
            "provider_p95": "Сервис обработки, 95 % за",
            "received": "Принято",
            "results": "Картинки",
            "cost": "Стоимость",
            "slots": "Фотобудки",
            "slot": "Фотобудка",
            "sample": "Пример",
            "causes": "Почему не было картинки",
            "cause": "Причина",
            "providers": "Кто делал картинки",
            "provider": "Сервис",
            "attempts": "Попыток",
            "slowest": "Самые медленные фотографии",
            "started": "Время",
            "status": "Исход",
            "total": "Всего",
            "plot": "Фотографии в течение вечера",
            "each_quarter": "фотографий за четверть часа",
            "each_hour": "фотографий за час",
            "each_day": "фотографий за день",
            "time": "время",
            "date": "день",
            "with_picture": "с картинкой",
            "without_picture": "без картинки",
            "busiest": "Больше всего пришло с {from_} до {to}: {photos}.",
            "busiest_day": "Больше всего пришло {day}: {photos}.",
            "nothing": "За это время фотографий не было.",
            "ready": "9 из 10 готовы за {seconds}",
            "all_done": "картинку получила каждая",
            "share_done": "картинку получили {percent}",
            "best": "Кадры вечера",
            "fallbacks": "Отдано без обработки: {photos}, гостю было что напечатать.",
            "made_again": "Обработано заново: {photos}, картинка — по ссылке гостя.",
            "overrides": "Изменено во время мероприятия",
            "what": "Что",
            "reason": "Почему",
            "settings": "Настройки",
            "template": "Изображение",
            "back": "Назад",
            "picture_of": "Снимок в {time}",
        },
    }
)

PHOTOS = {"en": ("photo", "photos"), "ru": ("фотография", "фотографии", "фотографий")}
SECONDS = {"en": ("second", "seconds"), "ru": ("секунду", "секунды", "секунд")}

STATUSES: Mapping[str, Mapping[str, str]] = MappingProxyType(
    {
        "en": {
            "pending": "under way",
            "done": "picture made",
            "timeout": "too late",
            "failed": "failed",
        },
        "ru": {
            "pending": "в работе",
            "done": "картинка готова",
            "timeout": "не успела",
            "failed": "не вышло",
        },
    }
)

CAUSES: Mapping[str, Mapping[str, str]] = MappingProxyType(
    {
        "en": {
            "no_image": "the provider answered without a picture",
            "overloaded": "the provider was overloaded",
            "quota": "the provider's quota was used up",
            "bad_response": "the provider's answer could not be read",
            "unreachable": "the provider could not be reached",
            "refused": "the provider refused the photo for what it shows",
            "auth": "the provider did not take the key",
            "model_gone": "the provider has not got the model any more",
            "bad_request": "the provider did not take the booth's settings",
            "input_not_fetched": "the provider could not fetch the photo",
            "timeout": "the provider was not done in time",
            "cancelled": "time ran out",
            "provider_timeout": "time ran out",
            "provider_error": "the provider gave no picture",
            "invalid_image": "the photo was broken",
            "unsupported_media_type": "the file was no photo",
            "interrupted": "the power or the service failed",
            "database_unavailable": "the database was away",
            "storage_full": "the disk was full",
            "storage_unavailable": "the store of the pictures was away",
            "unknown": "another cause",
        },
        "ru": {
            "no_image": "сервис ответил без картинки",
            "overloaded": "сервис был перегружен",
            "quota": "квота сервиса исчерпана",
            "bad_response": "ответ сервиса не удалось прочесть",
            "unreachable": "сервис был недоступен",
            "refused": "сервис отклонил снимок из-за содержания",
            "auth": "сервис не принял ключ",
            "model_gone": "у сервиса больше нет этой модели",
            "bad_request": "сервис не принял настройки фотобудки",
            "input_not_fetched": "сервис не смог забрать снимок",
            "timeout": "сервис не успел",
            "cancelled": "вышло время",
            "provider_timeout": "вышло время",
            "provider_error": "сервис не дал картинки",
            "invalid_image": "снимок повреждён",
            "unsupported_media_type": "файл не был фотографией",
            "interrupted": "сбой питания или службы",
            "database_unavailable": "база данных была недоступна",
            "storage_full": "диск был полон",
            "storage_unavailable": "хранилище снимков было недоступно",
            "unknown": "другая причина",
        },
    }
)

PROVIDERS: Mapping[str, Mapping[str, str]] = MappingProxyType(
    {
        "en": {"local": "this machine", "none": "nobody"},
        "ru": {"local": "этот компьютер", "none": "никто"},
    }
)
_NAMES = {
    "gemini": "Gemini",
    "openai": "OpenAI",
    "turbotext": "Turbotext",
    "comfyui": "ComfyUI",
}


def cause_of(code: str, locale: str) -> str:
    """Return why a photo got no picture."""
    causes = CAUSES[locale]
    return causes.get(code, causes["unknown"])


def provider_name(provider: str | None, locale: str) -> str:
    """Return what a provider is called."""
    name = provider or "none"
    return PROVIDERS[locale].get(name) or _NAMES.get(name, name)
