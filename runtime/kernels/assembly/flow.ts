import {
  backPressure,
  flowBegins,
  flowBottom,
  flowColumns,
  flowEndFirst,
  flowEndLast,
  flowEnds,
  flowFifo,
  flowFirst,
  flowGap,
  flowHop,
  flowLast,
  flowLoad,
  flowOver,
  flowOwn,
  flowRight,
  flowRouterOf,
  flowRows,
  flowSources,
  flowStarts,
  flowTraffic,
  flowTurnFirst,
  flowTurnLast,
  flowTurns,
  flowWait,
  ledgerByLine,
  ledgerSent,
  ledgerToHost,
  ledgerWordBytes,
  ledgerWords,
  machineColumns,
  machineCores,
  machineLedger,
  portCount,
  portEast,
  portLocal,
  portNorth,
  portSouth,
  portWest,
  wordSent,
} from "../layout";

const never: f64 = 2147483648;

/** Cycle after the one in which a step's packets have left the mesh. What the numbers mean: fast/flow.ts. */
export function meshFlow(machine: usize, flow: usize): f64 {
  const ledger = load<usize>(machine + machineLedger);
  const columns = load<usize>(flow + flowColumns);
  const rows = load<usize>(flow + flowRows);
  const right = load<i32>(flow + flowRight);
  const bottom = load<i32>(flow + flowBottom);
  const routers = columns * rows;
  const cores = load<usize>(machine + machineCores);
  const sent = load<usize>(ledger + ledgerWords) + <usize>wordSent * load<usize>(ledger + ledgerWordBytes);
  const sentBy = load<usize>(ledger + ledgerSent);
  const byLine = load<usize>(ledger + ledgerByLine);
  const byColumn = load<usize>(machine + machineColumns);
  const routerOf = load<usize>(flow + flowRouterOf);
  const starts = load<usize>(flow + flowStarts);
  const sources = load<usize>(flow + flowSources);
  const turnFirst = load<usize>(flow + flowTurnFirst);
  const turnLast = load<usize>(flow + flowTurnLast);
  const hop = <f64>load<i32>(flow + flowHop);
  for (let k: usize = 0; k < routers << 3; k += 8) {
    store<f64>(turnFirst + k, never);
    store<f64>(turnLast + k, -1);
  }
  memory.fill(load<usize>(flow + flowOver), 0, (<usize>portCount * routers) << 3);
  const own = load<usize>(flow + flowOwn);
  memory.fill(own, 0, (3 * routers) << 3);
  const wait = load<usize>(flow + flowWait);
  const gap = load<f64>(flow + flowGap);
  for (let k: usize = 0; k < (<usize>portCount * routers) << 3; k += 8) store<f64>(wait + k, gap);
  // A core takes a packet a cycle, a FIFO one in `gap` cycles.
  for (let r: usize = 0; r < routers; r++) store<f64>(wait + ((r * portCount + portLocal) << 3), 1);
  for (let y = 0; y <= bottom; y++) {
    if (load<i32>(sentBy + (<usize>y << 2)) == 0) continue;
    const from = sources + (load<usize>(starts + (<usize>y << 2)) << 2);
    const to = sources + (load<usize>(starts + (<usize>y << 2), 4) << 2);
    line(flow, from, to, y, 1, sent, cores, byColumn);
    line(flow, from, to, y, -1, sent, cores, byColumn);
    for (let i = from; i < to; i += 4) {
      const s = load<usize>(i);
      if (s < cores && load<i32>(sent + (s << 2)) == 0) continue;
      const place = load<usize>(routerOf + (s << 2));
      const n = load<i32>(byColumn + ((s * columns + (place % columns)) << 2));
      if (n <= 0) continue;
      const mine = own + ((3 * place) << 3);
      if (s < cores) store<f64>(mine, load<f64>(mine) + <f64>n);
      const at = place << 3;
      widen(turnFirst + at, turnLast + at, begin(flow, s) + hop, end(flow, s) + hop);
    }
  }

  const endFirst = load<usize>(flow + flowEndFirst);
  const endLast = load<usize>(flow + flowEndLast);
  for (let k: usize = 0; k < routers << 3; k += 8) {
    store<f64>(endFirst + k, never);
    store<f64>(endLast + k, -1);
  }
  hostFirst = never;
  hostLast = -1;
  const toHost = load<usize>(ledger + ledgerToHost);
  for (let x = 0; x <= right; x++) {
    column(flow, x, 1, byLine, toHost);
    column(flow, x, -1, byLine, toHost);
    for (let y = 0; y <= bottom; y++) {
      const place = <usize>y * columns + <usize>x;
      if (load<i32>(byLine + ((<usize>y * routers + place) << 2)) <= 0) continue;
      const at = place << 3;
      widen(endFirst + at, endLast + at, load<f64>(turnFirst + at), load<f64>(turnLast + at));
    }
  }
  return floor(max(waits(flow, byLine), finish(flow, byLine, toHost, sentBy, rows)));
}

