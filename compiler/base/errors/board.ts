import { table } from "./entry.ts";

/** Chips at their pins: tapes, logs, recordings, co-simulation, bring-up. */
export const boardErrors = table({
  "log-syntax": {
    severity: "error",
    message: (expected: string, found: string) => `the log cannot be read: ${expected} is expected, "${found}" is there`,
    explain:
      "A log has one line for each thing that came out of the chip: S cycle word, M cycle mark, R cycle space address value, P cycle pin value, E cycle errors. Words are hexadecimal, all else is decimal. An x or z in a word is what a simulator prints for a bit that nobody has driven or written.",
    help: "log what the test bench prints, unchanged; for an x, load or reset what is read before it is read",
  },
  "log-empty": {
    severity: "error",
    message: (name: string) => `${name} holds no line of a log`,
    explain:
      "A log's lines begin with S, M, R, P or E. None does: the file is another one, or the simulator stopped before it printed anything.",
    help: "give the standard output of the test bench",
  },
  "log-cut": {
    severity: "error",
    message: (name: string, lines: number) => `${name} ends after ${lines} lines without the line E, so it was cut short`,
    explain: "The test bench prints E when it has played the whole tape. Without it the run was stopped, ran out of time or hung.",
    help: "let the bench run to its end; the last mark in the log says how far it came",
  },
  "tape-syntax": {
    severity: "error",
    message: (expected: string, found: string) => `the tape cannot be read: ${expected} is expected, "${found}" is there`,
    explain:
      "A tape has one operation a line: write space address word mask, read space address word, event word, tick, pin name value, wait cycles, quiet cycles, reset, mark number. Words are hexadecimal.",
    help: "write the tape again with `ganglion cosim` or `ganglion bringup`",
  },
  "log-other-network": {
    severity: "error",
    message: (found: string, expected: string) => `the log is of another network: its first mark is ${found}, this build's is ${expected}`,
    explain:
      "The tape's first mark is made of the image's content, so a log says which image was loaded. This one was recorded with another build, or with an earlier state of this one.",
    help: "run the tape of this build, or compare with the build that the log was recorded with",
  },
  "cosim-other-image": {
    severity: "error",
    message: (folder: string, what: string, found: string, expected: string) =>
      `${folder} was written for another ${what}: ${found}, this build has ${expected}`,
    explain: "The manifest of a co-simulation folder names the chip and the image that its tape and its expected log are of.",
    help: "write the folder again with `ganglion cosim` and run its tape",
  },
  "cosim-manifest": {
    severity: "error",
    message: (folder: string, what: string) => `${folder} is no co-simulation folder: ${what}`,
    explain: "`ganglion cosim` writes manifest.json and expected.txt; both are needed to know what a log should say.",
    help: "write the folder again with `ganglion cosim`",
  },
  "log-lost": {
    severity: "error",
    message: (count: number, where: string, what: string) =>
      `${count} ${count === 1 ? "event is" : "events are"} missing ${where}: ${what}`,
    explain:
      "The log goes on with what should come later, so the chip did not send these events, or whoever recorded them missed them: a full buffer, a handshake that was not sampled, a clock-domain crossing without synchronisers.",
    help: "look at the request and acknowledge lines around that cycle; `--ordered` ignores cycles",
  },
  "log-extra": {
    severity: "error",
    message: (count: number, where: string, what: string) => `${count} ${count === 1 ? "event" : "events"} too many ${where}: ${what}`,
    explain:
      "The log holds events that should not be there and then goes on as expected: an event was recorded twice, or the chip sent what the simulator does not.",
    help: "look at the request and acknowledge lines around that cycle: an event that is sampled on both edges comes twice",
  },
  "log-late": {
    severity: "error",
    message: (cycles: number, where: string, what: string) =>
      `${what} came ${Math.abs(cycles)} ${Math.abs(cycles) === 1 ? "cycle" : "cycles"} ${cycles > 0 ? "late" : "early"} ${where}`,
    explain:
      "The event is the right one, in the right order, in another cycle. Cycles count from the log's first mark. With a host that answers the handshake at another speed than the test bench, cycles differ and nothing is wrong.",
    help: "compare events and order only with --ordered",
  },
  "log-wrong": {
    severity: "error",
    message: (where: string, expected: string, got: string) => `another event ${where}: ${expected} is expected, the log has ${got}`,
    explain: "The chip sent something else than the simulator says, and what follows does not fit either.",
    help: "the first divergence says which neuron, which input and which words led to it",
  },
  "log-value": {
    severity: "error",
    message: (where: string, expected: string, got: string) =>
      `the word read ${where} differs: ${expected} is expected, the log has ${got}`,
    explain:
      "A memory read back through the pins does not hold what was written: a stuck bit, a write that did not arrive, or an x that nobody drove.",
    help: "`ganglion bringup` and `ganglion diagnose` tell stuck bits from lost writes",
  },
  "kit-unreadable": {
    severity: "error",
    message: (folder: string, what: string) => `${folder} is no bring-up kit for this: ${what}`,
    explain:
      "`ganglion bringup` writes kit.json, which names the chip and the revision of its description that the vectors were made from.",
    help: "write the kit again with `ganglion bringup`",
  },
  "kit-no-test": {
    severity: "error",
    message: (file: string) => `${file} holds no mark of a test`,
    explain:
      "Every tape of a kit begins with a mark of its own (M with a number from 60000 to 61999), by which the answers in a log are told apart.",
    help: "play the kit's tapes whole, and log what the board answers from the first line on",
  },
  "kit-mark": {
    severity: "error",
    message: (file: string, mark: number, chip: string) => `${file} has mark ${mark}, which is no test of the kit for ${chip}`,
    explain: "The marks of a kit's tests are numbered from 60000 on. This one is of another chip's kit.",
    help: "give the kit that was played with --kit, or its chip with --target",
  },
  "board-differs": {
    severity: "error",
    message: (failed: number, tests: number, names: readonly string[]) =>
      `${failed} of ${tests} ${tests === 1 ? "test" : "tests"} failed: ${names.join(", ")}${failed > names.length ? " and more" : ""}`,
    explain: "The board did not answer as a sound chip does. Cycles are not compared here, only what came out and in which order.",
    help: "check the likely faults, the likeliest first",
  },
  "board-late": {
    severity: "error",
    message: (late: number, tests: number, by: number) =>
      `${late} of ${tests} ${tests === 1 ? "test answers" : "tests answer"} rightly in other cycles: here ${Math.abs(by)} ${by < 0 ? "earlier" : "later"} than expected`,
    explain: "What came out and its order are those of a sound chip, but not its cycles, counted from the test's mark.",
    help: "leave `--cycles` away where the host makes the chip wait; in RTL look at what happens just before the line that is shown",
  },
  "native-missing": {
    severity: "error",
    message: (chip: string, known: readonly string[]) =>
      `no files of other tools are known for ${chip}${known.length > 0 ? `; they are known for ${known.join(", ")}` : ""}`,
    explain:
      "Some chips have tools of their own, whose configuration files can be read and written. For the others only image folders can be read.",
    help: "give a build or an image folder",
  },
  "reduce-nothing": {
    severity: "error",
    message: (samples: number) => `none of the ${samples} ${samples === 1 ? "sample shows" : "samples show"} anything to reduce`,
    explain:
      "`ganglion reduce` needs a start that fails: a sample on which network and simulator disagree, or for which the command of --while ends with 0.",
    help: "run the command by hand on the whole network and sample first",
  },
  "event-syntax": {
    severity: "error",
    message: (expected: string, found: string) => `the event file cannot be read: ${expected} is expected, "${found}" is there`,
    explain:
      "Event files are text with `time_us address` on each line, CSV with a heading, or AEDAT 2. Addresses are decimal or begin with 0x; times are numbers.",
    help: "export the recording again in one of these forms",
  },
  "event-columns": {
    severity: "error",
    message: (name: string, columns: readonly string[]) =>
      `${name} has no column for the time or none for the address: ${columns.join(", ")}`,
    explain:
      "The heading of a CSV file names its columns. One must contain `time` (with its unit: s, ms, us, ns), one `addr`, `word`, `data` or `bus` (or its bits: addr0, addr1, or D0, D1 …); `req` and `ack` columns are the handshake lines of a logic analyser.",
    help: "name the columns time_us,address or time_s,req,ack,address",
  },
  "event-signals": {
    severity: "error",
    message: (name: string, signals: readonly string[]) =>
      `${name} has no signals that tell events: ${signals.slice(0, 12).join(", ")}${signals.length > 12 ? " and more" : ""}`,
    explain:
      "Events in a waveform are found by the names of signals: an address (`addr`, `packet` or `word` in its name, or its bits as addr0, D0 …), and an acknowledge or a request (`ack`, `req`), or `valid` with a clock (`clk`).",
    help: "name the analyser's channels so, or export a table: time_us,address",
  },
  "event-time": {
    severity: "error",
    message: (name: string, event: number) => `${name}: time runs backwards at event ${event}`,
    explain:
      "Events of a recording come in order of time. A clock that was reset or a counter that overflowed in the middle makes the order unknown.",
    help: "cut the recording there, or sort it if only the lines were mixed",
  },
  "event-input": {
    severity: "error",
    message: (inputs: readonly string[]) => `a recording needs one input that takes events; the image has ${inputs.join(", ")}`,
    explain: "Recorded events are given to an input whose code is `events`: the sample then is a list of frames, one for each step.",
    help: "give samples as numbers with --samples",
  },
  "event-channel": {
    severity: "error",
    message: (name: string, address: string, channels: number) =>
      `${name}: address ${address} is no channel of the input, which has ${channels}`,
    explain: "An event's address is the channel that it arrives on, counted from 0.",
    help: "map the addresses of your sensor to channels first, for example with awk",
  },
  "event-wide": {
    severity: "error",
    message: (word: string) => `the word ${word} does not fit the 32 bits of an AEDAT 2 address`,
    explain: "AEDAT 2 has 32 bits for each address. This chip's packets are wider, as they carry a payload.",
    help: "write text or CSV: give the file another ending than .aedat",
  },
  "pins-missing": {
    severity: "error",
    message: (chip: string, known: readonly string[]) =>
      `nothing is known about the pins of ${chip}; they are known of ${known.join(", ")}`,
    explain:
      "Tapes, test benches and bring-up kits drive a chip at its pins. Of some chips only the configuration format is public, and of those a tape would be made up.",
    help: "`ganglion run` and `ganglion evaluate` simulate the chip without its pins",
  },
  "recording-malformed": {
    severity: "error",
    message: (file: string, what: string) => `${file} is no recording: ${what}`,
    explain:
      "A recording is one JSON object that names its chip and holds the configuration, the stimulus and what the chip's RTL answered.",
    help: "get the file again, or record it again",
  },
  "recording-chip": {
    severity: "error",
    message: (chip: string, known: readonly string[]) =>
      `there is no reader for recordings of "${chip}"; there is one for ${known.join(", ")}`,
    explain: "Each chip's recordings hold other fields, so each has a reader of its own, chosen by the recording's field `chip`.",
    help: "check the field `chip` of the file",
  },
  "recording-differs": {
    severity: "error",
    message: (where: string, expected: string, got: string) => `${where}: the recording has ${expected}, the simulator ${got}`,
    explain:
      "A recording holds what a chip's RTL answered. The simulator must give every value of it; this is the first that differs, so the simulator is wrong or the file was changed.",
    help: "please report it with the file, unless you changed it",
  },
});
