import { at } from "../base/bug.ts";
import type { Population } from "../ir/network/types.ts";

/** A population as a map of `channels` × `height` × `width`. [N] is N channels of one position; [C,L] has height 1. */
export type Layout = { readonly channels: number; readonly height: number; readonly width: number };

/** A box of a population that goes to one core: ranges are half-open. */
export type Tile = {
  readonly pop: number;
  readonly c0: number;
  readonly c1: number;
  readonly y0: number;
  readonly y1: number;
  readonly x0: number;
  readonly x1: number;
};

/** Sizes of a population's tiles; those at the far edges may be smaller. */
export type TileSize = { readonly channels: number; readonly height: number; readonly width: number };

export function layoutOf(shape: readonly number[]): Layout {
  const [channels = 1, a, b] = shape;
  if (a === undefined) return { channels, height: 1, width: 1 };
  return b === undefined ? { channels, height: 1, width: a } : { channels, height: a, width: b };
}

export function tileCount(t: Tile): number {
  return (t.c1 - t.c0) * (t.y1 - t.y0) * (t.x1 - t.x0);
}

/** Tiles of each axis. */
export function gridOf(layout: Layout, size: TileSize): TileSize {
  return {
    channels: Math.ceil(layout.channels / size.channels),
    height: Math.ceil(layout.height / size.height),
    width: Math.ceil(layout.width / size.width),
  };
}

/** The tiles of a population, channels outermost: tile index = (channel tile * rows + row tile) * columns + column tile. */
export function tilesOf(pop: number, layout: Layout, size: TileSize): Tile[] {
  const out: Tile[] = [];
  for (let c0 = 0; c0 < layout.channels; c0 += size.channels) {
    for (let y0 = 0; y0 < layout.height; y0 += size.height) {
      for (let x0 = 0; x0 < layout.width; x0 += size.width) {
        const [c1, y1, x1] = [
          Math.min(c0 + size.channels, layout.channels),
          Math.min(y0 + size.height, layout.height),
          Math.min(x0 + size.width, layout.width),
        ];
        out.push({ pop, c0, c1, y0, y1, x0, x1 });
      }
    }
  }
  return out;
}

/** The population's neuron index of each slot of a tile. Slots are in the order (y, x, channel). */
export function indicesOf(tile: Tile, layout: Layout): Int32Array {
  const out = new Int32Array(tileCount(tile));
  let slot = 0;
  for (let y = tile.y0; y < tile.y1; y++) {
    for (let x = tile.x0; x < tile.x1; x++) {
      for (let c = tile.c0; c < tile.c1; c++) out[slot++] = (c * layout.height + y) * layout.width + x;
    }
  }
  return out;
}

/** For each neuron of a population: its tile's index, and its slot within the tile. */
export function placesOf(layout: Layout, tiles: readonly Tile[]): { readonly tile: Int32Array; readonly slot: Int32Array } {
  const count = layout.channels * layout.height * layout.width;
  const tile = new Int32Array(count);
  const slot = new Int32Array(count);
  tiles.forEach((t, i) => {
    const indices = indicesOf(t, layout);
    for (let s = 0; s < indices.length; s++) {
      tile[at(indices, s)] = i;
      slot[at(indices, s)] = s;
    }
  });
  return { tile, slot };
}

/** `conv1[8..16, 0..12, 0..12]`, or the bare name when the tile is the whole population. */
export function showTile(pop: Population, t: Tile): string {
  const { channels, height, width } = layoutOf(pop.shape);
  if (tileCount(t) === channels * height * width) return pop.name;
  const ranges = [`${t.c0}..${t.c1}`, `${t.y0}..${t.y1}`, `${t.x0}..${t.x1}`];
  const kept = pop.shape.length === 1 ? [ranges[0]] : pop.shape.length === 2 ? [ranges[0], ranges[2]] : ranges;
  return `${pop.name}[${kept.join(", ")}]`;
}
