/*
 * Where the kernels' numbers lie: byte offsets of fields in records of the machine's memory.
 * The same file is compiled to WebAssembly (assembly/) and to JavaScript (twin/), so it holds
 * nothing but numbers. A field has 32 bits unless it says otherwise; "at" means a byte address.
 */

/** The machine. Lists of events: one for each thread that sends, and the host's. */
export const machineLists = 0;
/** Words at [list][slot][core]: end and beginning of a core's events. Slot: step modulo the number of slots. */
export const machineTails = 4;
export const machineStarts = 8;
export const machineListBytes = 12;
export const machineSlotBytes = 16;
export const machineSlots = 20;
/** Low bits of an event's word that name the axon; the bits above name the member. */
export const machineAxonBits = 24;
/** Accumulators: from one parity of steps to the other, from one thread's copy to the next, and how many copies there are. */
export const machineParityBytes = 28;
export const machineCopyBytes = 32;
export const machineCopies = 36;
/** First accumulator of all: fused synapses count from here. */
export const machineAccumulators = 40;
/** Words at [core]: column of the core's router; the entry behind the last core is the host's. */
export const machineColumnOf = 44;
export const machineSeed = 48;
/** Words: addresses of the cores that there are, in order, and how many. */
export const machineCoreList = 52;
export const machineCoreCount = 56;
/** Destinations that are cores; the host is the one behind them. */
export const machineCores = 60;
export const machineInterval = 64;
/** Records of threads. */
export const machineThreads = 68;
export const machineThreadCount = 72;
/** Packets at [source core, or behind them the host][column], and columns. */
export const machineColumns = 76;
export const machineWidth = 80;
export const machineLines = 84;
/** Words by 16 accumulators: the core that they belong to, and above homeColumnShift its column. */
export const machineHomes = 88;
/** 2: there are accumulators for even and for odd steps. */
export const machineParities = 92;
export const machineLedger = 96;
export const machineBytes = 112;

/** What a thread does and fills: positions of its cores in the list, first and behind the last. */
export const threadFirst = 0;
export const threadEnd = 4;
/** Packets at [line - threadLine][destination], by routes and by fused synapses, for so many lines. */
export const threadRouted = 8;
export const threadFused = 12;
export const threadLine = 16;
export const threadLines = 20;
/** At [destination]: packets that nobody takes; and synapses of fused packets beyond the first of each. */
export const threadLost = 24;
export const threadMore = 28;
/** Room for addresses of rows. */
export const threadScratch = 32;
/** What goes to the host. */
export const threadOutputs = 36;
export const threadBytes = 48;

/** What a step has done, added up. Words by core, one kind after another, ledgerWordBytes apart. */
export const ledgerWords = 0;
export const ledgerWordBytes = 4;
/** Counters: doubles by core, one kind after another, twice as far apart, and the number of events that wait. */
export const ledgerCounts = 8;
export const ledgerHeld = 12;
/** Packets at [line][router], from a line to the host, from a line at all; and which lines of the first table are not clear. */
export const ledgerByLine = 16;
export const ledgerToHost = 20;
export const ledgerSent = 24;
export const ledgerLoaded = 28;
/** Words by core: its router. 1: that is the core's own number, so that tables can be added as they are. */
export const ledgerRouterOf = 32;
export const ledgerDirect = 36;
export const ledgerRouters = 40;
/** Packets of each line by routes. */
export const ledgerRouted = 44;
export const ledgerBytes = 48;

/** Kinds of the ledger's words. */
export const wordEvents = 0;
export const wordRows = 1;
export const wordWords = 2;
export const wordGates = 3;
export const wordUpdated = 4;
export const wordSent = 5;
export const wordFirstUpdated = 6;
export const wordFirstSlot = 7;
export const wordLastSlot = 8;
/** Fused packets, and synapses of them beyond the first, that the next step counts as taken; packets that came in this one. */
export const wordFused = 9;
export const wordMore = 10;
export const wordArrived = 11;
export const wordKinds = 12;

/** Kinds of counters. */
export const countEvent = 0;
export const countRow = 1;
export const countWord = 2;
export const countSynapse = 3;
export const countMultiply = 4;
export const countGate = 5;
export const countUpdate = 6;
export const countSkip = 7;
export const countSpike = 8;
export const countSend = 9;
export const countDeliver = 10;
export const countLost = 11;
export const countKinds = 12;

