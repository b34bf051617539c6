import { expect, it } from "vitest";
import { targetNamed } from "../../targets/index.ts";
import { showPlaces } from "./profile.ts";
import { simulatorOf } from "./time.ts";

it("a time model that a chip does not have is refused (time-model)", () => {
  const target = targetNamed("mesh-1x1");
  expect(simulatorOf(target, { time: "fast" }).name).toBe("fast simulator");
  const { times: _, ...only } = target;
  expect(() => simulatorOf(only, { time: "fast" })).toThrow("mesh-1x1 has no fast time model; it has exact");
  expect(simulatorOf(only, {}).name).toBe("simulator");
});

it("places are added up by name, the largest first, without those that got no sample", () => {
  const places = [
    { name: "a", samples: 1 },
    { name: "b", samples: 6 },
    { name: "a", samples: 3 },
    { name: "c", samples: 0 },
  ];
  expect(showPlaces(places, 12.34)).toBe("12.3 ms, by place:\n 60.0 %  b\n 40.0 %  a");
});
