/** Products the answer speaks of: one as a wide card, several as a row to swipe. */
import type { ComponentChildren } from "preact";
import { useState } from "preact/hooks";
import type { Money, Product } from "../../wire";
import { useChat } from "../chat";
import { moment, money } from "../format";
import { Icon } from "../icons";
import { count, fill, useLanguage } from "../language";
import { listOf, safeImage, safeLink } from "../links";

export function Products({ products }: { products: Product[] }): ComponentChildren {
  const { locale, words } = useLanguage();
  const shown = listOf(products);
  const oldest = shown.flatMap((product) => product.fetched_at ?? []).sort()[0];
  const asOf = moment(oldest, locale);
  if (!shown.length) return null;
  return (
    <section role="group" class="products" aria-label={words.products}>
      <ul class={shown.length > 1 ? "row" : "single"}>
        {shown.map((product) => (
          <li key={product.id}>
            <Card product={product} />
          </li>
        ))}
      </ul>
      {asOf && <p class="fine">{fill(words.prices_as_of, { time: asOf })}</p>}
    </section>
  );
}

function Card({ product }: { product: Product }): ComponentChildren {
  const { words, locale } = useLanguage();
  const { conversation, home } = useChat();
  const href = safeLink(product.url, home);
  const variants = listOf(product.variants).length;
  const body = (
    <>
      <Picture address={product.image_url} />
      <span class="about">
        <span class="title">{product.title}</span>
        <Price product={product} />
        <span class="facts">
          <span class={product.available ? "stock in" : "stock out"}>{product.available ? words.in_stock : words.sold_out}</span>
          {variants > 1 && <span>{count(words.options, variants, locale)}</span>}
        </span>
      </span>
    </>
  );
  if (!href) return <div class="card product">{body}</div>;
  const tell = (): void => conversation.report("product", { id: product.id, url: href });
  return (
    <a class="card product" href={href} target="_blank" rel="noopener" onClick={tell}>
      {body}
    </a>
  );
}

function Picture({ address }: { address: string | null | undefined }): ComponentChildren {
  const { home } = useChat();
  const [broken, setBroken] = useState(false);
  const src = safeImage(address, home);
  return (
    <span class="picture">
      {src && !broken ? <img src={src} alt="" loading="lazy" decoding="async" onError={() => setBroken(true)} /> : <Icon name="bag" />}
    </span>
  );
}

function Price({ product }: { product: Product }): ComponentChildren {
  const { words, locale } = useLanguage();
  const { price, compare_at_price: before } = product;
  if (!price) return null;
  const reduced = before && isMore(before, price);
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

function isMore(one: Money, other: Money): boolean {
  return one.currency === other.currency && one.amount > other.amount;
}
