import {
  axonBase,
  axonCount,
  axonFactor,
  axonFrom,
  axonKind,
  axonShape,
  axonSynapses,
  axonWords,
  axonX,
  axonY,
  kindConv16,
  kindConv8,
  kindDense16,
  kindDense8,
  kindSparse,
  shapeDilationX,
  shapeDilationY,
  shapeHeight,
  shapeKernelX,
  shapeKernelY,
  shapePitch,
  shapeStrideX,
  shapeStrideY,
  shapeWidth,
} from "../layout";

/* Rows into accumulators of 32 bits that wrap. */

/** What the rows of the call did. */
export let rows: i32 = 0;
export let words: i32 = 0;
export let synapses: i32 = 0;
export let multiplied: i32 = 0;

export function restart(): void {
  rows = 0;
  words = 0;
  synapses = 0;
  multiplied = 0;
}

/** Counts `n` rows with payload 1 that have so many words and synapses together. */
export function countRows(n: i32, w: i32, s: i32): void {
  rows += n;
  words += w;
  synapses += s;
}

/** sums[i] += payload * weights[i], weights of 8 bits. */
export function add8(sums: usize, weights: usize, count: i32, payload: i32): void {
  let n = count;
  let s = sums;
  let w = weights;
  if (payload == 1) {
    for (; n >= 16; n -= 16) {
      const b = v128.load(w);
      const low = i16x8.extend_low_i8x16_s(b);
      const high = i16x8.extend_high_i8x16_s(b);
      v128.store(s, i32x4.add(v128.load(s), i32x4.extend_low_i16x8_s(low)));
      v128.store(s, i32x4.add(v128.load(s, 16), i32x4.extend_high_i16x8_s(low)), 16);
      v128.store(s, i32x4.add(v128.load(s, 32), i32x4.extend_low_i16x8_s(high)), 32);
      v128.store(s, i32x4.add(v128.load(s, 48), i32x4.extend_high_i16x8_s(high)), 48);
      w += 16;
      s += 64;
    }
    for (; n >= 4; n -= 4) {
      const half = i16x8.extend_low_i8x16_s(v128.load32_zero(w));
      v128.store(s, i32x4.add(v128.load(s), i32x4.extend_low_i16x8_s(half)));
      w += 4;
      s += 16;
    }
    for (; n > 0; n--) {
      store<i32>(s, load<i32>(s) + <i32>load<i8>(w));
      w += 1;
      s += 4;
    }
    return;
  }
  const p = i32x4.splat(payload);
  for (; n >= 4; n -= 4) {
    const half = i16x8.extend_low_i8x16_s(v128.load32_zero(w));
    v128.store(s, i32x4.add(v128.load(s), i32x4.mul(p, i32x4.extend_low_i16x8_s(half))));
    w += 4;
    s += 16;
  }
  for (; n > 0; n--) {
    store<i32>(s, load<i32>(s) + payload * <i32>load<i8>(w));
    w += 1;
    s += 4;
  }
}

/** The same with weights of 16 bits. */
export function add16(sums: usize, weights: usize, count: i32, payload: i32): void {
  let n = count;
  let s = sums;
  let w = weights;
  const p = i32x4.splat(payload);
  if (payload == 1) {
    for (; n >= 8; n -= 8) {
      const b = v128.load(w);
      v128.store(s, i32x4.add(v128.load(s), i32x4.extend_low_i16x8_s(b)));
      v128.store(s, i32x4.add(v128.load(s, 16), i32x4.extend_high_i16x8_s(b)), 16);
      w += 16;
      s += 32;
    }
  } else {
    for (; n >= 8; n -= 8) {
      const b = v128.load(w);
      v128.store(s, i32x4.add(v128.load(s), i32x4.mul(p, i32x4.extend_low_i16x8_s(b))));
      v128.store(s, i32x4.add(v128.load(s, 16), i32x4.mul(p, i32x4.extend_high_i16x8_s(b))), 16);
      w += 16;
      s += 32;
    }
  }
  for (; n > 0; n--) {
    store<i32>(s, load<i32>(s) + payload * <i32>load<i16>(w));
    w += 2;
    s += 4;
  }
}