let hostFirst: f64 = never;
let hostLast: f64 = -1;

// @ts-ignore: a decorator of AssemblyScript
@inline
function begin(flow: usize, source: usize): f64 {
  return load<f64>(load<usize>(flow + flowBegins) + (source << 3));
}

// @ts-ignore: a decorator of AssemblyScript
@inline
function end(flow: usize, source: usize): f64 {
  return load<f64>(load<usize>(flow + flowEnds) + (source << 3));
}

// @ts-ignore: a decorator of AssemblyScript
@inline
function widen(first: usize, last: usize, from: f64, to: f64): void {
  if (from < load<f64>(first)) store<f64>(first, from);
  if (to > load<f64>(last)) store<f64>(last, to);
}

/** When everything is out, and what left the routers for their cores. */
function finish(flow: usize, byLine: usize, toHost: usize, sentBy: usize, rows: usize): f64 {
  const columns = load<usize>(flow + flowColumns);
  const right = load<i32>(flow + flowRight);
  const bottom = load<i32>(flow + flowBottom);
  const routers = columns * rows;
  const endFirst = load<usize>(flow + flowEndFirst);
  const endLast = load<usize>(flow + flowEndLast);
  const traffic = load<usize>(flow + flowTraffic);
  // What came to a router is added up line by line, so that memory is read in order; the sums take the place of load of a line.
  let end: f64 = 0;
  const count = <usize>(bottom * <i32>columns + right + 1);
  for (let from = 0; from <= bottom; from++) {
    if (load<i32>(sentBy + (<usize>from << 2)) == 0) continue;
    const table = byLine + ((<usize>from * routers) << 2);
    for (let place: usize = 0; place < count; place++) {
      const n = load<i32>(table + (place << 2));
      if (n == 0) continue;
      const local = traffic + ((place * portCount + portLocal) << 3);
      store<f64>(local, load<f64>(local) + <f64>n);
      // The first packet's cycle moves on by each that follows it, and so becomes the end.
      const first = endFirst + (place << 3);
      store<f64>(first, load<f64>(first) + <f64>n);
    }
  }
  for (let place: usize = 0; place < count; place++) {
    const last = load<f64>(endLast + (place << 3));
    if (last >= 0) end = max(end, max(last + 1, load<f64>(endFirst + (place << 3))));
  }
  let hostLoad = 0;
  for (let y: usize = 0; y < rows; y++) hostLoad += load<i32>(toHost + (y << 2));
  if (hostLoad > 0) {
    if (load<i32>(toHost) > 0) {
      hostFirst = min(hostFirst, load<f64>(load<usize>(flow + flowTurnFirst)));
      hostLast = max(hostLast, load<f64>(load<usize>(flow + flowTurnLast)));
    }
    const west = traffic + (portWest << 3);
    store<f64>(west, load<f64>(west) + <f64>hostLoad);
    end = max(end, max(hostLast + 1, hostFirst + <f64>hostLoad));
  }
  return end;
}

/** When heads of FIFOs have waited for each other: the cycle after the last. */
function waits(flow: usize, byLine: usize): f64 {
  const columns = load<i32>(flow + flowColumns);
  const right = load<i32>(flow + flowRight);
  const bottom = load<i32>(flow + flowBottom);
  done = 0;
  for (let y = 0; y <= bottom; y++) for (let x = 0; x <= right; x++) split(flow, byLine, y, x);
  for (let x = 0; x <= right; x++) {
    for (let y = bottom; y > 0; y--) back(flow, (y - 1) * columns + x, portSouth, y * columns + x, portNorth);
    for (let y = 0; y < bottom; y++) back(flow, (y + 1) * columns + x, portNorth, y * columns + x, portSouth);
  }
  for (let y = 0; y <= bottom; y++) {
    const first = y * columns;
    for (let x = right; x > 0; x--) back(flow, first + x - 1, portEast, first + x, portWest);
    for (let x = 0; x < right; x++) back(flow, first + x + 1, portWest, first + x, portEast);
    for (let x = 0; x <= right; x++) input(flow, first + x, portLocal);
  }
  return done;
}

