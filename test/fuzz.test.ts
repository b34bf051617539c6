import { expect, test } from "vitest";
import { fuzzOnce } from "./fuzz.ts";

test("100 random networks: network and chip agree spike for spike", async () => {
  const wrong: string[] = [];
  for (let seed = 1; seed <= 100; seed++) {
    const difference = await fuzzOnce(seed);
    if (difference !== null) wrong.push(difference);
  }
  expect(wrong).toEqual([]);
});
