import type { Register, SharedFlags } from "../command.ts";
import { printList } from "./list.ts";

/** `ganglion targets`: short for `ganglion list targets`. */
export const targetsCommand: Register = (program, runner) => {
  program
    .command("targets")
    .summary("list the chips that can be compiled for")
    .action((flags: SharedFlags) => runner(flags, (run) => printList(run, "targets")));
};
