import { defineConfig } from "vitest/config";

// .ci/run counts tests from this report.
const report = process.env["TEST_REPORT"];

// Packs the project and installs it elsewhere; runs workers with a Redis server; reads recordings of hundreds of megabytes.
const slow = ["test/package.test.ts", "test/rtl-tools.test.ts", "test/machines.test.ts", "test/streaming.test.ts"];

const outside = ["**/node_modules/**", "dist/**"];

export default defineConfig({
  test: {
    globalSetup: "test/tools/kernels.mjs",
    reporters: report === undefined ? ["default"] : ["default", ["json", { outputFile: report }]],
    projects: [
      {
        test: {
          name: "unit",
          include: ["{compiler,targets,runtime,test}/**/*.test.ts"],
          exclude: [...outside, "test/extra/**", ...slow],
          testTimeout: 30_000,
        },
      },
      // Needs the reference data beside the project (../shared); skips aloud without it.
      { test: { name: "extra", include: ["test/extra/**/*.test.ts"], exclude: outside, testTimeout: 600_000, hookTimeout: 600_000 } },
      { test: { name: "slow", include: slow, exclude: outside, testTimeout: 600_000, hookTimeout: 600_000 } },
    ],
  },
});
