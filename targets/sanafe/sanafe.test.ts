import { mkdirSync, readFileSync } from "node:fs";
import { resolve } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { zipSync } from "fflate";
import { Failure } from "../../compiler/base/diagnostic.ts";
import { Random } from "../../compiler/base/random.ts";
import { readArchitecture } from "../../compiler/frontends/sanafe/architecture.ts";
import { readMappedNetwork } from "../../compiler/frontends/sanafe/network.ts";
import { Workshop } from "../../test/harness/command.ts";
import { sanafeFiles } from "./files.ts";
import { EventHeap } from "./heap.ts";
import { buildImage, type SanafeImage } from "./image.ts";
import { energyOf, runSanafe, type StepReport } from "./run.ts";
import { SanafeMachine } from "./machine.ts";
import { stepTime, type Timing, timings } from "./timing.ts";

const fixture = (name: string): string => readFileSync(resolve(import.meta.dirname, "../../test/fixtures/sanafe", name), "utf8");
const chip = fixture("chip.yaml");
const net = fixture("net.yaml");

async function imageOf(network: string, architecture = chip, file: (name: string) => Uint8Array | null = () => null): Promise<SanafeImage> {
  const arch = readArchitecture(architecture, "chip.yaml");
  return buildImage(arch, await readMappedNetwork(network, "net.yaml", arch, file, () => {}));
}

function stepsOf(image: SanafeImage, steps: number, timing: Timing): StepReport[] {
  const out: StepReport[] = [];
  runSanafe(image, steps, timing, (_, r) => out.push(r));
  return out;
}

const pico = (joules: number): number => Math.round(joules * 1e15) / 1000;
const nano = (seconds: number): number => Math.round(seconds * 1e12) / 1000;