/** A mesh, for the estimate of when packets arrive (fast/flow.ts): routers, last column and line that packets can come to, cycles of a hop. */
export const flowColumns = 0;
export const flowRows = 4;
export const flowRight = 8;
export const flowBottom = 12;
export const flowHop = 16;
/** Sources: cores, and behind them the host. Words: their routers; sources line by line, from west to east; where each line begins, and an end. */
export const flowRouterOf = 20;
export const flowSources = 24;
export const flowStarts = 28;
/** Doubles by source: cycles in which it puts its first and its last packet. */
export const flowBegins = 32;
export const flowEnds = 36;
/** Doubles: packets that left by output o of router r so far, at 5r + o. */
export const flowTraffic = 40;
/** Doubles for one line or column at work: packets over each link, first and last cycle in which they come to it. */
export const flowLoad = 44;
export const flowFirst = 48;
export const flowLast = 52;
/** Doubles by router: when packets turn there, and when they end there. */
export const flowTurnFirst = 56;
export const flowTurnLast = 60;
export const flowEndFirst = 64;
export const flowEndLast = 68;
/** A double: cycles from one packet to the next through a FIFO. */
export const flowGap = 72;
/** Doubles of the step: packets by output, at 5r + o; what a router's cores send along its column, to the east and to the west, at 3r. */
export const flowOver = 80;
export const flowOwn = 84;
/** Packets by input and output, at 25r + 5i + o; and cycles that one takes on the average to leave by an output that others wait for, at 5r + o. */
export const flowTurns = 88;
export const flowWait = 92;
/** Packets that a FIFO holds. */
export const flowFifo = 96;
export const flowBytes = 104;

/** Part of the waiting at a router's input that reaches the router before: fitted on meshes of 8 × 8 to 16 × 16 with uniform traffic. */
export const backPressure = 0.7;

/** Outputs of a router. */
export const portLocal = 0;
export const portNorth = 1;
export const portEast = 2;
export const portSouth = 3;
export const portWest = 4;
export const portCount = 5;

/** Counters of a gate's members, and the step in which the profile starts that clears them. */
export const gateMembers = 0;
export const gateStart = 4;
export const gateBytes = 8;

/** A core. */
export const coreIndex = 0;
export const coreSlots = 4;
export const coreAccumulators = 8;
/** Bytes, one a slot; 0 where no neuron asks. */
export const coreTouched = 12;
export const coreAxons = 16;
/** Room for the indices of pooled axons that got an event. */
export const corePooled = 20;
/**
 * Rows that can be added up together: their first slot, how many slots they have, words of one; and by axon the address of
 * its row where a payload of 1 adds it just so, else 0.
 */
export const coreBatchBase = 24;
export const coreBatchCount = 28;
export const coreBatchWords = 120;
export const coreBatchRows = 124;
export const coreThreshold = 32;
export const coreReset = 36;
export const coreBias = 40;
export const coreInitial = 44;
export const coreNoiseKey = 48;
export const corePotential = 52;
export const coreCurrent = 56;
/** Bytes. */
export const coreFired = 60;
/** What the core sends in a step: records of emissionBytes. */
export const coreEmissions = 64;
export const coreEmitted = 68;
/** Words by slot, and one more: at of the slot's routes, which end where the next slot's begin (0: no slot has any). */
export const coreRoutes = 72;
/**
 * The same for fused packets, two words a slot (0: none): synapses that are a packet each, then packets of several synapses,
 * up to where the next slot's begin.
 */
export const corePackets = 128;
/** Bytes by slot, 1: it sends its potential, which is no spike; 0 where no slot does. */
export const coreOutputs = 132;
/** What the last step did. */
export const coreEvents = 76;
export const coreRows = 80;
export const coreWords = 84;
export const coreSynapses = 88;
export const coreMultiplied = 92;
export const coreGates = 96;
export const coreUpdated = 100;
export const coreSpikes = 104;
export const coreSent = 108;
export const coreLost = 112;
/** Neurons updated up to the first emission. */
export const coreFirst = 116;
/** Line of the core's router, and of all that is sent how many packets go by routes. */
export const coreLine = 136;
export const coreRouted = 140;
/** Runs, one behind the other, and gates. */
export const coreRuns = 144;
export const coreRunCount = 148;
export const coreGateList = 152;
export const coreGateCount = 156;
export const coreBytes = 160;

export const eventWhat = 0;
export const eventPayload = 4;
export const eventBytes = 8;

/** An axon: what an event does. Kinds of rows below; `mode`: each 0, at-least 1, gate 2. */
export const axonKind = 0;
export const axonMode = 4;
export const axonFactor = 8;
export const axonFrom = 12;
export const axonBase = 16;
export const axonCount = 20;
export const axonNeed = 24;
/** Words read and weights added when the row is applied. */
export const axonWords = 28;
export const axonSynapses = 32;
export const axonShape = 36;
export const axonY = 40;
export const axonX = 44;
/** Pooled axons: arrivals of the step (a number, or the members as bits), and at of the members' counters. */
export const axonArrived = 48;
export const axonMembers = 52;
export const axonBytes = 64;

/** Rows: weights of 8 or 16 bits side by side, or entries of 16 bits slot and 16 bits weight; convolutions as rows of taps. */
export const kindDense8 = 0;
export const kindDense16 = 1;
export const kindSparse = 2;
export const kindConv8 = 3;
export const kindConv16 = 4;

export const modeEach = 0;
export const modeAtLeast = 1;
export const members = 16;

