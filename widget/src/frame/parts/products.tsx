/** Products the answer speaks of: one as a wide card, several as a row to swipe, up to four side by side in a table. */
import type { ComponentChildren } from "preact";
import { useState } from "preact/hooks";
import type { Money, Product, Variant } from "../../wire";
import { useChat, useConversation } from "../chat";
import { moment, money } from "../format";
import { Icon } from "../icons";
import { fill, useLanguage } from "../language";
import { listOf, safeImage, safeLink } from "../links";
import { Cart } from "./cart";

const MOST_COMPARED = 4;

export function Products({ products }: { products: Product[] }): ComponentChildren {
  const { locale, words } = useLanguage();
  const [compared, setCompared] = useState(false);
  const shown = listOf(products);
  const asOf = moment(shown.flatMap((product) => product.fetched_at ?? []).sort()[0], locale);
  const several = shown.length > 1;
  if (!several && !shown.length) return null;
  return (
    <section role="group" class="products" aria-label={words.products}>
      {compared ? (
        <Comparison products={shown} />
      ) : (
        <ul class={several ? "row" : "single"} tabIndex={several ? 0 : -1}>
          {shown.map((product) => (
            <li key={product.id}>
              <Card product={product} />
            </li>
          ))}
        </ul>
      )}
      <p class="fine between">
        <span>{asOf && fill(words.prices_as_of, { time: asOf })}</span>
        {several && shown.length <= MOST_COMPARED && (
          <button class="text" onClick={() => setCompared(!compared)}>
            {compared ? words.show_cards : words.compare}
          </button>
        )}
      </p>
    </section>
  );
}

function Card({ product }: { product: Product }): ComponentChildren {
  const { cart } = useConversation();
  const variants = listOf(product.variants);
  const [id, setId] = useState((variants.find((one) => one.available) ?? variants[0])?.id);
  const variant = variants.find((one) => one.id === id);
  const available = variant?.available ?? product.available;
  return (
    <article class="card product">
      <Photo address={product.image_url} />
      <div class="about">
        <Title product={product} />
        <Price price={variant?.price ?? product.price} before={product.compare_at_price} />
        <Stock available={available} later={variant?.on_backorder} />
        {variants.length > 1 && <Choice variants={variants} chosen={id} onChoose={setId} of={product.title} />}
        {cart && available && variant?.can_add_to_cart !== false && <Cart key={id} line={{ product_id: product.id, variant_id: id ?? null, quantity: 1 }} of={product.title} />}
      </div>
    </article>
  );
}

interface ChoiceProps {
  variants: readonly Variant[];
  chosen: string | undefined;
  onChoose: (id: string) => void;
  of: string;
}

function Choice({ variants, chosen, onChoose, of }: ChoiceProps): ComponentChildren {
  const { words } = useLanguage();
  return (
    <select aria-label={`${words.option}: ${of}`} value={chosen} onChange={(event) => onChoose(event.currentTarget.value)}>
      {variants.map((one) => (
        <option value={one.id}>{one.available ? one.title : `${one.title} · ${words.sold_out}`}</option>
      ))}
    </select>
  );
}

function Title({ product }: { product: Product }): ComponentChildren {
  const { conversation, home } = useChat();
  const href = safeLink(product.url, home);
  if (!href) return <b class="title">{product.title}</b>;
  return (
    <a class="title" href={href} target="_blank" rel="noopener" onClick={() => conversation.report("product", { id: product.id, url: href })}>
      {product.title}
    </a>
  );
}

function Stock({ available, later }: { available: boolean; later?: boolean | undefined }): ComponentChildren {
  const { words } = useLanguage();
  const word = available ? (later ? words.on_backorder : words.in_stock) : words.sold_out;
  return <span class={`stock ${available && !later ? "good" : ""}`}>{word}</span>;
}

/** Whether nothing of a product is in stock, and some of it can be ordered. */
function isLater(product: Product): boolean {
  const available = listOf(product.variants).filter((one) => one.available);
  return available.length > 0 && available.every((one) => one.on_backorder);
}

function Photo({ address }: { address: string | null | undefined }): ComponentChildren {
  const { home } = useChat();
  const [broken, setBroken] = useState(false);
  const src = safeImage(address, home);
  return (
    <span class="picture">
      {src && !broken ? <img src={src} alt="" loading="lazy" decoding="async" onError={() => setBroken(true)} /> : <Icon name="bag" />}
    </span>
  );
}

function Price({ price, before }: { price: Money | null | undefined; before: Money | null | undefined }): ComponentChildren {
  const { words, locale } = useLanguage();
  if (!price) return null;
  const reduced = before && before.currency === price.currency && before.amount > price.amount;
  return (
    <span class="price">
      <b>{money(price, locale)}</b>
      {reduced && (
        <s>
          <span class="unseen">{words.was} </span>
          {money(before, locale)}
        </s>
      )}
    </span>
  );
}

function Comparison({ products }: { products: readonly Product[] }): ComponentChildren {
  const { words } = useLanguage();
  const row = (name: string, cell: (product: Product) => ComponentChildren): ComponentChildren => (
    <tr>
      <th scope="row">{name}</th>
      {products.map((product) => (
        <td>{cell(product)}</td>
      ))}
    </tr>
  );
  return (
    <div class="table" tabIndex={0} role="region" aria-label={words.compare}>
      <table>
        <thead>
          <tr>
            <td />
            {products.map((product) => (
              <th scope="col">
                <Title product={product} />
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {row(words.price, (product) => (
            <Price price={product.price} before={product.compare_at_price} />
          ))}
          {row(words.stock, (product) => (
            <Stock available={product.available} later={isLater(product)} />
          ))}
          {products.some((product) => listOf(product.variants).length > 1) &&
            row(words.option, (product) => listOf(product.variants).map((one) => one.title).join(", ") || "–")}
        </tbody>
      </table>
    </div>
  );
}