describe("the network made by hand", () => {
  it("counts, costs and times of each step are those of paper and pencil", async () => {
    const steps = stepsOf(await imageOf(net), 4, "simple");
    expect(steps.map((s) => [s.fired, s.updated, s.messages, s.hops, s.synapticEvents])).toEqual([
      // The input fires; `out` has a bias.
      [1, 2, 1, 1, 2],
      // mid.0 got 5, above 4, and is set to 0; mid.1 keeps its 2.5.
      [1, 3, 1, 1, 1],
      // out: 0.25 + 0.25 + 0.25 + 1.75 is above 2. The input fires again; mid.0 is at rest.
      [2, 3, 1, 1, 2],
      // mid.0 fires again; mid.1 has 2.5 / 4 + 2.5.
      [1, 3, 1, 1, 1],
    ]);
    // Accesses 3 × 19, updates 23, spikes 29; the input costs nothing.
    expect(steps.map((s) => pico(s.somaEnergy))).toEqual([57 + 23, 57 + 69 + 29, 57 + 46 + 29, 57 + 69 + 29]);
    expect(steps.map((s) => pico(s.synapseEnergy))).toEqual([2 * 13, 17, 2 * 13, 17]);
    expect(steps.map((s) => pico(s.dendriteEnergy))).toEqual([4, 2, 4, 2]);
    // Axon out 31, a hop north 1 or east 3, axon in 11.
    expect(steps.map((s) => pico(s.networkEnergy))).toEqual([43, 45, 43, 45]);
    // The receiver of step 1: 10 + 2 × (3 + 1). The sender of step 2: 6 + 4 + 30 + 5, then 6 + 4. Three tiles: 200 ns.
    expect(steps.slice(0, 2).map((s) => nano(s.seconds))).toEqual([218, 255]);
  });

  it("the exact model adds the way: sender, hop, receiver", async () => {
    const [first, second] = stepsOf(await imageOf(net), 2, "exact");
    // 5 to send, 2 for the hop north, 18 at the receiver; 45, 4 for the hop east, 10 + 5 + 1.
    expect([first, second].map((s) => nano(s?.seconds ?? 0))).toEqual([5 + 2 + 18 + 200, 45 + 4 + 16 + 200]);
    expect(stepsOf(await imageOf(net), 2, "fast").map((s) => nano(s.seconds))).toEqual([225, 265]);
    expect(stepsOf(await imageOf(net), 2, "detailed").map((s) => nano(s.seconds))).toEqual([225, 265]);
  });

  it("whatever the timing, the same spikes and energy", async () => {
    const image = await imageOf(net);
    const runs = timings.map((t) => stepsOf(image, 9, t).map((s) => ({ ...s, seconds: 0 })));
    for (const run of runs) expect(run).toEqual(runs[0]);
  });

  it("a silent neuron is told from one whose inputs cancel out", async () => {
    const cancels = net.replace("{weight: 5}", "{weight: 0}");
    const [, second] = stepsOf(await imageOf(cancels), 2, "simple");
    expect(second?.updated).toBe(3);
  });

  it("weights that are no small integers are kept as doubles, in the same order", async () => {
    const image = await imageOf(net.replace("{weight: 5}", "{weight: 4.1}"));
    expect(image.tables.unit).toBe(0);
    expect([...image.arrays.weights]).toEqual([4.1, 2.5, 1.75, -1]);
    expect(stepsOf(image, 4, "simple").map((s) => s.fired)).toEqual([1, 1, 2, 1]);
  });

  it("weights may lie in a .npz file", async () => {
    const array = (values: readonly number[]): Uint8Array => {
      const header = `{'descr': '<f8', 'fortran_order': False, 'shape': (${values.length},), }`.padEnd(117) + "\n";
      const out = new Uint8Array(128 + 8 * values.length);
      out.set([0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59, 1, 0, 118, 0]);
      out.set(new TextEncoder().encode(header), 10);
      out.set(new Uint8Array(Float64Array.from(values).buffer), 128);
      return out;
    };
    const npz = zipSync({ "dense.npy": array([1.75, -1]) });
    const named = net.replace("weight: [1.75, -1]", "weight: w.npz:dense");
    const image = await imageOf(named, chip, (name) => (name === "w.npz" ? npz : null));
    expect(image).toEqual(await imageOf(net));
  });

  it("other settings: soft reset, rest, TrueNorth's leak, saturation below, inputs that stay", async () => {
    const variant = (attributes: string, soma: string): string =>
      net.replace("{threshold: 4, leak_decay: 0.5, log_spikes: true}", `{${attributes}}`).replace("soma: leaky]", `soma: ${soma}]`);
    // Neurons fired and updated in each step, as SANA-FE 2.2.9 counts them.
    const counts = async (text: string): Promise<string> =>
      stepsOf(await imageOf(text), 6, "fast")
        .map((s) => `${s.fired}/${s.updated}`)
        .join(" ");
    expect(await counts(variant("threshold: 1, reset_mode: soft, bias: 0.75", "leaky"))).toBe("1/4 2/3 3/4 3/3 2/3 2/3");
    expect(await counts(variant("threshold: 1, bias: 2, refractory_delay: 2", "leaky"))).toBe("3/4 0/3 3/4 1/3 2/3 0/3");
    expect(await counts(variant("threshold: 5, leak: 1", "exact"))).toBe("1/2 1/3 2/3 1/3 1/2 0/2");
    const below = "threshold: 3, reverse_threshold: 1, reverse_reset_mode: saturate, input_decay: 0.5";
    expect(await counts(variant(below, "leaky"))).toBe("1/2 2/3 2/4 3/3 1/3 2/3");
  });
});

