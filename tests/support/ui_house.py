"""What the browser's tests share: a daemon with slots and photos, a fake provider, a browser.

The daemon is a process of its own, on a port that outlives it; each test has a
browser that remembers nobody, whose complaints (console errors, refused policies,
requests to elsewhere) fail the test.
"""

from __future__ import annotations

import ftplib
import io
import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from photobooth_daemon.database.embedded import EmbeddedPostgres
from tests.support.daemons import Daemon, until
from tests.support.intake_process import IntakeProcess
from tests.support.office import BOUNDARY, PASSWORDS, cheap, form
from tests.support.provider_thread import ProviderThread
from tests.support.ui_contexts import opened_page
from tests.support.ui_pictures import frame, party

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext, Page

INGEST_PASSWORD = "booth-door-2026"
KEY = "AIza-test-key-0123456789"
RESTART_STATUS = 75
LANGUAGES = ("ru", "en")
LOCALES = {"ru": "ru-RU", "en": "en-GB"}
WIDE, NARROW = (1440, 900), (360, 780)

# The daemon is asked about pictures that are gone, and a login that fails is a 401: a browser
# logs those as errors by itself, whatever the page makes of them.
EXPECTED = ("Failed to load resource",)


@dataclass
class House:
    """The daemon, and what tests ask of it behind the browser's back."""

    daemon: Daemon
    provider: ProviderThread
    postgres: EmbeddedPostgres
    database: str
    intake: IntakeProcess
    """Not started: the daemon knows where it would be."""
    _token: str = ""

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.daemon.port}"

    def call(
        self, method: str, path: str, body: Any = None, *, query: Mapping[str, Any] | None = None
    ) -> Any:
        """Call the API as serg and return the document."""
        headers = {"Authorization": f"Bearer {self.token()}", "Content-Type": "application/json"}
        data = None if body is None else json.dumps(body).encode()
        asked = path + (f"?{urlencode(query)}" if query else "")
        return self._read(*self.daemon.request(method, asked, data, headers))

    def post_form(self, path: str, parts: Mapping[str, bytes | str]) -> Any:
        headers = {
            "Authorization": f"Bearer {self.token()}",
            "Content-Type": f"multipart/form-data; boundary={BOUNDARY}",
        }
        return self._read(*self.daemon.request("POST", path, form(parts), headers))

    def token(self) -> str:
        if not self._token:
            body = json.dumps({"username": "serg", "password": PASSWORDS["serg"]}).encode()
            headers = {"Content-Type": "application/json"}
            answer = self.daemon.request("POST", "/api/login", body, headers)
            self._token = self._read(*answer)["token"]
        return self._token

    def put_slot(self, slot_id: str, **config: Any) -> Any:
        """Change a slot as another administrator would."""
        version = self.call("GET", f"/api/slots/{slot_id}")["version"]
        return self.call("PUT", f"/api/slots/{slot_id}", {"version": version, **config})

    def send(self, slot_id: str, photo: bytes | None = None) -> tuple[int, Any]:
        """Send a photo as a camera does."""
        parts = {
            "password": INGEST_PASSWORD,
            "time": "1767859200",
            "fileToUpload": photo or party(),
        }
        headers = {"Content-Type": f"multipart/form-data; boundary={BOUNDARY}"}
        path = f"/api/ingest/{slot_id}?response=json"
        status, answer = self.daemon.request("POST", path, form(parts), headers)
        return status, json.loads(answer)

    def start_intake(self) -> None:
        """Let photos come by FTP and from a folder, with every outcome there is."""
        if self.intake.process is not None:
            return
        self.intake.start()
        if self.intake.files("done"):
            return
        self.intake.shelf("in").joinpath("Свадьба/_DSC0411.NEF").parent.mkdir()
        self.intake.shelf("in").joinpath("Свадьба/_DSC0411.NEF").write_bytes(b"raw")
        until(lambda: self.intake.files("failed"))
        for name in ("IMG_0042.JPG", "IMG_0043.JPG"):
            with ftplib.FTP(timeout=20) as camera:
                camera.connect("127.0.0.1", self.intake.ftp_port)
                camera.login("s1", INGEST_PASSWORD)
                camera.storbinary(f"STOR {name}", io.BytesIO(party()))
        until(lambda: len(self.intake.files("done")) == 2)

    def stop_intake(self) -> None:
        if self.intake.process is not None:
            self.intake.stop()
            self.intake.process = None

    def execute(self, *statements: str) -> None:
        self.postgres.execute(*statements, database=self.database)

    def set_password(self, username: str, password: str) -> None:
        """Give an administrator a password, by a hash that is cheap to check."""
        hashed = cheap(password)
        self.execute(f"UPDATE admin SET password_hash = '{hashed}' WHERE username = '{username}'")

    def furnish(self) -> None:
        """Set slots up, register templates, send photos: what a week's work leaves behind."""
        settings = self.call("GET", "/api/settings")
        body = {"version": settings["version"], "ingest_password": INGEST_PASSWORD}
        self.call("PUT", "/api/settings", body)
        gold = self.template("Рамка «Юбилей»", frame())
        self.template("Логотип, низ", frame((40, 90, 160)))
        fallback = [{"provider": "local", "operation": "look", "params": {"look": "noir"}}]
        prompt = "Перенеси гостей на съёмочную площадку 1930-х годов. Лица не менять."
        looks = {1: "bw", 2: "noir", 3: "vintage", 6: "pop", 8: "sketch"}
        names = {
            1: "Чёрно-белая арка",
            2: "Нуар у входа",
            3: "Плёнка 70-х",
            4: "Киностудия",
            5: "Рамка «Юбилей»",
            6: "Комикс",
            7: "Космос",
            8: "Карандаш",
        }
        for number, name in names.items():
            common = {"display_name": name, "enabled": number != 8, "response_mode": "image"}
            if number in looks:
                recipe = local_look(looks[number])
            elif number == 5:
                bound = [{"role": "frame", "media_id": gold["media_id"]}]
                recipe = {"provider": "local", "operation": "frame", "template_media": bound}
            else:
                recipe = {"provider": "gemini", "operation": "edit", "params": {"prompt": prompt}}
                recipe["fallback"] = fallback if number == 4 else []
            self.put_slot(f"slot-00{number}", **common, **recipe)
        self.put_slot("slot-003", params={"look": "sepia"})
        for number in (1, 2, 3, 4, 5, 6):
            assert self.send(f"slot-00{number}")[0] == 200
        self.provider.fake.script.then("image_safety", times=4)
        assert self.send("slot-007")[0] == 502
        self.provider.fake.script.clear()

    def template(self, label: str, picture: bytes) -> Any:
        return self.post_form("/api/template-media/register", {"label": label, "file": picture})

    @staticmethod
    def _read(status: int, body: bytes) -> Any:
        assert status < 300, body
        return json.loads(body) if body else None