let done: f64 = 0;

// @ts-ignore: a decorator of AssemblyScript
@inline
function at(list: usize, index: i32): f64 {
  return load<f64>(list + (<usize>index << 3));
}

/** Packets of a router by input and output. Those that turn into the column do so in the proportions of all that turn there. */
function split(flow: usize, byLine: usize, y: i32, x: i32): void {
  const columns = load<i32>(flow + flowColumns);
  const right = load<i32>(flow + flowRight);
  const bottom = load<i32>(flow + flowBottom);
  const over = load<usize>(flow + flowOver);
  const own = load<usize>(flow + flowOwn);
  const r = y * columns + x;
  const table = byLine + (<usize>(y * columns * load<i32>(flow + flowRows) + x) << 2);
  let up = 0;
  let down = 0;
  for (let to = 0; to < y; to++) up += load<i32>(table + (<usize>(to * columns) << 2));
  for (let to = y + 1; to <= bottom; to++) down += load<i32>(table + (<usize>(to * columns) << 2));
  const here = load<i32>(table + (<usize>(y * columns) << 2));
  const all = <f64>max(1, up + down + here);
  const west = x > 0 ? at(over, (r - 1) * portCount + portEast) : 0;
  const east = x < right ? at(over, (r + 1) * portCount + portWest) : 0;
  const north = y > 0 ? at(over, (r - columns) * portCount + portSouth) : 0;
  const south = y < bottom ? at(over, (r + columns) * portCount + portNorth) : 0;
  const throughEast = at(over, r * portCount + portEast) - at(own, 3 * r + 1);
  const throughWest = at(over, r * portCount + portWest) - at(own, 3 * r + 2);
  const throughSouth = max(0.0, at(over, r * portCount + portSouth) - <f64>down);
  const throughNorth = max(0.0, at(over, r * portCount + portNorth) - <f64>up);
  const turns = load<usize>(flow + flowTurns) + (<usize>(portCount * portCount * r) << 3);
  row(turns, portLocal, at(own, 3 * r), <f64>here, <f64>up, <f64>down, all, at(own, 3 * r + 1), at(own, 3 * r + 2));
  row(turns, portEast, east - throughWest, <f64>here, <f64>up, <f64>down, all, 0, throughWest);
  row(turns, portWest, west - throughEast, <f64>here, <f64>up, <f64>down, all, throughEast, 0);
  straight(turns, portNorth, portSouth, north, throughSouth);
  straight(turns, portSouth, portNorth, south, throughNorth);
}

// @ts-ignore: a decorator of AssemblyScript
@inline
function row(turns: usize, i: i32, turning: f64, here: f64, up: f64, down: f64, all: f64, toEast: f64, toWest: f64): void {
  const line = turns + (<usize>(portCount * i) << 3);
  store<f64>(line + (portLocal << 3), (turning * here) / all);
  store<f64>(line + (portNorth << 3), (turning * up) / all);
  store<f64>(line + (portEast << 3), toEast);
  store<f64>(line + (portSouth << 3), (turning * down) / all);
  store<f64>(line + (portWest << 3), toWest);
}

// @ts-ignore: a decorator of AssemblyScript
@inline
function straight(turns: usize, i: i32, o: i32, all: f64, through: f64): void {
  const line = turns + (<usize>(portCount * i) << 3);
  memory.fill(line, 0, portCount << 3);
  store<f64>(line + (portLocal << 3), all - through);
  store<f64>(line + (<usize>o << 3), through);
}

