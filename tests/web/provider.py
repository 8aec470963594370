"""An OpenID Connect provider on loopback that says what a test tells it to say, true or not."""

from __future__ import annotations

import json
import threading
from dataclasses import dataclass, field
from datetime import datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from joserfc import jwt
from joserfc.jwk import ECKey, OctKey

from outlive.config.schema_people import OidcPerson, OidcSettings
from outlive.transport.dns import Names
from outlive.transport.net import trust
from outlive.web.oidc.door import OidcDoor
from outlive.web.oidc.provider import Provider
from tests.web.documents import NOW
from tests.web.world import ORIGIN

KEY = ECKey.generate_key("P-256", {"kid": "one"})
PUBLISHED = OctKey.generate_key(256, {"kid": "one"})
OTHER_KEY = ECKey.generate_key("P-256", {"kid": "one"})
TRUST = trust()
CLIENT, SECRET = "outlive", "a secret: of/the client+"
ANN = OidcPerson(email="Ann@example.org", may="act")


def signed(claims: dict[str, Any], key: Any = KEY, alg: str = "ES256") -> str:
    return jwt.encode({"alg": alg, "kid": "one"}, claims, key, algorithms=[alg, "none"])


def by_secret(claims: dict[str, Any]) -> str:
    """As whoever knows the public key, and hopes that it is taken for a shared secret, would do it."""
    return signed(claims, OctKey.import_key(KEY.as_pem(private=False)), "HS256")


@dataclass
class Lying:
    """`claims` replace those of an honest token (None takes one out); `answers` an endpoint's status and body."""

    claims: dict[str, Any] = field(default_factory=dict)
    sign: Any = signed
    answers: dict[str, tuple[int, Any]] = field(default_factory=dict)
    hangs_at: str = ""
    nonce: str = ""
    now: datetime = NOW
    asked: list[tuple[str, str, str]] = field(default_factory=list)
    userinfo: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._let_go = threading.Event()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self._server.handle_error = lambda *_: None  # type: ignore[method-assign]  # who did not wait is gone
        self.issuer = f"http://127.0.0.1:{self._server.server_port}"

    def __enter__(self) -> Lying:
        threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._let_go.set()
        self._server.shutdown()
        self._server.server_close()

    def door(self, *people: OidcPerson, patience_seconds: float = 20.0) -> OidcDoor:
        oidc = OidcSettings(issuer=self.issuer, client_id=CLIENT, url=ORIGIN, people=people or (ANN,))
        said: list[str] = []
        return OidcDoor(
            Provider(oidc, lambda: SECRET, Names(), TRUST, patience_seconds), ORIGIN, "the provider", said.append
        )

    def answer(self, path: str) -> tuple[int, Any]:
        if path == self.hangs_at:
            self._let_go.wait(30.0)
        if path in self.answers:
            return self.answers[path]
        match path:
            case "/.well-known/openid-configuration":
                return 200, self._discovery()
            case "/jwks":
                return 200, {"keys": [KEY.as_dict(private=False)]}
            case "/token":
                return 200, {"access_token": "x", "token_type": "Bearer", "id_token": self.sign(self._claims())}
            case "/userinfo":
                return 200, self.userinfo
            case _:
                return 404, {}

    def _discovery(self) -> dict[str, Any]:
        places = {"authorization_endpoint": "authorize", "token_endpoint": "token", "jwks_uri": "jwks"}
        told = {name: f"{self.issuer}/{place}" for name, place in places.items()}
        return {"issuer": self.issuer, **told, "userinfo_endpoint": f"{self.issuer}/userinfo"}

    def _claims(self) -> dict[str, Any]:
        at = int(self.now.timestamp())
        honest = {"iss": self.issuer, "aud": CLIENT, "sub": "1", "iat": at, "exp": at + 300, "nonce": self.nonce}
        told = honest | {"email": "ann@example.org", "email_verified": True} | self.claims
        return {name: value for name, value in told.items() if value is not None}


def _handler(lying: Lying) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            sent = self.rfile.read(int(self.headers.get("Content-Length", 0))).decode()
            lying.asked.append((self.path, self.headers.get("Authorization", ""), sent))
            status, body = lying.answer(self.path)
            told = body.encode() if isinstance(body, str) else json.dumps(body).encode()
            self.send_response(status)
            if status == 302:
                self.send_header("Location", f"{lying.issuer}/elsewhere")
            self.send_header("Content-Length", str(len(told)))
            self.end_headers()
            self.wfile.write(told)

        do_POST = do_GET

        def log_message(self, *_: object) -> None:
            pass

    return Handler