describe("a chip with traffic", () => {
  /** All cores full, each neuron to random others, so that buffers fill. */
  const crowded = (seed: number): string => {
    const random = new Random(seed);
    const whole = (n: number): number => Math.floor(random.unit() * n);
    const edges = Array.from({ length: 300 }, () => `    - a.${whole(64)} -> a.${whole(64)}: {weight: ${whole(9) - 2}}`);
    const mapping = Array.from({ length: 8 }, (_, c) => `  - a.${8 * c}..${8 * c + 7}: {core: ${c >> 1}.${c & 1}}`);
    return [
      "network:",
      "  name: crowded",
      "  groups:",
      "    - {name: a, attributes: {threshold: 2, bias: 1}, neurons: [0..63: {}]}",
      "  edges:",
      ...edges,
      "mappings:",
      ...mapping,
    ].join("\n");
  };

  it.each([
    "threshold: 2, bias: 1",
    "threshold: 2.5, bias: 0.75, leak_decay: 0.7",
    "threshold: 3, bias: 1, reset_mode: soft, leak_decay: 0.9",
    "threshold: 4, reset_mode: none, bias: 0.25",
    "threshold: 6, reset: -2.5, bias: 1, force_update: true",
    "threshold: -1",
    "threshold: 3, bias: 1, refractory_delay: 2",
  ])("compiled kernels and TypeScript agree to the bit: %s", async (attributes) => {
    for (const [buffer, size, unit] of [
      [1, 8, 1],
      [4, 7, 1 / 4],
      [5, 5, 1],
    ] as const) {
      const text = crowded(buffer)
        .replace("threshold: 2, bias: 1", attributes)
        // Cores with odd numbers of neurons.
        .replaceAll(/a\.(\d+)\.\.(\d+): /g, (_, from: string) => `a.${(+from / 8) * size}..${(+from / 8) * size + size - 1}: `)
        .replaceAll(/a\.(\d+) -> a\.(\d+): \{weight: (\S+)\}/g, (_, a: string, b: string, w: string) => {
          return `a.${+a % (8 * size)} -> a.${+b % (8 * size)}: {weight: ${+w * unit}}`;
        })
        .replace("0..63: {}", `0..${8 * size - 1}: {}`);
      const image = await imageOf(text, chip.replace("link_buffer_size: 4", `link_buffer_size: ${buffer}`));
      const [fast, plain] = [new SanafeMachine(image), new SanafeMachine(image, null)];
      expect([fast.compiled === null, plain.compiled === null]).toEqual([false, true]);
      const [fastTime, plainTime] = [stepTime(fast, "fast"), stepTime(plain, "fast")];
      for (let t = 0; t < 25; t++) {
        fast.step();
        plain.step();
        expect(fast.counts).toEqual(plain.counts);
        expect(fastTime()).toBe(plainTime());
        expect(fast.potentials.map((v) => v + 0)).toEqual(plain.potentials.map((v) => v + 0));
        expect(fast.fired.neuron.slice(0, fast.fired.count)).toEqual(plain.fired.neuron.slice(0, plain.fired.count));
        expect(fast.messages.generation).toEqual(plain.messages.generation);
      }
    }
  });

  it("no model is below the busiest core, and every message arrives", async () => {
    for (let seed = 1; seed <= 20; seed++) {
      const image = await imageOf(crowded(seed));
      const [exact, fast, simple] = (["exact", "fast", "simple"] as const).map((t) => stepsOf(image, 12, t));
      simple?.forEach((s, i) => {
        expect(exact?.[i]?.seconds ?? 0).toBeGreaterThanOrEqual(s.seconds * (1 - 1e-12));
        expect(fast?.[i]?.seconds ?? 0).toBeGreaterThanOrEqual(s.seconds * (1 - 1e-12));
      });
      expect(simple?.some((s) => s.messages > 100)).toBe(true);
    }
  });

  it("smaller buffers never make the chip faster over a run", async () => {
    const seconds = async (buffer: number): Promise<number> =>
      runSanafe(await imageOf(crowded(3), chip.replace("link_buffer_size: 4", `link_buffer_size: ${buffer}`)), 20, "exact").seconds;
    expect(await seconds(2)).toBeGreaterThanOrEqual(await seconds(64));
  });

  it("events come out in order of time, equal ones as they came", () => {
    const heap = new EventHeap();
    const random = new Random(9);
    const times = Array.from({ length: 1000 }, () => Math.floor(random.unit() * 50));
    times.forEach((t, i) => heap.push(t, i));
    const wanted = times.map((t, i) => [t, i] as const).sort((a, b) => a[0] - b[0] || a[1] - b[1]);
    for (const [t, i] of wanted) {
      expect(heap.time).toBe(t);
      expect(heap.pop()).toBe(i);
    }
  });
});

