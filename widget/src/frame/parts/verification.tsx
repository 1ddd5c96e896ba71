/** The small forms that prove an order is the shopper's: number + e-mail or postcode, then a mailed code for more. */
import type { ComponentChildren } from "preact";
import { useState } from "preact/hooks";
import type { Proof, Verification } from "../../wire";
import { useChat } from "../chat";
import { Icon } from "../icons";
import { useLanguage } from "../language";
import { listOf } from "../links";
import { Field, Footer, useForm } from "./form";
import { SignIn } from "./sign-in";

const KNOWS_ORDER = 1;
const READ_CODE = 2;

/** `live` while it is the latest word: an answered form is not shown again. */
export function Verify({ wanted, live }: { wanted: Verification; live: boolean }): ComponentChildren {
  const methods = listOf(wanted.methods);
  if (!live) return null;
  if (methods.length === 1 && methods[0] === "code" && wanted.order_number) return <CodeForm order={wanted.order_number} ask />;
  const typed = methods.filter((method) => method === "email" || method === "postcode");
  const account = methods.includes("sign_in") && <SignIn />;
  return typed.length || !account ? <OrderForm wanted={wanted} methods={typed}>{account}</OrderForm> : <div class="card form">{account}</div>;
}

/** Below an order that shows little: the way to see the rest of it. */
export function MoreByCode({ order }: { order: string }): ComponentChildren {
  const { words } = useLanguage();
  const [asked, setAsked] = useState(false);
  if (asked) return <CodeForm order={order} ask={false} />;
  return (
    <button type="button" class="more" onClick={() => setAsked(true)}>
      <Icon name="lock" /> {words.more_by_code}
    </button>
  );
}

interface OrderFormProps {
  wanted: Verification;
  methods: readonly Proof[];
  children?: ComponentChildren;
}

function OrderForm({ wanted, methods, children }: OrderFormProps): ComponentChildren {
  const { words } = useLanguage();
  const { conversation } = useChat();
  const [order, setOrder] = useState(wanted.order_number ?? "");
  const [method, setMethod] = useState<Proof>(methods[0] ?? "email");
  const [proof, setProof] = useState("");
  const form = useForm(async () => {
    const check = method === "postcode" ? { postcode: proof.trim() } : { email: proof.trim() };
    const level = await conversation.verify(order.trim(), check, KNOWS_ORDER);
    return level < KNOWS_ORDER ? words.not_matched : "";
  });
  const choose = (next: Proof): void => {
    setMethod(next);
    setProof("");
  };
  return (
    <form class="card form" onSubmit={form.submit} aria-label={words.verify_title}>
      <h3>
        <Icon name="lock" /> {words.verify_title}
      </h3>
      <p>{words.verify_hint}</p>
      <Field label={words.order_number} value={order} onValue={setOrder} autocomplete="off" maxLength={64} />
      {methods.length > 1 && (
        <div class="choice" role="group" aria-label={words.verify_hint}>
          {methods.map((one) => (
            <button type="button" aria-pressed={one === method} onClick={() => choose(one)}>
              {one === "postcode" ? words.by_postcode : words.by_email}
            </button>
          ))}
        </div>
      )}
      {method === "postcode" ? (
        <Field key="postcode" label={words.postcode} value={proof} onValue={setProof} autocomplete="postal-code" maxLength={16} />
      ) : (
        <Field key="email" label={words.email} value={proof} onValue={setProof} type="email" autocomplete="email" maxLength={254} />
      )}
      <Footer form={form} label={words.show_order} />
      {children}
    </form>
  );
}

/** `ask` to wait for a click before a code is sent; else the first button press has been that click. */
function CodeForm({ order, ask }: { order: string; ask: boolean }): ComponentChildren {
  const { words } = useLanguage();
  const { conversation } = useChat();
  const [sent, setSent] = useState(false);
  const [code, setCode] = useState("");
  const send = useForm(async () => {
    await conversation.client.sendCode(order);
    setSent(true);
    return "";
  });
  const confirm = useForm(async () => {
    const level = await conversation.verify(order, { code: code.replace(/\D/g, "") }, READ_CODE);
    return level < READ_CODE ? words.code_wrong : "";
  });
  if (!sent)
    return (
      <form class={ask ? "card form" : "form"} onSubmit={send.submit}>
        <p>{words.code_hint}</p>
        <Footer form={send} label={words.send_code} />
      </form>
    );
  return (
    <form class={ask ? "card form" : "form"} onSubmit={confirm.submit}>
      <p role="status">{words.code_sent}</p>
      <Field
        label={words.code}
        value={code}
        onValue={setCode}
        autocomplete="one-time-code"
        inputMode="numeric"
        pattern="[0-9 ]{6,8}"
        maxLength={8}
        focus
      />
      <Footer form={confirm} label={words.confirm}>
        <button type="button" class="quiet" disabled={send.busy} onClick={() => void send.run()}>
          {words.send_again}
        </button>
      </Footer>
    </form>
  );
}