def local_look(look: str) -> dict[str, Any]:
    """A slot's recipe that needs no provider."""
    return {"provider": "local", "operation": "look", "params": {"look": look}}


@contextmanager
def open_house(
    directory: Path, postgres: EmbeddedPostgres, template: str, *, empty: bool = False
) -> Iterator[House]:
    """A furnished house, gone at the end; an empty one is as the installation leaves it."""
    database = "empty_house" if empty else "house"
    postgres.execute(f"CREATE DATABASE {database} TEMPLATE {template}")
    provider = ProviderThread(KEY)
    toml = f'[providers.gemini]\nbase_url = "{provider.url}"\nlocal = true\n'
    if not empty:
        toml += f'api_key = "{KEY}"\n'
    toml += f'[backup]\ndirectory = "{directory / "backups"}"\n'
    daemon = Daemon(directory, postgres.url_of(database), toml)
    intake = IntakeProcess(directory, f"http://127.0.0.1:{daemon.port}")
    intake.password_path.write_text(INGEST_PASSWORD)
    daemon.write_config(postgres.url_of(database), toml + intake.section(password=False))
    daemon.environment = {"PHOTOBOOTH_RESTART_STATUS": str(RESTART_STATUS)}
    house = House(daemon, provider, postgres, database, intake)
    try:
        for name, password in PASSWORDS.items():
            house.set_password(name, password)
        daemon.start()
        daemon.wait_until_ready()
        if not empty:
            house.furnish()
        yield house
    finally:
        house.stop_intake()
        daemon.close()
        provider.close()
        postgres.execute(f"DROP DATABASE {database} WITH (FORCE)")