/** sums[slot] += payload * weight for `count` entries of slot and weight. */
function addSparse(sums: usize, entries: usize, count: i32, payload: i32): void {
  const end = entries + (<usize>count << 2);
  for (let e = entries; e < end; e += 4) {
    const s = sums + (<usize>load<u16>(e) << 2);
    store<i32>(s, load<i32>(s) + payload * <i32>load<i16>(e, 2));
  }
}

function touch8(touched: usize, weights: usize, count: i32): void {
  for (let i: usize = 0; i < <usize>count; i++) if (load<i8>(weights + i) != 0) store<u8>(touched + i, 1);
}

function touch16(touched: usize, weights: usize, count: i32): void {
  for (let i: usize = 0; i < <usize>count; i++) if (load<i16>(weights + (i << 1)) != 0) store<u8>(touched + i, 1);
}

function touchSparse(touched: usize, entries: usize, count: i32): void {
  const end = entries + (<usize>count << 2);
  for (let e = entries; e < end; e += 4) if (load<i16>(e, 2) != 0) store<u8>(touched + <usize>load<u16>(e), 1);
}

/** Taps of a line that lie side by side, in the weights as in the tile. */
// @ts-ignore: a decorator of AssemblyScript
@inline
function addTaps(sums: usize, touched: usize, slot: i32, weights: usize, count: i32, payload: i32, wide: bool): void {
  if (wide) {
    add16(sums + (<usize>slot << 2), weights, count, payload);
    if (touched != 0) touch16(touched + slot, weights, count);
  } else {
    add8(sums + (<usize>slot << 2), weights, count, payload);
    if (touched != 0) touch8(touched + slot, weights, count);
  }
}

/** A convolution row for an event at (y, x) of its axon: no synapse is listed anywhere. */
function addConv(axon: usize, sums: usize, touched: usize, payload: i32, wide: bool): void {
  const shape = load<usize>(axon + axonShape);
  const kernelY = load<i32>(shape + shapeKernelY);
  const kernelX = load<i32>(shape + shapeKernelX);
  const strideY = load<i32>(shape + shapeStrideY);
  const strideX = load<i32>(shape + shapeStrideX);
  const dilationY = load<i32>(shape + shapeDilationY);
  const dilationX = load<i32>(shape + shapeDilationX);
  const height = load<i32>(shape + shapeHeight);
  const width = load<i32>(shape + shapeWidth);
  const pitch = load<i32>(shape + shapePitch);
  const y = load<i32>(axon + axonY);
  const x = load<i32>(axon + axonX);
  const base = load<i32>(axon + axonBase);
  const count = load<i32>(axon + axonCount);
  const from = load<usize>(axon + axonFrom);
  const tap: usize = <usize>count << (wide ? 1 : 0);
  const together = strideX == 1 && dilationX == 1 && pitch == count;
  for (let ky = 0; ky < kernelY; ky++) {
    const ty = y - ky * dilationY;
    if (ty < 0 || ty >= height * strideY || ty % strideY != 0) continue;
    const line = base + (ty / strideY) * width * pitch;
    const weights = from + <usize>(ky * kernelX) * tap;
    if (together) {
      const low = x >= width ? x - width + 1 : 0;
      const high = x < kernelX ? x : kernelX - 1;
      if (low > high) continue;
      addTaps(sums, touched, line + (x - high) * pitch, weights + <usize>(kernelX - 1 - high) * tap, (high - low + 1) * count, payload, wide);
      continue;
    }
    for (let kx = 0; kx < kernelX; kx++) {
      const tx = x - kx * dilationX;
      if (tx < 0 || tx >= width * strideX || tx % strideX != 0) continue;
      addTaps(sums, touched, line + (tx / strideX) * pitch, weights + <usize>(kernelX - 1 - kx) * tap, count, payload, wide);
    }
  }
}

