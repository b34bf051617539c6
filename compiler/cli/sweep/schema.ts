import { z } from "zod";
import { jobSchema } from "../job/schema.ts";

/* The keys of a sweep file: those of a job file, the data that is scored, and the lists to go through. */

const word = z.union([z.string(), z.number(), z.boolean()], { error: "a word, a number or a truth value is wanted" });
const listOf = <T extends z.ZodType>(item: T) => z.array(item, { error: "a list is wanted" }).min(1, { error: "the list is empty" });
const count = z.int({ error: "a whole number is wanted" }).positive({ error: "a positive number is wanted" });
const bits = z.int().min(1).max(16);

export const sweepSchema = jobSchema.omit({ output: true, target: true, chip: true }).extend({
  target: z.string().optional(),
  chip: z.string().optional(),
  /** What is scored; never what calibrates. */
  data: z
    .strictObject(
      {
        data: z.string().optional(),
        events: z.string().optional(),
        only: z.string().optional(),
        labels: z.string().optional(),
        limit: count.optional(),
        chipLimit: count.optional(),
      },
      { error: "`data` with a place of samples (`data: …` or `events: …`) is wanted" },
    )
    .refine((d) => (d.data === undefined) !== (d.events === undefined), { error: "either `data` or `events` is wanted" }),
  sweep: z.strictObject(
    {
      target: listOf(z.string()).optional(),
      chip: listOf(z.string()).optional(),
      method: listOf(z.string()).optional(),
      steps: listOf(count).optional(),
      weightBits: listOf(bits).optional(),
      inputBits: listOf(bits).optional(),
      /** PARTITION/PLACE. */
      mapping: listOf(z.string().regex(/^[^/]+\/[^/]+$/, { error: "PARTITION/PLACE is wanted" })).optional(),
      /** Options of the method, each with its values. */
      options: z.record(z.string(), listOf(word)).optional(),
    },
    { error: "the lists to go through are wanted" },
  ),
});
