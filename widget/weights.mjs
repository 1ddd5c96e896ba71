// What the built files weigh, side by side with other widgets, and whether that is within the budget.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { brotliCompressSync, constants, gzipSync } from "node:zlib";

/**
 * Bytes of gzip. `loader`: what every page carries. `page`: the module that comes with the first hover or tap. `frame`:
 * the chat in English and the heaviest other language.
 */
const BUDGET = { loader: 3 * 1024, page: 5 * 1024, frame: 36 * 1024 };
const PARTS = [
  ["loader", /^widget\.js$/],
  ["page", /^assets\/page-(?!rules-)/],
  ["frame", /^(frame\.html|assets\/(?!page-|nudge-|preview-).*)$/],
];
const LANGUAGE = /^assets\/[a-z]{2}-/;

/** Requests before any click, then KB raw, gzip, brotli: measured in November 2026 with gzip 6 and brotli 11. */
const PEERS = [
  ["Shopify shop-chat-agent", 2, 46.0, 10.2, 8.7],
  ["deep-chat 2.4.2", 1, 403.5, 111.6, 91.9],
  ["anythingllm-embed 1.16", 2, 675.3, 218.2, 175.8],
  ["Typebot js 0.10.7", 1, 689.4, 197.9, 164.2],
  ["n8n chat 1.37.0", 6, 2171.9, 612.2, 480.9],
];
/** The loader and what it asks about the button. */
const REQUESTS_BEFORE_CLICK = 2;

/** Prints; false when a budget is broken. */
export function report(folder, files) {
  const rows = files.filter((name) => !name.endsWith(".d.ts")).map((name) => weigh(folder, name));
  const light = withoutLightLanguages(rows);
  const sums = PARTS.map(([part, names]) => add(light.filter((row) => names.test(row.name)), part));
  head("file", "");
  for (const row of rows) line(row.name, "", row);
  head("\npart", "requests");
  for (const sum of sums) line(sum.name, sum.files, sum);
  head("\nbefore any click", "requests");
  line("this widget", REQUESTS_BEFORE_CLICK, sums[0]);
  for (const [name, requests, ...sizes] of PEERS) {
    const [raw, gzip, brotli] = sizes.map((kilobytes) => kilobytes * 1024);
    line(name, requests, { raw, gzip, brotli });
  }
  // the chat's own request for a session comes on top of its files
  const clicked = add(sums, "this widget after the click");
  line(clicked.name, REQUESTS_BEFORE_CLICK + clicked.files, clicked);
  const over = sums.filter((sum) => sum.gzip > BUDGET[sum.name]);
  for (const { name, gzip } of over) process.stderr.write(`${name}: ${gzip} bytes gzip, budget ${BUDGET[name]}\n`);
  return over.length === 0;
}

/** One shopper reads one language beside English at most: the heaviest. */
function withoutLightLanguages(rows) {
  const [heaviest] = rows.filter((row) => LANGUAGE.test(row.name)).sort((a, b) => b.gzip - a.gzip);
  return rows.filter((row) => row === heaviest || !LANGUAGE.test(row.name));
}

function weigh(folder, name) {
  const bytes = readFileSync(join(folder, name));
  const brotli = brotliCompressSync(bytes, { params: { [constants.BROTLI_PARAM_QUALITY]: 11 } });
  return { name, files: 1, raw: bytes.length, gzip: gzipSync(bytes, { level: 9 }).length, brotli: brotli.length };
}

function add(rows, name) {
  const sum = { name, files: 0, raw: 0, gzip: 0, brotli: 0 };
  for (const row of rows) for (const kind of ["files", "raw", "gzip", "brotli"]) sum[kind] += row[kind];
  return sum;
}

function head(what, requests) {
  process.stdout.write(`${what.padEnd(what.startsWith("\n") ? 39 : 38)}${requests.padStart(9)}${["raw", "gzip", "brotli"].map((kind) => kind.padStart(12)).join("")}\n`);
}

function line(name, requests, { raw, gzip, brotli }) {
  const sizes = [raw, gzip, brotli].map((bytes) => `${(bytes / 1024).toFixed(2)} KB`.padStart(12));
  process.stdout.write(`${name.padEnd(38)}${`${requests}`.padStart(9)}${sizes.join("")}\n`);
}
