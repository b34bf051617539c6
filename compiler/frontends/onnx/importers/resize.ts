import { at } from "../../../base/bug.ts";
import { f32, i32, sizeOf } from "../../../base/tensor.ts";
import type { Entry } from "../entry.ts";
import { type Importer, importer } from "../importer.ts";
import type { ImportNode } from "../node.ts";

/** One axis whose size changes. */
type Axis = { readonly axis: number; readonly from: number; readonly to: number; readonly scale: number };

/** How coordinates are found and what is done between them. */
type Modes = { readonly mode: string; readonly coordinates: string; readonly nearest: string };

/** Up to opset 10 there was one way: coordinates divided by the scale, and cut. */
const old = { coordinates: "asymmetric", nearest: "floor" };

/**
 * Another resolution: for each axis a choice of elements (nearest), or a weighted sum of two such (linear).
 * Scales and sizes must be known.
 */
export const resize: Importer = importer(
  (n) => {
    if (n.opset < 11) return read(n, 1, null, { mode: n.attributes.string("mode", "nearest"), ...old });
    for (const [name, preset] of [["antialias", 0] as const, ["keep_aspect_ratio_policy", "stretch"] as const]) {
      if (!n.attributes.has(name)) continue;
      const value = typeof preset === "number" ? n.attributes.int(name, preset) : n.attributes.string(name, preset);
      if (value !== preset) n.fail("onnx-unsupported-form", [n.op, `with ${name} ${value}`]);
    }
    return read(n, 2, 3, {
      mode: n.attributes.string("mode", "nearest"),
      coordinates: n.attributes.string("coordinate_transformation_mode", "half_pixel"),
      nearest: n.attributes.string("nearest_mode", "round_prefer_floor"),
    });
  },
  { since: 10, static: [1, 2, 3] },
);

/** The scales were an attribute up to opset 8. */
export const upsample: Importer = importer(
  (n) => {
    const modes = { mode: n.attributes.string("mode", "nearest"), ...old };
    if (n.opset >= 9) return read(n, 1, null, modes);
    return resized(n, axesOf(n, n.attributes.floats("scales"), null, null), modes);
  },
  { since: 7, static: [1] },
);

function read(n: ImportNode, scales: number, sizes: number | null, modes: Modes): Entry {
  const factors = n.has(scales) ? Array.from(n.known(scales, "scales").data, Number) : [];
  const named = n.opset >= 18 ? n.attributes.ints("axes", null) : null;
  const axes = named?.map((a) => n.axis(a, n.input(0).shape.length)) ?? null;
  if (factors.length > 0) return resized(n, axesOf(n, factors, null, axes), modes);
  const wanted = sizes === null ? null : n.knownInts(sizes, "sizes");
  if (wanted === null) return n.fail("onnx-input-missing", [n.op, scales]);
  return resized(n, axesOf(n, null, wanted, axes), modes);
}

function axesOf(n: ImportNode, scales: readonly number[] | null, sizes: readonly number[] | null, named: readonly number[] | null): Axis[] {
  const { shape } = n.input(0);
  const axes = named ?? shape.map((_, a) => a);
  const given = scales ?? sizes ?? [];
  const what = scales === null ? "sizes" : "scales";
  if (given.length !== axes.length || given.some((x) => !(x > 0) || !Number.isFinite(x)))
    n.attributes.wrong(what, given, `${axes.length} numbers above 0`);
  const all = axes.map((axis, i) => {
    const from = at(shape, axis);
    const scale = scales === null ? at(given, i) / from : at(given, i);
    return { axis, from, scale, to: scales === null ? at(given, i) : Math.floor(from * scale) };
  });
  n.checkSize(all.reduce((count, { from, to }) => (count / from) * to, sizeOf(shape)));
  return all.filter(({ scale }) => scale !== 1);
}

function resized(n: ImportNode, axes: readonly Axis[], { mode, coordinates, nearest }: Modes): Entry {
  if (mode !== "nearest" && mode !== "linear") return n.fail("onnx-unsupported-form", [n.op, `with mode ${mode}`]);
  if (mode === "nearest" && n.opset < 11 && axes.some((a) => a.scale < 1))
    return n.fail("onnx-unsupported-form", [n.op, "to a lower resolution before opset 11"]);
  let x = n.input(0);
  for (const a of axes) {
    const places = Array.from({ length: a.to }, (_, i) => placeOf(n, coordinates, i, a));
    const inside = (place: number): number => Math.min(Math.max(place, 0), a.from - 1);
    const chosen = (list: readonly number[], name: string): Entry => {
      const indices = n.constant(i32([a.to], list), `axis${a.axis}/${name}`);
      return n.step("gather", [x, indices], { axis: a.axis }, `axis${a.axis}/${name}`);
    };
    if (mode === "nearest") {
      x = chosen(
        places.map((p) => inside(nearestTo(n, nearest, p))),
        "nearest",
      );
      continue;
    }
    const below = places.map((p) => Math.floor(inside(p)));
    const parts = places.map((p, i) => inside(p) - at(below, i));
    const weighted = (list: readonly number[], weights: readonly number[], name: string): Entry => {
      const shape = [a.to, ...Array.from({ length: x.shape.length - a.axis - 1 }, () => 1)];
      return n.step(
        "mul",
        [chosen(list, name), n.constant(f32(shape, weights), `axis${a.axis}/${name}/weight`)],
        {},
        `axis${a.axis}/${name}/part`,
      );
    };
    const low = weighted(
      below,
      parts.map((p) => 1 - p),
      "below",
    );
    const high = weighted(
      below.map((b) => Math.min(b + 1, a.from - 1)),
      parts,
      "above",
    );
    x = n.step("add", [low, high], {}, `axis${a.axis}/sum`);
  }
  return n.emit("identity", [x]);
}

/** Where element `i` of the result lies among the elements of the input; computed in 32 bits, as elsewhere, so that halves fall alike. */
function placeOf(n: ImportNode, coordinates: string, i: number, { from, to, scale }: Axis): number {
  const half = (): number => Math.fround(Math.fround((i + 0.5) / scale) - 0.5);
  switch (coordinates) {
    case "half_pixel":
      return half();
    case "pytorch_half_pixel":
      return to > 1 ? half() : 0;
    case "half_pixel_symmetric":
      return Math.fround((from / 2) * (1 - to / (from * scale)) + half());
    case "align_corners":
      return to === 1 ? 0 : Math.fround((i * (from - 1)) / (to - 1));
    case "asymmetric":
      return Math.fround(i / scale);
    case "tf_half_pixel_for_nn":
      return Math.fround((i + 0.5) / scale);
    default:
      return n.fail("onnx-unsupported-form", [n.op, `with coordinate_transformation_mode ${coordinates}`]);
  }
}

function nearestTo(n: ImportNode, mode: string, place: number): number {
  switch (mode) {
    case "floor":
      return Math.floor(place);
    case "ceil":
      return Math.ceil(place);
    case "round_prefer_floor":
      return Math.ceil(place - 0.5);
    case "round_prefer_ceil":
      return Math.floor(place + 0.5);
    default:
      return n.fail("onnx-unsupported-form", [n.op, `with nearest_mode ${mode}`]);
  }
}
