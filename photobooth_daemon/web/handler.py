"""What every handler does alike: ids, permissions, bodies, answers, problems.

Closed by default: a handler names its ``permission``, or says ``any_admin``
or ``public``. Bodies are always streamed (``web/incoming/body.py``), so that a refusal can
leave before the body is read and a limit is enforced while it arrives.
"""

from __future__ import annotations

import logging
import re
import sys
from collections.abc import Awaitable, Callable, Mapping
from functools import wraps
from http import HTTPStatus
from typing import Any, ClassVar, TypeVar, cast
from uuid import UUID, uuid4

from tornado.web import HTTPError, RequestHandler, stream_request_body

from photobooth_daemon.errors import (
    HeadersTooLarge,
    InvalidRequest,
    NotFound,
    PasswordChangeRequired,
    PayloadTooLarge,
    PermissionMissing,
    PhotoboothError,
    ShuttingDown,
    TargetTooLong,
    UnsupportedMediaType,
)
from photobooth_daemon.logs import bind_log_fields
from photobooth_daemon.model import Actor, Identity
from photobooth_daemon.model.trace import trace_of
from photobooth_daemon.web.base import Base
from photobooth_daemon.web.incoming.body import Body
from photobooth_daemon.web.json_text import encode_json, read_json_text
from photobooth_daemon.web.overrides import override_reason
from photobooth_daemon.web.problems import CONTENT_TYPE, problem_of

TLS_ONLY_SECONDS = 30 * 24 * 3600
"""Short enough that a certificate given up does not lock anybody out for good."""
MAX_HEADER_BYTES = 64 * 1024
MAX_TARGET_CHARACTERS = 8 * 1024
BODY_SECONDS = 15.0
METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE")
_REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{1,128}")

Method = TypeVar("Method", bound=Callable[..., Awaitable[None]])

log = logging.getLogger(__name__)


def unless_refused(method: Method) -> Method:
    """Have a refusal answered instead, once the body is here, or as much of it as is drained.

    Tornado calls the method also where the request was refused before or while its body came;
    ``web/routing.py`` takes no handler that has one without this.
    """

    @wraps(method)
    async def called(handler: Handler, *args: str) -> None:
        if handler.body.refusal is None:
            await method(handler, *args)
        else:
            handler.body.answer_refusal()

    return cast(Method, called)


