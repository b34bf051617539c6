/** The world as a command sees it. Tests give their own; main.ts gives the process. */
export type Io = {
  readonly cwd: string;
  readonly stdout: (text: string) => void;
  readonly stderr: (text: string) => void;
  /** Standard error is a terminal: progress bars and colour are welcome. */
  readonly isTTY: boolean;
  /** Milliseconds of any clock, for --timings and progress. */
  readonly now?: (() => number) | undefined;
  /** Runs work that an interrupt must not cut in two: the last writing of files. */
  readonly uninterrupted?: (<T>(work: () => T) => T) | undefined;
};
