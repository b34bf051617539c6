import {
  coreEmissions,
  coreEmitted,
  coreEvents,
  coreFirst,
  coreGates,
  coreIndex,
  coreLine,
  coreMultiplied,
  coreRouted,
  coreRows,
  coreSent,
  coreSlots,
  coreSpikes,
  coreSynapses,
  coreUpdated,
  coreWords,
  countDeliver,
  countEvent,
  countGate,
  countLost,
  countMultiply,
  countRow,
  countSend,
  countSkip,
  countSpike,
  countSynapse,
  countUpdate,
  countWord,
  emissionBytes,
  emissionSlot,
  ledgerByLine,
  ledgerCounts,
  ledgerDirect,
  ledgerHeld,
  ledgerLoaded,
  ledgerRouted,
  ledgerRouterOf,
  ledgerRouters,
  ledgerSent,
  ledgerToHost,
  ledgerWordBytes,
  ledgerWords,
  machineCoreCount,
  machineCoreList,
  machineCores,
  machineLedger,
  machineLines,
  machineThreadCount,
  machineThreads,
  threadBytes,
  threadFused,
  threadLine,
  threadLines,
  threadLost,
  threadMore,
  threadRouted,
  wordArrived,
  wordEvents,
  wordFirstSlot,
  wordFirstUpdated,
  wordFused,
  wordGates,
  wordLastSlot,
  wordMore,
  wordRows,
  wordSent,
  wordUpdated,
  wordWords,
} from "../layout";

/**
 * Adds up what a step has done: by core, and packets by the way that they take. Leaves the threads' tables clear.
 * `fromHost`: packets that the host has sent; they go by routes of the first line.
 */
export function tally(machine: usize, fromHost: i32): void {
  countCores(machine, fromHost);
  countPackets(machine);
}

// @ts-ignore: a decorator of AssemblyScript
@inline
function raise(counts: usize, stride: usize, kind: i32, by: i32): void {
  const at = counts + <usize>kind * stride;
  store<f64>(at, load<f64>(at) + <f64>by);
}

function countCores(machine: usize, fromHost: i32): void {
  const ledger = load<usize>(machine + machineLedger);
  const stride = load<usize>(ledger + ledgerWordBytes);
  const lines = load<usize>(machine + machineLines);
  const sentBy = load<usize>(ledger + ledgerSent);
  const routedBy = load<usize>(ledger + ledgerRouted);
  memory.fill(sentBy, 0, lines << 2);
  memory.fill(routedBy, 0, lines << 2);
  store<i32>(sentBy, fromHost);
  store<i32>(routedBy, fromHost);
  let c = load<usize>(machine + machineCoreList);
  for (const end = c + (load<usize>(machine + machineCoreCount) << 2); c < end; c += 4) {
    const core = load<usize>(c);
    const d = load<usize>(core + coreIndex);
    const word = load<usize>(ledger + ledgerWords) + (d << 2);
    const count = load<usize>(ledger + ledgerCounts) + (d << 3);
    const fused = load<i32>(word + <usize>wordFused * stride);
    // A fused row is sparse: it has a word for each synapse.
    const fusedSynapses = fused + load<i32>(word + <usize>wordMore * stride);
    const events = load<i32>(core + coreEvents) + fused;
    const rows = load<i32>(core + coreRows) + fused;
    const words = load<i32>(core + coreWords) + fusedSynapses;
    const gates = load<i32>(core + coreGates);
    const updated = load<i32>(core + coreUpdated);
    const sent = load<i32>(core + coreSent);
    store<i32>(word + <usize>wordEvents * stride, events);
    store<i32>(word + <usize>wordRows * stride, rows);
    store<i32>(word + <usize>wordWords * stride, words);
    store<i32>(word + <usize>wordGates * stride, gates);
    store<i32>(word + <usize>wordUpdated * stride, updated);
    store<i32>(word + <usize>wordSent * stride, sent);
    const line = load<usize>(core + coreLine) << 2;
    store<i32>(sentBy + line, load<i32>(sentBy + line) + sent);
    store<i32>(routedBy + line, load<i32>(routedBy + line) + load<i32>(core + coreRouted));
    const far = stride << 1;
    raise(count, far, countEvent, events);
    raise(count, far, countRow, rows);
    raise(count, far, countWord, words);
    raise(count, far, countSynapse, load<i32>(core + coreSynapses) + fusedSynapses);
    raise(count, far, countMultiply, load<i32>(core + coreMultiplied));
    raise(count, far, countGate, gates);
    raise(count, far, countUpdate, updated);
    raise(count, far, countSkip, load<i32>(core + coreSlots) - updated);
    raise(count, far, countSpike, load<i32>(core + coreSpikes));
    raise(count, far, countSend, sent);
    raise(load<usize>(ledger + ledgerHeld) + (d << 3), 0, 0, -events);
    const emitted = load<usize>(core + coreEmitted);
    if (emitted == 0) continue;
    const list = load<usize>(core + coreEmissions);
    store<i32>(word + <usize>wordFirstUpdated * stride, load<i32>(core + coreFirst));
    store<i32>(word + <usize>wordFirstSlot * stride, load<i32>(list + emissionSlot));
    store<i32>(word + <usize>wordLastSlot * stride, load<i32>(list + (emitted - 1) * emissionBytes + emissionSlot));
  }
}