/** Cycles that a packet at an input takes on the average; all of them are not done before that many each. */
function input(flow: usize, r: i32, i: i32): f64 {
  const turns = load<usize>(flow + flowTurns) + (<usize>(portCount * portCount * r) << 3);
  const wait = load<usize>(flow + flowWait) + (<usize>(portCount * r) << 3);
  const gap = load<f64>(flow + flowGap);
  let n: f64 = 0;
  let alone: f64 = 0;
  let most: f64 = 0;
  let contention: f64 = 0;
  for (let o = 0; o < portCount; o++) {
    const mine = at(turns, portCount * i + o);
    if (mine <= 0) continue;
    const w = at(wait, o);
    n += mine;
    alone += mine * max(w, gap);
    most += mine * max(w, gap);
    for (let j = 0; j < portCount; j++) {
      const other = at(turns, portCount * j + o);
      if (j == i || other <= 0) continue;
      // The first to come does not wait.
      contention += max(0.0, mine - 1) * w * max(0.0, other - 1) * w;
      most += mine * w;
    }
  }
  if (n <= 0) return 0;
  const cycles = min(most, (alone + sqrt(alone * alone + 4 * contention)) / 2);
  const place = <usize>r << 3;
  const from = min(load<f64>(load<usize>(flow + flowTurnFirst) + place), load<f64>(load<usize>(flow + flowEndFirst) + place));
  // Nothing comes from elsewhere: the router's own core has told when it is done.
  if (from < never) done = max(done, from + cycles - gap + 1);
  const fifo = <f64>load<i32>(flow + flowFifo);
  return (max(0.0, n - fifo) / n) * max(0.0, cycles / n - gap);
}

/** What the wait at an input means for the output before it. */
function back(flow: usize, before: i32, port: i32, r: i32, i: i32): void {
  const gap = load<f64>(flow + flowGap);
  const wait = load<usize>(flow + flowWait) + (<usize>(portCount * before + port) << 3);
  store<f64>(wait, gap + backPressure * input(flow, r, i));
}

function clear(flow: usize): void {
  const packets = load<usize>(flow + flowLoad);
  const first = load<usize>(flow + flowFirst);
  const last = load<usize>(flow + flowLast);
  for (let k: usize = 0; k <= <usize>(max(load<i32>(flow + flowRight), load<i32>(flow + flowBottom)) << 3); k += 8) {
    store<f64>(packets + k, 0);
    store<f64>(first + k, never);
    store<f64>(last + k, -1);
  }
}

/** A stream more over the links from `at` to before `furthest`. */
// @ts-ignore: a decorator of AssemblyScript
@inline
function follow(flow: usize, at: i32, furthest: i32, side: i32, from: f64, to: f64): void {
  const first = load<usize>(flow + flowFirst);
  const hop = <f64>load<i32>(flow + flowHop);
  let come = from;
  for (let x = at; x != furthest; x += side) {
    const place = first + (<usize>x << 3);
    if (come < load<f64>(place)) store<f64>(place, come);
    come += hop;
  }
  const last = load<usize>(flow + flowLast) + (<usize>at << 3);
  if (to > load<f64>(last)) store<f64>(last, to);
}

/** The links of a line toward one side. Link x leads out of the router at x. */
function line(flow: usize, from: usize, to: usize, y: i32, side: i32, sent: usize, cores: usize, byColumn: usize): void {
  clear(flow);
  const columns = load<usize>(flow + flowColumns);
  const right = load<i32>(flow + flowRight);
  const goal = side > 0 ? right : 0;
  const hop = <f64>load<i32>(flow + flowHop);
  const packets = load<usize>(flow + flowLoad);
  const routerOf = load<usize>(flow + flowRouterOf);
  let any = false;
  for (let i = from; i < to; i += 4) {
    const s = load<usize>(i);
    if (s < cores && load<i32>(sent + (s << 2)) == 0) continue;
    const x = <i32>(load<usize>(routerOf + (s << 2)) % columns);
    const table = byColumn + ((s * columns) << 2);
    let n = 0;
    let furthest = -1;
    for (let to = goal; to != x; to -= side) {
      n += load<i32>(table + (<usize>to << 2));
      if (n == 0) continue;
      if (furthest < 0) furthest = to;
      const link = packets + (<usize>(to - side) << 3);
      store<f64>(link, load<f64>(link) + <f64>n);
    }
    if (n == 0) continue;
    any = true;
    const mine = load<usize>(flow + flowOwn) + ((3 * (<usize>y * columns + <usize>x) + (side > 0 ? 1 : 2)) << 3);
    // The host's packets come as if from the west.
    if (s < cores) store<f64>(mine, load<f64>(mine) + <f64>n);
    follow(flow, x, furthest, side, begin(flow, s) + hop, end(flow, s) + hop);
  }
  if (!any) return;
  const first = load<usize>(flow + flowFirst);
  const last = load<usize>(flow + flowLast);
  const gap = load<f64>(flow + flowGap);
  const traffic = load<usize>(flow + flowTraffic);
  const turnFirst = load<usize>(flow + flowTurnFirst);
  const turnLast = load<usize>(flow + flowTurnLast);
  const port = side > 0 ? portEast : portWest;
  let late: f64 = -1;
  for (let x = side > 0 ? 0 : right; x != goal; x += side) {
    const k = <usize>x << 3;
    const n = load<f64>(packets + k);
    if (n == 0) {
      late = -1;
      continue;
    }
    const place = y * <i32>columns + x;
    const out = traffic + ((<usize>place * portCount + <usize>port) << 3);
    store<f64>(out, load<f64>(out) + n);
    store<f64>(load<usize>(flow + flowOver) + out - traffic, n);
    const begun = load<f64>(first + k);
    late = max(max(late < 0 ? -1 : late + hop, load<f64>(last + k)), begun + (n - 1) * gap);
    const next = <usize>(place + side) << 3;
    widen(turnFirst + next, turnLast + next, begun + hop, late + hop);
  }
}

