import type { Register } from "../command.ts";
import { checkCommand } from "./check.ts";
import { compileCommand } from "./compile.ts";
import { convertCommand } from "./convert.ts";
import { bringupCommand } from "./bringup.ts";
import { cosimCommand } from "./cosim.ts";
import { demoCommand } from "./demo.ts";
import { diagnoseCommand } from "./diagnose.ts";
import { evaluateCommand } from "./evaluate.ts";
import { explainLossCommand } from "./explain-loss.ts";
import { explainCommand } from "./explain.ts";
import { exportCommand } from "./export.ts";
import { fitCostsCommand } from "./fit-costs.ts";
import { importCommand } from "./import.ts";
import { lintCommand } from "./lint.ts";
import { listCommand } from "./list.ts";
import { passCommand } from "./pass.ts";
import { reduceCommand } from "./reduce.ts";
import { replayCommand } from "./replay.ts";
import { runCommandOf } from "./run.ts";
import { showCommand } from "./show.ts";
import { sweepCommand } from "./sweep.ts";
import { targetsCommand } from "./targets.ts";
import { tuneCommand } from "./tune.ts";
import { verifyCommand } from "./verify.ts";
import { workerCommand } from "./worker.ts";

/** Every command, in the order of the help: from a model to a result, then what explains. */
export const commands: readonly Register[] = [
  demoCommand,
  importCommand,
  convertCommand,
  compileCommand,
  evaluateCommand,
  explainLossCommand,
  tuneCommand,
  sweepCommand,
  workerCommand,
  checkCommand,
  fitCostsCommand,
  runCommandOf,
  exportCommand,
  passCommand,
  verifyCommand,
  cosimCommand,
  reduceCommand,
  replayCommand,
  bringupCommand,
  diagnoseCommand,
  showCommand,
  lintCommand,
  listCommand,
  targetsCommand,
  explainCommand,
];
