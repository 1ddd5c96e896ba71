// src/stream-reducer.ts
var e = {
	"data-products": !0,
	"data-order": !0,
	"data-verification": !0,
	"data-suggestions": !0,
	"data-handoff": !0,
	"data-fallback": !0
};
function t(e, t) {
	switch (t.type) {
		case "text-start": return d(e, [...e.parts, {
			type: "text",
			id: p(t.id),
			text: "",
			state: "streaming"
		}]);
		case "text-delta": return d(e, s(e.parts, p(t.id), p(t.delta)));
		case "text-end": return d(e, e.parts.map((e) => c(e, p(t.id))));
		case "start":
		case "finish":
		case "message-metadata": return f(e, t.messageMetadata);
		case "source-url":
		case "source-document": return d(e, u(e.parts, t, (e) => l(e, t)));
		default: return !t.type.startsWith("data-") || t.transient === !0 ? e : d(e, u(e.parts, o(t), (e) => l(e, t)));
	}
}
function n(e) {
	return d(e, e.parts.map((e) => e.type === "text" ? {
		...e,
		state: "done"
	} : e));
}
function r(e) {
	let t = Array.isArray(e.parts) ? e.parts : [], n = {
		id: e.id,
		role: e.role,
		parts: t.map(a)
	};
	return e.created_at && (n.created_at = e.created_at), e.metadata && (n.metadata = e.metadata), n;
}
function i(e) {
	return e.parts.flatMap((e) => e.type === "text" ? [e.text] : []).join("\n\n");
}
function a(e) {
	return e.type === "text" ? {
		type: "text",
		text: p(e.text),
		state: "done"
	} : e.type === "source-url" || e.type === "source-document" || e.type === "file" ? e : o(e);
}
function o(t) {
	return Object.hasOwn(e, t.type) && typeof t.data == "object" && t.data !== null ? t : {
		type: "other",
		name: t.type,
		key: p(t.id),
		data: t.data
	};
}
function s(e, t, n) {
	return e.some((e) => e.type === "text" && e.id === t) ? e.map((e) => e.type === "text" && e.id === t ? {
		...e,
		text: e.text + n
	} : e) : [...e, {
		type: "text",
		id: t,
		text: n,
		state: "streaming"
	}];
}
function c(e, t) {
	return e.type === "text" && e.id === t ? {
		...e,
		state: "done"
	} : e;
}
function l(e, t) {
	return "sourceId" in e ? e.sourceId === t.sourceId : e.type === t.type && "id" in e && e.id !== void 0 && e.id === t.id;
}
function u(e, t, n) {
	let r = e.findIndex(n);
	return r < 0 ? [...e, t] : e.with(r, t);
}
function d(e, t) {
	return {
		...e,
		parts: t
	};
}
function f(e, t) {
	return typeof t != "object" || !t ? e : {
		...e,
		metadata: {
			...e.metadata,
			...t
		}
	};
}
function p(e) {
	return typeof e == "string" ? e : "";
}
// src/sse.ts
var m = class {
	#e = new TextDecoder();
	#t = "";
	#n = "";
	#r = [];
	#i = !1;
	push(e) {
		let t = [], n = this.#e.decode(e, { stream: !0 }), r = 0;
		for (let e = 0; e < n.length; e++) {
			let i = n[e];
			i !== "\n" && i !== "\r" ? this.#i = !1 : i === "\n" && this.#i ? (this.#i = !1, r = e + 1) : (this.#i = i === "\r", this.#a(this.#t + n.slice(r, e), t), this.#t = "", r = e + 1);
		}
		return this.#t += n.slice(r), t;
	}
	#a(e, t) {
		if (e === "") return this.#o(t);
		let n = e.indexOf(":");
		if (n === 0) return;
		let r = n < 0 ? e : e.slice(0, n), i = n < 0 ? "" : e.slice(e[n + 1] === " " ? n + 2 : n + 1);
		r === "data" && this.#r.push(i), r === "id" && !i.includes("\0") && (this.#n = i);
	}
	#o(e) {
		this.#r.length && e.push({
			id: this.#n,
			data: this.#r.join("\n")
		}), this.#r = [];
	}
}, h = 4e4, g = [
	300,
	1e3,
	2500,
	5e3
], _ = 8e3, v = class extends Error {
	status;
	code;
	retryAfterS;
	constructor(e, t, n, r) {
		super(n), this.status = e, this.code = t, this.retryAfterS = r;
	}
}, y = class extends Error {};
async function b(e) {
	let t = await e.json().catch(() => ({})), n = Number.parseFloat(e.headers.get("Retry-After") ?? ""), r = t.detail ?? t.title ?? `status ${e.status}`;
	return new v(e.status, t.code ?? "", r, Number.isFinite(n) ? n : null);
}
async function* x(e, t) {
	let n = e.body?.getReader();
	if (!n) return;
	let r = new m();
	try {
		for (;;) {
			let e = await C(h, n.read()).catch(() => void 0);
			if (t.aborted || !e || e.done) return;
			yield* r.push(e.value);
		}
	} finally {
		n.cancel().catch(() => void 0);
	}
}
function S(e) {
	try {
		let t = JSON.parse(e);
		return typeof t?.type == "string" ? t : void 0;
	} catch {
		return;
	}
}
function C(e, t) {
	return new Promise((n, r) => {
		let i = setTimeout(n, e, void 0);
		t.then(n, r).finally(() => clearTimeout(i));
	});
}
async function w(e, t, n) {
	for (let r = 0;; r++) try {
		return await e();
	} catch (e) {
		if (t.aborted || !(e instanceof y)) throw e;
		n(), await T(g[r] ?? _, t);
	}
}
function T(e, t) {
	return new Promise((n) => {
		let r = () => {
			clearTimeout(i), globalThis.removeEventListener?.("online", r), t.removeEventListener("abort", r), n();
		}, i = setTimeout(r, e);
		globalThis.addEventListener?.("online", r), t.addEventListener("abort", r);
	});
}
// src/api.ts
var E = 4e3, D = 700, O = 864e5, k = class {
	base;
	key;
	ask;
	onTrouble = () => void 0;
	#e = "";
	#t = "";
	#n = !1;
	#r;
	constructor(e, t, n = (...e) => fetch(...e)) {
		this.base = e, this.key = t, this.ask = n;
	}
	async start(e) {
		let t = await this.#d("POST", "v1/sessions", {
			key: this.key,
			...e
		});
		return this.#e = t.session, this.#t = t.conversation_id, t;
	}
	send(e, t, n, r) {
		let i = {
			id: this.#t,
			message: {
				id: e,
				role: "user",
				parts: t
			},
			...n && { context: n }
		};
		return this.#i((e) => this.#f("POST", "v1/chat", i, e), r);
	}
	resume(e) {
		return this.#i((e) => this.#l("", e), e, !0);
	}
	wake() {
		this.#r?.abort();
	}
	async history() {
		let e = await this.#d("GET", this.#u());
		return {
			...e,
			messages: e.messages.map(r)
		};
	}
	async conversations() {
		return (await this.#d("GET", "v1/chat")).data;
	}
	async forget() {
		await this.#f("DELETE", "v1/chat"), this.#e = "";
	}
	async stop() {
		await this.#f("POST", this.#u("/stop"), {});
	}
	async feedback(e, t, n) {
		await this.#f("POST", this.#u("/feedback"), {
			message_id: e,
			rating: t,
			...n && { comment: n }
		});
	}
	async verify(e, t) {
		let n = {
			order_number: e,
			...t
		};
		return (await this.#d("POST", this.#u("/verification"), n)).level ?? 0;
	}
	async sendCode(e) {
		await this.#f("POST", this.#u("/verification"), {
			order_number: e,
			send_code: !0
		});
	}
	handoff(e = {}) {
		return this.#d("POST", this.#u("/handoff"), e);
	}
	async typing() {
		await this.#f("POST", this.#u("/typing"), {});
	}
	upload(e) {
		return this.#d("POST", this.#u("/images"), e);
	}
	async picture(e) {
		return (await this.#f("GET", this.#u(`/images/${encodeURIComponent(e)}`))).blob();
	}
	async signIn() {
		return (await this.#d("POST", this.#u("/sign-in"), {})).url;
	}
	async signedIn(e) {
		return (await this.#d("POST", this.#u("/sign-in/result"), { result: e })).customer;
	}
	async *#i(e, t, n = !1) {
		let r = /* @__PURE__ */ new Set(), i = { last: "" };
		for (;;) {
			for await (let a of this.#a(i.last ? this.#c(i.last) : e, i, t)) {
				if (!a) {
					(!n || i.last) && (yield { type: "gone" });
					return;
				}
				if (a.data === "[DONE]") return;
				let e = S(a.data);
				if (e) {
					if (e.type === "start" && !this.#n) r.clear();
					else if (a.id && r.has(a.id)) continue;
					if (a.id && r.add(i.last = a.id), yield e, e.type === "finish" || e.type === "abort" || e.type === "error") return;
				}
			}
			t.throwIfAborted();
		}
	}
	async *#a(e, t, n) {
		let r = this.#r = new AbortController(), i = () => r.abort();
		n.addEventListener("abort", i);
		let a = this.#o(e, r.signal, n);
		try {
			for (let e = a.next();;) {
				let r = await C(this.#n ? D : t.last ? O : E, e);
				if (!r) yield* await this.#s(t.last, n);
				else if (r.done) return;
				else yield r.value, e = a.next();
			}
		} finally {
			n.removeEventListener("abort", i), i();
		}
	}
	async *#o(e, t, n) {
		try {
			let n = await w(() => e(t), t, this.onTrouble);
			n.status === 204 ? yield null : yield* x(n, t);
		} catch (e) {
			if (!t.aborted || n.aborted) throw e;
		}
	}
	async #s(e, t) {
		let n = [];
		try {
			let r = await this.#l(e, t, "?poll=true");
			if (r.status === 204 && e) return [null];
			for await (let e of x(r, t)) e.data !== "[DONE]" && n.push(e);
		} catch {
			return [];
		}
		return n.length && !this.#n && (this.#n = !0, this.#f("POST", this.#u("/reports"), { kind: "buffered_stream" }).catch(() => void 0)), n;
	}
	#c(e) {
		return (t) => this.#l(e, t);
	}
	#l(e, t, n = "") {
		return this.#f("GET", this.#u(`/stream${n}`), void 0, t, e ? { "Last-Event-ID": e } : {});
	}
	#u(e = "") {
		return `v1/chat/${encodeURIComponent(this.#t)}${e}`;
	}
	async #d(e, t, n) {
		return await (await this.#f(e, t, n)).json();
	}
	async #f(e, t, n, r, i = {}) {
		this.#e && t !== "v1/sessions" && (i.Authorization = `Bearer ${this.#e}`);
		let a = {
			method: e,
			headers: i,
			credentials: "omit",
			cache: "no-store"
		};
		if (r && (a.signal = r), n) {
			let e = n instanceof Blob;
			i["Content-Type"] = e ? n.type : "application/json", a.body = e ? n : JSON.stringify(n);
		}
		let o = await this.ask(this.base + t, a).catch((e) => {
			throw r?.aborted ? e : new y("no connection");
		});
		if (!o.ok) throw await b(o);
		return o;
	}
};
export { k as AisleClient, v as ApiError, y as NetworkError, t as fold, r as fromHistory, n as settle, i as wordsOf };
