import { Session } from "node:inspector/promises";
import { fileURLToPath } from "node:url";
import type { Run } from "./command.ts";

/*
 * Where time goes: with --timings the work of a command is sampled, and what was found on top of the
 * stack is named by file and function. Only this thread is seen.
 */

/** Places named. */
const most = 12;
/** Microseconds from one sample to the next. */
const interval = 200;

type Place = { readonly name: string; readonly samples: number };

/** Does the work; with --timings, says afterwards where the time went. */
export async function withSamples<T>(run: Run, work: () => Promise<T>): Promise<T> {
  if (run.flags.timings !== true) return work();
  const session = new Session();
  session.connect();
  try {
    await session.post("Profiler.enable");
    await session.post("Profiler.setSamplingInterval", { interval });
    await session.post("Profiler.start");
    const result = await work();
    const { profile } = await session.post("Profiler.stop");
    const places = profile.nodes.map((n) => ({ name: nameOf(n.callFrame.url, n.callFrame.functionName), samples: n.hitCount ?? 0 }));
    run.say(showPlaces(places, (profile.endTime - profile.startTime) / 1e3));
    return result;
  } finally {
    session.disconnect();
  }
}

/** File and function; the kernels, the collector and the like have no file. */
function nameOf(url: string, name: string): string {
  const called = name === "" ? "(module)" : name;
  if (url.startsWith("wasm:")) return `kernels: ${called.split("/").at(-1)}`;
  if (!url.startsWith("file:")) return url === "" ? called : `${url} ${called}`;
  const path = fileURLToPath(url).split(/[\\/]/);
  return `${path.slice(-2).join("/")}: ${called}`;
}

/** The places with the most samples, as shares of all. */
export function showPlaces(places: readonly Place[], milliseconds: number): string {
  const sums = new Map<string, number>();
  let all = 0;
  for (const p of places) {
    sums.set(p.name, (sums.get(p.name) ?? 0) + p.samples);
    all += p.samples;
  }
  const list = [...sums].sort((a, b) => b[1] - a[1]).slice(0, most);
  const share = (n: number): string => `${((100 * n) / Math.max(1, all)).toFixed(1).padStart(5)} %`;
  return [`${milliseconds.toFixed(1)} ms, by place:`, ...list.filter(([, n]) => n > 0).map(([name, n]) => `${share(n)}  ${name}`)].join(
    "\n",
  );
}