@stream_request_body
class Handler(RequestHandler):
    """The base of all handlers."""

    public: ClassVar[bool] = False
    any_admin: ClassVar[bool] = False
    permission: ClassVar[str | Mapping[str, str] | None] = None
    """One permission for all methods, or one for each method by its name."""
    open_to_newcomers: ClassVar[bool] = False
    """Whether a session that has to choose its password first may call this."""
    served_while_draining: ClassVar[bool] = False
    statuses: ClassVar[Mapping[type[PhotoboothError], HTTPStatus]] = {}
    """Where a failure means something else here than everywhere (``web/problems.py``)."""

    identity: Identity

    def _take_base(self, base: Base) -> None:
        self.site = base.site
        self.authenticator = base.authenticator
        self.life = base.life
        self._keep_to_tls()
        self.body = Body(self.request, self._answer_refusal)
        self.problem_code: str | None = None

    initialize: Callable[..., None] = _take_base
    """Takes what every handler needs; subclasses add keyword arguments of their own."""

    def set_default_headers(self) -> None:
        """Give the answer its request id, and nothing that names the server's parts."""
        if not hasattr(self, "request_id"):
            given = self.request.headers.get("X-Request-ID", "")
            self.request_id = given if _REQUEST_ID.fullmatch(given) else str(uuid4())
        self.clear_header("Server")
        self.set_header("X-Request-ID", self.request_id)
        self.set_header("X-Content-Type-Options", "nosniff")
        self.set_header("Cache-Control", "no-store")
        if hasattr(self, "site"):  # Tornado asks before it tells the handler where it is.
            self._keep_to_tls()

    async def prepare(self) -> None:
        """Decide whether the request may go on before its body is read."""
        bind_log_fields(request_id=self.request_id)
        trace = trace_of(self.request.headers.get("traceparent", ""))
        if trace is not None:
            bind_log_fields(trace_id=trace[0], trace_flags=trace[1])
        connection: Any = self.request.connection
        connection.set_max_body_size(sys.maxsize)
        try:
            self._check_head()
            await self._may_go_on()
            await self.admit()
        except (PhotoboothError, HTTPError) as error:
            self.body.refuse(error)
        else:
            self.body.invite()

    async def admit(self) -> None:
        """Check what can be checked before the body; subclasses extend.

        Raises:
            PhotoboothError: the request is refused, its body not kept.
        """
        connection: Any = self.request.connection
        connection.set_body_timeout(BODY_SECONDS)
        if self.body.announced_bytes > self.body.max_bytes:
            raise PayloadTooLarge

    def data_received(self, chunk: bytes) -> Awaitable[None] | None:
        """Let the body have a piece."""
        return self.body.receive(chunk)

    def decode_argument(self, value: bytes, name: str | None = None) -> str:
        """Return a parameter, or a part of the path: one that is not UTF-8 names nothing.

        Raises:
            HTTPError: 400, a parameter is not UTF-8.
        """
        if name is None:
            return value.decode("utf-8", "replace")
        return super().decode_argument(value, name)

    def head(self, *args: str) -> Any:
        """Answer as GET does; Tornado leaves the body out."""
        return self.get(*args)

    def read_json(self) -> Any:
        """Return the body's value.

        Raises:
            UnsupportedMediaType: the body is not said to be JSON.
            InvalidRequest: it is not JSON (RFC 8259) in UTF-8, or has text that cannot be kept.
        """
        kind = self.request.headers.get("Content-Type", "").partition(";")[0].strip().lower()
        if kind != "application/json":
            raise UnsupportedMediaType("Send JSON with Content-Type: application/json.")
        try:
            return read_json_text(self.body.data.decode("utf-8"))
        except UnicodeDecodeError as error:
            raise InvalidRequest("The body is not JSON in UTF-8.") from error

    def read_json_object(self) -> dict[str, Any]:
        """Return the body's value, which has to be an object.

        Raises:
            UnsupportedMediaType, InvalidRequest: as for :meth:`read_json`.
        """
        value = self.read_json()
        if not isinstance(value, dict):
            raise InvalidRequest("The body is not a JSON object.")
        return value

    def write_json(self, value: Any, status: HTTPStatus = HTTPStatus.OK) -> None:
        """Answer with a JSON document; datetimes and ids are written as the contract says."""
        self.set_status(status)
        self.set_header("Content-Type", "application/json; charset=utf-8")
        self.write(encode_json(value))

    def client_address(self) -> str:
        """Return the address that throttles and the audit log know the client by."""
        return self.site.client_address(self.request)

    def actor(self) -> Actor:
        """Return who asks, as the audit log keeps it; only where somebody has logged in."""
        return Actor(
            self.identity.username,
            self.client_address(),
            self.request_id,
            override_reason(self.request),
        )

    def path_uuid(self, text: str, error: type[NotFound] = NotFound) -> UUID:
        """Return the id in a path; anything that is not a canonical UUID does not exist.

        Raises:
            NotFound: as the class given.
        """
        try:
            value = UUID(text)
        except ValueError as problem:
            raise error from problem
        if str(value) != text.lower():
            raise error
        return value

    def allowed_methods(self) -> list[str]:
        """Return the methods this handler answers, for ``Allow``."""
        own = [m for m in METHODS if getattr(type(self), m.lower()) is not _not_here(m)]
        if "GET" not in own and "HEAD" in own:
            own.remove("HEAD")
        return own

    @classmethod
    def unguarded_methods(cls) -> list[str]:
        """Return the methods that would be called for a request that was refused."""
        found = {verb: getattr(cls, verb.lower()) for verb in METHODS}
        ours = (Handler.head, *map(_not_here, METHODS))
        return [v for v, m in found.items() if m not in ours and not hasattr(m, "__wrapped__")]

    def write_error(self, status_code: int, **kwargs: Any) -> None:
        """Send the problem document of whatever went wrong."""
        _, error, _ = kwargs.get("exc_info", (None, None, None))
        self.send_problem(self.body.refusal or error)

    def send_problem(self, error: BaseException | None) -> None:
        """Finish with the problem document of ``error``."""
        problem = problem_of(error, self.statuses)
        self.problem_code = problem.code
        self.set_status(problem.status, problem.status.phrase)
        self.set_header("Content-Type", CONTENT_TYPE)
        for name, value in problem.headers.items():
            self.set_header(name, value)
        if problem.status == HTTPStatus.METHOD_NOT_ALLOWED:
            self.set_header("Allow", ", ".join(self.allowed_methods()))
        self.finish(problem.body())

    def log_exception(self, typ: Any, value: BaseException | None, tb: Any) -> None:
        """Log what nobody expected, with its trace; named failures are the client's business."""
        if isinstance(value, PhotoboothError | HTTPError):
            return
        log.error("unexpected error", exc_info=(typ, value, tb))  # type: ignore[arg-type]

    def on_finish(self) -> None:
        """Leave nothing behind once the answer is out."""
        self._end(hung_up=False)

    def on_connection_close(self) -> None:
        """Leave nothing behind when the client hangs up before its answer is out."""
        self._end(hung_up=True)
        super().on_connection_close()

    def client_left(self, *, hung_up: bool) -> None:
        """Give up what this handler owns; subclasses that own something replace this."""

    def _end(self, *, hung_up: bool) -> None:
        self.body.end()
        self.client_left(hung_up=hung_up)

    def check_etag_header(self) -> bool:
        """Leave conditional requests to the handlers that have stable bodies."""
        return False

    def compute_etag(self) -> str | None:
        """Send an ETag only where a handler sets one."""
        return None

    def _check_head(self) -> None:
        if len(str(self.request.uri)) > MAX_TARGET_CHARACTERS:
            raise TargetTooLong
        coding = self.request.headers.get("Content-Encoding", "identity").strip().lower()
        if coding not in ("", "identity"):
            self.set_header("Accept-Encoding", "identity")
            raise UnsupportedMediaType("Send the body as it is, without Content-Encoding.")
        size = sum(len(name) + len(value) + 4 for name, value in self.request.headers.get_all())
        if size > MAX_HEADER_BYTES:
            raise HeadersTooLarge

    def _keep_to_tls(self) -> None:
        """Have browsers that came by TLS come by nothing else (RFC 6797)."""
        if self.site.is_secure(self.request):
            self.set_header("Strict-Transport-Security", f"max-age={TLS_ONLY_SECONDS}")

    async def _may_go_on(self) -> None:
        if self.request.method not in self.allowed_methods():
            raise HTTPError(HTTPStatus.METHOD_NOT_ALLOWED)
        if self.life.draining and not self.served_while_draining:
            self.set_header("Connection", "close")
            raise ShuttingDown
        if self.public:
            return
        self.identity = await self.authenticator.identify(self.request)
        if self.identity.must_change_password and not self.open_to_newcomers:
            raise PasswordChangeRequired
        permission = self.needed_permission(str(self.request.method))
        if permission is not None and permission not in self.identity.permissions:
            raise PermissionMissing(permission)

    @classmethod
    def needed_permission(cls, method: str) -> str | None:
        """Return the permission that ``method`` needs; None where any admin may call.

        Raises:
            TypeError: the handler declares nothing, which closes it to everyone.
        """
        permission = cls.permission
        if isinstance(permission, Mapping):
            permission = permission.get("GET" if method == "HEAD" else method)
        if permission is None and not (cls.any_admin or cls.public):
            raise TypeError(f"{cls.__name__} declares no permission for {method}")
        return permission

    def _answer_refusal(self) -> None:
        if not self._finished:
            self.send_problem(self.body.refusal)


class NotFoundHandler(Handler):
    """Whatever no route matches."""

    public = True
    served_while_draining = True

    async def _may_go_on(self) -> None:
        raise NotFound

    def send_problem(self, error: BaseException | None) -> None:
        """Answer 404 whatever the method, those that Tornado does not know too."""
        super().send_problem(NotFound() if isinstance(error, HTTPError) else error)


def _not_here(method: str) -> Any:
    return getattr(RequestHandler, method.lower())
