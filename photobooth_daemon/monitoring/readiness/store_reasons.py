"""Why a bucket takes no pictures, in Russian: the store's room says it in English."""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import MappingProxyType

RUSSIAN: Mapping[str, str] = MappingProxyType(
    {
        "The bucket does not exist.": "такого бакета нет",
        "The store does not allow this key to do that in the bucket.": (
            "этому ключу такое в бакете не разрешено"
        ),
        "The store does not know the access key.": "ключ доступа хранилищу неизвестен",
        "The secret key does not fit the access key.": (
            "секретный ключ не подходит к ключу доступа"
        ),
        "The access key has expired.": "срок действия ключа доступа истёк",
        "The clocks of this host and of the store do not agree.": (
            "часы этого хоста и хранилища расходятся"
        ),
        "This host's clock differs from the store's by {seconds} seconds.": (
            "часы этого хоста и хранилища расходятся на {seconds} с"
        ),
        "The region is not the bucket's.": "бакет в другом регионе",
        "The bucket's region is {region}.": "регион бакета — {region}",
        "The bucket is in another region, or behind another endpoint.": (
            "бакет в другом регионе или по другому адресу"
        ),
        "The store's quota is used up.": "квота хранилища исчерпана",
        "The store is full.": "место в хранилище кончилось",
        "The store answers {code}.": "хранилище отвечает {code}",
        "The store's certificate is not to be trusted: see ca_file.": (
            "сертификату хранилища нельзя доверять: см. ca_file"
        ),
        "The store's certificate is for another name: see endpoint and addressing.": (
            "сертификат хранилища выдан на другое имя: см. endpoint и addressing"
        ),
        "The store's certificate has expired.": "срок действия сертификата хранилища истёк",
        "The store speaks no TLS that fits: see endpoint.": (
            "хранилище не говорит на подходящем TLS: см. endpoint"
        ),
        "The store does not answer in time.": "хранилище не отвечает вовремя",
        "The store cannot be reached: {why}.": "до хранилища не достучаться: {why}",
        "The store breaks the connection off.": "хранилище обрывает соединение",
        "The store's answer is not XML: is it an S3 endpoint?": (
            "ответ хранилища — не XML: точно ли это адрес S3?"
        ),
        "The store's answer is not XML of S3: is it an S3 endpoint?": (
            "ответ хранилища — не XML по правилам S3: точно ли это адрес S3?"
        ),
        "The store's answer is too long: is it an S3 endpoint?": (
            "ответ хранилища слишком длинный: точно ли это адрес S3?"
        ),
        "The store's list does not go on.": "список объектов хранилища обрывается",
        "The store's list makes no sense.": "список объектов хранилища не разобрать",
        "The store says that an object is larger than any picture.": (
            "по словам хранилища, объект больше любой картинки"
        ),
        "The store does not remove {count} objects: {code}.": (
            "хранилище не удаляет объекты ({count}): {code}"
        ),
        "The store does not say how large an object is.": ("хранилище не сообщает размер объекта"),
        "The store sends less than it says.": "хранилище присылает меньше, чем обещает",
    }
)
_WHY: Mapping[str, str] = MappingProxyType(
    {
        "Connection refused": "в соединении отказано",
        "No route to host": "нет пути к хосту",
        "Network is unreachable": "сеть недоступна",
        "Connection timed out": "время вышло",
        "no such host": "такого хоста нет",
    }
)


def _pattern(reason: str) -> re.Pattern[str]:
    return re.compile(re.sub(r"\\\{(\w+)\\\}", r"(?P<\1>.+)", re.escape(reason)))


_PATTERNS = [(_pattern(reason), russian) for reason, russian in RUSSIAN.items()]


def store_reason(reason: str, locale: str) -> str:
    """Return the reason in this language; what a disk or a library says stays as it is."""
    if locale != "ru":
        return reason
    for pattern, russian in _PATTERNS:
        if found := pattern.fullmatch(reason):
            words = {name: _WHY.get(word, word) for name, word in found.groupdict().items()}
            return russian.format(**words)
    return reason
