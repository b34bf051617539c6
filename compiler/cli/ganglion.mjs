#!/usr/bin/env node
// The command as npm and npx link it. The compiled code is in dist/, which a fresh checkout does not have yet.
import { existsSync } from "node:fs";

const main = new URL("../../dist/compiler/cli/main.js", import.meta.url);
if (existsSync(main)) await import(main.href);
else {
  console.error("ganglion is not built yet: run `npm ci` in its folder first");
  process.exitCode = 2;
}