@dataclass
class Visit:
    """One person in one browser: a page, and everything the browser complained about."""

    house: House
    context: BrowserContext
    page: Page
    language: str
    complaints: list[str] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)
    """Requests without an answer: the browser ends some by itself, so these are no complaints."""
    texts: Mapping[str, Any] = field(default_factory=dict)

    def t(self, key: str, **values: Any) -> str:
        """The text of a key, as the page shows it."""
        found: Any = self.texts
        for part in key.split("."):
            found = found[part]
        text = str(found)
        for name, value in values.items():
            text = text.replace(f"{{{name}}}", str(value))
        return text

    def login(self, username: str = "serg") -> None:
        """Get a session without the form, which has tests of its own."""
        answer = self.context.request.post(
            f"{self.house.url}/api/login",
            data={"username": username, "password": PASSWORDS[username]},
        )
        assert answer.ok

    def open(self, path: str = "") -> None:
        """Open a screen and wait until it has its title; the page is loaded only once."""
        self.page.goto(f"{self.house.url}/#/{path}")
        self.page.locator("main h1, .login h1").first.wait_for()

    def button(self, key: str, **values: Any) -> Any:
        return self.page.get_by_role("button", name=self.t(key, **values), exact=True)

    def field(self, key: str) -> Any:
        return self.page.get_by_label(self.t(key), exact=False).first

    def toast(self, key: str, **values: Any) -> None:
        """Wait until the page has said it, and take the message away: the next one is a new one."""
        said = self.page.locator(".toast", has_text=self.t(key, **values))
        said.locator(".toast-close").click()
        said.wait_for(state="detached")

    def tell(self) -> str:
        """Return what is to be seen, and what went wrong on the way to it."""
        shown = self.page.locator("body").inner_text()
        failed = ", ".join(self.failed) or "no request"
        return f"It shows {shown!r}, complained of {self.complaints}, and {failed} failed."

    def check_quiet(self) -> None:
        """Fail if the browser complained."""
        assert not self.complaints, self.complaints


@contextmanager
def visit(
    house: House,
    browser: Browser,
    language: str = "ru",
    size: tuple[int, int] = WIDE,
    scheme: str = "light",
    **options: Any,
) -> Iterator[Visit]:
    """A person who opens a browser, and leaves it without having seen an error.

    ``options`` are a context's, or ``alone`` (``ui_contexts``).
    """
    with opened_page(
        browser,
        house.url,
        viewport={"width": size[0], "height": size[1]},
        locale=LOCALES[language],
        timezone_id="Europe/Moscow",
        color_scheme=scheme,
        reduced_motion="reduce",
        **options,
    ) as page:
        page.context.set_default_timeout(30_000)
        source = (files("photobooth_daemon.ui") / "texts" / f"{language}.json").read_text("utf-8")
        one = Visit(house, page.context, page, language, texts=json.loads(source))
        heard: dict[Any, Any] = {
            "console": lambda message: _complain(one, message.type, message.text),
            "pageerror": lambda error: one.complaints.append(f"uncaught: {error}"),
            "request": lambda request: _stay_at_home(one, request.url),
            "requestfailed": lambda request: one.failed.append(
                f"{request.url} ({request.failure})"
            ),
        }
        for event, listener in heard.items():
            page.on(event, listener)
        try:
            yield one
        except Exception as error:
            error.add_note(one.tell())
            raise
        one.check_quiet()
        for event, listener in heard.items():
            page.remove_listener(event, listener)


def _complain(one: Visit, kind: str, text: str) -> None:
    if kind in ("error", "warning") and not text.startswith(EXPECTED):
        one.complaints.append(f"{kind}: {text}")


def _stay_at_home(one: Visit, url: str) -> None:
    if not url.startswith((one.house.url, "data:", "blob:", "about:")):
        one.complaints.append(f"a request to {url}")


def wait_for(condition: Any, seconds: float = 30) -> Any:
    """Return the condition's first true value."""
    return until(condition, seconds)
