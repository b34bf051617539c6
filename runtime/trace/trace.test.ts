import { describe, expect, test } from "vitest";
import { dense, type HandChip, handChip, handImage } from "../../test/harness/mesh-image.ts";
import { meshMachine } from "../../targets/mesh/machine.ts";
import { meshEvents } from "../../targets/mesh/trace.ts";
import { firstDifference, showDifference } from "./difference.ts";
import { perfettoLines } from "./perfetto.ts";
import { recorder, type Trace } from "./record.ts";
import { traceLines } from "./text.ts";
import { vcdLines } from "./vcd.ts";

/** Core (0,0) fires every second step into core (1,0), which answers to the host. */
const ping: HandChip = {
  columns: 2,
  steps: 4,
  cores: [
    { neurons: [{ threshold: 2, bias: 1, routes: [{ x: 1, y: 0, axon: 0 }] }] },
    { x: 1, neurons: [{ threshold: 3, routes: [{ line: 7 }] }], axons: [{ row: 0 }], rows: [dense([3])] },
  ],
};

async function traceOf(h: HandChip, limit?: number): Promise<Trace> {
  const device = meshMachine(handChip(h));
  await device.load(handImage(h));
  const r = recorder(meshEvents, h.columns ?? 1, 1e9, limit);
  device.trace(r.sink);
  await device.run(h.steps ?? 1);
  return r.finish();
}

test("text: one line an event, by cycle and core, with named numbers", async () => {
  const lines = [...traceLines(await traceOf({ ...ping, steps: 3 }))];
  expect(lines).toEqual([
    "c00000000 chip step-begin      step=0",
    "c00000000 core(0,0) integrate-begin events=0",
    "c00000000 core(0,0) update-begin    slots=1",
    "c00000000 core(1,0) integrate-begin events=0",
    "c00000000 core(1,0) update-begin    slots=1",
    "c00000001 chip step-quiet      step=0",
    "c00000001 core(0,0) core-done",
    "c00000001 core(1,0) core-done",
    "c00000005 chip step-begin      step=1",
    "c00000005 core(0,0) integrate-begin events=0",
    "c00000005 core(0,0) update-begin    slots=1",
    "c00000005 core(1,0) integrate-begin events=0",
    "c00000005 core(1,0) update-begin    slots=1",
    "c00000006 core(0,0) spike-out       neuron=0 payload=1",
    "c00000006 core(1,0) core-done",
    "c00000007 core(0,0) packet-send     to=core(1,0) axon=0",
    "c00000008 core(0,0) core-done",
    "c00000009 core(1,0) event-store     axon=0 payload=1",
    "c00000010 chip step-quiet      step=1",
    "c00000014 chip step-begin      step=2",
    "c00000014 core(0,0) integrate-begin events=0",
    "c00000014 core(0,0) update-begin    slots=1",
    "c00000014 core(1,0) integrate-begin events=1",
    "c00000014 core(1,0) event-take      axon=0 payload=1",
    "c00000015 core(0,0) core-done",
    "c00000017 core(1,0) update-begin    slots=1",
    "c00000018 core(1,0) spike-out       neuron=0 payload=1",
    "c00000019 core(1,0) packet-send     to=host axon=7",
    "c00000020 core(1,0) core-done",
    "c00000021 chip host-receive    line=7 payload=1",
    "c00000022 chip step-quiet      step=2",
  ]);
});

test("a limit drops what comes later, and says how much", async () => {
  const all = await traceOf(ping);
  const some = await traceOf(ping, 5);
  expect(some.events).toHaveLength(5);
  expect(some.dropped).toBe(all.events.length - 5);
});

describe("first difference", () => {
  test("none between equal traces", async () => {
    expect(firstDifference(await traceOf(ping), await traceOf(ping))).toBeNull();
  });
  test("a neuron that differs is found with the lines of its core before it", async () => {
    const other: HandChip = { ...ping, cores: [ping.cores[0] as never, { ...ping.cores[1], rows: [dense([2])] }] };
    const d = firstDifference(await traceOf(ping), await traceOf(other), 2);
    expect(d).toMatchObject({ core: 1, cycle: 18, right: expect.stringContaining("core-done") as string });
    expect(showDifference(d as never, "simulator", "rtl").split("\n")).toEqual([
      "            c00000014 core(1,0) integrate-begin events=1",
      "            c00000017 core(1,0) update-begin    slots=1",
      "simulator - c00000018 core(1,0) spike-out       neuron=0 payload=1",
      "rtl       + c00000018 core(1,0) core-done",
    ]);
  });
  test("of ordered events, only the order counts", async () => {
    const trace = await traceOf(ping);
    const later = { ...trace, events: trace.events.map((e) => (e.event === "event-take" ? { ...e, cycle: e.cycle + 1 } : e)) };
    expect(firstDifference(trace, later)).toBeNull();
    const changed = { ...trace, events: trace.events.map((e) => (e.event === "event-take" ? { ...e, b: 9 } : e)) };
    expect(firstDifference(trace, changed)?.right).toContain("payload=9");
    const shorter = { ...trace, events: trace.events.slice(0, -1) };
    expect(firstDifference(trace, shorter)?.right).toBeNull();
  });
});

test("VCD: declares every variable it changes, in rising time", async () => {
  const lines = [...vcdLines(await traceOf(ping))];
  const declared = lines.flatMap((l) => /^\$var (?:event 1|integer 32) (\S+) \S+ \$end$/.exec(l)?.[1] ?? []);
  expect(new Set(declared).size).toBe(declared.length);
  const body = lines.slice(lines.indexOf("$enddefinitions $end") + 1);
  const times: number[] = [];
  for (const l of body) {
    if (l.startsWith("#")) times.push(Number(l.slice(1)));
    else expect(declared).toContain(/^(?:1|b[01]+ )(\S+)$/.exec(l)?.[1]);
  }
  expect(times).toEqual([...new Set(times)].sort((a, b) => a - b));
  expect(lines.filter((l) => l.startsWith("$scope"))).toEqual([
    "$scope module chip $end",
    "$scope module core_0_0 $end",
    "$scope module core_1_0 $end",
  ]);
});

test("Perfetto: valid JSON, a track per core, spans that lie within the step", async () => {
  const json = JSON.parse([...perfettoLines(await traceOf(ping))].join("")) as {
    traceEvents: { ph: string; name: string; tid: number; ts: number; dur: number }[];
  };
  expect(json.traceEvents.filter((e) => e.ph === "M").map((e) => e.tid)).toEqual([0, 1, 2]);
  const spans = json.traceEvents.filter((e) => e.ph === "X");
  expect(spans.filter((e) => e.tid === 2).map((e) => e.name)).toEqual([
    "integrate",
    "update",
    "integrate",
    "update",
    "integrate",
    "send",
    "update",
    "integrate",
    "update",
  ]);
  const send = spans.find((e) => e.name === "send" && e.tid === 2);
  const update = spans.find((e) => e.name === "update" && e.tid === 2 && e.ts <= (send?.ts ?? 0) && e.ts + e.dur >= (send?.ts ?? 0));
  expect((send?.ts ?? 0) + (send?.dur ?? 0)).toBeLessThanOrEqual((update?.ts ?? 0) + (update?.dur ?? 0));
});
