import { defineConfig } from "vitest/config";

// .ci/run counts tests from this report.
const report = process.env["TEST_REPORT"];

const outside = ["**/node_modules/**", "dist/**"];

export default defineConfig({
  test: {
    reporters: report === undefined ? ["default"] : ["default", ["json", { outputFile: report }]],
    projects: [
      {
        test: {
          name: "unit",
          include: ["{compiler,targets,runtime,test}/**/*.test.ts"],
          exclude: [...outside, "test/extra/**", "test/package.test.ts"],
          testTimeout: 30_000,
        },
      },
      // Needs the reference data beside the project (../shared); skips aloud without it.
      { test: { name: "extra", include: ["test/extra/**/*.test.ts"], exclude: outside, testTimeout: 600_000, hookTimeout: 600_000 } },
      // Packs the project and installs it elsewhere: needs the registry and a minute.
      { test: { name: "slow", include: ["test/package.test.ts"], exclude: outside, testTimeout: 600_000, hookTimeout: 600_000 } },
    ],
  },
});