describe("the command line", () => {
  const shop = new Workshop();
  beforeAll(async () => {
    shop.write("chip.yaml", chip);
    shop.write("net.yaml", net);
    expect(await shop.run("compile", "net.yaml", "--arch", "chip.yaml", "-o", "build")).toMatchObject({ code: 0 });
  });
  afterAll(() => shop.remove());

  it("compiles, runs, and writes SANA-FE's tables", async () => {
    const args = ["--steps", "4", "--as", "simple", "--perf", "perf.csv", "--spikes", "spikes.csv", "--json"];
    const { code, out } = await shop.run("run", "build", ...args);
    expect(code).toBe(0);
    const sum = JSON.parse(out) as StepReport & { energy: number };
    expect(sum).toMatchObject({ fired: 5, updated: 11, messages: 4, hops: 4, synapticEvents: 6 });
    expect(sum.energy).toBeCloseTo(energyOf(sum), 20);
    expect(readFileSync(shop.path("spikes.csv"), "utf8")).toBe("neuron,timestep\nin.0,1\nmid.0,2\nin.0,3\nout.0,3\nmid.0,4\n");
    expect(readFileSync(shop.path("perf.csv"), "utf8").split("\n")[1]).toBe(
      "1,1,2,1,1,2,2.180000000e-7,2.600000000e-11,4.000000000e-12,8.000000000e-11,4.300000000e-11,1.530000000e-10",
    );
  });

  it("a damaged image is refused", async () => {
    await shop.run("compile", "net.yaml", "--arch", "chip.yaml", "-o", "damaged");
    const bytes = readFileSync(shop.path("damaged/sanafe.bin"));
    bytes[8] = (bytes[8] ?? 0) ^ 1;
    shop.write("damaged/sanafe.bin", bytes);
    const flipped = await shop.run("run", "damaged");
    shop.write("damaged/sanafe.bin", bytes.subarray(8));
    const short = await shop.run("run", "damaged");
    shop.write("damaged/sanafe.json", "{}");
    const wrong = await shop.run("run", "damaged");
    for (const r of [flipped, short, wrong]) expect(r).toMatchObject({ code: 1, err: expect.stringContaining("error[sanafe-image]") });
  });

  it("show: groups, settings and cores; of one core every neuron and synapse", async () => {
    const all = await shop.run("show", "build");
    expect(all).toMatchObject({ code: 0 });
    expect(all.out).toContain("leaky_integrate_fire threshold=4 resetMode=hard leakDecay=0.5");
    expect((await shop.run("show", "build", "--core", "1.1")).out).toBe(
      [
        "core 1.1 at tile (0,1): 2 neurons",
        "  soma 1: leaky_integrate_fire threshold=4 resetMode=hard leakDecay=0.5",
        "    0 mid.0",
        "      to core 3.0: out.0=1.75",
        "    1 mid.1",
        "      to core 3.0: out.0=-1\n",
      ].join("\n"),
    );
    expect(await shop.run("show", "build", "--core", "7.1")).toMatchObject({
      code: 1,
      err: expect.stringContaining("known: 0.0, 1.1, 3.0"),
    });
  });

  it("verify: a valid build, or where tables and arrays contradict each other", async () => {
    expect(await shop.run("verify", "build")).toMatchObject({ code: 0, out: "build: a valid build\n" });
    const image = await imageOf(net);
    const { tables, arrays } = image;
    const wrong: readonly [string, SanafeImage][] = [
      ["core 1.1 begins", { tables: { ...tables, cores: tables.cores.map((c) => (c.name === "1.1" ? { ...c, first: 2 } : c)) }, arrays }],
      ["two neurons have one number", { tables, arrays: { ...arrays, id: arrays.id.map(() => 0) } }],
      ["settings that are not there", { tables: { ...tables, somas: tables.somas.slice(1) }, arrays }],
      ["axon 0 names core 9", { tables, arrays: { ...arrays, axonCore: arrays.axonCore.map(() => 9) } }],
      ["leads to neuron 7", { tables, arrays: { ...arrays, synapses: arrays.synapses.map((s) => s | 7) } }],
      ["other synapses than its load", { tables: { ...tables, loads: tables.loads.map((l) => ({ ...l, synapses: 9 })) }, arrays }],
    ];
    for (const [what, broken] of wrong) {
      for (const [name, bytes] of sanafeFiles(broken)) {
        mkdirSync(shop.path("broken"), { recursive: true });
        shop.write(`broken/${name}`, bytes);
      }
      const { code, err } = await shop.run("verify", "broken");
      expect(code).toBe(1);
      expect(err).toContain("error[sanafe-inconsistent]");
      expect(err).toContain(what);
    }
  });

  it("lint: neurons that nothing alive reaches", async () => {
    expect(await shop.run("lint", "build")).toMatchObject({ code: 0, out: "build: nothing to remark\n" });
    shop.write("silent.yaml", net.replace("spikes: [1, 0, 1]", "spikes: [0, 0, 0]"));
    await shop.run("compile", "silent.yaml", "--arch", "chip.yaml", "-o", "silent");
    const { code, err } = await shop.run("lint", "silent");
    expect(code).toBe(0);
    // `out` has a bias.
    expect(err).toContain("warning[lint-neuron]: nothing reaches 3 neurons, for example in.0");
  });

  it.each([
    ["evaluate", "build", "--data", "x"],
    ["check", "build", "--budget", "budget.yaml"],
    ["show", "build", "--html", "page.html"],
    ["explain-loss", "build", "--data", "x"],
    ["cosim", "build", "-o", "cosim"],
    ["export", "build", "-o", "x.nir", "--dt", "1ms"],
  ])("%s says what such a build is", async (...args) => {
    shop.write("budget.yaml", "cores: 1");
    expect(await shop.run(...args)).toMatchObject({ code: 1, err: expect.stringContaining("error[sanafe-command]") });
  });

  it("unknown attributes are named", async () => {
    shop.write("odd.yaml", net.replace("threshold: 4", "threshold: 4, treshold: 5"));
    const { code, err } = await shop.run("compile", "odd.yaml", "--arch", "chip.yaml", "-o", "odd");
    expect(code).toBe(0);
    expect(err).toContain("note[sanafe-ignored]: not used: treshold");
  });
});

