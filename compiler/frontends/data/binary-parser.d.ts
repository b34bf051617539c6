/** The package's own declarations are not reachable from an ES module; these are the parts that are used here. */
declare module "binary-parser" {
  export class Parser {
    endianess(endianness: "big" | "little"): this;
    uint8(name: string): this;
    uint16(name: string): this;
    array(name: string, options: { readonly type: "uint32be"; readonly length: string }): this;
    parse(bytes: Uint8Array): unknown;
  }
}
