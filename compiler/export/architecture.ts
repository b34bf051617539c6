import type { ChipSpec } from "../../targets/chip.ts";

/*
 * A chip as SANA-FE's architecture (v2.2): a tile with one core at each place of the mesh, tile
 * x * rows + y at (x, y). The host is a second core of tile 0, with one input unit for each input
 * channel. Energies in joules from the chip's costs, latencies in seconds from its cycles; prices
 * of operations that SANA-FE does not tell apart are added to the unit that does them.
 */

/** Units of a core; the network's neurons name the soma they need. */
export const unitNames = { exact: "integrate_fire", leaky: "leaky_integrate_fire", input: "host_input" } as const;

export function architectureLines(chip: ChipSpec, inputs: number): string[] {
  const tiles = chip.columns * chip.rows;
  return [
    "architecture:",
    `  name: ${JSON.stringify(chip.name)}`,
    "  attributes:",
    "    topology: mesh",
    `    width: ${chip.columns}`,
    `    height: ${chip.rows}`,
    `    link_buffer_size: ${chip.fifo}`,
    "    sync_model: fixed",
    `    latency_sync: ${seconds(chip, "barrier")}`,
    "  tile:",
    ...tileLines(chip, "tile_host", [...coreLines(chip, "core"), ...hostLines(inputs)]),
    ...(tiles > 1 ? tileLines(chip, `tile[1..${tiles - 1}]`, coreLines(chip, "core")) : []),
  ];
}

function tileLines(chip: ChipSpec, name: string, cores: readonly string[]): string[] {
  const hops = ["north", "east", "south", "west"].flatMap((d) => [
    `        energy_${d}_hop: ${joules(chip, "hop")}`,
    `        latency_${d}_hop: ${seconds(chip, "hop")}`,
  ]);
  return [`    - name: ${name}`, "      attributes:", ...hops, "      core:", ...cores];
}

function coreLines(chip: ChipSpec, name: string): string[] {
  const soma = {
    energy_access_neuron: joules(chip, "skip"),
    latency_access_neuron: seconds(chip, "skip"),
    energy_update_neuron: difference(chip.costs["update"]?.picojoules, chip.costs["skip"]?.picojoules) * 1e-12,
    latency_update_neuron: difference(chip.cycles["update"], chip.cycles["skip"]) / chip.clockHz,
    energy_spike_out: joules(chip, "spike"),
    latency_spike_out: 0,
  };
  return [
    ...coreHead(name, chip.core.neurons),
    ...unitLines("axon_in", "axons_in", {
      energy_message_in: joules(chip, "event") + joules(chip, "deliver") + joules(chip, "row"),
      latency_message_in: seconds(chip, "event") + seconds(chip, "row"),
    }),
    ...unitLines("synapse", "synapses", {
      model: "current_based",
      energy_process_spike: joules(chip, "synapse"),
      latency_process_spike: seconds(chip, "word"),
    }),
    ...unitLines("dendrite", "sums", { model: "accumulator", energy_update: 0, latency_update: 0 }),
    ...unitLines("soma", unitNames.exact, { model: "truenorth", ...soma }),
    ...unitLines(null, unitNames.leaky, { model: "leaky_integrate_fire", ...soma }),
    ...unitLines("axon_out", "axons_out", { energy_message_out: joules(chip, "send"), latency_message_out: seconds(chip, "send") }),
  ];
}

/** Costs nothing: what the host does is not the chip's. */
function hostLines(inputs: number): string[] {
  const free = { energy_access_neuron: 0, latency_access_neuron: 0, energy_update_neuron: 0, latency_update_neuron: 0 };
  const count = Math.max(inputs, 1);
  return [
    ...coreHead("host", count),
    ...unitLines("axon_in", "host_in", { energy_message_in: 0, latency_message_in: 0 }),
    ...unitLines("synapse", "host_synapses", { model: "current_based", energy_process_spike: 0, latency_process_spike: 0 }),
    ...unitLines("dendrite", "host_sums", { model: "accumulator", energy_update: 0, latency_update: 0 }),
    ...unitLines("soma", `${unitNames.input}[0..${count - 1}]`, { model: "input", ...free, energy_spike_out: 0, latency_spike_out: 0 }),
    ...unitLines("axon_out", "host_out", { energy_message_out: 0, latency_message_out: 0 }),
  ];
}

function coreHead(name: string, neurons: number): string[] {
  return [
    `        - name: ${name}`,
    "          attributes:",
    "            buffer_position: soma",
    "            buffer_inside_unit: false",
    `            max_neurons_supported: ${neurons}`,
  ];
}

/** One unit; a null section goes on with the last one. */
function unitLines(section: string | null, name: string, attributes: Readonly<Record<string, number | string>>): string[] {
  return [
    ...(section === null ? [] : [`          ${section}:`]),
    `            - name: ${name}`,
    "              attributes:",
    ...Object.entries(attributes).map(([key, value]) => `                ${key}: ${value}`),
  ];
}

function joules(chip: ChipSpec, counter: string): number {
  return (chip.costs[counter]?.picojoules ?? 0) * 1e-12;
}

function seconds(chip: ChipSpec, counter: string): number {
  return (chip.cycles[counter] ?? 0) / chip.clockHz;
}

/** An access costs what a skipped neuron does; an update is what comes on top. */
function difference(whole: number | undefined, part: number | undefined): number {
  return Math.max(0, (whole ?? 0) - (part ?? 0));
}
