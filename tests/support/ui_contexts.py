"""Browsers that are lent to one visitor after the other, who finds nothing of another's.

A new context and its page load and compile some eighty modules anew, which takes more of the
processor than all else in a short test. What is named by its contents may be kept for good: that
alone stays.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Dialog, Page

NOTHING_TO_SEE = "/ui/icon.svg"
"""Of the daemon's own: the next page needs no new process, as it would after about:blank."""
MOST_IDLE = 5
"""Each keeps six connections for a minute, and the daemon serves 64 of one address: a page that is
opened after that waits."""
STORED = "cookies,local_storage,indexeddb,cache_storage,service_workers,websql,file_systems"

_idle: WeakKeyDictionary[Browser, dict[str, list[Page]]] = WeakKeyDictionary()


@contextmanager
def opened_page(
    browser: Browser, origin: str, *, alone: bool = False, **options: Any
) -> Iterator[Page]:
    """Give an empty page, as a browser that has been at ``origin`` before would open it.

    One that is ``alone`` is nobody else's afterwards: a clock that was turned stays so. Nor is
    one that has seen a failure.
    """
    kept = _idle.setdefault(browser, defaultdict(list))
    name = repr(sorted(options.items()))
    idle = [] if alone else kept[name]
    page = idle.pop() if idle else browser.new_context(**options).new_page()
    storage = page.context.new_cdp_session(page)
    storage.send("Storage.clearDataForOrigin", {"origin": origin, "storageTypes": STORED})
    storage.detach()
    try:
        yield page
        if not alone:
            _forget(page, origin)
            idle.append(page)
            kept[name] = kept.pop(name)
            _close_oldest(kept)
    finally:
        if alone or page not in idle:
            page.context.close()


def _close_oldest(idle: dict[str, list[Page]]) -> None:
    """Close the pages that were wanted longest ago, until few are left."""
    while sum(map(len, idle.values())) > MOST_IDLE:
        next(pages for pages in idle.values() if pages).pop(0).context.close()


def _forget(page: Page, origin: str) -> None:
    """Leave the page as a new one is; unsaved work on it is lost."""
    for other in page.context.pages:
        if other is not page:
            other.close()
    page.on("dialog", _go_on)
    page.goto(origin + NOTHING_TO_SEE)
    page.remove_listener("dialog", _go_on)
    page.unroute_all()
    page.mouse.move(0, 0)
    page.context.clear_cookies()
    page.context.clear_permissions()


def _go_on(dialog: Dialog) -> None:
    dialog.accept()
