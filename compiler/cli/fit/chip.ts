import { Document } from "yaml";
import type { ChipSpec } from "../../../targets/chip.ts";
import type { Fit, FittedPrice } from "../../analysis/fit/fit.ts";

/** A chip file with the prices that the measurements determine: the user's own file with these replaced, or one that extends the known chip. */
export function fittedChip(chip: ChipSpec, fit: Fit, own: Document | null, source: string): string {
  const doc = own ?? new Document({ extends: chip.name, name: `${chip.name}-fitted` });
  for (const p of fit.prices) {
    if (p.error === null) continue;
    if (p.name === "static") {
      doc.setIn(["static", "chip"], doc.createNode(priced(p, "W", source), { flow: true }));
      doc.setIn(
        ["static", "perCore"],
        doc.createNode({ value: "0 W", tolerance: "0 %", source: "part of static.chip, as fitted" }, { flow: true }),
      );
    } else doc.setIn(["energy", p.name], doc.createNode(priced(p, "pJ", source), { flow: true }));
  }
  return doc.toString({ lineWidth: 0 });
}

function priced(p: FittedPrice, unit: string, source: string): { value: string; tolerance: string; source: string } {
  const relative = p.value === 0 ? 0 : (100 * (p.error ?? 0)) / p.value;
  const share = `${(100 * p.determined).toFixed(0)} % determined`;
  return {
    value: `${Number(p.value.toPrecision(6))} ${unit}`,
    tolerance: `${Number(relative.toFixed(3))} %`,
    source: `fitted to ${source}; ${share}${p.bound === null ? "" : `; at its ${p.bound === "low" ? "lower" : "upper"} bound`}`,
  };
}