/** A tile of a convolution; taps of a line lie in descending order of kx. */
export const shapeKernelY = 0;
export const shapeKernelX = 4;
export const shapeStrideY = 8;
export const shapeStrideX = 12;
export const shapeDilationY = 16;
export const shapeDilationX = 20;
export const shapeHeight = 24;
export const shapeWidth = 28;
export const shapePitch = 32;
export const shapeBytes = 36;

/** Neurons of a core that share a profile: slots first … end - 1. The fields are those of a profile; flags are 0 or 1. */
export const runFirst = 0;
export const runEnd = 4;
export const runLeak = 8;
export const runLeakArgument = 12;
export const runCurrent = 16;
export const runGreater = 20;
export const runReset = 24;
export const runNegative = 28;
export const runNegativeAtZero = 32;
export const runBiasFirst = 36;
export const runTouched = 40;
export const runEmit = 44;
export const runBoundary = 48;
export const runOutput = 52;
export const runNoise = 56;
export const runCurrentDecay = 60;
export const runNoiseBits = 64;
export const runPayloadLow = 68;
export const runPayloadHigh = 72;
export const runStart = 76;
export const runSilent = 80;
export const runLength = 84;
/** 1: some neuron of the run has a bias. 1: the slots are in use. */
export const runBias = 88;
export const runUsed = 92;
export const runBytes = 96;

export const emissionSlot = 0;
export const emissionPayload = 4;
export const emissionBytes = 8;

/** A route: destination, and above its bits the delay and the kind; then what the packet says. */
export const routeTo = 0;
export const routeWhat = 4;
export const routeBytes = 8;
export const routeDelayShift = 20;
export const routeKindShift = 28;
export const routeStored = 0;
export const routeLost = 1;
export const routeHost = 2;
/** A fused packet of several synapses: destination, above it how many, then they follow. */
export const packetBytes = 4;
export const packetEntriesShift = 24;
/** A fused synapse: accumulator counted from the first of all, above it the weight. */
export const synapseBytes = 4;
export const synapseWeightShift = 24;
/** Accumulators that lie together belong to one core. */
export const homeShift = 4;
export const homeColumnShift = 16;

/** What reaches the host: line, payload, core. */
export const outLine = 0;
export const outPayload = 4;
export const outCore = 8;
export const outBytes = 12;

/** Potentials have 24 bits. */
export const potentialMaximum = 8388607;
export const potentialMinimum = -8388608;
/** Beyond this an accumulator saturates any potential; within it sums of 32 bits cannot overflow. */
export const inputMaximum = 134217728;
export const firedMaximum = 255;

/** Largest exponent of a digit's place value. */
export const placeMaximum = 14;

/** A machine of doubles (targets/sanafe). Arrays by neuron: doubles; then numbers and counters of what fired in the step. */
export const doublesPotential = 0;
export const doublesSums = 4;
export const doublesBias = 8;
export const doublesFired = 12;
export const doublesUpdated = 16;
/** How many fired. */
export const doublesCount = 20;
/** First axon of a neuron; by axon its core, its load (16 bits each) and its first synapse; synapses as slot and weight, 16 bits each. */
export const doublesAxons = 24;
export const doublesAxonCore = 28;
export const doublesAxonLoad = 32;
export const doublesAxonSynapses = 36;
export const doublesSynapses = 40;
/** By core: first neuron (one entry more) and what taking a message in needs, a double. */
export const doublesCoreFirst = 44;
export const doublesReceive = 48;
export const doublesCores = 52;
/** By sender and receiver: hops, 16 bits, and energy. By load: doubles. */
export const doublesHops = 56;
export const doublesWayEnergy = 60;
export const doublesLoads = 64;
/** By message: the receiver's work, a double. */
export const doublesProcessing = 68;
/** What the step did: doubles, and the number of messages. */
export const doublesTotals = 72;
export const doublesMessages = 76;
/** By sending core: its first message, with one entry more, and the work behind its last one, a double. */
export const doublesFirst = 80;
export const doublesTail = 84;
/** By message: receiver, 16 bits; the sender's work, a double. */
export const doublesTo = 88;
export const doublesGeneration = 92;
/** By sender and receiver: seconds on the way, doubles. */
export const doublesHopSeconds = 96;
/** Room for scratchDoubles and two rings of doubles by core: as long as a sender's buffers and as what is free of a receiver's. */
export const doublesScratch = 100;
export const doublesBytes = 112;
export const scratchDoubles = 4;

/** A load: doubles. */
export const loadSynapses = 0;
export const loadSeconds = 8;
export const loadSynapseEnergy = 16;
export const loadDendriteEnergy = 24;
export const loadBytes = 32;

/** What the messages of a step add up to: doubles. */
export const totalHops = 0;
export const totalSynapses = 8;
export const totalSynapseEnergy = 16;
export const totalDendriteEnergy = 24;
export const totalNetworkEnergy = 32;
export const totalBytes = 40;

/** What becomes of a potential that fires. */
export const fireSet = 0;
export const fireSubtract = 1;
export const fireKeep = 2;
