/** The frame's entry: meets the page outside, then draws the chat. */
import { render } from "preact";
import { AisleClient } from "../api";
import { fromPage, sealed, type ToPage } from "../bridge";
import { App } from "./app";
import { Conversation } from "./conversation";
import { TokenStore } from "./storage";
import "./style.css";
import { applyTheme } from "./theme";

const page = window.parent === window ? undefined : window.parent;
const key = new URLSearchParams(location.search).get("key") ?? "";
const root = document.getElementById("app")!;

let home = "";
let phone = false;
let opened = 0;
let dressed: object | undefined;

const client = new AisleClient(new URL(".", location.href).href, key);
const tokens = new TokenStore(key, (token) => tell({ type: "keep", token }));
const conversation = new Conversation(client, tokens, report, navigator.language);

/** A page without an origin of its own ("null") can only be reached by "*": it hears nothing secret. */
function tell(message: ToPage): void {
  const nameless = !home || home === "null";
  if (!nameless || message.type !== "keep") page?.postMessage(sealed(message), nameless ? "*" : home);
}

function report(name: string, detail?: unknown): void {
  tell(name === "unread" ? { type: "unread", count: Number(detail) } : { type: "event", name, detail });
}

function draw(): void {
  const close = page && ((): void => tell({ type: "close" }));
  render(<App chat={{ conversation, home: home === "null" ? "" : home }} onClose={close} opened={opened} phone={phone} />, root);
}

function open(): void {
  if (!conversation.visible) opened++;
  void conversation.open();
  draw();
}

function dress(): void {
  const appearance = conversation.state.session?.appearance;
  if (!appearance || appearance === dressed) return;
  dressed = appearance;
  const { accent, ink } = applyTheme(appearance);
  tell({ type: "look", accent, ink, position: appearance.position ?? "right" });
}

window.addEventListener("message", (event) => {
  const message = fromPage(event, page, home);
  switch (message?.type) {
    case "hello":
      home = event.origin;
      tokens.handIn(message.kept);
      if (message.locale) conversation.locale = message.locale;
      return draw();
    case "open":
      phone = message.phone;
      return open();
    case "close":
      return conversation.close();
    case "identify":
      return void conversation.identify(message.customer);
    case "context":
      conversation.context = { ...conversation.context, ...message.context };
  }
});
document.addEventListener("keydown", (event) => {
  if (event.key === "Escape" && !event.defaultPrevented) tell({ type: "close" });
});
conversation.subscribe(dress);
applyTheme({});
if (page) tell({ type: "ready" });
else open();
