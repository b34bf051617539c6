import { bug } from "../../compiler/base/bug.ts";
import type { Board, Fault, LogEntry, Tape, TapeOp } from "../../runtime/tape/types.ts";
import { Grid } from "./grid.ts";
import { coresFrom, layoutOf } from "./load.ts";
import { type Parameters, tickClocks } from "./parameters.ts";
import { decodePacket } from "./words.ts";

/*
 * A chip at its pins. Memories of this design are loaded when it is elaborated, so
 * writes say what they hold. They take no time, and stand before a tape's first tick or packet; where
 * they do not, the grid is elaborated again, which the simulated board can do and a bench cannot.
 */

/** Clocks for which the bench holds the reset. */
const resetClocks = 4;

/** Clocks after which the bench gives up a packet that the grid does not take. */
export function hostPatience(p: Parameters): number {
  return 2 * tickClocks(p) + 1000;
}

/** Spaces of tape operations. */
export const spaces = { neurons: 0, types: 1 } as const;

/** Words of a memory in one core: cell `c` has addresses c * size and up. */
export function sizesOf(p: Parameters): Readonly<Record<keyof typeof spaces, number>> {
  const { core } = layoutOf(p);
  return { neurons: core["neurons"] ?? 0, types: core["types"] ?? 0 };
}

export function boardOf(p: Parameters, faults: readonly Fault[] = []): Board {
  const cells = p.columns * p.rows;
  const sizes = sizesOf(p);
  const memories = { neurons: new Uint32Array(sizes.neurons * cells), types: new Uint32Array(sizes.types * cells) };
  let grid: Grid | null = null;
  let log: LogEntry[] = [];
  let lastOutput = 0;
  let error = false;
  /** Clock in which the running grid was elaborated. */
  let began = 0;
  /** Clock in which the error output changed; printed at the next rising edge. */
  let changed: number | null = null;

  const tellError = (before: number): void => {
    if (changed === null || changed >= before) return;
    log.push({ kind: "pin", cycle: changed, name: "token_controller_error", value: error ? 1 : 0 });
    changed = null;
  };

  const elaborate = (): Grid => {
    const part = (cell: number, name: keyof typeof spaces): Uint32Array =>
      memories[name].subarray(cell * sizes[name], (cell + 1) * sizes[name]);
    return new Grid(p, coresFrom(p, part, faults), {
      output: (clock, axon) => {
        tellError(clock);
        lastOutput = clock;
        log.push({ kind: "spike", cycle: clock, word: axon });
      },
    });
  };

  /** Runs to a clock, looking at the error output wherever it can change. */
  const runTo = (g: Grid, clock: number): void => {
    g.runTo(clock);
    tellError(clock);
  };

  const watchError = (g: Grid): void => {
    if (g.error === error) return;
    error = g.error;
    changed = g.clock;
  };

  const running = (): Grid => {
    if (grid === null) {
      grid = elaborate();
      grid.clock = began;
    }
    return grid;
  };

  const doers: { readonly [K in TapeOp["op"]]: (op: Extract<TapeOp, { op: K }>) => void } = {
    write: (op) => {
      const memory =
        op.space === spaces.neurons ? memories.neurons : op.space === spaces.types ? memories.types : bug(`no space ${op.space}`);
      if (op.address >= memory.length) bug(`address ${op.address} is not in space ${op.space}`);
      if (grid !== null) {
        began = grid.clock;
        grid = null;
        error = false;
        changed = null;
      }
      memory[op.address] = ((Number(op.data) & ~op.mask) | (memory[op.address]! & op.mask)) >>> 0;
    },
    read: () => bug("the design's pins cannot read its memories"),
    event: (op) => {
      const g = running();
      g.offer(decodePacket(p, Number(op.word)));
      const limit = g.clock + hostPatience(p);
      do runTo(g, g.clock + 1);
      while (!g.accepted && g.clock < limit);
      if (!g.accepted && g.withdraw()) log.push({ kind: "pin", cycle: g.clock, name: "host_blocked", value: 1 });
    },
    tick: () => {
      const g = running();
      g.tick();
      runTo(g, g.clock + 1);
      watchError(g);
    },
    pin: (op) => bug(`the design has no pin ${op.name} that a tape sets`),
    wait: (op) => {
      const g = running();
      runTo(g, g.clock + op.cycles);
    },
    quiet: (op) => {
      const g = running();
      let until = g.clock + op.cycles;
      while (g.clock < until) {
        runTo(g, until);
        until = Math.max(until, lastOutput + op.cycles);
      }
    },
    reset: () => {
      const g = running();
      g.setReset(true);
      runTo(g, g.clock + 1);
      watchError(g);
      runTo(g, g.clock + resetClocks - 1);
      g.setReset(false);
    },
    mark: (op) => {
      const g = running();
      tellError(g.clock);
      log.push({ kind: "mark", cycle: g.clock, id: op.id });
    },
  };

  return {
    run(tape: Tape): readonly LogEntry[] {
      log = [];
      for (const op of tape) (doers[op.op] as (op: TapeOp) => void)(op);
      const g = running();
      tellError(g.clock);
      log.push({ kind: "end", cycle: g.clock, errors: 0 });
      return log;
    },
  };
}
