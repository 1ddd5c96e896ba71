// Builds ../cdn from src, the same bytes every time, prints what it weighs and fails over budget.
// `--verify` builds into a scratch folder instead and fails when that differs from ../cdn.
import { createHash } from "node:crypto";
import { cpSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { build } from "vite";
import { declarations } from "./declarations.mjs";
import { slim } from "./slim.mjs";
import { report } from "./weights.mjs";

const HERE = import.meta.dirname;
const CDN = join(HERE, "..", "cdn");
const OURS = /^(widget\.js|client\.js|(client|aisle)\.d\.ts|frame\.html|manifest\.json|assets\/.*)$/;

const common = {
  root: HERE,
  configFile: false,
  logLevel: "warn",
  base: "./",
};
/** For the frame alone: it would bring Preact into every other part as well. */
const oxc = { jsx: { runtime: "classic", pragma: "h", pragmaFrag: "Fragment" }, jsxInject: 'import { h, Fragment } from "preact"' };
const output = { target: ["es2023"], cssTarget: ["chrome123", "firefox121", "safari17.5"], emptyOutDir: false, modulePreload: false, reportCompressedSize: false };

async function buildInto(folder) {
  const nudge = await buildModule(folder, "nudge", {});
  const modules = {
    PAGE_MODULE: await buildModule(folder, "page", {}),
    PAGE_RULES_MODULE: await buildModule(folder, "page-rules", { NUDGE_MODULE: nudge }),
  };
  await build({
    ...common,
    define: named(modules),
    build: {
      ...output,
      outDir: folder,
      lib: { entry: join(HERE, "src/loader.ts"), formats: ["iife"], name: "aisle", fileName: () => "widget.js" },
    },
  });
  await build({
    ...common,
    build: { ...output, outDir: folder, minify: true, lib: { entry: join(HERE, "src/api.ts"), formats: ["es"], fileName: () => "client.js" } },
  });
  await build({
    ...common,
    oxc,
    plugins: [slim(HERE)],
    build: {
      ...output,
      outDir: folder,
      assetsDir: "assets",
      rolldownOptions: {
        input: join(HERE, "frame.html"),
        output: {
          entryFileNames: "assets/frame-[hash].js",
          // the frame names every language: shorter hashes are lighter
          chunkFileNames: "assets/[name]-[hash:6].js",
          assetFileNames: "assets/[name]-[hash][extname]",
        },
      },
    },
  });
  pinFrame(folder);
  writeFileSync(join(folder, "client.d.ts"), declarations(HERE, "api"));
  writeFileSync(join(folder, "aisle.d.ts"), declarations(HERE, "aisle"));
  const files = listed(folder).filter((name) => OURS.test(name) && name !== "manifest.json");
  writeManifest(folder, files);
  return files;
}

const named = (modules) => Object.fromEntries(Object.entries(modules).map(([name, file]) => [name, JSON.stringify(file)]));

/** A module that is imported by its hashed name, so built before who imports it; the name relative to the base. */
async function buildModule(folder, name, modules) {
  await build({
    ...common,
    define: named(modules),
    build: {
      ...output,
      outDir: folder,
      rolldownOptions: {
        input: join(HERE, `src/${name}.ts`),
        preserveEntrySignatures: "strict",
        output: { format: "es", entryFileNames: `assets/${name}-[hash].js` },
      },
    },
  });
  const [file] = listed(folder).filter((known) => known.startsWith(`assets/${name}-`));
  return file;
}

function listed(folder) {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(folder, join(entry.parentPath, entry.name)))
    .sort();
}

const integrity = (bytes) => `sha384-${createHash("sha384").update(bytes).digest("base64")}`;

/** Every script and sheet that the frame names carries its hash. Nothing in the frame needs the spaces between its tags. */
function pinFrame(folder) {
  const path = join(folder, "frame.html");
  const page = readFileSync(path, "utf8").replace(/\n\s*/g, "");
  const pinned = page.replace(/ (src|href)="\.\/(assets\/[^"]+)"/g, (all, _name, file) => {
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
  const manifest = { loader: "widget.js", frame: "frame.html", client: "client.js", files: Object.fromEntries(entries) };
  writeFileSync(join(folder, "manifest.json"), `${JSON.stringify(manifest, null, 2)}\n`);
}

/** Only what has been built to its end takes the place of what was there. */
function publish(folder) {
  for (const name of listed(CDN).filter((name) => OURS.test(name))) rmSync(join(CDN, name));
  cpSync(folder, CDN, { recursive: true });
  return true;
}

function isTheSame(folder) {
  const mine = listed(folder);
  const theirs = listed(CDN).filter((name) => OURS.test(name));
  const bytes = (root, known, name) => (known.includes(name) ? readFileSync(join(root, name), "base64") : "");
  const different = [...new Set([...mine, ...theirs])].filter((name) => bytes(folder, mine, name) !== bytes(CDN, theirs, name));
  for (const name of different) process.stderr.write(`cdn/${name} is not what widget/ builds: run "npm run build" in widget/\n`);
  return different.length === 0;
}

const folder = mkdtempSync(join(tmpdir(), "widget-"));
try {
  const fits = report(folder, await buildInto(folder));
  process.exitCode = (process.argv.includes("--verify") ? isTheSame(folder) : publish(folder)) && fits ? 0 : 1;
} finally {
  rmSync(folder, { recursive: true });
}
