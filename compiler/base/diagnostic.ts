import { type ErrorCode, errors } from "./errors.ts";
import { type Origin, showOrigin } from "./origin.ts";

export type Severity = "error" | "warning" | "note";

/** What went wrong, where, why, and what to do. Plain data: it can be printed, or sent as JSON. */
export type Diagnostic = {
  readonly code: ErrorCode;
  readonly severity: Severity;
  readonly message: string;
  /** The place: an object path inside the artifact, or `file:line:column`. */
  readonly at: string | null;
  readonly origin: Origin | null;
  readonly notes: readonly string[];
  readonly help: readonly string[];
};

export type Place = {
  readonly at?: string | undefined;
  readonly origin?: Origin | null | undefined;
  readonly notes?: readonly string[] | undefined;
  readonly help?: readonly string[] | undefined;
};

type Args<C extends ErrorCode> = Parameters<(typeof errors)[C]["message"]>;

/**
 * Makes a diagnostic from the table of codes. The help of the table's entry is
 * used where the place gives none.
 */
export function diagnostic<C extends ErrorCode>(code: C, args: Args<C>, place: Place = {}): Diagnostic {
  const entry = errors[code];
  const message = (entry.message as (...a: readonly unknown[]) => string)(...args);
  return {
    code,
    severity: entry.severity,
    message,
    at: place.at ?? null,
    origin: place.origin ?? null,
    notes: place.notes ?? [],
    help: place.help ?? [entry.help],
  };
}

/** Thrown at the end of a stage that found errors. Carries every one of them; it is not a bug and has no stack to show. */
export class Failure extends Error {
  override readonly name = "Failure";
  readonly diagnostics: readonly Diagnostic[];
  constructor(diagnostics: readonly Diagnostic[]) {
    super(diagnostics.map((d) => `${d.severity}[${d.code}]: ${d.message}`).join("\n"));
    this.diagnostics = diagnostics;
  }
}

/** Stops now with one diagnostic. Prefer gathering with a `Collector` where more can be found. */
export function fail<C extends ErrorCode>(code: C, args: Args<C>, place: Place = {}): never {
  throw new Failure([diagnostic(code, args, place)]);
}

/** Gathers diagnostics; `check` ends the stage if any of them is an error. */
export class Collector {
  readonly diagnostics: Diagnostic[] = [];
  readonly report = (d: Diagnostic): void => {
    this.diagnostics.push(d);
  };
  get failed(): boolean {
    return this.diagnostics.some((d) => d.severity === "error");
  }
  check(): void {
    if (this.failed) throw new Failure(this.diagnostics);
  }
}

/** The text form: `error[code]: message`, then `at`, `from`, `note` and `help` lines. */
export function showDiagnostic(d: Diagnostic): string {
  const lines = [`${d.severity}[${d.code}]: ${d.message}`];
  if (d.at !== null) lines.push(`  at   ${d.at}`);
  if (d.origin !== null) lines.push(`  from ${showOrigin(d.origin)}`);
  for (const n of d.notes) lines.push(`  note ${n}`);
  for (const h of d.help) lines.push(`  help ${h}`);
  return lines.join("\n");
}