/** The links of a column toward one side. Packets for the host go to the top of the first column. */
function column(flow: usize, x: i32, side: i32, byLine: usize, toHost: usize): void {
  clear(flow);
  const columns = load<usize>(flow + flowColumns);
  const routers = columns * load<usize>(flow + flowRows);
  const bottom = load<i32>(flow + flowBottom);
  const goal = side > 0 ? bottom : 0;
  const withHost = x == 0 && side < 0;
  const hop = <f64>load<i32>(flow + flowHop);
  const packets = load<usize>(flow + flowLoad);
  const turnFirst = load<usize>(flow + flowTurnFirst);
  const turnLast = load<usize>(flow + flowTurnLast);
  let any = false;
  for (let from = 0; from <= bottom; from++) {
    const place = (<usize>from * columns + <usize>x) << 3;
    const ends = load<f64>(turnLast + place);
    if (ends < 0) continue;
    const table = byLine + ((<usize>from * routers + <usize>x) << 2);
    let n = 0;
    let furthest = -1;
    if (from != goal) {
      if (withHost) n = load<i32>(toHost + (<usize>from << 2));
      for (let to = goal; to != from; to -= side) {
        n += load<i32>(table + ((<usize>to * columns) << 2));
        if (n == 0) continue;
        if (furthest < 0) furthest = to;
        const link = packets + (<usize>(to - side) << 3);
        store<f64>(link, load<f64>(link) + <f64>n);
      }
    }
    if (n == 0) continue;
    any = true;
    follow(flow, from, furthest, side, load<f64>(turnFirst + place), ends);
  }
  if (!any) return;
  const first = load<usize>(flow + flowFirst);
  const last = load<usize>(flow + flowLast);
  const gap = load<f64>(flow + flowGap);
  const traffic = load<usize>(flow + flowTraffic);
  const endFirst = load<usize>(flow + flowEndFirst);
  const endLast = load<usize>(flow + flowEndLast);
  const port = side > 0 ? portSouth : portNorth;
  let late: f64 = -1;
  for (let y = side > 0 ? 0 : bottom; y != goal; y += side) {
    const k = <usize>y << 3;
    const n = load<f64>(packets + k);
    if (n == 0) {
      late = -1;
      continue;
    }
    const place = y * <i32>columns + x;
    const out = traffic + ((<usize>place * portCount + <usize>port) << 3);
    store<f64>(out, load<f64>(out) + n);
    store<f64>(load<usize>(flow + flowOver) + out - traffic, n);
    const begun = load<f64>(first + k);
    late = max(max(late < 0 ? -1 : late + hop, load<f64>(last + k)), begun + (n - 1) * gap);
    const next = <usize>(place + side * <i32>columns) << 3;
    widen(endFirst + next, endLast + next, begun + hop, late + hop);
    if (withHost && y + side == 0) {
      hostFirst = begun + hop;
      hostLast = late + hop;
    }
  }
}
