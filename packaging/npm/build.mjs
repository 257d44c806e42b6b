#!/usr/bin/env node
// Makes npm packages from the programs that GoReleaser built.
//
//   packaging/npm/build.mjs [--dist dist] [--out dist/npm]
//
// For each program there is one package that users install, and one package for
// each platform with the program in it. The first depends on all of the others;
// npm installs only the one that fits the machine. Nothing is downloaded or run
// at installation. The tarballs are written in the order in which they are to be
// published, and listed in that order in OUT/packages.txt.

import { execFileSync } from "node:child_process";
import { chmodSync, copyFileSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";

const here = dirname(fileURLToPath(import.meta.url));
const root = resolve(here, "../..");

const { values } = parseArgs({
  options: {
    dist: { type: "string", default: join(root, "dist") },
    out: { type: "string" },
  },
});
const dist = resolve(values.dist);
const out = resolve(values.out ?? join(dist, "npm"));

const descriptions = {
  "nox-mock": "Mock of the NOX manufacturer API",
  "nox-conformance": "Judges a server by the contract of the NOX manufacturer API",
};
const systems = { linux: "linux", darwin: "darwin", windows: "win32" };
const processors = { amd64: "x64", arm64: "arm64", arm: "arm" };

const { version } = JSON.parse(readFileSync(join(dist, "metadata.json"), "utf8"));
const artifacts = JSON.parse(readFileSync(join(dist, "artifacts.json"), "utf8")).filter(
  (artifact) => artifact.type === "Binary",
);
// The licence is the owner's choice: until there is a file, packages have none.
const licences = readdirSync(root).filter((name) => /^LICEN[CS]E/.test(name));

rmSync(out, { recursive: true, force: true });
const tarballs = [];

// pack writes a package into a folder, and its tarball beside it.
function pack(manifest, files) {
  const folder = join(out, manifest.name);
  for (const [name, { from, text, executable }] of Object.entries(files)) {
    const to = join(folder, name);
    mkdirSync(dirname(to), { recursive: true });
    if (from) {
      copyFileSync(from, to);
    } else {
      writeFileSync(to, text);
    }
    chmodSync(to, executable ? 0o755 : 0o644);
  }
  for (const name of licences) {
    copyFileSync(join(root, name), join(folder, name));
  }
  const complete = {
    ...manifest,
    version,
    homepage: "https://docs.nox.energy",
    license: licences.length > 0 ? `SEE LICENSE IN ${licences[0]}` : undefined,
  };
  writeFileSync(join(folder, "package.json"), JSON.stringify(complete, null, 2) + "\n");
  const [packed] = JSON.parse(
    execFileSync("npm", ["pack", "--json", "--ignore-scripts", "--pack-destination", out], {
      cwd: folder,
      encoding: "utf8",
      shell: process.platform === "win32", // where npm is a script
    }),
  );
  tarballs.push(packed.filename);
}

for (const [program, description] of Object.entries(descriptions)) {
  const platforms = [];
  for (const artifact of artifacts.filter((one) => one.extra.ID === program)) {
    const os = systems[artifact.goos];
    const cpu = processors[artifact.goarch];
    if (!os || !cpu) {
      throw new Error(`npm has no name for ${artifact.goos}/${artifact.goarch}`);
    }
    const name = `${program}-${os}-${cpu}`;
    const file = `bin/${program}${os === "win32" ? ".exe" : ""}`;
    const path = [artifact.path, join(root, artifact.path), join(dist, artifact.path)].find((one) => existsSync(one));
    if (!path) {
      throw new Error(`${artifact.path} is not there`);
    }
    pack(
      { name, description: `${description}, for ${os} on ${cpu}`, os: [os], cpu: [cpu], files: ["bin"], preferUnplugged: true },
      {
        [file]: { from: path, executable: true },
        "README.md": { text: `# ${name}\n\nThe program of ${program} for ${os} on ${cpu}. Install the package ${program} instead.\n` },
      },
    );
    platforms.push(name);
  }
  if (platforms.length === 0) {
    throw new Error(`${join(dist, "artifacts.json")} lists no build of ${program}`);
  }
  pack(
    {
      name: program,
      description,
      bin: { [program]: "bin/launch.js" },
      files: ["bin"],
      engines: { node: ">=18" },
      optionalDependencies: Object.fromEntries(platforms.sort().map((name) => [name, version])),
    },
    {
      "bin/launch.js": { from: join(here, "launch.js"), executable: true },
      "README.md": { from: join(here, `${program}.md`) },
    },
  );
}

writeFileSync(join(out, "packages.txt"), tarballs.join("\n") + "\n");
console.log(`${tarballs.length} packages of version ${version} in ${out}`);
