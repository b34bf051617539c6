import { EventHeap } from "./heap.ts";
import type { SanafeImage } from "./image.ts";
import type { Messages } from "./machine.ts";

/*
 * SANA-FE's `detailed` timing, as its scheduler does it: messages in order of sending; each adds a density of 1, spread over the links of
 * its way and both ends, until its receiver takes it. Where the densities on a way exceed its buffers the sender waits,
 * and the way takes at least as long as those before it need. A neuron's messages go to its cores by number; SANA-FE's own order
 * of them differs from run to run, and with it the result.
 */
export function detailedTiming(image: SanafeImage, messages: Messages, hopSeconds: Float64Array): () => number {
  const { cores, height, width, linkBuffer, sync, maxCoresPerTile } = image.tables;
  const links = 4 + maxCoresPerTile;
  const ways = new Map<number, Int32Array>();
  const density = new Float64Array(width * height * links);
  const wayOf = (from: number, to: number): Int32Array => {
    const key = from * cores.length + to;
    let way = ways.get(key);
    if (way === undefined) {
      way = linksOf(cores[from]!, cores[to]!, (x, y, link) => (x * height + y) * links + link);
      ways.set(key, way);
    }
    return way;
  };
  const senders = new EventHeap();
  const inFlight = new EventHeap();
  const next = new Int32Array(cores.length);
  const sentAt = new Float64Array(cores.length);
  const finished = new Float64Array(cores.length);
  const sender = new Int32Array(messages.to.length);
  return () => {
    senders.clear();
    inFlight.clear();
    density.fill(0);
    finished.fill(0);
    sentAt.fill(0);
    let [mean, flying, last] = [0, 0, 0];
    const push = (c: number): void => {
      const m = next[c]!;
      const end = messages.first[c + 1]!;
      if (m < end) sentAt[c]! += messages.generation[m]!;
      else if (m === end && messages.tail[c]! > 0) sentAt[c]! += messages.tail[c]!;
      else return;
      last = Math.max(last, sentAt[c]!);
      senders.push(sentAt[c]!, c);
    };
    for (let c = 0; c < cores.length; c++) {
      next[c] = messages.first[c]!;
      push(c);
    }
    while (senders.size > 0) {
      const t = senders.time;
      const c = senders.pop();
      const m = next[c]!++;
      while (inFlight.size > 0 && t >= inFlight.time) {
        const gone = inFlight.pop();
        const way = wayOf(sender[gone]!, messages.to[gone]!);
        for (const link of way) density[link]! -= 1 / (way.length + 1);
        mean = flying > 1 ? mean + (mean - messages.processing[gone]!) / (flying - 1) : 0;
        flying--;
      }
      if (m < messages.first[c + 1]!) {
        const to = messages.to[m]!;
        const way = wayOf(c, to);
        const hops = way.length - 1;
        let along = 0;
        for (const link of way) along += density[link]!;
        const capacity = (hops + 1) * linkBuffer;
        if (along > capacity) sentAt[c]! += (along - capacity) * mean;
        const network = Math.max(hopSeconds[c * cores.length + to]!, (along * mean) / (hops + 1));
        const earliest = sentAt[c]! + network;
        const received = Math.max(finished[to]!, earliest);
        finished[to] = received + messages.processing[m]!;
        last = Math.max(last, finished[to]!);
        sender[m] = c;
        for (const link of way) density[link]! += 1 / (way.length + 1);
        mean += (messages.processing[m]! - mean) / (flying + 1);
        flying++;
        inFlight.push(received, m);
      }
      push(c);
    }
    return last + sync;
  };
}

type Place = { readonly x: number; readonly y: number; readonly offset: number };

/** Links of a way, along x and then along y: the sender's own, those between tiles, and once more the last direction at the goal. */
function linksOf(from: Place, to: Place, link: (x: number, y: number, port: number) => number): Int32Array {
  const [north, east, south, west] = [0, 1, 2, 3];
  const own = 4 + from.offset;
  const [dx, dy] = [from.x < to.x ? 1 : -1, from.y < to.y ? 1 : -1];
  const out: number[] = [];
  let before = own;
  for (let x = from.x; x !== to.x; x += dx) {
    const direction = dx > 0 ? east : west;
    out.push(link(x, from.y, x === from.x ? own : direction));
    before = direction;
  }
  for (let y = from.y; y !== to.y; y += dy) {
    out.push(link(to.x, y, from.x === to.x && y === from.y ? own : before));
    before = dy > 0 ? north : south;
  }
  out.push(link(to.x, to.y, before));
  return Int32Array.from(out);
}
