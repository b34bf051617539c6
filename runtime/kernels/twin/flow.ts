import type { Kernels, Memory } from "../kernels.ts";
import * as l from "../layout.ts";

/** When a step's packets have left a mesh: assembly/flow.ts in TypeScript. What the numbers mean: fast/flow.ts. */
export function flowTwin({ i32, f64 }: Memory): Kernels["meshFlow"] {
  const never = 2 ** 31;
  const pointer = (address: number): number => i32[address >>> 2]! >>> 0;

  return (machine, flow) => {
    const word = (field: number): number => i32[(flow + field) >>> 2]!;
    const words = (address: number, n: number): Int32Array => i32.subarray(address >>> 2, (address >>> 2) + n);
    const doubles = (field: number, n: number): Float64Array => f64.subarray(pointer(flow + field) / 8, pointer(flow + field) / 8 + n);
    const ledger = pointer(machine + l.machineLedger);
    const columns = word(l.flowColumns);
    const rows = word(l.flowRows);
    const right = word(l.flowRight);
    const bottom = word(l.flowBottom);
    const hop = word(l.flowHop);
    const fifo = word(l.flowFifo);
    const gap = f64[(flow + l.flowGap) / 8]!;
    const routers = columns * rows;
    const cores = i32[(machine + l.machineCores) >>> 2]!;
    const byColumn = words(pointer(machine + l.machineColumns), (cores + 1) * columns);
    const byLine = words(pointer(ledger + l.ledgerByLine), rows * routers);
    const toHost = words(pointer(ledger + l.ledgerToHost), rows);
    const sentBy = words(pointer(ledger + l.ledgerSent), rows);
    const sent = words(pointer(ledger + l.ledgerWords) + l.wordSent * pointer(ledger + l.ledgerWordBytes), cores);
    const routerOf = words(pointer(flow + l.flowRouterOf), cores + 1);
    const starts = words(pointer(flow + l.flowStarts), rows + 1);
    const sources = words(pointer(flow + l.flowSources), cores + 1);
    const begins = doubles(l.flowBegins, cores + 1);
    const ends = doubles(l.flowEnds, cores + 1);
    const traffic = doubles(l.flowTraffic, routers * l.portCount);
    const long = Math.max(columns, rows) + 1;
    const load = doubles(l.flowLoad, long);
    const first = doubles(l.flowFirst, long);
    const last = doubles(l.flowLast, long);
    const turnFirst = doubles(l.flowTurnFirst, routers);
    const turnLast = doubles(l.flowTurnLast, routers);
    const endFirst = doubles(l.flowEndFirst, routers);
    const endLast = doubles(l.flowEndLast, routers);
    const ports = l.portCount;
    const over = doubles(l.flowOver, ports * routers).fill(0);
    const own = doubles(l.flowOwn, 3 * routers).fill(0);
    const turns = doubles(l.flowTurns, ports * ports * routers);
    const wait = doubles(l.flowWait, ports * routers).fill(gap);
    for (let r = 0; r < routers; r++) wait[ports * r + l.portLocal] = 1;
    let hostFirst = never;
    let hostLast = -1;

    const turn = (place: number, from: number, to: number): void => {
      turnFirst[place] = Math.min(turnFirst[place]!, from);
      turnLast[place] = Math.max(turnLast[place]!, to);
    };
    const used = Math.max(right, bottom) + 1;
    const clear = (): void => {
      load.fill(0, 0, used);
      first.fill(never, 0, used);
      last.fill(-1, 0, used);
    };
    /** A stream of n packets more over the links from `at` to before `furthest`. */
    const follow = (at: number, furthest: number, side: number, begin: number, end: number): void => {
      for (let x = at, come = begin; x !== furthest; x += side, come += hop) first[x] = Math.min(first[x]!, come);
      last[at] = Math.max(last[at]!, end);
    };
    /** The links of a line or column, one after another; `note` gets each link, its packets, and when the first and the last have passed. */
    const pass = (side: number, goal: number, note: (x: number, n: number, from: number, to: number) => void): void => {
      let late = -1;
      for (let x = side > 0 ? 0 : Math.max(right, bottom); x !== goal; x += side) {
        const n = load[x]!;
        if (n === 0) {
          late = -1;
          continue;
        }
        late = Math.max(late < 0 ? -1 : late + hop, last[x]!, first[x]! + (n - 1) * gap);
        note(x, n, first[x]! + hop, late + hop);
      }
    };

    const line = (y: number, side: number): void => {
      clear();
      const goal = side > 0 ? right : 0;
      for (let i = starts[y]!; i < starts[y + 1]!; i++) {
        const s = sources[i]!;
        if (s < cores && sent[s] === 0) continue;
        const x = routerOf[s]! % columns;
        let n = 0;
        let furthest = -1;
        for (let to = goal; to !== x; to -= side) {
          n += byColumn[s * columns + to]!;
          if (n > 0 && furthest < 0) furthest = to;
          load[to - side] = load[to - side]! + n;
        }
        const mine = 3 * (y * columns + x) + (side > 0 ? 1 : 2);
        // The host's packets come as if from the west.
        if (s < cores) own[mine] = own[mine]! + n;
        if (n > 0) follow(x, furthest, side, begins[s]! + hop, ends[s]! + hop);
      }
      pass(side, goal, (x, n, from, to) => {
        const place = y * columns + x;
        const port = place * l.portCount + (side > 0 ? l.portEast : l.portWest);
        traffic[port] = traffic[port]! + n;
        over[port] = n;
        turn(place + side, from, to);
      });
    };

    const column = (x: number, side: number): void => {
      clear();
      const goal = side > 0 ? bottom : 0;
      const withHost = x === 0 && side < 0;
      for (let from = 0; from <= bottom; from++) {
        const place = from * columns + x;
        if (turnLast[place]! < 0) continue;
        let n = 0;
        let furthest = -1;
        for (let to = goal; to !== from; to -= side) {
          n += byLine[from * routers + to * columns + x]! + (withHost && to === 0 ? toHost[from]! : 0);
          if (n > 0 && furthest < 0) furthest = to;
          load[to - side] = load[to - side]! + n;
        }
        if (n > 0) follow(from, furthest, side, turnFirst[place]!, turnLast[place]!);
      }
      pass(side, goal, (y, n, from, to) => {
        const place = y * columns + x;
        const port = place * l.portCount + (side > 0 ? l.portSouth : l.portNorth);
        traffic[port] = traffic[port]! + n;
        over[port] = n;
        const next = place + side * columns;
        endFirst[next] = Math.min(endFirst[next]!, from);
        endLast[next] = Math.max(endLast[next]!, to);
        if (withHost && y + side === 0) {
          hostFirst = from;
          hostLast = to;
        }
      });
    };

    /** Packets of a router by input and output. Those that turn into the column do so in the proportions of all that turn there. */
    const split = (y: number, x: number): void => {
      const r = y * columns + x;
      let up = 0;
      let down = 0;
      for (let to = 0; to < y; to++) up += byLine[y * routers + to * columns + x]!;
      for (let to = y + 1; to <= bottom; to++) down += byLine[y * routers + to * columns + x]!;
      const here = byLine[y * routers + r]!;
      const all = Math.max(1, up + down + here);
      const of = (router: number, port: number): number => over[router * ports + port]!;
      const west = x > 0 ? of(r - 1, l.portEast) : 0;
      const east = x < right ? of(r + 1, l.portWest) : 0;
      const north = y > 0 ? of(r - columns, l.portSouth) : 0;
      const south = y < bottom ? of(r + columns, l.portNorth) : 0;
      const throughEast = of(r, l.portEast) - own[3 * r + 1]!;
      const throughWest = of(r, l.portWest) - own[3 * r + 2]!;
      const throughSouth = Math.max(0, of(r, l.portSouth) - down);
      const throughNorth = Math.max(0, of(r, l.portNorth) - up);
      const set = (i: number, turning: number, toEast: number, toWest: number): void => {
        const at = ports * (ports * r + i);
        turns[at + l.portLocal] = (turning * here) / all;
        turns[at + l.portNorth] = (turning * up) / all;
        turns[at + l.portEast] = toEast;
        turns[at + l.portSouth] = (turning * down) / all;
        turns[at + l.portWest] = toWest;
      };
      set(l.portLocal, own[3 * r]!, own[3 * r + 1]!, own[3 * r + 2]!);
      set(l.portEast, east - throughWest, 0, throughWest);
      set(l.portWest, west - throughEast, throughEast, 0);
      const straight = (i: number, o: number, all: number, through: number): void => {
        const at = ports * (ports * r + i);
        turns.fill(0, at, at + ports);
        turns[at + l.portLocal] = all - through;
        turns[at + o] = through;
      };
      straight(l.portNorth, l.portSouth, north, throughSouth);
      straight(l.portSouth, l.portNorth, south, throughNorth);
    };
    /** How much longer than the gap a packet at an input keeps the router before waiting, on the average; all packets are not done before they have waited. */
    const input = (r: number, i: number): number => {
      let n = 0;
      let alone = 0;
      let most = 0;
      let contention = 0;
      for (let o = 0; o < ports; o++) {
        const mine = turns[ports * (ports * r + i) + o]!;
        if (mine <= 0) continue;
        const w = wait[ports * r + o]!;
        n += mine;
        alone += mine * Math.max(w, gap);
        most += mine * Math.max(w, gap);
        for (let j = 0; j < ports; j++) {
          const other = turns[ports * (ports * r + j) + o]!;
          if (j === i || other <= 0) continue;
          contention += Math.max(0, mine - 1) * w * Math.max(0, other - 1) * w;
          most += mine * w;
        }
      }
      if (n <= 0) return 0;
      const cycles = Math.min(most, (alone + Math.sqrt(alone * alone + 4 * contention)) / 2);
      const from = Math.min(turnFirst[r]!, endFirst[r]!);
      if (from < never) done = Math.max(done, from + cycles - gap + 1);
      return (Math.max(0, n - fifo) / n) * Math.max(0, cycles / n - gap);
    };
    /** What the wait at an input means for the output before it. */
    const back = (before: number, port: number, r: number, i: number): void => {
      wait[ports * before + port] = gap + l.backPressure * input(r, i);
    };

    turnFirst.fill(never);
    turnLast.fill(-1);
    for (let y = 0; y <= bottom; y++) {
      if (sentBy[y] === 0) continue;
      line(y, 1);
      line(y, -1);
      for (let i = starts[y]!; i < starts[y + 1]!; i++) {
        const s = sources[i]!;
        if (s < cores && sent[s] === 0) continue;
        const place = routerOf[s]!;
        const n = byColumn[s * columns + (place % columns)]!;
        if (s < cores) own[3 * place] = own[3 * place]! + n;
        if (n > 0) turn(place, begins[s]! + hop, ends[s]! + hop);
      }
    }

    endFirst.fill(never);
    endLast.fill(-1);
    for (let x = 0; x <= right; x++) {
      column(x, 1);
      column(x, -1);
      for (let y = 0; y <= bottom; y++) {
        const place = y * columns + x;
        if (byLine[y * routers + place]! <= 0) continue;
        endFirst[place] = Math.min(endFirst[place]!, turnFirst[place]!);
        endLast[place] = Math.max(endLast[place]!, turnLast[place]!);
      }
    }
    let done = 0;
    for (let y = 0; y <= bottom; y++) for (let x = 0; x <= right; x++) split(y, x);
    for (let x = 0; x <= right; x++) {
      for (let y = bottom; y > 0; y--) back((y - 1) * columns + x, l.portSouth, y * columns + x, l.portNorth);
      for (let y = 0; y < bottom; y++) back((y + 1) * columns + x, l.portNorth, y * columns + x, l.portSouth);
    }
    for (let y = 0; y <= bottom; y++) {
      const first = y * columns;
      for (let x = right; x > 0; x--) back(first + x - 1, l.portEast, first + x, l.portWest);
      for (let x = 0; x < right; x++) back(first + x + 1, l.portWest, first + x, l.portEast);
      for (let x = 0; x <= right; x++) input(first + x, l.portLocal);
    }
    for (let y = 0; y <= bottom; y++) {
      for (let x = 0; x <= right; x++) {
        const place = y * columns + x;
        let n = 0;
        for (let from = 0; from <= bottom; from++) if (sentBy[from] !== 0) n += byLine[from * routers + place]!;
        const port = place * l.portCount + l.portLocal;
        traffic[port] = traffic[port]! + n;
        endFirst[place] = endFirst[place]! + n;
        if (endLast[place]! >= 0) done = Math.max(done, endLast[place]! + 1, endFirst[place]!);
      }
    }
    let hostLoad = 0;
    for (let y = 0; y < rows; y++) hostLoad += toHost[y]!;
    if (hostLoad > 0) {
      if (toHost[0]! > 0) {
        hostFirst = Math.min(hostFirst, turnFirst[0]!);
        hostLast = Math.max(hostLast, turnLast[0]!);
      }
      traffic[l.portWest] = traffic[l.portWest]! + hostLoad;
      done = Math.max(done, hostLast + 1, hostFirst + hostLoad);
    }
    return Math.floor(done);
  };
}
