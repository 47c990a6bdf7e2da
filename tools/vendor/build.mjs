// Builds wbtable/viewer/static/vendor from the packages that package-lock.json pins; --check compares instead.
import { build } from "esbuild";
import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, readdirSync, writeFileSync, existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const here = dirname(fileURLToPath(import.meta.url));
const target = join(here, "../../wbtable/viewer/static/vendor");
const check = process.argv.includes("--check");
const files = {};
const used = new Set();
for (const name of ["preact", "codemirror", "diff", "marked", "three", "uplot"]) {
  const made = await build({
    entryPoints: [join(here, "src", `${name}.js`)], absWorkingDir: here, bundle: true, format: "esm", minify: true,
    target: "es2022", charset: "utf8", legalComments: "none", write: false, metafile: true,
  });
  files[`${name}.js`] = made.outputFiles[0].text;
  for (const path of Object.keys(made.metafile.inputs)) {
    const found = path.match(/node_modules\/((?:@[^/]+\/)?[^/]+)/);
    if (found) used.add(found[1]);
  }
}
files["uplot.css"] = readFileSync(join(here, "node_modules/uplot/dist/uPlot.min.css"), "utf8");
let licences = "Third-party code in this folder. tools/vendor/build makes it.\n";
for (const name of [...used].sort()) {
  const folder = join(here, "node_modules", name);
  const about = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
  const text = readdirSync(folder).find((file) => /^licen[cs]e/i.test(file));
  if (!text) throw new Error(`${name} has no licence file`);
  licences += `\n${"=".repeat(80)}\n${name} ${about.version} (${about.license})\n\n${readFileSync(join(folder, text), "utf8").trim()}\n`;
}
files["LICENCES.txt"] = licences;
files["SHA256SUMS"] = Object.keys(files).sort()
  .map((name) => `${createHash("sha256").update(files[name]).digest("hex")}  ${name}\n`).join("");
mkdirSync(target, { recursive: true });
const changed = [];
for (const [name, text] of Object.entries(files)) {
  const path = join(target, name);
  if (check ? !existsSync(path) || readFileSync(path, "utf8") !== text : true) changed.push(name);
  if (!check) writeFileSync(path, text);
}
if (check && changed.length) {
  console.error(`vendor files differ from what package-lock.json gives: ${changed.join(", ")}; run tools/vendor/build`);
  process.exit(1);
}
console.log(check ? "vendor files are what package-lock.json gives" : `wrote ${changed.join(", ")}`);
