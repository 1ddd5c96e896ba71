"""The Customer Account side of one shop: discovery, sign-in with PKCE, and who am I."""

import base64
import hashlib
import json
import secrets
from typing import Any
from urllib.parse import parse_qs, urlencode

CLIENT_ID = "shp_standin"
CUSTOMER = {"id": "gid://shopify/Customer/501", "emailAddress": {"emailAddress": "ada@example.com"}}


class Accounts:
    """Everybody who comes is signed in as `customer`."""

    def __init__(self, origin: str) -> None:
        self._origin = origin
        self.customer: dict[str, Any] | None = CUSTOMER
        self.is_discoverable = True
        self._challenges: dict[str, dict[str, str]] = {}
        self._tokens: set[str] = set()

    def respond(self, path: str, query: str, headers: dict[str, str], body: bytes) -> tuple[int, Any, dict[str, str]]:
        """Status, JSON body, headers; 404 for what is not ours."""
        match path:
            case ".well-known/openid-configuration" if self.is_discoverable:
                return 200, {"authorization_endpoint": self._at("authorize"), "token_endpoint": self._at("token")}, {}
            case ".well-known/customer-account-api" if self.is_discoverable:
                return 200, {"graphql_api": self._at("graphql")}, {}
            case "account/authorize":
                return self._authorize({key: values[0] for key, values in parse_qs(query).items()})
            case "account/token":
                form = {key: values[0] for key, values in parse_qs(body.decode()).items()}
                return (*self._token(form, headers), {})
            case "account/graphql":
                is_known = headers.get("authorization") in self._tokens and "user-agent" in headers
                return (200, {"data": {"customer": self.customer}}, {}) if is_known else (401, {"errors": "no"}, {})
            case _:
                return 404, {"errors": "Not Found"}, {}

    def _at(self, name: str) -> str:
        return f"{self._origin}/account/{name}"

    def _authorize(self, asked: dict[str, str]) -> tuple[int, Any, dict[str, str]]:
        if asked.get("client_id") != CLIENT_ID or asked.get("code_challenge_method") != "S256":
            return 400, {"error": "invalid_request"}, {}
        code = secrets.token_hex(8)
        self._challenges[code] = asked
        back = urlencode({"code": code, "state": asked["state"]})
        return 302, "", {"location": f"{asked['redirect_uri']}?{back}"}

    def _token(self, form: dict[str, str], headers: dict[str, str]) -> tuple[int, Any]:
        asked = self._challenges.pop(form.get("code", ""), None)
        digest = hashlib.sha256(form.get("code_verifier", "").encode()).digest()
        proof = base64.urlsafe_b64encode(digest).decode().rstrip("=")
        is_theirs = asked and asked["code_challenge"] == proof and asked["redirect_uri"] == form["redirect_uri"]
        if not is_theirs or not asked or not asked["redirect_uri"].startswith(headers.get("origin", "none")):
            return 400, {"error": "invalid_grant"}
        token = secrets.token_hex(8)
        self._tokens.add(token)
        return 200, {"access_token": token, "expires_in": 3600, "id_token": json.dumps({})}
