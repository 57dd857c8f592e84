// The board's few words, in the language of the screen's browser.

const TEXTS = {
  en: {
    lost: "No connection, trying again",
    gone: "This link was taken back. Ask for a new one.",
    empty: "No slot is on yet. Pictures appear here with the first photo.",
    sound_on: "Sound on failure: on",
    sound_off: "Sound on failure: off",
    off: "off",
    unnamed: "Slot {number}",
    waiting: "waiting for the first photo",
    working: "at work: {count}",
    failed: "The last photo brought no picture",
    step_else: "Open the slot in the admin pages: its last photo says what to do.",
    step: {
      quota: "Look at the provider's account, or switch a fallback on.",
      auth: "Enter the provider's key again, under Settings.",
      unreachable: "Look at the network and the internet connection.",
      overloaded: "Wait a few minutes; if it lasts, switch a fallback on.",
      provider_timeout: "Wait a few minutes; if it lasts, switch a fallback on.",
      timeout: "Wait a few minutes; if it lasts, switch a fallback on.",
      refused: "Take another photo: the provider did not like this one.",
      no_image: "Take another photo.",
      invalid_image: "Take another photo; if it lasts, look at the camera's program.",
    },
    until: "until {time}",
    ago: { s: "just now", m: "{count} min ago", h: "{count} h ago" },
    reason: {
      quota: "the provider's quota is used up",
      overloaded: "the provider is overloaded",
      unreachable: "the provider cannot be reached",
      auth: "the provider's key is refused",
      refused: "the provider refused the photo",
      provider_timeout: "the provider was too slow",
      timeout: "the provider was too slow",
      no_image: "the provider sent no picture",
      invalid_image: "the photo was broken",
    },
  },
  ru: {
    lost: "Нет связи, пробуем снова",
    gone: "Ссылку отозвали. Попросите новую.",
    empty: "Ни один слот ещё не включён. Снимки появятся с первым фото.",
    sound_on: "Звук при сбое: включён",
    sound_off: "Звук при сбое: выключен",
    off: "выключен",
    unnamed: "Слот {number}",
    waiting: "ждёт первое фото",
    working: "в работе: {count}",
    failed: "Последнее фото осталось без картинки",
    step_else: "Откройте слот в админке: последнее фото скажет, что делать.",
    step: {
      quota: "Проверьте счёт у провайдера или включите запасной вариант.",
      auth: "Введите ключ провайдера заново, в «Настройках».",
      unreachable: "Проверьте сеть и интернет.",
      overloaded: "Подождите пару минут; не проходит — включите запасной вариант.",
      provider_timeout: "Подождите пару минут; не проходит — включите запасной вариант.",
      timeout: "Подождите пару минут; не проходит — включите запасной вариант.",
      refused: "Снимите ещё раз: это фото провайдеру не подошло.",
      no_image: "Снимите ещё раз.",
      invalid_image: "Снимите ещё раз; не проходит — проверьте программу камеры.",
    },
    until: "до {time}",
    ago: { s: "только что", m: "{count} мин назад", h: "{count} ч назад" },
    reason: {
      quota: "у провайдера кончилась квота",
      overloaded: "провайдер перегружен",
      unreachable: "до провайдера не достучаться",
      auth: "провайдер не принял ключ",
      refused: "провайдер отказался от фото",
      provider_timeout: "провайдер не успел",
      timeout: "провайдер не успел",
      no_image: "провайдер ответил без картинки",
      invalid_image: "фото повреждено",
    },
  },
};

export const language = navigator.language.startsWith("ru") ? "ru" : "en";
const texts = TEXTS[language];

/** The words at `path`, with `{name}` replaced; undefined where there are none. */
export function t(path, values = {}) {
  const found = path.split(".").reduce((inner, key) => inner?.[key], texts);
  return found?.replace(/\{(\w+)\}/g, (_, name) => values[name]);
}

/** How long ago an instant was, in words. */
export function ago(at) {
  const minutes = Math.floor((Date.now() - Date.parse(at)) / 60_000);
  if (minutes < 1) return t("ago.s");
  return minutes < 60 ? t("ago.m", { count: minutes }) : t("ago.h", { count: Math.floor(minutes / 60) });
}

const minutes = new Intl.DateTimeFormat(language, { hour: "2-digit", minute: "2-digit" });

/** The time of day, as the screen's place writes it. */
export const timeOfDay = (date) => minutes.format(date);
