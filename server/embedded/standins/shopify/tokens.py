"""The token endpoint of one shop: expiring offline tokens whose refresh tokens rotate.

One access token lives at a time. After a refresh the old refresh token stays good until the new pair is first used.
"""

import secrets
import time
from typing import Any

API_KEY = "standin-key"
SECRET = "standin-secret"
OFFLINE = "urn:shopify:params:oauth:token-type:offline-access-token"


class Tokens:
    """What is live in one shop. `lives_s` is how long an access token works."""

    def __init__(self, scopes: set[str]) -> None:
        self.scopes, self.lives_s = scopes, 3600.0
        self.secrets = [SECRET]
        self.codes: set[str] = set()
        self.refreshes = 0
        self.access, self.refresh, self._ends = "", "", 0.0
        self._previous: str | None = None

    def grant(self) -> dict[str, Any]:
        """A new pair; every other access token is dead."""
        self.access, self.refresh = f"shpat_{secrets.token_hex(8)}", f"shprt_{secrets.token_hex(8)}"
        self._ends = time.monotonic() + self.lives_s
        self._previous = None
        return {
            "access_token": self.access,
            "scope": ",".join(sorted(self.scopes)),
            "expires_in": int(self.lives_s),
            "refresh_token": self.refresh,
            "refresh_token_expires_in": 7_776_000,
        }

    def is_good(self, token: str) -> bool:
        """Whether a request with this token is answered; the first use of a new one ends the old refresh token."""
        if not self.access or token != self.access or time.monotonic() >= self._ends:
            return False
        self._previous = None
        return True

    def revoke(self) -> None:
        """The merchant has uninstalled the app."""
        self.access = self.refresh = ""
        self._previous = None

    def ask(self, request: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        """One POST to /admin/oauth/access_token: status and body."""
        if request.get("client_id") != API_KEY or request.get("client_secret") not in self.secrets:
            return 401, {"error": "invalid_client"}
        match request.get("grant_type"):
            case None:
                if request.get("code") not in self.codes:
                    return 400, {"error": "invalid_request", "error_description": "The code is not valid"}
                self.codes.discard(request["code"])
                return 200, self.grant()
            case "refresh_token":
                return self._refreshed(str(request.get("refresh_token")))
            case "urn:ietf:params:oauth:grant-type:token-exchange":
                if request.get("requested_token_type") != OFFLINE or not request.get("subject_token"):
                    return 400, {"error": "invalid_subject_token"}
                return 200, self.grant()
            case _:
                return 400, {"error": "unsupported_grant_type"}

    def _refreshed(self, token: str) -> tuple[int, dict[str, Any]]:
        if not self.refresh or token not in (self.refresh, self._previous):
            return 400, {"error": "invalid_grant"}
        self.refreshes += 1
        granted = self.grant()
        self._previous = token
        return 200, granted
