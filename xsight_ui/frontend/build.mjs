// Builds the shared bundle: hashed ES modules, one stylesheet, the font, and manifest.json, into the folder given as argument.
import * as esbuild from "esbuild";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { brotliCompressSync, constants, gzipSync } from "node:zlib";

const out = process.argv[2];
const browsers = ["chrome111", "firefox115", "safari16.4"];
const fonts = "node_modules/@fontsource-variable/inter/files";

rmSync(out, { recursive: true, force: true });
mkdirSync(out, { recursive: true });

const digest = (bytes) => createHash("sha256").update(bytes).digest("hex").slice(0, 10);
const emit = (name, bytes) => {
  writeFileSync(path.join(out, name), bytes);
  return name;
};

function emitFont(subset) {
  const bytes = readFileSync(`${fonts}/inter-${subset}-wght-normal.woff2`);
  return emit(`inter-${subset}.${digest(bytes)}.woff2`, bytes);
}

async function emitStylesheet(latin, latinExt) {
  const result = await esbuild.build({
    entryPoints: ["src/styles/index.css"], bundle: true, minify: true, write: false,
    external: ["INTER_LATIN", "INTER_LATIN_EXT"], target: browsers, logLevel: "warning",
  });
  const css = result.outputFiles[0].text.replace("INTER_LATIN_EXT", latinExt).replace("INTER_LATIN", latin);
  return emit(`kit.${digest(css)}.css`, css);
}

async function emitModules(css) {
  const { metafile } = await esbuild.build({
    entryPoints: { kit: "src/kit.js" }, outdir: out, entryNames: "[name].[hash]", chunkNames: "[name].[hash]",
    bundle: true, format: "esm", splitting: true, minify: true, metafile: true, target: browsers,
    jsx: "automatic", define: { STYLESHEET: JSON.stringify(css), "process.env.NODE_ENV": '"production"' }, legalComments: "none", logLevel: "warning",
  });
  const modules = {};
  for (const [file, meta] of Object.entries(metafile.outputs)) {
    if (!meta.entryPoint) continue;
    const name = path.parse(meta.entryPoint).name;
    const imports = meta.imports.filter((i) => i.kind === "import-statement").map((i) => path.basename(i.path));
    modules[name] = { file: path.basename(file), imports };
  }
  return { modules, files: Object.keys(metafile.outputs).map((file) => path.basename(file)) };
}

/** The same views for Node: reports are written by the worker. */
async function emitReport() {
  const result = await esbuild.build({
    entryPoints: ["src/report.js"], bundle: true, format: "esm", platform: "node", minify: true, write: false, target: "node22",
    mainFields: ["module", "main"], define: { STYLESHEET: '""' }, legalComments: "none", logLevel: "warning",
  });
  const [{ contents }] = result.outputFiles;
  return emit(`report.${digest(contents)}.mjs`, contents);
}

/** Siblings that a web server can send as they are; the font is compressed already. */
function precompress(name) {
  const bytes = readFileSync(path.join(out, name));
  emit(`${name}.gz`, gzipSync(bytes, { level: 9 }));
  emit(`${name}.br`, brotliCompressSync(bytes, { params: { [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length } }));
}

/** What the licences of the packages inside ask to be passed on with them. */
function emitLicences() {
  const { packages } = JSON.parse(readFileSync("package-lock.json"));
  const inside = Object.keys(packages).filter((folder) => folder && !packages[folder].dev && existsSync(folder));
  const files = inside.flatMap((folder) =>
    readdirSync(folder, { withFileTypes: true })
      .filter((entry) => entry.isFile() && /^(licen[cs]e|notice)/i.test(entry.name))
      .map(({ name }) => `${folder}/${name}`),
  );
  emit("licences.txt", files.map((file) => `== ${file.replace("node_modules/", "")}\n\n${readFileSync(file)}`).join("\n\n"));
}

emitLicences();
const font = emitFont("latin");
const css = await emitStylesheet(font, emitFont("latin-ext"));
const { modules, files } = await emitModules(css);
for (const name of [css, ...files]) precompress(name);
const report = await emitReport();
emit("manifest.json", JSON.stringify({ entry: modules.kit.file, css, font, modules, report }, null, 1));
