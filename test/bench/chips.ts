import { OdinCore } from "../../targets/odin/core.ts";
import { neuronWord, referenceEvent, spikeEvent } from "../../targets/odin/emit.ts";
import { type VariantName, variants } from "../../targets/odin/variant.ts";
import { odinRegisters, tinyRegisters } from "../../targets/odin/words.ts";

/*
 * Clocks a second of the clock-exact machines.
 *
 *   npx tsx test/bench/chips.ts
 *
 * odin, tinyodin: a random recurrent network of 256 neurons; bursts of eight spikes offered back to back, a
 * time reference after each, until quiet.
 */

function odinClocks(name: VariantName, seconds: number): { clocks: number; seconds: number; spikes: number } {
  const variant = variants[name];
  let state = 1;
  const random = (n: number): number => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * n);
  };
  const core = new OdinCore(variant);
  core.setRegister(odinRegisters.openLoop, 0);
  if (name === "tinyodin") core.setRegister(tinyRegisters.maxNeuron, 255);
  core.loadNeurons(
    Array.from({ length: 256 }, () => neuronWord(variant, { threshold: 60 + random(190), leak: 5, potential: 0, disabled: false })).flat(),
  );
  core.loadSynapses(Array.from({ length: 8192 }, () => random(2 ** 16) * 65536 + random(2 ** 16)));
  core.advance(40);
  // Processor time: what others do on the machine does not count.
  const begin = core.cycle;
  const from = process.cpuUsage();
  const used = (): number => process.cpuUsage(from).user / 1e6;
  while (used() < seconds) {
    for (let k = 0; k < 9; k++) {
      core.event = k < 8 ? spikeEvent(random(256), variant) : referenceEvent(variant);
      core.request = 1;
      while (core.acknowledge === 0) core.advance(2 ** 20);
      core.request = 0;
      while (core.acknowledge === 1) core.advance(2 ** 20);
    }
    core.runQuiet(100_000);
    core.spikes.length = 0;
    core.fullChanges.length = 0;
  }
  return { clocks: core.cycle - begin, seconds: used(), spikes: core.tally.spikes };
}

for (const name of ["odin", "tinyodin"] as const) {
  odinClocks(name, 0.5);
  const { clocks, seconds, spikes } = odinClocks(name, 2);
  console.log(
    `${name}: ${(clocks / seconds / 1e6).toFixed(1)} million clocks a second of processor time (${clocks} clocks, ${spikes} spikes)`,
  );
}
