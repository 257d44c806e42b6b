#!/usr/bin/env node
// Runs the program that npm installed for this machine: one package a platform
// contains it, and npm installs the one whose "os" and "cpu" match.
"use strict";

const { spawn } = require("node:child_process");
const { name, version } = require("../package.json");

const platform = `${name}-${process.platform}-${process.arch}`;
const file = process.platform === "win32" ? `${name}.exe` : name;

let program;
try {
  program = require.resolve(`${platform}/bin/${file}`);
} catch {
  const supported = Object.keys(require("../package.json").optionalDependencies);
  console.error(
    supported.includes(platform)
      ? `${name}: the package ${platform}@${version} is not installed; ` +
          "reinstall without --omit=optional, and do not copy node_modules from another machine"
      : `${name}: there is no build for ${process.platform} on ${process.arch}; there are ${supported.join(", ")}`,
  );
  process.exit(2);
}

const child = spawn(program, process.argv.slice(2), { stdio: "inherit" });

for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) {
  process.on(signal, () => {
    // A terminal has sent Ctrl-C to the program too, and a second SIGINT would
    // stop it at once.
    if (signal !== "SIGINT" || !process.stdin.isTTY) {
      child.kill(signal);
    }
  });
}

child.on("error", (error) => {
  console.error(`${name}: cannot run ${program}: ${error.message}`);
  process.exit(2);
});

child.on("exit", (code, signal) => {
  if (signal) {
    process.removeAllListeners(signal);
    process.kill(process.pid, signal);
  } else {
    process.exitCode = code;
  }
});
