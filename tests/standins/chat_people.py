"""The calls of `chat_server` around the conversation: the shopper's list, pictures, staff, signing in."""

import uuid
from typing import Any

from aiohttp import web

from tests.standins.chat_talks import Shopper, Talk, problem

SIGN_IN_PAGE = """<!doctype html><title>Sign in</title><button>Sign in</button><script>
document.querySelector("button").onclick = () => {
  window.opener.postMessage({ type: "aisle:signed-in", result: "proof" }, location.origin);
};
</script>"""


class People:
    """Who is there: shoppers by token; `faults` says how staff are ("presence", "online")."""

    def __init__(self) -> None:
        self.shoppers: dict[str, Shopper] = {}
        self.faults: dict[str, Any] = {}
        self.calls: list[dict[str, Any]] = []

    def routes(self) -> list[web.RouteDef]:
        """Everything here, for the router."""
        return [
            web.get("/v1/chat", self.list_talks),
            web.delete("/v1/chat", self.forget),
            web.post("/v1/chat/{id}/images", self.take_picture),
            web.get("/v1/chat/{id}/images/{image}", self.give_picture),
            web.get("/sign-in", self.sign_in_page),
            web.post("/_staff", self.staff),
        ]

    def shopper(self, request: web.Request) -> Shopper | None:
        """Whose token this is."""
        return self.shoppers.get(request.headers.get("Authorization", "").removeprefix("Bearer "))

    def talk(self, request: web.Request, wanted: str | None = None) -> Talk | None:
        """The conversation that is asked for, if it is the shopper's."""
        shopper = self.shopper(request)
        return shopper and shopper.talk(wanted or request.match_info["id"])

    async def noted(self, request: web.Request) -> dict[str, Any]:
        """The body of a call, which the tests may read later."""
        body: dict[str, Any] = await request.json()
        self.calls.append({"path": request.path, "body": body})
        return body

    async def list_talks(self, request: web.Request) -> web.Response:
        shopper = self.shopper(request)
        if shopper is None:
            return problem(401, "session_unknown")
        data = [talk.listed() for talk in reversed(shopper.talks) if talk.messages]
        return web.json_response({"data": data, "next_cursor": None})

    async def forget(self, request: web.Request) -> web.Response:
        shopper = self.shopper(request)
        if shopper is None:
            return problem(401, "session_unknown")
        self.calls.append({"path": request.path, "method": "DELETE"})
        del self.shoppers[shopper.token]
        return web.json_response({"erased": len(shopper.talks)})

    async def take_picture(self, request: web.Request) -> web.Response:
        talk, body = self.talk(request), await request.read()
        self.calls.append({"path": request.path, "type": request.content_type, "exif": b"Exif" in body})
        if refuse := self.faults.pop("refuse_picture", None):
            return problem(refuse, "refused")
        if talk is None:
            return problem(404, "not_found")
        name = str(uuid.uuid4())
        talk.pictures[name] = (request.content_type, body)
        known = {"media_type": request.content_type, "width": 1, "height": 1, "bytes": len(body)}
        return web.json_response({"id": name, **known}, status=201)

    async def give_picture(self, request: web.Request) -> web.Response:
        talk = self.talk(request)
        found = talk.pictures.get(request.match_info["image"]) if talk else None
        if found is None:
            return problem(404, "not_found")
        return web.Response(body=found[1], content_type=found[0])

    async def sign_in_page(self, _request: web.Request) -> web.Response:
        return web.Response(text=SIGN_IN_PAGE, content_type="text/html")

    async def staff(self, request: web.Request) -> web.Response:
        """`{"say": text}` or `{"state": joined|ended|closed}` in every conversation that has begun."""
        order: dict[str, Any] = await request.json()
        for talk in [talk for shopper in self.shoppers.values() for talk in shopper.talks if talk.messages]:
            if words := order.get("say"):
                talk.say("assistant", {"type": "text", "text": words}, answered_by="staff", staff="Ann")
            if state := order.get("state"):
                talk.state = state
                handoff = {"state": "ended" if state == "closed" else state, "staff": "Ann"}
                talk.handoff = handoff
                talk.say("system", {"type": "data-handoff", "data": handoff})
        return web.json_response({})

    def presence(self, talk: Talk) -> dict[str, Any]:
        """Who of the team is there, as `GET /v1/chat/{id}` says it."""
        known = {"staff_online": self.faults.get("online", True), "typing": self.faults.get("typing")}
        waiting = {"ahead": None, "wait_s": None, "opens_at": None} | self.faults.get("waiting", {})
        return {**known, "handoff": {**waiting, **talk.handoff} if talk.handoff else None}

    def handoff(self, talk: Talk, body: dict[str, Any]) -> dict[str, Any]:
        """The answer to a call for a person."""
        talk.handoff = {"state": "requested"}
        talk.state = "requested"
        if words := body.get("message"):
            talk.say("user", {"type": "text", "text": words})
        waiting = {"ahead": None, "wait_s": None, "opens_at": None} | self.faults.get("waiting", {})
        return {"state": "requested", "contact": None, "online": self.faults.get("online", True), **waiting}
