// Builds the islands into the portal's static files: bundles, the base style sheet, the map's
// worker, and a manifest of versions, licences and digests. No addresses, no outside loads.
import { createHash } from "node:crypto";
import { copyFile, mkdir, readFile, readdir, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const here = dirname(fileURLToPath(import.meta.url));
const out = join(here, "..", "src", "jiaoan", "portal", "static", "built");
const packages = join(here, "node_modules");

await rm(out, { recursive: true, force: true });
await mkdir(out, { recursive: true });

const common = {
  bundle: true,
  minify: true,
  format: "esm",
  target: ["chrome109", "firefox115", "safari16"],
  legalComments: "linked",
  logLevel: "warning",
  outdir: out,
};
await build({
  ...common,
  entryPoints: {
    app: join(here, "src/app.ts"),
    intake: join(here, "src/intake.ts"),
    live: join(here, "src/live.ts"),
    map: join(here, "src/map.ts"),
  },
});
// The worker runs in its own thread and must be one file with a name we know.
await build({
  ...common,
  entryPoints: { "map-worker": join(packages, "maplibre-gl/dist/maplibre-gl-worker.mjs") },
});
await copyFile(join(packages, "maplibre-gl/dist/maplibre-gl.css"), join(out, "map.css"));
await copyFile(join(packages, "@tabler/core/dist/css/tabler.min.css"), join(out, "tabler.css"));

// A sheet that names a source map which is not there makes strict static storage refuse to start.
for (const name of ["tabler.css", "map.css"]) {
  const text = await readFile(join(out, name), "utf8");
  await writeFile(join(out, name), text.replace(/\/\*# sourceMappingURL=.*?\*\//g, ""));
}

const manifest = { packages: [], files: [] };
for (const name of ["@tabler/core", "maplibre-gl", "esbuild"]) {
  const about = JSON.parse(await readFile(join(packages, name, "package.json"), "utf8"));
  manifest.packages.push({ name, version: about.version, licence: about.license });
}
for (const name of (await readdir(out)).sort()) {
  const bytes = await readFile(join(out, name));
  const sha256 = createHash("sha256").update(bytes).digest("hex");
  manifest.files.push({ name, size: bytes.length, sha256 });
}
await writeFile(join(out, "manifest.json"), JSON.stringify(manifest, null, 1) + "\n");
