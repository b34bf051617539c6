import { z } from "zod";
import { dataFormats } from "../../frontends/samples.ts";
import { parseDims, parseNumber } from "../data/flags.ts";

/* The keys of a job file: the flags of `ganglion compile`, written down. */

const number = z
  .union([z.number(), z.string().transform(parseNumber)], { error: "a number, or a fraction like 1/255, is wanted" })
  .refine(Number.isFinite, {
    error: "a number, or a fraction like 1/255, is wanted",
  });
const list = z.union([number.transform((n) => [n]), z.array(number)], { error: "a number or a list of numbers is wanted" });
const dims = z
  .union([z.array(z.int().positive()), z.string().transform((t) => parseDims(t) ?? [])], { error: "dimensions like 3x32x32 are wanted" })
  .refine((d) => d.length > 0, { error: "dimensions like 3x32x32 are wanted" });
const option = z.union([z.string(), z.number(), z.boolean()], { error: "a word, a number or a truth value is wanted" });
const options = z.record(z.string(), option);
const bits = z.int().min(1).max(16);

export const jobSchema = z.strictObject(
  {
    model: z.string({ error: "the path of the model is wanted" }),
    target: z.string().optional(),
    chip: z.string().optional(),
    method: z.string().optional(),
    steps: z.int().positive().optional(),
    options: options.optional(),
    maxPool: z.string().optional(),
    weightBits: bits.optional(),
    inputBits: bits.optional(),
    passes: z.record(z.string(), options).optional(),
    calibration: z
      .strictObject({
        data: z.string(),
        labels: z.string().optional(),
        limit: z.int().positive().optional(),
        format: z.enum(dataFormats).optional(),
        array: z.string().optional(),
      })
      .optional(),
    preprocessing: z
      .strictObject({
        scale: number.optional(),
        mean: list.optional(),
        std: list.optional(),
        layout: z.enum(["nchw", "nhwc"]).optional(),
        raw: z
          .strictObject({
            type: z.enum(["int8", "uint8", "float32"]),
            shape: dims.optional(),
            zeroPoint: number.optional(),
            scale: number.optional(),
          })
          .optional(),
      })
      .optional(),
    mapping: z.strictObject({ partition: z.string().optional(), place: z.string().optional() }).optional(),
    output: z.string().optional(),
    seed: z.int().nonnegative().optional(),
  },
  { error: "a job file is a list of keys and values" },
);
