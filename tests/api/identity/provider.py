"""An OpenID provider for the tests: a process of its own, on Authlib's server side; no code of ours.

``python -m tests.api.identity.provider PORT``. Whoever asks is logged in as the ``as`` of the request; keys
rotate, and answers go wrong, when ``/desk`` is told so.
"""

import hmac
import json
import os
import sys
import time
from base64 import urlsafe_b64encode
from types import SimpleNamespace
from typing import Any

os.environ["AUTHLIB_INSECURE_TRANSPORT"] = "1"  # both processes are on this machine

from authlib.integrations.flask_oauth2 import AuthorizationServer
from authlib.oauth2.rfc6749 import grants
from authlib.oauth2.rfc7636 import CodeChallenge
from authlib.oidc.core import OpenIDCode
from flask import Flask, jsonify, request
from joserfc import jwt
from joserfc.jwk import RSAKey

CLIENT, SECRET = "hoso", "bí-mật-chỉ-để-thử"
state: dict[str, Any] = {"keys": [], "codes": {}, "claims": {}, "header": {}}


def rotate() -> None:
    """A new key; the former is published no more."""
    key = RSAKey.generate_key(2048, {"use": "sig", "alg": "RS256"}, private=True)
    key.ensure_kid()
    state["keys"] = [key]


class Client:
    """The one client that is registered."""

    def __init__(self) -> None:
        self.client_id = CLIENT

    def get_client_id(self) -> str:
        return CLIENT

    def get_default_redirect_uri(self) -> None:
        return None

    def get_allowed_scope(self, scope: str) -> str:
        return "openid"

    def check_redirect_uri(self, uri: str) -> bool:
        return uri == "https://hoso.example/api/v1/session/oidc/callback"

    def check_client_secret(self, secret: str) -> bool:
        return secret == SECRET

    def check_endpoint_auth_method(self, method: str, endpoint: str) -> bool:
        return method == "client_secret_basic"

    def check_response_type(self, kind: str) -> bool:
        return kind == "code"

    def check_grant_type(self, kind: str) -> bool:
        return kind == "authorization_code"


class Code(SimpleNamespace):
    """An authorization code."""

    def get_redirect_uri(self) -> str:
        return str(self.redirect_uri)

    def get_scope(self) -> str:
        return "openid"

    def get_nonce(self) -> str:
        return str(self.nonce)

    def get_auth_time(self) -> int:
        return int(time.time())

    def get_acr(self) -> None:
        return None

    def get_amr(self) -> None:
        return None


class CodeGrant(grants.AuthorizationCodeGrant):  # type: ignore[misc] # Authlib is not typed
    """Codes, each good for once."""

    TOKEN_ENDPOINT_AUTH_METHODS = ("client_secret_basic",)

    def save_authorization_code(self, code: str, asked: Any) -> None:
        data = asked.payload.data
        state["codes"][code] = Code(
            code=code, user=asked.user, nonce=data.get("nonce"), redirect_uri=data.get("redirect_uri"),
            code_challenge=data.get("code_challenge"),
            code_challenge_method=data.get("code_challenge_method"),
        )  # fmt: skip

    def query_authorization_code(self, code: str, client: Client) -> Code | None:
        found: Code | None = state["codes"].get(code)
        return found

    def delete_authorization_code(self, code: Code) -> None:
        del state["codes"][code.code]

    def authenticate_user(self, code: Code) -> Any:
        return code.user


class IdTokens(OpenIDCode):  # type: ignore[misc] # Authlib is not typed
    """ID tokens; whatever the desk was told is put over what is right."""

    def exists_nonce(self, nonce: str, asked: Any) -> bool:
        return False

    def encode_id_token(self, token: Any, asked: Any) -> str:
        code = asked.authorization_code
        claims = right(code.user.sub) | {"nonce": code.nonce, "sid": f"sid-{code.user.sub}"}
        return signed(claims | state["claims"])


def issuer() -> str:
    return f"http://127.0.0.1:{sys.argv[1]}"


def right(subject: str) -> dict[str, Any]:
    now = int(time.time())
    return {"iss": issuer(), "sub": subject, "aud": CLIENT, "iat": now, "exp": now + 300}


def signed(claims: dict[str, Any]) -> str:
    key = state["keys"][0]
    header = {"alg": "RS256", "kid": key.kid, **state["header"]}
    if header["alg"] == "HS256":  # what a forger does who has only the public key
        parts = [urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=") for part in (header, claims)]
        mac = hmac.digest(key.as_pem(private=False), b".".join(parts), "sha256")
        return b".".join([*parts, urlsafe_b64encode(mac).rstrip(b"=")]).decode()
    return jwt.encode(header, claims, key)


def application() -> Flask:
    app = Flask(__name__)
    server = AuthorizationServer(app, query_client=lambda _: Client(), save_token=lambda *_: None)
    server.register_grant(CodeGrant, [CodeChallenge(required=True), IdTokens()])

    @app.get("/.well-known/openid-configuration")
    def described() -> Any:
        names = {"authorization_endpoint": "authorize", "token_endpoint": "token", "jwks_uri": "jwks"}
        places = {name: f"{issuer()}/{path}" for name, path in names.items()}
        return jsonify({"issuer": issuer(), "end_session_endpoint": f"{issuer()}/end", **places})

    @app.get("/jwks")
    def jwks() -> Any:
        return jsonify({"keys": [key.as_dict(private=False) for key in state["keys"]]})

    @app.get("/authorize")
    def authorize() -> Any:
        user = SimpleNamespace(sub=request.args["as"])
        grant = server.get_consent_grant(end_user=user)
        return server.create_authorization_response(grant_user=user, grant=grant)

    @app.post("/token")
    def token() -> Any:
        return server.create_token_response()

    @app.post("/desk")
    def desk() -> Any:
        told = request.get_json()
        if told.pop("rotate", False):
            rotate()
        logout = told.pop("logout", None)
        state["claims"], state["header"] = told.get("claims", {}), told.get("header", {})
        return jsonify({"token": signed(right("x") | logout) if logout else None})

    return app


if __name__ == "__main__":
    rotate()
    application().run("127.0.0.1", int(sys.argv[1]))