function countPackets(machine: usize): void {
  const ledger = load<usize>(machine + machineLedger);
  const stride = load<usize>(ledger + ledgerWordBytes);
  const lines = load<i32>(machine + machineLines);
  const cores = load<usize>(machine + machineCores);
  const routerBytes = load<usize>(ledger + ledgerRouters) << 2;
  const sentBy = load<usize>(ledger + ledgerSent);
  const routedBy = load<usize>(ledger + ledgerRouted);
  const loaded = load<usize>(ledger + ledgerLoaded);
  const toHost = load<usize>(ledger + ledgerToHost);
  const byLine = load<usize>(ledger + ledgerByLine);
  const words = load<usize>(ledger + ledgerWords);
  const fusedOf = words + <usize>wordFused * stride;
  const moreOf = words + <usize>wordMore * stride;
  const arrived = words + <usize>wordArrived * stride;
  memory.fill(fusedOf, 0, stride);
  memory.fill(moreOf, 0, stride);
  memory.fill(arrived, 0, stride);
  memory.fill(toHost, 0, (<usize>lines) << 2);
  for (let y = 0; y < lines; y++) {
    const at = (<usize>y) << 2;
    const sends: i32 = load<i32>(sentBy + at) != 0 ? 1 : 0;
    if (sends != 0 || load<i32>(loaded + at) != 0) memory.fill(byLine + <usize>y * routerBytes, 0, routerBytes);
    store<i32>(loaded + at, sends);
  }
  const count = load<i32>(machine + machineThreadCount);
  const routers = load<i32>(ledger + ledgerDirect) != 0 ? <usize>0 : load<usize>(ledger + ledgerRouterOf);
  for (let k = 0; k < count; k++) {
    const record = load<usize>(machine + machineThreads) + <usize>k * threadBytes;
    const first = load<i32>(record + threadLine);
    for (let y = 0; y < load<i32>(record + threadLines); y++) {
      const at = <usize>(first + y) << 2;
      const sent = load<i32>(sentBy + at);
      if (sent == 0) continue;
      const line = byLine + <usize>(first + y) * routerBytes;
      const row = (<usize>y * (cores + 1)) << 2;
      const routed = load<i32>(routedBy + at);
      if (routed != 0) {
        const table = load<usize>(record + threadRouted) + row;
        store<i32>(toHost + at, load<i32>(toHost + at) + load<i32>(table + (cores << 2)));
        store<i32>(table + (cores << 2), 0);
        addLine(table, cores, arrived, 0, line, routers);
      }
      if (sent != routed) addLine(load<usize>(record + threadFused) + row, cores, arrived, fusedOf, line, routers);
    }
    const lost = load<usize>(record + threadLost);
    const more = load<usize>(record + threadMore);
    for (let d: usize = 0; d < cores << 2; d += 4) {
      store<i32>(moreOf + d, load<i32>(moreOf + d) + load<i32>(more + d));
      store<i32>(more + d, 0);
      const n = load<i32>(lost + d);
      if (n == 0) continue;
      store<i32>(lost + d, 0);
      raise(load<usize>(ledger + ledgerCounts) + (d << 1), stride << 1, countLost, n);
      store<i32>(arrived + d, load<i32>(arrived + d) - n);
    }
  }
  const delivered = load<usize>(ledger + ledgerCounts) + <usize>countDeliver * (stride << 1);
  const held = load<usize>(ledger + ledgerHeld);
  for (let d: usize = 0; d < cores << 2; d += 4) {
    const n = load<i32>(arrived + d);
    if (n == 0) continue;
    raise(delivered + (d << 1), 0, 0, n);
    raise(held + (d << 1), 0, 0, n);
  }
}

/** Adds a line's packets to what has arrived, to `other` (0: not) and to the line's routers, and clears them. `routers` 0: a core's router has its number. */
function addLine(table: usize, cores: usize, arrived: usize, other: usize, line: usize, routers: usize): void {
  let d: usize = 0;
  const end = cores << 2;
  if (routers == 0) {
    const zero = i32x4.splat(0);
    for (; d + 16 <= end; d += 16) {
      const n = v128.load(table + d);
      if (!v128.any_true(n)) continue;
      v128.store(table + d, zero);
      v128.store(arrived + d, i32x4.add(v128.load(arrived + d), n));
      v128.store(line + d, i32x4.add(v128.load(line + d), n));
      if (other != 0) v128.store(other + d, i32x4.add(v128.load(other + d), n));
    }
  }
  for (; d < end; d += 4) {
    const n = load<i32>(table + d);
    if (n == 0) continue;
    store<i32>(table + d, 0);
    store<i32>(arrived + d, load<i32>(arrived + d) + n);
    const r = line + (routers == 0 ? d : <usize>load<u32>(routers + d) << 2);
    store<i32>(r, load<i32>(r) + n);
    if (other != 0) store<i32>(other + d, load<i32>(other + d) + n);
  }
}
