import type { ReportBudget } from "../data.ts";
import { count, escape, percent } from "./text.ts";

/* Used and available: the chip and the fullest core of each resource first, all cores on request. */

export function budgetTable(budget: readonly ReportBudget[]): string {
  const chip = budget.filter((b) => b.core === null);
  const resources = [...new Set(budget.filter((b) => b.core !== null).map((b) => b.resource))];
  const rows = resources.map((resource) => fullest(budget.filter((b) => b.core !== null && b.resource === resource)));
  const all = budget.filter((b) => b.core !== null);
  return `<table><thead><tr><th>resource</th><th>where</th><th class="n">used</th><th class="n">available</th><th></th></tr></thead><tbody>
${chip.map((b) => row(b, "chip")).join("\n")}
${rows.map((b) => row(b, `fullest: ${b.core}`)).join("\n")}
</tbody></table>
<details><summary>all cores</summary><div class="scroll"><table><tbody>${all.map((b) => row(b, b.core ?? "")).join("\n")}</tbody></table></div></details>`;
}

function fullest(list: readonly ReportBudget[]): ReportBudget {
  return list.reduce((best, b) => (b.used / b.available > best.used / best.available ? b : best));
}

function row(b: ReportBudget, where: string): string {
  const share = b.available === 0 ? 0 : b.used / b.available;
  return `<tr><td>${escape(b.resource)}</td><td>${escape(where)}</td><td class="n">${count(b.used)}</td><td class="n">${count(b.available)}</td><td><span class="meter${share > 0.9 ? " tight" : ""}"><i style="width:${Math.min(100, share * 100).toFixed(1)}%"></i></span> ${percent(Math.round(share * 1000) / 1000)}</td></tr>`;
}
