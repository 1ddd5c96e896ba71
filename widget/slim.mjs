// What makes the frame lighter without making its source shorter to read: in the built files the words of the chat
// travel without their names, and Vite's preloading (there is nothing to preload) is left out.
import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";

const PRELOADER = "\0vite/preload-helper.js";
const NAME = /^ {2}(\w+):/gm;
const USED = /\bwords\.(\w+)/g;
const QUOTED = /["'](\w+)["']/g;
const SCRIPT = /\.tsx?$/;
/** How Vite wraps an import: with a list of what to preload, which is empty here. */
const WRAPPED = /__vitePreload\(\(\) => (import\([^)]*\)), __VITE_PRELOAD__, import\.meta\.url\)/g;
const CAST = / as (Plural|"ltr" \| "rtl")/g;

/** A Vite plugin for the built files; types and tests see the words by their names. */
export function slim(root) {
  const frame = join(root, "src/frame");
  const numbered = numberedNames(frame);
  const place = new Map(numbered.map((name, i) => [name, i]));
  return {
    name: "slim",
    enforce: "pre",
    load: (id) => (id === PRELOADER ? "export const __vitePreload = (load) => load();" : undefined),
    renderChunk: (code) => ({ code: code.replace(WRAPPED, "$1"), map: null }),
    transform(code, id) {
      if (!id.startsWith(frame) || !SCRIPT.test(id)) return;
      if (id.startsWith(join(frame, "strings"))) return { code: packed(code, numbered), map: null };
      return { code: code.replace(USED, (all, name) => (place.has(name) ? `words.$${place.get(name).toString(36)}` : all)), map: null };
    },
  };
}

/** A language file, which is a single object literal: its numbered words as a list, the others by name. */
function packed(code, numbered) {
  const [, variable, literal] = /export const (\w+)[^=]*= (\{[^]*?\n\});?/.exec(code.replace(CAST, ""));
  const words = new Function(`return ${literal}`)();
  const list = numbered.map((name) => words[name]);
  for (const name of numbered) delete words[name];
  const expanded = `Object.fromEntries(${JSON.stringify(list)}.map((word, i) => ["$" + i.toString(36), word]))`;
  return `export const ${variable} = {...${JSON.stringify(words)}, ...${expanded}};`;
}

/** Names that are quoted anywhere in the frame may be looked up by that name: they stay names. */
function numberedNames(frame) {
  const files = readdirSync(frame, { recursive: true }).filter((name) => SCRIPT.test(name) && !name.startsWith("strings"));
  const kept = new Set(files.flatMap((name) => matched(join(frame, name), QUOTED)));
  return matched(join(frame, "strings/en.ts"), NAME).filter((name) => !kept.has(name));
}

function matched(file, pattern) {
  return [...readFileSync(file, "utf8").matchAll(pattern)].map((found) => found[1]);
}
