/** Parsed words as elements: text nodes only, links only where `knownLink` agrees. */
import type { ComponentChildren } from "preact";
import { knownLink, type Hosts } from "./links";
import { parseMarkdown, type Block, type Inline } from "./markdown";

export interface RichProps {
  text: string;
  streaming: boolean;
  hosts: Hosts;
  /** How many sources can be opened: `[3]` is a citation only up to here. */
  sources: number;
  onCite: (number: number) => void;
  citeLabel: (number: number) => string;
}

export function Rich(props: RichProps): ComponentChildren {
  return <div class="rich" dir="auto">{parseMarkdown(props.text, props.streaming).map((block) => blockOf(block, props))}</div>;
}

function blockOf(block: Block, props: RichProps): ComponentChildren {
  switch (block.kind) {
    case "p":
      return <p>{inline(block.kids, props)}</p>;
    case "h":
      return <p class="heading">{inline(block.kids, props)}</p>;
    case "pre":
      return <pre tabIndex={0}>{block.text}</pre>;
    case "ul":
      return <ul>{items(block.items, props)}</ul>;
    case "ol":
      return <ol start={block.start}>{items(block.items, props)}</ol>;
    case "table":
      return tableOf(block, props);
  }
}

/** A list item of one paragraph needs no paragraph. */
function items(list: Block[][], props: RichProps): ComponentChildren {
  return list.map((blocks) => (
    <li>{blocks.map((block, i) => (i === 0 && block.kind === "p" ? inline(block.kids, props) : blockOf(block, props)))}</li>
  ));
}

function tableOf(table: Extract<Block, { kind: "table" }>, props: RichProps): ComponentChildren {
  return (
    <div class="table" tabIndex={0}>
      <table>
        <thead>
          <tr>{table.head.map((cell) => (cell.length ? <th scope="col">{inline(cell, props)}</th> : <td />))}</tr>
        </thead>
        <tbody>
          {table.rows.map((row) => (
            <tr>{row.map((cell) => <td>{inline(cell, props)}</td>)}</tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function inline(kids: Inline[], props: RichProps): ComponentChildren {
  return kids.map((kid) => inlineOne(kid, props));
}

function inlineOne(kid: Inline, props: RichProps): ComponentChildren {
  if (typeof kid === "string") return kid;
  switch (kid.kind) {
    case "break":
      return <br />;
    case "strong":
      return <strong>{inline(kid.kids, props)}</strong>;
    case "em":
      return <em>{inline(kid.kids, props)}</em>;
    case "code":
      return <code>{inline(kid.kids, props)}</code>;
    case "cite":
      return cite(kid.number, props);
    case "link":
      return link(kid, props);
  }
}

function cite(number: number, { sources, onCite, citeLabel }: RichProps): ComponentChildren {
  if (number < 1 || number > sources) return `[${number}]`;
  return (
    <>
      {/* A word joiner: the number stays on the line of the word it belongs to. */}
      {"\u2060"}
      <button class="cite" aria-label={citeLabel(number)} onClick={() => onCite(number)}>
        {number}
      </button>
    </>
  );
}

function link(node: Extract<Inline, { kind: "link" }>, props: RichProps): ComponentChildren {
  const href = knownLink(node.href, props.hosts);
  if (!href) return <>{inline(node.kids, props)}</>;
  return (
    <a href={href} target="_blank" rel="noopener noreferrer nofollow ugc">
      {inline(node.kids, props)}
    </a>
  );
}