/** Applies an axon's row once, with this payload before the axon's factor. */
export function applyRow(axon: usize, sums: usize, touched: usize, p: i32): void {
  const payload = p * load<i32>(axon + axonFactor);
  const kind = load<i32>(axon + axonKind);
  const count = load<i32>(axon + axonCount);
  const from = load<usize>(axon + axonFrom);
  const base = load<i32>(axon + axonBase);
  const added = load<i32>(axon + axonSynapses);
  if (kind == kindDense8) {
    add8(sums + (<usize>base << 2), from, count, payload);
    if (touched != 0) touch8(touched + base, from, count);
  } else if (kind == kindDense16) {
    add16(sums + (<usize>base << 2), from, count, payload);
    if (touched != 0) touch16(touched + base, from, count);
  } else if (kind == kindSparse) {
    addSparse(sums, from, count, payload);
    if (touched != 0) touchSparse(touched, from, count);
  } else {
    addConv(axon, sums, touched, payload, kind == kindConv16);
  }
  rows++;
  words += load<i32>(axon + axonWords);
  synapses += added;
  if (payload != 1 && payload != -1) multiplied += added;
}

/** Rows whose 8-bit weights are added up in 16 bits before they reach the accumulators: at most this many at a time cannot overflow. */
const together: i32 = 256;

/** Adds rows with payload 1, given as a list of their addresses, all to the same `count` accumulators. */
export function addRows8(sums: usize, list: usize, n: i32, count: i32): void {
  for (let from = 0; from < n; from += together) {
    const first = list + (<usize>from << 2);
    const end = list + (<usize>min(n, from + together) << 2);
    let c = 0;
    for (; c + 64 <= count; c += 64) add64(sums + (<usize>c << 2), first, end, c);
    for (; c + 16 <= count; c += 16) addColumns(sums + (<usize>c << 2), first, end, c);
    if (c < count) for (let l = first; l < end; l += 4) add8(sums + (<usize>c << 2), load<usize>(l) + c, count - c, 1);
  }
}

/** 64 columns of the rows. */
function add64(s: usize, first: usize, end: usize, column: usize): void {
  let a = i16x8.splat(0);
  let b = i16x8.splat(0);
  let c = i16x8.splat(0);
  let d = i16x8.splat(0);
  let e = i16x8.splat(0);
  let f = i16x8.splat(0);
  let g = i16x8.splat(0);
  let h = i16x8.splat(0);
  for (let l = first; l < end; l += 4) {
    const w = load<usize>(l) + column;
    const p = v128.load(w);
    const q = v128.load(w, 16);
    const r = v128.load(w, 32);
    const t = v128.load(w, 48);
    a = i16x8.add(a, i16x8.extend_low_i8x16_s(p));
    b = i16x8.add(b, i16x8.extend_high_i8x16_s(p));
    c = i16x8.add(c, i16x8.extend_low_i8x16_s(q));
    d = i16x8.add(d, i16x8.extend_high_i8x16_s(q));
    e = i16x8.add(e, i16x8.extend_low_i8x16_s(r));
    f = i16x8.add(f, i16x8.extend_high_i8x16_s(r));
    g = i16x8.add(g, i16x8.extend_low_i8x16_s(t));
    h = i16x8.add(h, i16x8.extend_high_i8x16_s(t));
  }
  flush(s, a, b);
  flush(s + 64, c, d);
  flush(s + 128, e, f);
  flush(s + 192, g, h);
}

/** 16 columns of the rows. */
function addColumns(s: usize, first: usize, end: usize, column: usize): void {
  let a = i16x8.splat(0);
  let b = i16x8.splat(0);
  for (let l = first; l < end; l += 4) {
    const p = v128.load(load<usize>(l) + column);
    a = i16x8.add(a, i16x8.extend_low_i8x16_s(p));
    b = i16x8.add(b, i16x8.extend_high_i8x16_s(p));
  }
  flush(s, a, b);
}

// @ts-ignore: a decorator of AssemblyScript
@inline
function flush(s: usize, a: v128, b: v128): void {
  v128.store(s, i32x4.add(v128.load(s), i32x4.extend_low_i16x8_s(a)));
  v128.store(s, i32x4.add(v128.load(s, 16), i32x4.extend_high_i16x8_s(a)), 16);
  v128.store(s, i32x4.add(v128.load(s, 32), i32x4.extend_low_i16x8_s(b)), 32);
  v128.store(s, i32x4.add(v128.load(s, 48), i32x4.extend_high_i16x8_s(b)), 48);
}
