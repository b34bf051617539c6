import type { ChipSpec } from "../chip.ts";

/*
 * How long a step takes, from the published latencies of single operations. The chip is asynchronous and
 * its contention is not published, so this is an estimate:
 *
 *   step = busiest core + farthest spike + barrier
 *   core = synapses * synapse + active compartments * update + inactive ones * skip
 *   spike = send + tiles east or west * hopX + tiles north or south * hopY
 *   barrier = from barrierOne to barrierAll, in proportion to the tiles in use
 */

export type Place = { readonly x: number; readonly y: number };
export type Hops = { readonly x: number; readonly y: number };

export class Schedule {
  readonly #cycles: Readonly<Record<"synapse" | "update" | "skip" | "send" | "hopX" | "hopY", number>>;
  readonly #tile: { readonly columns: number; readonly rows: number };
  readonly #barrier: number;
  #core = 0;
  #spike = 0;

  constructor(chip: ChipSpec, cores: readonly Place[]) {
    const cycles = (name: string): number => chip.cycles[name] ?? 0;
    this.#cycles = {
      synapse: cycles("synapse"),
      update: cycles("update"),
      skip: cycles("skip"),
      send: cycles("send"),
      hopX: cycles("hopX"),
      hopY: cycles("hopY"),
    };
    this.#tile = { columns: Number(chip.own["tileColumns"]), rows: Number(chip.own["tileRows"]) };
    const all = Math.ceil(chip.columns / this.#tile.columns) * Math.ceil(chip.rows / this.#tile.rows);
    const used = new Set(cores.map((c) => Object.values(this.#tileOf(c)).join())).size;
    const [one, most] = [cycles("barrierOne"), cycles("barrierAll")];
    this.#barrier = one + (all < 2 ? 0 : Math.round(((most - one) * (Math.max(used, 1) - 1)) / (all - 1)));
  }

  /** Tiles that a spike passes. The host is beside the tile of core (0,0). */
  hops(from: Place, to: Place): Hops {
    const [a, b] = [this.#tileOf(from), this.#tileOf(to)];
    return { x: Math.abs(a.x - b.x), y: Math.abs(a.y - b.y) };
  }

  core(synapses: number, updates: number, skips: number): void {
    const { synapse, update, skip } = this.#cycles;
    this.#core = Math.max(this.#core, synapses * synapse + updates * update + skips * skip);
  }

  spike({ x, y }: Hops): void {
    const { send, hopX, hopY } = this.#cycles;
    this.#spike = Math.max(this.#spike, send + x * hopX + y * hopY);
  }

  /** Ends the step: cycles until its last spike has arrived, and until the next step begins. */
  end(): { readonly quiet: number; readonly next: number } {
    const quiet = this.#core + this.#spike;
    this.#core = 0;
    this.#spike = 0;
    return { quiet, next: quiet + this.#barrier };
  }

  #tileOf({ x, y }: Place): Place {
    return { x: Math.floor(x / this.#tile.columns), y: Math.floor(y / this.#tile.rows) };
  }
}
