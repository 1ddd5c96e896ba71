// Builds ../cdn from src, the same bytes every time, prints what it weighs and fails over budget.
// `--verify` builds into a scratch folder instead and fails when that differs from ../cdn.
import { createHash } from "node:crypto";
import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { brotliCompressSync, constants, gzipSync } from "node:zlib";
import { build } from "vite";

const HERE = import.meta.dirname;
const CDN = join(HERE, "..", "cdn");
const BUDGET = { loader: 3 * 1024, frame: 35 * 1024 };
const OURS = /^(widget\.js|frame\.html|manifest\.json|assets\/.*)$/;

const common = {
  root: HERE,
  configFile: false,
  logLevel: "warn",
  base: "./",
  oxc: { jsx: { runtime: "automatic", importSource: "preact" } },
};
const output = { target: "es2022", emptyOutDir: false, modulePreload: false, reportCompressedSize: false };

async function buildInto(folder) {
  rmSync(join(folder, "assets"), { recursive: true, force: true });
  await build({
    ...common,
    build: {
      ...output,
      outDir: folder,
      lib: { entry: join(HERE, "src/loader.ts"), formats: ["iife"], name: "aisle", fileName: () => "widget.js" },
    },
  });
  await build({
    ...common,
    build: {
      ...output,
      outDir: folder,
      assetsDir: "assets",
      rolldownOptions: {
        input: join(HERE, "frame.html"),
        output: {
          entryFileNames: "assets/frame-[hash].js",
          chunkFileNames: "assets/[name]-[hash].js",
          assetFileNames: "assets/[name]-[hash][extname]",
        },
      },
    },
  });
  pinFrame(folder);
  const files = listed(folder).filter((name) => OURS.test(name) && name !== "manifest.json");
  writeManifest(folder, files);
  return files;
}

function listed(folder) {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(folder, join(entry.parentPath, entry.name)))
    .sort();
}

const integrity = (bytes) => `sha384-${createHash("sha384").update(bytes).digest("base64")}`;

/** Every script and sheet that the frame names carries its hash. */
function pinFrame(folder) {
  const path = join(folder, "frame.html");
  const pinned = readFileSync(path, "utf8").replace(/ (src|href)="\.\/(assets\/[^"]+)"/g, (all, _name, file) => {
    return `${all} integrity="${integrity(readFileSync(join(folder, file)))}"`;
  });
  writeFileSync(path, pinned);
}

/** Raw sizes only: what gzip and brotli make of a file depends on the machine's zlib. */
function writeManifest(folder, files) {
  const entries = files.map((name) => {
    const bytes = readFileSync(join(folder, name));
    return [name, { bytes: bytes.length, integrity: integrity(bytes) }];
  });
  const manifest = { loader: "widget.js", frame: "frame.html", files: Object.fromEntries(entries) };
  writeFileSync(join(folder, "manifest.json"), `${JSON.stringify(manifest, null, 2)}\n`);
}

function weigh(folder, name) {
  const bytes = readFileSync(join(folder, name));
  const brotli = brotliCompressSync(bytes, { params: { [constants.BROTLI_PARAM_QUALITY]: 11 } });
  return { name, raw: bytes.length, gzip: gzipSync(bytes, { level: 9 }).length, brotli: brotli.length };
}

const add = (rows, name) =>
  rows.reduce((sum, row) => ({ name, raw: sum.raw + row.raw, gzip: sum.gzip + row.gzip, brotli: sum.brotli + row.brotli }), {
    name,
    raw: 0,
    gzip: 0,
    brotli: 0,
  });

/** What one shopper loads: the frame in English, plus the heaviest other language. */
function totals(rows) {
  const language = /^assets\/[a-z]{2}-/;
  const heaviest = rows.filter((row) => language.test(row.name)).sort((a, b) => b.gzip - a.gzip).slice(0, 1);
  const frame = rows.filter((row) => row.name !== "widget.js" && !language.test(row.name));
  return { loader: add(rows.filter((row) => row.name === "widget.js"), "loader"), frame: add([...frame, ...heaviest], "frame, heaviest language") };
}

function report(folder, files) {
  const rows = files.map((name) => weigh(folder, name));
  const sum = totals(rows);
  const line = (row) => `${row.name.padEnd(34)}${[row.raw, row.gzip, row.brotli].map((n) => `${(n / 1024).toFixed(2)} KB`.padStart(12)).join("")}`;
  process.stdout.write(`${"".padEnd(34)}${["raw", "gzip", "brotli"].map((n) => n.padStart(12)).join("")}\n`);
  for (const row of [...rows, sum.loader, sum.frame]) process.stdout.write(`${line(row)}\n`);
  const over = Object.keys(BUDGET).filter((part) => sum[part].gzip > BUDGET[part]);
  for (const part of over) process.stderr.write(`${part}: ${sum[part].gzip} bytes gzip, budget ${BUDGET[part]}\n`);
  return over.length === 0;
}

function differing(folder) {
  const mine = listed(folder);
  const theirs = listed(CDN).filter((name) => OURS.test(name));
  const names = [...new Set([...mine, ...theirs])];
  const bytes = (root, known, name) => (known.includes(name) ? readFileSync(join(root, name), "base64") : "");
  return names.filter((name) => bytes(folder, mine, name) !== bytes(CDN, theirs, name));
}

const verify = process.argv.includes("--verify");
const folder = verify ? mkdtempSync(join(tmpdir(), "widget-")) : CDN;
const fits = report(folder, await buildInto(folder));
const different = verify ? differing(folder) : [];
if (verify) rmSync(folder, { recursive: true });
for (const name of different) process.stderr.write(`cdn/${name} is not what widget/ builds: run "npm run build" in widget/\n`);
process.exitCode = fits && different.length === 0 ? 0 : 1;