describe("bad files", () => {
  const refused = async (network: string, architecture = chip): Promise<string> => {
    try {
      await imageOf(network, architecture);
    } catch (error) {
      if (error instanceof Failure) return `${error.diagnostics[0]?.code} ${error.diagnostics[0]?.at}`;
      throw error;
    }
    return "accepted";
  };

  it.each([
    ["sanafe-syntax net.yaml:20:1", net.replace("[1.75, -1]]", "[1.75, -1")],
    ["sanafe-key net.yaml:1:1", net.slice(0, net.indexOf("mappings"))],
    ["sanafe-key net.yaml:17:7", net.replace("{weight: 5}", "{}")],
    ["sanafe-value net.yaml:9:31", net.replace("threshold: 4", "threshold: four")],
    ["sanafe-name net.yaml:19:7", net.replace("mid -> out", "mid -> nowhere")],
    ["sanafe-name net.yaml:17:7", net.replace("in.0 -> mid.0", "in.0 -> mid.7")],
    ["sanafe-name net.yaml:23:19", net.replace("core: 3.0", "core: 9.0")],
    ["sanafe-name", net.replace("soma: leaky", "soma: absent")],
    ["sanafe-unmapped null", net.replace("  - out.0: [core: 3.0]\n", "")],
    ["sanafe-weights net.yaml:19:19", net.replace("[1.75, -1]", "[1.75]")],
    ["sanafe-weights net.yaml:19:41", net.replace("[1.75, -1]", "absent.npz:dense")],
    ["sanafe-model", net.replace("spikes: [1, 0, 1]", "poisson: 0.5")],
  ])("%s", async (expected, text) => {
    expect(await refused(text)).toContain(expected);
  });

  it.each([
    ["sanafe-key", chip.replace("energy_north_hop: 1.0e-12", "energy_up_hop: 0")],
    ["sanafe-model", chip.replace("buffer_position: soma", "buffer_position: dendrite")],
    ["sanafe-model", chip.replace("model: accumulator", "model: taps")],
    ["sanafe-full", chip.replace("max_neurons_supported: 8", "max_neurons_supported: 1")],
    ["sanafe-value", chip.replace("width: 2", "width: 1")],
  ])("%s in the architecture", async (expected, text) => {
    expect(await refused(net, text)).toContain(expected);
  });
});
