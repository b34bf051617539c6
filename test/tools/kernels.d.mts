export function buildKernels(): void;
export default function setup(): void;
