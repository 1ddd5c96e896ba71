// One .d.ts of a source file and everything of ours that it imports, as the compiler declares them.
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const RELATIVE = /^(?:import|export)\b[^;]*?\bfrom "\.\/([\w.-]+)";\n/gms;

/** The text of `name`.d.ts without any import: it can be copied into a shop's project as it is. */
export function declarations(root, name) {
  const scratch = mkdtempSync(join(tmpdir(), "types-"));
  const options = ["--noEmit", "false", "--declaration", "--emitDeclarationOnly", "--ignoreConfig", "--skipLibCheck", "--strict"];
  const language = ["--target", "es2022", "--module", "esnext", "--moduleResolution", "bundler", "--lib", "es2023,dom,dom.iterable,dom.asynciterable"];
  const paths = ["--rootDir", join(root, "src"), "--outDir", scratch, join(root, "src", `${name}.ts`)];
  execFileSync(join(root, "node_modules/.bin/tsc"), [...options, ...language, ...paths], { stdio: ["ignore", "inherit", "inherit"] });
  const text = joined(scratch, name, new Set());
  rmSync(scratch, { recursive: true });
  return text;
}

function joined(folder, name, seen) {
  if (seen.has(name)) return "";
  seen.add(name);
  const own = readFileSync(join(folder, `${name}.d.ts`), "utf8");
  const below = [...own.matchAll(RELATIVE)].map(([, other]) => joined(folder, other, seen)).join("");
  return below + own.replace(RELATIVE, "");
}
