/**
 * Adds up a folder of vitest's JSON reports (NAME.json) and of steps that are no
 * suites (NAME.step holding "passed" or "failed"), names what failed and what was skipped, and ends with
 * one line. Exits with 1 when anything failed or nothing passed.
 */
import { readdirSync, readFileSync } from "node:fs";
import { basename, join, relative } from "node:path";

const [folder] = process.argv.slice(2);
const total = { passed: 0, failed: 0, skipped: 0 };

for (const name of readdirSync(folder).sort()) {
  const text = readFileSync(join(folder, name), "utf8");
  if (name.endsWith(".step")) {
    const outcome = text.trim();
    total[outcome === "passed" ? "passed" : "failed"]++;
    if (outcome !== "passed") console.log(`failed: ${basename(name, ".step")}`);
  } else addSuite(basename(name, ".json"), JSON.parse(text));
}

console.log(`${total.passed} passed, ${total.failed} failed, ${total.skipped} skipped`);
process.exitCode = total.failed > 0 || total.passed === 0 ? 1 : 0;

function addSuite(suite, report) {
  for (const file of report.testResults) {
    const where = `${suite}: ${relative(process.cwd(), file.name)}`;
    // A file that cannot even be loaded has no tests of its own.
    if (file.status === "failed" && file.assertionResults.every((t) => t.status !== "failed")) {
      total.failed++;
      console.log(`failed: ${where}: ${file.message}`);
    }
    for (const test of file.assertionResults) {
      if (test.status === "passed") total.passed++;
      else if (test.status === "failed") {
        total.failed++;
        console.log(`failed: ${where}: ${test.fullName}`);
      } else {
        total.skipped++;
        console.log(`skipped: ${where}: ${test.fullName}`);
      }
    }
  }
}
