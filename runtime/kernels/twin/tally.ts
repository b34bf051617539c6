import type { Kernels, Memory } from "../kernels.ts";
import * as l from "../layout.ts";

/** What a step has done, added up: assembly/tally.ts in TypeScript. */
export function tallyTwin({ i32, f64 }: Memory): Kernels["tally"] {
  const at = (address: number): number => i32[address >>> 2]!;
  const pointer = (address: number): number => at(address) >>> 0;
  const add = (address: number, value: number): void => {
    i32[address >>> 2] = i32[address >>> 2]! + value;
  };
  /** Takes a number out of a table. */
  const take = (address: number): number => {
    const n = at(address);
    i32[address >>> 2] = 0;
    return n;
  };

  return (machine, fromHost) => {
    const ledger = pointer(machine + l.machineLedger);
    const stride = at(ledger + l.ledgerWordBytes);
    const cores = at(machine + l.machineCores);
    const lines = at(machine + l.machineLines);
    const routers = at(ledger + l.ledgerRouters);
    const [sentBy, routedBy, loaded, toHost] = [l.ledgerSent, l.ledgerRouted, l.ledgerLoaded, l.ledgerToHost].map(
      (field) => pointer(ledger + field) >>> 2,
    ) as [number, number, number, number];
    const word = (kind: number, d: number): number => pointer(ledger + l.ledgerWords) + kind * stride + 4 * d;
    const raise = (kind: number, d: number, by: number): void => {
      const k = (pointer(ledger + l.ledgerCounts) + 2 * kind * stride) / 8 + d;
      f64[k] = f64[k]! + by;
    };
    const hold = (d: number, by: number): void => {
      const k = pointer(ledger + l.ledgerHeld) / 8 + d;
      f64[k] = f64[k]! + by;
    };

    i32.fill(0, sentBy, sentBy + lines);
    i32.fill(0, routedBy, routedBy + lines);
    i32[sentBy] = fromHost;
    i32[routedBy] = fromHost;
    for (let c = 0; c < at(machine + l.machineCoreCount); c++) {
      const core = pointer(pointer(machine + l.machineCoreList) + 4 * c);
      const of = (field: number): number => at(core + field);
      const d = of(l.coreIndex);
      const fused = at(word(l.wordFused, d));
      // A fused row is sparse: it has a word for each synapse.
      const fusedSynapses = fused + at(word(l.wordMore, d));
      const updated = of(l.coreUpdated);
      const sent = of(l.coreSent);
      const note = (kind: number, counter: number, value: number): void => {
        i32[word(kind, d) >>> 2] = value;
        raise(counter, d, value);
      };
      note(l.wordEvents, l.countEvent, of(l.coreEvents) + fused);
      note(l.wordRows, l.countRow, of(l.coreRows) + fused);
      note(l.wordWords, l.countWord, of(l.coreWords) + fusedSynapses);
      note(l.wordGates, l.countGate, of(l.coreGates));
      note(l.wordUpdated, l.countUpdate, updated);
      note(l.wordSent, l.countSend, sent);
      raise(l.countSynapse, d, of(l.coreSynapses) + fusedSynapses);
      raise(l.countMultiply, d, of(l.coreMultiplied));
      raise(l.countSkip, d, of(l.coreSlots) - updated);
      raise(l.countSpike, d, of(l.coreSpikes));
      hold(d, -at(word(l.wordEvents, d)));
      const line = of(l.coreLine);
      add(4 * (sentBy + line), sent);
      add(4 * (routedBy + line), of(l.coreRouted));
      const emitted = of(l.coreEmitted);
      if (emitted === 0) continue;
      const list = pointer(core + l.coreEmissions);
      i32[word(l.wordFirstUpdated, d) >>> 2] = of(l.coreFirst);
      i32[word(l.wordFirstSlot, d) >>> 2] = at(list + l.emissionSlot);
      i32[word(l.wordLastSlot, d) >>> 2] = at(list + (emitted - 1) * l.emissionBytes + l.emissionSlot);
    }

    for (const kind of [l.wordFused, l.wordMore, l.wordArrived]) i32.fill(0, word(kind, 0) >>> 2, (word(kind, 0) + stride) >>> 2);
    i32.fill(0, toHost, toHost + lines);
    const byLine = pointer(ledger + l.ledgerByLine);
    for (let y = 0; y < lines; y++) {
      const sends = i32[sentBy + y] !== 0;
      const line = (byLine >>> 2) + y * routers;
      if (sends || i32[loaded + y] !== 0) i32.fill(0, line, line + routers);
      i32[loaded + y] = sends ? 1 : 0;
    }
    const direct = at(ledger + l.ledgerDirect) !== 0;
    const routerOf = (d: number): number => (direct ? d : at(pointer(ledger + l.ledgerRouterOf) + 4 * d));
    for (let k = 0; k < at(machine + l.machineThreadCount); k++) {
      const record = pointer(machine + l.machineThreads) + k * l.threadBytes;
      for (let j = 0; j < at(record + l.threadLines); j++) {
        const y = at(record + l.threadLine) + j;
        const routed = pointer(record + l.threadRouted) + 4 * j * (cores + 1);
        if (i32[routedBy + y] !== 0) i32[toHost + y] = i32[toHost + y]! + take(routed + 4 * cores);
        for (let d = 0; d < cores; d++) {
          const byRoutes = take(routed + 4 * d);
          const fused = take(pointer(record + l.threadFused) + 4 * (j * (cores + 1) + d));
          if (byRoutes + fused === 0) continue;
          add(word(l.wordArrived, d), byRoutes + fused);
          add(word(l.wordFused, d), fused);
          add(byLine + 4 * (y * routers + routerOf(d)), byRoutes + fused);
        }
      }
      for (let d = 0; d < cores; d++) {
        add(word(l.wordMore, d), take(pointer(record + l.threadMore) + 4 * d));
        const lost = take(pointer(record + l.threadLost) + 4 * d);
        raise(l.countLost, d, lost);
        add(word(l.wordArrived, d), -lost);
      }
    }
    for (let d = 0; d < cores; d++) {
      const n = at(word(l.wordArrived, d));
      raise(l.countDeliver, d, n);
      hold(d, n);
    }
  };
}
