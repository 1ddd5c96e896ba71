/** An order as far as this shopper may see it, with the way its parcels have come. */
import type { ComponentChildren } from "preact";
import type { OrderItem, OrderView, Shipment, Tracking } from "../../wire";
import { useChat } from "../chat";
import { day, money } from "../format";
import { Icon } from "../icons";
import { fill, useLanguage } from "../language";
import { listOf, safeLink } from "../links";

/** How far along the five steps a status is; absent where the steps would mislead (cancelled, refunded, on hold). */
const STEP: Record<string, number> = {
  pending: 0,
  processing: 1,
  preorder: 0,
  partially_shipped: 2,
  shipped: 2,
  out_for_delivery: 3,
  ready_for_pickup: 3,
  delivered: 4,
};
const GOOD = new Set(["delivered", "completed", "download_ready"]);
const BAD = new Set(["cancelled", "delivery_failed", "payment_failed", "on_hold"]);

export function Order({ order, children }: { order: OrderView; children?: ComponentChildren }): ComponentChildren {
  const { words, locale } = useLanguage();
  const shipments = listOf(order.shipments);
  const refunds = listOf(order.refunds);
  const place = [order.ship_to?.city, order.ship_to?.postcode_end && `…${order.ship_to.postcode_end}`].filter(Boolean).join(", ");
  const placed = day(order.placed_on, locale);
  const expected = day(order.estimated_delivery, locale);
  // Each date is said once: by the parcels where they know it, by the order where they do not.
  const arrived = order.status === "delivered" || (shipments.length > 0 && shipments.every((one) => one.delivered_on));
  // a status in words often says when ("Packed, leaves on 23 November"): once is enough
  const told = arrived || /\d/.test(order.status_text) || shipments.some((one) => one.estimated_delivery);
  return (
    <section role="group" class="card order" aria-label={fill(words.order, { number: order.number })}>
      <header>
        <span class="mark">
          <Icon name="box" />
        </span>
        <div>
          <h3>{fill(words.order, { number: order.number })}</h3>
          {placed && <p>{fill(words.placed, { date: placed })}</p>}
        </div>
        <Status status={order.status} text={order.status_text} />
      </header>
      {shipments.length === 0 && <Steps status={order.status} />}
      {expected && !told && <p class="expected">{fill(words.expected, { date: expected })}</p>}
      {shipments.map((shipment, i) => (
        <Parcel shipment={shipment} number={i + 1} total={shipments.length} />
      ))}
      {shipments.length === 0 && <Tracks tracking={order.tracking} />}
      <Items items={listOf(order.items)} />
      {place && <p class="fact">{fill(words.ships_to, { place })}</p>}
      {refunds.map((refund) => (
        <p class="fact good">
          <Icon name="check" /> {fill(words.refund, { amount: money(refund.amount, locale), date: day(refund.refunded_on, locale) })}
        </p>
      ))}
      {order.total && (
        <p class="total">
          <span>{words.total}</span>
          <b>{money(order.total, locale)}</b>
        </p>
      )}
      <Others orders={listOf(order.other_orders)} />
      {children}
    </section>
  );
}

function Status({ status, text }: { status: string; text: string }): ComponentChildren {
  const mood = GOOD.has(status) ? "good" : BAD.has(status) ? "bad" : "calm";
  return <span class={`pill ${mood}`}>{text || status}</span>;
}

function Steps({ status }: { status: string }): ComponentChildren {
  const { words } = useLanguage();
  const reached = STEP[status];
  if (reached === undefined) return null;
  const names = [words.step_placed, words.step_packed, words.step_shipped, words.step_near, words.step_delivered];
  return (
    <ol class="steps">
      {names.map((name, i) => (
        <li class={i <= reached ? "reached" : ""} aria-current={i === reached ? "step" : undefined}>
          <i />
          <span>{name}</span>
        </li>
      ))}
    </ol>
  );
}

function Parcel({ shipment, number, total }: { shipment: Shipment; number: number; total: number }): ComponentChildren {
  const { words, locale } = useLanguage();
  const delivered = day(shipment.delivered_on, locale);
  const expected = day(shipment.estimated_delivery, locale);
  return (
    <div class="parcel">
      {total > 1 && (
        <h4>
          {fill(words.parcel, { n: number, total })} <Status status={shipment.status} text={shipment.status_text} />
        </h4>
      )}
      <Steps status={shipment.status} />
      {delivered ? <p class="expected">{fill(words.delivered, { date: delivered })}</p> : expected && <p class="expected">{fill(words.expected, { date: expected })}</p>}
      {total > 1 && <p class="fact">{listOf(shipment.items).map((item) => `${item.quantity} × ${item.title}`).join(", ")}</p>}
      <Tracks tracking={shipment.tracking} />
    </div>
  );
}

function Tracks({ tracking }: { tracking: Tracking[] | undefined }): ComponentChildren {
  const { words } = useLanguage();
  const { home } = useChat();
  return listOf(tracking).map((parcel) => {
    const href = safeLink(parcel.url, home);
    const name = (
      <span>
        {parcel.carrier} <span class="number">{parcel.number}</span>
      </span>
    );
    if (!href) return <p class="track">{name}</p>;
    return (
      <a class="track" href={href} target="_blank" rel="noopener noreferrer">
        {name}
        <b>
          {words.track} <Icon name="out" />
        </b>
      </a>
    );
  });
}

function Items({ items }: { items: readonly OrderItem[] }): ComponentChildren {
  if (!items.length) return null;
  return (
    <ul class="items">
      {items.map((item) => (
        <Item item={item} />
      ))}
    </ul>
  );
}

function Item({ item }: { item: OrderItem }): ComponentChildren {
  const { words, locale } = useLanguage();
  const notes = [
    item.variant,
    item.available_from && fill(words.available_from, { date: day(item.available_from, locale) }),
    item.refunded_quantity && fill(words.refunded_count, { n: item.refunded_quantity }),
  ].filter(Boolean);
  return (
    <li>
      <span class="quantity">{item.quantity}×</span>
      <span>
        {item.title}
        {notes.length > 0 && <small>{notes.join(" · ")}</small>}
      </span>
    </li>
  );
}

function Others({ orders }: { orders: readonly NonNullable<OrderView["other_orders"]>[number][] }): ComponentChildren {
  const { words, locale } = useLanguage();
  if (!orders.length) return null;
  return (
    <div class="others">
      <h4>{words.other_orders}</h4>
      {orders.map((order) => (
        <p>
          <span>
            {order.number} <small>{day(order.placed_on, locale)}</small>
          </span>
          <Status status={order.status} text={order.status_text} />
        </p>
      ))}
    </div>
  );
}
