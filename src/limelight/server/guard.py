"""Who may speak to the page: the person who started it, from this page alone.

Other programs of this machine can reach a loopback address, and so can every web site that the same browser shows. Hence

    Host     must be ours: a name that a stranger points to this machine (DNS rebinding) is none of ours
    token    a secret of 256 bits in the address that the terminal shows; it is changed for a cookie (HttpOnly, SameSite=Strict)
             at once, so that it leaves the address bar. Programs send `Authorization: Bearer TOKEN`
    Origin   and Sec-Fetch-Site must not say that another site's page asks
    size     of a request's body, but for dropped films, which have a limit of their own

Every answer carries a content security policy that lets only the page's own files run and be asked.
"""

from __future__ import annotations

import hmac
from collections.abc import Awaitable, Callable, MutableMapping
from http.cookies import CookieError, SimpleCookie
from typing import Any
from urllib.parse import parse_qs, urlencode

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Message, Receive, Send], Awaitable[None]]

LARGEST_BODY_BYTES = 32_000_000  # a plan of a film of a day
DROP_PATH = "/api/dropped"
LOCAL_NAMES = frozenset({"127.0.0.1", "localhost", "[::1]"})
POLICY = (
    "default-src 'none'; script-src 'self'; worker-src 'self'; style-src 'self'; img-src 'self'; media-src 'self'; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
HEADERS = {
    "content-security-policy": POLICY,
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), microphone=(), geolocation=()",
    "cache-control": "no-cache, private",
}
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})


class TooMuch(Exception):
    """More of a body than may be."""


class Guard:
    """ASGI middleware in front of everything."""

    def __init__(self, app: App, *, token: str | None, port: int, names: frozenset[str] = LOCAL_NAMES) -> None:
        """token: None where everybody on this machine may; names: under which hosts the page may be asked for."""
        self._app, self._token, self._names = app, token, names
        self._cookie = f"limelight-{port}"  # cookies do not know of ports

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
        if refusal := self._refusal(scope, headers):
            await _answer(send, *refusal)
            return
        if self._token and "token" in _query(scope) and scope["method"] == "GET":
            await self._let_in(scope, send)
            return
        limit = None if scope["path"] == DROP_PATH else LARGEST_BODY_BYTES
        await self._passed(scope, receive, send, limit)

    def _refusal(self, scope: Message, headers: dict[str, str]) -> tuple[int, str] | None:
        host = headers.get("host", "")
        name = host.rpartition(":")[0] if not host.endswith("]") and ":" in host else host
        if name.lower() not in self._names:
            return 421, f"this page answers to {', '.join(sorted(self._names))} alone"
        origin, site = headers.get("origin"), headers.get("sec-fetch-site", "none")
        if origin is not None and origin != f"http://{host}":
            return 403, "another site's page may not ask"
        is_door = scope["path"] == "/" and scope["method"] == "GET"  # a link to the page may be followed
        if site not in ("same-origin", "none") and not is_door:
            return 403, "another site's page may not ask"
        length = headers.get("content-length", "")
        if length.isdigit() and int(length) > LARGEST_BODY_BYTES and scope["path"] != DROP_PATH:
            return 413, "the request is too large"
        if self._token and not self._knows(scope, headers):
            return 401, "open the address that `limelight serve` shows in the terminal, with its token"
        return None

    def _knows(self, scope: Message, headers: dict[str, str]) -> bool:
        told = [headers.get("authorization", "").removeprefix("Bearer "), self._of_cookie(headers.get("cookie", ""))]
        if scope["method"] == "GET":
            told += _query(scope).get("token", [])
        expected = (self._token or "").encode()
        return any(hmac.compare_digest(one.encode("utf-8", "replace"), expected) for one in told)

    def _of_cookie(self, header: str) -> str:
        try:
            found = SimpleCookie(header).get(self._cookie)
        except CookieError:
            return ""
        return found.value if found else ""

    async def _let_in(self, scope: Message, send: Send) -> None:
        """The same address without the token; the cookie stays."""
        rest = urlencode({name: values for name, values in _query(scope).items() if name != "token"}, doseq=True)
        place = "/" + scope["path"].lstrip("/\\") + (f"?{rest}" if rest else "")  # never another host's
        place = "".join(sign for sign in place if 32 < ord(sign) < 127)
        cookie = f"{self._cookie}={self._token}; HttpOnly; SameSite=Strict; Path=/"
        await _answer(send, 303, "", {"location": place, "set-cookie": cookie})

    async def _passed(self, scope: Message, receive: Receive, send: Send, limit: int | None) -> None:
        taken, started, too_much = 0, False, False

        async def counted() -> Message:
            nonlocal taken, too_much
            message = await receive()
            taken += len(message.get("body", b""))
            too_much = limit is not None and taken > limit
            if too_much:
                raise TooMuch
            return message

        async def dressed(message: Message) -> None:
            nonlocal started
            if too_much and not started:  # whatever the application makes of a body that breaks off
                raise TooMuch
            if message["type"] == "http.response.start":
                started = True
                own = {name.decode().lower() for name, _ in message["headers"]}
                more = [(name.encode(), value.encode()) for name, value in HEADERS.items() if name not in own]
                message = {**message, "headers": [*message["headers"], *more]}
            await send(message)

        try:
            await self._app(scope, counted, dressed)
        except TooMuch:
            if not started:
                await _answer(send, 413, "the request is too large")


def _query(scope: Message) -> dict[str, list[str]]:
    return parse_qs(scope["query_string"].decode("latin-1"), keep_blank_values=True, max_num_fields=50)


async def _answer(send: Send, status: int, text: str, more: dict[str, str] | None = None) -> None:
    body = (text + "\n").encode()
    headers = {**HEADERS, "content-type": "text/plain; charset=utf-8", "content-length": str(len(body)), **(more or {})}
    pairs = [(name.encode(), value.encode("latin-1")) for name, value in headers.items()]
    await send({"type": "http.response.start", "status": status, "headers": pairs})
    await send({"type": "http.response.body", "body": body})
